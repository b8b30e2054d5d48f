"""The settings that admins changed: laid over those of the start, listed, and told with history."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from clinic import effective
from clinic.access import Actor, Permission
from clinic.config import Edit
from clinic.extensions import db, site
from clinic.models import AuditEntry, ClinicSetting, User

HISTORY = 50


@dataclass(frozen=True)
class Row:
    """One setting as its page shows it: in force, at start, and the value before."""

    name: str
    edit: Edit
    value: str
    at_start: str
    changed: bool  # by an admin, and still so
    previous: str | None  # None where there is nothing to put back
    version: int
    by: str
    at: datetime | None


@dataclass(frozen=True)
class Change:
    """One entry of the history: which settings, who, and when."""

    number: int
    names: tuple[str, ...]
    by: str
    at: datetime


def refresh() -> None:
    """Bring the settings in force up to what is stored; if nobody can tell, they stay."""
    if site.waits():
        return
    try:
        mark = _mark()
        if mark != site.in_force.mark:
            _reload(mark)
    except SQLAlchemyError:
        site.wait()
    finally:
        db.session.rollback()  # what follows begins with a view of its own


def group(actor: Actor, name: str) -> tuple[Row, ...]:
    """List the settings of one group as they are in force; for who manages settings."""
    actor.require(Permission.MANAGE_SETTINGS)
    names = effective.group(name)
    query = (
        select(ClinicSetting, User.display_name)
        .outerjoin(User, User.id == ClinicSetting.changed_by_id)
        .where(ClinicSetting.name.in_(names))
        .order_by(ClinicSetting.name)
    )
    stored = {row.name: (row, by or "") for row, by in db.session.execute(query)}
    return tuple(_row(key, *stored.get(key, (None, ""))) for key in names)


def seen(rows: tuple[Row, ...]) -> int:
    """Give the version of a group: it grows with each change to one of its settings."""
    return sum(row.version for row in rows)


def history(actor: Actor, *, before: int | None = None) -> tuple[Change, ...]:
    """List who changed which setting, the newest first; for who sees the audit trail."""
    actor.require(Permission.SEE_AUDIT)
    query = (
        select(AuditEntry, User.display_name)
        .outerjoin(User, User.id == AuditEntry.actor_id)
        .where(AuditEntry.subject_kind.in_(("setting", "letter_text")))
        .order_by(AuditEntry.number.desc())
        .limit(HISTORY)
    )
    if before is not None:
        query = query.where(AuditEntry.number < before)
    return tuple(
        Change(row.number, tuple(json.loads(row.detail)["names"]), by or row.trace, row.at)
        for row, by in db.session.execute(query)
    )


def _mark() -> object:
    query = select(
        func.count(), func.sum(ClinicSetting.version), func.max(ClinicSetting.changed_at)
    )
    return tuple(db.session.execute(query).one())


def _reload(mark: object) -> None:
    query = select(ClinicSetting.name, ClinicSetting.value).where(ClinicSetting.value.is_not(None))
    stored = {name: value for name, value in db.session.execute(query) if value is not None}
    problems = site.lay_over(mark, stored).problems
    for name in sorted(problems):
        structlog.get_logger().warning("stored setting left out", code=name)


def _row(name: str, row: ClinicSetting | None, by: str) -> Row:
    at_start = str(getattr(site.start, name))
    before = None if row is None else at_start if row.previous is None else row.previous
    return Row(
        name,
        effective.EDITS[name],
        str(getattr(site.settings, name)),
        at_start,
        row is not None and row.value is not None,
        before,
        row.version if row else 0,
        by,
        row.changed_at if row else None,
    )
