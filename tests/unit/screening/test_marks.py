"""What is drawn on the body: wanted, blocked, with care, and both at once."""

import pytest

from clinic.screening import marks, regions
from tests.unit.screening.harmless import screened

BODY = regions.shipped()
JOINT = {
    "joint-replacement": "yes",
    "joint-replacement.regions": ["knee-left"],
    "joint-replacement.date": "2020-09-01",
    "joint-replacement.infection": "no",
}


def told(**answers: object) -> list[tuple[bool, str, tuple[str, ...], tuple[str, ...]]]:
    named = {key.replace("__", ".").replace("_", "-"): value for key, value in answers.items()}
    found = marks.of(screened({**JOINT, **named, "wanted_regions": WANTED}), BODY)
    return [(m.wanted, m.verdict, m.because, BODY.normalise(m.parts)) for m in found]


WANTED = ["knee-left", "neck"]


def test_a_region_that_is_wanted_and_blocked_is_marked_as_both_on_its_own_side() -> None:
    found = told()

    assert found[0] == (True, "avoid", ("joint-replacement",), ("knee-left",))
    assert not any("knee-right" in parts for _wanted, _verdict, _because, parts in found)


def test_what_is_blocked_though_nobody_asked_for_it_is_marked_as_well() -> None:
    found = marks.of(screened({**JOINT, "wanted_regions": ["neck"]}), BODY)

    blocked = [one for one in found if not one.wanted and one.verdict == "avoid"]
    assert [(one.because, one.parts) for one in blocked] == [
        (("joint-replacement",), frozenset({"knee-left"}))
    ]


def test_nothing_is_marked_but_what_is_wanted_where_nothing_is_found() -> None:
    found = marks.of(screened({"wanted_regions": ["chest"]}), BODY)

    assert [(one.wanted, one.verdict, one.parts) for one in found] == [
        (True, "allowed", frozenset({"chest-left", "chest-right"}))
    ]


def test_what_holds_needling_everywhere_blocks_every_other_region_too() -> None:
    found = told(anticoagulant="yes")

    assert {one[1] for one in found} == {"avoid"}
    (others,) = [one for one in found if not one[0]]
    assert BODY.expand(others[3]) == BODY.parts - BODY.expand(WANTED)
    assert "anticoagulant" in others[2]


@pytest.mark.parametrize("wanted", [["not_sure"], ["chest-left"], ["shoulder-right", "ribs"]])
def test_each_part_of_the_body_has_one_mark_and_wanted_ones_the_verdict_of_their_region(
    wanted: list[str],
) -> None:
    screening = screened({**JOINT, "diabetes": "yes", "wanted_regions": wanted})

    found = marks.of(screening, BODY)

    parts = [part for one in found for part in one.parts]
    assert len(parts) == len(set(parts))
    marked = {part: one.verdict for one in found if one.wanted for part in one.parts}
    assert marked == {
        part: said.verdict
        for region, said in screening.regions.items()
        for part in BODY.expand([region])
    }
