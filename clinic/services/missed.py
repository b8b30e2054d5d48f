"""What the form missed: a therapist says so, and the lead therapist answers."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from clinic import in_force
from clinic.access import NotThere, Permission, Refused
from clinic.models import MissedNote
from clinic.services import idempotency, triage
from clinic.services.transaction import ChangedUnderneath, Work, writes


@writes
def tell(work: Work, request_id: UUID, *, words: str, item: str | None, key: str) -> UUID:
    """Tell the lead therapist what the form did not ask or find in this history."""
    work.actor.require(Permission.SEE_HISTORY)
    request = triage.sent(work, request_id)
    known = item if item in in_force.running().ruleset.items else None
    body = {"request": request_id, "words": words, "item": known}
    made = idempotency.made_before(work, key, "missed note", body)
    if made is not None:
        return made
    note = MissedNote(request_id=request.id, body=words, item=known, at=work.now, by_id=_who(work))
    work.session.add(note)
    work.session.flush()
    work.audit("missed_note.added", "missed_note", note.id, request=request.id.hex)
    idempotency.remember(work, key, "missed note", body, note.id)
    return note.id


@writes
def answer(work: Work, note_id: UUID, *, words: str, seen: int) -> None:
    """Answer a note, which is handled then."""
    work.actor.require(Permission.APPROVE_RULES)
    note = _locked(work, note_id, seen=seen)
    note.answer = words
    note.handled_at, note.handled_by_id = work.now, _who(work)
    work.audit("missed_note.handled", "missed_note", note.id)


@writes
def take_up_again(work: Work, note_id: UUID, *, seen: int) -> None:
    """Put a handled note back on the list; its answer stays to be changed."""
    work.actor.require(Permission.APPROVE_RULES)
    note = _locked(work, note_id, seen=seen)
    note.handled_at = note.handled_by_id = None
    work.audit("missed_note.taken_up_again", "missed_note", note.id)


def _locked(work: Work, note_id: UUID, *, seen: int) -> MissedNote:
    query = select(MissedNote).where(MissedNote.id == note_id).with_for_update()
    note = work.session.scalars(query).one_or_none()
    if note is None:
        raise NotThere
    if note.version != seen:
        raise ChangedUnderneath
    return note


def _who(work: Work) -> UUID:
    if work.actor.id is None:
        raise Refused
    return work.actor.id
