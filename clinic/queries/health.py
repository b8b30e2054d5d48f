"""Whether this installation is fit to serve."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from clinic.extensions import db, vault
from clinic.models import Letter
from clinic.queries import revision
from clinic.sealing import CannotBeRead, key_id_of

LAG = timedelta(minutes=5)


def fit(now: datetime) -> bool:
    """Tell whether the database is there, of this code's schema, readable, and letters flow."""
    late = select(func.count()).where(Letter.state == "queued", Letter.due_at < now - LAG)
    try:
        at_revision = revision.stored() == revision.expected()
        return at_revision and db.session.scalar(late) == 0 and _has_the_key()
    except (SQLAlchemyError, CannotBeRead):
        return False


def _has_the_key() -> bool:
    """Tell of the newest sealed value whether we hold its key."""
    newest = (
        select(Letter.recipient_sealed)
        .where(Letter.recipient_sealed.is_not(None))
        .order_by(Letter.queued_at.desc(), Letter.id)
        .limit(1)
    )
    sealed = db.session.scalar(newest)
    return sealed is None or key_id_of(sealed) in vault.ring.keys
