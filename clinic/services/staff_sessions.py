"""Staff sessions as rows: begun, written back, ended. An ended row is never brought back.

Whoever writes a session back does so only where it has not ended, in the same statement; a slow
request that is still open while somebody revokes its session changes nothing.
"""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.engine import CursorResult

from clinic.access import NotThere
from clinic.models import StaffSession
from clinic.sealing import fingerprint
from clinic.services.transaction import Work, writes


@writes
def begin(
    work: Work,
    user_id: UUID,
    *,
    data: dict[str, Any],
    expires_at: datetime,
    device: str,
    replaces: UUID | None = None,
) -> str | None:
    """Begin a session and return its 256-bit id; None if the one it replaces has ended."""
    if replaces is not None and not _end(work, StaffSession.id == replaces):
        return None
    token = base64.urlsafe_b64encode(work.random(32)).rstrip(b"=").decode("ascii")
    work.session.add(
        StaffSession(
            fingerprint=fingerprint(token),
            user_id=user_id,
            data=data,
            started_at=work.now,
            seen_at=work.now,
            expires_at=expires_at,
            device=device,
        )
    )
    return token


@writes
def keep(work: Work, session_id: UUID, *, data: dict[str, Any] | None, seen: bool) -> bool:
    """Write back what a session holds and that it was used; tell whether it still lives."""
    row = work.session.scalar(
        select(StaffSession).where(StaffSession.id == session_id).with_for_update()
    )
    if row is None or row.ended_at is not None:
        return False
    if data is not None:
        row.data = data
    if seen:
        row.seen_at = work.now
    return True


@writes
def sign_out(work: Work, session_id: UUID) -> None:
    """End the session of the browser that asks for it."""
    if _end(work, StaffSession.id == session_id):
        work.audit("staff.signed_out", "session", session_id)


@writes
def end_own(work: Work, session_id: UUID) -> None:
    """End another session of the same person, or raise NotThere."""
    mine = (StaffSession.id == session_id, StaffSession.user_id == work.actor.id)
    if not _end(work, *mine):
        raise NotThere
    work.audit("staff.session_ended", "session", session_id)


@writes
def end_own_others(work: Work, session_id: UUID) -> int:
    """End every session of the same person but this one; return how many there were."""
    if work.actor.id is None:
        raise NotThere
    count = end_all(work, work.actor.id, keep=session_id)
    work.audit("staff.sessions_ended", "user", work.actor.id, count=count)
    return count


def end_all(work: Work, user_id: UUID, *, keep: UUID | None = None) -> int:
    """End every session of a person, but for one to keep; for other services of the staff."""
    others = [StaffSession.id != keep] if keep else []
    return _end(work, StaffSession.user_id == user_id, *others)


def _end(work: Work, *which: Any) -> int:
    result = work.session.execute(
        update(StaffSession)
        .where(StaffSession.ended_at.is_(None), *which)
        .values(ended_at=work.now, data_sealed=None)
        .execution_options(synchronize_session=False)
    )
    return result.rowcount if isinstance(result, CursorResult) else 0
