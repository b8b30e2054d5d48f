"""A question becomes a request in one step: a draft with what is known, and a link to go on.

The writer's own words go into the box of the history in which they are screened. The mailed
link opens the draft where the question was written, by a code; elsewhere only after the address
was read back on the phone, so that a mistyped address reads nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from clinic.access import Permission
from clinic.booking import lifecycle
from clinic.extensions import site
from clinic.models import Draft, Enquiry, Request, Token
from clinic.screening import questionnaire
from clinic.services import enquiries, idempotency, screenings, tokens, tracks, triage
from clinic.services.transaction import Work, writes


class HasRequest(Exception):
    """The writer has an open request already; the question is joined to it instead."""

    def __init__(self, reference: str) -> None:
        super().__init__("there is an open request with this e-mail address")
        self.reference = reference


class OtherPerson(Exception):
    """The request is not open, or has another e-mail address than the question."""


@writes
def make_request(
    work: Work,
    enquiry_id: UUID,
    *,
    address_checked: bool,
    seen: int,
    key: str,
    take_over: bool = False,
) -> UUID:
    """Begin a request for the writer and mail the link to go on with it."""
    work.actor.require(Permission.ANSWER_ENQUIRIES)
    body = {"enquiry": enquiry_id, "address_checked": address_checked}
    made = idempotency.made_before(work, key, "enquiry request", body)
    if made is not None:
        return made
    enquiry = enquiries.open_for(work, enquiry_id, seen=seen, take_over=take_over)
    known = _open_request(work, enquiry)
    if known is not None:
        raise HasRequest(known.reference)
    request = _begun(work, enquiry)
    if address_checked:
        request.email_proved_at = work.now
        work.audit("contact.address_confirmed", "request", request.id)
    draft = _draft(work, enquiry, request)
    _let_reopen(work, enquiry, request)
    enquiry.request_id = request.id
    enquiries.move(work, enquiry, "turn", request=request.id.hex)
    enquiries.mail(
        work,
        enquiry,
        "enquiry_request",
        number=1,
        link=tokens.issue_link(work, request, expires_at=draft.expires_at),
        days=site.settings.draft_days,
        checked=address_checked,
    )
    idempotency.remember(work, key, "enquiry request", body, request.id)
    return request.id


@writes
def join(
    work: Work, enquiry_id: UUID, *, reference: str, seen: int, take_over: bool = False
) -> UUID:
    """Join a question to the open request of the same e-mail address; nothing is merged."""
    enquiry = enquiries.open_for(work, enquiry_id, seen=seen, take_over=take_over)
    known = _open_request(work, enquiry)
    if known is None or known.reference != reference:
        raise OtherPerson
    enquiry.request_id = known.id
    enquiries.move(work, enquiry, "turn", request=known.id.hex)
    return known.id


def _open_request(work: Work, enquiry: Enquiry) -> Request | None:
    query = (
        select(Request)
        .where(
            Request.email_digest == enquiry.email_digest,
            Request.desk_state.in_(lifecycle.OPEN_DESK),
        )
        .order_by(Request.created_at.desc(), Request.id)
        .limit(1)
    )
    return work.session.scalars(query).first()


def _begun(work: Work, enquiry: Enquiry) -> Request:
    request = Request(
        reference=enquiries.free_reference(work),
        created_at=work.now,
        visit_kind="needling",
        language=enquiry.language,
        channel="email",
        answered_by="patient",
        name=enquiry.name,
        email=enquiry.email,
        phone=enquiry.phone,
        email_digest=triage.email_digest(enquiry.email),
        phone_digest=triage.phone_digest(enquiry.phone),
    )
    tracks.begin(work, request)
    return request


def _draft(work: Work, enquiry: Enquiry, request: Request) -> Draft:
    questions = questionnaire.shipped(enquiry.language)
    screenings.keep_questionnaire(work, questions)
    draft = Draft(
        request_id=request.id,
        questionnaire_hash=questions.hash,
        answers={enquiries.WORDS: enquiry.question},
        steps=[],
        saved_at=work.now,
        expires_at=_expiry(work),
    )
    work.session.add(draft)
    return draft


def _expiry(work: Work) -> datetime:
    return work.now + timedelta(days=site.settings.draft_days)


def _let_reopen(work: Work, enquiry: Enquiry, request: Request) -> None:
    """Give the browser of the question a grant that has lapsed: a code opens the draft there."""
    if enquiry.browser is None:
        return
    work.session.add(
        Token(
            purpose="draft_browser",
            fingerprint=enquiry.browser,
            request_id=request.id,
            browser=enquiry.browser,
            made_at=work.now,
            expires_at=work.now,
        )
    )
