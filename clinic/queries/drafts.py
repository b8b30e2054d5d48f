"""What a patient's own draft holds, for the browser that may open it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from babel.dates import format_date
from sqlalchemy import select

from clinic import in_force
from clinic.access import Actor, ActorKind, NotThere
from clinic.extensions import db
from clinic.models import Consent, Draft, Location, Request, Token
from clinic.screening import answers as reading
from clinic.screening import asking, outcome, pages, placed, questionnaire
from clinic.screening.answers import Answers, UnknownQuestion, UnreadableAnswer
from clinic.screening.conditions import UNSURE
from clinic.screening.intake import Intake
from clinic.screening.levels import Level
from clinic.screening.outcome import Finding
from clinic.screening.pages import Group
from clinic.screening.questionnaire import Question, Questionnaire, Section
from clinic.screening.rules import Ruleset
from clinic.sealing import fingerprint

ABOUT, WHERE, CONSENT, CHECK = "about", "where", "consent", "check"
HISTORY = "history/"


@dataclass(frozen=True)
class Contact:
    """Who asks and how to reach them, as it is stored."""

    name: str
    birth_date: date | None  # none in a draft that was begun from a question
    phone: str
    email: str | None
    email_proved: bool
    channel: str
    answered_by: str
    language: str
    guardian: str | None


@dataclass(frozen=True)
class OpenDraft:
    """One draft as it stands; ``keyed`` says how it reached the staff who write it, if they do."""

    request_id: UUID
    reference: str
    version: int
    contact: Contact
    answers: Answers
    shown: tuple[str, ...]
    steps: tuple[str, ...]
    wishes: Mapping[str, Any]
    expires_at: datetime
    sent_before: bool
    agreed: bool
    stopped_page: str | None
    mistaken: bool
    keyed: str | None = None
    last: Mapping[str, Any] = field(default_factory=dict)  # answers of an earlier time
    last_on: date | None = None
    anew: tuple[str, ...] = ()  # boxes of which no earlier time says anything that counts
    opened_again: bool = False  # by the patient, after a whole history was sent

    def questions(self, language: str) -> Questionnaire:
        """The questions that are asked here: staff who write for a patient get no private one."""
        shipped = questionnaire.shipped(language)
        return questionnaire.without_private(shipped) if self.keyed else shipped

    @property
    def leaves_some(self) -> bool:
        """Whether questions are left for the therapist to ask."""
        return len(self.questions("en").questions) < len(questionnaire.shipped().questions)


@dataclass(frozen=True)
class Step:
    """One page of the history: its name, its title, its topics, and whether it lacks something."""

    name: str
    title: str
    topics: tuple[Section, ...]
    missing: bool


@dataclass(frozen=True)
class Row:
    """One question with its answer in words; or, under no id, the boxes that were not ticked."""

    id: str
    question: str
    answer: str | list[str]
    unticked: tuple[str, ...] = ()
    beside_a_tick: bool = False


@dataclass(frozen=True)
class Advice:
    """What to do now, for one urgent answer."""

    emergency: bool
    text: str


def find(actor: Actor, now: datetime) -> OpenDraft | None:
    """Return the actor's own draft, or None where it was sent or has run out."""
    if actor.kind is not ActorKind.PATIENT or actor.request_id is None:
        raise NotThere
    draft = db.session.scalars(
        select(Draft).where(Draft.request_id == actor.request_id, Draft.expires_at > now)
    ).one_or_none()
    if draft is None:
        return None
    return opened(db.session.get_one(Request, draft.request_id), draft)


def opened(request: Request, draft: Draft, *, keyed: str | None = None) -> OpenDraft:
    """Return what a draft holds; without what is private where staff write it for a patient."""
    stopped = draft.answers.get("_stop") or {}
    questions = questionnaire.shipped()
    if keyed:
        questions = questionnaire.without_private(questions)
    return OpenDraft(
        request_id=request.id,
        reference=request.reference,
        version=draft.version,
        contact=_contact(request),
        answers=_readable(draft.answers, questions),
        shown=tuple(draft.answers.get("_shown", ())),
        steps=tuple(draft.steps or ()),
        wishes=request.wishes or {},
        expires_at=draft.expires_at,
        sent_before=request.sent_at is not None,
        agreed=_agreed(request),
        stopped_page=_page_now(stopped.get("page"), questions),
        mistaken=bool(stopped.get("mistaken")),
        keyed=keyed,
        opened_again=bool(draft.answers.get(asking.AGAIN)) and not keyed,
        **_last_time(request, draft, keyed=bool(keyed)),
    )


def _last_time(request: Request, draft: Draft, *, keyed: bool) -> dict[str, Any]:
    """Return the answers of an earlier time, while they are this person's at a proved address."""
    apart = tuple(draft.answers.get(asking.APART, ()))
    last = draft.answers.get(asking.LAST) or {}
    if keyed or request.email_proved_at is None or last.get("of") != _person_of(request):
        return {"anew": apart}
    questions, wanted = questionnaire.shipped(), draft.answers.get("wanted_regions")
    said = placed.still_said(questions, last["answers"], before=last.get("wanted"), wanted=wanted)
    return {
        "last": said,
        "last_on": date.fromisoformat(last["on"]),
        "anew": (*apart, *asking.unsaid(questions, said)),
    }


def _person_of(request: Request) -> str:
    parts = (request.email_digest, request.person_digest)
    return ".".join(part.hex() if part else "" for part in parts)


def filled_in(draft: OpenDraft, page: str, language: str) -> dict[str, Any]:
    """Return what a page that was not saved yet shows from an earlier time; empty if nothing."""
    own = {question.id for question in pages.own_questions(draft.questions(language), page)}
    if any(key in draft.answers for key in own):
        return {}
    return {key: value for key, value in draft.last.items() if key in own}


def today(now: datetime) -> date:
    """Tell which day it is at the clinic's first location, by whose clock patients are asked."""
    return now.astimezone(ZoneInfo(zone())).date()


def zone() -> str:
    """Name the zone of the clinic's first location."""
    query = select(Location.zone).where(Location.active).order_by(Location.name, Location.id)
    return db.session.scalars(query.limit(1)).first() or "UTC"


def steps(draft: OpenDraft | None, language: str, *, as_of: date) -> tuple[Step, ...]:
    """List the pages of the history for these answers, or for none yet."""
    questions = draft.questions(language) if draft else questionnaire.shipped(language)
    answers = draft.answers if draft else Answers({})
    saved = draft.steps if draft else ()
    return tuple(
        Step(
            HISTORY + page.id,
            page.title,
            page.topics,
            missing=any(
                HISTORY + topic.id not in saved
                or pages.missing(questions, topic.id, answers, as_of=as_of)
                for topic in page.topics
            ),
        )
        for page in pages.called_for(questions, answers, as_of=as_of)
    )


def is_saved(draft: OpenDraft, page_id: str, language: str, *, as_of: date) -> bool:
    """Tell whether each topic that stands on a page was saved."""
    questions = draft.questions(language)
    found = pages.called_for(questions, draft.answers, as_of=as_of)
    topics = next((page.topics for page in found if page.id == page_id), ())
    return all(HISTORY + topic.id in draft.steps for topic in topics)


def page_of(draft: OpenDraft, topic: str) -> str | None:
    """Name the page on which a topic is asked of this writer, or None if there is no such topic."""
    return pages.page_of(draft.questions("en"), topic)


def answered(draft: OpenDraft, topic: str, language: str, *, as_of: date) -> tuple[Row, ...]:
    """List the questions of one topic with their answers, as they are worded.

    The boxes of a group that were not ticked stand in one row, under what was.
    """
    return rows(draft.questions(language), draft.answers, topic, as_of=as_of)


def rows(questions: Questionnaire, answers: Answers, topic: str, *, as_of: date) -> tuple[Row, ...]:
    """List the answers to one topic, the boxes that were not ticked in one row for each group."""
    groups = [
        group
        for group in pages.groups(questions, topic, answers, as_of=as_of)
        if group.ticked and all(one.id in answers for one in group.questions)
    ]
    unticked = {
        one.id: group for group in groups for one in group.questions if answers[one.id] == "no"
    }
    last = {id(group): one for one, group in unticked.items()}
    found: list[Row] = []
    for question in pages.asked(questions, topic, answers, as_of=as_of):
        if question.id not in unticked:
            if not _left_out(question, answers):
                found.append(Row(question.id, question.text, said(question, answers, questions)))
        elif last[id(unticked[question.id])] == question.id:
            found.append(_not_ticked(unticked[question.id], answers))
    return tuple(found)


def _not_ticked(group: Group, answers: Answers) -> Row:
    texts = tuple(one.text for one in group.questions if answers[one.id] == "no")
    return Row("", group.title, "", texts, beside_a_tick=len(texts) < len(group.questions))


def words_given(draft: OpenDraft, language: str) -> tuple[Row, ...]:
    """List the free texts of the request with what was written."""
    questions = draft.questions(language)
    return tuple(
        Row(question.id, question.text, said(question, draft.answers, questions))
        for question in questions.questions.values()
        if question.asked == "request" and question.kind == "text"
        if question.id in draft.answers
    )


def advice(draft: OpenDraft, language: str, *, as_of: date) -> tuple[Advice, ...]:
    """Say what to do now for each urgent answer, emergencies first."""
    found = {
        Advice(finding.urgency != "same_day", outcome.patient_text(finding, ruleset, language))
        for ruleset, finding in _urgent(draft.answers, as_of)
    }
    return tuple(sorted(found, key=lambda one: (not one.emergency, one.text)))


def ask_again(draft: OpenDraft, language: str, *, as_of: date) -> tuple[tuple[str, str], ...]:
    """List the red flags of which the patient's own words speak, with the page of each."""
    questions = draft.questions(language)
    screening = in_force.running().screen(draft.answers, as_of=as_of)
    return tuple(
        (
            questions.questions[finding.item].text,
            HISTORY + _page_of(finding.item, questions),
        )
        for finding in screening.findings
        if finding.urgency == outcome.CALL_TODAY and finding.item in questions.questions
    )


def must_stop(answers: Mapping[str, Any], *, as_of: date) -> bool:
    """Tell whether these answers are urgent whatever the missing ones would say.

    A follow-up that is still blank could choose an urgent branch; then it is asked first.
    """
    questions = questionnaire.shipped()
    given = _readable(answers, questions)
    return any(
        rule.level is Level.URGENT
        and (rule.when is None or rule.when.holds(Intake.of(questions, ruleset, given, as_of)))
        for ruleset, finding in _urgent(given, as_of)
        for rule in ruleset.items[finding.item].rules
        if rule.id in finding.rules
    )


def may_stop(answers: Mapping[str, Any], *, as_of: date) -> bool:
    """Tell whether these answers are urgent, if only by what they still leave open."""
    return bool(_urgent(_readable(answers, questionnaire.shipped()), as_of))


def said(question: Question, answers: Answers, questions: Questionnaire) -> str | list[str]:
    """Say an answer in the words of its question."""
    value = answers.plain(question.id)
    if value is None:
        return ""
    if isinstance(value, list):
        return [_one(question, part, questions) for part in value]
    return _one(question, value, questions)


def last_grant(browser: str, purpose: str, *, request_id: UUID | None = None) -> UUID | None:
    """Return this browser's newest grant, lapsed or not, if not ended; of one request if named."""
    query = select(Token.id).where(
        Token.purpose == f"{purpose}_browser",
        Token.fingerprint == fingerprint(browser),
        Token.revoked_at.is_(None),
    )
    if request_id is not None:
        query = query.where(Token.request_id == request_id)
    return db.session.scalars(query.order_by(Token.made_at.desc(), Token.id).limit(1)).first()


def _urgent(answers: Answers, as_of: date) -> Sequence[tuple[Ruleset, Finding]]:
    questions = questionnaire.shipped()
    return [
        (ruleset, finding)
        for ruleset in in_force.running().every
        for finding in outcome.screen(questions, ruleset, answers, as_of=as_of).findings
        if finding.level is Level.URGENT
    ]


def _page_of(item: str, questions: Questionnaire) -> str:
    topic = pages.topic_of(questions, questions.questions[item])
    return pages.page_of(questions, topic) or topic


def _page_now(name: str | None, questions: Questionnaire) -> str | None:
    """Name the page on which a topic stands now; it may have stood elsewhere when it was saved."""
    if name is None or not name.startswith(HISTORY):
        return name
    topic = name.removeprefix(HISTORY)
    return HISTORY + (pages.page_of(questions, topic) or topic)


def _left_out(question: Question, answers: Answers) -> bool:
    return question.optional and question.id not in answers


def _one(question: Question, value: object, questions: Questionnaire) -> str:
    known = {choice.slug: choice.text for choice in question.choices}
    text = str(value)
    if text in known:
        return known[text]
    if text in UNSURE:
        return _common_answers(questions.to_document(), questions.language)[text]
    if question.kind == "regions":
        return questions.body.label(text, questions.language)
    if question.kind == "date":
        return format_date(date.fromisoformat(text), format="long", locale=questions.language)
    return text


@cache
def _common_answers(document: str, language: str) -> Mapping[str, str]:
    """The words of answers that each question of a version understands."""
    words = json.loads(document)["words"]["common_answers"]
    return {slug: said_in[language] for slug, said_in in words.items()}


def _readable(stored: Mapping[str, Any], questions: Questionnaire) -> Answers:
    """Read what these questions can read; the rest is asked again, or not this reader's."""
    found: dict[str, Any] = {}
    for question_id, value in stored.items():
        if question_id.startswith("_"):
            continue
        try:
            found |= reading.read({question_id: value}, questions)
        except (UnknownQuestion, UnreadableAnswer):
            continue
    return Answers(dict(sorted(found.items())))


def _contact(request: Request) -> Contact:
    return Contact(
        name=request.name or "",
        birth_date=date.fromisoformat(request.birth_date) if request.birth_date else None,
        phone=request.phone or "",
        email=request.email,
        email_proved=request.email_proved_at is not None,
        channel=request.channel,
        answered_by=request.answered_by,
        language=request.language,
        guardian=(request.guardian or {}).get("name"),
    )


def _agreed(request: Request) -> bool:
    query = select(Consent.id).where(Consent.request_id == request.id)
    return db.session.scalars(query.limit(1)).first() is not None
