"""The pages of a history: one for each topic that the answers call for, and what is missing.

A topic is a page when it holds a question of the history that these answers call for. The
questions of the request itself (wanted regions, date of birth, free text) are asked elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import product

from clinic.screening import questionnaire as questions
from clinic.screening.answers import Answers
from clinic.screening.questionnaire import Question, Questionnaire, Section

URGENT_FIRST = "red-flags"


@dataclass(frozen=True)
class Group:
    """Questions that stand together: a group of tick boxes, or one question alone."""

    questions: tuple[Question, ...]

    @property
    def ticked(self) -> bool:
        """Whether this is a group of tick boxes."""
        return len(self.questions) > 1


def sections(questionnaire: Questionnaire, answers: Answers, *, as_of: date) -> tuple[Section, ...]:
    """The topics that make a page now, red flags first, then in the questionnaire's order."""
    asked = [
        section
        for section in questionnaire.sections
        if any(
            question.asked == "history"
            for question in questions.asked(questionnaire, section.id, answers, as_of=as_of)
        )
    ]
    return tuple(sorted(asked, key=lambda section: section.id != URGENT_FIRST))


def groups(
    questionnaire: Questionnaire, section_id: str, answers: Answers, *, as_of: date
) -> tuple[Group, ...]:
    """The first questions of a topic as they stand on its page; follow-ups stand under them."""
    first = [
        question
        for question in questions.asked(questionnaire, section_id, answers, as_of=as_of)
        if question.asked == "history" and not opened_on_page(questionnaire, question)
    ]
    together = tuple(question for question in first if question.grouped)
    found: list[Group] = []
    for question in first:
        if question not in together or len(together) == 1:
            found.append(Group((question,)))
        elif question is together[0]:
            found.append(Group(together))
    return tuple(found)


@dataclass(frozen=True)
class Opening:
    """Where a follow-up stands: under which question, and under which of its answers."""

    parent: Question
    values: tuple[str, ...]


def opened_on_page(questionnaire: Questionnaire, question: Question) -> bool:
    """Whether an answer on the same page decides if this question is asked."""
    return bool(parents(questionnaire, question))


def parents(questionnaire: Questionnaire, question: Question) -> tuple[Question, ...]:
    """The questions of the same topic, asked in the history, that this one depends on."""
    named = question.condition.questions() if question.condition else frozenset()
    return tuple(
        other
        for other in questionnaire.questions.values()
        if other.id in named and other.section == question.section and other.asked == "history"
    )


def opening(
    questionnaire: Questionnaire, question: Question, answers: Answers, *, as_of: date
) -> Opening | None:
    """Where a follow-up stands, given the answers of other pages; None for a first question.

    It stands under the last question that it depends on, at each answer that can call for it.
    """
    on_page = parents(questionnaire, question)
    if not on_page:
        return None
    last = on_page[-1]
    values = tuple(
        slug
        for slug in last.slugs
        if any(
            questions.visible(question, situation, as_of=as_of)
            for situation in _situations(answers, on_page, slug)
        )
    )
    return Opening(last, values)


def _situations(answers: Answers, on_page: tuple[Question, ...], slug: str) -> Iterator[Answers]:
    """Every way in which the questions on the page can be answered if the last one is so."""
    ways = [*((None, *question.slugs) for question in on_page[:-1]), (slug,)]
    for chosen in product(*ways):
        tried = answers.without(question.id for question in on_page)
        for question, value in zip(on_page, chosen, strict=True):
            if value is not None:
                answer = (value,) if question.kind == "choices" else value
                tried = tried.with_value(question.id, answer)
        yield tried


def missing(
    questionnaire: Questionnaire, section_id: str, answers: Answers, *, as_of: date
) -> tuple[Question, ...]:
    """The questions of a topic that must be answered and are not."""
    return tuple(
        question
        for question in questions.asked(questionnaire, section_id, answers, as_of=as_of)
        if question.asked == "history" and not question.optional and question.id not in answers
    )


def own_ids(questionnaire: Questionnaire, section_id: str) -> tuple[str, ...]:
    """The ids of every question of the history that a topic can ask, called for or not."""
    return tuple(
        question_id
        for question_id in questionnaire.section(section_id).question_ids
        if questionnaire.questions[question_id].asked == "history"
    )
