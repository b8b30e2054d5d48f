"""Lymphedema and lymph nodes: the limb, its quarter of the trunk, and infection there."""

from typing import Any

import pytest

from clinic.screening import regions
from tests.unit.screening.harmless import BLANK, finding, level

SWOLLEN = {
    "wanted_regions": ["knee-right"],
    "lymphedema": "yes",
    "lymphedema.regions": ["forearm-left"],
    "lymphedema.infection": "no",
}
LEFT_ARM = {
    "shoulder-left", "upper-arm-left", "elbow-left", "forearm-left", "wrist-hand-left",
    "chest-left", "ribs-left", "upper-back-left",
}  # fmt: skip
RIGHT_LEG = {
    "buttock-right", "hip-right", "thigh-right", "knee-right", "lower-leg-right",
    "ankle-foot-right", "pelvis-groin",
}  # fmt: skip


@pytest.mark.parametrize("answer", ["yes", "not_sure"])
@pytest.mark.parametrize(
    ("named", "blocked"),
    [
        (["wrist-hand-left"], LEFT_ARM),
        (["shoulder-left"], LEFT_ARM),
        (["ankle-foot-right"], RIGHT_LEG),
        (["wrist-hand-left", "thigh-right"], LEFT_ARM | RIGHT_LEG),
        # outside a limb: the region and its next ones
        (["neck-front"], {"neck-front", "jaw", "neck", "chest"}),
        (["abdomen"], {"abdomen", "chest", "ribs", "pelvis-groin"}),
    ],
)
def test_lymphedema_blocks_the_limb_and_its_quarter(
    answer: str, named: list[str], blocked: set[str]
) -> None:
    found = finding({**SWOLLEN, "lymphedema": answer, "lymphedema.regions": named}, "lymphedema")

    assert set(regions.expand(found.blocked_regions)) == set(regions.expand(blocked))


@pytest.mark.parametrize("answer", ["yes", "not_sure"])
@pytest.mark.parametrize("named", [BLANK, ["not_sure"]])
def test_lymphedema_in_a_place_not_known_blocks_every_region(answer: str, named: object) -> None:
    found = finding({**SWOLLEN, "lymphedema": answer, "lymphedema.regions": named}, "lymphedema")

    assert regions.expand(found.blocked_regions) == regions.shipped().parts


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "precaution"),
        ({"wanted_regions": ["elbow-left"]}, "site"),
        ({"wanted_regions": ["chest-left"]}, "site"),
        ({"wanted_regions": ["chest-right"]}, "precaution"),
        ({"wanted_regions": BLANK}, "site"),
        ({"lymphedema": "not_sure"}, "precaution"),
        ({"lymphedema.infection": "yes"}, "absolute"),
        ({"lymphedema.infection": "not_sure"}, "absolute"),
        ({"lymphedema.infection": BLANK}, "absolute"),
        ({"lymphedema": "not_sure", "lymphedema.infection": "yes"}, "absolute"),
        ({"lymphedema": "not_sure", "lymphedema.infection": "not_sure"}, "absolute"),
        ({"lymphedema": "not_sure", "lymphedema.infection": BLANK}, "precaution"),
    ],
)
def test_lymphedema(changes: dict[str, Any], expected: str) -> None:
    assert level({**SWOLLEN, **changes}, "lymphedema") == expected


def test_lymphedema_left_blank_blocks_as_not_sure_does() -> None:
    assert level({"lymphedema": BLANK}, "lymphedema") == "site"


@pytest.mark.parametrize("answer", ["yes", "not_sure"])
def test_nodes_removed_block_the_side_named_and_both_where_it_is_not(answer: str) -> None:
    nodes = {
        "lymph-node-removal": answer,
        "lymph-node-removal.place": ["armpit"],
        "lymph-node-removal.side": "left",
    }

    known = finding(nodes, "lymph-node-removal")
    unknown = finding({**nodes, "lymph-node-removal.side": "not_sure"}, "lymph-node-removal")

    assert set(regions.expand(known.blocked_regions)) == LEFT_ARM
    assert regions.expand(unknown.blocked_regions) == regions.group("arm-quarter")


def test_a_side_of_lymph_nodes_beside_a_no_counts() -> None:
    changes = {"lymph-node-removal": "no", "lymph-node-removal.side": "left"}

    assert finding(changes, "lymph-node-removal").mismatch


@pytest.mark.parametrize(
    ("text", "item"),
    [
        ("limphedema in my arm", "lymphedema"),
        ("tengo linfedema en el brazo", "lymphedema"),
        ("they took lymphnodes out", "lymph-node-removal"),
        ("me quitaron los ganglios", "lymph-node-removal"),
    ],
)
def test_own_words_about_lymph_are_heard(text: str, item: str) -> None:
    assert level({"free_text": {"anything-else": text}}, item) == "relative"
