"""Single questions that a therapist asks again: which to choose, what is open, how it stands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from clinic.access import Actor, ActorKind, NotThere, Permission
from clinic.booking import calendar
from clinic.booking.lifecycle import OPEN_DESK
from clinic.extensions import db, site
from clinic.models import Intake, Request, Review, ScreeningRecord, User
from clinic.queries import answers, histories
from clinic.screening import asking, comparison, outcome, questionnaire
from clinic.screening.answers import Answers
from clinic.screening.questionnaire import Questionnaire

ASK = "ask for more"


@dataclass(frozen=True)
class Choice:
    """One question that can be asked again, with the answer that stands now."""

    id: str
    question: str
    answer: str
    private: bool


@dataclass(frozen=True)
class Topic:
    """The questions of one topic; without a title, those behind the findings of now."""

    title: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True)
class Open:
    """What is asked now and waits for an answer."""

    request_id: UUID
    reference: str
    version: int
    review_id: UUID
    note: str
    asked: tuple[str, ...]
    titles: tuple[str, ...]
    until: date | None
    asked_at: datetime
    asked_by: str
    zone: str
    language: str
    name: str
    phone: str | None
    every: Questionnaire
    questions: Questionnaire  # one topic, which holds what is asked and nothing else
    answers: Answers
    as_of: date


@dataclass(frozen=True)
class Choosing:
    """All that a therapist may ask again."""

    request_id: UUID
    reference: str
    version: int
    intake_id: UUID
    name: str
    urgent_open: bool
    has_email: bool
    topics: tuple[Topic, ...]
    default_until: date
    open_now: Open | None


def choosing(actor: Actor, reference: str, *, now: datetime) -> Choosing:
    """List every question that can be asked again, as worded today, with its newest answer."""
    actor.require(Permission.DECIDE)
    request = histories.sent_request(reference)
    intake = _newest(request)
    if intake is None:
        raise NotThere
    today = _today(request, now)
    questions = questionnaire.shipped()
    flat = comparison.flat(intake.answers)
    return Choosing(
        request_id=request.id,
        reference=request.reference,
        version=request.version,
        intake_id=intake.id,
        name=request.name or "",
        urgent_open=request.urgent_open,
        has_email=bool(request.email),
        topics=tuple(_topics(questions, flat, today, _found_items(intake))),
        default_until=today + timedelta(days=max(1, site.settings.answer_days)),
        open_now=_open(request, request.language, now),
    )


def for_staff(actor: Actor, reference: str, *, now: datetime) -> Open | None:
    """Return what is asked of this patient now, in the patient's language, or None."""
    actor.require(Permission.DECIDE)
    request = histories.sent_request(reference)
    return _open(request, request.language, now)


def for_patient(actor: Actor, now: datetime, language: str) -> Open | None:
    """Return what the actor is asked now, or None; only an address that was proved shows it."""
    if actor.kind is not ActorKind.PATIENT or actor.request_id is None:
        raise NotThere
    request = db.session.get(Request, actor.request_id)
    if request is None or request.sent_at is None or request.email_proved_at is None:
        return None
    return _open(request, language, now)


def _open(request: Request, language: str, now: datetime) -> Open | None:
    """A question is open while nobody has answered, decided, or been alerted since."""
    if request.clinical_state != "more_information" or request.urgent_open:
        return None
    if request.desk_state not in OPEN_DESK:
        return None
    query = select(Review, User.display_name).join(User, User.id == Review.signed_by_id)
    newest = query.where(Review.request_id == request.id).order_by(
        Review.signed_at.desc(), Review.id
    )
    row, intake = db.session.execute(newest.limit(1)).first(), _newest(request)
    if row is None or intake is None or row[0].decision != ASK:
        return None
    review, asked_by = row
    limits: dict[str, Any] = review.limits or {}
    every = questionnaire.shipped(language)
    asked = tuple(one for one in limits.get("asked", ()) if one in every.questions)
    if not asked:
        return None
    return Open(
        request_id=request.id,
        reference=request.reference,
        version=request.version,
        review_id=review.id,
        note=str(limits.get("question", "")),
        asked=asked,
        titles=tuple(questionnaire.shipped().questions[one].text for one in asked),
        until=review.valid_until,
        asked_at=review.signed_at,
        asked_by=asked_by,
        zone=histories.zone_of(request),
        language=request.language,
        name=request.name or "",
        phone=request.phone,
        every=every,
        questions=asking.only(every, asked),
        answers=answers.readable(comparison.flat(intake.answers), every),
        as_of=_today(request, now),
    )


def _found_items(intake: Intake) -> frozenset[str]:
    query = select(ScreeningRecord).where(ScreeningRecord.intake_id == intake.id)
    newest = query.order_by(ScreeningRecord.made_at.desc(), ScreeningRecord.id).limit(1)
    record = db.session.scalars(newest).first()
    found = outcome.from_json(record.result).findings if record else ()
    return frozenset(one.item for one in found)


def _topics(
    questions: Questionnaire, flat: dict[str, object], today: date, found_items: frozenset[str]
) -> Iterator[Topic]:
    known = answers.readable(flat, questions)
    askable = [one.id for one in asking.askable(questions)]
    behind = [one for one in askable if questions.questions[one].item in found_items]
    if behind:
        yield Topic("", tuple(_choices(questions, behind, flat)))
    for section in questions.sections:
        found = [one for one in section.question_ids if one in askable and one not in behind]
        called = [
            one
            for one in found
            if one in known or questionnaire.visible(questions.questions[one], known, as_of=today)
        ]
        if called:
            yield Topic(section.title, tuple(_choices(questions, called, flat)))


def _choices(
    questions: Questionnaire, ids: Sequence[str], flat: dict[str, object]
) -> Iterator[Choice]:
    for question_id in ids:
        question = questions.questions[question_id]
        said = answers.worded(question, flat.get(question_id), questions)
        yield Choice(question_id, question.text, said, question.private)


def _newest(request: Request) -> Intake | None:
    query = select(Intake).where(Intake.request_id == request.id)
    return db.session.scalars(query.order_by(Intake.number.desc()).limit(1)).first()


def _today(request: Request, now: datetime) -> date:
    return calendar.visit_on(now, histories.zone_of(request))
