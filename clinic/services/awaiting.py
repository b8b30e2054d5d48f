"""A request that waits for what a therapist has asked: set aside, and brought back to who asked."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from clinic.booking.lifecycle import Track
from clinic.models import Act, Request, Review, User
from clinic.services import tracks, triage
from clinic.services.transaction import Work

ASKED = "therapist_asked"  # why the desk sees it waiting


def open_question(work: Work, request: Request) -> Review | None:
    """Return the decision that asks the patient for more, while it waits for an answer."""
    if request.clinical_state != "more_information":
        return None
    query = select(Review).where(Review.request_id == request.id)
    newest = query.order_by(Review.signed_at.desc(), Review.id).limit(1)
    return work.session.scalars(newest).first()


def begin(work: Work, request: Request, *, until: date) -> None:
    """Let the desk see the request as waiting for the patient until that day."""
    if tracks.can(request, Track.DESK, "wait"):
        triage.set_aside(work, request, until=until, because=ASKED)


def over(work: Work, request: Request, asked: Review) -> None:
    """End the waiting, and put the request into the folder of the therapist who asked."""
    if request.desk_state == "waiting" and triage.waited_for(work, request).get("because") == ASKED:
        tracks.move(work, request, Track.DESK, "come back", detail={"because": ASKED})
        request.waiting_until = None
    _give(work, request, asked)


def back_to_reviewer(work: Work, request: Request) -> None:
    """Put the request into the folder of the therapist who decided last, if anybody has."""
    query = select(Review).where(Review.request_id == request.id)
    newest = query.order_by(Review.signed_at.desc(), Review.id).limit(1)
    review = work.session.scalars(newest).first()
    if review is not None:
        _give(work, request, review)


def looked_at(work: Work, request: Request) -> None:
    """Take a request that a day has brought back to a therapist out of the folder of those."""
    if request.back_since is None:
        return
    query = select(Act.id).where(
        Act.request_id == request.id,
        Act.track == Track.CLINICAL,
        Act.act == "need review",
        Act.at >= request.back_since,
    )
    if work.session.scalars(query.limit(1)).first() is not None:
        request.back_since = None


def _give(work: Work, request: Request, review: Review) -> None:
    therapist = work.session.get(User, review.signed_by_id)
    if therapist is None or not therapist.active or request.claimed_by_id == therapist.id:
        return
    if tracks.can(request, Track.DESK, "return"):
        tracks.move(work, request, Track.DESK, "return")
        request.claimed_by_id, request.claimed_at = therapist.id, work.now
