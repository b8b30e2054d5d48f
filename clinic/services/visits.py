"""The day of a visit: who arrived, what was done, who did not come; and the reminder before.

What was marked by mistake is undone by an act of its own. Only a therapist says whether needles
were used, and only under the live clearance on which the visit stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm.attributes import flag_modified

from clinic.access import Actor, ActorKind, Permission, Refused
from clinic.booking import calendar
from clinic.booking.lifecycle import NoSuchMove, Track
from clinic.extensions import db, site
from clinic.models import Appointment, Clearance, Letter, Location, Request, VisitRecord
from clinic.screening import regions as places
from clinic.services import holding, needling, tracks, triage, visit_letters
from clinic.services.holding import as_visit
from clinic.services.needling import NotCleared
from clinic.services.transaction import ChangedUnderneath, Work, writes

MISSED = "missed"


class Incomplete(Exception):
    """A record of needling names no region, or a correction says not why."""


@writes
def arrive(work: Work, appointment_id: UUID, *, seen: int) -> UUID:
    """Note that the patient is here, on the day of the visit; with needles only if cleared."""
    visit, request = _at_the_desk(work, appointment_id)
    if visit.state == "arrived":
        return visit.id
    _require_seen(visit, seen)
    _require_its_day(work, visit, "arrive")
    tracks.move_appointment(work, request, visit, "arrive")
    _record(work, visit).arrived_at = work.now
    return visit.id


@writes
def undo_arrival(work: Work, appointment_id: UUID, *, seen: int) -> UUID:
    """Take back that the patient is here."""
    visit, request = _at_the_desk(work, appointment_id)
    if visit.state == "confirmed":
        return visit.id
    _require_seen(visit, seen)
    tracks.move_appointment(work, request, visit, "undo arrive")
    _record(work, visit).arrived_at = None
    return visit.id


@writes
def miss(work: Work, appointment_id: UUID, *, seen: int) -> UUID:
    """Note that the patient did not come, once the visit has begun; the desk calls them."""
    visit, request = _at_the_desk(work, appointment_id)
    if visit.state == "no_show":
        return visit.id
    _require_seen(visit, seen)
    if visit.starts_at > work.now:
        raise NoSuchMove(Track.APPOINTMENT, visit.state, "miss")
    tracks.move_appointment(work, request, visit, "miss")
    tracks.move(work, request, Track.DESK, "miss", detail={"appointment": visit.id.hex})
    holding.called_about(request)
    request.call_today = request.call_today or MISSED
    return visit.id


@writes
def undo_miss(work: Work, appointment_id: UUID, *, seen: int) -> UUID:
    """Take back that the patient did not come, on the same day and before anything else is done."""
    visit, request = _at_the_desk(work, appointment_id)
    if visit.state == "confirmed":
        return visit.id
    _require_seen(visit, seen)
    _require_its_day(work, visit, "undo miss")
    tracks.move(work, request, Track.DESK, "undo miss", detail={"appointment": visit.id.hex})
    tracks.move_appointment(work, request, visit, "undo miss")
    if request.call_today == MISSED:
        request.call_today = None
    return visit.id


@writes
def finish(
    work: Work,
    appointment_id: UUID,
    *,
    needled: bool,
    regions: Sequence[str] = (),
    more: bool,
    seen: int,
) -> UUID:
    """Note that the visit is done, whether needles were used and where, and what comes next.

    With ``more`` the request goes on to its next visit, else it is closed as attended.
    """
    visit, request = _at_the_desk(work, appointment_id)
    if needled or visit.visit_kind == "needling":
        work.actor.require(Permission.DECIDE)
    record = _record(work, visit)
    if visit.state == "done" and (visit.needled, record.regions or []) == (
        needled,
        list(places.normalise(regions)) if needled else [],
    ):
        return visit.id  # the same form again
    _require_seen(visit, seen)
    chosen = _needled(work, request, visit, regions) if needled else None
    visit.needled = needled
    tracks.move_appointment(work, request, visit, "finish")
    record.done_at, record.done_by_id = work.now, work.actor.id
    record.needled_by_id, record.regions = work.actor.id if needled else None, chosen
    _go_on(work, request, visit, more=more)
    return visit.id


@writes
def correct(
    work: Work,
    appointment_id: UUID,
    *,
    needled: bool,
    regions: Sequence[str] = (),
    reason: str,
    seen: int,
) -> UUID:
    """Correct what was recorded of a visit, saying why; both versions stay in the facts."""
    work.actor.require(Permission.DECIDE)
    visit, request = holding.locked_visit(work, appointment_id)
    _require_seen(visit, seen)
    if visit.state != "done":
        raise NoSuchMove(Track.APPOINTMENT, visit.state, "correct")
    if not reason.strip():
        raise Incomplete
    record = _record(work, visit)
    chosen = _needled(work, request, visit, regions) if needled else None
    before = {"needled": visit.needled, "regions": record.regions or []}
    visit.needled = needled
    flag_modified(visit, "needled")  # a new version also where only the regions differ
    detail = {"before": before, "reason": reason.strip()}
    tracks.move_appointment(work, request, visit, "correct", detail=detail)
    record.needled_by_id = (record.needled_by_id or work.actor.id) if needled else None
    record.regions = chosen
    return visit.id


# --- Reminders -------------------------------------------------------------------------------


def remind_due(actor: Actor, now: datetime) -> int:
    """Queue a reminder of each visit that begins soon; return how many were queued."""
    return sum(_remind(actor, now, found) for found in _to_remind(now))


@writes
def _remind(work: Work, appointment_id: UUID) -> bool:
    if work.actor.kind is not ActorKind.SYSTEM:
        raise Refused
    visit, request = holding.locked_visit(work, appointment_id)
    if visit.id not in _to_remind(work.now):  # it may have changed while we waited
        return False
    visit_letters.reminder(work, request, visit, holding.where(work, visit))
    return True


def _to_remind(now: datetime) -> list[UUID]:
    """List the visits that begin soon, can be as planned, and whose patients were not told yet."""
    ahead = timedelta(hours=site.settings.reminder_hours)
    told = select(func.coalesce(func.max(Letter.queued_at), Request.created_at)).where(
        Letter.request_id == Appointment.request_id,
        Letter.kind.in_((visit_letters.CONFIRMED, visit_letters.MOVED)),
        Letter.state != "failed",
    )
    live = select(Clearance.id).where(
        Clearance.id == Appointment.clearance_id, Clearance.ended_at.is_(None)
    )
    query = (
        select(Appointment, told.scalar_subquery())
        .join(Request, Request.id == Appointment.request_id)
        .join(Location, Location.id == Appointment.location_id)
        .where(
            Appointment.state == "confirmed",
            or_(Appointment.visit_kind != "needling", Location.needling_law != "prohibited"),
            Appointment.starts_at > now,
            Appointment.starts_at <= now + ahead,
            Request.email_sealed.is_not(None),
            or_(Appointment.clearance_id.is_(None), live.exists()),
        )
        .order_by(Appointment.starts_at, Appointment.id)
    )
    due = {
        visit_letters.reminder_key(visit): visit.id
        for visit, told_at in db.session.execute(query)
        if told_at < visit.starts_at - ahead  # else the confirmation is a reminder itself
    }
    queued = select(Letter.dedupe_key).where(Letter.dedupe_key.in_(due))
    known = set(db.session.scalars(queued))
    return [found for key, found in due.items() if key not in known]


# --- Shared ----------------------------------------------------------------------------------


def _at_the_desk(work: Work, appointment_id: UUID) -> tuple[Appointment, Request]:
    work.actor.require(Permission.OFFER)
    return holding.locked_visit(work, appointment_id)  # whoever works the request: its day is today


def _require_seen(visit: Appointment, seen: int) -> None:
    if visit.version != seen:
        raise ChangedUnderneath


def _require_its_day(work: Work, visit: Appointment, act: str) -> None:
    zone = holding.where(work, visit).zone
    if visit.visit_on != calendar.visit_on(work.now, zone):
        raise NoSuchMove(Track.APPOINTMENT, visit.state, act)


def _record(work: Work, visit: Appointment) -> VisitRecord:
    query = select(VisitRecord).where(VisitRecord.appointment_id == visit.id)
    record = work.session.scalars(query).one_or_none()
    if record is None:
        record = VisitRecord(appointment_id=visit.id)
        work.session.add(record)
    return record


def _needled(work: Work, request: Request, visit: Appointment, regions: Sequence[str]) -> list[str]:
    """Return the regions as kept; refuse what the clearance of the visit does not cover."""
    if not regions:
        raise Incomplete
    clearance = _clearance_of(work, request, visit)
    cleared = places.expand(clearance.limits.get("regions") or ())
    if not places.expand(regions) <= cleared:
        raise NotCleared("region_not_cleared")
    return list(places.normalise(regions))


def _clearance_of(work: Work, request: Request, visit: Appointment) -> Clearance:
    """Return the clearance that the visit stands on; a first record of needles asks for a live one.

    Where needles are on record already, correcting the regions asks for the one of that day.
    """
    if visit.clearance_id is None:
        raise NotCleared("not_cleared")
    if not visit.needled:
        at = holding.where(work, visit)
        live = needling.clearance_for(work, request, as_visit(visit, at))
        if live is None or live.id != visit.clearance_id:
            raise NotCleared("not_cleared")
    return work.session.get_one(Clearance, visit.clearance_id)


def _go_on(work: Work, request: Request, visit: Appointment, *, more: bool) -> None:
    detail = {"appointment": visit.id.hex}
    holding.called_about(request)
    if more:
        tracks.move(work, request, Track.DESK, "plan next visit", detail=detail)
        cleared = request.visit_kind == "no_needles" or needling.live(work, request) is not None
        if cleared and not request.urgent_open:
            tracks.move(work, request, Track.DESK, "make ready")
        return
    if request.urgent_open:
        raise triage.UrgentOpen  # it would leave the queue, and nobody would call
    tracks.move(work, request, Track.DESK, "attend", detail=detail)
    request.closed_reason = "attended"
    request.waiting_until = request.back_since = request.call_today = None
    request.claimed_by_id = request.claimed_at = None
