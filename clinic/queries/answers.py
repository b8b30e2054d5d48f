"""The answers of one intake in words: as they were asked then, and what was typed.

Staff read the English wording of the version that was answered, and beside it the patient's own
where that was another language. What the patient typed stays as typed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from clinic.screening import answers as reading
from clinic.screening import questionnaire
from clinic.screening.answers import Answers, UnknownQuestion, UnreadableAnswer
from clinic.screening.asking import ANEW, CONFIRMED
from clinic.screening.conditions import UNSURE, Value
from clinic.screening.medicines import Formulary, Hit
from clinic.screening.questionnaire import Question, Questionnaire
from clinic.screening.rules import Ruleset

FREE_TEXT = "free_text."
SHOWN = "_shown"
LEFT = "_left"  # private questions that staff who wrote for the patient did not ask
MEDICINES = "medicines"
OF_ONE = {"days": "day", "weeks": "week", "months": "month", "years": "year"}


@dataclass(frozen=True)
class AnswerRow:
    """One question as it was worded, and what was answered.

    ``state`` is given, least (an answer that raises no caution), nothing (an empty list), unsure,
    blank, skipped (blank, and nobody had to answer), or left (not asked: a therapist asks).
    ``original`` is the wording that the patient read, where it was not English. ``before`` is the
    answer of the version before, where that was another one.
    """

    question: str
    original: str
    answer: str
    state: str
    private: bool
    shown_not_ticked: bool
    follow_up: bool
    before: str | None
    on_the_day: bool = False  # it may change in a day: asked again at the visit
    confirmed_on: date | None = None  # taken from an earlier time, and said to be true still
    asked_again: str = ""  # page or phone: how a therapist's question was answered
    item: str = ""

    @property
    def plain(self) -> bool:
        """Whether it raises no caution and nothing more is to be said: paper names it only."""
        said = self.before is not None or bool(self.asked_again) or self.follow_up
        return self.state == "least" and not said


@dataclass(frozen=True)
class SectionRows:
    """One topic of the history."""

    title: str
    rows: tuple[AnswerRow, ...]


@dataclass(frozen=True)
class MedicineRead:
    """One medicine that was recognised in a typed line, and how it counts."""

    agent: str
    group: str
    status: str
    days_since: int | None
    spelled_so: bool
    either: tuple[str, ...]


@dataclass(frozen=True)
class MedicineRow:
    """One line as it was typed, what was recognised in it, and the words that were not."""

    typed: str
    read: tuple[MedicineRead, ...]
    unknown: tuple[str, ...]


class Worded:
    """The answers of one intake, with the questionnaire that it was answered in.

    ``version`` words it in English, ``original`` in the patient's language where that is another.
    """

    def __init__(
        self,
        version: Questionnaire,
        original: Questionnaire | None,
        given: Mapping[str, object],
        as_of: date,
    ) -> None:
        self.version, self.original = version, original
        self.given, self.as_of = given, as_of
        self.read = readable(given, self.version)

    def value(self, question_id: str) -> object:
        """Return the stored answer, or None."""
        if question_id.startswith(FREE_TEXT):
            boxes = self.given.get("free_text")
            box = question_id.removeprefix(FREE_TEXT)
            return boxes.get(box) if isinstance(boxes, dict) else None
        return self.given.get(question_id)

    def asked(self, question_id: str) -> str:
        """Word a question; one that this version does not have is of an earlier one."""
        question = self.version.questions.get(question_id)
        return question.text if question else ""

    def said(self, question_id: str, value: object) -> str:
        """Word an answer to a question; a blank one is an empty text."""
        question = self.version.questions.get(question_id)
        return worded(question, value, self.version)

    def labels(self, regions: Iterable[str]) -> tuple[str, ...]:
        """Word regions; halves that are known as such keep their side."""
        known = self.version.body.order
        return tuple(self.version.body.label(one) for one in regions if one in known)

    def sections(self, before: Worded | None) -> Iterator[SectionRows]:
        """List every question that was asked or answered, by topic."""
        for section in self.version.sections:
            rows = tuple(self._row(one, before) for one in self._asked(section.question_ids))
            if rows:
                yield SectionRows(section.title, rows)
        rows = tuple(self._unworded())
        if rows:
            yield SectionRows("", rows)

    def _unworded(self) -> Iterator[AnswerRow]:
        """Show answers whose questions cannot be read any more: by id, but never left out."""
        boxes = self.given.get("free_text")
        typed = boxes if isinstance(boxes, dict) else {}
        kept = {key: value for key, value in self.given.items() if key != "free_text"}
        kept |= {f"{FREE_TEXT}{box}": text for box, text in typed.items()}
        for key, value in kept.items():
            if key not in self.version.questions and not key.startswith("_"):
                said = worded(None, value, self.version)
                yield AnswerRow(
                    question=key,
                    original="",
                    answer=said,
                    state="given",
                    private=True,
                    shown_not_ticked=False,
                    follow_up=False,
                    before=None,
                )

    def _asked(self, question_ids: Iterable[str]) -> Iterator[Question]:
        for question_id in question_ids:
            question = self.version.questions[question_id]
            called_for = questionnaire.visible(question, self.read, as_of=self.as_of)
            if called_for or self.value(question_id) is not None:
                yield question

    def _row(self, question: Question, before: Worded | None) -> AnswerRow:
        value = self.value(question.id)
        own = self.original.questions.get(question.id) if self.original else None
        shown = self.given.get(SHOWN)
        return AnswerRow(
            question=question.text,
            original=own.text if own else "",
            answer=worded(question, value, self.version),
            state="left" if value is None and self._left(question.id) else _state(question, value),
            private=question.private,
            shown_not_ticked=isinstance(shown, list) and question.id in shown,
            follow_up=question.is_follow_up,
            before=_before(question, value, before),
            on_the_day=question.on_the_day,
            confirmed_on=self._confirmed(question.id),
            asked_again=self._anew(question.id),
            item=question.item,
        )

    def _confirmed(self, question_id: str) -> date | None:
        days = self.given.get(CONFIRMED)
        day = days.get(question_id) if isinstance(days, dict) else None
        return date.fromisoformat(str(day)) if day else None

    def _anew(self, question_id: str) -> str:
        asked = self.given.get(ANEW)
        if not isinstance(asked, dict) or question_id not in asked.get("questions", ()):
            return ""
        return str(asked.get("how", ""))

    def _left(self, question_id: str) -> bool:
        left = self.given.get(LEFT)
        return isinstance(left, list) and question_id in left


def medicines(
    given: Mapping[str, object], ruleset: Ruleset, *, as_of: date
) -> tuple[MedicineRow, ...]:
    """List the typed medicines with what was recognised; what was not recognised comes first."""
    lines = given.get(MEDICINES)
    typed = [str(line) for line in lines] if isinstance(lines, list | tuple) else []
    rows = [_medicine(line, ruleset, as_of) for line in typed if line not in UNSURE]
    return tuple(sorted(rows, key=lambda row: not row.unknown))


def readable(given: Mapping[str, object], version: Questionnaire) -> Answers:
    """Read what this version asks so; our own marks and what cannot be read are left out."""
    found: dict[str, Value] = {}
    for question_id, value in given.items():
        try:
            found.update(reading.read({question_id: value}, version))
        except (UnknownQuestion, UnreadableAnswer):
            continue
    return Answers(found)


def worded(question: Question | None, value: object, version: Questionnaire) -> str:
    """Say an answer in the words of its question; a blank one is an empty text."""
    if value is None:
        return ""
    if isinstance(value, list | tuple):
        return "; ".join(_one(question, part, version) for part in value)
    return _one(question, value, version)


def from_stored(text: str) -> object:
    """Read an answer that a finding keeps as canonical JSON."""
    return json.loads(text)


def _one(question: Question | None, value: object, version: Questionnaire) -> str:
    text = str(value)
    known = {choice.slug: choice.text for choice in question.choices} if question else {}
    if text in known:
        return known[text]
    if question is None or text in UNSURE:
        return _common(text, version)
    if question.kind == "text":
        return text
    if question.kind == "regions" and text in version.body.order:
        return version.body.label(text)
    if question.kind == "date":
        return _day(text)
    return _counted(text, question.unit) if question.kind == "number" and question.unit else text


def _counted(number: str, unit: str) -> str:
    return f"{number} {OF_ONE.get(unit, unit) if number == '1' else unit}"


def _common(slug: str, version: Questionnaire) -> str:
    """Take the words from any question that offers this answer."""
    for question in version.questions.values():
        for choice in question.choices:
            if choice.slug == slug:
                return choice.text
    return slug.replace("_", " ")


def _day(text: str) -> str:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return text
    return f"{day:%B} {day.day}, {day.year}"


def _state(question: Question, value: object) -> str:
    if value is None:
        return "skipped" if question.optional else "blank"
    if value in UNSURE or (isinstance(value, list) and set(value) & set(UNSURE)):
        return "unsure"
    if value == []:
        return "nothing"
    return "least" if question.kind == "choice" and value in question.least else "given"


def _before(question: Question, value: object, before: Worded | None) -> str | None:
    if before is None or question.id not in before.version.questions:
        return None
    earlier = before.value(question.id)
    return before.said(question.id, earlier) if earlier != value else None


def _medicine(line: str, ruleset: Ruleset, as_of: date) -> MedicineRow:
    formulary: Formulary = ruleset.formulary
    found = formulary.recognise(line, as_of=as_of)
    return MedicineRow(line, tuple(_hit(hit, ruleset) for hit in found.hits), found.unknown)


def _hit(hit: Hit, ruleset: Ruleset) -> MedicineRead:
    about = next(
        (ruleset.items[item] for item in hit.medicine_class.about if item in ruleset.items), None
    )
    return MedicineRead(
        agent=hit.agent,
        group=about.title if about else hit.medicine_class.id.replace("-", " "),
        status=hit.status,
        days_since=hit.days_since,
        spelled_so=hit.exact,
        either=hit.either,
    )
