"""Sends a request exactly once: the draft becomes the next intake, and is screened."""

from __future__ import annotations

from uuid import UUID

from clinic import contact
from clinic.access import NotThere, own
from clinic.booking.lifecycle import Track
from clinic.models import Draft, Request
from clinic.screening import answers as reading
from clinic.screening import pages, questionnaire
from clinic.services import (
    consent,
    drafting,
    idempotency,
    intakes,
    outbox,
    phone_entries,
    screenings,
    stopping,
    tokens,
    tracks,
    triage,
)
from clinic.services.transaction import ChangedUnderneath, Work, writes


class NotComplete(Exception):
    """Pages are missing that must be answered before a request is sent."""

    def __init__(self, missing: list[str]) -> None:
        super().__init__("pages are missing")
        self.missing = missing


class Stopped(Exception):
    """An urgent answer stands in the draft; the patient is told what to do now instead."""


@writes
def send(
    work: Work, request_id: UUID, *, seen: int, key: str, language: str, browser: str | None
) -> UUID:
    """Send the request, once whatever is clicked; a repeat makes nothing and says the same.

    What staff may not ask of a caller is left for the therapist: then the intake is not complete.
    """
    phone_entries.require_writer(work, request_id, sent_too=True)
    request = tracks.load(work, request_id)
    body = {"request": request_id.hex, "seen": seen}
    made = idempotency.made_before(work, key, "send", body)
    if made is not None:
        return made
    draft = drafting.find(work, request)
    if draft is None:
        return _sent_in_another_tab(request)
    if draft.version != seen:
        raise ChangedUnderneath
    if stopping.is_stopped(draft):
        raise Stopped
    _refuse_incomplete(work, request, draft)
    left = _left_for_therapist(work, request, draft)
    answers = {**draft.answers, **({screenings.LEFT: left} if left else {})}
    intakes.receive(work, request)
    trail = draft.trail or ()
    intakes.append(
        work, request, answers=answers, trail=trail, complete=not left, language=language
    )
    work.session.delete(draft)
    _end_entry(work, request)
    if browser is not None and not phone_entries.by_staff(work):
        tokens.grant(work, request.id, "draft_browser", browser)
    _mail(work, request)
    idempotency.remember(work, key, "send", body, request.id)
    return request.id


@writes
def withdraw(work: Work, request_id: UUID, *, seen: int) -> UUID:
    """Close the request because the patient takes it back; a repeat changes nothing.

    An open urgent flag is a clinician's to close first: raises UrgentOpen.
    """
    own(work.actor, request_id)
    request = tracks.load(work, request_id)
    if request.desk_state == "closed":
        return request.id
    if request.urgent_open:
        raise triage.UrgentOpen  # it would leave the queue, and nobody would call
    if request.version != seen:
        raise ChangedUnderneath
    tracks.move(work, request, Track.DESK, "close", detail={"reason": "declined_by_patient"})
    request.closed_reason = "declined_by_patient"
    request.waiting_until = request.back_since = request.call_today = None
    request.claimed_by_id = request.claimed_at = None
    return request.id


def _sent_in_another_tab(request: Request) -> UUID:
    if request.sent_at is None:
        raise NotThere
    return request.id


def _refuse_incomplete(work: Work, request: Request, draft: Draft) -> None:
    missing = [page for page in (drafting.ABOUT, drafting.WHERE) if page not in (draft.steps or ())]
    questions = questionnaire.shipped()
    if phone_entries.by_staff(work):
        questions = questionnaire.without_private(questions)
    read = reading.read(screenings.readable(draft.answers, questions), questions)
    today = triage.today(work, request)
    missing += [
        drafting.HISTORY + section.id
        for section in pages.sections(questions, read, as_of=today)
        if pages.missing(questions, section.id, read, as_of=today)
        or drafting.HISTORY + section.id not in (draft.steps or ())
    ]
    if not consent.given(work, request):
        missing.append(drafting.CONSENT)
    if missing:
        raise NotComplete(missing)


def _left_for_therapist(work: Work, request: Request, draft: Draft) -> list[str]:
    """List the private questions that a caller was not asked: blank, and never a no."""
    if not phone_entries.by_staff(work):
        return []
    questions = questionnaire.shipped()
    read = reading.read(screenings.readable(draft.answers, questions), questions)
    today = triage.today(work, request)
    return [
        question.id
        for section in questions.sections
        for question in pages.missing(questions, section.id, read, as_of=today)
        if question.private
    ]


def _end_entry(work: Work, request: Request) -> None:
    """Close the entry of the staff, who see none of its answers from now on."""
    entry = phone_entries.find(work, request.id)
    if entry is not None:
        entry.sent_at = work.now


def _mail(work: Work, request: Request) -> None:
    if not request.email:
        outbox.skip(work, "request_received", request.id)
        return
    outbox.enqueue(
        work,
        "request_received",
        to=request.email,
        language=request.language,
        dedupe_key=f"{request.id.hex}:request_received:{request.acts}",
        request_id=request.id,
        first_name=contact.first_name(request.name or ""),
        reference=request.reference,
        link=tokens.issue_link(work, request),
        channel=request.channel,
    )
