"""Where a patient's own request stands, in what may be shown to whom."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, select

from clinic.access import Actor, ActorKind, NotThere
from clinic.booking import lifecycle
from clinic.booking.lifecycle import Track
from clinic.extensions import db
from clinic.models import Appointment, Clearance, Draft, Location, Offer, Request, Token
from clinic.sealing import fingerprint


@dataclass(frozen=True)
class Link:
    """A live mailed link, and as much as it may tell by itself."""

    id: UUID
    request_id: UUID
    proved: bool
    desk_state: str
    has_draft: bool
    language: str


@dataclass(frozen=True)
class JustSent:
    """What the browser that sent a request may show of it."""

    reference: str
    channel: str
    email: str | None
    email_proved: bool
    urgent_open: bool
    sent_at: datetime


@dataclass(frozen=True)
class Visit:
    """One time at one place, by the clock there."""

    id: UUID
    starts_at: datetime
    zone: str
    place: str
    address: str
    phone: str
    needling: bool
    version: int
    may_change: bool  # cancel it or ask for another time by oneself
    in_doubt: bool  # its clearance has ended, so that it cannot be as it was planned


@dataclass(frozen=True)
class OpenOffer:
    """One offer that waits for an answer."""

    id: UUID
    version: int
    expires_at: datetime
    visits: tuple[Visit, ...]


@dataclass(frozen=True)
class Standing:
    """Where the request stands."""

    request_id: UUID
    reference: str
    version: int
    desk_state: str
    clinical_state: str
    language: str
    channel: str
    urgent_open: bool
    will_be_called: bool  # for words of their own that may speak of a warning sign
    asked_to_move: bool
    regions: tuple[str, ...]
    sent_at: datetime
    offers: tuple[OpenOffer, ...]
    visits: tuple[Visit, ...]
    may_withdraw: bool
    has_draft: bool


STANDING = ("confirmed", "arrived")


def link(secret: str, now: datetime) -> Link:
    """Return the live link with this secret; every other one is not there."""
    return _link(Token.fingerprint == fingerprint(secret), now)


def link_by_id(link_id: UUID, now: datetime) -> Link:
    """Return the live link that this browser followed before, or raise NotThere."""
    return _link(Token.id == link_id, now)


def address_of(via_id: UUID, now: datetime) -> str | None:
    """Return the address to which a code for this link or grant would go, if it has one."""
    via = db.session.get(Token, via_id)
    request = db.session.get(Request, via.request_id) if via and via.request_id else None
    if request is None:
        return None
    alive = request.sent_at is not None or _has_draft(request.id, now)
    return request.email if alive else None


def just_sent(actor: Actor, now: datetime) -> JustSent:
    """Return what the browser that wrote the draft may show once it was sent."""
    request = _own(actor)
    if request.sent_at is None or _has_draft(request.id, now):
        raise NotThere
    return JustSent(
        reference=request.reference,
        channel=request.channel,
        email=request.email,
        email_proved=request.email_proved_at is not None,
        urgent_open=request.urgent_open,
        sent_at=request.sent_at,
    )


def standing(actor: Actor, now: datetime) -> Standing:
    """Return where the actor's own request stands; only after a proved address."""
    request = _own(actor)
    if request.sent_at is None or request.email_proved_at is None:
        raise NotThere
    return Standing(
        request_id=request.id,
        reference=request.reference,
        version=request.version,
        desk_state=request.desk_state,
        clinical_state=request.clinical_state,
        language=request.language,
        channel=request.channel,
        urgent_open=request.urgent_open,
        will_be_called=request.call_today == "own_words",
        asked_to_move=request.call_today == "asked_to_move",
        regions=tuple(region for region in request.regions or () if region != "not_sure"),
        sent_at=request.sent_at,
        offers=_offers(request, now),
        visits=_visits(now, Appointment.request_id == request.id, Appointment.state.in_(STANDING)),
        may_withdraw=_may_withdraw(request),
        has_draft=_has_draft(request.id, now),
    )


def visit(actor: Actor, appointment_id: UUID, now: datetime) -> tuple[str, Visit]:
    """Return the request's reference and a visit of the actor's own that stands."""
    request = _own(actor)
    if request.sent_at is None or request.email_proved_at is None:
        raise NotThere
    found = _visits(
        now,
        Appointment.id == appointment_id,
        Appointment.request_id == request.id,
        Appointment.state.in_(STANDING),
    )
    if not found:
        raise NotThere
    return request.reference, found[0]


def own_visit(actor: Actor, appointment_id: UUID) -> None:
    """Raise NotThere unless the visit is the actor's own, whatever has become of it."""
    request = _own(actor)
    found = db.session.get(Appointment, appointment_id)
    if found is None or found.request_id != request.id or request.email_proved_at is None:
        raise NotThere


def _link(where: ColumnElement[bool], now: datetime) -> Link:
    query = select(Token, Request).join(Request, Request.id == Token.request_id)
    found = db.session.execute(
        query.where(
            where,
            Token.purpose == "link",
            Token.revoked_at.is_(None),
            Token.used_at.is_(None),
            Token.expires_at > now,
        )
    ).one_or_none()
    if found is None:
        raise NotThere
    token, request = found
    return Link(
        id=token.id,
        request_id=request.id,
        proved=request.email_proved_at is not None,
        desk_state=request.desk_state,
        has_draft=_has_draft(request.id, now),
        language=request.language,
    )


def _own(actor: Actor) -> Request:
    if actor.kind is not ActorKind.PATIENT or actor.request_id is None:
        raise NotThere
    request = db.session.get(Request, actor.request_id)
    if request is None:
        raise NotThere
    return request


def _may_withdraw(request: Request) -> bool:
    return "close" in lifecycle.acts(Track.DESK, request.desk_state) and not request.urgent_open


def _has_draft(request_id: UUID, now: datetime) -> bool:
    query = select(Draft.id).where(Draft.request_id == request_id, Draft.expires_at > now)
    return db.session.scalars(query).first() is not None


def _offers(request: Request, now: datetime) -> tuple[OpenOffer, ...]:
    query = (
        select(Offer)
        .where(Offer.request_id == request.id, Offer.state == "open", Offer.expires_at > now)
        .order_by(Offer.expires_at, Offer.id)
    )
    return tuple(
        OpenOffer(
            id=offer.id,
            version=offer.version,
            expires_at=offer.expires_at,
            visits=_visits(now, Appointment.offer_id == offer.id, Appointment.state == "held"),
        )
        for offer in db.session.scalars(query)
    )


def _visits(now: datetime, *where: ColumnElement[bool]) -> tuple[Visit, ...]:
    query = (
        select(Appointment, Location, Clearance.ended_at)
        .join(Location, Location.id == Appointment.location_id)
        .outerjoin(Clearance, Clearance.id == Appointment.clearance_id)
        .where(*where)
        .order_by(Appointment.starts_at, Appointment.id)
    )
    return tuple(
        Visit(
            id=visit.id,
            starts_at=visit.starts_at,
            zone=place.zone,
            place=place.name,
            address=place.address,
            phone=place.phone,
            needling=visit.visit_kind == "needling",
            version=visit.version,
            may_change=visit.state == "confirmed" and now < visit.starts_at,
            in_doubt=ended_at is not None,
        )
        for visit, place, ended_at in db.session.execute(query)
    )
