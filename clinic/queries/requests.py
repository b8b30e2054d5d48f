"""One request as the front desk works it: contact, the three tracks, and everything that happened.

Never an answer, a condition or a finding: a screening and a decision show as events with their
outcome, clinical notes do not show at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from clinic import contact
from clinic.access import Actor, NotThere, Permission
from clinic.booking import lifecycle, mail
from clinic.booking.lifecycle import Track
from clinic.extensions import db
from clinic.models import (
    Act,
    Appointment,
    Attempt,
    Clearance,
    Intake,
    Letter,
    Location,
    Offer,
    Request,
    ScreeningRecord,
    User,
)
from clinic.queries import events, queue, returns
from clinic.screening import lapses, outcome

TIMES = ("days", "parts", "words")  # of the wishes: when the patient can come


@dataclass(frozen=True)
class Contact:
    """How to reach the patient; only who may see contact details gets one."""

    name: str
    phone: str | None
    email: str | None
    email_proved: bool
    channel: str
    guardian: str | None
    regions: tuple[str, ...]
    wishes: dict[str, Any] = field(repr=False)
    phone_wrong: bool = False  # the last call to this number reached somebody else


@dataclass(frozen=True)
class Tried:
    """The last call that still counts: which, how it ended and when."""

    id: UUID
    outcome: str
    at: datetime


@dataclass(frozen=True)
class Failed:
    """A letter that could not be sent: which, when, why as a code, and what may be done about it.

    ``again``: the same letter to the same address. ``anew``: with a new link, to the address of
    now. ``clinics`` is one that goes to the clinic itself.
    """

    id: UUID
    kind: str
    queued_at: datetime
    error: str
    clinics: bool
    again: bool
    anew: bool
    useless_after: datetime | None


@dataclass(frozen=True)
class Waits:
    """Why a request was set aside: a code, and the words of who did it."""

    because: str
    words: str


@dataclass(frozen=True)
class Visit:
    """One appointment of the request."""

    id: UUID
    version: int
    state: str
    kind: str
    starts_at: datetime
    zone: str
    place: str
    therapist: str
    offer_id: UUID | None
    offer_version: int | None
    answer_by: datetime | None


@dataclass(frozen=True)
class Limits:
    """What of a clearance matters for booking: its dates and with whom."""

    valid_from: date
    valid_until: date
    limited: bool


@dataclass(frozen=True)
class RequestPage:
    """Everything the request page shows."""

    id: UUID
    reference: str
    version: int
    language: str
    desk_state: str
    clinical_state: str
    closed_reason: str | None
    action: str
    call_today: str | None
    urgent: bool
    waiting_until: date | None
    back: bool
    back_why: str
    not_before: date | None
    visit_kind: str
    answered_by: str
    sent_at: datetime
    reached_at: datetime | None
    location_id: UUID | None
    zone: str
    claimed_by: str | None
    claimed_at: datetime | None
    mine: bool
    contact: Contact | None
    clearance: Limits | None
    visits: tuple[Visit, ...]
    events: tuple[events.Event, ...]
    tried: Tried | None
    waits: Waits | None
    failed: tuple[Failed, ...]

    @property
    def offered(self) -> Visit | None:
        """The visit that is held for an answer, if one is."""
        return next((one for one in self.visits if one.state == "held"), None)

    @property
    def booked(self) -> Visit | None:
        """The visit that is confirmed, if one is."""
        return next((one for one in self.visits if one.state in ("confirmed", "arrived")), None)


@dataclass(frozen=True)
class Change:
    """Who changed a request last, and when."""

    by: str | None
    at: datetime


def find(actor: Actor, reference: str) -> UUID:
    """Return the id of a sent request by its reference, or raise NotThere."""
    actor.require(Permission.SEE_QUEUE)
    return _sent(reference).id


def page(actor: Actor, reference: str) -> RequestPage:
    """Return what the request page shows to this actor."""
    actor.require(Permission.SEE_QUEUE)
    request = _sent(reference)
    names = _names()
    holder = request.claimed_by_id
    sees = actor.may(Permission.SEE_CONTACT)
    return RequestPage(
        id=request.id,
        reference=request.reference,
        version=request.version,
        language=request.language,
        desk_state=request.desk_state,
        clinical_state=request.clinical_state,
        closed_reason=request.closed_reason,
        action=queue.action_of(actor, request.id),
        call_today=request.call_today,
        urgent=request.urgent_open,
        waiting_until=request.waiting_until,
        back=request.back_since is not None,
        back_why=returns.why([request.id]).get(request.id, ""),
        not_before=request.not_before or _first_day(request),
        visit_kind=request.visit_kind,
        answered_by=request.answered_by,
        sent_at=request.sent_at or request.created_at,
        reached_at=request.reached_at,
        location_id=request.location_id,
        zone=_zone(request),
        claimed_by=names.get(holder) if holder else None,
        claimed_at=request.claimed_at,
        mine=holder is not None and holder == actor.id,
        contact=_contact(request) if sees else None,
        clearance=_clearance(request),
        visits=tuple(_visits(request, names)),
        events=events.of(request, names, sees=sees),
        tried=_tried(request) if sees else None,
        waits=_waits(request, sees=sees),
        failed=tuple(_failed(request)) if sees else (),
    )


def last_change(actor: Actor, reference: str) -> Change:
    """Say who changed a request last, for the loser of a race."""
    actor.require(Permission.SEE_QUEUE)
    request = _sent(reference)
    query = select(Act).where(Act.request_id == request.id).order_by(Act.position.desc()).limit(1)
    act = db.session.scalars(query).one()
    return Change(events.done_by(act, _names()), act.at)


def _sent(reference: str) -> Request:
    known = contact.parse_reference(reference)
    query = select(Request).where(Request.reference == known, Request.desk_state != "draft")
    request = db.session.scalars(query).one_or_none() if known else None
    if request is None:
        raise NotThere
    return request


def _names() -> dict[UUID, str]:
    query = select(User.id, User.display_name)
    return {row.id: row.display_name for row in db.session.execute(query)}


def _first_day(request: Request) -> date | None:
    """Return the day that the answers themselves name, while a therapist must decide."""
    if request.clinical_state != "needs_review" or request.urgent_open:
        return None
    query = (
        select(ScreeningRecord)
        .join(Intake, Intake.id == ScreeningRecord.intake_id)
        .where(ScreeningRecord.request_id == request.id)
        .order_by(Intake.number.desc(), ScreeningRecord.made_at.desc(), ScreeningRecord.id)
    )
    record = db.session.scalars(query.limit(1)).first()
    return lapses.first_day(outcome.from_json(record.result)) if record else None


def _zone(request: Request) -> str:
    query = select(Location.zone).order_by(Location.active.desc(), Location.name, Location.id)
    if request.location_id is not None:
        query = query.where(Location.id == request.location_id)
    return db.session.scalars(query.limit(1)).first() or "UTC"


def _contact(request: Request) -> Contact:
    guardian = (request.guardian or {}).get("name")
    return Contact(
        name=request.name or "",
        phone=request.phone,
        email=request.email,
        email_proved=request.email_proved_at is not None,
        channel=request.channel,
        guardian=str(guardian) if guardian else None,
        regions=tuple(request.regions or ()),
        wishes={name: (request.wishes or {}).get(name) for name in TIMES},
        phone_wrong=_is_wrong(request),
    )


# --- Calls, waiting, letters that failed -----------------------------------------------------


def _counting(request: Request) -> list[Attempt]:
    gone = events.taken_back(request)
    query = (
        select(Attempt)
        .where(Attempt.request_id == request.id)
        .order_by(Attempt.at.desc(), Attempt.id)
    )
    return [tried for tried in db.session.scalars(query) if tried.id not in gone]


def _tried(request: Request) -> Tried | None:
    last = next(iter(_counting(request)), None)
    return Tried(last.id, last.outcome, last.at) if last else None


def _is_wrong(request: Request) -> bool:
    if request.phone is None:
        return False
    there = [tried for tried in _counting(request) if tried.number == request.phone]
    return bool(there) and there[0].outcome == "wrong_number"


def _waits(request: Request, *, sees: bool) -> Waits | None:
    """Read why it waits, or what it waited for if it is just back."""
    if request.desk_state != "waiting" and request.back_since is None:
        return None
    query = (
        select(Act)
        .where(Act.request_id == request.id, Act.act.in_(("wait", "come back")))
        .order_by(Act.position.desc())
        .limit(1)
    )
    act = db.session.scalars(query).first()
    detail = (act.detail or {}) if act else {}
    words = str(detail.get("words", "")) if sees else ""
    return Waits(str(detail.get("because", "")), words) if detail else None


def _failed(request: Request) -> Iterator[Failed]:
    query = (
        select(Letter)
        .where(Letter.request_id == request.id, Letter.state == "failed")
        .order_by(Letter.queued_at, Letter.id)
    )
    for letter in db.session.scalars(query):
        clinics = letter.kind in mail.TO_CLINIC
        same = clinics or letter.recipient == request.email
        fits = letter.kind not in mail.SHORT_LIVED and letter.last_error != mail.UNREADABLE
        yield Failed(
            letter.id,
            letter.kind,
            letter.queued_at,
            letter.last_error or "",
            clinics=clinics,
            again=same and fits,
            anew=not same and fits and request.email is not None,
            useless_after=letter.useless_after,
        )


def _clearance(request: Request) -> Limits | None:
    query = select(Clearance).where(
        Clearance.request_id == request.id, Clearance.ended_at.is_(None)
    )
    live = db.session.scalars(query).one_or_none()
    if live is None:
        return None
    limited = request.clinical_state == "cleared_with_limits"
    return Limits(live.valid_from, live.valid_until, limited)


def _visits(request: Request, names: dict[UUID, str]) -> Iterator[Visit]:
    query = (
        select(Appointment, Location, Offer)
        .join(Location, Location.id == Appointment.location_id)
        .outerjoin(Offer, Offer.id == Appointment.offer_id)
        .where(Appointment.request_id == request.id)
        .order_by(Appointment.starts_at.desc(), Appointment.id)
    )
    for visit, place, offer in db.session.execute(query):
        yield Visit(
            id=visit.id,
            version=visit.version,
            state=visit.state,
            kind=visit.visit_kind,
            starts_at=visit.starts_at,
            zone=place.zone,
            place=place.name,
            therapist=names.get(visit.therapist_id, ""),
            offer_id=visit.offer_id,
            offer_version=offer.version if visit.offer_id else None,
            answer_by=offer.expires_at if visit.offer_id else None,
        )


def allowed(page: RequestPage) -> frozenset[str]:
    """Name the desk acts that the present state allows, read off the lifecycle's table."""
    return frozenset(lifecycle.acts(Track.DESK, page.desk_state))
