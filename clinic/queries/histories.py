"""A medical history as a therapist reads it: summary, findings, answers as worded, decisions.

Whoever calls this has opened the history through services.reading first, which wrote down who
reads it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from clinic.access import Actor, NotThere, Permission
from clinic.extensions import db
from clinic.models import (
    Attempt,
    Clearance,
    Intake,
    Location,
    Note,
    QuestionnaireVersion,
    Request,
    Review,
    RulesetVersion,
    ScreeningRecord,
    User,
)
from clinic.screening import dates, outcome, questionnaire, rules
from clinic.screening.conditions import UNSURE
from clinic.screening.outcome import Finding, Screening
from clinic.screening.questionnaire import Question, Questionnaire
from clinic.screening.rules import Ruleset


@dataclass(frozen=True)
class AnswerRow:
    """One question as it was worded, and what was answered."""

    question: str
    answer: str
    state: str  # given, nothing (an empty list), unsure, or blank
    private: bool
    shown_not_ticked: bool


@dataclass(frozen=True)
class SectionRows:
    """One topic of the history."""

    title: str
    rows: tuple[AnswerRow, ...]


@dataclass(frozen=True)
class FindingRow:
    """One finding in words."""

    item: str
    level: str
    reason: str
    because: tuple[tuple[str, str], ...]
    action: str
    notes: tuple[str, ...]
    regions: tuple[str, ...]
    lapses_on: date | None
    sources: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class RegionRow:
    """One wanted region: allowed, with care, or to be avoided, and why."""

    id: str
    label: str
    verdict: str
    why: tuple[str, ...]


@dataclass(frozen=True)
class DecisionRow:
    """One signed decision; it counts only if it was made on the newest intake."""

    decision: str
    reason_code: str | None
    reason: str | None
    regions: tuple[str, ...]
    technique: tuple[str, ...]
    positions: tuple[str, ...]
    valid_from: date | None
    valid_until: date | None
    signed_name: str
    signed_at: datetime
    past: bool


@dataclass(frozen=True)
class NoteRow:
    """One clinical note."""

    body: str
    by: str
    at: datetime


@dataclass(frozen=True)
class History:
    """All that a therapist needs to decide."""

    request_id: UUID
    reference: str
    version: int
    name: str
    age: int | None
    birth_date: date | None
    language: str
    zone: str
    clinical_state: str
    urgent_open: bool
    reached: bool
    intake_id: UUID
    intake_number: int
    intakes: int
    complete: bool
    answered_by: str
    guardian: str
    sent_at: datetime
    level: str
    screened_at: datetime
    ruleset: str
    ruleset_complete: bool
    findings: tuple[FindingRow, ...]
    regions: tuple[RegionRow, ...]
    blocked: tuple[str, ...]
    wishes: tuple[tuple[str, str], ...]
    sections: tuple[SectionRows, ...]
    decisions: tuple[DecisionRow, ...]
    clearance_until: date | None
    clearance_from: date | None
    notes: tuple[NoteRow, ...]


def newest(actor: Actor, reference: str, *, now: datetime) -> History:
    """Return the newest history of a request, or raise NotThere."""
    actor.require(Permission.SEE_HISTORY)
    request = db.session.scalars(select(Request).where(Request.reference == reference)).first()
    if request is None:
        raise NotThere
    intakes = db.session.scalars(
        select(Intake).where(Intake.request_id == request.id).order_by(Intake.number.desc())
    ).all()
    if not intakes:
        raise NotThere
    record = db.session.scalars(
        select(ScreeningRecord)
        .where(ScreeningRecord.intake_id == intakes[0].id)
        .order_by(ScreeningRecord.made_at.desc(), ScreeningRecord.id)
    ).first()
    if record is None:
        raise NotThere
    return _History(request, intakes, record, now).build()


def request_id_of(actor: Actor, reference: str) -> UUID:
    """Return the id of a sent request by its reference, or raise NotThere."""
    actor.require(Permission.SEE_HISTORY)
    query = select(Request.id).where(Request.reference == reference, Request.sent_at.is_not(None))
    found = db.session.scalar(query)
    if found is None:
        raise NotThere
    return found


class _History:
    """Gathers the parts of one history."""

    def __init__(
        self, request: Request, intakes: Sequence[Intake], record: ScreeningRecord, now: datetime
    ) -> None:
        self.request, self.intakes, self.record = request, intakes, record
        self.intake = intakes[0]
        self.zone = _zone(request)
        self.today = now.astimezone(ZoneInfo(self.zone)).date()
        # Staff read English; what the patient typed stays in the patient's language.
        self.questionnaire = _questionnaire(self.intake.questionnaire_hash, "en")
        self.ruleset = _ruleset(record.ruleset_hash)
        self.screening: Screening = outcome.from_json(json.loads(record.result))

    def build(self) -> History:
        request, born = self.request, self._born()
        clearance = self._clearance()
        return History(
            request_id=request.id,
            reference=request.reference,
            version=request.version,
            name=request.name or "",
            age=dates.age_on(born, self.today) if born else None,
            birth_date=born,
            language=self.intake.language,
            zone=self.zone,
            clinical_state=request.clinical_state,
            urgent_open=request.urgent_open,
            reached=self._reached(),
            intake_id=self.intake.id,
            intake_number=self.intake.number,
            intakes=len(self.intakes),
            complete=self.intake.complete,
            answered_by=self.intake.answered_by,
            guardian=str((request.guardian or {}).get("name", "")),
            sent_at=self.intake.sent_at,
            level=self.screening.level.value,
            screened_at=self.record.made_at,
            ruleset=self.ruleset.version,
            ruleset_complete=self.ruleset.complete,
            findings=tuple(self._finding(finding) for finding in self.screening.findings),
            regions=self._regions(),
            blocked=self._labels(self.screening.blocked_regions),
            wishes=self._wishes(),
            sections=tuple(self._sections()),
            decisions=tuple(self._decisions()),
            clearance_until=clearance.valid_until if clearance else None,
            clearance_from=clearance.valid_from if clearance else None,
            notes=tuple(self._notes()),
        )

    def _born(self) -> date | None:
        return date.fromisoformat(self.request.birth_date) if self.request.birth_date else None

    def _reached(self) -> bool:
        query = select(Attempt.id).where(
            Attempt.request_id == self.request.id, Attempt.outcome == "reached"
        )
        return db.session.scalars(query.limit(1)).first() is not None

    def _clearance(self) -> Clearance | None:
        query = select(Clearance).where(
            Clearance.request_id == self.request.id, Clearance.ended_at.is_(None)
        )
        return db.session.scalars(query).first()

    def _labels(self, ids: Iterable[str]) -> tuple[str, ...]:
        return tuple(self.questionnaire.body.label(region, "en") for region in ids)

    def _regions(self) -> tuple[RegionRow, ...]:
        return tuple(
            RegionRow(
                id=region,
                label=self.questionnaire.body.label(region, "en"),
                verdict=verdict.verdict,
                why=tuple(self._title(item) for item in verdict.why),
            )
            for region, verdict in self.screening.regions.items()
        )

    def _title(self, item: str) -> str:
        known = self.ruleset.items.get(item)
        return known.title if known else item

    def _finding(self, finding: Finding) -> FindingRow:
        return FindingRow(
            item=self._title(finding.item),
            level=finding.level.value,
            reason=finding.reason,
            because=tuple(
                (self._asked(question_id), self._said(question_id, value))
                for question_id, value in finding.because
            ),
            action=finding.action,
            notes=tuple(finding.notes),
            regions=self._labels(finding.blocked_regions),
            lapses_on=finding.lapses_on,
            sources=tuple((key, self.ruleset.sources.get(key, "")) for key in finding.sources),
        )

    def _asked(self, question_id: str) -> str:
        question = self.questionnaire.questions.get(question_id)
        return question.text if question else question_id

    def _said(self, question_id: str, value: object) -> str:
        question = self.questionnaire.questions.get(question_id)
        return worded(question, value, self.questionnaire) if question else str(value)

    def _wishes(self) -> tuple[tuple[str, str], ...]:
        wishes = self.request.wishes or {}
        return tuple((name, str(text)) for name, text in sorted(wishes.items()) if text)

    def _sections(self) -> Iterable[SectionRows]:
        answers = self.intake.answers
        shown = set(answers.get("_shown", ()))
        for section in self.questionnaire.sections:
            rows = tuple(
                AnswerRow(
                    question=question.text,
                    answer=worded(question, _given(answers, question.id), self.questionnaire),
                    state=_state(_given(answers, question.id)),
                    private=question.private,
                    shown_not_ticked=question.id in shown,
                )
                for question in self._answered(section.question_ids)
            )
            if rows:
                yield SectionRows(section.title, rows)

    def _answered(self, question_ids: Iterable[str]) -> Iterable[Question]:
        for question_id in question_ids:
            question = self.questionnaire.questions[question_id]
            if question.asked == "derived":
                continue
            if not question.is_follow_up or _given(self.intake.answers, question_id) is not None:
                yield question

    def _decisions(self) -> Iterable[DecisionRow]:
        query = select(Review).where(Review.request_id == self.request.id)
        for review in db.session.scalars(query.order_by(Review.signed_at.desc(), Review.id)):
            limits = review.limits or {}
            yield DecisionRow(
                decision=review.decision,
                reason_code=review.reason_code,
                reason=review.reason,
                regions=self._labels(limits.get("regions", ())),
                technique=tuple(limits.get("technique", ())),
                positions=tuple(limits.get("positions", ())),
                valid_from=review.valid_from,
                valid_until=review.valid_until,
                signed_name=review.signed_name,
                signed_at=review.signed_at,
                past=review.intake_id != self.intake.id,
            )

    def _notes(self) -> Iterable[NoteRow]:
        query = (
            select(Note, User.display_name)
            .join(User, User.id == Note.by_id)
            .where(Note.request_id == self.request.id, Note.kind == "clinical")
            .order_by(Note.at.desc(), Note.id)
        )
        for note, name in db.session.execute(query):
            yield NoteRow(note.body, name, note.at)


def worded(question: Question, value: object, version: Questionnaire) -> str:
    """Say an answer in the words of its question; a blank one is an empty text."""
    if value is None:
        return ""
    known = {choice.slug: choice.text for choice in question.choices}
    if isinstance(value, list | tuple):
        return "; ".join(_one(question, part, known, version) for part in value)
    return _one(question, value, known, version)


def _one(question: Question, value: object, known: dict[str, str], version: Questionnaire) -> str:
    text = str(value)
    if text in known:
        return known[text]
    if question.kind == "regions" and text in version.body.ids:
        return version.body.label(text, version.language)
    return f"{text} {question.unit}" if question.kind == "number" and question.unit else text


def _state(value: object) -> str:
    if value is None:
        return "blank"
    if value in UNSURE:
        return "unsure"
    return "given" if value not in ([], ()) else "nothing"


def _given(answers: dict[str, object], question_id: str) -> object:
    if question_id.startswith("free_text."):
        boxes = answers.get("free_text") or {}
        return (
            boxes.get(question_id.removeprefix("free_text.")) if isinstance(boxes, dict) else None
        )
    return answers.get(question_id)


def _zone(request: Request) -> str:
    query = select(Location.zone).order_by(Location.active.desc(), Location.name, Location.id)
    if request.location_id is not None:
        query = query.where(Location.id == request.location_id)
    return db.session.scalars(query).first() or "UTC"


def _questionnaire(digest: str, language: str) -> Questionnaire:
    shipped = questionnaire.shipped(language)
    if shipped.hash == digest:
        return shipped
    stored = db.session.get_one(QuestionnaireVersion, digest)
    return questionnaire.from_document(stored.document, language)


def _ruleset(digest: str) -> Ruleset:
    shipped = rules.shipped_rules()
    if shipped.hash == digest:
        return shipped
    return rules.from_document(db.session.get_one(RulesetVersion, digest).document)
