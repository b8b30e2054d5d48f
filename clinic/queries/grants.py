"""Which request a patient's browser may open now."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from clinic.extensions import db
from clinic.models import Token
from clinic.sealing import fingerprint


def holder(browser: str, purpose: str, *, now: datetime) -> UUID | None:
    """Return the request whose ``draft`` or ``status`` page this browser holds a live grant for."""
    query = (
        select(Token.request_id)
        .where(
            Token.purpose == f"{purpose}_browser",
            Token.fingerprint == fingerprint(browser),
            Token.revoked_at.is_(None),
            Token.expires_at > now,
        )
        .order_by(Token.made_at.desc(), Token.id)
        .limit(1)
    )
    return db.session.scalar(query)
