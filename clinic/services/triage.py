"""The front desk's acts on a request: who works it, who was called, what it waits for.

Whoever acts on a request that nobody holds takes it; whoever acts on somebody else's is told
so first. Every act names the version of the request that its page showed.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from clinic import contact
from clinic.access import Actor, ActorKind, NotThere, Permission, Refused
from clinic.booking import calendar
from clinic.booking.lifecycle import NoSuchMove, Track
from clinic.extensions import db, vault
from clinic.models import Act, Attempt, Location, Note, Request, Token, User
from clinic.services import idempotency, tracks
from clinic.services.transaction import ChangedUnderneath, Work, writes

WAITS = ("patient", "asked_later", "away", "papers", "other")  # why a request is set aside
OUTCOMES = ("reached", "voicemail", "no_answer", "wrong_number")


class ClaimedByOther(Exception):
    """Somebody else works this request; acting on it takes a deliberate take-over."""

    def __init__(self, by: str, since: datetime | None) -> None:
        super().__init__("somebody else works this request")
        self.by, self.since = by, since


class UrgentOpen(Exception):
    """An urgent flag is open; a clinician closes it before the request can be closed."""


def open_for(
    work: Work, request_id: UUID, *, seen: int | None, take_over: bool, claims: bool = True
) -> Request:
    """Lock a sent request for a member of staff, and claim it for them if nobody holds it."""
    request = sent(work, request_id)
    hold(work, request, seen=seen, take_over=take_over, claims=claims)
    return request


def sent(work: Work, request_id: UUID) -> Request:
    """Lock and return a request that was sent; a draft is nobody's but the patient's."""
    request = tracks.load(work, request_id)
    if request.desk_state == "draft":
        raise NotThere
    return request


def hold(
    work: Work, request: Request, *, seen: int | None, take_over: bool, claims: bool = True
) -> None:
    """Raise unless the request is as seen and free for this actor; claim it if nobody has."""
    if request.claimed_by_id not in (None, work.actor.id) and not take_over:
        holder = work.session.get_one(User, request.claimed_by_id)
        raise ClaimedByOther(holder.display_name, request.claimed_at)
    if seen is not None and request.version != seen:
        raise ChangedUnderneath
    claims = claims and tracks.can(request, Track.DESK, "claim")
    if claims and request.claimed_by_id != work.actor.id:
        _claim(work, request)


def _claim(work: Work, request: Request) -> None:
    tracks.move(work, request, Track.DESK, "claim")
    request.claimed_by_id, request.claimed_at = work.actor.id, work.now


@writes
def claim(work: Work, request_id: UUID, *, seen: int, take_over: bool = False) -> UUID:
    """Take a request to work on; the loser of a race is told who has it."""
    work.actor.require(Permission.WORK_REQUESTS)
    request = sent(work, request_id)
    if request.claimed_by_id == work.actor.id:
        return request.id
    hold(work, request, seen=seen, take_over=take_over, claims=False)
    _claim(work, request)
    return request.id


@writes
def release(work: Work, request_id: UUID, *, seen: int, take_over: bool = False) -> UUID:
    """Give a request back to the queue."""
    work.actor.require(Permission.WORK_REQUESTS)
    request = open_for(work, request_id, seen=seen, take_over=take_over, claims=False)
    if request.claimed_by_id is not None:
        tracks.move(work, request, Track.DESK, "release")
        request.claimed_by_id = request.claimed_at = None
    return request.id


@writes
def attempt(
    work: Work,
    request_id: UUID,
    *,
    outcome: str,
    number: str,
    next_try_on: date | None = None,
    seen: int,
    key: str,
    take_over: bool = False,
) -> UUID:
    """Record one try to contact the patient; only ``reached`` counts as contact."""
    work.actor.require(Permission.WORK_REQUESTS)
    request = sent(work, request_id)
    body = {"request": request_id, "outcome": outcome, "number": number, "next": next_try_on}
    made = idempotency.made_before(work, key, "attempt", body)
    if made is not None:
        return made
    hold(work, request, seen=seen, take_over=take_over)
    tried = Attempt(
        request_id=request.id,
        outcome=outcome,
        at=work.now,
        by_id=work.actor.id,
        number=number,
        next_try_on=next_try_on,
    )
    work.session.add(tried)
    act = "reach" if outcome == "reached" else "try contact"
    detail = {"attempt": tried.id.hex, "before": _as_it_stands(request)}
    tracks.move(work, request, Track.DESK, act, detail=detail)
    request.back_since = None
    if outcome == "reached":
        request.reached_at, request.waiting_until, request.call_today = work.now, None, None
    elif next_try_on is not None and tracks.can(request, Track.DESK, "wait"):
        set_aside(work, request, until=next_try_on, because="next_try")
    idempotency.remember(work, key, "attempt", body, tried.id)
    return tried.id


def _as_it_stands(request: Request) -> dict[str, Any]:
    """Keep what an attempt may change, so that a mistaken one can be taken back."""
    return {
        "state": request.desk_state,
        "reached_at": request.reached_at and request.reached_at.isoformat(),
        "waiting_until": request.waiting_until and request.waiting_until.isoformat(),
        "back_since": request.back_since and request.back_since.isoformat(),
        "call_today": request.call_today,
        "urgent": request.urgent_open,
    }


@writes
def note(
    work: Work, request_id: UUID, *, body: str, seen: int, key: str, take_over: bool = False
) -> UUID:
    """Keep a note of the desk; what is clinical goes into a note of its own kind."""
    work.actor.require(Permission.WRITE_DESK_NOTES)
    request = sent(work, request_id)
    content = {"request": request_id, "body": body}
    made = idempotency.made_before(work, key, "desk note", content)
    if made is not None:
        return made
    hold(work, request, seen=seen, take_over=take_over)
    written = Note(request_id=request.id, kind="desk", body=body, at=work.now, by_id=work.actor.id)
    work.session.add(written)
    work.audit("note.written", "request", request.id, kind="desk")
    idempotency.remember(work, key, "desk note", content, written.id)
    return written.id


@writes
def wait(
    work: Work,
    request_id: UUID,
    *,
    until: date,
    seen: int,
    because: str = "patient",
    words: str = "",
    take_over: bool = False,
) -> UUID:
    """Set a request aside until a day that lies ahead, saying why; it comes back by itself."""
    work.actor.require(Permission.WORK_REQUESTS)
    request = open_for(work, request_id, seen=seen, take_over=take_over)
    if because not in WAITS:
        raise NoSuchMove(Track.DESK, request.desk_state, "wait")
    set_aside(work, request, until=until, because=because, words=words)
    return request.id


def set_aside(work: Work, request: Request, *, until: date, because: str, words: str = "") -> None:
    """Set a locked request aside until a day that lies ahead, saying why."""
    if until <= today(work, request):
        raise NoSuchMove(Track.DESK, request.desk_state, "wait")
    detail = {"until": until.isoformat(), "because": because}
    detail |= {"words": words} if words else {}
    tracks.move(work, request, Track.DESK, "wait", detail=detail)
    request.waiting_until, request.back_since = until, None


@writes
def take_up(work: Work, request_id: UUID, *, seen: int, take_over: bool = False) -> UUID:
    """Bring a request back before its day, because somebody wants to go on with it now."""
    work.actor.require(Permission.WORK_REQUESTS)
    request = open_for(work, request_id, seen=seen, take_over=take_over)
    tracks.move(work, request, Track.DESK, "come back", detail=waited_for(work, request))
    request.waiting_until = request.back_since = None
    return request.id


@writes
def confirm_address(work: Work, request_id: UUID, *, seen: int, take_over: bool = False) -> UUID:
    """Note that the e-mail address was read back on the phone and is right."""
    work.actor.require(Permission.WORK_REQUESTS)
    request = open_for(work, request_id, seen=seen, take_over=take_over)
    if request.email is None:
        raise NotThere
    if request.email_proved_at is None:
        request.email_proved_at = work.now
        work.audit("contact.address_confirmed", "request", request.id)
    return request.id


@writes
def correct_contact(
    work: Work,
    request_id: UUID,
    *,
    phone: str | None,
    email: str | None,
    channel: str,
    language: str,
    seen: int,
    take_over: bool = False,
) -> UUID:
    """Correct how to reach a patient; letters that are queued keep their recipient.

    Another address is unproved, and what was mailed to the old one opens nothing any more.
    """
    work.actor.require(Permission.WORK_REQUESTS)
    request = open_for(work, request_id, seen=seen, take_over=take_over)
    changed = []
    if phone != request.phone:
        changed.append("phone")
        request.phone, request.phone_digest = phone, phone_digest(phone)
    if email != request.email:
        changed.append("email")
        request.email, request.email_digest = email, email_digest(email)
        request.email_proved_at = None
        _revoke_tokens(work, request)
    for field, value in (("channel", channel), ("language", language)):
        if getattr(request, field) != value:
            changed.append(field)
            setattr(request, field, value)
    if changed:
        work.audit("contact.corrected", "request", request.id, fields=changed)
    return request.id


def phone_digest(phone: str | None) -> bytes | None:
    """Return the look-up digest of a phone number."""
    return vault.ring.digest("phone", contact.phone_key(phone)) if phone else None


def email_digest(email: str | None) -> bytes | None:
    """Return the look-up digest of an e-mail address."""
    return vault.ring.digest("email", contact.email_key(email)) if email else None


def _revoke_tokens(work: Work, request: Request) -> None:
    work.session.execute(
        update(Token)
        .where(Token.request_id == request.id, Token.revoked_at.is_(None))
        .values(revoked_at=work.now)
        .execution_options(synchronize_session=False)
    )


# --- What comes back by itself ---------------------------------------------------------------


def bring_back(actor: Actor, now: datetime) -> int:
    """Bring back each request that has waited until its day; return how many came back."""
    latest = calendar.latest_day(now)
    due = (
        select(Request.id)
        .where(Request.desk_state == "waiting", Request.waiting_until <= latest)
        .order_by(Request.id)
    )
    return sum(_come_back(actor, now, found) for found in db.session.scalars(due).all())


@writes
def _come_back(work: Work, request_id: UUID) -> bool:
    if work.actor.kind is not ActorKind.SYSTEM:
        raise Refused
    request = tracks.load(work, request_id)
    until = request.waiting_until
    if request.desk_state != "waiting" or until is None or until > today(work, request):
        return False
    tracks.move(work, request, Track.DESK, "come back", detail=waited_for(work, request))
    request.waiting_until, request.back_since = None, work.now
    return True


def waited_for(work: Work, request: Request) -> dict[str, Any]:
    """Say until when a request was set aside last, and why, as was said then."""
    query = (
        select(Act)
        .where(Act.request_id == request.id, Act.track == Track.DESK, Act.act == "wait")
        .order_by(Act.position.desc())
        .limit(1)
    )
    act = work.session.scalars(query).first()
    return dict(act.detail or {}) if act else {}


def today(work: Work, request: Request) -> date:
    """Tell which day it is where the request belongs: at its location, else the clinic's first."""
    return calendar.visit_on(work.now, zone_of(work, request))


def zone_of(work: Work, request: Request) -> str:
    """Return the zone of the request's location, else of the clinic's first, else UTC."""
    wanted = Location.id == request.location_id if request.location_id else Location.active
    query = select(Location.zone).where(wanted).order_by(Location.name, Location.id).limit(1)
    return work.session.scalar(query) or "UTC"
