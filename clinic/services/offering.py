"""Offers: one to three slots held for a request until a time, then one is taken, or all are freed.

Every move of an offer locks its request first, so that accept, expire, withdraw and revoke
come one after the other and each finds what the one before it left.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import select

from clinic.access import Actor, ActorKind, NotThere, Permission, Refused
from clinic.booking import lifecycle
from clinic.booking.lifecycle import Track
from clinic.extensions import db, site
from clinic.models import Appointment, Clearance, Location, Offer, Request
from clinic.services import (
    holding,
    idempotency,
    needling,
    outbox,
    own_words,
    tracks,
    triage,
    visit_letters,
)
from clinic.services.holding import as_visit
from clinic.services.needling import NotCleared
from clinic.services.transaction import ChangedUnderneath, Work, writes

MOST_TIMES = 3
FREED_BY = {"declined": "patient", "withdrawn": "clinic", "expired": "time", "revoked": "clearance"}


class OfferEnded(Exception):
    """The offer is not open any more; state says how it ended."""

    def __init__(self, state: str) -> None:
        super().__init__(state)
        self.state = state


class TooManyTimes(Exception):
    """An offer names one to three times, each once."""


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
    or_at: Sequence[datetime] = (),
    visit_kind: str,
    seen: int,
    key: str,
    take_over: bool = False,
) -> UUID:
    """Hold up to three slots for a request and mail them to the patient; return the offer's id.

    All of them are with one therapist at one place; ``or_at`` names the others beside the first.
    """
    work.actor.require(Permission.OFFER)
    request = triage.sent(work, request_id)
    times = sorted({starts_at, *or_at})
    body = {"request": request_id, "with": therapist_id, "at": location_id, "kind": visit_kind}
    body["starts"] = ",".join(one.isoformat() for one in times)
    made = idempotency.made_before(work, key, "offer", body)
    if made is not None:
        return made
    if len(times) != 1 + len(or_at) or len(times) > MOST_TIMES:
        raise TooManyTimes
    triage.hold(work, request, seen=seen, take_over=take_over)
    at = holding.place(work, location_id)
    lifecycle.move(Track.DESK, request.desk_state, "offer")  # told before a slot is tried
    visits = [
        holding.new_visit(
            work,
            request,
            at,
            therapist_id=therapist_id,
            starts_at=one,
            visit_kind=visit_kind,
        )
        for one in times
    ]
    held = _open(work, request, visits)
    tracks.move(work, request, Track.DESK, "offer", detail=_detail(held, *visits))
    request.back_since, request.location_id = None, at.id
    holding.called_about(request)  # the offer is the answer
    visit_letters.offered(work, request, held, visits, at)
    idempotency.remember(work, key, "offer", body, held.id)
    return held.id


@writes
def accept(
    work: Work, offer_id: UUID, *, appointment_id: UUID, seen: int, take_over: bool = False
) -> UUID:
    """Take one of the offered times: the patient, or staff on the phone. Taking it twice is once.

    The other times of the offer are free again in the same transaction. ``seen`` is the version
    of the offer. Raises OfferEnded, NotCleared, ChangedUnderneath.
    """
    held, request = _locked(work, offer_id)
    visit = work.session.get(Appointment, appointment_id, populate_existing=True)
    if visit is None or visit.offer_id != held.id:
        raise NotThere
    holding.let_in(work, request, take_over=take_over)
    if held.state == "accepted" and visit.state in ("confirmed", "arrived", "done"):
        return visit.id
    _require_open(work, held, seen=seen)
    at = holding.where(work, visit)
    _require_kept(work, visit, at)
    clearance = needling.clearance_for(work, request, as_visit(visit, at))
    _require_same(visit, clearance)
    _end(work, held, "accepted")
    for other in _appointments(work, held):
        if other.id != visit.id and other.state == "held":
            holding.free(work, request, other, by="patient")
    tracks.move_appointment(work, request, visit, "confirm")
    visit.calendar_id = uuid4()
    detail = _detail(held, visit) | _by_phone(work)
    tracks.move(work, request, Track.DESK, "accept", detail=detail)
    outbox.drop(work, request.id, "offer")
    visit_letters.confirmed(work, request, visit, at)
    return visit.id


@writes
def decline(
    work: Work, offer_id: UUID, *, seen: int, words: str = "", take_over: bool = False
) -> UUID:
    """Turn every time of the offer down: the patient, or staff on the phone; all are free again.

    The request is ready to offer again, with what the patient wrote about other times.
    """
    held, request = _locked(work, offer_id)
    holding.let_in(work, request, take_over=take_over)
    if held.state == "declined":
        return held.id
    _require_open(work, held, seen=seen)
    _take_back(work, request, held, "declined", **own_words.kept(work, request, words))
    return held.id


@writes
def withdraw(work: Work, offer_id: UUID, *, seen: int, take_over: bool = False) -> UUID:
    """Take an open offer back and tell the patient; its times are free again."""
    work.actor.require(Permission.OFFER)
    held, request = _locked(work, offer_id)
    triage.hold(work, request, seen=None, take_over=take_over)
    _require_open(work, held, seen=seen)
    _take_back(work, request, held, "withdrawn")
    visit_letters.ended(work, request, held)
    return held.id


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
    visit_letters.ended(work, request, held)
    return True


# --- What a clearance carries with it (called inside other services) --------------------------


def clearance_ended(work: Work, request: Request) -> None:
    """Revoke what stood on a clearance that has ended; confirmed visits become a call today."""
    for held in _open_offers(work, request):
        if any(one.visit_kind == "needling" for one in _appointments(work, held)):
            _take_back(work, request, held, "revoked")
            visit_letters.ended(work, request, held)
    if request.desk_state == "ready_to_offer" and request.visit_kind == "needling":
        tracks.move(work, request, Track.DESK, "hold back")
    if _needling_to_come(work, request):
        request.call_today = "clearance_ended"
        outbox.drop(work, request.id, visit_letters.REMINDER)  # it cannot be as it was planned


def call_about_visits(work: Work, request: Request) -> None:
    """Keep a request on the call list while a visit with needles stands on no live clearance."""
    if _needling_to_come(work, request) and needling.live(work, request) is None:
        request.call_today = request.call_today or "clearance_ended"


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
        at = holding.where(work, visit)
        try:
            clearance = needling.clearance_for(work, request, as_visit(visit, at))
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


def _require_open(work: Work, held: Offer, *, seen: int) -> None:
    if held.state != "open":
        raise OfferEnded(held.state)
    if held.expires_at <= work.now:
        raise OfferEnded("expired")
    if held.version != seen:
        raise ChangedUnderneath


def _require_kept(work: Work, visit: Appointment, at: Location) -> None:
    """Refuse a held time whose place was given up, or whose therapist left, since it was held."""
    if not at.active:
        raise OfferEnded("withdrawn")
    try:
        holding.require_therapist(work, visit.therapist_id)
    except NotThere as gone:
        raise OfferEnded("withdrawn") from gone


def _require_same(visit: Appointment, clearance: Clearance | None) -> None:
    """Refuse a visit that was held under an earlier clearance than the live one."""
    if visit.clearance_id != (clearance.id if clearance else None):
        raise NotCleared("not_cleared")


# --- An offer's beginning and end ------------------------------------------------------------


def _open(work: Work, request: Request, visits: Sequence[Appointment]) -> Offer:
    """Open an offer of these visits, which come in order, and hold their times."""
    latest = work.now + timedelta(hours=site.settings.offer_hours)
    held = Offer(
        id=uuid4(),
        request_id=request.id,
        expires_at=min(latest, visits[0].starts_at),
        made_at=work.now,
        made_by_id=work.actor.id,
    )
    work.session.add(held)
    work.session.flush()
    for visit in visits:
        visit.offer_id = held.id
        holding.hold(work, request, visit)
    return held


def _detail(held: Offer, *visits: Appointment) -> dict[str, object]:
    named = {f"appointment_{n}": one.id.hex for n, one in enumerate(visits[1:], start=2)}
    return {"offer": held.id.hex, "appointment": visits[0].id.hex, **named}


def _by_phone(work: Work) -> dict[str, object]:
    """Say of an answer that staff gave for the patient that it came in a call."""
    return {"because": "by_phone"} if work.actor.kind is ActorKind.STAFF else {}


def _end(work: Work, held: Offer, state: str) -> None:
    held.state, held.ended_at = state, work.now
    work.audit(f"offer.{state}", "offer", held.id, request=held.request_id.hex)


def _take_back(work: Work, request: Request, held: Offer, state: str, **words: object) -> None:
    _end(work, held, state)
    for visit in _appointments(work, held):
        if visit.state == "held":
            holding.free(work, request, visit, by=FREED_BY[state])
    act = "lose clearance" if state == "revoked" else "take offer back"
    detail = {"offer": held.id.hex, "because": state, **words}
    tracks.move(work, request, Track.DESK, act, detail=detail)
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
