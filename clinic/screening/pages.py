"""The pages of a history: which topics share one, what is asked on it, and what is missing.

A topic is asked when it holds a question that these answers call for; topics that read well
together share a page. What everybody is asked with the request itself (wanted regions, date of
birth, free text) stands elsewhere; what only some are asked, such as the consent of a guardian,
is a page of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import product

from clinic.screening import questionnaire as questions
from clinic.screening.answers import Answers
from clinic.screening.questionnaire import Question, Questionnaire, Section


@dataclass(frozen=True)
class Page:
    """The topics that stand on one page now; its id is that of the first that may stand there."""

    id: str
    title: str
    topics: tuple[Section, ...]


@dataclass(frozen=True)
class Group:
    """Questions that stand together: a group of tick boxes, or one question alone."""

    questions: tuple[Question, ...]
    topic: str
    id: str = ""
    title: str = ""

    @property
    def ticked(self) -> bool:
        """Whether this is a group of tick boxes."""
        return bool(self.id) and len(self.questions) > 1

    @property
    def private(self) -> bool:
        """Whether nothing in it is for the front desk."""
        return all(question.private for question in self.questions)

    @property
    def may_be_withheld(self) -> bool:
        """Whether the patient may rather not say anything to the whole group."""
        return all("prefer_not" in question.slugs for question in self.questions)


def called_for(questionnaire: Questionnaire, answers: Answers, *, as_of: date) -> tuple[Page, ...]:
    """The pages that these answers call for, in the order in which they are asked."""
    found = []
    for shared in questionnaire.pages:
        topics = tuple(
            section
            for section in map(questionnaire.section, shared.topics)
            if any(asked(questionnaire, section.id, answers, as_of=as_of))
        )
        if topics:
            found.append(Page(shared.id, shared.title, topics))
    return tuple(found)


def sections(questionnaire: Questionnaire, answers: Answers, *, as_of: date) -> tuple[Section, ...]:
    """The topics that are asked now, in the order of their pages."""
    return tuple(
        section
        for page in called_for(questionnaire, answers, as_of=as_of)
        for section in page.topics
    )


def page_of(questionnaire: Questionnaire, section_id: str) -> str | None:
    """The page on which a topic stands, or None if there is no such topic."""
    return next((page.id for page in questionnaire.pages if section_id in page.topics), None)


def topic_of(questionnaire: Questionnaire, question: Question) -> str:
    """The topic with which a question is asked: its own, or one that it was moved to."""
    return next(
        (one.id for one in questionnaire.sections if question.id in one.asked_ids),
        question.section,
    )


def asked(
    questionnaire: Questionnaire, section_id: str, answers: Answers, *, as_of: date
) -> Iterator[Question]:
    """The questions with a topic that these answers call for, in order."""
    return (
        question
        for question_id in own_ids(questionnaire, section_id)
        if questions.visible(question := questionnaire.questions[question_id], answers, as_of=as_of)
    )


def asked_elsewhere(
    questionnaire: Questionnaire, section_id: str, answers: Answers, *, as_of: date
) -> Iterator[Question]:
    """The questions of a topic that are asked with the request, and stand on no page of it."""
    found = questions.asked(questionnaire, section_id, answers, as_of=as_of)
    return (question for question in found if not stands_here(question))


def groups(
    questionnaire: Questionnaire, section_id: str, answers: Answers, *, as_of: date
) -> tuple[Group, ...]:
    """The first questions of a topic as they stand on its page; follow-ups stand under them."""
    page = own_questions(questionnaire, page_of(questionnaire, section_id) or section_id)
    first = [
        question
        for question in asked(questionnaire, section_id, answers, as_of=as_of)
        if not parents(question, page)
    ]
    found: list[Group] = []
    for group in _together(questionnaire.section(section_id), first):
        found += [group] if group.ticked else _singly(group)
    return tuple(sorted(found, key=lambda group: first.index(group.questions[0])))


def _together(section: Section, first: Sequence[Question]) -> Iterator[Group]:
    """The groups that the data name, then the rest: what is private apart from what is not."""
    left = list(first)
    for named in section.groups:
        members = tuple(one for one in left if one.grouped and one.item in named.items)
        left = [one for one in left if one not in members]
        yield Group(members, section.id, f"{section.id}-{named.id}", named.title)
    for private in (False, True):
        members = tuple(one for one in left if one.grouped and one.private is private)
        left = [one for one in left if one not in members]
        yield Group(members, section.id, f"{section.id}-private" if private else section.id)
    yield Group(tuple(left), section.id)


def _singly(group: Group) -> list[Group]:
    return [Group((one,), group.topic) for one in group.questions]


@dataclass(frozen=True)
class Opening:
    """Where a follow-up stands: under which question, and under which of its answers.

    Where some of those answers call for it only together with others, ``openers`` names every
    answer, by question, of which one must be given too.
    """

    parent: Question
    values: tuple[str, ...]
    openers: tuple[tuple[str, str], ...] = ()


def stands_here(question: Question) -> bool:
    """Whether a question is asked on the page of its topic, and not with the request."""
    if question.asked == "request":
        return question.condition is not None
    return question.asked == "history"


def parents(question: Question, page: Sequence[Question]) -> tuple[Question, ...]:
    """The questions on the same page that this one depends on."""
    named = question.condition.questions() if question.condition else frozenset()
    return tuple(other for other in page if other.id in named)


def opening(
    question: Question, page: Sequence[Question], answers: Answers, *, as_of: date
) -> Opening | None:
    """Where a follow-up stands, given the answers of other pages; None for a first question.

    It stands under the last question without an answer to which it is never called for.
    """
    on_page = _above(question, page)
    if not on_page:
        return None
    seen = tuple(_calls(question, on_page, answers, as_of))
    place = max(
        (place for place in range(len(on_page)) if all(call[place] for call in seen)), default=0
    )
    parent, later = on_page[place], on_page[place + 1 :]
    values = tuple(slug for slug in parent.slugs if any(call[place] == slug for call in seen))
    alone = {call[place] for call in seen if not any(call[place + 1 :])}
    if set(values) <= alone:
        return Opening(parent, values)
    own = ((parent.id, slug) for slug in values if slug in alone)
    others = (
        (other.id, slug)
        for position, other in enumerate(later, place + 1)
        for slug in other.slugs
        if any(call[position] == slug and call[place] not in alone for call in seen)
    )
    return Opening(parent, values, (*own, *others))


def _above(question: Question, page: Sequence[Question]) -> tuple[Question, ...]:
    """The questions of the page on which this one depends, and those on which they depend."""
    found = dict.fromkeys(one.id for one in parents(question, page))
    known = {one.id: one for one in page}
    waiting = list(found)
    while waiting:
        for one in parents(known[waiting.pop()], page):
            if one.id not in found:
                found[one.id] = None
                waiting.append(one.id)
    return tuple(one for one in page if one.id in found)


def _calls(
    question: Question, on_page: tuple[Question, ...], answers: Answers, as_of: date
) -> Iterator[tuple[str | None, ...]]:
    """Every way to answer the questions on the page in which this one is called for."""
    elsewhere = answers.without(one.id for one in on_page)
    for chosen in product(*((None, *one.slugs) for one in on_page)):
        given = {
            one.id: (slug,) if one.kind == "choices" else slug
            for one, slug in zip(on_page, chosen, strict=True)
            if slug is not None
        }
        tried = Answers({**elsewhere, **given})
        asked = (one for one in on_page if one.id in given)
        if questions.visible(question, tried, as_of=as_of) and all(
            questions.visible(one, tried, as_of=as_of) for one in asked
        ):
            yield chosen


def missing(
    questionnaire: Questionnaire, section_id: str, answers: Answers, *, as_of: date
) -> tuple[Question, ...]:
    """The questions of a topic that must be answered and are not."""
    return tuple(
        question
        for question in asked(questionnaire, section_id, answers, as_of=as_of)
        if not question.optional and question.id not in answers
    )


def own_ids(questionnaire: Questionnaire, section_id: str) -> tuple[str, ...]:
    """The ids of every question that can be asked with a topic, called for or not."""
    return tuple(
        question_id
        for question_id in questionnaire.section(section_id).asked_ids
        if stands_here(questionnaire.questions[question_id])
    )


def topics(questionnaire: Questionnaire, page_id: str) -> tuple[str, ...]:
    """The topics that stand on a page, called for or not; none if there is no such page."""
    return next((page.topics for page in questionnaire.pages if page.id == page_id), ())


def own_questions(questionnaire: Questionnaire, page_id: str) -> tuple[Question, ...]:
    """Every question that a page can ask, called for or not."""
    return tuple(
        questionnaire.questions[question_id]
        for topic in topics(questionnaire, page_id)
        for question_id in own_ids(questionnaire, topic)
    )
