"""Opens a medical history: the trail says who read whose, when, and which sections.

The entry is stored before anything is shown; if it cannot be stored, nothing is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError

from clinic.access import Actor, Permission
from clinic.services import triage
from clinic.services.transaction import Work, writes

SECTIONS = ("summary", "findings", "answers", "decisions", "clinical notes")


class NotWrittenDown(Exception):
    """The trail could not take the entry, so the history stays closed."""


def open_history(
    actor: Actor, now: datetime, request_id: UUID, *, sections: Sequence[str] = SECTIONS
) -> None:
    """Write down that this therapist opens these sections, or refuse."""
    try:
        _open(actor, now, request_id, sections=sections)
    except SQLAlchemyError as error:
        raise NotWrittenDown from error


@writes
def _open(work: Work, request_id: UUID, *, sections: Sequence[str]) -> None:
    work.actor.require(Permission.SEE_HISTORY)
    request = triage.sent(work, request_id)
    work.audit("history.opened", "request", request.id, sections=list(sections))
