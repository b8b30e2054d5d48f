"""What a newly sent intake does to its request: screened, compared, put before a therapist."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from clinic.booking.lifecycle import NEEDLING_ALLOWED, Track
from clinic.models import Request
from clinic.screening.levels import Level
from clinic.screening.outcome import CALL_TODAY, Screening
from clinic.services import alerts, awaiting, clearances, screenings, tracks, triage
from clinic.services.transaction import Work


def append(
    work: Work,
    request: Request,
    *,
    answers: Mapping[str, Any],
    trail: Sequence[Mapping[str, Any]],
    complete: bool,
    language: str,
) -> Screening:
    """Append an intake and screen it; then it is cleared, still cleared, or put before a therapist.

    A screening clears by itself only under a complete ruleset that is in force (see clearances);
    until a lead therapist has approved one, each first history needs a review.
    """
    before, asked = screenings.newest(work, request), awaiting.open_question(work, request)
    screening = screenings.append(
        work,
        request,
        answers=answers,
        trail=trail,
        complete=complete,
        language=language,
        as_of=triage.today(work, request),
    )
    same = before is not None and not screenings.differs(before, screening)
    if not same or request.clinical_state not in NEEDLING_ALLOWED:
        clearances.end(work, request, cause="newer_intake")
        if not _is_clear(work, request):
            clearances.ask_review(work, request, why="newer history" if before else "history")
    if asked is not None:
        awaiting.over(work, request, asked)
    if screening.level is Level.URGENT and not request.urgent_open:
        alerts.sound(work, request)  # whatever the way in which it was sent
    if any(finding.urgency == CALL_TODAY for finding in screening.findings):
        request.call_today = request.call_today or "own_words"
    return screening


def _is_clear(work: Work, request: Request) -> bool:
    found = clearances.newest(work, request)
    return found is not None and clearances.by_screening(work, request, *found) is not None


def receive(work: Work, request: Request) -> None:
    """Put a request into the queue: sent for the first time, or opened again by its patient."""
    if request.desk_state == "draft":
        request.sent_at = work.now
        tracks.move(work, request, Track.DESK, "send")
    elif tracks.can(request, Track.DESK, "reopen"):
        request.closed_reason = None
        tracks.move(work, request, Track.DESK, "reopen")
