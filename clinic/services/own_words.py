"""What a patient writes beside an answer to an offer or about a visit. Called inside services.

The words are searched as the hopes of a request are. The desk reads them only where the search
finds nothing; else a therapist reads them, and the desk is told to call.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from clinic.access import Actor, Permission
from clinic.booking.lifecycle import Track
from clinic.extensions import db
from clinic.models import Act, Request
from clinic.services import screenings, triage
from clinic.services.transaction import Work

BOX = "hopes"


@dataclass(frozen=True)
class Written:
    """Words of a patient, and when they were written."""

    at: datetime
    words: str


def kept(work: Work, request: Request, words: str) -> dict[str, Any]:
    """Give what an act keeps of the words, and put the request on the call list if they say so."""
    if not words.strip():
        return {}
    if not _speak_of_health(words, work, request):
        return {"words": words.strip()}
    request.call_today = request.call_today or "own_words"
    return {"words_for_therapist": words.strip()}


def read(actor: Actor, request_id: UUID) -> Iterator[Written]:
    """List everything that the patient wrote so, newest first; for therapists."""
    actor.require(Permission.SEE_HISTORY)
    query = (
        select(Act)
        .where(Act.request_id == request_id, Act.track == str(Track.DESK))
        .order_by(Act.position.desc())
    )
    for act in db.session.scalars(query):
        detail = act.detail or {}
        words = detail.get("words_for_therapist") or detail.get("words")
        if words:
            yield Written(act.at, str(words))


def _speak_of_health(words: str, work: Work, request: Request) -> bool:
    screening = screenings.screen({"free_text": {BOX: words}}, as_of=triage.today(work, request))
    return any(
        question_id.startswith(screenings.FREE_TEXT)
        for finding in screening.findings
        for question_id, _text in finding.because
    )
