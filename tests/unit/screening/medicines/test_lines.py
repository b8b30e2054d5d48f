"""Lines as patients type them, each with what it means and how much it weighs."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from clinic.screening.medicines import recognise
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
