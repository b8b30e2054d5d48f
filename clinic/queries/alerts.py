"""Alerts as staff see them: how many wait for somebody, which ones, who has taken them up.

No row holds more than a request's reference and times; who may see contact details gets a name
and a number to call, and nobody gets an answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import aliased

from clinic.access import Actor, Permission
from clinic.extensions import db
from clinic.models import Alert, Location, Request, User


@dataclass(frozen=True)
class Waiting:
    """How many alerts nobody has acknowledged, and how many of them are past their time."""

    count: int
    overdue: int
    reference: str | None  # of the request, where it is one alone
    can_take: bool  # by this actor, who can then call the patient


@dataclass(frozen=True)
class AlertRow:
    """One open alert."""

    id: UUID
    request_id: UUID
    reference: str
    name: str | None
    phone: str | None
    zone: str
    raised_at: datetime
    overdue: bool
    escalations: int
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    can_take: bool  # as above


def waiting(actor: Actor, now: datetime) -> Waiting:
    """Count the alerts that nobody has acknowledged, for the banner of every staff page."""
    actor.require(Permission.SEE_QUEUE)
    open_ones = Alert.closed_at.is_(None) & Alert.acknowledged_at.is_(None)
    late = func.count().filter((Alert.due_at <= now) | (Alert.escalations > 0))
    query = select(func.count(), late, func.min(Request.reference))
    query = query.select_from(Alert).join(Request, Request.id == Alert.request_id).where(open_ones)
    count, overdue, reference = db.session.execute(query).one()
    alone = reference if count == 1 else None
    return Waiting(count, overdue, alone, can_take=actor.may(Permission.WORK_REQUESTS))


def every(actor: Actor, now: datetime) -> tuple[AlertRow, ...]:
    """List the open alerts: those nobody has taken up first, then the oldest."""
    actor.require(Permission.SEE_QUEUE)
    query = _open().order_by(Alert.acknowledged_at.is_not(None), Alert.raised_at, Alert.id)
    return tuple(_row(actor, now, found) for found in db.session.execute(query))


def of_request(actor: Actor, reference: str, now: datetime) -> AlertRow | None:
    """Return the open alert of one request, if it has one."""
    actor.require(Permission.SEE_QUEUE)
    found = db.session.execute(_open().where(Request.reference == reference)).one_or_none()
    return _row(actor, now, found) if found is not None else None


def _open() -> Select[Alert, Request, str, str]:
    taker = aliased(User)
    first = select(Location.zone).where(Location.active).order_by(Location.name, Location.id)
    zone = func.coalesce(Location.zone, first.limit(1).scalar_subquery())
    return (
        select(Alert, Request, taker.display_name, zone)
        .join(Request, Request.id == Alert.request_id)
        .outerjoin(taker, taker.id == Alert.acknowledged_by_id)
        .outerjoin(Location, Location.id == Request.location_id)
        .where(Alert.closed_at.is_(None))
    )


def _row(actor: Actor, now: datetime, found: Row[Alert, Request, str, str]) -> AlertRow:
    alert, request, by, zone = found
    sees = actor.may(Permission.SEE_CONTACT)
    waits = alert.acknowledged_at is None
    return AlertRow(
        id=alert.id,
        request_id=request.id,
        reference=request.reference,
        name=request.name if sees else None,
        phone=request.phone if sees else None,
        zone=zone or "UTC",
        raised_at=alert.raised_at,
        overdue=waits and (alert.due_at <= now or alert.escalations > 0),
        escalations=alert.escalations,
        acknowledged_at=alert.acknowledged_at,
        acknowledged_by=by,
        can_take=waits and actor.may(Permission.WORK_REQUESTS),
    )
