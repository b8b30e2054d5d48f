"""An urgent answer that somebody must take up: sounded, acknowledged, escalated, closed.

Whoever of the staff acknowledges an alert says "I look after this", and no more than that: only
a clinician closes it (see review). Nobody by its time, and it escalates, whatever the opening
hours are; again and again, up to a number of times, and the pages stay red until somebody does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import exists, select

from clinic.access import Actor, ActorKind, Permission, Refused
from clinic.extensions import db, site
from clinic.models import Alert, Request, ScreeningRecord, User
from clinic.services import contacting, outbox, tracks, triage
from clinic.services.transaction import ChangedUnderneath, Work, writes

CLINIC_LANGUAGE = "en"


@dataclass(frozen=True)
class TakenUp:
    """Who acknowledged an alert, and when; ``first`` where this act was what did it."""

    by: str
    at: datetime
    first: bool


# --- Sounded and closed (called inside other services) ---------------------------------------


def sound(work: Work, request: Request) -> None:
    """Put a request on top of the queue and tell the clinic; an older alert is raised anew."""
    request.urgent_open, request.call_today = True, "urgent"
    alert = open_of(work, request) or Alert(request_id=request.id)
    _raise(work, alert)
    _mail(work, request, alert, "urgent_alert", site.settings.alert_addresses)


def open_of(work: Work, request: Request) -> Alert | None:
    """Return the open alert of a request that is already locked, if there is one."""
    query = select(Alert).where(Alert.request_id == request.id, Alert.closed_at.is_(None))
    return work.session.scalars(query.with_for_update()).one_or_none()


def close(work: Work, request: Request) -> None:
    """Close the open alert with the urgent flag; closing it is looking after it."""
    alert = open_of(work, request)
    if alert is None:
        return
    alert.closed_at, alert.closed_by_id = work.now, work.actor.id
    if alert.acknowledged_at is None:
        alert.acknowledged_at, alert.acknowledged_by_id = work.now, work.actor.id
    work.audit("alert.closed", "request", request.id, alert=alert.id.hex)


def reached_since(work: Work, request: Request) -> bool:
    """Tell whether a call has reached the patient since the newest urgent answer."""
    alert = open_of(work, request)
    screened_at = work.session.scalar(
        select(ScreeningRecord.made_at)
        .where(ScreeningRecord.request_id == request.id, ScreeningRecord.level == "urgent")
        .order_by(ScreeningRecord.made_at.desc())
        .limit(1)
    )
    since = [moment for moment in (screened_at, alert.raised_at if alert else None) if moment]
    return contacting.reached(work, request.id, since=max(since, default=None))


def _raise(work: Work, alert: Alert) -> None:
    again = alert.raised_at is not None
    alert.raised_at, alert.escalations = work.now, 0
    alert.due_at = work.now + _patience()
    alert.acknowledged_at = alert.acknowledged_by_id = None
    work.session.add(alert)
    work.session.flush()
    act = "alert.raised_again" if again else "alert.raised"
    work.audit(act, "request", alert.request_id, alert=alert.id.hex)


def _patience() -> timedelta:
    return timedelta(minutes=site.settings.alert_minutes)


# --- Acknowledged ----------------------------------------------------------------------------


@writes
def acknowledge(work: Work, request_id: UUID, *, alert_id: UUID, raised_at: datetime) -> TakenUp:
    """Take up an alert as the page showed it; the second of two people is told who was first.

    Only who can call the patient may: it ends the escalation. Raises ChangedUnderneath if
    another urgent answer has come, or the alert is closed.
    """
    work.actor.require(Permission.WORK_REQUESTS)
    request = triage.sent(work, request_id)
    alert = open_of(work, request)
    if alert is None or alert.id != alert_id or alert.raised_at != raised_at:
        raise ChangedUnderneath
    if alert.acknowledged_at is not None:
        by = work.session.get_one(User, alert.acknowledged_by_id)
        return TakenUp(by.display_name, alert.acknowledged_at, first=False)
    alert.acknowledged_at, alert.acknowledged_by_id = work.now, work.actor.id
    work.audit("alert.acknowledged", "request", request.id, alert=alert.id.hex)
    return TakenUp(work.actor.name, work.now, first=True)


# --- Escalated -------------------------------------------------------------------------------


def escalate_due(actor: Actor, now: datetime) -> int:
    """Escalate each alert that nobody has acknowledged in time; return how many that were."""
    due = (
        select(Alert.request_id)
        .where(
            Alert.closed_at.is_(None),
            Alert.acknowledged_at.is_(None),
            Alert.due_at <= now,
            Alert.escalations < site.settings.alert_escalations,
        )
        .order_by(Alert.due_at, Alert.id)
    )
    return sum(_escalate(actor, now, found) for found in db.session.scalars(due).all())


def adopt_strays(actor: Actor, now: datetime) -> int:
    """Give an urgent flag that has no open alert one; return how many there were."""
    has_alert = exists().where(Alert.request_id == Request.id, Alert.closed_at.is_(None))
    strays = select(Request.id).where(Request.urgent_open, ~has_alert).order_by(Request.id)
    return sum(_adopt(actor, now, found) for found in db.session.scalars(strays).all())


@writes
def _escalate(work: Work, request_id: UUID) -> bool:
    _require_clockwork(work)
    request = tracks.load(work, request_id)
    alert = open_of(work, request)
    if alert is None or alert.acknowledged_at is not None or alert.due_at > work.now:
        return False
    if alert.escalations >= site.settings.alert_escalations:
        return False
    alert.escalations += 1
    alert.due_at = work.now + _patience()
    work.audit(
        "alert.escalated", "request", request.id, alert=alert.id.hex, number=alert.escalations
    )
    _mail(work, request, alert, "urgent_escalation", site.settings.escalation_addresses)
    return True


@writes
def _adopt(work: Work, request_id: UUID) -> bool:
    _require_clockwork(work)
    request = tracks.load(work, request_id)
    if not request.urgent_open or open_of(work, request) is not None:
        return False
    _raise(work, Alert(request_id=request.id))
    return True


def _require_clockwork(work: Work) -> None:
    if work.actor.kind is not ActorKind.SYSTEM:
        raise Refused


def _mail(work: Work, request: Request, alert: Alert, kind: str, addresses: Sequence[str]) -> None:
    mark = f"{alert.id.hex}:{work.now.timestamp():.6f}"
    for number, address in enumerate(addresses):
        outbox.enqueue(
            work,
            kind,
            to=address,
            language=CLINIC_LANGUAGE,
            dedupe_key=f"{kind}:{mark}:{number}",
            request_id=request.id,
            reference=request.reference,
        )
