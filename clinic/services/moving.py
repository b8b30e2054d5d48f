"""Confirmed visits: moved, cancelled, or asked to be moved; the time goes with the visit."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from clinic.access import ActorKind, Permission, own
from clinic.booking import calendar
from clinic.booking.lifecycle import NoSuchMove, Track
from clinic.models import Appointment
from clinic.services import holding, idempotency, own_words, tracks, triage, visit_letters
from clinic.services.transaction import ChangedUnderneath, Work, writes

REASONS = ("patient_asked", "therapist_away", "clinic_closed", "not_today", "other")
BY_PATIENT = "patient"


@writes
def move(
    work: Work,
    appointment_id: UUID,
    *,
    therapist_id: UUID,
    location_id: UUID,
    starts_at: datetime,
    visit_kind: str,
    seen: int,
    key: str,
    take_over: bool = False,
) -> UUID:
    """Give a confirmed visit another time, therapist, place or kind, wholly or not at all.

    ``seen`` is the version of the appointment. Returns the id of the new one, which keeps the
    calendar entry of the old one.
    """
    work.actor.require(Permission.OFFER)
    old, request = holding.locked_visit(work, appointment_id)
    body = {"visit": appointment_id, "with": therapist_id, "at": location_id, "kind": visit_kind}
    body["starts"] = starts_at.isoformat()
    made = idempotency.made_before(work, key, "move", body)
    if made is not None:
        return made
    triage.hold(work, request, seen=None, take_over=take_over)
    if old.version != seen:
        raise ChangedUnderneath
    at = holding.place(work, location_id)
    underway = old.starts_at == starts_at and work.now < old.ends_at  # needles left out on the day
    new = holding.new_visit(
        work,
        request,
        at,
        therapist_id=therapist_id,
        starts_at=starts_at,
        visit_kind=visit_kind,
        underway=underway,
    )
    new.calendar_id, new.sequence = old.calendar_id or old.id, old.sequence + 1
    tracks.move_appointment(work, request, old, "move")
    holding.give_back(work, old)  # seen by nobody before the new time is held: one transaction
    holding.hold(work, request, new)
    tracks.move_appointment(work, request, new, "confirm")
    old.moved_to_id, request.location_id = new.id, at.id
    holding.called_about(request)
    visit_letters.take_back(work, request)
    before = calendar.spoken(old.starts_at, holding.where(work, old).zone, request.language)
    visit_letters.moved(work, request, new, at, before=before)
    idempotency.remember(work, key, "move", body, new.id)
    return new.id


@writes
def cancel(
    work: Work,
    appointment_id: UUID,
    *,
    seen: int,
    reason: str = "other",
    words: str = "",
    take_over: bool = False,
) -> UUID:
    """Cancel a visit: the patient their own before it begins, or staff; the slot is free again.

    ``seen`` is the version of the appointment.
    """
    visit, request = holding.locked_visit(work, appointment_id)
    holding.let_in(work, request, take_over=take_over)
    if visit.state == "cancelled":
        return visit.id
    if visit.version != seen:
        raise ChangedUnderneath
    patient = work.actor.kind is ActorKind.PATIENT
    if patient:
        _require_ahead(work, visit, "cancel")
    if not patient and reason not in REASONS:
        raise NoSuchMove(Track.APPOINTMENT, visit.state, "cancel")
    tracks.move_appointment(work, request, visit, "cancel")
    asked = patient or reason == "patient_asked"
    visit.cancelled_by, visit.sequence = BY_PATIENT if asked else "clinic", visit.sequence + 1
    holding.give_back(work, visit)
    holding.called_about(request)
    detail = {"because": "patient_asked" if patient else reason}
    detail |= own_words.kept(work, request, words)
    tracks.move(work, request, Track.DESK, "cancel appointment", detail=detail)
    if patient:
        request.call_today = request.call_today or "patient_cancelled"
    visit_letters.take_back(work, request)
    visit_letters.cancelled(work, request, visit, holding.where(work, visit))
    return visit.id


@writes
def ask_to_move(work: Work, appointment_id: UUID, *, seen: int, key: str, words: str = "") -> UUID:
    """Ask for another time of one's own visit; it stays as it is until the clinic moves it."""
    visit, request = holding.locked_visit(work, appointment_id)
    own(work.actor, request.id)
    holding.let_in(work, request, take_over=False)
    body = {"visit": appointment_id, "words": words}
    made = idempotency.made_before(work, key, "ask to move", body)
    if made is not None:
        return made
    if visit.version != seen:
        raise ChangedUnderneath
    if visit.state != "confirmed":
        raise NoSuchMove(Track.APPOINTMENT, visit.state, "ask to move")
    _require_ahead(work, visit, "ask to move")
    detail = {"appointment": visit.id.hex, **own_words.kept(work, request, words)}
    tracks.move(work, request, Track.DESK, "ask to move", detail=detail)
    request.call_today = request.call_today or "asked_to_move"
    idempotency.remember(work, key, "ask to move", body, visit.id)
    return visit.id


def _require_ahead(work: Work, visit: Appointment, act: str) -> None:
    if visit.starts_at <= work.now:
        raise NoSuchMove(Track.APPOINTMENT, visit.state, act)
