"""Lines as patients type them, each with what it means and how much it weighs."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from clinic.screening.medicine_list import recognise
from tests.unit.screening.harmless import TODAY, screened

LINES: list[dict[str, Any]] = yaml.safe_load(
    Path(__file__).with_name("lines.yaml").read_text(encoding="utf-8")
)


def test_there_are_lines_enough_to_trust() -> None:
    assert len({line["typed"] for line in LINES}) >= 200


@pytest.mark.parametrize("line", LINES, ids=lambda line: line["typed"])
def test_a_line_means_what_the_evidence_says(line: dict[str, Any]) -> None:
    found = recognise(line["typed"], as_of=TODAY)

    said = {hit.medicine_class.id: hit.status for hit in found.hits}
    assert said == line["means"]
    assert bool(found.unknown) is line.get("unknown", False)


@pytest.mark.parametrize("line", LINES, ids=lambda line: line["typed"])
def test_a_line_weighs_what_the_evidence_says(line: dict[str, Any]) -> None:
    found = screened({"medicines": [line["typed"]]})

    assert found.level.value == line["level"]


@pytest.mark.parametrize(
    "hope",
    [
        "I want to be thinner and stronger",
        "I want to do something for my heart and my back",
        "less pain so I can stop the pain pills",
        "quiero dormir bien y tomar menos pastillas para el dolor",
        "I was on prednisone years ago",
        "my wife takes Humira and swears by needling",
    ],
)
def test_a_hope_that_names_no_medicine_taken_holds_nobody(hope: str) -> None:
    assert screened({"free_text": {"hopes": hope}}).level.value == "none"


@pytest.mark.parametrize(
    ("text", "item", "level"),
    [
        ("I take Humira for my joints", "immunosuppressant-medicine", "relative"),
        ("on methotrexate since May", "immunosuppressant-medicine", "relative"),
        ("they have me on Xeloda", "cancer-treatment", "absolute"),
        ("my sugar is fine on insulin", "diabetes", "relative"),
        ("I take eloquis", "anticoagulant", "absolute"),
        ("tomo prednisona todos los días", "steroids-oral", "relative"),
    ],
)
def test_a_grave_medicine_counts_in_any_text(text: str, item: str, level: str) -> None:
    found = screened({"free_text": {"hopes": text}}).finding(item)

    assert found is not None
    assert found.level.value == level


@pytest.mark.parametrize(
    ("line", "note"),
    [
        ("Lovenox 40 mg", "Ask why it is taken: surgery, pregnancy or cancer."),
        ("Sintrom", "Ask for a new INR."),
    ],
)
def test_a_blood_thinner_in_the_list_says_what_to_ask(line: str, note: str) -> None:
    found = screened({"medicines": [line]}).finding("anticoagulant")

    assert found is not None
    assert note in found.notes
