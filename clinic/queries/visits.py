"""The visits of one day at one place, and one visit as its record is written.

Whoever may offer sees who comes when; where needles were used is for therapists alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Select, select

from clinic.access import Actor, NotThere, Permission
from clinic.booking import calendar
from clinic.extensions import db
from clinic.models import Appointment, Clearance, Location, Request, User, VisitRecord
from clinic.screening import regions

SHOWN = ("confirmed", "arrived", "done", "no_show")


@dataclass(frozen=True)
class Row:
    """One visit of the day. ``can`` names what may be done with it now."""

    id: UUID
    reference: str
    version: int
    name: str
    state: str
    kind: str
    starts_at: datetime
    therapist: str
    uncleared: bool  # planned with needles, and no clearance stands behind it any more
    to_call: bool
    can: frozenset[str]


@dataclass(frozen=True)
class Day:
    """The visits of one day at one place, by the clock there."""

    place_id: UUID
    place: str
    zone: str
    on: date
    today: date
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Visit:
    """One visit with its record: what may be needled, and what is on record."""

    row: Row
    zone: str
    place_id: UUID
    place: str
    on: date
    cleared: tuple[str, ...]
    needled: bool | None
    regions: tuple[str, ...]


def day(actor: Actor, *, place_id: UUID | None, on: date | None, now: datetime) -> Day:
    """List the visits of a day at a place; without a place its first, without a day today."""
    actor.require(Permission.OFFER)
    place = _place(place_id)
    today = calendar.visit_on(now, place.zone)
    chosen = on or today
    query = _visits().where(
        Appointment.location_id == place.id,
        Appointment.visit_on == chosen,
        Appointment.state.in_(SHOWN),
    )
    found = db.session.execute(query.order_by(Appointment.starts_at, Appointment.id))
    rows = tuple(_row(*one, now=now, zone=place.zone, clinical=_decides(actor)) for one in found)
    return Day(place.id, place.name, place.zone, chosen, today, rows)


def one(actor: Actor, appointment_id: UUID, *, now: datetime) -> Visit:
    """Return one visit and what is on record of it; its regions only for who decides."""
    actor.require(Permission.OFFER)
    found = db.session.execute(_visits().where(Appointment.id == appointment_id)).one_or_none()
    if found is None or found[0].state not in SHOWN:
        raise NotThere
    visit, clearance = found[0], found[2]
    place = db.session.get_one(Location, visit.location_id)
    clinical = _decides(actor)
    record = db.session.scalars(
        select(VisitRecord).where(VisitRecord.appointment_id == visit.id)
    ).one_or_none()
    limits = clearance.limits.get("regions") or () if clinical and visit.clearance_id else ()
    return Visit(
        row=_row(*found, now=now, zone=place.zone, clinical=clinical),
        zone=place.zone,
        place_id=place.id,
        place=place.name,
        on=visit.visit_on,
        cleared=tuple(limits),
        needled=visit.needled if clinical else None,
        regions=tuple(record.regions or ()) if clinical and record else (),
    )


def choices(actor: Actor, visit: Visit) -> tuple[str, ...]:
    """Name each region that may be recorded: those cleared, and the halves that they mean."""
    actor.require(Permission.DECIDE)
    body = regions.shipped()
    parts = regions.expand(visit.cleared)
    return tuple(region for region in body.ids if body.expand([region]) <= parts)


def _visits() -> Select[Appointment, Request, Clearance, str]:
    return (
        select(Appointment, Request, Clearance, User.display_name)
        .join(Request, Request.id == Appointment.request_id)
        .join(User, User.id == Appointment.therapist_id)
        .outerjoin(Clearance, Clearance.id == Appointment.clearance_id)
    )


def _place(place_id: UUID | None) -> Location:
    query = select(Location).order_by(Location.active.desc(), Location.name, Location.id)
    if place_id is not None:
        query = query.where(Location.id == place_id)
    place = db.session.scalars(query.limit(1)).one_or_none()
    if place is None:
        raise NotThere
    return place


def _decides(actor: Actor) -> bool:
    return actor.may(Permission.DECIDE)


def _row(
    visit: Appointment,
    request: Request,
    clearance: Clearance | None,
    therapist: str,
    *,
    now: datetime,
    zone: str,
    clinical: bool,
) -> Row:
    ended = clearance is not None and clearance.ended_at is not None
    return Row(
        id=visit.id,
        reference=request.reference,
        version=visit.version,
        name=request.name or "",
        state=visit.state,
        kind=visit.visit_kind,
        starts_at=visit.starts_at,
        therapist=therapist,
        uncleared=ended and visit.state in ("confirmed", "arrived"),
        to_call=bool(request.call_today or request.urgent_open),
        can=frozenset(_can(visit, request, now=now, zone=zone, clinical=clinical, ended=ended)),
    )


def _can(
    visit: Appointment, request: Request, *, now: datetime, zone: str, clinical: bool, ended: bool
) -> set[str]:
    its_day = visit.visit_on == calendar.visit_on(now, zone)
    wanted = {
        "arrive": visit.state == "confirmed" and its_day and not ended,
        "undo arrive": visit.state == "arrived" and not ended,
        "miss": visit.state == "confirmed" and visit.starts_at <= now,
        "undo miss": visit.state == "no_show" and its_day and request.desk_state == "in_contact",
        "finish": visit.state == "arrived" and (clinical or visit.visit_kind == "no_needles"),
        "correct": visit.state == "done" and clinical and visit.visit_kind == "needling",
    }
    return {act for act, allowed in wanted.items() if allowed}
