"""Whether this installation is fit to serve."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from clinic.extensions import db
from clinic.models import Letter
from clinic.queries import revision

LAG = timedelta(minutes=5)


def fit(now: datetime) -> bool:
    """Tell whether the database is there, of this code's schema, and no due letter waits long."""
    late = select(func.count()).where(Letter.state == "queued", Letter.due_at < now - LAG)
    try:
        return revision.stored() == revision.expected() and db.session.scalar(late) == 0
    except SQLAlchemyError:
        return False
