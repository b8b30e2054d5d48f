"""What a member of staff keys for a patient: only they see it, and only until it was sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from clinic import contact
from clinic.access import Actor, NotThere, Permission
from clinic.extensions import db
from clinic.models import Draft, PhoneEntry, Request, User
from clinic.queries import drafts
from clinic.queries.drafts import OpenDraft


class KeyedByOther(Exception):
    """Another member of staff keys this request; nobody else sees it until it is sent."""

    def __init__(self, by: str, since: datetime) -> None:
        super().__init__("another member of staff keys this request")
        self.by, self.since = by, since


@dataclass(frozen=True)
class Unfinished:
    """One entry that was not sent yet."""

    reference: str
    name: str
    phone: str
    channel: str
    started_at: datetime
    saved_at: datetime
    expires_at: datetime
    version: int
    in_queue: bool


@dataclass(frozen=True)
class Sent:
    """One entry that was sent: what is said to the caller, and no answer."""

    reference: str
    channel: str
    email: str | None
    language: str
    urgent_open: bool


def find(actor: Actor, reference: str, now: datetime) -> OpenDraft:
    """Return the draft that this actor keys; raise KeyedByOther or NotThere."""
    request, entry = _entry(actor, reference)
    draft = _draft(request.id, now)
    if entry.sent_at is not None or draft is None:
        raise NotThere
    if entry.by_id != actor.id:
        raise KeyedByOther(_name(entry.by_id), entry.started_at)
    return drafts.opened(request, draft, keyed=entry.channel)


@dataclass(frozen=True)
class Written:
    """One entry of this actor's, sent or not."""

    request_id: UUID
    language: str


def written(actor: Actor, reference: str) -> Written:
    """Return the entry that this actor wrote, sent or not, or raise NotThere."""
    request, entry = _entry(actor, reference)
    if entry.by_id != actor.id:
        raise NotThere
    return Written(request.id, request.language)


def reference_of(actor: Actor, request_id: UUID) -> str:
    """Return the reference of a request that this actor has just begun."""
    actor.require(Permission.WORK_REQUESTS)
    query = (
        select(Request.reference)
        .join(PhoneEntry, PhoneEntry.request_id == Request.id)
        .where(Request.id == request_id, PhoneEntry.by_id == actor.id)
    )
    reference = db.session.scalar(query)
    if reference is None:
        raise NotThere
    return reference


def sent(actor: Actor, reference: str) -> Sent:
    """Return what is said at the end of the call; only who keyed it, once it was sent."""
    request, entry = _entry(actor, reference)
    if request.sent_at is None or entry.sent_at is None or entry.by_id != actor.id:
        raise NotThere
    return Sent(
        reference=request.reference,
        channel=request.channel,
        email=request.email,
        language=request.language,
        urgent_open=request.urgent_open,
    )


def unfinished(actor: Actor, now: datetime) -> tuple[Unfinished, ...]:
    """List what this actor keyed and has not sent, the newest first."""
    actor.require(Permission.WORK_REQUESTS)
    query = (
        select(PhoneEntry, Request, Draft)
        .join(Request, Request.id == PhoneEntry.request_id)
        .join(Draft, Draft.request_id == Request.id)
        .where(
            PhoneEntry.by_id == actor.id,
            PhoneEntry.sent_at.is_(None),
            Draft.expires_at > now,
        )
        .order_by(PhoneEntry.started_at.desc(), PhoneEntry.id)
    )
    return tuple(
        Unfinished(
            reference=request.reference,
            name=request.name or "",
            phone=request.phone or "",
            channel=entry.channel,
            started_at=entry.started_at,
            saved_at=draft.saved_at,
            expires_at=draft.expires_at,
            version=draft.version,
            in_queue=request.sent_at is not None,
        )
        for entry, request, draft in db.session.execute(query)
    )


def _entry(actor: Actor, reference: str) -> tuple[Request, PhoneEntry]:
    actor.require(Permission.WORK_REQUESTS)
    known = contact.parse_reference(reference)
    query = (
        select(Request, PhoneEntry)
        .join(PhoneEntry, PhoneEntry.request_id == Request.id)
        .where(Request.reference == known)
    )
    found = db.session.execute(query).one_or_none() if known else None
    if found is None:
        raise NotThere
    request, entry = found
    return request, entry


def _draft(request_id: UUID, now: datetime) -> Draft | None:
    query = select(Draft).where(Draft.request_id == request_id, Draft.expires_at > now)
    return db.session.scalars(query).one_or_none()


def _name(user_id: UUID) -> str:
    return db.session.scalar(select(User.display_name).where(User.id == user_id)) or ""
