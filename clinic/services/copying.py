"""What a backup must say of itself, and what a restored database needs before it serves.

A copy is described at the very moment that it shows: which schema, how long the audit trail and
its last hash, how many rows, and which keys seal them. None of that is content.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    delete,
    func,
    inspect,
    literal_column,
    select,
    table,
    text,
    update,
)
from sqlalchemy.orm import Session

from clinic.access import NotThere, Permission
from clinic.extensions import vault
from clinic.models import StaffSession, Token
from clinic.sealing import CannotBeRead, key_id_of
from clinic.services import audit, erasing, rotating
from clinic.services.transaction import Work, writes

MARK = b"needlepoint backup"


@dataclass(frozen=True)
class Facts:
    """What a database holds at one moment, without a word of its content."""

    revision: str
    audit_count: int
    audit_hash: str
    counts: dict[str, int]
    key_ids: list[str]


class NotOurs(Exception):
    """The database holds none of our tables."""


def facts(session: Session) -> Facts:
    """Describe what this transaction sees, whatever revision it is at."""
    look = inspect(session.connection())
    names = sorted(look.get_table_names())
    if "alembic_version" not in names or "audit_head" not in names:
        raise NotOurs
    key_ids: set[str] = set()
    for name in names:
        for column in look.get_columns(name):
            if column["name"].endswith("_sealed"):
                key_ids |= _key_ids(session, name, column["name"])
    count, last = audit.head_of(session)
    revision = session.scalar(text("SELECT version_num FROM alembic_version")) or ""
    return Facts(revision, count, last.hex(), count_rows(session, names), sorted(key_ids))


def count_rows(session: Session, names: Iterable[str]) -> dict[str, int]:
    """Count the rows of these tables."""
    return {
        name: session.scalar(select(func.count()).select_from(table(name))) or 0 for name in names
    }


def key_marks(key_ids: Iterable[str]) -> dict[str, str]:
    """Mark the keys that a copy needs, so that a wrong one is found without opening anything."""
    ring = vault.ring
    needed = {f"data key {one}": ring.keys[one] for one in key_ids if one in ring.keys}
    needed |= {"the look-up key": ring.lookup_key, "the audit key": ring.audit_key}
    return {name: hmac.digest(key, MARK, hashlib.sha256).hex() for name, key in needed.items()}


@writes
def note_copy(work: Work, *, digest: str, rows: int) -> None:
    """Write into the trail that a backup was made."""
    work.actor.require(Permission.MANAGE_SETTINGS)
    work.audit("backup.made", "system", None, digest=digest, rows=rows)


@writes
def settle(work: Work, *, erased: list[UUID], made_at: str) -> int:
    """Make a restored database fit to serve; say how many requests were erased again.

    What was erased since goes again, unless it is on hold. Sessions, codes and resets of back
    then would let somebody in whom they were taken from since; they end.
    """
    work.actor.require(Permission.MANAGE_SETTINGS)
    again = [
        one
        for one in erasing.still_there(work.session, erased)
        if not erasing.is_held(work.session, one)
    ]
    for found_id in again:
        with suppress(NotThere):  # a question that went with its request
            erasing.take_away(work, found_id)
    work.session.execute(delete(StaffSession))
    open_codes = update(Token).where(
        Token.purpose.in_(("code", "reset")), Token.revoked_at.is_(None)
    )
    work.session.execute(open_codes.values(revoked_at=work.now))
    work.audit("backup.restored", "system", None, made=made_at, erased=len(again))
    return len(again)


def _key_ids(session: Session, name: str, column: str) -> set[str]:
    value: ColumnElement[bytes] = literal_column(f'"{column}"')
    heads = select(func.substr(value, 1, rotating.LONGEST_HEAD)).select_from(table(name))
    found = set()
    query = heads.where(value.is_not(None)).execution_options(yield_per=1000)
    for head in session.scalars(query):
        try:
            found.add(key_id_of(bytes(head)))
        except CannotBeRead:
            continue  # it could not be read before either
    return found
