"""Two versions of one medical history side by side, in words, for a therapist.

Whoever calls this has opened the history through services.reading first, which wrote down who
reads it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from clinic.access import Actor, NotThere, Permission
from clinic.extensions import db
from clinic.models import Clearance, Intake, Request, ScreeningRecord
from clinic.queries import histories
from clinic.queries.answers import Worded
from clinic.screening import comparison, outcome
from clinic.screening.comparison import Comparison, Version
from clinic.screening.outcome import Finding
from clinic.screening.rules import Ruleset

CLEARANCE, DATES = "clearance", "dates"  # since the last clearance; the same answers, earlier rules
CHANGED = ".changed"


@dataclass(frozen=True)
class Side:
    """One of the two versions: its number, when it was sent and screened, and its level."""

    number: int
    sent_at: datetime
    screened_on: date
    level: str


@dataclass(frozen=True)
class Earlier:
    """One version that the newest may be compared with."""

    choice: str
    number: int
    sent_at: datetime


@dataclass(frozen=True)
class FindingRow:
    """One finding then and now, in words; a level is empty where it was not there."""

    kind: str
    item: str
    changed_answer: bool
    parts: tuple[str, ...]
    level_before: str
    level_after: str
    blocked_before: tuple[str, ...]
    blocked_after: tuple[str, ...]
    lapses_before: date | None
    lapses_after: date | None
    reason: str


@dataclass(frozen=True)
class AnswerRow:
    """One question as worded then and now, with both answers.

    An answer is None where it was left blank, and empty where "none" was ticked.
    """

    id: str
    kind: str
    question: str
    question_before: str  # only where it was worded otherwise
    before: str | None
    after: str | None
    private: bool


@dataclass(frozen=True)
class RegionRow:
    """One wanted region and what it came to then and now; empty where it was not wanted."""

    kind: str
    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Compared:
    """The newest version of a history against an earlier one."""

    reference: str
    name: str
    zone: str
    choice: str
    before: Side
    after: Side
    differs: bool
    findings: tuple[FindingRow, ...]
    regions: tuple[RegionRow, ...]
    answers: tuple[AnswerRow, ...]
    medicines: comparison.Lines
    earlier: tuple[Earlier, ...]
    since_clearance: bool  # there is an earlier clearance to compare with
    dates_passed: bool  # the newest answers were screened again on a later day
    newer_rules: bool  # the two were screened by different versions of the rules

    def findings_that(self, kind: str) -> tuple[FindingRow, ...]:
        """The findings of one kind, the gravest first."""
        return tuple(one for one in self.findings if one.kind == kind)

    def answers_that(self, kind: str) -> tuple[AnswerRow, ...]:
        """The answers of one kind, in the order of the questions."""
        return tuple(one for one in self.answers if one.kind == kind)

    @property
    def differing(self) -> int:
        """How many answers and lines of the medicine list are not as they were."""
        answers = sum(1 for one in self.answers if one.kind != comparison.SAME)
        return answers + len(self.medicines.new) + len(self.medicines.gone)


@dataclass(frozen=True)
class _Step:
    """One intake as one screening found it."""

    intake: Intake
    record: ScreeningRecord


def newest(actor: Actor, reference: str, *, choice: str = "") -> Compared | None:
    """Compare the newest version with the one before, or with the one chosen.

    A choice is a version's number, ``clearance`` or ``dates``. Returns None while there is
    nothing to compare with; raises NotThere for a choice that there is not.
    """
    actor.require(Permission.SEE_HISTORY)
    request = histories.sent_request(reference)
    steps = _steps(request)
    if not steps:
        raise NotThere
    now, ways = steps[0], _ways(request, steps)
    if not choice:
        choice = next((way for way in ways if way != CLEARANCE), "")
        if not choice:
            return None
    if choice not in ways:
        raise NotThere
    return _Words(request, ways[choice], now).build(choice, steps, ways)


def _ways(request: Request, steps: Sequence[_Step]) -> dict[str, _Step]:
    """Each choice with the version it stands for; the version before comes first."""
    now = steps[0]
    ways: dict[str, _Step] = {}
    for step in steps[1:]:
        if step.intake.id != now.intake.id:
            ways.setdefault(str(step.intake.number), step)
    rescreened = [one for one in steps[1:] if one.intake.id == now.intake.id]
    if rescreened:
        ways[DATES] = rescreened[0]
    cleared = _cleared(request, steps)
    if cleared is not None and cleared.record.id != now.record.id:
        ways[CLEARANCE] = cleared
    return ways


def _steps(request: Request) -> list[_Step]:
    """Every screening of every version, the newest first."""
    query = (
        select(Intake, ScreeningRecord)
        .join(ScreeningRecord, ScreeningRecord.intake_id == Intake.id)
        .where(Intake.request_id == request.id)
        .order_by(Intake.number.desc(), ScreeningRecord.made_at.desc(), ScreeningRecord.id)
    )
    return [_Step(intake, record) for intake, record in db.session.execute(query)]


def _cleared(request: Request, steps: Sequence[_Step]) -> _Step | None:
    query = select(Clearance.screening_id).where(Clearance.request_id == request.id)
    newest_first = query.order_by(Clearance.made_at.desc(), Clearance.id).limit(1)
    screening_id = db.session.scalars(newest_first).first()
    return next((one for one in steps if one.record.id == screening_id), None)


class _Words:
    """Puts a comparison into words."""

    def __init__(self, request: Request, before: _Step, after: _Step) -> None:
        self.request, self.before, self.after = request, before, after
        self.then = histories.worded_of(before.intake, before.record.as_of)[0]
        self.now = histories.worded_of(after.intake, after.record.as_of)[0]
        self.rules_then = histories.ruleset_of(before.record.ruleset_hash).ruleset
        self.rules_now = histories.ruleset_of(after.record.ruleset_hash).ruleset

    def build(self, choice: str, steps: Sequence[_Step], ways: dict[str, _Step]) -> Compared:
        found = comparison.compare(_version(self.before, self.then), _version(self.after, self.now))
        return Compared(
            reference=self.request.reference,
            name=self.request.name or "",
            zone=histories.zone_of(self.request),
            choice=choice,
            before=_side(self.before),
            after=_side(self.after),
            differs=found.differs,
            findings=tuple(self._findings(found)),
            regions=tuple(self._regions(found)),
            answers=tuple(self._answers(found)),
            medicines=found.medicines,
            earlier=tuple(_earlier(ways)),
            since_clearance=CLEARANCE in ways,
            dates_passed=DATES in ways,
            newer_rules=self.before.record.ruleset_hash != self.after.record.ruleset_hash,
        )

    def _findings(self, found: Comparison) -> Iterator[FindingRow]:
        for one in found.findings:
            shown = one.after or one.before
            if shown is None:
                continue
            yield FindingRow(
                kind=one.kind,
                item=self._title(shown),
                changed_answer=one.id.endswith(CHANGED),
                parts=one.parts,
                level_before=one.before.level.value if one.before else "",
                level_after=one.after.level.value if one.after else "",
                blocked_before=self.then.labels(one.before.blocked_regions if one.before else ()),
                blocked_after=self.now.labels(one.after.blocked_regions if one.after else ()),
                lapses_before=one.before.lapses_on if one.before else None,
                lapses_after=one.after.lapses_on if one.after else None,
                reason=shown.reason,
            )

    def _title(self, finding: Finding) -> str:
        for ruleset in (self.rules_now, self.rules_then):
            if title := _titled(finding.item, ruleset):
                return title
        return finding.item.replace("-", " ").capitalize()

    def _regions(self, found: Comparison) -> Iterator[RegionRow]:
        for one in found.regions:
            label = next(iter(self.now.labels([one.region]) or self.then.labels([one.region])), "")
            yield RegionRow(one.kind, label or one.region, one.before or "", one.after or "")

    def _answers(self, found: Comparison) -> Iterator[AnswerRow]:
        for one in found.answers:
            then, now = self.then.asked(one.question_id), self.now.asked(one.question_id)
            question = self.now.version.questions.get(
                one.question_id
            ) or self.then.version.questions.get(one.question_id)
            yield AnswerRow(
                id=one.question_id,
                kind=one.kind,
                question=now or then or one.question_id,
                question_before=then if one.reworded else "",
                before=_said(self.then, one.question_id, one.before),
                after=_said(self.now, one.question_id, one.after),
                private=question is None or question.private,
            )


def _said(words: Worded, question_id: str, value: object) -> str | None:
    return None if value is None else words.said(question_id, value)


def _titled(item: str, ruleset: Ruleset) -> str:
    known = ruleset.items.get(item)
    return known.title if known else ""


def _version(step: _Step, words: Worded) -> Version:
    return Version(words.version, step.intake.answers, outcome.from_json(step.record.result))


def _side(step: _Step) -> Side:
    return Side(step.intake.number, step.intake.sent_at, step.record.as_of, step.record.level)


def _earlier(ways: dict[str, _Step]) -> Iterator[Earlier]:
    for choice, step in ways.items():
        if choice not in (CLEARANCE, DATES):
            yield Earlier(choice, step.intake.number, step.intake.sent_at)
