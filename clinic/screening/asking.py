"""Some questions of a history asked once more: which ones, and what the answers make of the rest.

Each one is asked by itself, with what its answers call for; nothing else can be changed by it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date

from clinic.screening import answers as reading
from clinic.screening import comparison, pages
from clinic.screening.answers import Answers, UnknownQuestion, UnreadableAnswer
from clinic.screening.conditions import Value
from clinic.screening.pages import stands_here
from clinic.screening.questionnaire import Question, Questionnaire, Section, SharedPage

ASKED = "asked"  # the one topic of a questionnaire that holds nothing else
SHOWN, LEFT, ANEW, CONFIRMED = "_shown", "_left", "_asked", "_confirmed"  # marks beside answers
APART = "_apart"  # in a draft: the boxes of which the earlier time says nothing that counts
AGAIN = "_again"  # in a draft: a whole history was sent before
LAST = "_last"  # in a draft: the answers of an earlier time, to be confirmed page by page
CHANGES_FAST = ("red-flags", "pregnancy")  # topics that are never taken from an earlier time


def askable(questions: Questionnaire) -> tuple[Question, ...]:
    """The questions that can be asked again by themselves; what hangs on them comes along."""
    return tuple(
        questions.questions[question_id]
        for section in questions.sections
        for question_id in section.question_ids
        if _is_first(questions.questions[question_id])
    )


def asked_anew(question: Question, questions: Questionnaire) -> bool:
    """Whether a question is to be answered without the earlier answer: it may change in a day."""
    item = questions.questions.get(question.item)
    again = question.again_on_day or (item is not None and item.again_on_day)
    return again or question.section in CHANGES_FAST


def reusable(
    then: Questionnaire, now: Questionnaire, stored: Mapping[str, object]
) -> dict[str, object]:
    """The stored answers that may be shown again to be confirmed, with their marks apart.

    Left out is what may change in a day, what stands with the request itself, and what was worded
    otherwise or offered other choices then; with a question goes what hangs on it.
    """
    known = _readable(comparison.flat(stored), now).as_json()
    anew = [
        question.id
        for question in now.questions.values()
        if asked_anew(question, now)
        or not stands_here(question)
        or not _same(then.questions.get(question.id), question)
    ]
    gone = set(own_ids(now, anew)) | set(anew)
    return {key: value for key, value in known.items() if key not in gone}


def unsaid(questions: Questionnaire, earlier: Mapping[str, object]) -> tuple[str, ...]:
    """The boxes of which the answers of an earlier time say nothing that counts."""
    return tuple(
        question.id
        for question in questions.questions.values()
        if question.grouped and _is_first(question) and question.id not in earlier
    )


def standing_apart(
    questions: Questionnaire, page_id: str, anew: Iterable[str], elsewhere: Answers, *, as_of: date
) -> Questionnaire:
    """The same questionnaire, in which what is asked anew stands apart from boxes filled in.

    Else the tick of an earlier time would make a "no" of the empty box beside it, without a tap.
    """
    fresh = set(anew)
    others = elsewhere.without(one.id for one in pages.own_questions(questions, page_id))
    groups = (
        {question.id for question in group.questions}
        for topic in pages.topics(questions, page_id)
        for group in pages.groups(questions, topic, others, as_of=as_of)
        if group.ticked
    )
    apart = {one for ids in groups if not ids <= fresh for one in ids & fresh}
    if not apart:
        return questions
    singly = {one: replace(questions.questions[one], grouped=False) for one in apart}
    return replace(
        questions,
        questions={key: singly.get(key, one) for key, one in questions.questions.items()},
    )


def _same(then: Question | None, now: Question) -> bool:
    if then is None:
        return False
    return (then.text, then.kind, then.choices, then.unit) == (
        now.text, now.kind, now.choices, now.unit,
    )  # fmt: skip


def own_ids(questions: Questionnaire, asked: Iterable[str]) -> tuple[str, ...]:
    """The ids of the asked questions and of every question that hangs on one of them."""
    found = dict.fromkeys(one for one in asked if one in questions.questions)
    while True:
        more = [
            question.id
            for question in questions.questions.values()
            if question.id not in found and _hangs_on(question, found)
        ]
        if not more:
            return tuple(one for one in questions.questions if one in found)
        found |= dict.fromkeys(more)


def only(questions: Questionnaire, asked: Iterable[str]) -> Questionnaire:
    """The same questionnaire with one topic, which asks these questions one by one."""
    own = own_ids(questions, asked)
    here = {one: replace(questions.questions[one], section=ASKED, grouped=False) for one in own}
    topic = Section(ASKED, "", "", own, complete=False, asked_ids=own)
    known = {**questions.questions, **here}
    ordered = {one: known[one] for one in questions.questions}
    page = SharedPage(ASKED, "", (ASKED,))
    return replace(questions, sections=(topic,), questions=ordered, pages=(page,))


def carried_over(
    questions: Questionnaire,
    stored: Mapping[str, object],
    asked: Sequence[str],
    given: Mapping[str, object],
    *,
    shown: Iterable[str] = (),
    as_of: date,
) -> dict[str, object]:
    """The stored answers with those to the asked questions replaced; all others stay as they are.

    What the new answers no longer call for is left out, and a mark goes with its answer.
    """
    own = set(own_ids(questions, asked))
    kept = {key: value for key, value in comparison.flat(stored).items() if key not in own}
    known = _readable({**kept, **given}, questions)
    called_for = reading.asked_only(questions, known, as_of=as_of).as_json()
    strange = {key: value for key, value in kept.items() if key not in known}
    found = {**strange, **called_for}
    marks: dict[str, object] = {
        SHOWN: sorted((_marked(stored, SHOWN) - own | set(shown)) & set(found)),
        LEFT: sorted(_marked(stored, LEFT) - set(called_for)),
    }
    dated = stored.get(CONFIRMED)
    confirmed = dict(dated) if isinstance(dated, Mapping) else {}
    days = {key: day for key, day in confirmed.items() if key in found and key not in own}
    every = {**marks, CONFIRMED: days}
    return {**found, **{name: one for name, one in every.items() if one or name == SHOWN}}


def page_of(questions: Questionnaire, question_id: str) -> str:
    """The page of the history on which a question stands."""
    topic = pages.topic_of(questions, questions.questions[question_id])
    return pages.page_of(questions, topic) or topic


def missing(topic: Questionnaire, answers: Answers, *, as_of: date) -> tuple[Question, ...]:
    """What must be answered of the asked questions and is not."""
    return pages.missing(topic, ASKED, answers, as_of=as_of)


def _is_first(question: Question) -> bool:
    return stands_here(question) and not question.is_follow_up


def _hangs_on(question: Question, asked: Mapping[str, None]) -> bool:
    named = question.condition.questions() if question.condition else frozenset()
    return question.is_follow_up and stands_here(question) and bool(named & set(asked))


def _marked(stored: Mapping[str, object], name: str) -> set[str]:
    listed = stored.get(name)
    return {str(one) for one in listed} if isinstance(listed, list | tuple) else set()


def _readable(given: Mapping[str, object], questions: Questionnaire) -> Answers:
    found: dict[str, Value] = {}
    for question_id, value in given.items():
        try:
            found |= reading.read({question_id: value}, questions)
        except (UnknownQuestion, UnreadableAnswer):
            continue
    return Answers(found)
