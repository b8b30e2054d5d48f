"""What somebody who leaves the clinic had in hand goes back to their colleagues."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from clinic.booking.lifecycle import Track
from clinic.models import Enquiry, Request
from clinic.services import tracks
from clinic.services.transaction import Work


def give_back(work: Work, user_id: UUID) -> None:
    """Release each request and question that this person holds, so that somebody takes it up."""
    held = select(Request).where(Request.claimed_by_id == user_id).order_by(Request.id)
    for request in work.session.scalars(held.with_for_update()):
        if tracks.can(request, Track.DESK, "release"):
            tracks.move(work, request, Track.DESK, "release")
        request.claimed_by_id = request.claimed_at = None
    waits = (Enquiry.state == "new") | Enquiry.urgent_open
    asked = select(Enquiry).where(Enquiry.claimed_by_id == user_id, waits).order_by(Enquiry.id)
    for enquiry in work.session.scalars(asked.with_for_update()):
        enquiry.claimed_by_id = enquiry.claimed_at = None
        work.audit("enquiry.released", "enquiry", enquiry.id)
