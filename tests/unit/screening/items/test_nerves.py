"""Nerves and brain: each branch of the evidence, to the day."""

from datetime import date
from typing import Any

import pytest

from clinic.screening import regions
from tests.unit.screening.harmless import BLANK, finding, level, screened

AWAY = {"wanted_regions": ["knee-right"]}
FITS = {
    **AWAY,
    "epilepsy": "yes",
    "epilepsy.kind": "other",
    "epilepsy.date": "2015-06-01",
    "epilepsy.controlled": "yes",
    "epilepsy.triggered": "no",
}
FAINT = {
    **AWAY,
    "fainting": "yes",
    "fainting.with": ["other"],
    "fainting.cause": "yes",
    "fainting.date": "2015-06-01",
    "fainting.times": "no",
}
NUMB = {
    **AWAY,
    "numbness": "yes",
    "numbness.regions": ["ankle-foot-left"],
    "numbness.new": "no",
}
DEVICE = {
    **AWAY,
    "spinal-stimulator-pump": "yes",
    "spinal-stimulator-pump.which": ["stimulator"],
    "spinal-stimulator-pump.regions": ["buttock-left"],
}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "relative"),
        # in the last six months: 22 May is six months ago to the day
        ({"epilepsy.date": "2026-05-22"}, "absolute"),
        ({"epilepsy.date": "2026-05-21"}, "relative"),
        ({"epilepsy.date": BLANK}, "absolute"),
        ({"epilepsy.date": "not_sure"}, "absolute"),
        ({"epilepsy.controlled": "no"}, "absolute"),
        ({"epilepsy.controlled": "not_sure"}, "absolute"),
        ({"epilepsy.controlled": BLANK}, "absolute"),
        ({"epilepsy.triggered": "yes"}, "absolute"),
        ({"epilepsy.triggered": "not_sure"}, "absolute"),
        ({"epilepsy.triggered": BLANK}, "absolute"),
        ({"epilepsy.kind": BLANK, "epilepsy.date": BLANK}, "absolute"),
        ({"epilepsy": "not_sure"}, "relative"),
        # answers that do not fit a single childhood seizure
        ({"epilepsy.kind": "fever-child"}, "precaution"),
        ({"epilepsy.kind": "fever-child", "epilepsy.date": "2026-11-01"}, "absolute"),
        ({"epilepsy.kind": "fever-child", "epilepsy.triggered": "yes"}, "absolute"),
        ({"epilepsy.kind": "fever-child", "epilepsy.controlled": "no"}, "absolute"),
    ],
)
def test_seizures(changes: dict[str, Any], expected: str) -> None:
    assert level({**FITS, **changes}, "epilepsy") == expected


def test_one_fever_seizure_in_childhood_is_noted() -> None:
    assert level({"epilepsy": "yes", "epilepsy.kind": "fever-child"}, "epilepsy") == "precaution"


def test_seizures_left_blank_are_reviewed() -> None:
    assert level({"epilepsy": BLANK}, "epilepsy") == "relative"


def test_the_hold_after_a_seizure_lapses_the_day_after_six_months() -> None:
    assert finding({**FITS, "epilepsy.date": "2026-08-31"}, "epilepsy").lapses_on == date(
        2027, 3, 1
    )


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"fainting.with": ["needles"]}, "relative"),
        ({"fainting.with": ["pain"]}, "relative"),
        ({"fainting.with": ["needles"], "fainting.date": "2026-11-01"}, "relative"),
        ({}, "precaution"),
        ({"fainting.with": ["other", "needles"]}, "relative"),
        # no known cause: held up to six months, an old faint once is noted
        ({"fainting.cause": "no", "fainting.date": "2026-05-22"}, "absolute"),
        ({"fainting.cause": "no", "fainting.date": "2026-05-21"}, "precaution"),
        ({"fainting.cause": "not_sure", "fainting.date": "2026-10-01"}, "absolute"),
        ({"fainting.cause": "no", "fainting.date": BLANK}, "absolute"),
        ({"fainting.cause": BLANK, "fainting.date": BLANK}, "absolute"),
        # neither old nor single
        ({"fainting.date": "2026-05-22"}, "relative"),
        ({"fainting.date": "2026-05-21"}, "precaution"),
        ({"fainting.times": "yes"}, "relative"),
        ({"fainting.times": BLANK}, "relative"),
        ({"fainting": "not_sure"}, "relative"),
    ],
)
def test_fainting(changes: dict[str, Any], expected: str) -> None:
    assert level({**FAINT, **changes}, "fainting") == expected


@pytest.mark.parametrize("set_off", [BLANK, ["not_sure"]])
def test_fainting_set_off_by_nobody_knows_what_is_held(set_off: object) -> None:
    assert level({"fainting": "yes", "fainting.with": set_off}, "fainting") == "absolute"


def test_fainting_left_blank_is_reviewed() -> None:
    assert level({"fainting": BLANK}, "fainting") == "relative"


def test_a_numb_region_is_blocked_and_reviewed() -> None:
    away = finding(NUMB, "numbness")
    wanted = finding({**NUMB, "wanted_regions": ["ankle-foot-left"]}, "numbness")

    assert (away.level.value, away.blocked_regions) == ("relative", ("ankle-foot-left",))
    assert wanted.level.value == "site"


def test_a_numb_place_not_named_blocks_every_region() -> None:
    found = finding({**NUMB, "numbness.regions": BLANK}, "numbness")

    assert regions.expand(found.blocked_regions) == regions.shipped().parts


@pytest.mark.parametrize("answer", ["not_sure", BLANK])
def test_not_sure_of_numbness_is_reviewed(answer: object) -> None:
    assert level({"numbness": answer}, "numbness") == "relative"


@pytest.mark.parametrize("answer", ["yes", "not_sure"])
def test_numbness_that_is_new_or_spreading_is_the_red_flag_of_weakness(answer: str) -> None:
    screening = screened({**NUMB, "numbness.new": answer})

    assert level({**NUMB, "numbness.new": answer}, "numbness") == "relative"
    assert screening.level.value == "urgent"
    assert "rf-new-weakness" in {found.id for found in screening.findings}


def test_crps_blocks_the_whole_limb_on_its_side() -> None:
    found = finding({**AWAY, "crps": "yes", "crps.regions": ["wrist-hand-left"]}, "crps")

    assert found.level.value == "relative"
    assert regions.expand(found.blocked_regions) == regions.group("arm", "left")


@pytest.mark.parametrize("named", [BLANK, ["not_sure"]])
def test_crps_in_a_limb_not_known_blocks_every_limb(named: object) -> None:
    found = finding({**AWAY, "crps": "yes", "crps.regions": named}, "crps")

    assert found.level.value == "site"
    assert regions.expand(found.blocked_regions) == regions.group("arm") | regions.group("leg")


@pytest.mark.parametrize("answer", ["not_sure", BLANK])
def test_not_sure_of_crps_is_reviewed(answer: object) -> None:
    assert level({"crps": answer}, "crps") == "relative"


@pytest.mark.parametrize("which", [["stimulator"], ["pain-pump"], ["other"], ["not_sure"], BLANK])
def test_a_stimulator_or_pump_blocks_the_back_belly_and_its_place(which: object) -> None:
    found = finding({**DEVICE, "spinal-stimulator-pump.which": which}, "spinal-stimulator-pump")

    assert found.level.value == "relative"
    assert found.notes == ("No electrical stimulation.",)
    assert set(found.blocked_regions) == {"upper-back", "abdomen", "lower-back", "buttock-left"}


def test_an_insulin_pump_blocks_its_own_place() -> None:
    pump = {
        **DEVICE,
        "spinal-stimulator-pump.which": ["insulin-pump"],
        "spinal-stimulator-pump.regions": ["abdomen"],
    }

    found = finding(pump, "spinal-stimulator-pump")

    assert (found.level.value, found.blocked_regions) == ("relative", ("abdomen",))


@pytest.mark.parametrize("item", ["spinal-stimulator-pump", "brain-shunt"])
@pytest.mark.parametrize("answer", ["not_sure", BLANK])
def test_not_sure_of_a_stimulator_or_shunt_blocks_nothing(item: str, answer: object) -> None:
    found = finding({item: answer}, item)

    assert (found.level.value, found.blocked_regions) == ("relative", ())


@pytest.mark.parametrize(
    ("told", "item", "blocked"),
    [
        ({"spinal-stimulator-pump.regions": ["abdomen"]}, "spinal-stimulator-pump", "lower-back"),
        ({"spinal-stimulator-pump.which": ["pain-pump"]}, "spinal-stimulator-pump", "lower-back"),
        ({"free_text": {"hopes": "a baclofen pump"}}, "spinal-stimulator-pump", "lower-back"),
        ({"brain-shunt.side": "right"}, "brain-shunt", "abdomen"),
        ({"free_text": {"hopes": "I have a VP shunt"}}, "brain-shunt", "abdomen"),
        ({"free_text": {"hopes": "tengo hidrocefalia"}}, "brain-shunt", "abdomen"),
    ],
)
def test_who_is_not_sure_but_names_the_device_or_its_place_has_one(
    told: dict[str, Any], item: str, blocked: str
) -> None:
    assert blocked in finding({**AWAY, item: "not_sure", **told}, item).blocked_regions


def test_a_brain_shunt_blocks_head_neck_chest_and_belly() -> None:
    found = finding({**AWAY, "brain-shunt": "yes"}, "brain-shunt")

    assert found.level.value == "relative"
    assert set(found.blocked_regions) == {"head", "neck", "chest", "abdomen"}


@pytest.mark.parametrize(
    ("text", "item"),
    [
        ("I had two siezures as a teen", "epilepsy"),
        ("sufro convulsiones", "epilepsy"),
        ("I passed out at the blood bank", "fainting"),
        ("me desmayé en el hospital", "fainting"),
        ("my feet are numb", "numbness"),
        ("se me duermen las manos", "numbness"),
        ("they call it RSD, reflex sympathetic dystrophy", "crps"),
        ("síndrome de dolor regional complejo", "crps"),
        ("a spinal cord stimulator since 2019", "spinal-stimulator-pump"),
        ("uso bomba de insulina", "spinal-stimulator-pump"),
        ("I have a shunt", "brain-shunt"),
        ("tengo una válvula en la cabeza", "brain-shunt"),
    ],
)
def test_own_words_about_nerves_and_brain_are_heard(text: str, item: str) -> None:
    assert level({"free_text": {"anything-else": text}}, item) == "relative"


@pytest.mark.parametrize(
    "text",
    [
        "numbing cream helps, and so does heat",
        "I want my clothes to fit again",
        "physio gave me exercises, I feel fine",
        "quiero dormir bien otra vez",
    ],
)
def test_healthy_talk_is_not_taken_for_nerve_trouble(text: str) -> None:
    assert screened({"free_text": {"hopes": text}}).level.value == "none"
