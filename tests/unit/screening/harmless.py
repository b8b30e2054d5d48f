"""An intake in which nothing is found, to be changed one answer at a time."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from clinic.screening import outcome, questionnaire, rules, source
from clinic.screening.outcome import EarlierAnswer, Finding, Screening
from clinic.screening.source import Data

TODAY = date(2026, 11, 22)
BLANK = object()


def mildest() -> dict[str, Any]:
    """The mildest answer to each question that everybody is asked, new items included."""
    return {
        question.id: question.least[0]
        for question in questionnaire.shipped().questions.values()
        if question.least and not question.is_follow_up and question.asked != "derived"
    }


HARMLESS: Mapping[str, Any] = {
    **mildest(),
    "minor": "1980-05-05",
    "wanted_regions": ["shoulder-left"],
    "rf-chest-breath": "no",
    "rf-fever-infection": "no",
    "needle-phobia": "fine",
    "medicines": [],
    "anticoagulant": "no",
    "antiplatelet": "no",
    "diabetes": "no",
    "lymph-node-removal": "no",
    "pregnancy": "no",
    "pregnancy.maybe": "no",
    "lung-disease": "no",
    "low-bmi.height": 70,
    "low-bmi.weight": 180,
    "surgery-recent": "no",
    "metal-allergy": "no",
}
ASTHMA = {"lung-disease": "yes", "lung-disease.which": ["asthma"], "lung-disease.oxygen": "no"}


def intake(changes: Mapping[str, Any]) -> dict[str, Any]:
    """The harmless intake with some answers changed, or left blank."""
    changed = {**HARMLESS, **changes}
    return {key: value for key, value in changed.items() if value is not BLANK}


def screened(
    changes: Mapping[str, Any], *, as_of: date = TODAY, earlier: tuple[EarlierAnswer, ...] = ()
) -> Screening:
    """What the shipped rules make of the harmless intake with these changes."""
    return outcome.screen(
        questionnaire.shipped(),
        rules.shipped_rules(),
        intake(changes),
        as_of=as_of,
        earlier=earlier,
    )


def level(changes: Mapping[str, Any], item: str, *, as_of: date = TODAY) -> str:
    """The level of one item, "none" where it was not found."""
    finding = screened(changes, as_of=as_of).finding(item)
    return finding.level.value if finding else "none"


def finding(changes: Mapping[str, Any], item: str, *, as_of: date = TODAY) -> Finding:
    """The finding of one item, which must be there."""
    found = screened(changes, as_of=as_of).finding(item)
    assert found is not None, f"{item} was not found"
    return found


def copied(folder: Path) -> Path:
    """A copy of the shipped data files, to be broken."""
    for name in (*source.GENERAL,):
        text = source.SHIPPED.joinpath(f"{name}.yaml").read_text(encoding="utf-8")
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    for part in ("items", "es"):
        (folder / part).mkdir()
        for file in source.SHIPPED.joinpath(part).iterdir():
            (folder / part / file.name).write_text(file.read_text(encoding="utf-8"), "utf-8")
    return folder


def read(folder: Path) -> Data:
    """The data files of a folder."""
    return source.read_folder(folder)
