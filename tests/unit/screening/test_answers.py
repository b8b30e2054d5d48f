"""Raw answers read into values, or refused with the question named."""

from datetime import date
from typing import Any

import pytest

from clinic.screening import answers, questionnaire
from clinic.screening.answers import UnknownQuestion, UnreadableAnswer
from tests.unit.screening.harmless import TODAY

ASKED = questionnaire.shipped()


@pytest.mark.parametrize("question", ["nothing", "diabetes.colour", "free_text.extra"])
def test_a_question_that_is_not_asked_is_named(question: str) -> None:
    raw: dict[str, Any] = {question: "no"}
    if question.startswith("free_text."):
        raw = {"free_text": {"extra": "words"}}

    with pytest.raises(UnknownQuestion) as refused:
        answers.read(raw, ASKED)

    assert refused.value.question_id == question


@pytest.mark.parametrize(
    ("question", "value"),
    [
        ("diabetes", "maybe"),
        ("diabetes", "Yes"),
        ("diabetes", True),
        ("diabetes", ["yes"]),
        ("diabetes", "not_applicable"),
        ("minor", "11/22/1980"),
        ("minor", "1980-02-30"),
        ("minor", 1980),
        ("diabetes.a1c", "7"),
        ("diabetes.a1c", float("nan")),
        ("diabetes.a1c", float("inf")),
        ("diabetes.a1c", True),
        ("diabetes.a1c", -1),
        ("low-bmi.height", 6),
        ("diabetes.problems", "sores"),
        ("diabetes.problems", ["gout"]),
        ("wanted_regions", ["toe"]),
        ("wanted_regions", ["abdomen-left"]),
        ("wanted_regions", "knee-left"),
        ("lymph-node-removal.side", "middle"),
        ("medicines", "Eliquis"),
        ("medicines", [1]),
        ("medicines", ["x" * 20_001]),
        ("free_text", "words"),
        ("free_text.hopes", 5),
    ],
)
def test_an_answer_that_cannot_be_read_names_its_question(question: str, value: object) -> None:
    with pytest.raises(UnreadableAnswer) as refused:
        answers.read({question: value}, ASKED)

    assert refused.value.question_id == question
    assert question in str(refused.value)


@pytest.mark.parametrize(
    ("question", "value", "read"),
    [
        ("minor", "1980-02-29", date(1980, 2, 29)),
        ("minor", "not_sure", "not_sure"),
        ("diabetes.a1c", 7.0, 7),
        ("diabetes.problems", ["sores", "numb-feet", "sores"], ("numb-feet", "sores")),
        ("diabetes.problems", [], ()),
        ("wanted_regions", ["knee", "chest-left"], ("chest-left", "knee")),
        ("medicines", [" Eliquis ", "", "Tylenol"], ("Eliquis", "Tylenol")),
        ("medicines", [], ()),
    ],
)
def test_an_answer_is_read(question: str, value: object, read: object) -> None:
    assert answers.read({question: value}, ASKED)[question] == read


@pytest.mark.parametrize("value", [None, "", "  "])
def test_an_empty_answer_is_blank(value: object) -> None:
    assert len(answers.read({"diabetes": value}, ASKED)) == 0


@pytest.mark.parametrize("question", ["lymph-node-removal.place", "wanted_regions"])
def test_a_list_that_must_name_something_is_blank_when_empty(question: str) -> None:
    assert question not in answers.read({question: []}, ASKED)


def test_follow_ups_no_longer_asked_are_dropped_with_their_own_follow_ups() -> None:
    raw = {
        "lung-disease": "no",
        "lung-disease.which": ["asthma"],
        "lung-disease.asthma": "mild",
        "diabetes": "yes",
        "diabetes.a1c": 7,
    }

    kept = answers.asked_only(ASKED, answers.read(raw, ASKED), as_of=TODAY)

    assert dict(kept) == {"lung-disease": "no", "diabetes": "yes", "diabetes.a1c": 7}


def test_a_guardian_is_asked_about_under_18_only() -> None:
    def ids(born_on: str) -> set[str]:
        read = answers.read({"minor": born_on}, ASKED)
        asked = questionnaire.asked(ASKED, "request", read, as_of=TODAY)
        return {question.id for question in asked}

    assert "minor.guardian" in ids("2008-11-23")
    assert "minor.guardian" not in ids("2008-11-22")
