"""The locations as an admin keeps them, with the hours at which their phone is answered."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import time
from functools import cache
from uuid import UUID
from zoneinfo import available_timezones

from sqlalchemy import select

from clinic import effective
from clinic.access import Actor, NotThere, Permission
from clinic.booking.place import Particulars
from clinic.extensions import db
from clinic.models import Location, OpeningHours


@dataclass(frozen=True)
class Open:
    """One stretch of a weekday at which a location is open."""

    id: UUID
    weekday: int
    opens: time
    closes: time


@dataclass(frozen=True)
class Place:
    """A location with its opening hours, and the mark of what was seen."""

    id: UUID
    given: Particulars
    hours: tuple[Open, ...]
    seen: int


def every(actor: Actor) -> tuple[Place, ...]:
    """List every location, the closed ones last; for who manages settings."""
    actor.require(Permission.MANAGE_SETTINGS)
    query = select(Location).order_by(Location.active.desc(), Location.name, Location.id)
    return tuple(_place(row) for row in db.session.scalars(query))


def one(actor: Actor, place_id: UUID) -> Place:
    """Return one location, or raise NotThere; for who manages settings."""
    actor.require(Permission.MANAGE_SETTINGS)
    row = db.session.get(Location, place_id)
    if row is None:
        raise NotThere
    return _place(row)


@cache
def zones() -> tuple[str, ...]:
    """List the time zones that this machine knows, by region and city."""
    return tuple(
        sorted(
            name for name in available_timezones() if "/" in name and not name.startswith("Etc/")
        )
    )


def _place(row: Location) -> Place:
    given = Particulars(*(getattr(row, item.name) for item in fields(Particulars)))
    query = (
        select(OpeningHours)
        .where(OpeningHours.location_id == row.id)
        .order_by(OpeningHours.weekday, OpeningHours.opens, OpeningHours.id)
    )
    hours = tuple(
        Open(one.id, one.weekday, one.opens, one.closes) for one in db.session.scalars(query)
    )
    return Place(row.id, given, hours, effective.mark(vars(given).values()))
