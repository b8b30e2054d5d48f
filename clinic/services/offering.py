"""Offers and appointments: one slot held for a request until a time, then taken or freed.

A slot is taken by its five-minute atoms, whose primary key makes a double booking impossible.
Every move of an offer locks its request first, so that accept, expire, withdraw and revoke
come one after the other and each finds what the one before it left.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import delete, select

from clinic import contact
from clinic.access import Actor, ActorKind, NotThere, Permission, Refused, Role, own
from clinic.booking import calendar, lifecycle
from clinic.booking.lifecycle import Track
from clinic.extensions import db, site
from clinic.models import Appointment, Clearance, Location, Offer, Request, SlotAtom, User
from clinic.services import idempotency, needling, outbox, tokens, tracks, transaction, triage
from clinic.services.needling import NotCleared, Visit
from clinic.services.transaction import ChangedUnderneath, Work, writes

THERAPISTS = {str(Role.THERAPIST), str(Role.LEAD_THERAPIST)}
FREED_BY = {"declined": "patient", "withdrawn": "clinic", "expired": "time", "revoked": "clearance"}


class SlotTaken(Exception):
    """Somebody else holds that time, or part of it."""


for _word in ("pk_slot_atom", "slot_atom.therapist_id"):  # PostgreSQL's and SQLite's name for it
    transaction.tell(_word, SlotTaken)


class OfferEnded(Exception):
    """The offer is not open any more; state says how it ended."""

    def __init__(self, state: str) -> None:
        super().__init__(state)
        self.state = state


@writes
def make_ready(
    work: Work, request_id: UUID, *, visit_kind: str, seen: int, take_over: bool = False
) -> UUID:
    """Say that a time may be offered: with needles only under a live clearance."""
    work.actor.require(Permission.OFFER)
    request = triage.open_for(work, request_id, seen=seen, take_over=take_over)
    if request.urgent_open:
        raise NotCleared("urgent_open")
    if visit_kind == "needling" and needling.live(work, request) is None:
        raise NotCleared("not_cleared")
    tracks.move(work, request, Track.DESK, "make ready")
    request.visit_kind, request.waiting_until, request.back_since = visit_kind, None, None
    return request.id


@writes
def offer(
    work: Work,
    request_id: UUID,
    *,
    therapist_id: UUID,
    location_id: UUID,
    starts_at: datetime,
    visit_kind: str,
    seen: int,
    key: str,
    take_over: bool = False,
) -> UUID:
    """Hold one slot for a request and mail it to the patient; return the offer's id."""
    work.actor.require(Permission.OFFER)
    request = triage.sent(work, request_id)
    body = {"request": request_id, "with": therapist_id, "at": location_id, "kind": visit_kind}
    body["starts"] = starts_at.isoformat()
    made = idempotency.made_before(work, key, "offer", body)
    if made is not None:
        return made
    triage.hold(work, request, seen=seen, take_over=take_over)
    place = _place(work, location_id)
    lifecycle.move(Track.DESK, request.desk_state, "offer")  # told before the slot is tried
    held = Offer(
        id=uuid4(),
        request_id=request.id,
        expires_at=min(work.now + timedelta(hours=site.settings.offer_hours), starts_at),
        made_at=work.now,
        made_by_id=work.actor.id,
    )
    visit = _new_visit(
        work,
        request,
        place,
        therapist_id=therapist_id,
        starts_at=starts_at,
        visit_kind=visit_kind,
    )
    visit.offer_id = held.id
    work.session.add(held)
    work.session.flush()
    _hold(work, request, visit)
    detail = {"offer": held.id.hex, "appointment": visit.id.hex}
    tracks.move(work, request, Track.DESK, "offer", detail=detail)
    request.back_since, request.location_id = None, place.id
    _mail_offer(work, request, held, visit, place)
    idempotency.remember(work, key, "offer", body, held.id)
    return held.id


@writes
def accept(
    work: Work, offer_id: UUID, *, appointment_id: UUID, seen: int, take_over: bool = False
) -> UUID:
    """Take the offered time: the patient, or staff on the phone. Taking it twice is once.

    ``seen`` is the version of the offer. Raises OfferEnded, NotCleared, ChangedUnderneath.
    """
    held, request = _locked(work, offer_id)
    visit = work.session.get(Appointment, appointment_id, populate_existing=True)
    if visit is None or visit.offer_id != held.id:
        raise NotThere
    _let_in(work, request, take_over=take_over)
    if held.state == "accepted" and visit.state in ("confirmed", "arrived", "done"):
        return visit.id
    _require_open(work, held, seen=seen)
    place = _place(work, visit.location_id)
    clearance = needling.clearance_for(work, request, _as_visit(visit, place))
    _require_same(visit, clearance)
    _end(work, held, "accepted")
    for other in _appointments(work, held):
        if other.id != visit.id and other.state == "held":
            _free(work, request, other, by="patient")
    tracks.move_appointment(work, request, visit, "confirm")
    detail = {"offer": held.id.hex, "appointment": visit.id.hex}
    tracks.move(work, request, Track.DESK, "accept", detail=detail)
    outbox.drop(work, request.id, "offer")
    _mail_confirmation(work, request, visit, place)
    return visit.id


@writes
def decline(work: Work, offer_id: UUID, *, seen: int, take_over: bool = False) -> UUID:
    """Turn the offer down: the patient, or staff on the phone; the slot is free again."""
    held, request = _locked(work, offer_id)
    _let_in(work, request, take_over=take_over)
    if held.state == "declined":
        return held.id
    _require_open(work, held, seen=seen)
    _take_back(work, request, held, "declined")
    return held.id


@writes
def withdraw(work: Work, offer_id: UUID, *, seen: int, take_over: bool = False) -> UUID:
    """Take an open offer back and tell the patient; the slot is free again."""
    work.actor.require(Permission.OFFER)
    held, request = _locked(work, offer_id)
    triage.hold(work, request, seen=None, take_over=take_over)
    _require_open(work, held, seen=seen)
    _take_back(work, request, held, "withdrawn")
    _mail_ended(work, request, held)
    return held.id


@writes
def cancel(work: Work, appointment_id: UUID, *, seen: int, take_over: bool = False) -> UUID:
    """Cancel a confirmed visit: the patient their own, or staff; the slot is free again.

    ``seen`` is the version of the appointment.
    """
    visit, request = _locked_visit(work, appointment_id)
    _let_in(work, request, take_over=take_over)
    if visit.state == "cancelled":
        return visit.id
    if visit.version != seen:
        raise ChangedUnderneath
    tracks.move_appointment(work, request, visit, "cancel")
    visit.cancelled_by = "patient" if work.actor.kind is ActorKind.PATIENT else "clinic"
    _give_time_back(work, visit)
    tracks.move(work, request, Track.DESK, "cancel appointment")
    outbox.drop(work, request.id, "appointment_confirmed")
    _mail_cancelled(work, request, visit, _place(work, visit.location_id))
    return visit.id


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

    ``seen`` is the version of the appointment. Returns the id of the new one.
    """
    work.actor.require(Permission.OFFER)
    old, request = _locked_visit(work, appointment_id)
    body = {"visit": appointment_id, "with": therapist_id, "at": location_id, "kind": visit_kind}
    body["starts"] = starts_at.isoformat()
    made = idempotency.made_before(work, key, "move", body)
    if made is not None:
        return made
    triage.hold(work, request, seen=None, take_over=take_over)
    if old.version != seen:
        raise ChangedUnderneath
    place = _place(work, location_id)
    new = _new_visit(
        work,
        request,
        place,
        therapist_id=therapist_id,
        starts_at=starts_at,
        visit_kind=visit_kind,
    )
    tracks.move_appointment(work, request, old, "move")
    _give_time_back(work, old)  # seen by nobody before the new time is held: one transaction
    _hold(work, request, new)
    tracks.move_appointment(work, request, new, "confirm")
    old.moved_to_id = new.id
    outbox.drop(work, request.id, "appointment_confirmed")
    _mail_confirmation(work, request, new, place)
    idempotency.remember(work, key, "move", body, new.id)
    return new.id


def expire_due(actor: Actor, now: datetime) -> int:
    """End each open offer whose time is over; return how many ended."""
    due = (
        select(Offer.id)
        .where(Offer.state == "open", Offer.expires_at <= now)
        .order_by(Offer.expires_at, Offer.id)
    )
    return sum(_expire(actor, now, found) for found in db.session.scalars(due).all())


@writes
def _expire(work: Work, offer_id: UUID) -> bool:
    if work.actor.kind is not ActorKind.SYSTEM:
        raise Refused
    held, request = _locked(work, offer_id)
    if held.state != "open" or held.expires_at > work.now:
        return False
    _take_back(work, request, held, "expired")
    request.back_since = work.now
    _mail_ended(work, request, held)
    return True


# --- What a clearance carries with it (called inside other services) --------------------------


def clearance_ended(work: Work, request: Request) -> None:
    """Revoke what stood on a clearance that has ended; confirmed visits become a call today."""
    for held in _open_offers(work, request):
        if any(one.visit_kind == "needling" for one in _appointments(work, held)):
            _take_back(work, request, held, "revoked")
            _mail_ended(work, request, held)
    if request.desk_state == "ready_to_offer" and request.visit_kind == "needling":
        tracks.move(work, request, Track.DESK, "hold back")
    if _needling_to_come(work, request):
        request.call_today = "clearance_ended"


def clearance_made(work: Work, request: Request) -> None:
    """Say that a time may be offered, where the desk's track allows it."""
    _carry_over(work, request)
    waits = request.desk_state == "ready_to_offer" or request.urgent_open
    if waits or not tracks.can(request, Track.DESK, "make ready"):
        return
    tracks.move(work, request, Track.DESK, "make ready")
    request.visit_kind, request.waiting_until = "needling", None


def _carry_over(work: Work, request: Request) -> None:
    """Put confirmed visits under the new clearance where they fit it; else ask for a call."""
    for visit in _needling_to_come(work, request):
        place = _place(work, visit.location_id)
        try:
            clearance = needling.clearance_for(work, request, _as_visit(visit, place))
        except NotCleared:
            request.call_today = "visit_does_not_fit"
            continue
        visit.clearance_id = clearance.id if clearance else None
        work.audit("appointment.clearance_renewed", "appointment", visit.id)


# --- Locks and doors -------------------------------------------------------------------------


def _locked(work: Work, offer_id: UUID) -> tuple[Offer, Request]:
    held = work.session.get(Offer, offer_id)
    if held is None:
        raise NotThere
    request = triage.sent(work, held.request_id)
    work.session.refresh(held, with_for_update=True)  # it may have ended while we waited
    return held, request


def _locked_visit(work: Work, appointment_id: UUID) -> tuple[Appointment, Request]:
    visit = work.session.get(Appointment, appointment_id)
    if visit is None:
        raise NotThere
    request = triage.sent(work, visit.request_id)
    work.session.refresh(visit, with_for_update=True)
    return visit, request


def _let_in(work: Work, request: Request, *, take_over: bool) -> None:
    if work.actor.kind is ActorKind.PATIENT:
        own(work.actor, request.id)
        if request.email_proved_at is None:
            raise Refused("the address is not proved")
        return
    work.actor.require(Permission.OFFER)
    triage.hold(work, request, seen=None, take_over=take_over)


def _require_open(work: Work, held: Offer, *, seen: int) -> None:
    if held.state != "open":
        raise OfferEnded(held.state)
    if held.expires_at <= work.now:
        raise OfferEnded("expired")
    if held.version != seen:
        raise ChangedUnderneath


def _require_same(visit: Appointment, clearance: Clearance | None) -> None:
    """Refuse a visit that was held under an earlier clearance than the live one."""
    if visit.clearance_id != (clearance.id if clearance else None):
        raise NotCleared("not_cleared")


# --- Time ------------------------------------------------------------------------------------


def _new_visit(
    work: Work,
    request: Request,
    place: Location,
    *,
    therapist_id: UUID,
    starts_at: datetime,
    visit_kind: str,
) -> Appointment:
    if starts_at <= work.now:
        raise SlotTaken
    _require_therapist(work, therapist_id)
    ends_at = starts_at + timedelta(minutes=site.settings.visit_minutes)
    day = calendar.visit_on(starts_at, place.zone)
    visit = Visit(therapist_id, place, day, visit_kind)
    clearance = needling.clearance_for(work, request, visit)
    return Appointment(
        request_id=request.id,
        therapist_id=therapist_id,
        location_id=place.id,
        visit_kind=visit_kind,
        clearance_id=clearance.id if clearance else None,
        starts_at=starts_at,
        ends_at=ends_at,
        visit_on=day,
    )


def _hold(work: Work, request: Request, visit: Appointment) -> None:
    """Insert the visit and its atoms in order; the database refuses one that is taken."""
    tracks.move_appointment(work, request, visit, "hold")
    buffer = timedelta(minutes=site.settings.buffer_minutes)
    for atom in calendar.atoms(visit.starts_at, visit.ends_at, buffer=buffer):
        work.session.add(
            SlotAtom(therapist_id=visit.therapist_id, starts_at=atom, appointment_id=visit.id)
        )
        work.session.flush()  # one by one, ascending: two racers cannot wait for each other


def _require_therapist(work: Work, user_id: UUID) -> None:
    user = work.session.get(User, user_id)
    if user is None or not user.active or not THERAPISTS & {role.name for role in user.roles}:
        raise NotThere


def _as_visit(visit: Appointment, place: Location) -> Visit:
    return Visit(visit.therapist_id, place, visit.visit_on, visit.visit_kind)


def _place(work: Work, location_id: UUID) -> Location:
    place = work.session.get(Location, location_id)
    if place is None or not place.active:
        raise NotThere
    return place


def _give_time_back(work: Work, visit: Appointment) -> None:
    work.session.flush()
    work.session.execute(
        delete(SlotAtom)
        .where(SlotAtom.appointment_id == visit.id)
        .execution_options(synchronize_session=False)
    )


def _free(work: Work, request: Request, visit: Appointment, *, by: str) -> None:
    tracks.move_appointment(work, request, visit, "free")
    visit.cancelled_by = by
    _give_time_back(work, visit)


# --- The offer's end -------------------------------------------------------------------------


def _end(work: Work, held: Offer, state: str) -> None:
    held.state, held.ended_at = state, work.now
    work.audit(f"offer.{state}", "offer", held.id, request=held.request_id.hex)


def _take_back(work: Work, request: Request, held: Offer, state: str) -> None:
    _end(work, held, state)
    for visit in _appointments(work, held):
        if visit.state == "held":
            _free(work, request, visit, by=FREED_BY[state])
    act = "lose clearance" if state == "revoked" else "take offer back"
    tracks.move(work, request, Track.DESK, act, detail={"offer": held.id.hex, "because": state})
    outbox.drop(work, request.id, "offer")


def _appointments(work: Work, held: Offer) -> list[Appointment]:
    query = (
        select(Appointment)
        .where(Appointment.offer_id == held.id)
        .order_by(Appointment.starts_at, Appointment.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return list(work.session.scalars(query))


def _open_offers(work: Work, request: Request) -> list[Offer]:
    query = (
        select(Offer)
        .where(Offer.request_id == request.id, Offer.state == "open")
        .order_by(Offer.id)
        .with_for_update()
    )
    return list(work.session.scalars(query))


def _needling_to_come(work: Work, request: Request) -> list[Appointment]:
    query = (
        select(Appointment)
        .where(
            Appointment.request_id == request.id,
            Appointment.visit_kind == "needling",
            Appointment.state.in_(("confirmed", "arrived")),
        )
        .order_by(Appointment.starts_at, Appointment.id)
        .with_for_update()
    )
    return list(work.session.scalars(query))


# --- Letters ---------------------------------------------------------------------------------


def _mail_offer(
    work: Work, request: Request, held: Offer, visit: Appointment, place: Location
) -> None:
    if request.email is None:
        outbox.skip(work, "offer", request.id)
        return
    outbox.enqueue(
        work,
        "offer",
        to=request.email,
        language=request.language,
        dedupe_key=f"{request.id.hex}:offer:{held.id.hex}",
        request_id=request.id,
        useless_after=held.expires_at,
        **_spoken(request, visit.starts_at, place),
        answer_by=calendar.spoken(held.expires_at, place.zone, request.language),
        link=tokens.issue_link(work, request, expires_at=held.expires_at, offer_id=held.id),
    )


def _mail_confirmation(work: Work, request: Request, visit: Appointment, place: Location) -> None:
    _mail(work, request, visit, "appointment_confirmed", place, useless_after=visit.starts_at)


def _mail_cancelled(work: Work, request: Request, visit: Appointment, place: Location) -> None:
    _mail(work, request, visit, "appointment_cancelled", place, useless_after=None)


def _mail(
    work: Work,
    request: Request,
    visit: Appointment,
    kind: str,
    place: Location,
    *,
    useless_after: datetime | None,
) -> None:
    if request.email is None:
        outbox.skip(work, kind, request.id)
        return
    outbox.enqueue(
        work,
        kind,
        to=request.email,
        language=request.language,
        dedupe_key=f"{request.id.hex}:{kind}:{visit.id.hex}",
        request_id=request.id,
        useless_after=useless_after,
        **_spoken(request, visit.starts_at, place),
        link=tokens.issue_link(work, request),
    )


def _mail_ended(work: Work, request: Request, held: Offer) -> None:
    if request.email is None:
        outbox.skip(work, "offer_ended", request.id)
        return
    outbox.enqueue(
        work,
        "offer_ended",
        to=request.email,
        language=request.language,
        dedupe_key=f"{request.id.hex}:offer_ended:{held.id.hex}",
        request_id=request.id,
        first_name=contact.first_name(request.name or ""),
        link=tokens.issue_link(work, request),
    )


def _spoken(request: Request, starts_at: datetime, place: Location) -> dict[str, object]:
    return {
        "first_name": contact.first_name(request.name or ""),
        "when": calendar.spoken(starts_at, place.zone, request.language),
        "place_name": place.name,
        "place_address": place.address,
    }
