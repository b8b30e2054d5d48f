"""Forgotten passwords: a link by mail, for 30 minutes, once, that leaves the second factor be."""

from __future__ import annotations

import base64
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.engine import CursorResult

from clinic.access import NotThere
from clinic.models import Token, User
from clinic.sealing import fingerprint
from clinic.services import staff
from clinic.services.staff_letters import tell
from clinic.services.transaction import Work, writes

LIFE = timedelta(minutes=30)


@writes
def ask(work: Work, email: str | None, *, language: str) -> None:
    """Mail a reset link if an open account has this address; the answer is the same if none has."""
    user = work.session.scalar(select(User).where(User.email == email)) if email else None
    known = user if user is not None and user.active else None
    work.audit("staff.reset_asked", "user", known.id if known else None)
    if known is None:
        return
    staff.revoke_resets(work, known.id)
    secret = base64.urlsafe_b64encode(work.random(32)).rstrip(b"=").decode("ascii")
    work.session.add(
        Token(
            purpose="reset",
            fingerprint=fingerprint(secret),
            user_id=known.id,
            made_at=work.now,
            expires_at=work.now + LIFE,
        )
    )
    minutes = int(LIFE.total_seconds() // 60)
    tell(work, known, "staff_reset", language, token=secret, minutes=minutes)


@writes
def spend(work: Work, secret: str, *, password_hash: str, language: str) -> UUID:
    """Set a new password by a link, once, or raise NotThere; every session of the person ends."""
    token = work.session.scalar(select(Token).where(Token.fingerprint == fingerprint(secret)))
    if token is None or token.user_id is None or not _take(work, token.id):
        raise NotThere
    user = staff.load(work, token.user_id)
    if not user.active:
        raise NotThere
    staff.new_password(work, user, password_hash=password_hash, keep=None, language=language)
    return user.id


def _take(work: Work, token_id: UUID) -> bool:
    """Use up the link in one conditional UPDATE, so that of two requests one is refused."""
    result = work.session.execute(
        update(Token)
        .where(
            Token.id == token_id,
            Token.purpose == "reset",
            Token.used_at.is_(None),
            Token.revoked_at.is_(None),
            Token.expires_at > work.now,
        )
        .values(used_at=work.now)
        .execution_options(synchronize_session=False)
    )
    return isinstance(result, CursorResult) and result.rowcount == 1
