"""Two versions of a history laid side by side: what is new, what is gone, what is different.

Each version is read with the questions and the screening that it was answered and screened by,
so the two may differ in both. Everything that stands in either version is in exactly one list.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from clinic.screening import source
from clinic.screening.answers import FREE_TEXT
from clinic.screening.intake import MEDICINES
from clinic.screening.levels import Level
from clinic.screening.outcome import Finding, Screening
from clinic.screening.questionnaire import Questionnaire

BOXES = "free_text"
NEW, GONE, CHANGED, SAME = "new", "gone", "changed", "same"
KINDS = (NEW, GONE, CHANGED, SAME)


@dataclass(frozen=True)
class Version:
    """One version: the questions it was answered by, the stored answers, and its screening."""

    questions: Questionnaire
    answers: Mapping[str, object]
    screening: Screening


@dataclass(frozen=True)
class AnswerChange:
    """One question with its answer then and now; None where it was not answered."""

    question_id: str
    kind: str
    before: object
    after: object
    reworded: bool


@dataclass(frozen=True)
class FindingChange:
    """One finding then and now; ``parts`` names in what they differ."""

    id: str
    kind: str
    before: Finding | None
    after: Finding | None
    parts: tuple[str, ...] = ()

    @property
    def level(self) -> Level:
        """The graver of its two levels."""
        return max(one.level for one in (self.before, self.after) if one is not None)


@dataclass(frozen=True)
class RegionChange:
    """One wanted region with what it came to then and now; None where it was not wanted."""

    region: str
    kind: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Lines:
    """The lines of the medicine list, each as it was typed."""

    new: tuple[str, ...]
    gone: tuple[str, ...]
    same: tuple[str, ...]


@dataclass(frozen=True)
class Comparison:
    """All that two versions hold, by what became of it."""

    answers: tuple[AnswerChange, ...]
    findings: tuple[FindingChange, ...]
    regions: tuple[RegionChange, ...]
    medicines: Lines
    level_before: Level
    level_after: Level

    def answers_that(self, kind: str) -> tuple[AnswerChange, ...]:
        """The answers of one kind, in the order of the questions."""
        return tuple(one for one in self.answers if one.kind == kind)

    def findings_that(self, kind: str) -> tuple[FindingChange, ...]:
        """The findings of one kind, the gravest first."""
        return tuple(one for one in self.findings if one.kind == kind)

    @property
    def differs(self) -> bool:
        """Whether anything at all is different."""
        kinds = {one.kind for one in self.answers}
        kinds |= {one.kind for one in self.findings} | {one.kind for one in self.regions}
        return bool(self.medicines.new or self.medicines.gone or kinds - {SAME})


def compare(before: Version, after: Version) -> Comparison:
    """Lay two versions side by side; swapping them swaps new and gone, and nothing else."""
    return Comparison(
        answers=tuple(_answers(before, after)),
        findings=_findings(before.screening, after.screening),
        regions=tuple(_regions(before, after)),
        medicines=_lines(_typed(before.answers), _typed(after.answers)),
        level_before=before.screening.level,
        level_after=after.screening.level,
    )


def flat(answers: Mapping[str, object]) -> dict[str, object]:
    """Write stored answers with a key for each box of free text; our own marks are left out."""
    boxes = answers.get(BOXES)
    typed = boxes if isinstance(boxes, Mapping) else {}
    found = {key: value for key, value in answers.items() if not key.startswith("_")}
    found.pop(BOXES, None)
    return {**found, **{f"{FREE_TEXT}.{box}": text for box, text in typed.items()}}


# --- Answers ---------------------------------------------------------------------------------


def _answers(before: Version, after: Version) -> Iterator[AnswerChange]:
    old, new = flat(before.answers), flat(after.answers)
    for question_id in _order(before, after, {*old, *new}):
        then, now = old.get(question_id), new.get(question_id)
        if question_id == MEDICINES and isinstance(then, list) and isinstance(now, list):
            continue  # compared line by line
        if then is None and now is None:
            continue
        yield AnswerChange(
            question_id, _kind(then, now), then, now, _reworded(question_id, before, after)
        )


def _order(before: Version, after: Version, answered: set[str]) -> list[str]:
    """The newer questionnaire's order, then the older one's, then what neither knows by name."""
    listed = dict.fromkeys((*_listed(after.questions), *_listed(before.questions)))
    return [*(one for one in listed if one in answered), *sorted(answered - set(listed))]


def _listed(questions: Questionnaire) -> Iterator[str]:
    for section in questions.sections:
        yield from section.question_ids


def _kind(then: object, now: object) -> str:
    if then is None:
        return NEW
    if now is None:
        return GONE
    return SAME if _canonical(then) == _canonical(now) else CHANGED


def _canonical(value: object) -> str:
    """The order in which regions or choices were ticked makes no difference."""
    plain = list(value) if isinstance(value, tuple) else value
    if isinstance(plain, list):
        return source.canonical(sorted(source.canonical(part) for part in plain))
    return source.canonical(plain)


def _reworded(question_id: str, before: Version, after: Version) -> bool:
    then = before.questions.questions.get(question_id)
    now = after.questions.questions.get(question_id)
    if then is None or now is None:
        return False
    return (then.text, then.choices) != (now.text, now.choices)


# --- Medicines -------------------------------------------------------------------------------


def _typed(answers: Mapping[str, object]) -> list[str]:
    lines = answers.get(MEDICINES)
    return [str(line) for line in lines] if isinstance(lines, list | tuple) else []


def _lines(then: Iterable[str], now: Iterable[str]) -> Lines:
    old, new = list(then), list(now)
    return Lines(
        new=tuple(_beyond(new, old)),
        gone=tuple(_beyond(old, new)),
        same=tuple(_both(new, old)),
    )


def _beyond(lines: Iterable[str], others: Iterable[str]) -> Iterator[str]:
    """The lines that stand here more often than there, spaces and capitals apart."""
    left = Counter(_key(line) for line in others)
    for line in lines:
        if left[_key(line)]:
            left[_key(line)] -= 1
        else:
            yield line


def _both(lines: Iterable[str], others: Iterable[str]) -> Iterator[str]:
    left = Counter(_key(line) for line in others)
    for line in lines:
        if left[_key(line)]:
            left[_key(line)] -= 1
            yield line


def _key(line: str) -> str:
    return " ".join(line.casefold().split())


# --- Findings and regions --------------------------------------------------------------------


def _findings(before: Screening, after: Screening) -> tuple[FindingChange, ...]:
    old = {one.id: one for one in before.findings}
    new = {one.id: one for one in after.findings}
    found = [_finding(one, old.get(one), new.get(one)) for one in {**old, **new}]
    return tuple(sorted(found, key=lambda one: (-one.level.rank, one.id)))


def _finding(name: str, then: Finding | None, now: Finding | None) -> FindingChange:
    if then is None or now is None:
        return FindingChange(name, NEW if then is None else GONE, then, now)
    parts = tuple(_parts(then, now))
    return FindingChange(name, CHANGED if parts else SAME, then, now, parts)


def _parts(then: Finding, now: Finding) -> Iterator[str]:
    if (then.level, then.urgency) != (now.level, now.urgency):
        yield "level"
    if set(then.blocked_regions) != set(now.blocked_regions):
        yield "regions"
    if then.because != now.because:
        yield "answers"
    if then.lapses_on != now.lapses_on:
        yield "lapse"


def _regions(before: Version, after: Version) -> Iterator[RegionChange]:
    old, new = before.screening.regions, after.screening.regions
    order = {**after.questions.body.order, **before.questions.body.order}
    last = len(order)
    for region in sorted({*old, *new}, key=lambda one: (order.get(one, last), one)):
        then = old[region].verdict if region in old else None
        now = new[region].verdict if region in new else None
        yield RegionChange(region, _kind(then, now), then, now)
