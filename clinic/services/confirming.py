"""The patient's answers after they were sent: confirmed again, changed, or asked for once more.

Nothing is edited. Whatever is confirmed or changed becomes the next version of the history, is
screened anew, and is held against the one before (see intakes).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import exists, func, select

from clinic import contact
from clinic.access import Actor, ActorKind, NotThere, Refused, own
from clinic.booking import confirming
from clinic.booking.confirming import Answered
from clinic.booking.lifecycle import OPEN_DESK
from clinic.extensions import db, site
from clinic.models import Appointment, AuditEntry, Clearance, Draft, Intake, Letter, Request
from clinic.screening import answers as reading
from clinic.screening import asking, pages, questionnaire
from clinic.services import (
    awaiting,
    clearances,
    drafting,
    outbox,
    returning,
    screenings,
    stopping,
    tokens,
    tracks,
    triage,
)
from clinic.services.transaction import ChangedUnderneath, Work, writes

REPLY = "free_text.anything-else"  # a box whose words are screened like all others
KIND = "confirm_again"
WAITS = ("held", "confirmed")


class TooLong(Exception):
    """The reply does not fit beside what was written before."""


@writes
def nothing_changed(
    work: Work, request_id: UUID, *, intake_id: UUID, language: str, browser: str
) -> None:
    """Confirm the answers that the page showed, and open the history for what is asked anew.

    That is what may change in a day, red flags and pregnancy first. The next version is sent with
    it, as any other. Twice is once. Raises ChangedUnderneath if these answers are not the newest.
    """
    request = _proved(work, request_id)
    begun = drafting.find(work, request) is not None
    if not begun and _newest(work, request).id != intake_id:
        raise ChangedUnderneath
    draft = _open(work, request, language=language, browser=browser, anew=True)
    if not begun:
        draft.answers = returning.confirmed(draft.answers, triage.today(work, request).isoformat())
        work.audit("intake.confirmed", "intake", intake_id, request=request.id.hex)


@writes
def something_changed(work: Work, request_id: UUID, *, language: str, browser: str) -> None:
    """Open the history again in this browser, with the newest answers filled in.

    What may change in a day, or is worded otherwise by now, is asked anew.
    """
    request = _proved(work, request_id)
    _open(work, request, language=language, browser=browser, anew=True)


@writes
def reply(
    work: Work, request_id: UUID, *, review_id: UUID, words: str, language: str, browser: str
) -> str:
    """Answer what a therapist has asked; name the page on which the patient goes on.

    The words join the history, which is then sent once more. Raises ChangedUnderneath if another
    question is asked by now, TooLong if the words do not fit.
    """
    request = _proved(work, request_id)
    asked = awaiting.open_question(work, request)
    if asked is None or asked.id != review_id:
        raise ChangedUnderneath
    draft = _open(work, request, language=language, browser=browser)
    _write(draft, words)
    again = [drafting.HISTORY + one for one in (asked.limits or {}).get("sections", ())]
    draft.steps = [step for step in draft.steps or () if step not in again]
    work.session.flush()
    if stopping.check(work, request, draft, page=drafting.WHERE, language=language):
        return "stop"
    return again[0] if len(again) == 1 else "check"


# --- Opened again ----------------------------------------------------------------------------


def _proved(work: Work, request_id: UUID) -> Request:
    """Lock the patient's own open request; its address was proved, and no urgent flag stands."""
    own(work.actor, request_id)
    request = tracks.load(work, request_id)
    if request.email_proved_at is None or request.desk_state not in OPEN_DESK:
        raise NotThere
    return request


def _newest(work: Work, request: Request) -> Intake:
    intake = _whole(work, request)
    if intake is None:
        raise NotThere
    return intake


def _whole(work: Work, request: Request) -> Intake | None:
    """Return the newest version, unless the patient stopped half way through it.

    One that staff wrote lacks what is private, which the patient may be asked in a change.
    """
    query = select(Intake).where(Intake.request_id == request.id)
    intake = work.session.scalars(query.order_by(Intake.number.desc()).limit(1)).first()
    if intake is None or not (intake.complete or intake.answers.get(screenings.LEFT)):
        return None
    return intake


def _open(
    work: Work, request: Request, *, language: str, browser: str, anew: bool = False
) -> Draft:
    """Give the request a draft with its newest answers, or find the one that it has."""
    draft = drafting.find(work, request)
    if draft is None:
        intake = _newest(work, request)
        over = work.session.scalars(select(Draft).where(Draft.request_id == request.id)).first()
        if over is not None:
            work.session.delete(over)
            work.session.flush()
        draft = draft_of(work, request, intake, language)
        if anew:
            _take_out(draft, returning.reusable(work, intake))
        work.session.add(draft)
        work.session.flush()
        work.audit("intake.opened_again", "intake", intake.id, request=request.id.hex)
    tokens.grant(work, request.id, "draft_browser", browser)
    return draft


def draft_of(work: Work, request: Request, intake: Intake, language: str) -> Draft:
    """Make a draft that holds the answers of an intake; the caller adds it."""
    questions = questionnaire.shipped(language)
    screenings.keep_questionnaire(work, questions)
    answers = _flat(intake)
    today = triage.today(work, request)
    given = reading.read(screenings.readable(answers, questions), questions)
    found = pages.sections(questions, given, as_of=today)
    history = [drafting.HISTORY + section.id for section in found]
    return Draft(
        request_id=request.id,
        questionnaire_hash=questions.hash,
        answers={**answers, asking.AGAIN: True},
        trail=list(intake.trail or ()) or None,
        steps=[drafting.ABOUT, drafting.WHERE, *history, drafting.CONSENT],
        saved_at=work.now,
        expires_at=work.now + timedelta(days=site.settings.draft_days),
    )


def _take_out(draft: Draft, reusable: Mapping[str, Any]) -> None:
    """Leave out the answers that are to be given anew."""
    questions = questionnaire.shipped()
    known = questions.questions
    out = [
        key
        for key in draft.answers
        if key in known and pages.stands_here(known[key]) and key not in reusable
    ]
    drafting.take_out(draft, out, apart=asking.unsaid(questions, reusable))


def _flat(intake: Intake) -> dict[str, Any]:
    """Write an intake's answers as a draft keeps them; what is not asked so any more is left."""
    boxes = intake.answers.get("free_text") or {}
    plain = {key: value for key, value in intake.answers.items() if key != "free_text"}
    flat = {**plain, **{f"free_text.{box}": text for box, text in boxes.items()}}
    kept = screenings.readable(flat, questionnaire.shipped())
    shown = [one for one in intake.answers.get("_shown", ()) if one in kept]
    return {**kept, "_shown": shown}


def _write(draft: Draft, words: str) -> None:
    """Add the words to what was written before, once however often the form is sent."""
    before = str(draft.answers.get(REPLY, ""))
    if before == words or before.endswith(f"\n{words}"):
        return
    text = f"{before}\n{words}" if before else words
    question = questionnaire.shipped().questions[REPLY]
    if question.max_length is not None and len(text) > question.max_length:
        raise TooLong
    draft.answers = {**draft.answers, REPLY: text}


# --- Asked in time ---------------------------------------------------------------------------


def ask_in_time(actor: Actor, now: datetime) -> int:
    """Ask each patient whose answers run out soon, by letter or by phone; return how many."""
    oldest = timedelta(days=site.settings.intake_days - site.settings.confirm_ahead_days - 1)
    newest = (
        select(func.max(Intake.sent_at))
        .where(Intake.request_id == Request.id)
        .correlate(Request)
        .scalar_subquery()
    )
    asked = exists().where(
        Letter.request_id == Request.id, Letter.kind == KIND, Letter.queued_at > newest
    )
    called = exists().where(
        AuditEntry.subject_id == Request.id,
        AuditEntry.act == "letter.skipped",
        AuditEntry.detail.contains(KIND),
        AuditEntry.at > newest,
    )
    query = (
        select(Request.id)
        .join(Clearance, Clearance.request_id == Request.id)
        .where(
            Clearance.ended_at.is_(None),
            Request.desk_state.in_(OPEN_DESK),
            newest < now - oldest,
            ~asked,
            ~called,
        )
        .order_by(Request.id)
    )
    return sum(_ask(actor, now, found) for found in db.session.scalars(query).all())


@writes
def _ask(work: Work, request_id: UUID) -> bool:
    if work.actor.kind is not ActorKind.SYSTEM:
        raise Refused
    request = tracks.load(work, request_id)
    if request.desk_state not in OPEN_DESK or not is_due(work, request):
        return False
    if not request.email or request.email_proved_at is None:  # no link of theirs leads to answers
        outbox.skip(work, KIND, request.id)
        request.call_today = request.call_today or KIND
        return True
    intake = _newest(work, request)
    outbox.enqueue(
        work,
        KIND,
        to=request.email,
        language=request.language,
        dedupe_key=f"{request.id.hex}:{KIND}:{intake.id.hex}",
        request_id=request.id,
        first_name=contact.first_name(request.name or ""),
        link=tokens.issue_link(work, request),
    )
    return True


def is_due(work: Work, request: Request) -> bool:
    """Tell whether the patient of a locked request is to confirm the answers now."""
    live = select(Clearance.valid_until).where(
        Clearance.request_id == request.id, Clearance.ended_at.is_(None)
    )
    cleared_until, intake = work.session.scalar(live), _whole(work, request)
    if cleared_until is None or intake is None:
        return False
    answered = Answered(clearances.given_on(work, request, intake), site.settings.intake_days)
    return confirming.due(
        answered,
        today=triage.today(work, request),
        cleared_until=cleared_until,
        visits=_visits(work, request),
        ahead=site.settings.confirm_ahead_days,
    )


def _visits(work: Work, request: Request) -> Sequence[date]:
    query = select(Appointment.visit_on).where(
        Appointment.request_id == request.id,
        Appointment.visit_kind == "needling",
        Appointment.state.in_(WAITS),
    )
    return work.session.scalars(query).all()
