"""Whole histories, and what the evidence says of each; see the folder histories."""

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from clinic.screening import outcome, questionnaire, rules
from clinic.screening.outcome import Level, Screening
from tests.unit.screening.harmless import mildest

FOLDER = Path(__file__).with_name("histories")
FILES = [yaml.safe_load(file.read_text("utf-8")) for file in sorted(FOLDER.glob("*.yaml"))]
TOLD = [history for file in FILES for history in file["histories"]]
HISTORIES = {history["name"]: history for history in TOLD}
AS_OF: date = next(file["as_of"] for file in FILES if "as_of" in file)
HEALTHY = {key: value for file in FILES for key, value in file.get("healthy", {}).items()}
PLACES = {key: value for file in FILES for key, value in file.get("places", {}).items()}
TRUNK = ("chest", "ribs", "upper-back", "lower-back")


def parts(names: Iterable[str]) -> set[str]:
    """The smallest parts that short names, halves and wholes mean."""
    found: set[str] = set()
    for name in names:
        if name in PLACES:
            found |= parts(PLACES[name])
        else:
            found |= {f"{name}-left", f"{name}-right"} if name in TRUNK else {name}
    return found


def screened(history: Mapping[str, Any]) -> Screening:
    """The screening of the healthy adult with the answers that a history changes."""
    changed = {**mildest(), **HEALTHY, **history.get("answers", {})}
    return outcome.screen(
        questionnaire.shipped(),
        rules.shipped_rules(),
        {question: answer for question, answer in changed.items() if answer is not None},
        as_of=history.get("as_of", AS_OF),
    )


def test_no_two_histories_share_a_name() -> None:
    assert len(HISTORIES) == len(TOLD) >= 200


@pytest.mark.parametrize("name", HISTORIES)
def test_a_history_comes_to_what_the_evidence_says(name: str) -> None:
    history = HISTORIES[name]

    screening = screened(history)

    if "level" in history:
        assert screening.level is Level(history["level"])
    else:
        assert screening.level >= Level(history["at_least"])
    assert not (screening.bookable and screening.level > Level.PRECAUTION)
    assert screening.bookable is history.get("bookable", screening.bookable)
    found = {finding.id: finding.level.value for finding in screening.findings}
    expected = {} if history.get("level") == "none" else found
    assert found == history.get("findings", expected)
    if "blocked" in history or "findings" in history:
        assert parts(screening.blocked_regions) == parts(history.get("blocked", ()))


@pytest.mark.parametrize("name", [name for name in HISTORIES if "lapses" in HISTORIES[name]])
def test_a_finding_lapses_on_its_day(name: str) -> None:
    history = HISTORIES[name]

    lapses = {finding.id: finding.lapses_on for finding in screened(history).findings}

    expected: dict[str, date] = history["lapses"]
    assert {item: lapses[item] for item in expected} == expected


@pytest.mark.parametrize("name", [name for name in HISTORIES if "lapses" in HISTORIES[name]])
def test_a_finding_is_milder_or_gone_on_that_day_and_not_before(name: str) -> None:
    history = HISTORIES[name]
    for item, day in history["lapses"].items():
        before, after = (
            screened({**history, "as_of": date.fromordinal(day.toordinal() + step)}).finding(item)
            for step in (-1, 0)
        )

        assert before is not None
        assert after is None or after.level < before.level
