"""The pages of a history: one for each topic that the answers call for, and what is missing.

A topic is a page when it holds a question that these answers call for. What everybody is asked
with the request itself (wanted regions, date of birth, free text) stands elsewhere; what only
some are asked, such as the consent of a guardian, is a page of its own.
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
            stands_here(question)
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
        if stands_here(question) and not parents(questionnaire, question)
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


def stands_here(question: Question) -> bool:
    """Whether a question is asked on the page of its topic, and not with the request."""
    if question.asked == "request":
        return question.condition is not None
    return question.asked == "history"


def parents(questionnaire: Questionnaire, question: Question) -> tuple[Question, ...]:
    """The questions on the same page that this one depends on."""
    named = question.condition.questions() if question.condition else frozenset()
    return tuple(
        other
        for other in questionnaire.questions.values()
        if other.id in named and other.section == question.section and stands_here(other)
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
        if stands_here(question) and not question.optional and question.id not in answers
    )


def own_ids(questionnaire: Questionnaire, section_id: str) -> tuple[str, ...]:
    """The ids of every question that the page of a topic can ask, called for or not."""
    return tuple(
        question_id
        for question_id in questionnaire.section(section_id).question_ids
        if stands_here(questionnaire.questions[question_id])
    )
