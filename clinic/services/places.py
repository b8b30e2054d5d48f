"""A location's particulars, the law there, and when its phone is answered; an admin keeps them."""

from __future__ import annotations

from dataclasses import asdict
from datetime import time
from uuid import UUID

from sqlalchemy import select

from clinic import effective
from clinic.access import NotThere, Permission
from clinic.booking.calendar import UnfitTime
from clinic.booking.place import Particulars
from clinic.models import Appointment, Location, OpeningHours, Request
from clinic.services import availability
from clinic.services.transaction import ChangedUnderneath, Work, writes

PLANNED = ("held", "confirmed", "arrived")


class VisitsPlanned(ValueError):
    """Visits are planned at this location, so that its clock cannot change under them."""


class HoursOverlap(ValueError):
    """The location is open at these hours already."""


@writes
def change(work: Work, place_id: UUID, given: Particulars, *, seen: int) -> int:
    """Change a location; return how many planned needling visits a prohibition now forbids.

    Their requests go on the list of those to call today: no visit disappears silently.
    """
    work.actor.require(Permission.MANAGE_SETTINGS)
    place = _load(work, place_id)
    before = {name: getattr(place, name) for name in asdict(given)}
    if effective.mark(before.values()) != seen:
        raise ChangedUnderneath
    availability.require_zone(given.zone)
    if given.zone != place.zone and _planned(work, place_id):
        raise VisitsPlanned
    changed = sorted(name for name, value in asdict(given).items() if value != before[name])
    for name in changed:
        setattr(place, name, getattr(given, name))
    if changed:
        work.audit("location.changed", "location", place_id, names=changed, law=given.needling_law)
    forbidden = given.needling_law == "prohibited" and "needling_law" in changed
    return _call_today(work, place_id) if forbidden else 0


@writes
def open_hours(
    work: Work, place_id: UUID, *, weekdays: tuple[int, ...], opens: time, closes: time
) -> None:
    """Say that a location is open from one time until another on some weekdays."""
    work.actor.require(Permission.MANAGE_SETTINGS)
    _load(work, place_id)
    if closes <= opens:
        raise UnfitTime("the second time must be later than the first")
    for weekday in sorted(set(weekdays)):
        for other in _hours(work, place_id, weekday):
            if opens < other.closes and other.opens < closes:
                raise HoursOverlap
        row = OpeningHours(location_id=place_id, weekday=weekday, opens=opens, closes=closes)
        work.session.add(row)
    work.audit("opening.added", "location", place_id, weekdays=[str(day) for day in weekdays])


@writes
def close_hours(work: Work, hours_id: UUID) -> UUID:
    """Take hours off, and return the location's id."""
    work.actor.require(Permission.MANAGE_SETTINGS)
    row = work.session.get(OpeningHours, hours_id)
    if row is None:
        raise NotThere
    work.session.delete(row)
    work.audit("opening.removed", "location", row.location_id, weekdays=[str(row.weekday)])
    return row.location_id


def _load(work: Work, place_id: UUID) -> Location:
    query = select(Location).where(Location.id == place_id).with_for_update()
    place = work.session.scalars(query).one_or_none()
    if place is None:
        raise NotThere
    return place


def _hours(work: Work, place_id: UUID, weekday: int) -> list[OpeningHours]:
    query = select(OpeningHours).filter_by(location_id=place_id, weekday=weekday)
    return list(work.session.scalars(query))


def _planned(work: Work, place_id: UUID) -> list[Appointment]:
    query = select(Appointment).where(
        Appointment.location_id == place_id,
        Appointment.state.in_(PLANNED),
        Appointment.ends_at > work.now,
    )
    return list(work.session.scalars(query))


def _call_today(work: Work, place_id: UUID) -> int:
    visits = [one for one in _planned(work, place_id) if one.visit_kind == "needling"]
    concerned = sorted({one.request_id for one in visits})
    query = select(Request).where(Request.id.in_(concerned)).order_by(Request.id)
    for request in work.session.scalars(query.with_for_update()):
        request.call_today = request.call_today or "visit_does_not_fit"
    return len(visits)
