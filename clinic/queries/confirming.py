"""The patient's own answers after they were sent: what may be confirmed, changed or replied to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from clinic.access import Actor, ActorKind, NotThere
from clinic.booking import confirming
from clinic.booking.confirming import Answered
from clinic.booking.lifecycle import OPEN_DESK
from clinic.extensions import db, site
from clinic.models import Appointment, Clearance, Draft, Intake, Location, Request, Review
from clinic.queries import answers, drafts
from clinic.queries.drafts import Row
from clinic.screening import pages, questionnaire
from clinic.screening.answers import Answers
from clinic.screening.questionnaire import Questionnaire

WAITS = ("held", "confirmed")


@dataclass(frozen=True)
class Question:
    """What a therapist has asked, and the topics that are to be answered again."""

    review_id: UUID
    text: str
    topics: tuple[str, ...]


@dataclass(frozen=True)
class Standing:
    """What the patient may do with the answers that were sent."""

    intake_id: UUID
    given_on: date
    due: bool
    has_draft: bool
    question: Question | None


@dataclass(frozen=True)
class Topic:
    """One topic with each question and its answer in words."""

    title: str
    rows: tuple[Row, ...]


def standing(actor: Actor, now: datetime, language: str) -> Standing | None:
    """Return what the patient may do with their answers; None while nothing may be done."""
    request = _own(actor)
    intake = _newest(request)
    if intake is None or request.desk_state not in OPEN_DESK or request.urgent_open:
        return None
    zone = ZoneInfo(_zone(request))
    given_on = intake.sent_at.astimezone(zone).date()
    return Standing(
        intake_id=intake.id,
        given_on=given_on,
        due=_is_due(request, given_on, now.astimezone(zone).date()),
        has_draft=_has_draft(request, now),
        question=_question(request, language),
    )


def topics(actor: Actor, now: datetime, language: str) -> tuple[Topic, ...]:
    """Return the newest answers by topic, in the words of today's questions."""
    request = _own(actor)
    intake = _newest(request)
    if intake is None:
        raise NotThere
    boxes = intake.answers.get("free_text") or {}
    flat = {**intake.answers, **{f"free_text.{box}": text for box, text in boxes.items()}}
    questions, today = questionnaire.shipped(language), now.date()
    given = answers.readable(flat, questions)
    found = (
        Topic(section.title, (*_with_the_request(section.id, given, questions, today), *rows))
        for section in questions.sections
        for rows in [drafts.rows(questions, given, section.id, as_of=today)]
    )
    return tuple(topic for topic in found if topic.rows)


def _with_the_request(
    topic: str, given: Answers, questions: Questionnaire, today: date
) -> Iterator[Row]:
    """What was asked with the request itself, and not on a page of the history."""
    for question in pages.asked_elsewhere(questions, topic, given, as_of=today):
        if question.id in given or not question.optional:
            yield Row(question.id, question.text, drafts.said(question, given, questions))


def _own(actor: Actor) -> Request:
    if actor.kind is not ActorKind.PATIENT or actor.request_id is None:
        raise NotThere
    request = db.session.get(Request, actor.request_id)
    if request is None or request.sent_at is None or request.email_proved_at is None:
        raise NotThere
    return request


def _newest(request: Request) -> Intake | None:
    """Return the newest version, unless the patient stopped half way through it."""
    query = select(Intake).where(Intake.request_id == request.id)
    intake = db.session.scalars(query.order_by(Intake.number.desc()).limit(1)).first()
    if intake is None or not (intake.complete or intake.answers.get(answers.LEFT)):
        return None
    return intake


def _is_due(request: Request, given_on: date, today: date) -> bool:
    cleared_until = db.session.scalar(
        select(Clearance.valid_until).where(
            Clearance.request_id == request.id, Clearance.ended_at.is_(None)
        )
    )
    if cleared_until is None:
        return False
    visits = select(Appointment.visit_on).where(
        Appointment.request_id == request.id,
        Appointment.visit_kind == "needling",
        Appointment.state.in_(WAITS),
    )
    return confirming.due(
        Answered(given_on, site.settings.intake_days),
        today=today,
        cleared_until=cleared_until,
        visits=db.session.scalars(visits).all(),
        ahead=site.settings.confirm_ahead_days,
    )


def _question(request: Request, language: str) -> Question | None:
    if request.clinical_state != "more_information":
        return None
    query = select(Review).where(Review.request_id == request.id)
    review = db.session.scalars(query.order_by(Review.signed_at.desc(), Review.id)).first()
    asked = (review.limits or {}) if review else {}
    if review is None or not asked.get("question") or asked.get("asked"):
        return None  # single questions have a page of their own
    titles = tuple(_titles(asked.get("sections", ()), language))
    return Question(review.id, str(asked["question"]), titles)


def _titles(named: list[str], language: str) -> Iterator[str]:
    for section in questionnaire.shipped(language).sections:
        if section.id in named:
            yield section.title


def _has_draft(request: Request, now: datetime) -> bool:
    query = select(Draft.id).where(Draft.request_id == request.id, Draft.expires_at > now)
    return db.session.scalars(query).first() is not None


def _zone(request: Request) -> str:
    query = select(Location.zone).order_by(Location.active.desc(), Location.name, Location.id)
    if request.location_id is not None:
        query = query.where(Location.id == request.location_id)
    return db.session.scalars(query.limit(1)).first() or "UTC"
