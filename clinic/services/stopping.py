"""What an urgent answer does, in the transaction that saves it.

The draft becomes a request on top of the queue and the clinic's alert address gets a letter.
The patient's one way on is to say that the answer was a mistake; what was answered first stays
on record.
"""

from __future__ import annotations

import json
from typing import Any

from clinic.models import Draft, Request
from clinic.screening.levels import Level
from clinic.screening.outcome import Finding
from clinic.services import alerts, intakes, screenings, triage
from clinic.services.transaction import Work

STOP = "_stop"


def check(work: Work, request: Request, draft: Draft, *, page: str, language: str) -> bool:
    """Stop the draft if an answer that was given is urgent; tell whether it is stopped."""
    screening = screenings.screen(draft.answers, as_of=triage.today(work, request))
    urgent = [finding for finding in screening.findings if finding.level is Level.URGENT]
    if not urgent:
        _mark(draft, None)
        return False
    known = [(entry["question"], entry["answer"]) for entry in draft.trail or ()]
    fresh = [entry for entry in _entries(work, urgent) if _key(entry) not in known]
    stopped = draft.answers.get(STOP) or {}
    stood = bool(stopped) and not stopped["mistaken"]
    _mark(draft, {"page": stopped.get("page") or page, "mistaken": False})
    if fresh or not (stood or request.urgent_open):  # nobody is looking after it any more
        draft.trail = [*(draft.trail or ()), *fresh]
        _raise_alarm(work, request, draft, language)
    return True


def is_stopped(draft: Draft) -> bool:
    """Tell whether an urgent answer stands in the draft."""
    return draft.answers.get(STOP) is not None


def reopen(work: Work, request: Request, draft: Draft) -> str | None:
    """Open the page of the urgent answer again, for a patient who says it was a mistake."""
    stopped = draft.answers.get(STOP)
    if stopped is None:
        return None
    _mark(draft, {**stopped, "mistaken": True})
    work.audit("urgent.called_mistake", "request", request.id)
    page: str = stopped["page"]
    return page


def _raise_alarm(work: Work, request: Request, draft: Draft, language: str) -> None:
    intakes.receive(work, request)
    request.urgent_open = True  # sounded below, once, for an answer that stands beside an older one
    trail = draft.trail or ()
    intakes.append(
        work, request, answers=draft.answers, trail=trail, complete=False, language=language
    )
    request.level = Level.URGENT.value
    alerts.sound(work, request)


def _entries(work: Work, urgent: list[Finding]) -> list[dict[str, Any]]:
    return [
        {
            "question": question_id,
            "answer": answer,
            "level": Level.URGENT.value,
            "item": finding.item,
            "at": work.now.isoformat(),
        }
        for finding in urgent
        for question_id, text in finding.because
        if (answer := json.loads(text)) is not None
    ]


def _key(entry: dict[str, Any]) -> tuple[str, Any]:
    return entry["question"], entry["answer"]


def _mark(draft: Draft, stopped: dict[str, Any] | None) -> None:
    answers = {key: value for key, value in draft.answers.items() if key != STOP}
    draft.answers = {**answers, STOP: stopped} if stopped else answers
