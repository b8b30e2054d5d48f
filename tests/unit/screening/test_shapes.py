"""What the engine can carry beyond the items that ship: routes, raises, counts, lists, privacy."""

from dataclasses import dataclass
from typing import Any

import pytest

from clinic.screening import outcome, questionnaire, rules
from clinic.screening.outcome import Screening
from clinic.screening.questionnaire import Questionnaire
from clinic.screening.rules import Ruleset
from tests.unit.screening.harmless import TODAY, copied, intake, read

ITEMS = {
    "ssri-snri": """
from_list: true
questions:
  ssri-snri:
    text: Do you take a medicine for mood?
    choices: [yes, no, not_sure]
rules:
  - {id: alone, answer: [yes, not_sure], level: precaution}
  - {id: listed, when: {medicine: ssri-snri}, level: precaution}
  - id: with-nsaid
    when: {all: [{medicine: ssri-snri}, {question: nsaid-regular, operator: "=", answer: yes}]}
    raise: [nsaid-regular]
""",
    "nsaid-regular": """
questions:
  nsaid-regular:
    text: Do you take pain pills most days?
    choices: [yes, no, not_sure]
rules:
  - {id: most-days, answer: [yes, not_sure], level: precaution}
  - {id: listed, when: {medicine: nsaid}, level: precaution}
""",
    "rf-crisis": """
red_flag: true
urgency: emergency
private: true
questions:
  rf-crisis:
    text: Do you feel unsafe?
    choices: [yes, no, prefer_not]
    private: true
rules:
  - {id: unsafe, answer: yes, level: urgent}
  - {id: unsaid, answer: prefer_not, level: absolute}
""",
    "psychosis-acute": """
questions:
  psychosis-acute:
    text: Do you see things that others do not?
    choices: [yes, no, not_sure]
  psychosis-acute.safe:
    text: Do you feel safe?
    choices: [yes, no, not_sure]
    caution: [[yes], [no]]
    show: {question: psychosis-acute, operator: "=", answer: yes}
rules:
  - {id: any, answer: [yes, not_sure], level: absolute}
  - id: not-safe
    answer: yes
    when: {question: psychosis-acute.safe, operator: "=", answer: no}
    see: rf-crisis
""",
    "spinal-surgery": """
questions:
  spinal-surgery:
    text: Have you had surgery on your neck or back?
    choices: [yes, no, not_sure]
rules:
  - id: also
    answer: [yes, not_sure]
    see: blood-donation
""",
    "frailty": """
questions:
  frailty:
    text: Do you feel frail?
    choices: [yes, no, not_sure]
rules:
  - {id: frail, answer: [yes, not_sure], level: relative}
  - id: very-old
    answer: no
    when: {age: minor, operator: ">=", answer: 80}
    level: precaution
""",
    "botulinum-filler": """
questions:
  botulinum-filler:
    text: Have you had fillers in the last 3 months?
    choices: [yes, no, not_sure]
  botulinum-filler.regions:
    text: Where?
    kind: regions
    show: {question: botulinum-filler, operator: "=", answer: yes}
rules:
  - {id: there, answer: yes, level: none, block: [{answer: botulinum-filler.regions}]}
  - {id: unsure, answer: not_sure, level: site, block: [{regions: [face, neck]}]}
""",
    "hiv": """
private: true
questions:
  hiv:
    text: Do you have HIV?
    choices: [yes, no, prefer_not]
  hiv.undetectable:
    text: Is your viral load undetectable?
    choices: [yes, no, not_sure]
    caution: [[yes], [no]]
    show: {question: hiv, operator: "=", answer: yes}
  hiv.well:
    text: Do you feel well?
    choices: [yes, no, not_sure]
    caution: [[yes], [no]]
    show: {question: hiv, operator: "=", answer: yes}
rules:
  - {id: known, answer: yes, level: relative}
  - {id: unsaid, answer: prefer_not, level: none}
""",
}
SECTIONS = {
    "ssri-snri": "bleeding",
    "nsaid-regular": "bleeding",
    "rf-crisis": "red-flags",
    "psychosis-acute": "consent",
    "spinal-surgery": "surgery",
    "frailty": "consent",
    "botulinum-filler": "surgery",
    "hiv": "immunity",
}


@dataclass(frozen=True)
class Made:
    """A questionnaire and a ruleset with the items above."""

    asked: Questionnaire
    ruleset: Ruleset


TO_COME = "blood-donation"
NONE = dict.fromkeys(ITEMS, "no")
WORDS = "reason: Because.\naction: Ask.\npatient: {default: Thanks.}\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = copied(tmp_path_factory.mktemp("data"))
    for item, body in ITEMS.items():
        head = f"item: {item}\nsection: {SECTIONS[item]}\ntitle: {item}\n{WORDS}"
        (folder / f"items/{item}.yaml").write_text(head + body, "utf-8")
        texts = [
            f"  {line.strip()}\n    text: palabras"
            for line in body.splitlines()
            if line.startswith(f"  {item}") and line.endswith(":")
        ]
        (folder / f"es/{item}.yaml").write_text(
            f"item: {item}\npatient: {{default: Gracias.}}\nquestions:\n" + "\n".join(texts),
            "utf-8",
        )
    for part in ("items", "es"):  # still to come here, whatever ships
        (folder / part / f"{TO_COME}.yaml").unlink(missing_ok=True)
    data = read(folder)
    return Made(questionnaire.from_data(data), rules.from_data(data))


def screened(made: Made, changes: dict[str, Any]) -> Screening:
    return outcome.screen(made.asked, made.ruleset, intake({**NONE, **changes}), as_of=TODAY)


def levels(made: Made, changes: dict[str, Any]) -> dict[str, str]:
    return {found.id: found.level.value for found in screened(made, changes).findings}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, {}),
        ({"ssri-snri": "yes"}, {"ssri-snri": "precaution"}),
        ({"medicines": ["Zoloft"]}, {"ssri-snri": "precaution"}),
        ({"ssri-snri": None, "medicines": []}, {}),  # read from the list
        ({"ssri-snri": None, "medicines": ["Zoloft"]}, {"ssri-snri": "precaution"}),
        (
            {"medicines": ["Zoloft"], "nsaid-regular": "yes"},
            {"ssri-snri": "precaution", "nsaid-regular": "relative"},
        ),
        (
            {"psychosis-acute": "yes", "psychosis-acute.safe": "yes"},
            {"psychosis-acute": "absolute"},
        ),
        (
            {"psychosis-acute": "yes", "psychosis-acute.safe": "no"},
            {"rf-crisis": "urgent", "psychosis-acute": "absolute"},
        ),
        (
            {"psychosis-acute": "yes"},  # whether safe is not known
            {"rf-crisis": "urgent", "psychosis-acute": "absolute"},
        ),
        ({"psychosis-acute": None}, {"psychosis-acute": "absolute"}),
        ({"rf-crisis": None}, {"rf-crisis": "absolute"}),  # blank: yes, at absolute at most
        ({"rf-crisis": "prefer_not"}, {"rf-crisis": "absolute"}),
        ({"spinal-surgery": "yes"}, {"spinal-surgery": "relative"}),  # leads to what is to come
        ({"frailty": "no", "minor": "1946-11-22"}, {"frailty": "precaution"}),
        ({"frailty": "no", "minor": "1946-11-23"}, {}),
        ({"hiv": "prefer_not"}, {}),
        ({"hiv": "yes"}, {"hiv": "relative"}),
        ({"hiv": None}, {"hiv": "relative"}),
    ],
)
def test_what_a_rule_can_do(made: Made, changes: dict[str, Any], expected: dict[str, str]) -> None:
    assert levels(made, changes) == expected


def test_a_region_can_be_blocked_without_a_level(made: Made) -> None:
    changes = {"botulinum-filler": "yes", "botulinum-filler.regions": ["face"]}

    screening = screened(made, changes)
    over_it = screened(made, {**changes, "wanted_regions": ["face", "jaw"]})

    assert (screening.level.value, screening.blocked_regions) == ("none", ("face",))
    assert over_it.level.value == "site"
    assert over_it.as_json()["regions"] == {"face": "avoid", "jaw": "allowed"}


def test_private_items_have_private_findings(made: Made) -> None:
    found = screened(made, {"hiv": "yes"}).finding("hiv")

    assert found is not None
    assert found.private
    assert made.asked.questions["hiv"].private
