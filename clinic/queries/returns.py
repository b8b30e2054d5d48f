"""Why requests came back by themselves, as codes that name no condition."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select

from clinic.extensions import db
from clinic.models import Act

BRINGING_BACK = ("come back", "need review")


def why(request_ids: Iterable[UUID]) -> dict[UUID, str]:
    """Return the reason of the last return of each request; nothing where none is known."""
    ids = list(request_ids)
    if not ids:
        return {}
    query = (
        select(Act)
        .where(Act.request_id.in_(ids), Act.act.in_(BRINGING_BACK))
        .order_by(Act.request_id, Act.position)
    )
    found = {}
    for act in db.session.scalars(query):
        detail = act.detail or {}
        found[act.request_id] = str(detail.get("why") or detail.get("because") or "")
    return found
