"""Answers as they are given, read into values that rules can compare."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from clinic.screening import questionnaire as questions
from clinic.screening.conditions import UNSURE, Value
from clinic.screening.questionnaire import Question, Questionnaire
from clinic.screening.regions import UnknownRegion

FREE_TEXT = "free_text"
ONE_OF = ("choice", "side")
UNSTATED = (*UNSURE, "not_applicable")
MOST_TEXT = 20_000


class UnknownQuestion(ValueError):
    """An answer names a question that the questionnaire does not have."""

    def __init__(self, question_id: str) -> None:
        self.question_id = question_id
        super().__init__(f"{question_id}: no such question")


class UnreadableAnswer(ValueError):
    """An answer cannot be read as its question asks."""

    def __init__(self, question_id: str, problem: str) -> None:
        self.question_id = question_id
        self.problem = problem
        super().__init__(f"{question_id}: {problem}")


@dataclass(frozen=True)
class Answers(Mapping[str, Value]):
    """Readable answers by question; a question that is not there was left blank."""

    by_question: Mapping[str, Value]

    def __getitem__(self, question_id: str) -> Value:
        return self.by_question[question_id]

    def __contains__(self, question_id: object) -> bool:
        return question_id in self.by_question

    def __iter__(self) -> Iterator[str]:
        return iter(self.by_question)

    def __len__(self) -> int:
        return len(self.by_question)

    def plain(self, question_id: str) -> object:
        """An answer as JSON writes it, or None."""
        return plain(self.by_question.get(question_id))

    def as_json(self) -> dict[str, object]:
        """Every answer as JSON writes it, by question."""
        return {question_id: self.plain(question_id) for question_id in sorted(self.by_question)}

    def without(self, question_ids: Iterable[str]) -> Answers:
        """The same answers with some left blank."""
        gone = set(question_ids)
        return Answers({key: value for key, value in self.by_question.items() if key not in gone})

    def with_value(self, question_id: str, value: Value) -> Answers:
        """The same answers with one given."""
        return Answers({**self.by_question, question_id: value})


def plain(value: Value | None) -> object:
    """A value as JSON writes it."""
    if isinstance(value, date):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value


def read(raw: Mapping[str, object], questionnaire: Questionnaire) -> Answers:
    """Read raw answers, or name the question that is unknown or unreadable."""
    found: dict[str, Value] = {}
    for question_id, given in _flat(raw):
        question = questionnaire.questions.get(question_id)
        if question is None:
            raise UnknownQuestion(question_id)
        value = _read(question, given, questionnaire)
        if value is not None:
            found[question_id] = value
    return Answers(dict(sorted(found.items())))


def asked_only(questionnaire: Questionnaire, answers: Answers, *, as_of: date) -> Answers:
    """The answers without those to questions that the other answers no longer call for."""
    while True:
        gone = [
            question_id
            for question_id in answers
            if questionnaire.questions[question_id].asked != "derived"
            and not questions.visible(questionnaire.questions[question_id], answers, as_of=as_of)
        ]
        if not gone:
            return answers
        answers = answers.without(gone)


def _flat(raw: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    for key, given in raw.items():
        if key == FREE_TEXT and given is not None:
            if not isinstance(given, Mapping):
                raise UnreadableAnswer(FREE_TEXT, "an object of texts by box belongs here")
            for box, text in given.items():
                yield f"{FREE_TEXT}.{box}", text
        elif key != FREE_TEXT:
            yield str(key), given


def _read(question: Question, given: object, questionnaire: Questionnaire) -> Value | None:
    if isinstance(given, str):
        if given in question.slugs and question.kind in ONE_OF:
            return given
        if not given.strip():
            return None
        if question.kind != "text" and given in UNSURE:
            return given
    elif given is None:
        return None
    reader = _READERS.get(question.kind)
    return _list(question, given, questionnaire) if reader is None else reader(question, given)


def _choice(question: Question, given: object) -> str:
    if not isinstance(given, str) or given not in question.slugs:
        raise UnreadableAnswer(question.id, f"not one of: {', '.join(question.slugs)}")
    return given


def _date(question: Question, given: object) -> date:
    try:
        if isinstance(given, str) and len(given) == 10:
            return date.fromisoformat(given)
    except ValueError:
        pass
    raise UnreadableAnswer(question.id, "not a date such as 2026-11-22")


def _number(question: Question, given: object) -> int | float:
    if isinstance(given, bool) or not isinstance(given, int | float) or not math.isfinite(given):
        raise UnreadableAnswer(question.id, "not a number")
    low, high = question.minimum, question.maximum
    if (low is not None and given < low) or (high is not None and given > high):
        raise UnreadableAnswer(question.id, f"not between {low} and {high}")
    return int(given) if isinstance(given, float) and given.is_integer() else given


def _text(question: Question, given: object) -> str:
    if not isinstance(given, str):
        raise UnreadableAnswer(question.id, "not a text")
    if len(given) > (question.max_length or MOST_TEXT):
        raise UnreadableAnswer(question.id, f"longer than {question.max_length} characters")
    return given


_READERS: Mapping[str, Callable[[Question, object], Value]] = {
    "choice": _choice,
    "side": _choice,
    "date": _date,
    "number": _number,
    "text": _text,
}


def _list(question: Question, given: object, questionnaire: Questionnaire) -> Value | None:
    if isinstance(given, str) or not isinstance(given, list | tuple):
        raise UnreadableAnswer(question.id, "not a list")
    if not all(isinstance(one, str) for one in given):
        raise UnreadableAnswer(question.id, "not a list of words")
    if question.kind == "choices":
        return _choices(question, given)
    if question.kind == "regions":
        return _regions(question, given, questionnaire)
    return _lines(question, given)


def _choices(question: Question, given: Iterable[str]) -> tuple[str, ...] | None:
    ticked = set(given)
    for slug in sorted(ticked):
        if slug not in question.slugs and slug not in UNSURE:
            raise UnreadableAnswer(question.id, f"'{slug}' is not one of the answers")
    if not ticked and not question.may_be_none:
        return None
    return tuple(slug for slug in dict.fromkeys((*question.slugs, *UNSURE)) if slug in ticked)


def _regions(
    question: Question, given: Iterable[str], questionnaire: Questionnaire
) -> tuple[str, ...] | None:
    ids = set(given)
    for region in sorted(ids - set(UNSURE)):
        try:
            questionnaire.body.split(region)
        except UnknownRegion as error:
            raise UnreadableAnswer(question.id, f"'{region}' is not a region") from error
    return tuple(sorted(ids)) or None


def _lines(question: Question, given: Iterable[str]) -> tuple[str, ...]:
    lines = tuple(line.strip() for line in given if line.strip())
    if sum(map(len, lines)) > MOST_TEXT:
        raise UnreadableAnswer(question.id, f"longer than {MOST_TEXT} characters")
    return lines
