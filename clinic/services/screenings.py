"""Screens intakes and stores what came out, with everything that went in.

The versions of the questionnaire and of the ruleset are stored beside, so that each screening
can be replayed and each question shown as it was worded then.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased

from clinic import in_force
from clinic.models import (
    Intake,
    QuestionnaireVersion,
    Request,
    RulesetVersion,
    ScreeningRecord,
)
from clinic.screening import answers as reading
from clinic.screening import outcome, questionnaire
from clinic.screening.answers import UnknownQuestion, UnreadableAnswer
from clinic.screening.levels import Level
from clinic.screening.outcome import CHANGED, OTHER_REQUEST, EarlierAnswer, Screening
from clinic.screening.questionnaire import Questionnaire
from clinic.screening.rules import Ruleset
from clinic.services.transaction import Work

REMEMBERED = timedelta(days=366)  # twelve months, a leap day included
FREE_TEXT = "free_text."
OWN_MARKS = "_"
LEFT = "_left"  # private questions that staff did not ask, left for the therapist
KEPT_MARKS = ("_shown", LEFT, "_asked", "_confirmed")


def screen(
    answers: Mapping[str, Any], *, as_of: date, earlier: Sequence[EarlierAnswer] = ()
) -> Screening:
    """Screen stored answers by the questionnaire that ships and the rules that run."""
    given = readable(answers, questionnaire.shipped())
    return in_force.running().screen(given, as_of=as_of, earlier=earlier)


def readable(answers: Mapping[str, Any], questions: Questionnaire) -> dict[str, Any]:
    """Leave out our own marks, and answers to questions that this version does not ask so."""
    given = {key: value for key, value in answers.items() if not key.startswith(OWN_MARKS)}
    try:
        reading.read(given, questions)
    except (UnknownQuestion, UnreadableAnswer):
        return _each_readable(given, questions)
    return given


def _each_readable(given: Mapping[str, Any], questions: Questionnaire) -> dict[str, Any]:
    found = {}
    for question_id, value in given.items():
        try:
            reading.read({question_id: value}, questions)
        except (UnknownQuestion, UnreadableAnswer):
            continue
        found[question_id] = value
    return found


def append(
    work: Work,
    request: Request,
    *,
    answers: Mapping[str, Any],
    trail: Sequence[Mapping[str, Any]],
    complete: bool,
    language: str,
    as_of: date,
) -> Screening:
    """Append the next intake of a request with its screening; the request's level follows."""
    questions = questionnaire.shipped(language)
    keep_questionnaire(work, questions)
    earlier = tuple(_earlier(work, request, trail))
    intake = Intake(
        request_id=request.id,
        number=_next_number(work, request),
        questionnaire_hash=questions.hash,
        language=language,
        answered_by=request.answered_by,
        complete=complete,
        answers=_as_sent(answers),
        trail=[dict(entry) for entry in trail] or None,
        sent_at=work.now,
    )
    work.session.add(intake)
    work.session.flush()
    work.audit("intake.sent", "intake", intake.id, request=request.id.hex, number=intake.number)
    screening = screen(answers, as_of=as_of, earlier=earlier)
    _store(work, request, intake, screening)
    return screening


def again(
    work: Work,
    request: Request,
    intake: Intake,
    *,
    as_of: date,
    earlier: Sequence[EarlierAnswer],
) -> tuple[ScreeningRecord, Screening]:
    """Screen a stored intake anew, by the rules that run and as of this day."""
    screening = screen(intake.answers, as_of=as_of, earlier=earlier)
    return _store(work, request, intake, screening), screening


def newest(work: Work, request: Request) -> Screening | None:
    """Return the newest screening of a request, if it has one."""
    query = (
        select(ScreeningRecord)
        .join(Intake, Intake.id == ScreeningRecord.intake_id)
        .where(ScreeningRecord.request_id == request.id)
        .order_by(Intake.number.desc(), ScreeningRecord.made_at.desc(), ScreeningRecord.id)
    )
    record = work.session.scalars(query.limit(1)).first()
    return outcome.from_json(record.result) if record else None


def differs(before: Screening, after: Screening) -> bool:
    """Tell whether the result differs: findings, the answers behind them, or regions."""
    return (before.findings, dict(before.regions)) != (after.findings, dict(after.regions))


def graver_elsewhere(work: Work, request: Request, *, since: datetime, than: Level) -> bool:
    """Tell whether this person's other requests were screened graver than that since then."""
    others = ScreeningRecord.request_id.in_(_others_of(request))
    found = _records(work, others, ScreeningRecord.made_at > since)
    return any(Level(record.level) > than for record in found)


def one_person(one: type[Request], other: type[Request]) -> ColumnElement[bool]:
    """Two requests are one person's if a phone, an e-mail, or name and birth date agree."""
    return or_(
        one.phone_digest == other.phone_digest,
        one.email_digest == other.email_digest,
        one.person_digest == other.person_digest,
    )


def keep_questionnaire(work: Work, questions: Questionnaire) -> None:
    """Store this version of the questionnaire, if it is not stored yet."""
    if work.session.get(QuestionnaireVersion, questions.hash) is None:
        row = QuestionnaireVersion(
            hash=questions.hash,
            version=questions.version,
            document=questions.to_document(),
            stored_at=work.now,
        )
        _add_once(work, row)


def keep_ruleset(work: Work, ruleset: Ruleset) -> None:
    """Store this version of the ruleset, if it is not stored yet; it is a draft till approved."""
    if work.session.get(RulesetVersion, ruleset.hash) is None:
        row = RulesetVersion(
            hash=ruleset.hash,
            version=ruleset.version,
            document=ruleset.to_document(),
            complete=ruleset.complete,
            stored_at=work.now,
        )
        _add_once(work, row)


def _add_once(work: Work, row: QuestionnaireVersion | RulesetVersion) -> None:
    """Add a version that a racer may be adding too: either way it is there afterwards."""
    try:
        with work.session.begin_nested():
            work.session.add(row)
            work.session.flush()
    except IntegrityError:
        if work.session.get(type(row), row.hash) is None:
            raise


def _store(work: Work, request: Request, intake: Intake, screening: Screening) -> ScreeningRecord:
    """Store a screening with its rules; the request's level follows."""
    ruleset = in_force.running().used(screening)
    keep_ruleset(work, ruleset)
    lapses = [finding.lapses_on for finding in screening.findings if finding.lapses_on]
    record = ScreeningRecord(
        request_id=request.id,
        intake_id=intake.id,
        ruleset_hash=ruleset.hash,
        as_of=screening.as_of,
        made_at=work.now,
        level=screening.level.value,
        lapses_on=min(lapses, default=None),
        earlier=[one.as_json() for one in screening.earlier] or None,
        result=screening.as_bytes().decode("utf-8"),
    )
    work.session.add(record)
    work.session.flush()
    work.audit("screening.made", "screening", record.id, level=record.level)
    request.level = record.level
    return record


def _earlier(
    work: Work, request: Request, trail: Sequence[Mapping[str, Any]]
) -> Iterator[EarlierAnswer]:
    """List the answers that stopped or held this person's requests before, each once."""
    found: dict[str, EarlierAnswer] = {}
    for entry in trail:
        one = EarlierAnswer(entry["question"], entry["answer"], Level(entry["level"]), CHANGED)
        found.setdefault(json.dumps(one.as_json(), sort_keys=True), one)
    for record in _records(work, ScreeningRecord.request_id == request.id):
        for one in _grounds(record, CHANGED):
            found.setdefault(json.dumps(one.as_json(), sort_keys=True), one)
    for record in _records(
        work,
        ScreeningRecord.request_id.in_(_others_of(request)),
        ScreeningRecord.made_at > work.now - REMEMBERED,
    ):
        for one in _grounds(record, OTHER_REQUEST):
            found.setdefault(json.dumps(one.as_json(), sort_keys=True), one)
    yield from found.values()


def _records(work: Work, *where: ColumnElement[bool]) -> Sequence[ScreeningRecord]:
    query = select(ScreeningRecord).where(*where)
    return work.session.scalars(query.order_by(ScreeningRecord.made_at, ScreeningRecord.id)).all()


def _grounds(record: ScreeningRecord, kind: str) -> Iterator[EarlierAnswer]:
    """List the answers behind the findings of one screening; a blank is no answer."""
    for finding in outcome.from_json(record.result).findings:
        for question_id, text in finding.because:
            value = json.loads(text)
            if value is not None:
                yield EarlierAnswer(question_id, value, finding.level, kind)


def _others_of(request: Request) -> Select[UUID]:
    """Select the other requests of the same person; who left nothing to go by has none."""
    one, other = aliased(Request), aliased(Request)
    same = and_(other.id != one.id, one_person(one, other))
    return select(other.id).select_from(one).join(other, same).where(one.id == request.id)


def _next_number(work: Work, request: Request) -> int:
    query = select(func.max(Intake.number)).where(Intake.request_id == request.id)
    return (work.session.scalar(query) or 0) + 1


def _as_sent(answers: Mapping[str, Any]) -> dict[str, Any]:
    """Write answers as an intake keeps them: free text by box, and what was shown, not ticked."""
    boxes = {
        key.removeprefix(FREE_TEXT): value
        for key, value in answers.items()
        if key.startswith(FREE_TEXT)
    }
    kept = {
        key: value
        for key, value in answers.items()
        if key in KEPT_MARKS or not key.startswith((FREE_TEXT, OWN_MARKS))
    }
    return {**kept, "free_text": boxes} if boxes else kept
