"""The audit trail: append-only, chained by HMAC through one head row that is locked last.

Entries hold ids, section names and states. Clinical content is refused by the shape of the
values: a finding's id or a field's name such as ``pregnancy`` is content too, so callers name
sections only.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.access import Actor
from clinic.extensions import vault
from clinic.models import AuditEntry, AuditHead

Value = str | int | bool | None | list[str]
WORD = re.compile(r"[A-Za-z0-9_ .:/-]{0,80}")
GENESIS = b"\0" * 32
PAGE = 500


class NotForTheTrail(ValueError):
    """The value is not an id, a section name or a state."""


@dataclass(frozen=True)
class Entry:
    """One thing to write down."""

    act: str
    subject_kind: str
    subject_id: UUID | None
    detail: Mapping[str, Value]


@dataclass(frozen=True)
class Fault:
    """The first entry that breaks the chain, and how."""

    number: int
    problem: str


def append(session: Session, actor: Actor, now: datetime, entries: Iterable[Entry]) -> None:
    """Chain the entries to the trail; the head row is locked here, last in the transaction."""
    entries = list(entries)
    if not entries:
        return
    head = session.execute(select(AuditHead).with_for_update()).scalar_one()
    for entry in entries:
        row = AuditEntry(
            number=head.count + 1,
            at=now.astimezone(UTC),
            act=entry.act,
            actor_kind=str(actor.kind),
            actor_id=actor.id,
            subject_kind=entry.subject_kind,
            subject_id=entry.subject_id,
            trace=actor.trace,
            detail=_canonical(entry.detail),
        )
        row.hash = link(head.hash, row)
        session.add(row)
        head.count, head.hash = row.number, row.hash
    session.flush()


def link(previous: bytes, row: AuditEntry) -> bytes:
    """Compute the hash of one entry over its stored values and the hash before it."""
    values = [
        row.number,
        row.at.astimezone(UTC).isoformat(timespec="microseconds"),
        row.act,
        row.actor_kind,
        row.actor_id.hex if row.actor_id else None,
        row.subject_kind,
        row.subject_id.hex if row.subject_id else None,
        row.trace,
        row.detail,
    ]
    return vault.ring.chain(previous + json.dumps(values, ensure_ascii=True).encode())


def verify(session: Session, *, anchor: tuple[int, bytes] | None = None) -> Fault | None:
    """Walk the chain and return the first fault, or None.

    An anchor (count, hash) that was kept elsewhere also finds a cut tail and a chain made anew.
    It looks at one moment of the database, so that others may write meanwhile.
    """
    _at_one_moment(session)
    head = session.execute(select(AuditHead)).scalar_one_or_none()
    if head is None:
        return Fault(0, "the head row is missing")
    previous, expected = GENESIS, 1
    anchored = anchor is None or anchor[0] == 0
    for row in _rows(session):
        if row.number != expected:
            return Fault(expected, "an entry is missing")
        if row.hash != link(previous, row):
            return Fault(row.number, "the entry does not match its hash")
        previous, expected = row.hash, expected + 1
        if anchor is not None and row.number == anchor[0]:
            if row.hash != anchor[1]:
                return Fault(row.number, "the entry is not the one that was anchored")
            anchored = True
    if (head.count, head.hash) != (expected - 1, previous):
        return Fault(expected, "the trail ends before its head")
    return None if anchored else Fault(expected, "the trail ends before its anchor")


def head_of(session: Session) -> tuple[int, bytes]:
    """Return the chain's length and last hash, to be kept elsewhere."""
    head = session.execute(select(AuditHead)).scalar_one()
    return head.count, head.hash


def _at_one_moment(session: Session) -> None:
    session.rollback()
    if session.get_bind().dialect.name == "postgresql":  # SQLite's readers have this anyway
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})


def _rows(session: Session) -> Iterator[AuditEntry]:
    last = 0
    while True:
        page = select(AuditEntry).where(AuditEntry.number > last).order_by(AuditEntry.number)
        found = session.scalars(page.limit(PAGE)).all()
        yield from found
        if len(found) < PAGE:
            return
        last = found[-1].number


def _canonical(detail: Mapping[str, Value]) -> str:
    for name, value in detail.items():
        parts = value if isinstance(value, list) else [value]
        for part in (name, *parts):
            if isinstance(part, str) and not WORD.fullmatch(part):
                raise NotForTheTrail(name)
    return json.dumps(dict(detail), sort_keys=True, ensure_ascii=True)
