"""Requests that a member of staff keys for a patient: by phone, from paper, at the desk.

They go through the services of the patient's own pages (see drafting and submission), which let
the one who began it in. What is here is how such an entry begins, and how it ends unsent.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from clinic.access import Actor, ActorKind, NotThere, Permission, Refused
from clinic.booking.lifecycle import OPEN_DESK, NoSuchMove, Track
from clinic.extensions import db
from clinic.models import Draft, PhoneEntry, Request
from clinic.services import drafting, erasing, idempotency, phone_entries, tracks, triage
from clinic.services.drafting import About
from clinic.services.transaction import ChangedUnderneath, Work, writes

CHANNELS = ("phone", "paper", "desk")


class BeingAnswered(Exception):
    """The answers of this request are open already, with the patient or a member of staff."""


def begin(actor: Actor, now: datetime, *, about: About, channel: str, key: str) -> UUID:
    """Begin a request for somebody who calls, wrote or stands here, once whatever is clicked."""
    try:
        return _begin(actor, now, about=about, channel=channel, key=key)
    except IntegrityError:  # a racer with the same key was first: now its row is there
        return _begin(actor, now, about=about, channel=channel, key=key)


@writes
def _begin(work: Work, *, about: About, channel: str, key: str) -> UUID:
    work.actor.require(Permission.WORK_REQUESTS)
    body = {**vars(about), "channel of entry": channel, "by": work.actor.id}
    made = idempotency.made_before(work, key, "keying", body)
    if made is not None:
        return made
    request = drafting.begin(work, about)
    entry = PhoneEntry(
        request_id=request.id, by_id=work.actor.id, channel=channel, started_at=work.now
    )
    work.session.add(entry)
    work.audit("keying.begun", "request", request.id, channel=channel)
    idempotency.remember(work, key, "keying", body, request.id)
    return request.id


@writes
def again(work: Work, request_id: UUID, *, channel: str) -> UUID:
    """Ask a patient all questions again from a blank page; what was answered before stays unseen.

    What is sent then is the next version of the history. Twice is once. Raises BeingAnswered.
    """
    work.actor.require(Permission.WORK_REQUESTS)
    request = triage.sent(work, request_id)
    if request.desk_state not in OPEN_DESK:
        raise NoSuchMove(Track.DESK, request.desk_state, "answer again")
    entry, draft = phone_entries.find(work, request_id), _draft(work, request_id)
    if draft is not None and draft.expires_at > work.now:
        if entry is not None and entry.sent_at is None and entry.by_id == work.actor.id:
            return request_id
        raise BeingAnswered
    if draft is not None:
        work.session.delete(draft)
        work.session.flush()
    drafting.open_blank(work, request)
    entry = entry or PhoneEntry(request_id=request_id)
    entry.by_id, entry.channel = _person(work), channel
    entry.started_at, entry.sent_at = work.now, None
    work.session.add(entry)
    work.audit("keying.begun", "request", request_id, channel=channel)
    return request_id


@writes
def discard(work: Work, request_id: UUID, *, seen: int) -> UUID:
    """Throw away what was keyed and not sent; a request that is in the queue already stays.

    ``seen`` is the version of the draft.
    """
    phone_entries.require_writer(work, request_id)
    request = tracks.load(work, request_id)
    draft = _draft(work, request_id)
    if draft is None:
        raise NotThere
    if draft.version != seen:
        raise ChangedUnderneath
    _drop(work, request, draft, how="discarded")
    return request_id


def expire_due(actor: Actor, now: datetime) -> int:
    """Drop each entry that lay unsent for too long; return how many ended."""
    due = (
        select(Draft.request_id)
        .join(PhoneEntry, PhoneEntry.request_id == Draft.request_id)
        .where(PhoneEntry.sent_at.is_(None), Draft.expires_at <= now)
        .order_by(Draft.expires_at, Draft.id)
    )
    return sum(_expire(actor, now, found) for found in db.session.scalars(due).all())


@writes
def _expire(work: Work, request_id: UUID) -> bool:
    if work.actor.kind is not ActorKind.SYSTEM:
        raise Refused
    request = tracks.load(work, request_id)
    draft = _draft(work, request_id)
    if draft is None or draft.expires_at > work.now or erasing.is_held(work.session, request_id):
        return False
    _drop(work, request, draft, how="expired")
    return True


def _draft(work: Work, request_id: UUID) -> Draft | None:
    query = select(Draft).where(Draft.request_id == request_id)
    return work.session.scalars(query.execution_options(populate_existing=True)).one_or_none()


def _person(work: Work) -> UUID:
    if work.actor.id is None:
        raise Refused
    return work.actor.id


def _drop(work: Work, request: Request, draft: Draft, *, how: str) -> None:
    """Delete the open answers, and all of the request too unless it stands in the queue."""
    work.audit(f"keying.{how}", "request", request.id)
    if request.sent_at is None:
        erasing.remove(work, request.id)
        return
    entry = work.session.scalars(select(PhoneEntry).filter_by(request_id=request.id)).one()
    entry.sent_at = request.sent_at
    work.session.delete(draft)
