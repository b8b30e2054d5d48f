"""When somebody at the clinic reads and answers next, by the hours that are posted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from clinic.booking import calendar
from clinic.extensions import db
from clinic.models import Closure, Location, OpeningHours

A_MOMENT = timedelta(minutes=5)


@dataclass(frozen=True)
class Opening:
    """Whether the clinic is open now, and if not the instant at which it opens, with its zone."""

    zone: str
    opens_at: datetime | None  # None: it is open now


@dataclass(frozen=True)
class Posted:
    """When a location is open: its weekly hours, by its clock, and the days on which it is not."""

    zone: str
    hours: tuple[calendar.WeeklyHours, ...]
    closures: tuple[calendar.Closure, ...]


def posted() -> Posted | None:
    """Return the hours of the first location that posts any; None where none are posted."""
    query = (
        select(Location)
        .where(Location.active, Location.id.in_(select(OpeningHours.location_id)))
        .order_by(Location.name, Location.id)
        .limit(1)
    )
    place = db.session.scalars(query).first()
    if place is None:
        return None
    hours = select(OpeningHours).where(OpeningHours.location_id == place.id)
    closed = select(Closure).where(
        Closure.therapist_id.is_(None),
        Closure.location_id.is_(None) | (Closure.location_id == place.id),
    )
    return Posted(
        place.zone,
        tuple(
            calendar.WeeklyHours(row.weekday, row.opens, row.closes)
            for row in db.session.scalars(hours)
        ),
        tuple(calendar.Closure(row.starts_on, row.ends_on) for row in db.session.scalars(closed)),
    )


def next_opening(now: datetime) -> Opening | None:
    """Say when the first location that posts hours is open next; None where none are posted."""
    when = posted()
    if when is None:
        return None
    try:
        read_by = calendar.add_open_time(now, A_MOMENT, when.hours, when.zone, when.closures)
    except calendar.NeverOpen:
        return None
    opens_at = read_by - A_MOMENT
    return Opening(when.zone, opens_at if opens_at > now else None)


def zone() -> str:
    """Return the zone in which staff read times that belong to no location."""
    query = select(Location.zone).where(Location.active).order_by(Location.name, Location.id)
    return db.session.scalars(query.limit(1)).first() or "UTC"
