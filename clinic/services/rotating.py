"""Seals stored values anew with the current key, a few rows at a time, while others work.

Each step is a transaction of its own and takes only rows that still hold another key, so that a
rotation which was killed goes on where it stood. A value that somebody changed meanwhile is left:
it was sealed anew by that change.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, Table, and_, func, literal, or_, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from clinic.access import Permission
from clinic.extensions import Base, vault
from clinic.models import Sealed
from clinic.sealing import FORMAT, NONCE, CannotBeRead, key_id_of
from clinic.services.transaction import Work, writes

BATCH = 100
LONGEST_HEAD = 2 + 16 + NONCE  # enough of a sealed value to tell its key


@dataclass(frozen=True)
class Step:
    """What one transaction did: how many rows, which it could not read, and where to go on."""

    rows: int
    unreadable: tuple[UUID, ...]
    last: UUID | None


def tables() -> list[str]:
    """Name every table that holds sealed values."""
    return sorted(_sealed_fields())


def rows_by_key(session: Session) -> dict[str, dict[str, int]]:
    """Count for each key id how many rows of each table hold a value that it sealed."""
    found: dict[str, dict[str, int]] = {}
    for name, labels in sorted(_sealed_fields().items()):
        table = Base.metadata.tables[name]
        heads = [func.substr(table.c[column], 1, LONGEST_HEAD) for column in labels]
        for row in session.execute(select(*heads).execution_options(yield_per=1000)):
            for key_id in {_key_id(bytes(head)) for head in row if head is not None}:
                found.setdefault(key_id, {}).setdefault(name, 0)
                found[key_id][name] += 1
    return found


def left(session: Session) -> int:
    """Count the rows that hold a value under another key than the current one."""
    total = 0
    for name in tables():
        table = Base.metadata.tables[name]
        total += session.scalar(select(func.count()).where(_not_current(table))) or 0
    return total


@writes
def step(work: Work, name: str, after: UUID | None) -> Step:
    """Seal the next rows of one table anew; ``last`` is None once there are no more."""
    work.actor.require(Permission.MANAGE_SETTINGS)
    table, labels = Base.metadata.tables[name], _sealed_fields()[name]
    query = select(table.c.id, *(table.c[column] for column in labels))
    query = query.where(_not_current(table)).order_by(table.c.id).limit(BATCH).with_for_update()
    if after is not None:
        query = query.where(table.c.id > after)
    found = work.session.execute(query).all()
    changed, unreadable = 0, []
    for row in found:
        try:
            changed += _reseal(work, table, row[0], dict(zip(labels, row[1:], strict=True)))
        except CannotBeRead:
            unreadable.append(row[0])
    if changed:
        work.audit("keys.rotated", "table", None, table=name, rows=changed)
    return Step(changed, tuple(unreadable), found[-1][0] if len(found) == BATCH else None)


def _reseal(work: Work, table: Table, row_id: UUID, stored: dict[str, bytes | None]) -> int:
    labels, ring = _sealed_fields()[table.name], vault.ring
    fresh = {
        column: ring.seal(
            ring.open(bytes(sealed), label=labels[column], row=row_id),
            label=labels[column],
            row=row_id,
        )
        for column, sealed in stored.items()
        if sealed is not None and _key_id(bytes(sealed)) != ring.current
    }
    as_read = [table.c[column] == stored[column] for column in fresh]
    result = work.session.execute(
        update(table).where(table.c.id == row_id, *as_read).values(**fresh)
    )
    return result.rowcount if isinstance(result, CursorResult) else 0


def _not_current(table: Table) -> ColumnElement[bool]:
    head = FORMAT + bytes([len(vault.ring.current)]) + vault.ring.current.encode("ascii")
    return or_(
        *(
            and_(
                table.c[column].is_not(None),
                func.substr(table.c[column], 1, len(head)) != literal(head),
            )
            for column in _sealed_fields()[table.name]
        )
    )


def _sealed_fields() -> dict[str, dict[str, str]]:
    """Table -> sealed column -> the label that its values are bound to."""
    found: dict[str, dict[str, str]] = {}
    for mapper in Base.registry.mappers:
        labels = dict(_labels(mapper.class_))
        if labels:
            found[mapper.class_.__tablename__] = labels
    return found


def _labels(kind: type) -> Iterator[tuple[str, str]]:
    for value in vars(kind).values():
        if isinstance(value, Sealed):
            yield value.column, value.label


def _key_id(head: bytes) -> str:
    try:
        return key_id_of(head)
    except CannotBeRead:
        return "?"
