"""Notes on what the form missed: all of them for the lead therapist, a request's own beside it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import aliased

from clinic import in_force
from clinic.access import Actor, NotThere, Permission
from clinic.extensions import db
from clinic.models import MissedNote, Request, User

SHOWN = 100


@dataclass(frozen=True)
class Missed:
    """One note, and its answer if there is one."""

    id: UUID
    request_id: UUID
    reference: str
    seen: int
    body: str
    item: str  # its title, or empty
    by: str
    at: datetime
    answer: str
    handled_by: str
    handled_at: datetime | None


def every(actor: Actor, *, handled: bool) -> tuple[Missed, ...]:
    """List the notes that wait, or the newest of those that were handled."""
    actor.require(Permission.APPROVE_RULES)
    if handled:
        return _rows(MissedNote.handled_at.is_not(None), newest_first=True)
    return _rows(MissedNote.handled_at.is_(None), newest_first=False)


def one(actor: Actor, note_id: UUID) -> Missed:
    """Return one note, or raise NotThere."""
    actor.require(Permission.APPROVE_RULES)
    found = _rows(MissedNote.id == note_id, newest_first=False)
    if not found:
        raise NotThere
    return found[0]


def of(actor: Actor, request_id: UUID) -> tuple[Missed, ...]:
    """List the notes on one request, for who may read its history."""
    actor.require(Permission.SEE_HISTORY)
    return _rows(MissedNote.request_id == request_id, newest_first=True)


def items(actor: Actor) -> tuple[tuple[str, str], ...]:
    """List what a note may be about: id and title, by title."""
    actor.require(Permission.SEE_HISTORY)
    found = in_force.running().ruleset.items.values()
    return tuple(sorted(((one.id, one.title) for one in found), key=lambda pair: pair[1].lower()))


def _rows(where: ColumnElement[bool], *, newest_first: bool) -> tuple[Missed, ...]:
    writer, handler = aliased(User), aliased(User)
    query = (
        select(MissedNote, Request.reference, writer.display_name, handler.display_name)
        .join(Request, Request.id == MissedNote.request_id)
        .join(writer, writer.id == MissedNote.by_id)
        .outerjoin(handler, handler.id == MissedNote.handled_by_id)
        .where(where)
    )
    order = MissedNote.at.desc() if newest_first else MissedNote.at
    titles = in_force.running().ruleset.items
    return tuple(
        Missed(
            id=note.id,
            request_id=note.request_id,
            reference=reference,
            seen=note.version,
            body=note.body,
            item=titles[note.item].title if note.item and note.item in titles else "",
            by=by,
            at=note.at,
            answer=note.answer or "",
            handled_by=handled_by or "",
            handled_at=note.handled_at,
        )
        for note, reference, by, handled_by in db.session.execute(
            query.order_by(order, MissedNote.id).limit(SHOWN)
        )
    )
