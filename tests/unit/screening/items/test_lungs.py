"""Chest and lungs: the lung field, and small precautions that add up there."""

from typing import Any

import pytest

from clinic.screening import regions
from tests.unit.screening.harmless import BLANK, finding, level, screened

FIELD = regions.group("lung-field")
SHOULDER, KNEE = {"wanted_regions": ["shoulder-left"]}, {"wanted_regions": ["knee-left"]}
MILD_ASTHMA = {
    "lung-disease": "yes",
    "lung-disease.which": ["asthma"],
    "lung-disease.asthma": "mild",
    "lung-disease.oxygen": "no",
}
SLIM = {"low-bmi.height": 70, "low-bmi.weight": 150}  # 21.5
SMOKES = {"smoking": "yes"}


@pytest.mark.parametrize("answer", ["yes", "not_sure", BLANK])
def test_a_collapsed_lung_blocks_the_lung_field(answer: object) -> None:
    found = finding({**KNEE, "pneumothorax-history": answer}, "pneumothorax-history")
    wanted = level({**SHOULDER, "pneumothorax-history": answer}, "pneumothorax-history")

    assert found.level.value == "relative"
    assert regions.expand(found.blocked_regions) == FIELD
    assert wanted == "site"


def test_chest_surgery_blocks_the_lung_field() -> None:
    found = finding({**KNEE, "thoracic-surgery": "yes"}, "thoracic-surgery")

    assert found.level.value == "relative"
    assert regions.expand(found.blocked_regions) == FIELD


@pytest.mark.parametrize("answer", ["not_sure", BLANK])
def test_not_sure_of_chest_surgery_is_reviewed(answer: object) -> None:
    found = finding({**SHOULDER, "thoracic-surgery": answer}, "thoracic-surgery")

    assert (found.level.value, found.blocked_regions) == ("relative", ())


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({**SHOULDER, "smoking": "yes"}, "precaution"),
        ({**KNEE, "smoking": "yes"}, "none"),
        ({"wanted_regions": BLANK, "smoking": "yes"}, "precaution"),
        ({**SHOULDER, "smoking": "used-to"}, "none"),
        ({**SHOULDER, "smoking": BLANK}, "precaution"),
        ({**KNEE, "smoking": BLANK}, "none"),
    ],
)
def test_smoking(changes: dict[str, Any], expected: str) -> None:
    assert level(changes, "smoking") == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({**SMOKES}, "none"),
        ({**SLIM}, "none"),
        ({**MILD_ASTHMA}, "none"),
        ({**SMOKES, **SLIM}, "relative"),
        ({**SMOKES, **MILD_ASTHMA}, "relative"),
        ({**SLIM, **MILD_ASTHMA}, "relative"),
        ({**SMOKES, **SLIM, **MILD_ASTHMA}, "relative"),
    ],
)
def test_two_different_precautions_over_the_lungs_are_reviewed(
    changes: dict[str, Any], expected: str
) -> None:
    assert level({**SHOULDER, **changes}, "lung-field-precautions") == expected
    assert level({**KNEE, **changes}, "lung-field-precautions") == "none"


def test_who_smokes_and_wants_a_knee_is_only_asked() -> None:
    assert screened({**KNEE, **SMOKES}).level.value == "none"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"eating-disorder": "yes", "eating-disorder.now": "now"}, "relative"),
        ({"eating-disorder": "yes", "eating-disorder.now": "past"}, "precaution"),
        ({"eating-disorder": "yes", "eating-disorder.now": "not_sure"}, "relative"),
        ({"eating-disorder": "yes"}, "relative"),
        ({"eating-disorder": "prefer_not"}, "precaution"),
        ({"eating-disorder": BLANK}, "relative"),
        ({"eating-disorder": "no"}, "none"),
    ],
)
def test_an_eating_disorder(changes: dict[str, Any], expected: str) -> None:
    assert level(changes, "eating-disorder") == expected


@pytest.mark.parametrize(
    "changes",
    [
        {"eating-disorder": "prefer_not"},
        {"free_text": {"anything-else": "I was anorexic as a teen"}},
        {"free_text": {"anything-else": "tuve bulimia"}},
    ],
)
def test_an_eating_disorder_is_for_the_therapist_alone(changes: dict[str, Any]) -> None:
    assert finding(changes, "eating-disorder").private


@pytest.mark.parametrize(
    ("text", "item"),
    [
        ("my lung collapsed once", "pneumothorax-history"),
        ("collapsed a lung in college", "pneumothorax-history"),
        ("se me colapsó un pulmón", "pneumothorax-history"),
        ("open heart surgery in 2010", "thoracic-surgery"),
        ("me operaron del pulmón", "thoracic-surgery"),
        ("I smoke a little", "smoking"),
        ("fumo de vez en cuando", "smoking"),
    ],
)
def test_own_words_about_the_chest_are_heard(text: str, item: str) -> None:
    assert level({"free_text": {"anything-else": text}}, item) == "relative"


@pytest.mark.parametrize("text", ["I quit smoking in 2010", "no fumo", "dejé de fumar hace años"])
def test_who_does_not_smoke_is_not_taken_for_a_smoker(text: str) -> None:
    assert level({"free_text": {"anything-else": text}}, "smoking") == "none"
