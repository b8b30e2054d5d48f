"""A therapist asks some questions of a history again: answered, taken back, reminded, run out.

Asking is a decision (see review). The answer is the next version of the history: what was asked
is replaced, all else is carried over as it was, and the whole is screened. It goes back to the
therapist who asked. An urgent answer stops the patient at once, as on every other page.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import exists, select

from clinic import contact
from clinic.access import Actor, ActorKind, NotThere, Permission, Refused, own
from clinic.booking import calendar
from clinic.booking.lifecycle import OPEN_DESK
from clinic.extensions import db
from clinic.models import Draft, Intake, Letter, Request, Review
from clinic.screening import asking, questionnaire
from clinic.screening.levels import Level
from clinic.services import (
    awaiting,
    clearances,
    confirming,
    drafting,
    idempotency,
    intakes,
    outbox,
    screenings,
    stopping,
    tokens,
    tracks,
    triage,
)
from clinic.services.drafting import Given
from clinic.services.transaction import ChangedUnderneath, Work, writes

SENT, STOP = "sent", "stop"
BY_PHONE, ON_PAGE = "phone", "page"
KIND = "more_information"
REMIND_AHEAD = timedelta(days=2)
ASK = "ask for more"


class NotAsked(Exception):
    """Nothing is asked any more: it was answered, taken back, or decided meanwhile."""


@writes
def answer(
    work: Work,
    request_id: UUID,
    *,
    review_id: UUID,
    given: Given,
    key: str,
    language: str,
    browser: str,
) -> str:
    """Answer what was asked again; return ``sent``, or ``stop`` where an answer is urgent.

    Once whatever is clicked. Raises NotAsked, or ChangedUnderneath if something else is asked now.
    """
    own(work.actor, request_id)
    request = tracks.load(work, request_id)
    if request.email_proved_at is None:
        raise NotThere
    body = {"request": request_id, "review": review_id, "answers": given.answers}
    if idempotency.made_before(work, key, "asked again", body) is not None:
        return STOP if _is_stopped(work, request) else SENT
    case = _case(work, request, review_id, given, how=ON_PAGE)
    urgent = case.urgent_question(work, request)
    if urgent is not None:
        _stop(work, request, case, urgent, language=language, browser=browser)
    else:
        _append(work, request, case, language=language)
    idempotency.remember(work, key, "asked again", body, request.id)
    return STOP if urgent is not None else SENT


@writes
def answer_by_phone(
    work: Work, request_id: UUID, *, review_id: UUID, given: Given, key: str
) -> UUID:
    """Write down what the patient answered to a therapist on the phone, once whatever is clicked.

    An urgent answer raises the alert. Raises NotAsked or ChangedUnderneath.
    """
    work.actor.require(Permission.DECIDE)
    request = triage.sent(work, request_id)
    body = {"request": request_id, "review": review_id, "answers": given.answers}
    if idempotency.made_before(work, key, "asked by phone", body) is not None:
        return request.id
    case = _case(work, request, review_id, given, how=BY_PHONE)
    _append(work, request, case, language=request.language)
    idempotency.remember(work, key, "asked by phone", body, request.id)
    return request.id


@writes
def take_back(work: Work, request_id: UUID, *, review_id: UUID, seen: int) -> UUID:
    """Take the questions back; the request needs a decision again. Twice is once."""
    work.actor.require(Permission.DECIDE)
    request = triage.sent(work, request_id)
    asked = awaiting.open_question(work, request)
    if asked is None:
        return request.id
    if asked.id != review_id or request.version != seen:
        raise ChangedUnderneath
    clearances.ask_review(work, request, why="question taken back")
    awaiting.over(work, request, asked)
    return request.id


# --- What is answered ------------------------------------------------------------------------


@dataclass(frozen=True)
class _Case:
    """An answer to what was asked: the version before, and the answers of the next one."""

    asked: Review
    before: Intake
    answers: dict[str, Any]
    own: frozenset[str]

    def urgent_question(self, work: Work, request: Request) -> str | None:
        """Name the first asked question whose answer is urgent."""
        found = screenings.screen(self.answers, as_of=triage.today(work, request)).findings
        behind = (
            question
            for finding in found
            if finding.level is Level.URGENT
            for question, _value in finding.because
        )
        return next((question for question in behind if question in self.own), None)


def _case(work: Work, request: Request, review_id: UUID, given: Given, *, how: str) -> _Case:
    asked = awaiting.open_question(work, request)
    if asked is None or request.desk_state not in OPEN_DESK or request.urgent_open:
        raise NotAsked
    if asked.id != review_id:
        raise ChangedUnderneath
    questions = questionnaire.shipped()
    ids = [one for one in (asked.limits or {}).get("asked", ()) if one in questions.questions]
    own_ids = asking.own_ids(questions, ids)
    if not ids or not set(given.answers) <= set(own_ids):
        raise NotThere
    before = _newest(work, request)
    answers = asking.carried_over(
        questions,
        before.answers,
        ids,
        given.answers,
        shown=given.shown,
        as_of=triage.today(work, request),
    )
    answers[asking.ANEW] = {"how": how, "questions": ids}
    return _Case(asked, before, answers, frozenset(own_ids))


def _newest(work: Work, request: Request) -> Intake:
    query = select(Intake).where(Intake.request_id == request.id)
    return work.session.scalars(query.order_by(Intake.number.desc()).limit(1)).one()


def _append(work: Work, request: Request, case: _Case, *, language: str) -> None:
    """Append the next version; an open draft gets the answers too, so that it takes none back."""
    left = bool(case.before.answers.get(asking.LEFT)) and not case.answers.get(asking.LEFT)
    work.audit("intake.asked_again", "intake", case.before.id, request=request.id.hex)
    intakes.append(
        work,
        request,
        answers=case.answers,
        trail=case.before.trail or (),
        complete=case.before.complete or left,
        language=language,
    )
    draft = drafting.find(work, request)
    if draft is not None:
        _write_into(draft, case)


def _stop(
    work: Work, request: Request, case: _Case, urgent: str, *, language: str, browser: str
) -> None:
    """Stop as every other page does: the answers become an open draft that is stopped."""
    draft = drafting.find(work, request)
    if draft is None:
        draft = confirming.draft_of(work, request, case.before, language)
        work.session.add(draft)
    _write_into(draft, case)
    work.session.flush()
    tokens.grant(work, request.id, "draft_browser", browser)
    page = drafting.HISTORY + asking.page_of(questionnaire.shipped(), urgent)
    stopping.check(work, request, draft, page=page, language=language)


def _write_into(draft: Draft, case: _Case) -> None:
    others = {key: value for key, value in draft.answers.items() if key not in case.own}
    ours = {key: value for key, value in case.answers.items() if key in case.own}
    draft.answers = {**others, **ours}


def _is_stopped(work: Work, request: Request) -> bool:
    draft = drafting.find(work, request)
    return draft is not None and stopping.is_stopped(draft)


# --- What dates do ---------------------------------------------------------------------------


def bring_back(actor: Actor, now: datetime) -> int:
    """Bring back each request whose patient has not answered by the day that was set."""
    due = _waiting(calendar.latest_day(now))
    return sum(_bring_back(actor, now, found) for found in db.session.scalars(due).all())


def remind(actor: Actor, now: datetime) -> int:
    """Remind each patient once, shortly before the request comes back; return how many."""
    again = exists().where(
        Letter.request_id == Request.id, Letter.kind == KIND, Letter.queued_at > Review.signed_at
    )
    due = _waiting(calendar.latest_day(now) + REMIND_AHEAD).where(
        ~again,
        Request.email_proved_at.is_not(None),
        Review.signed_at < now - REMIND_AHEAD,
    )
    return sum(_remind(actor, now, found) for found in db.session.scalars(due).all())


def _waiting(until: date) -> Any:
    return (
        select(Request.id)
        .join(Review, Review.request_id == Request.id)
        .where(
            Request.clinical_state == "more_information",
            Request.desk_state.in_(OPEN_DESK),
            Review.decision == ASK,
            Review.valid_until <= until,
        )
        .order_by(Request.id)
        .distinct()
    )


@writes
def _bring_back(work: Work, request_id: UUID) -> bool:
    request, asked = _due(work, request_id)
    if asked is None or asked.valid_until is None:
        return False
    if asked.valid_until > triage.today(work, request):
        return False
    clearances.ask_review(work, request, why="no answer")
    request.back_since = work.now
    awaiting.over(work, request, asked)
    return True


@writes
def _remind(work: Work, request_id: UUID) -> bool:
    request, asked = _due(work, request_id)
    if asked is None or asked.valid_until is None or not request.email:
        return False
    days_left = asked.valid_until - triage.today(work, request)
    if not timedelta() < days_left <= REMIND_AHEAD or request.urgent_open:
        return False
    outbox.enqueue(
        work,
        KIND,
        to=request.email,
        language=request.language,
        dedupe_key=f"{request.id.hex}:{KIND}:{asked.id.hex}:reminder",
        request_id=request.id,
        first_name=contact.first_name(request.name or ""),
        link=tokens.issue_link(work, request),
    )
    return True


def _due(work: Work, request_id: UUID) -> tuple[Request, Review | None]:
    if work.actor.kind is not ActorKind.SYSTEM:
        raise Refused
    request = tracks.load(work, request_id)
    return request, awaiting.open_question(work, request)
