"""Whether this installation is fit to serve."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select

from clinic.extensions import db
from clinic.models import Letter
from clinic.queries import revision

LAG = timedelta(minutes=5)


def fit(now: datetime) -> bool:
    """Tell whether the schema is the one of this code and no due letter waits too long."""
    late = select(func.count()).where(Letter.state == "queued", Letter.due_at < now - LAG)
    return revision.stored() == revision.expected() and db.session.scalar(late) == 0
