"""Removes one request with everything that hangs on it, and remembers that it was erased.

What hangs on a request is read off the foreign keys, so that a new table is not forgotten. The
audit trail stays: it holds opaque ids and states alone. The ledger is a file beside the database
with one opaque id a line; ``clinic restore`` erases again what it names.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from sqlalchemy import ColumnElement, Delete, Table, delete, false, or_, select
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from clinic.access import Actor, NotThere, Permission
from clinic.extensions import Base
from clinic.models import Enquiry, Erasure, Idempotency, LegalHold, Letter, Request
from clinic.services import forgetting
from clinic.services.transaction import Work, tell, writes


class OnHold(Exception):
    """The request is under a legal hold and stays as it is."""


tell("erasure_on_hold", OnHold)


@dataclass(frozen=True)
class Erasable:
    """A request or a question that could be erased, and what else seems to be of that person."""

    id: UUID
    what: str  # request or question
    state: str
    others: tuple[str, ...]


def find(session: Session, actor: Actor, reference: str) -> Erasable:
    """Find a request or a question by its reference, or raise NotThere or OnHold."""
    actor.require(Permission.MANAGE_SETTINGS)
    request = session.scalar(select(Request).where(Request.reference == reference))
    if request is not None:
        if is_held(session, request.id):
            raise OnHold
        others = _others(session, request, ("phone", "email", "person"))
        return Erasable(request.id, "request", request.desk_state, others)
    question = session.scalar(select(Enquiry).where(Enquiry.reference == reference))
    if question is None:
        raise NotThere
    if question.request_id is not None and is_held(session, question.request_id):
        raise OnHold
    return Erasable(question.id, "question", question.state, _others(session, question, ("email",)))


def is_held(session: Session, request_id: UUID) -> bool:
    """Tell whether a legal hold keeps this request."""
    query = select(LegalHold.id).where(LegalHold.request_id == request_id)
    return session.scalar(query) is not None


@writes
def erase(work: Work, found_id: UUID) -> int:
    """Remove a request, or a question, and all that hangs on it; say how many rows went."""
    work.actor.require(Permission.MANAGE_SETTINGS)
    return take_away(work, found_id)


def take_away(work: Work, found_id: UUID) -> int:
    """Remove whichever it is inside a unit of work, or raise NotThere."""
    query = select(Request).where(Request.id == found_id).with_for_update()
    if work.session.scalar(query) is not None:
        return remove(work, found_id)
    asked = select(Enquiry).where(Enquiry.id == found_id).with_for_update()
    question = work.session.scalar(asked)
    if question is None:
        raise NotThere
    return _remove_question(work, question)


@writes
def hold(work: Work, reference: str, *, reason: str) -> None:
    """Keep a request as it is, whatever retention or an erasure would do; once is enough."""
    work.actor.require(Permission.MANAGE_SETTINGS)
    request_id = _of(work, reference)
    if not is_held(work.session, request_id):
        held = LegalHold(request_id=request_id, placed_at=work.now, reason=reason)
        work.session.add(held)
        work.audit("hold.placed", "request", request_id)


@writes
def lift(work: Work, reference: str) -> bool:
    """End the legal hold of a request; tell whether there was one."""
    work.actor.require(Permission.MANAGE_SETTINGS)
    request_id = _of(work, reference)
    held = work.session.scalar(select(LegalHold).where(LegalHold.request_id == request_id))
    if held is None:
        return False
    work.session.delete(held)
    work.audit("hold.lifted", "request", request_id)
    return True


def remove(work: Work, request_id: UUID) -> int:
    """Remove a request inside a unit of work; the database refuses one that is on hold."""
    work.session.add(Erasure(request_id=request_id, at=work.now))
    work.session.flush()
    hanging = _hanging_on(request_id)
    rows = _remove_questions(work, request_id)
    for table, belongs in hanging.items():
        if "id" in table.columns:
            made = select(table.c.id).where(belongs)
            rows += _delete(work, delete(Idempotency).where(Idempotency.made_id.in_(made)))
    for table in reversed(Base.metadata.sorted_tables):
        if table in hanging and table is not Enquiry.__table__:
            rows += _delete(work, delete(table).where(hanging[table]))
    work.session.expire_all()
    work.audit("request.erased", "request", request_id, rows=rows)
    return rows


def tables() -> list[str]:
    """Name every table in which something can hang on a request."""
    return sorted(table.name for table in _hanging_on(UUID(int=0)))


def _hanging_on(request_id: UUID) -> dict[Table, ColumnElement[bool]]:
    """Say for each table which of its rows belong to a request, parents before children."""
    request = Base.metadata.tables[Request.__tablename__]
    found: dict[Table, ColumnElement[bool]] = {request: request.c.id == request_id}
    for table in Base.metadata.sorted_tables:
        ways = []
        for key in sorted(table.foreign_keys, key=lambda one: one.parent.name):
            target = key.column.table
            if target is request:
                ways.append(key.parent == request_id)
            elif target in found and target is not table:
                ways.append(key.parent.in_(select(key.column).where(found[target])))
        if ways:
            found[table] = or_(false(), *ways)
    return found


def _remove_questions(work: Work, request_id: UUID) -> int:
    asked = select(Enquiry).where(Enquiry.request_id == request_id)
    rows = sum(_remove_question(work, one) for one in work.session.scalars(asked).all())
    work.session.flush()
    return rows


def _remove_question(work: Work, question: Enquiry) -> int:
    """Forget who asked; words that were published with consent stay, for they name nobody."""
    made = delete(Idempotency).where(Idempotency.made_id == question.id)
    rows = _delete(work, delete(Letter).where(Letter.enquiry_id == question.id))
    rows += _delete(work, made) + 1
    forgetting.erase(work, question)
    return rows


def _delete(work: Work, statement: Delete) -> int:
    result = work.session.execute(statement.execution_options(synchronize_session=False))
    return result.rowcount if isinstance(result, CursorResult) else 0


def _of(work: Work, reference: str) -> UUID:
    found = select(Request.id).where(Request.reference == reference).with_for_update()
    request_id = work.session.scalar(found)
    if request_id is None:
        raise NotThere
    return request_id


def _others(
    session: Session, found: Request | Enquiry, digests: tuple[str, ...]
) -> tuple[str, ...]:
    """List the references of what has the same phone, address, or name with birth date."""
    same: set[str] = set()
    for kind in (Request, Enquiry):
        for name in digests:
            column = f"{name}_digest"
            value = getattr(found, column)
            if value is not None and hasattr(kind, column):
                query = select(kind.reference).where(
                    getattr(kind, column) == value, kind.id != found.id
                )
                same.update(session.scalars(query))
    return tuple(sorted(same))


# --- The ledger ------------------------------------------------------------------------------


class UnreadableLedger(Exception):
    """A line of the ledger is no id of a request."""


def note(ledger: Path, request_id: UUID, at: datetime) -> None:
    """Write one opaque id into the ledger, on the disk before this returns."""
    ledger.parent.mkdir(parents=True, exist_ok=True)
    opened = os.open(ledger, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(opened, f"{request_id.hex} {at:%Y-%m-%dT%H:%M:%SZ}\n".encode("ascii"))
        os.fsync(opened)
    finally:
        os.close(opened)


def noted(ledger: Path) -> list[UUID]:
    """Read the ids in a ledger, each once; a ledger that is not there is empty."""
    if not ledger.exists():
        return []
    found: dict[UUID, None] = {}
    for number, line in enumerate(ledger.read_text(encoding="ascii").splitlines(), start=1):
        try:
            found[UUID(line.split()[0])] = None
        except (IndexError, ValueError):
            raise UnreadableLedger(f"{ledger}, line {number}") from None
    return list(found)


def still_there(session: Session, ids: Iterable[UUID]) -> list[UUID]:
    """Tell which of these the database still holds, and whom a question still names."""
    wanted = list(ids)
    found: list[UUID] = []
    for start in range(0, len(wanted), 500):
        some = wanted[start : start + 500]
        found += session.scalars(select(Request.id).where(Request.id.in_(some))).all()
        named = select(Enquiry.id).where(Enquiry.id.in_(some), Enquiry.question_sealed.is_not(None))
        found += session.scalars(named).all()
    return found


def listed(session: Session) -> list[UUID]:
    """Read the ids of every request that this database knows to be erased."""
    return list(session.scalars(select(Erasure.request_id).order_by(Erasure.at)))
