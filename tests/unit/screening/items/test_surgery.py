"""Joints, metal, spine, implants, shots, lines and sensors: each branch, side and last day."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from clinic.screening import outcome, questionnaire, rules
from tests.unit.screening.harmless import TODAY, finding, intake, level, screened

Changes = Mapping[str, Any]
ARM_LEFT = {
    "shoulder-left", "upper-arm-left", "elbow-left", "forearm-left", "wrist-hand-left",
}  # fmt: skip
ARM_RIGHT = {region.replace("left", "right") for region in ARM_LEFT}
EVERY = set(outcome.screen(
    questionnaire.shipped(), rules.shipped_rules(),
    intake({"arm-implant-sensor": "yes"}), as_of=TODAY,
).blocked_regions)  # fmt: skip
OLD_KNEE = {
    "joint-replacement": "yes",
    "joint-replacement.regions": ["knee-right"],
    "joint-replacement.date": "2019-03-01",
    "joint-replacement.infection": "no",
}
OLD_BACK = {
    "spinal-surgery": "yes",
    "spinal-surgery.regions": ["lower-back"],
    "spinal-surgery.date": "2015-06-01",
}
LIPS = {
    "botulinum-filler": "yes",
    "botulinum-filler.regions": ["face"],
    "botulinum-filler.date": "2026-11-01",
}
KNEE_SHOT = {
    "steroid-injection": "yes",
    "steroid-injection.regions": ["knee-left"],
    "steroid-injection.date": "2026-11-01",
}

# item, what is answered, the level for the left shoulder, the regions that no needle may enter
CASES: list[tuple[str, Changes, str, set[str]]] = [
    ("joint-replacement", {"joint-replacement": "no"}, "none", set()),
    ("joint-replacement", OLD_KNEE, "precaution", {"knee-right"}),
    (
        "joint-replacement",
        {**OLD_KNEE, "joint-replacement.regions": ["shoulder-left"]},
        "site",
        {"shoulder-left"},
    ),
    (
        "joint-replacement",
        {**OLD_KNEE, "joint-replacement.regions": ["hip-left"]},
        "precaution",
        {"hip-left", "buttock-left"},
    ),
    (
        "joint-replacement",
        {**OLD_KNEE, "joint-replacement.regions": ["hip-right", "knee-left"]},
        "precaution",
        {"hip-right", "buttock-right", "knee-left"},
    ),
    ("joint-replacement", {**OLD_KNEE, "joint-replacement.regions": None}, "site", EVERY),
    ("joint-replacement", {**OLD_KNEE, "joint-replacement.regions": "not_sure"}, "site", EVERY),
    (
        "joint-replacement",
        {**OLD_KNEE, "joint-replacement.date": "2026-03-01"},
        "relative",
        {"knee-right"},
    ),
    ("joint-replacement", {**OLD_KNEE, "joint-replacement.date": None}, "relative", {"knee-right"}),
    (
        "joint-replacement",
        {**OLD_KNEE, "joint-replacement.date": "2027-01-01"},  # still to come: not known
        "relative",
        {"knee-right"},
    ),
    (
        "joint-replacement",
        {**OLD_KNEE, "joint-replacement.infection": "yes"},
        "absolute",
        {"knee-right"},
    ),
    (
        "joint-replacement",
        {**OLD_KNEE, "joint-replacement.infection": "not_sure"},
        "absolute",
        {"knee-right"},
    ),
    (
        "joint-replacement",
        {**OLD_KNEE, "joint-replacement.infection": None},
        "absolute",
        {"knee-right"},
    ),
    ("joint-replacement", {"joint-replacement": "not_sure"}, "relative", set()),
    ("joint-replacement", {"joint-replacement": "prefer_not"}, "relative", set()),
    ("joint-replacement", {"joint-replacement": None}, "relative", set()),
    ("implant-hardware", {"implant-hardware": "no"}, "none", set()),
    (
        "implant-hardware",
        {"implant-hardware": "yes", "implant-hardware.regions": ["shoulder-left"]},
        "relative",
        set(),
    ),
    (
        "implant-hardware",
        {"implant-hardware": "yes", "implant-hardware.regions": ["shoulder-right"]},
        "precaution",
        set(),
    ),
    ("implant-hardware", {"implant-hardware": "yes"}, "relative", set()),
    ("implant-hardware", {"implant-hardware": "not_sure"}, "precaution", set()),
    ("implant-hardware", {"implant-hardware": None}, "precaution", set()),
    ("spinal-surgery", {"spinal-surgery": "no"}, "none", set()),
    ("spinal-surgery", OLD_BACK, "precaution", {"lower-back"}),
    (
        "spinal-surgery",
        {**OLD_BACK, "spinal-surgery.regions": ["neck", "upper-back"]},
        "precaution",
        {"neck", "upper-back"},
    ),
    (
        "spinal-surgery",
        {**OLD_BACK, "spinal-surgery.regions": ["not_sure"]},
        "precaution",
        {"neck", "upper-back", "lower-back"},
    ),
    (
        "spinal-surgery",
        {"spinal-surgery": "not_sure", "spinal-surgery.regions": ["neck"]},
        "precaution",
        {"neck"},
    ),
    (
        "spinal-surgery",
        {"spinal-surgery": "not_sure"},
        "precaution",
        {"neck", "upper-back", "lower-back"},
    ),
    (
        "spinal-surgery",
        {"spinal-surgery": None},
        "precaution",
        {"neck", "upper-back", "lower-back"},
    ),
    ("cosmetic-implant", {"cosmetic-implant": "no"}, "none", set()),
    (
        "cosmetic-implant",
        {"cosmetic-implant": "yes", "cosmetic-implant.regions": ["chest"]},
        "precaution",
        {"chest", "ribs"},
    ),
    (
        "cosmetic-implant",
        {"cosmetic-implant": "yes", "cosmetic-implant.regions": ["chest-left"]},
        "precaution",
        {"chest", "ribs"},
    ),
    (
        "cosmetic-implant",
        {"cosmetic-implant": "yes", "cosmetic-implant.regions": ["buttock-left"]},
        "precaution",
        {"buttock-left", "buttock-right"},
    ),
    (
        "cosmetic-implant",
        {"cosmetic-implant": "yes", "cosmetic-implant.regions": ["lower-leg-right"]},
        "precaution",
        {"lower-leg-left", "lower-leg-right"},
    ),
    (
        "cosmetic-implant",
        {"cosmetic-implant": "yes", "cosmetic-implant.regions": ["shoulder-left"]},
        "site",
        {"shoulder-left"},
    ),
    ("cosmetic-implant", {"cosmetic-implant": "yes"}, "site", EVERY),
    ("cosmetic-implant", {"cosmetic-implant": "not_sure"}, "relative", set()),
    ("cosmetic-implant", {"cosmetic-implant": None}, "relative", set()),
    ("botulinum-filler", {"botulinum-filler": "no"}, "none", set()),
    ("botulinum-filler", {**LIPS, "botulinum-filler.date": "2026-08-21"}, "none", set()),
    (
        "botulinum-filler",
        {**LIPS, "botulinum-filler.regions": ["shoulder-left"]},
        "site",
        {"shoulder-left"},
    ),
    (
        "botulinum-filler",
        {
            **LIPS,
            "botulinum-filler.regions": ["shoulder-left"],
            "botulinum-filler.date": "2026-08-22",
        },
        "site",
        {"shoulder-left"},
    ),
    ("botulinum-filler", {"botulinum-filler": "yes"}, "site", EVERY),
    ("botulinum-filler", {"botulinum-filler": "not_sure"}, "precaution", {"face", "neck"}),
    ("botulinum-filler", {"botulinum-filler": None}, "precaution", {"face", "neck"}),
    ("steroid-injection", {"steroid-injection": "no"}, "none", set()),
    ("steroid-injection", KNEE_SHOT, "precaution", {"knee-left"}),
    (
        "steroid-injection",
        {**KNEE_SHOT, "steroid-injection.regions": ["shoulder-left"]},
        "site",
        {"shoulder-left"},
    ),
    (
        "steroid-injection",
        {**KNEE_SHOT, "steroid-injection.date": "2026-10-11"},
        "precaution",
        {"knee-left"},
    ),
    ("steroid-injection", {**KNEE_SHOT, "steroid-injection.date": "2026-10-10"}, "none", set()),
    (
        "steroid-injection",
        {**KNEE_SHOT, "steroid-injection.date": None},
        "precaution",
        {"knee-left"},
    ),
    (
        "steroid-injection",
        {**KNEE_SHOT, "steroid-injection": "not_sure"},
        "precaution",
        {"knee-left"},
    ),
    ("steroid-injection", {"steroid-injection": "not_sure"}, "site", EVERY),
    ("steroid-injection", {"steroid-injection": None}, "site", EVERY),
    ("port-central-line", {"port-central-line": "no"}, "none", set()),
    (
        "port-central-line",
        {"port-central-line": "yes", "port-central-line.side": "left"},
        "site",
        {"neck", "chest-left", *ARM_LEFT},
    ),
    (
        "port-central-line",
        {"port-central-line": "yes", "port-central-line.side": "right"},
        "relative",
        {"neck", "chest-right", *ARM_RIGHT},
    ),
    *(
        (
            "port-central-line",
            {"port-central-line": "yes", "port-central-line.side": side},
            "site",
            {"neck", "chest", *ARM_LEFT, *ARM_RIGHT},
        )
        for side in ("both", "not_sure", None)
    ),
    ("port-central-line", {"port-central-line": "not_sure"}, "relative", set()),
    (
        "port-central-line",
        {"port-central-line": "not_sure", "port-central-line.side": "not_sure"},
        "relative",
        set(),
    ),
    (
        "port-central-line",
        {"port-central-line": "not_sure", "port-central-line.side": "right"},
        "relative",
        {"neck", "chest-right", *ARM_RIGHT},
    ),
    (
        "port-central-line",
        {"port-central-line": "not_sure", "port-central-line.where": "a PICC, I think"},
        "site",
        {"neck", "chest", *ARM_LEFT, *ARM_RIGHT},
    ),
    (
        "port-central-line",
        {"port-central-line": "not_sure", "free_text": {"anything-else": "I have a port"}},
        "site",
        {"neck", "chest", *ARM_LEFT, *ARM_RIGHT},
    ),
    ("port-central-line", {"port-central-line": None}, "relative", set()),
    ("arm-implant-sensor", {"arm-implant-sensor": "no"}, "none", set()),
    (
        "arm-implant-sensor",
        {"arm-implant-sensor": "yes", "arm-implant-sensor.regions": ["upper-arm-left"]},
        "precaution",
        {"upper-arm-left"},
    ),
    ("arm-implant-sensor", {"arm-implant-sensor": "not_sure"}, "relative", set()),
    (
        "arm-implant-sensor",
        {"arm-implant-sensor": "not_sure", "arm-implant-sensor.regions": ["not_sure"]},
        "relative",
        set(),
    ),
    (
        "arm-implant-sensor",
        {"arm-implant-sensor": "not_sure", "arm-implant-sensor.regions": ["abdomen"]},
        "relative",
        {"abdomen"},
    ),
    ("arm-implant-sensor", {"arm-implant-sensor": None}, "relative", set()),
]


@pytest.mark.parametrize(("item", "changes", "expected", "blocked"), CASES)
def test_a_branch_comes_to_its_level_and_its_regions(
    item: str, changes: Changes, expected: str, blocked: set[str]
) -> None:
    screening = screened(changes)

    found = screening.finding(item)

    assert (found.level.value if found else "none") == expected
    assert set(found.blocked_regions if found else ()) == blocked


def test_shots_elsewhere_weigh_nothing_and_keep_their_region_closed() -> None:
    found = finding(LIPS, "botulinum-filler")

    assert found.level.value == "none"
    assert found.blocked_regions == ("face",)
    assert found.lapses_on == date(2027, 2, 2)
    assert screened(LIPS).level.value == "none"


@pytest.mark.parametrize(
    ("day", "expected"),
    [("2026-07-22", "none"), ("2026-07-23", "absolute"), (None, "absolute")],
)
def test_spine_surgery_under_four_months_ago_is_recent_surgery_too(
    day: str | None, expected: str
) -> None:
    changes = {**OLD_BACK, "spinal-surgery.date": day}

    assert level(changes, "surgery-recent") == expected
    assert level(changes, "spinal-surgery") == "precaution"


def test_recent_spine_surgery_told_in_full_is_judged_as_told() -> None:
    changes = {
        **OLD_BACK,
        "spinal-surgery.date": "2026-09-01",
        "surgery-recent": "yes",
        "surgery-recent.kind": "other",
        "surgery-recent.regions": ["lower-back"],
        "surgery-recent.date": "2026-09-01",
        "surgery-recent.healed": "yes",
        "surgery-recent.blood-thinner": "no",
    }

    found = finding(changes, "surgery-recent")

    assert found.level.value == "relative"
    assert not found.mismatch


@pytest.mark.parametrize(
    ("day", "as_of", "expected"),
    [
        ("2025-11-22", date(2026, 11, 21), "relative"),
        ("2025-11-22", date(2026, 11, 22), "precaution"),
        ("2024-02-29", date(2025, 2, 27), "relative"),
        ("2024-02-29", date(2025, 3, 1), "precaution"),
    ],
)
def test_a_joint_is_new_for_twelve_months(day: str, as_of: date, expected: str) -> None:
    changes = {**OLD_KNEE, "joint-replacement.date": day}

    assert level(changes, "joint-replacement", as_of=as_of) == expected


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [(date(2024, 2, 29), "site"), (date(2024, 3, 1), "none")],
)
def test_three_months_after_a_shot_end_with_the_month_in_a_leap_year(
    as_of: date, expected: str
) -> None:
    changes = {
        **LIPS,
        "botulinum-filler.regions": ["shoulder-left"],
        "botulinum-filler.date": "2023-11-30",
    }

    assert level(changes, "botulinum-filler", as_of=as_of) == expected


def test_metal_counts_for_the_region_that_is_wanted() -> None:
    changes = {
        "implant-hardware": "yes",
        "implant-hardware.regions": ["lower-back-left"],
        "wanted_regions": ["lower-back-right", "knee-left"],
    }

    other_half = screened(changes)
    same_half = screened({**changes, "wanted_regions": ["lower-back"]})

    assert other_half.level.value == "precaution"
    assert other_half.regions["knee-left"].verdict == "allowed"
    assert same_half.level.value == "relative"
    assert "No electrical current across it." in finding(changes, "implant-hardware").notes


def test_a_no_beside_words_that_name_a_line_is_held_without_a_region() -> None:
    changes = {"free_text": {"hopes": "less pain near my chemo port"}}

    found = finding(changes, "port-central-line")

    assert found.level.value == "relative"
    assert found.blocked_regions == ()
