"""Which requests wait for longer than the clinic wants, counted in the hours at which it is open.

A request that is new waits for a first answer, one that needs review for a decision, each since it
came into that state. Where no opening hours are posted nobody can say what is late.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from sqlalchemy import func, select

from clinic.access import Actor, Permission
from clinic.booking import calendar
from clinic.booking.lifecycle import Track
from clinic.extensions import db, site
from clinic.models import Act
from clinic.queries import opening
from clinic.queries.opening import Posted


class Standing(Protocol):
    """A request, by its id and where it stands on two tracks."""

    @property
    def id(self) -> UUID:
        """Its id."""

    @property
    def desk_state(self) -> str:
        """Where it stands at the desk."""

    @property
    def clinical_state(self) -> str:
        """Where it stands with the therapists."""


def late(actor: Actor, requests: Iterable[Standing], now: datetime) -> frozenset[UUID]:
    """Name the requests that are past the clinic's own target; for who sees the queue."""
    actor.require(Permission.SEE_QUEUE)
    standing, posted = list(requests), opening.posted()
    if posted is None:
        return frozenset()
    settings = site.settings
    contact = timedelta(hours=settings.target_contact_hours)
    decision = timedelta(hours=settings.target_decision_hours)
    new = [one.id for one in standing if one.desk_state == "new"]
    undecided = [one.id for one in standing if one.clinical_state == "needs_review"]
    return frozenset(
        {
            *_late(new, Track.DESK, "new", contact, posted=posted, now=now),
            *_late(undecided, Track.CLINICAL, "needs_review", decision, posted=posted, now=now),
        }
    )


def _late(
    ids: list[UUID], track: Track, state: str, target: timedelta, *, posted: Posted, now: datetime
) -> set[UUID]:
    if not ids:
        return set()
    query = (
        select(Act.request_id, func.max(Act.at).label("since"))
        .where(
            Act.request_id.in_(ids),
            Act.track == str(track),
            Act.to_state == state,
            Act.from_state.is_distinct_from(state),
        )
        .group_by(Act.request_id)
    )
    return {
        row.request_id
        for row in db.session.execute(query)
        if _passed(row.since, target, posted, now)
    }


def _passed(since: datetime, target: timedelta, posted: Posted, now: datetime) -> bool:
    try:
        return now > calendar.add_open_time(
            since, target, posted.hours, posted.zone, posted.closures
        )
    except calendar.NeverOpen:
        return False
