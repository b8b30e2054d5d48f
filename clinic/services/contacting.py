"""Calls that were recorded by mistake, taken back by a fact of their own; nothing is edited.

An attempt that was taken back stays on record and counts for nothing: it reached nobody.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from clinic.access import NotThere, Permission
from clinic.booking.lifecycle import TAKEN_BACK, UNDO_WITHIN, Track
from clinic.models import Act, Attempt, Request
from clinic.services import needling, tracks, triage
from clinic.services.transaction import Work, writes

OF_AN_ATTEMPT = ("try contact", "reach")
HARMLESS = ("claim", "release", TAKEN_BACK)  # what may have happened since
BACK_TO = {
    "new": "back to new",
    "in_contact": "back to contact",
    "waiting": "back to waiting",
    "ready_to_offer": "back to ready",
}


class CannotUndo(Exception):
    """The attempt stays: ``too_late``, or ``moved_on`` if more was done on it since."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@writes
def undo(
    work: Work, request_id: UUID, *, attempt_id: UUID, seen: int, take_over: bool = False
) -> UUID:
    """Take a mistaken attempt back within ten minutes; the request stands as it did before it."""
    work.actor.require(Permission.WORK_REQUESTS)
    request = triage.sent(work, request_id)
    tried = work.session.get(Attempt, attempt_id)
    if tried is None or tried.request_id != request.id:
        raise NotThere
    if tried.id in taken_back(work, request.id):
        return tried.id
    triage.hold(work, request, seen=seen, take_over=take_over)
    if work.now - tried.at > UNDO_WITHIN:
        raise CannotUndo("too_late")
    before = _before(work, request, tried)
    tracks.move(work, request, Track.DESK, TAKEN_BACK, detail={"attempt": tried.id.hex})
    _restore(work, request, before)
    return tried.id


def taken_back(work: Work, request_id: UUID) -> frozenset[UUID]:
    """Name the attempts of a request that were recorded by mistake."""
    query = select(Act).where(Act.request_id == request_id, Act.act == TAKEN_BACK)
    acts = work.session.scalars(query.order_by(Act.position))
    return frozenset(UUID(hex=(act.detail or {})["attempt"]) for act in acts)


def reached(work: Work, request_id: UUID, *, since: datetime | None = None) -> bool:
    """Tell whether a recorded call reached the patient, one taken back by mistake not counted."""
    query = select(Attempt.id).where(Attempt.request_id == request_id, Attempt.outcome == "reached")
    if since is not None:
        query = query.where(Attempt.at >= since)
    return bool(set(work.session.scalars(query)) - taken_back(work, request_id))


def _before(work: Work, request: Request, tried: Attempt) -> dict[str, Any]:
    """Say how the request stood before the attempt; raise if more was done on it since."""
    query = (
        select(Act)
        .where(Act.request_id == request.id, Act.track != Track.CLINICAL)
        .order_by(Act.position)
    )
    acts = list(work.session.scalars(query))
    places = [place for place, act in enumerate(acts) if _is_of(act, tried)]
    if not places:
        raise CannotUndo("too_late")
    since = acts[places[0] + 1 :]
    own = [act for act in since if act.act == "wait" and act.at == tried.at]
    before: dict[str, Any] | None = (acts[places[0]].detail or {}).get("before")
    if before is None:
        raise CannotUndo("too_late")
    closed_on_it = before["urgent"] and not request.urgent_open
    if closed_on_it or any(act.act not in HARMLESS for act in since if act not in own):
        raise CannotUndo("moved_on")
    return before


def _is_of(act: Act, tried: Attempt) -> bool:
    return act.act in OF_AN_ATTEMPT and (act.detail or {}).get("attempt") == tried.id.hex


def _restore(work: Work, request: Request, before: dict[str, Any]) -> None:
    state = before["state"]
    if state == "ready_to_offer" and request.visit_kind == "needling":
        # Nothing is ready for needles again whose clearance ended in these minutes.
        state = state if needling.live(work, request) is not None else "in_contact"
    if state != request.desk_state:
        tracks.move(work, request, Track.DESK, BACK_TO[state])
    request.reached_at = _instant(before["reached_at"])
    request.back_since = _instant(before["back_since"])
    until = before["waiting_until"]
    request.waiting_until = date.fromisoformat(until) if until else None
    request.call_today = request.call_today or before["call_today"]


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
