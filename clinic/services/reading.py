"""Opens a medical history: the trail says who read whose, when, and which sections.

The entry is stored before anything is shown; if it cannot be stored, nothing is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from clinic.access import Permission
from clinic.services import tracks
from clinic.services.transaction import Work, writes

SECTIONS = ("summary", "findings", "answers", "decisions", "clinical notes")


@writes
def open_history(work: Work, request_id: UUID, *, sections: Sequence[str] = SECTIONS) -> None:
    """Write down that this therapist opens these sections, or refuse."""
    work.actor.require(Permission.SEE_HISTORY)
    request = tracks.load(work, request_id)
    work.audit("history.opened", "request", request.id, sections=list(sections))
