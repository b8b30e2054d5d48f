"""Requests that a member of staff writes for a patient: who writes, and until it was sent."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from clinic.access import ActorKind, NotThere, Permission, own
from clinic.models import PhoneEntry
from clinic.services.transaction import Work


def require_writer(work: Work, request_id: UUID, *, sent_too: bool = False) -> PhoneEntry | None:
    """Let in the patient of a request, or the one of the staff who writes it until it is sent.

    Returns the entry of the staff, None for a patient; raises NotThere for everybody else.
    """
    if work.actor.kind is not ActorKind.STAFF:
        own(work.actor, request_id)
        return None
    work.actor.require(Permission.WORK_REQUESTS)
    entry = find(work, request_id)
    if entry is None or entry.by_id != work.actor.id:
        raise NotThere
    if entry.sent_at is not None and not sent_too:
        raise NotThere
    return entry


def find(work: Work, request_id: UUID) -> PhoneEntry | None:
    """Return the entry of a request that staff write or wrote, if it is one."""
    query = select(PhoneEntry).where(PhoneEntry.request_id == request_id)
    return work.session.scalars(query.execution_options(populate_existing=True)).one_or_none()


def end(work: Work, request_id: UUID) -> None:
    """Close the entry of the staff where the patient writes: what comes now is not theirs."""
    entry = find(work, request_id)
    if entry is not None and entry.sent_at is None:
        entry.sent_at = work.now
        work.audit("keying.handed_over", "request", request_id)


def by_staff(work: Work) -> bool:
    """Tell whether a member of staff writes, so that private questions are left alone."""
    return work.actor.kind is ActorKind.STAFF
