"""Regions, their sides, groups and neighbours."""

import pytest

from clinic.screening import regions
from clinic.screening.regions import UnknownRegion


def test_a_half_is_a_half_and_the_whole_is_both() -> None:
    assert regions.expand(["chest"]) == {"chest-left", "chest-right"}
    assert regions.expand(["knee"]) == {"knee-left", "knee-right"}
    assert regions.expand(["neck"]) == {"neck"}
    assert regions.expand(["knee", "chest-right"], "left") == {"knee-left", "chest-right"}


def test_two_halves_are_written_as_one_and_limbs_are_not() -> None:
    assert regions.normalise(["ribs-right", "ribs-left"]) == ("ribs",)
    assert regions.normalise(["knee-right", "knee-left"]) == ("knee-left", "knee-right")


@pytest.mark.parametrize("region", ["toe", "neck-left", "knee-both", "left", "", "abdomen-right"])
def test_an_unknown_region_is_refused(region: str) -> None:
    with pytest.raises(UnknownRegion):
        regions.expand([region])


def test_neighbours_are_read_both_ways() -> None:
    parts = sorted(regions.shipped().parts)

    for part in parts:
        for other in regions.next_to(part):
            assert part in regions.next_to(other), (part, other)


@pytest.mark.parametrize(
    ("region", "neighbours"),
    [
        ("head", {"face", "jaw", "neck"}),
        ("knee-left", {"thigh-left", "lower-leg-left"}),
        ("wrist-hand-right", {"forearm-right"}),
        ("lower-back-left", {"upper-back-left", "ribs-left", "buttock-left", "hip-left"}),
        ("shoulder-left", {"neck", "upper-arm-left", "chest-left", "upper-back-left"}),
        ("neck-front", {"jaw", "neck", "chest-left", "chest-right"}),
    ],
)
def test_the_next_regions(region: str, neighbours: set[str]) -> None:
    assert regions.next_to(region) == neighbours


def test_the_lung_field() -> None:
    assert regions.group("lung-field") == regions.expand(
        ["neck", "chest", "ribs", "upper-back", "shoulder-left", "shoulder-right"]
    )


def test_a_group_on_one_side() -> None:
    assert "arm-quarter" in regions.shipped().groups
    quarter = regions.group("arm-quarter", "right")
    assert quarter >= {"wrist-hand-right", "chest-right"}
    assert not any(part.endswith("-left") for part in quarter)


def test_every_region_has_a_name_in_both_languages() -> None:
    for region in regions.shipped().ids:
        assert regions.label(region, "en") != regions.label(region, "es")
    assert regions.label("knee-left", "en") == "Knee, left"
