"""Heart and blood vessels: each branch of the evidence, to the day."""

from datetime import date
from typing import Any

import pytest

from tests.unit.screening.harmless import BLANK, finding, level, screened

AWAY = {"wanted_regions": ["knee-right"]}
DEVICE = {
    "pacemaker-icd": "yes",
    "pacemaker-icd.which": ["pacemaker"],
    "pacemaker-icd.side": "left",
    "pacemaker-icd.date": "2020-01-01",
    "pacemaker-icd.shocked": "no",
}
SHOCKED = {**DEVICE, "pacemaker-icd.shocked": "yes"}
CLOT = {
    "dvt-history": "yes",
    "dvt-history.date": "2019-03-01",
    "dvt-history.blood-thinner": "no",
}
AORTA = {
    "aneurysm": "yes",
    "aneurysm.where": ["belly-chest"],
    "aneurysm.repaired": "no",
}
TRUNK = ("upper-back", "chest", "abdomen", "lower-back")
ELSEWHERE = {**AORTA, "aneurysm.where": ["elsewhere"]}


def without(answers: dict[str, Any], *questions: str) -> dict[str, Any]:
    """The answers with some follow-ups left blank."""
    return {key: value for key, value in answers.items() if key not in questions}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (DEVICE, "relative"),
        ({**DEVICE, "pacemaker-icd.which": ["monitor"]}, "relative"),
        # put in less than three months ago: 22 August is three months ago to the day
        ({**DEVICE, "pacemaker-icd.date": "2026-08-23"}, "absolute"),
        ({**DEVICE, "pacemaker-icd.date": "2026-08-22"}, "relative"),
        # not known when it was put in: reviewed, not held
        (without(DEVICE, "pacemaker-icd.date"), "relative"),
        ({**DEVICE, "pacemaker-icd.date": "not_sure"}, "relative"),
        # a shock in the last three months
        ({**SHOCKED, "pacemaker-icd.shock-date": "2026-08-22"}, "absolute"),
        ({**SHOCKED, "pacemaker-icd.shock-date": "2026-08-21"}, "relative"),
        (SHOCKED, "absolute"),
        (without(DEVICE, "pacemaker-icd.shocked"), "absolute"),
        ({**DEVICE, "pacemaker-icd.shocked": "not_sure"}, "absolute"),
        ({"pacemaker-icd": "not_sure"}, "relative"),
        ({"pacemaker-icd": BLANK}, "relative"),
    ],
)  # fmt: skip
def test_a_heart_device(changes: dict[str, Any], expected: str) -> None:
    assert level({**AWAY, **changes}, "pacemaker-icd") == expected


def test_a_heart_device_blocks_the_chest_and_the_shoulder_on_its_side() -> None:
    assert finding(DEVICE, "pacemaker-icd").blocked_regions == ("chest", "shoulder-left")
    assert finding(without(DEVICE, "pacemaker-icd.side"), "pacemaker-icd").blocked_regions == (
        "chest",
        "shoulder-left",
        "shoulder-right",
    )


def test_a_heart_device_allows_no_current() -> None:
    assert finding(DEVICE, "pacemaker-icd").notes == ("No electrical stimulation.",)
    assert finding({"pacemaker-icd": "not_sure"}, "pacemaker-icd").notes == (
        "No electrical stimulation.",
    )


def test_not_sure_of_a_heart_device_blocks_nothing() -> None:
    assert finding({"pacemaker-icd": "not_sure"}, "pacemaker-icd").blocked_regions == ()


@pytest.mark.parametrize(
    "told",
    [
        {"pacemaker-icd.side": "left"},
        {"pacemaker-icd.which": ["icd"]},
        {"free_text": {"anything-else": "they put a pacemaker in"}},
        {"free_text": {"hopes": "me pusieron un marcapasos"}},
    ],
)
@pytest.mark.parametrize("answer", ["not_sure", BLANK])
def test_who_is_not_sure_but_names_the_device_or_its_side_has_one(
    answer: object, told: dict[str, Any]
) -> None:
    assert "chest" in finding({"pacemaker-icd": answer, **told}, "pacemaker-icd").blocked_regions


def test_the_hold_after_a_new_heart_device_lapses_after_three_months() -> None:
    put_in = {**AWAY, **DEVICE, "pacemaker-icd.date": "2026-11-30"}

    found = finding(put_in, "pacemaker-icd", as_of=date(2026, 12, 1))

    assert found.level.value == "absolute"
    assert found.lapses_on == date(2027, 2, 28)  # there is no 30 February


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"heart-valve": "yes", "heart-valve.which": ["infection"]}, "absolute"),
        ({"heart-valve": "yes", "heart-valve.which": ["valve-disease", "infection"]}, "absolute"),
        ({"heart-valve": "yes"}, "absolute"),
        ({"heart-valve": "yes", "heart-valve.which": ["not_sure"]}, "absolute"),
        ({"heart-valve": "yes", "heart-valve.which": ["valve-replaced"]}, "relative"),
        ({"heart-valve": "yes", "heart-valve.which": ["valve-disease"]}, "relative"),
        ({"heart-valve": "yes", "heart-valve.which": ["thick-muscle"]}, "relative"),
        ({"heart-valve": "yes", "heart-valve.which": ["defect-repaired"]}, "relative"),
        ({"heart-valve": "yes", "heart-valve.which": ["defect"]}, "relative"),
        ({"heart-valve": "not_sure"}, "relative"),
        ({"heart-valve": BLANK}, "relative"),
    ],
)
def test_a_heart_valve_or_defect(changes: dict[str, Any], expected: str) -> None:
    assert level(changes, "heart-valve") == expected


@pytest.mark.parametrize("answer", ["yes", "not_sure", "prefer_not", BLANK])
def test_a_recent_or_unstable_heart_problem_is_held(answer: object) -> None:
    assert level({"heart-unstable": answer}, "heart-unstable") == "absolute"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [("yes", "relative"), ("not_sure", "precaution"), (BLANK, "precaution"), ("no", "none")],
)
def test_blood_pressure(answer: object, expected: str) -> None:
    assert level({"blood-pressure": answer}, "blood-pressure") == expected


def test_blood_pressure_that_pills_control_is_nothing_to_find() -> None:
    changes = {
        "medicines": ["lisinopril 10 mg", "amlodipine 5 mg"],
        "free_text": {"anything-else": "I take pills for high blood pressure"},
    }

    assert screened(changes).findings == ()


def test_poor_circulation_blocks_below_the_knee_on_its_side() -> None:
    known = {**AWAY, "vascular-disease": "yes", "vascular-disease.side": "left"}

    found = finding(known, "vascular-disease")
    wanted = finding({**known, "wanted_regions": ["ankle-foot-left"]}, "vascular-disease")

    assert found.level.value == "relative"
    assert found.blocked_regions == ("lower-leg-left", "ankle-foot-left")
    assert wanted.level.value == "site"


@pytest.mark.parametrize("side", ["both", "not_sure", BLANK])
def test_poor_circulation_blocks_both_legs_where_the_side_is_not_known(side: object) -> None:
    found = finding({"vascular-disease": "yes", "vascular-disease.side": side}, "vascular-disease")

    assert found.blocked_regions == (
        "lower-leg-left",
        "lower-leg-right",
        "ankle-foot-left",
        "ankle-foot-right",
    )


@pytest.mark.parametrize("answer", ["not_sure", BLANK])
def test_not_sure_of_the_circulation_is_reviewed(answer: object) -> None:
    assert level({"vascular-disease": answer}, "vascular-disease") == "relative"


@pytest.mark.parametrize("answer", ["yes", "not_sure"])
@pytest.mark.parametrize(
    ("regions", "expected"),
    [
        (["lower-leg-left"], "site"),
        (["lower-leg-right"], "none"),
        (BLANK, "site"),
        (["not_sure"], "site"),
    ],
)
def test_bulging_veins_matter_in_the_area_wanted(
    answer: str, regions: object, expected: str
) -> None:
    veins = {"varicose-veins": answer, "varicose-veins.regions": regions}

    assert level({"wanted_regions": ["lower-leg-left"], **veins}, "varicose-veins") == expected


def test_bulging_veins_elsewhere_stay_out_of_bounds() -> None:
    veins = {"varicose-veins": "yes", "varicose-veins.regions": ["lower-leg-right"]}

    screening = screened({"wanted_regions": ["lower-back"], **veins})

    assert screening.level.value == "none"
    assert screening.blocked_regions == ("lower-leg-right",)


@pytest.mark.parametrize(
    ("changes", "expected", "blocked"),
    [
        (AORTA, "absolute", TRUNK),
        ({**AORTA, "aneurysm.where": ["brain"]}, "absolute", ("head", "neck")),
        ({**ELSEWHERE, "aneurysm.regions": ["knee-left"]}, "absolute", ("knee-left",)),
        (ELSEWHERE, "absolute", ()),
        (without(AORTA, "aneurysm.where"), "absolute", ("head", "neck", *TRUNK)),
        (without(AORTA, "aneurysm.repaired"), "absolute", TRUNK),
        ({**AORTA, "aneurysm.repaired": "not_sure"}, "absolute", TRUNK),
        ({**AORTA, "aneurysm.repaired": "yes"}, "relative", ()),
        ({"aneurysm": "yes", "aneurysm.repaired": "yes"}, "relative", ()),
        ({"aneurysm": "not_sure"}, "absolute", ()),
        ({"aneurysm": BLANK}, "absolute", ()),
    ],
)
def test_an_aneurysm(changes: dict[str, Any], expected: str, blocked: tuple[str, ...]) -> None:
    found = finding({**AWAY, **changes}, "aneurysm")

    assert found.level.value == expected
    assert sorted(found.blocked_regions) == sorted(blocked)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (CLOT, "precaution"),
        ({**CLOT, "dvt-history.date": "2026-08-22"}, "absolute"),
        ({**CLOT, "dvt-history.date": "2026-08-21"}, "precaution"),
        (without(CLOT, "dvt-history.date"), "absolute"),
        ({**CLOT, "dvt-history.date": "not_sure"}, "absolute"),
        ({"dvt-history": "not_sure"}, "relative"),
        ({"dvt-history": BLANK}, "relative"),
    ],
)
def test_a_past_clot(changes: dict[str, Any], expected: str) -> None:
    assert level(changes, "dvt-history") == expected


@pytest.mark.parametrize("answer", ["yes", "not_sure", BLANK])
def test_a_past_clot_on_a_blood_thinner_counts_as_one_taken(answer: object) -> None:
    screening = screened({**CLOT, "dvt-history.blood-thinner": answer})

    found = {one.id: (one.level.value, one.mismatch) for one in screening.findings}
    assert found["anticoagulant"] == ("absolute", True)
    assert found["dvt-history"] == ("precaution", False)


def test_the_hold_after_a_clot_lapses_the_day_after_three_months() -> None:
    found = finding({**CLOT, "dvt-history.date": "2026-10-01"}, "dvt-history")

    assert found.lapses_on == date(2027, 1, 2)


@pytest.mark.parametrize(
    ("text", "item"),
    [
        ("I have a leaky valve", "heart-valve"),
        ("tengo un soplo en el corazón", "heart-valve"),
        ("heart attack in 2012", "heart-unstable"),
        ("me dio un infarto", "heart-unstable"),
        ("my blood pressure is out of control", "blood-pressure"),
        ("la presión no me baja", "blood-pressure"),
        ("poor circulation in my feet", "vascular-disease"),
        ("tengo mala circulación", "vascular-disease"),
        ("varicose veins", "varicose-veins"),
        ("tengo várices", "varicose-veins"),
        ("a small anurysm", "aneurysm"),
        ("me encontraron un aneurisma", "aneurysm"),
        ("DVT after a flight", "dvt-history"),
        ("tuve una trombosis", "dvt-history"),
    ],
)
def test_own_words_about_heart_and_vessels_are_heard(text: str, item: str) -> None:
    assert level({"free_text": {"anything-else": text}}, item) == "relative"


@pytest.mark.parametrize(
    "text",
    [
        "I want to play with my grandkids and warm my heart",
        "my blood pressure is fine",
        "a stroke of bad luck, I slipped and my back hurts",
        "me duele la espalda cuando cargo cosas",
    ],
)
def test_healthy_talk_is_not_taken_for_heart_trouble(text: str) -> None:
    assert screened({"free_text": {"hopes": text}}).level.value == "none"
