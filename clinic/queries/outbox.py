"""What waits in the outbox, and what could not be sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select

from clinic.access import Actor, Permission
from clinic.extensions import db
from clinic.models import Letter

STATES = ("queued", "sent", "failed", "dropped")


@dataclass(frozen=True)
class Unsent:
    """A letter that needs a person: which, since when, after how many tries, and the last code."""

    id: UUID
    kind: str
    request_id: UUID | None
    queued_at: datetime
    tries: int
    last_error: str


@dataclass(frozen=True)
class Status:
    """How many letters are in each state, how long the oldest has waited, and which failed."""

    counts: dict[str, int]
    oldest_wait: timedelta
    failed: tuple[Unsent, ...]


def status(actor: Actor, now: datetime) -> Status:
    """Count the letters by state and list those that failed, the newest first."""
    actor.require(Permission.SEE_OUTBOX)
    counted = select(Letter.state, func.count()).group_by(Letter.state)
    found = {row[0]: int(row[1]) for row in db.session.execute(counted)}
    oldest = db.session.scalar(select(func.min(Letter.queued_at)).where(Letter.state == "queued"))
    failed = db.session.execute(
        select(
            Letter.id,
            Letter.kind,
            Letter.request_id,
            Letter.queued_at,
            Letter.tries,
            Letter.last_error,
        )
        .where(Letter.state == "failed")
        .order_by(Letter.queued_at.desc(), Letter.id)
    )
    return Status(
        {state: found.get(state, 0) for state in STATES},
        now - oldest if oldest else timedelta(0),
        tuple(Unsent(*row[:5], last_error=row[5] or "") for row in failed),
    )
