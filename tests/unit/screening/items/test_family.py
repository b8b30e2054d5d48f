"""Pregnancy and family: what counts as could be pregnant, and the weeks after a birth."""

from datetime import date
from typing import Any

import pytest

from tests.unit.screening.harmless import BLANK, finding, level, screened

TRYING = {
    "trying-to-conceive": "yes",
    "trying-to-conceive.late": "no",
    "trying-to-conceive.treatment": "no",
}
UNSURE = {**TRYING, "trying-to-conceive": "not_sure"}
BIRTH = {
    "postpartum": "yes",
    "postpartum.date": "2026-09-20",
    "postpartum.c-section": "no",
    "postpartum.blood-thinner": "no",
    "postpartum.fever-bleeding": "no",
}
SURE = {
    "pregnancy": "yes",
    "pregnancy.weeks": 20,
    "pregnancy.high-risk": "no",
    "trying-to-conceive": BLANK,
}


@pytest.mark.parametrize("answer", ["yes", "not_sure"])
@pytest.mark.parametrize("pregnancy", ["no", "not_applicable"])
@pytest.mark.parametrize(
    "sign",
    [
        {"trying-to-conceive.late": "yes"},
        {"trying-to-conceive.late": "not_sure"},
        {"trying-to-conceive.treatment": "transfer"},
        {"trying-to-conceive.treatment": "not_sure"},
    ],
)
def test_a_late_period_or_a_transfer_is_pregnancy_until_tested(
    answer: str, pregnancy: str, sign: dict[str, str]
) -> None:
    screening = screened({"pregnancy": pregnancy, **TRYING, "trying-to-conceive": answer, **sign})

    found = screening.finding("pregnancy")
    assert found is not None
    assert found.level.value == "absolute"
    assert found.mismatch
    assert screening.finding("trying-to-conceive") is not None


@pytest.mark.parametrize("question", ["trying-to-conceive.late", "trying-to-conceive.treatment"])
def test_trying_with_a_sign_left_blank_is_pregnancy_until_tested(question: str) -> None:
    assert level({**TRYING, question: BLANK}, "pregnancy") == "absolute"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "precaution"),
        ({"trying-to-conceive": "not_sure"}, "precaution"),
        ({"trying-to-conceive.treatment": "treatment"}, "relative"),
        ({**UNSURE, "trying-to-conceive.treatment": "treatment"}, "relative"),
        ({"trying-to-conceive.treatment": "transfer"}, "relative"),
    ],
)
def test_trying_to_conceive(changes: dict[str, Any], expected: str) -> None:
    assert level({**TRYING, **changes}, "trying-to-conceive") == expected


def test_trying_with_no_sign_leaves_pregnancy_alone() -> None:
    assert screened(TRYING).finding("pregnancy") is None
    assert screened({"trying-to-conceive": "not_sure"}).finding("pregnancy") is None


def test_who_cannot_be_pregnant_is_asked_no_more_of_it() -> None:
    screening = screened(
        {
            "pregnancy": "not_applicable",
            "pregnancy.maybe": BLANK,
            "trying-to-conceive": BLANK,
            "postpartum": BLANK,
        }
    )

    assert screening.findings == ()


def test_left_blank_where_they_concern_her_they_count() -> None:
    assert level({"trying-to-conceive": BLANK}, "trying-to-conceive") == "precaution"
    assert level({"postpartum": BLANK}, "postpartum") == "absolute"
    assert level({"postpartum": BLANK}, "surgery-recent") == "absolute"


@pytest.mark.parametrize(
    ("born", "expected"),
    [
        ("2026-10-12", "relative"),
        ("2026-10-11", "precaution"),  # six weeks to the day
        ("2026-08-30", "precaution"),  # twelve weeks to the day
        ("2026-08-29", "none"),
        (BLANK, "relative"),
        ("not_sure", "relative"),
    ],
)
def test_weeks_since_a_birth(born: object, expected: str) -> None:
    assert level({**BIRTH, "postpartum.date": born}, "postpartum") == expected


def test_a_birth_turns_milder_after_six_weeks() -> None:
    assert finding({**BIRTH, "postpartum.date": "2026-11-01"}, "postpartum").lapses_on == date(
        2026, 12, 13
    )


@pytest.mark.parametrize("answer", ["yes", "not_sure", BLANK])
def test_a_c_section_is_surgery(answer: object) -> None:
    changes = {**BIRTH, "postpartum.c-section": answer}

    assert level(changes, "surgery-recent") == "absolute"
    assert level(changes, "postpartum") == "precaution"


@pytest.mark.parametrize("answer", ["yes", "not_sure"])
def test_blood_thinner_shots_after_a_birth_count_as_taken(answer: str) -> None:
    assert level({**BIRTH, "postpartum.blood-thinner": answer}, "anticoagulant") == "absolute"


def test_fever_or_heavy_bleeding_after_a_birth_is_never_let_through() -> None:
    assert screened({**BIRTH, "postpartum.fever-bleeding": "yes"}).level.value == "urgent"
    assert level({**BIRTH, "postpartum.fever-bleeding": "not_sure"}, "postpartum") == "absolute"
    assert level({**BIRTH, "postpartum.fever-bleeding": BLANK}, "postpartum") == "absolute"


@pytest.mark.parametrize(
    ("changes", "knees"),
    [
        (SURE, "allowed"),
        ({**SURE, "pregnancy.weeks": 13}, "allowed"),
        ({**SURE, "pregnancy.weeks": 12}, "blocked"),
        ({**SURE, "pregnancy.weeks": BLANK}, "blocked"),
        ({**SURE, "pregnancy.high-risk": "not_sure"}, "blocked"),
        ({**SURE, "pregnancy": "not_sure"}, "allowed"),
        ({**SURE, "pregnancy": "not_sure", "pregnancy.weeks": BLANK}, "blocked"),
    ],
)
def test_pregnancy_blocks_the_trunk_and_early_everything(
    changes: dict[str, Any], knees: str
) -> None:
    blocked = finding(changes, "pregnancy").blocked_regions

    assert "lower-back" in blocked
    assert ("knee-left" in blocked) == (knees == "blocked")


def test_breastfeeding_has_no_question_and_no_finding() -> None:
    assert screened({"free_text": {"anything-else": "I am breastfeeding"}}).findings == ()


@pytest.mark.parametrize(
    ("text", "item"),
    [
        ("we are trying for a baby", "trying-to-conceive"),
        ("estoy tratando de quedar embarazada", "trying-to-conceive"),
        ("IVF, embryo transfer last Friday", "trying-to-conceive"),
        ("I just had a baby", "postpartum"),
        ("acabo de dar a luz", "postpartum"),
    ],
)
def test_own_words_about_family_are_heard(text: str, item: str) -> None:
    assert level({"free_text": {"anything-else": text}}, item) == "relative"


@pytest.mark.parametrize(
    "text",
    ["My back has hurt for years, I have three kids", "quiero cargar a mis nietos"],
)
def test_talk_of_children_is_not_taken_for_a_birth(text: str) -> None:
    assert screened({"free_text": {"hopes": text}}).level.value == "none"
