"""How a request ends at the desk, and how it is taken up again.

An open offer is taken back and a booked visit cancelled first, by their own acts: the table of
the desk's track allows no other order. Who would wonder why nobody calls any more gets a letter.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from clinic import contact
from clinic.access import Permission
from clinic.booking import lifecycle
from clinic.booking.lifecycle import NoSuchMove, Track
from clinic.models import Act, Letter, Request
from clinic.services import outbox, tokens, tracks, triage
from clinic.services.transaction import Work, writes
from clinic.services.triage import UrgentOpen

CLOSED_BY_DESK = tuple(reason for reason in lifecycle.CLOSE_REASONS if reason != "attended")
TOLD_BY_LETTER = ("other_care", "referred", "no_reply")
REOPENED_BECAUSE = ("patient_asked", "by_mistake", "other")


@writes
def close(work: Work, request_id: UUID, *, reason: str, seen: int, take_over: bool = False) -> UUID:
    """Close a request with a reason; an open urgent flag is a clinician's to close first."""
    work.actor.require(Permission.WORK_REQUESTS)
    request = triage.open_for(work, request_id, seen=seen, take_over=take_over, claims=False)
    if request.urgent_open:
        raise UrgentOpen
    if reason not in CLOSED_BY_DESK:
        raise NoSuchMove(Track.DESK, request.desk_state, "close")
    tracks.move(work, request, Track.DESK, "close", detail={"reason": reason})
    request.closed_reason = reason
    request.waiting_until = request.back_since = request.call_today = None
    request.claimed_by_id = request.claimed_at = None
    if reason in TOLD_BY_LETTER:
        _mail(work, request, "request_closed")
    return request.id


@writes
def reopen(
    work: Work,
    request_id: UUID,
    *,
    seen: int,
    because: str = "by_mistake",
    words: str = "",
) -> UUID:
    """Take up a closed request again, saying why; who was told of its end is told of this too."""
    work.actor.require(Permission.WORK_REQUESTS)
    request = triage.open_for(work, request_id, seen=seen, take_over=True, claims=False)
    if because not in REOPENED_BECAUSE:
        raise NoSuchMove(Track.DESK, request.desk_state, "reopen")
    told = _was_told(work, request)
    detail = {"because": because} | ({"words": words} if words else {})
    tracks.move(work, request, Track.DESK, "reopen", detail=detail)
    request.closed_reason = None
    outbox.drop(work, request.id, "request_closed")
    triage.hold(work, request, seen=None, take_over=True)
    if told:
        _mail(work, request, "request_reopened")
    return request.id


def _was_told(work: Work, request: Request) -> bool:
    """Whether the letter of the last closing is out, or just on its way out."""
    closed_at = (
        select(Act.at)
        .where(Act.request_id == request.id, Act.track == Track.DESK, Act.act == "close")
        .order_by(Act.position.desc())
        .limit(1)
    )
    query = select(Letter).where(
        Letter.request_id == request.id,
        Letter.kind == "request_closed",
        Letter.queued_at >= closed_at.scalar_subquery(),
    )
    letters = work.session.scalars(query.with_for_update())
    return any(_is_out(letter, work) for letter in letters)


def _is_out(letter: Letter, work: Work) -> bool:
    leased = letter.leased_until is not None and letter.leased_until > work.now
    return letter.state == "sent" or (letter.state == "queued" and leased)


def _mail(work: Work, request: Request, kind: str) -> None:
    if not request.email:
        outbox.skip(work, kind, request.id)
        return
    outbox.enqueue(
        work,
        kind,
        to=request.email,
        language=request.language,
        dedupe_key=f"{request.id.hex}:{kind}:{request.acts}",
        request_id=request.id,
        first_name=contact.first_name(request.name or ""),
        reference=request.reference,
        link=tokens.issue_link(work, request),
    )
