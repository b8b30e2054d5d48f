"""Intakes drawn from the real questionnaire, and the steps towards caution that it declares."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st

from clinic.screening import answers, questionnaire
from clinic.screening.questionnaire import Question

TODAY = date(2026, 11, 22)
ASKED = questionnaire.shipped()
UNSURE = ("not_sure", "prefer_not")
LINES = (
    "lisinopril 10 mg",
    "elaquis",
    "Coumadin stopped last week",
    "warfarin, stopped in 2015",
    "xarelto stopped 5 weeks ago",
    "aspirin 81 mg",
    "aspirin 325 mg twice a day",
    "aspirin as needed",
    "Plavix",
    "Aggrenox",
    "insulin",
    "metformina 500",
    "clot pill",
    "my mother takes warfarin",
    "no blood thinners",
    "zorblax",
    "sertraline",
    "Spiriva",
    "albuterol",
    "prenatal vitamin",
    "prednisone 10 mg",
)
TEXTS = (
    "I want to run again",
    "No chest pain. My sugar is high",
    "tengo fiebre",
    "my sister is pregnant",
    "I take Eliquis since spring",
    "mastectomy in 2012",
    "terrified of needles",
    "\u202e\x00<script>'; drop table",
)
LOWEST = {"low-bmi.height": 55, "low-bmi.weight": 80}
HIGHEST = {"low-bmi.height": 76, "low-bmi.weight": 280}
Intake = dict[str, Any]


def values(question: Question) -> st.SearchStrategy[Any]:
    """Any readable answer to a question."""
    if question.kind == "number":
        low = LOWEST.get(question.id, question.minimum or 0)
        high = HIGHEST.get(question.id, question.maximum or 100)
        return st.integers(int(low) * 2 + 1, int(high) * 2).map(lambda half: half / 2)
    oldest = 90 * 365 if question.id == "minor" else 400
    kinds: dict[str, st.SearchStrategy[Any]] = {
        "date": st.integers(-5, oldest).map(lambda days: (TODAY - timedelta(days)).isoformat()),
        "regions": some(ASKED.body.ids, 4),
        "medicines": some(LINES, 3),
        "text": st.sampled_from(TEXTS),
    }
    if question.kind == "choices":
        return some(question.slugs, 3)
    return kinds.get(question.kind, st.sampled_from([*question.slugs, "prefer_not"]))


def some(words: tuple[str, ...], most: int) -> st.SearchStrategy[list[str]]:
    """A few different ones of these."""
    return st.lists(st.sampled_from(words), unique=True, max_size=most)


def least(question: Question) -> Any:
    """The answer that raises no caution, where the question declares one."""
    if question.least:
        return question.least[0]
    if question.kind == "medicines" or question.may_be_none:
        return []
    if question.id in HIGHEST:
        return HIGHEST[question.id] if question.caution == "lower" else LOWEST[question.id]
    return {"minor": "1980-05-05", "wanted_regions": ["shoulder-left"]}.get(question.id)


HARMLESS = {
    question.id: answer
    for question in ASKED.questions.values()
    if (answer := least(question)) is not None
}
ITEMS = sorted({question.item for question in ASKED.questions.values()})


@st.composite
def intakes(draw: st.DrawFn) -> Intake:
    """An intake in which most items are harmless; of some, any question has any answer or none."""
    found = dict(HARMLESS)
    for item in draw(st.lists(st.sampled_from(ITEMS), unique=True, max_size=9)):
        for question in ASKED.of_item(item):
            kind = draw(st.sampled_from(("any", "any", "any", "least", "blank")))
            if kind == "any":
                found[question.id] = draw(values(question))
            elif kind == "blank":
                found.pop(question.id, None)
    return found


def beginnings() -> Iterator[Intake]:
    """The harmless intake, and for each answer to each question one with harmless follow-ups."""
    clean = {
        question.id: answer
        for question in ASKED.questions.values()
        if not question.is_follow_up and (answer := least(question)) is not None
    }
    yield {**clean, "pregnancy.maybe": "no"}
    for question in ASKED.questions.values():
        if question.kind == "choice" and not question.is_follow_up:
            for slug in question.slugs:
                intake = {**clean, question.id: slug}
                yield {**intake, **_harmless_follow_ups(question.item, intake)}


def _harmless_follow_ups(item: str, intake: Intake) -> Intake:
    found: Intake = {}
    for question in ASKED.of_item(item):
        read = answers.read({**intake, **found}, ASKED)
        if question.is_follow_up and questionnaire.visible(question, read, as_of=TODAY):
            found[question.id] = _mildest(question)
    return found


def _mildest(question: Question) -> Any:
    """The mildest answer to a follow-up, where it has one; else the first that there is."""
    if (answer := least(question)) is not None:
        return answer
    if question.kind == "number":
        return question.minimum if question.caution == "higher" else question.maximum
    if question.kind == "date":
        return (TODAY - timedelta(800 if question.caution == "later" else 1)).isoformat()
    first = {"choices": question.slugs, "regions": ("knee-left",), "text": ("words",)}
    given = first.get(question.kind, question.slugs)[0]
    return [given] if question.kind in ("choices", "regions") else given


@dataclass(frozen=True)
class Step:
    """One answer made more cautious, by the order that its question declares."""

    question: str
    to: Any


def steps(intake: Intake) -> Iterator[Step]:
    """Every step towards caution that the questionnaire declares for an intake."""
    read = answers.read(intake, ASKED)
    for question in ASKED.questions.values():
        if question.id in intake:
            called_for = questionnaire.visible(question, read, as_of=TODAY)
            for value in more_cautious(question, intake[question.id]):
                # A side beside a "no" is a contradiction: to take it back is no caution.
                if value is not None or question.kind != "side" or called_for:
                    yield Step(question.id, value)


def more_cautious(question: Question, value: Any) -> Iterator[Any]:
    """The answers that are declared more cautious than this one; None is leaving it blank."""
    if isinstance(question.caution, tuple):
        yield from _by_tier(question, value)
    elif isinstance(value, list):
        yield from _one_more(question, value)
    elif value not in UNSURE and question.caution in ("later", "earlier"):
        sign = 1 if question.caution == "later" else -1
        for days in (1, 40, 200, 8000):
            yield (date.fromisoformat(value) + timedelta(sign * days)).isoformat()
    elif value not in UNSURE and question.caution in ("higher", "lower"):
        assert question.minimum is not None
        assert question.maximum is not None
        for part in (0.01, 0.2, 0.5, 1):
            end = question.maximum if question.caution == "higher" else question.minimum
            yield value + (end - value) * part


def _by_tier(question: Question, value: Any) -> Iterator[Any]:
    assert isinstance(question.caution, tuple)
    for index, tier in enumerate(question.caution):
        if value in tier:
            yield from (slug for above in question.caution[index + 1 :] for slug in above)
            if index == 0:
                yield from (*UNSURE, None)


def _one_more(question: Question, value: list[str]) -> Iterator[Any]:
    may_be_empty = question.may_be_none or question.kind == "medicines"
    if set(value) & set(UNSURE) or not (value or may_be_empty):
        return
    every = {"choices": question.slugs, "regions": ASKED.body.ids, "medicines": LINES}
    for one in every[question.kind]:
        if one not in (*value, *UNSURE):
            yield [*value, one]
    if question.may_be_none and not value:
        yield from (["not_sure"], None)


def stepped(intake: Intake, step: Step) -> Intake:
    """The intake after a step."""
    if step.to is None:
        return {key: value for key, value in intake.items() if key != step.question}
    return {**intake, step.question: step.to}
