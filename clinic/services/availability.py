"""Where the clinic sees patients, and when each therapist does.

Admins keep everybody's hours, therapists their own.
"""

from __future__ import annotations

from datetime import date, time
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import select

from clinic.access import NotThere, Permission, Refused, Role
from clinic.booking import calendar
from clinic.booking.calendar import UnfitTime
from clinic.models import Appointment, Closure, Location, Request, User, WeeklyHours
from clinic.services.transaction import Work, writes

TREATING = {str(Role.THERAPIST), str(Role.LEAD_THERAPIST)}


@writes
def add_location(
    work: Work,
    name: str,
    *,
    zone: str,
    state: str,
    needling_law: str,
    legal_basis: str = "",
    address: str = "",
    phone: str = "",
    law_reviewed_on: date | None = None,
    law_review_by: date | None = None,
) -> UUID:
    """Add a place of the clinic; raise UnfitTime for a zone that nobody knows."""
    work.actor.require(Permission.MANAGE_SETTINGS)
    require_zone(zone)
    place = Location(
        name=name,
        zone=zone,
        state=state,
        needling_law=needling_law,
        legal_basis=legal_basis,
        address=address,
        phone=phone,
        law_reviewed_on=law_reviewed_on,
        law_review_by=law_review_by,
    )
    work.session.add(place)
    work.audit("location.added", "location", place.id, law=needling_law, state=state)
    return place.id


@writes
def add_hours(
    work: Work,
    therapist_id: UUID,
    *,
    location_id: UUID,
    weekday: int,
    opens: time,
    closes: time,
    valid_from: date | None = None,
    valid_until: date | None = None,
) -> UUID:
    """Post weekly hours of a therapist at a location; raise UnfitTime for hours that cannot be."""
    _require_calendar(work, therapist_id)
    calendar.WeeklyHours(weekday, opens, closes, valid_from, valid_until)
    _require_therapist(work, therapist_id)
    if closes <= opens:
        raise UnfitTime("hours past midnight are posted as two days")
    if work.session.get(Location, location_id) is None:
        raise NotThere
    posted = WeeklyHours(
        therapist_id=therapist_id,
        location_id=location_id,
        weekday=weekday,
        opens=opens,
        closes=closes,
        valid_from=valid_from,
        valid_until=valid_until,
    )
    work.session.add(posted)
    work.audit("hours.posted", "hours", posted.id, weekday=weekday)
    return posted.id


@writes
def remove_hours(work: Work, hours_id: UUID) -> None:
    """Take weekly hours back; visits that are held or confirmed stay."""
    posted = work.session.get(WeeklyHours, hours_id)
    if posted is None:
        raise NotThere
    _require_calendar(work, posted.therapist_id)
    work.session.delete(posted)
    work.audit("hours.removed", "hours", posted.id)


@writes
def add_closure(
    work: Work,
    starts_on: date,
    ends_on: date,
    *,
    therapist_id: UUID | None = None,
    location_id: UUID | None = None,
) -> UUID:
    """Close a location, one therapist or else the clinic; raise UnfitTime for days reversed.

    Times that are offered or booked on these days stay, and their patients are to be called.
    """
    _require_calendar(work, therapist_id)
    calendar.Closure(starts_on, ends_on)
    if therapist_id is not None and location_id is not None:
        raise NotThere
    if therapist_id is not None:
        _require_therapist(work, therapist_id)
    if location_id is not None and work.session.get(Location, location_id) is None:
        raise NotThere
    shut = Closure(
        therapist_id=therapist_id, location_id=location_id, starts_on=starts_on, ends_on=ends_on
    )
    work.session.add(shut)
    work.audit("closure.added", "closure", shut.id)
    _call_today(work, shut)
    return shut.id


@writes
def remove_closure(work: Work, closure_id: UUID) -> None:
    """Open a location, or a therapist's days, again."""
    shut = work.session.get(Closure, closure_id)
    if shut is None:
        raise NotThere
    _require_calendar(work, shut.therapist_id)
    work.session.delete(shut)
    work.audit("closure.removed", "closure", shut.id)


def _call_today(work: Work, shut: Closure) -> None:
    query = (
        select(Appointment.request_id, Appointment.starts_at, Location.zone)
        .join(Location, Location.id == Appointment.location_id)
        .where(Appointment.state.in_(("held", "confirmed")), Appointment.ends_at > work.now)
    )
    if shut.therapist_id is not None:
        query = query.where(Appointment.therapist_id == shut.therapist_id)
    if shut.location_id is not None:
        query = query.where(Appointment.location_id == shut.location_id)
    concerned = {
        request_id
        for request_id, starts_at, zone in work.session.execute(query)
        if shut.starts_on <= calendar.visit_on(starts_at, zone) <= shut.ends_on
    }
    _call(work, concerned)


def _call(work: Work, concerned: set[UUID]) -> None:
    for request in work.session.scalars(
        select(Request).where(Request.id.in_(concerned)).order_by(Request.id).with_for_update()
    ):
        request.call_today = request.call_today or "day_closed"


def therapist_gone(work: Work, therapist_id: UUID) -> None:
    """Put each offered or booked time of a therapist who sees nobody any more on the call list."""
    query = select(Appointment.request_id).where(
        Appointment.therapist_id == therapist_id,
        Appointment.state.in_(("held", "confirmed")),
        Appointment.ends_at > work.now,
    )
    _call(work, set(work.session.scalars(query)))


def require_zone(zone: str) -> None:
    """Raise UnfitTime for a zone that nobody knows."""
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as unknown:
        raise UnfitTime(f"no such time zone: {zone!r}") from unknown


def _require_calendar(work: Work, therapist_id: UUID | None) -> None:
    """Let in whoever keeps every calendar, and a therapist for their own."""
    actor = work.actor
    if actor.may(Permission.EDIT_CALENDARS):
        return
    if therapist_id is None or therapist_id != actor.id:
        raise Refused(Permission.EDIT_CALENDARS)
    actor.require(Permission.EDIT_OWN_CALENDAR)


def _require_therapist(work: Work, user_id: UUID) -> None:
    user = work.session.scalars(select(User).where(User.id == user_id)).one_or_none()
    if user is None or not TREATING & {role.name for role in user.roles}:
        raise NotThere
