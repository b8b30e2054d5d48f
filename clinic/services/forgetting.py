"""Erases questions whose time is over; what was published stays, for there is nobody in it."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import ColumnElement, and_, not_, select, update

from clinic.extensions import site
from clinic.models import Enquiry, LegalHold, Letter
from clinic.services.transaction import Work

CHUNK = 200


def purge_some(work: Work) -> int:
    """Erase some questions whose time is over; say how many, for there may be more."""
    gone = work.session.scalars(
        select(Enquiry).where(_over(work)).order_by(Enquiry.id).limit(CHUNK).with_for_update()
    ).all()
    for enquiry in gone:
        erase(work, enquiry)
    work.session.flush()
    return len(gone)


def erase(work: Work, enquiry: Enquiry) -> None:
    """Erase one question and what its letters said; keep published words without the person."""
    _empty_letters(work, enquiry)
    work.audit("enquiry.erased", "enquiry", enquiry.id, published=enquiry.published_at is not None)
    if enquiry.published_at is None:
        work.session.delete(enquiry)
        return
    if enquiry.state == "turned":
        enquiry.state = "answered"  # whose request it became is not told any more
    enquiry.request_id = enquiry.claimed_by_id = enquiry.claimed_at = None
    enquiry.name = enquiry.email = enquiry.phone = enquiry.question = enquiry.events = None
    enquiry.email_digest = enquiry.browser = None
    enquiry.urgent = enquiry.urgent_open = False


def _over(work: Work) -> ColumnElement[bool]:
    kept_since = work.now - timedelta(days=site.settings.enquiry_days)
    return and_(
        Enquiry.settled_at <= kept_since,
        not_(Enquiry.urgent_open),
        Enquiry.question_sealed.is_not(None),
        ~select(LegalHold.id).where(LegalHold.request_id == Enquiry.request_id).exists(),
    )


def _empty_letters(work: Work, enquiry: Enquiry) -> None:
    work.session.execute(
        update(Letter)
        .where(Letter.enquiry_id == enquiry.id, Letter.state != "queued")
        .values(recipient_sealed=None, subject_sealed=None, body_sealed=None)
        .execution_options(synchronize_session=False)
    )
