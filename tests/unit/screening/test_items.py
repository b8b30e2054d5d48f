"""Each item at the boundaries of its rules."""

from datetime import date, timedelta
from typing import Any

import pytest

from clinic.screening import rules
from tests.unit.screening.harmless import ASTHMA, BLANK, TODAY, finding, level, screened

Changes = dict[str, Any]


def test_the_harmless_intake_finds_nothing() -> None:
    screening = screened({})

    assert screening.level.value == "none"
    assert screening.findings == ()
    assert screening.as_json()["regions"] == {"shoulder-left": "allowed"}


@pytest.mark.parametrize(("answer", "expected"), [("yes", "urgent"), ("not_sure", "urgent")])
def test_chest_pain_is_an_emergency(answer: str, expected: str) -> None:
    found = finding({"rf-chest-breath": answer}, "rf-chest-breath")

    assert found.level.value == expected
    assert found.urgency == "emergency"
    assert found.patient_text == "rf-chest-breath/default"


@pytest.mark.parametrize("missing", [BLANK, None, "prefer_not"])
def test_a_red_flag_that_nobody_answered_is_held_but_shows_no_emergency(missing: object) -> None:
    found = screened({"rf-chest-breath": missing}).finding("rf-chest-breath")

    assert found is not None
    if missing == "prefer_not":
        assert found.level.value == "urgent"
    else:
        assert found.level.value == "absolute"
        assert found.patient_text == "blank-answer/default"


FEVER: Changes = {"rf-fever-infection": "yes"}


@pytest.mark.parametrize("sign", ["confused", "stiff-neck", "rash", "fast-breathing"])
def test_fever_with_a_danger_sign_is_urgent(sign: str) -> None:
    found = finding({**FEVER, "rf-fever-infection.signs": [sign]}, "rf-fever-infection")

    assert found.level.value == "urgent"
    assert "with-danger-signs" in found.rules
    assert found.patient_text == "rf-fever-infection/urgent"


def test_fever_without_signs_or_low_immunity_is_absolute() -> None:
    found = finding({**FEVER, "rf-fever-infection.signs": []}, "rf-fever-infection")

    assert found.level.value == "absolute"
    assert found.rules == ("fever",)
    assert found.patient_text == "rf-fever-infection/default"


@pytest.mark.parametrize("answer", ["yes", "not_sure"])
def test_fever_with_a_spleen_that_may_not_work_is_urgent(answer: object) -> None:
    changes = {**FEVER, "rf-fever-infection.signs": [], "splenectomy": answer}

    assert level(changes, "rf-fever-infection") == "urgent"


def test_a_spleen_question_left_blank_holds_a_fever_and_sends_nobody_to_emergency() -> None:
    screening = screened({**FEVER, "rf-fever-infection.signs": [], "splenectomy": BLANK})

    assert screening.level.value == "absolute"
    assert screening.finding("splenectomy") is not None


@pytest.mark.parametrize("answer", ["not_sure", "prefer_not", BLANK])
def test_not_sure_about_fever_is_absolute(answer: object) -> None:
    assert level({"rf-fever-infection": answer}, "rf-fever-infection") == "absolute"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("fine", "none"),
        ("a-bit-nervous", "precaution"),
        ("very-scared", "absolute"),
        ("not_sure", "relative"),
        ("prefer_not", "relative"),
        (BLANK, "relative"),
    ],
)
def test_fear_of_needles(answer: object, expected: str) -> None:
    assert level({"needle-phobia": answer}, "needle-phobia") == expected


@pytest.mark.parametrize(
    ("fainted", "expected"),
    [("no", "precaution"), (BLANK, "precaution"), ("yes", "relative"), ("not_sure", "relative")],
)
def test_a_bit_nervous_does_not_match_a_faint_or_a_panic(fainted: object, expected: str) -> None:
    changes = {"needle-phobia": "a-bit-nervous", "needle-phobia.fainted": fainted}

    assert level(changes, "needle-phobia") == expected


def test_what_was_read_of_a_source_stands_beside_it() -> None:
    notes = rules.shipped_rules().items

    assert notes["needle-phobia"].source_notes["ISCP12"].startswith("document seen")
    assert notes["surgery-recent"].source_notes["JOTFORM"] == "recent cardiac surgery"
    assert notes["metal-allergy"].source_notes["WHITE01"] == "2 needle allergies in 31,822"
    assert notes["minor"].source_notes["NZASA"] == "parent consent under 16"


CONSENT: Changes = {
    "minor.guardian": "consents",
    "minor.guardian-name": "Robin Example",
    "minor.assent": "yes",
}


@pytest.mark.parametrize(
    ("born_on", "expected"),
    [
        ("2008-11-22", "none"),  # 18 today
        ("2008-11-23", "relative"),  # 18 tomorrow
        ("2014-11-22", "relative"),  # 12 today
        ("2014-11-23", "absolute"),  # 12 tomorrow
        ("2026-11-23", "absolute"),  # not born yet
        ("1880-01-01", "relative"),  # nobody is that old
        ("not_sure", "relative"),
        (BLANK, "relative"),
    ],
)
def test_age_with_the_consent_of_a_guardian(born_on: object, expected: str) -> None:
    assert level({"minor": born_on, **CONSENT}, "minor") == expected


@pytest.mark.parametrize(
    "consent",
    [
        {"minor.guardian": "present"},
        {"minor.guardian": "no"},
        {"minor.guardian": "not_sure"},
        {},
        {"minor.guardian": "consents"},  # but nobody is named
    ],
)
def test_a_minor_without_a_named_guardian_who_consents_is_held(consent: Changes) -> None:
    assert level({"minor": "2010-01-01", **consent}, "minor") == "absolute"


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2026, 2, 28), "relative"),
        (date(2026, 3, 1), "none"),
    ],
)
def test_who_was_born_on_29_february_comes_of_age_on_1_march(day: date, expected: str) -> None:
    assert level({"minor": "2008-02-29", **CONSENT}, "minor", as_of=day) == expected


def test_a_minor_finding_lapses_on_the_birthday() -> None:
    assert finding({"minor": "2008-12-01", **CONSENT}, "minor").lapses_on == date(2026, 12, 1)


STOPPED: Changes = {
    "anticoagulant": "yes",
    "anticoagulant.which": ["apixaban"],
    "anticoagulant.stopped": "yes",
    "anticoagulant.prescriber-agreed": "yes",
}


@pytest.mark.parametrize(
    ("last_dose", "agreed", "expected"),
    [
        ("2026-11-08", "yes", "absolute"),  # 2 weeks to the day
        ("2026-11-07", "yes", "precaution"),
        ("2026-11-07", "no", "relative"),
        ("2026-11-07", "not_sure", "relative"),
        ("2026-11-07", BLANK, "relative"),
        ("2026-08-22", "yes", "precaution"),  # 3 months to the day
        ("2026-08-21", "yes", "none"),
        ("2026-08-21", "no", "none"),
        ("2026-12-01", "yes", "absolute"),  # still to come
        (BLANK, "yes", "absolute"),
        ("not_sure", "yes", "absolute"),
    ],
)
def test_a_stopped_blood_thinner(last_dose: object, agreed: object, expected: str) -> None:
    changes = {
        **STOPPED,
        "anticoagulant.date": last_dose,
        "anticoagulant.prescriber-agreed": agreed,
    }
    changes = {key: value for key, value in changes.items() if value is not BLANK}

    assert level(changes, "anticoagulant") == expected


@pytest.mark.parametrize("stopped", ["no", "not_sure", BLANK])
def test_a_blood_thinner_that_is_not_known_to_be_stopped_is_held(stopped: object) -> None:
    changes = {**STOPPED, "anticoagulant.date": "2026-01-01", "anticoagulant.stopped": stopped}

    assert level(changes, "anticoagulant") == "absolute"


WARFARIN: Changes = {
    "anticoagulant": "yes",
    "anticoagulant.which": ["warfarin"],
    "anticoagulant.stopped": "no",
    "anticoagulant.inr": 3.0,
    "anticoagulant.inr-date": "2026-10-25",  # 4 weeks ago to the day
}


@pytest.mark.parametrize(
    ("changes", "asked"),
    [
        ({}, False),
        ({"anticoagulant.inr": 3.1}, True),
        ({"anticoagulant.inr-date": "2026-10-24"}, True),
        ({"anticoagulant.inr": "not_sure"}, True),
        ({"anticoagulant.inr": BLANK}, True),
        ({"anticoagulant.inr-date": BLANK}, True),
    ],
)
def test_a_new_inr_is_asked_for(changes: Changes, asked: bool) -> None:  # noqa: FBT001 - a column
    found = finding({**WARFARIN, **changes}, "anticoagulant")

    assert found.level.value == "absolute"
    assert ("Ask for a new INR." in found.notes) is asked


def test_not_sure_about_a_blood_thinner_leads_to_the_unknown_one() -> None:
    screening = screened({"anticoagulant": "not_sure"})

    unknown, own = (
        screening.finding("blood-thinner-unknown"),
        screening.finding("anticoagulant"),
    )
    assert unknown is not None
    assert own is not None
    assert (unknown.level.value, own.level.value) == ("absolute", "precaution")
    assert unknown.answers() == {"anticoagulant": "not_sure"}


def test_a_blood_thinner_whose_name_is_not_known_leads_there_too() -> None:
    changes = {"anticoagulant": "yes", "anticoagulant.which": ["not_sure"]}

    assert level(changes, "blood-thinner-unknown") == "absolute"


ASPIRIN: Changes = {
    "antiplatelet": "yes",
    "antiplatelet.which": ["aspirin"],
    "antiplatelet.dose": 100,
}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "precaution"),
        ({"antiplatelet.dose": 101}, "relative"),
        ({"antiplatelet.dose": "not_sure"}, "relative"),
        ({"antiplatelet.dose": BLANK}, "relative"),
        ({"antiplatelet.which": ["clopidogrel"]}, "relative"),
        ({"antiplatelet.which": ["other"]}, "relative"),
        ({"antiplatelet.which": ["aspirin", "clopidogrel"]}, "absolute"),
        ({"antiplatelet.which": ["aspirin-dipyridamole"]}, "absolute"),
        ({"antiplatelet.which": BLANK}, "absolute"),
        ({"antiplatelet.which": []}, "absolute"),
        ({"antiplatelet.which": ["not_sure"]}, "absolute"),
        ({"anticoagulant": "yes"}, "absolute"),
        ({"anticoagulant": "yes", "anticoagulant.stopped": "yes"}, "precaution"),
        ({"anticoagulant": BLANK}, "absolute"),
        ({"medicines": ["Eliquis"]}, "absolute"),
        ({"medicines": ["Plavix"]}, "absolute"),
        ({"medicines": ["aspirin"]}, "precaution"),  # the same one; the dose was answered
        ({"antiplatelet": "not_sure"}, "relative"),
        ({"antiplatelet": BLANK}, "relative"),
    ],
)
def test_aspirin_and_the_like(changes: Changes, expected: str) -> None:
    changes = {**ASPIRIN, **changes}
    if changes["antiplatelet"] != "yes":
        changes = {"antiplatelet": changes["antiplatelet"]}

    assert level(changes, "antiplatelet") == expected


SUGAR: Changes = {
    "diabetes": "yes",
    "diabetes.a1c": 7.9,
    "diabetes.problems": [],
    "diabetes.unstable": "no",
    "diabetes.insulin": "no",
}


@pytest.mark.parametrize(
    ("changes", "expected", "blocked"),
    [
        ({}, "precaution", False),
        ({"diabetes.a1c": 8}, "relative", False),
        ({"diabetes.a1c": "not_sure"}, "relative", False),
        ({"diabetes.a1c": BLANK}, "relative", False),
        ({"diabetes.unstable": "yes"}, "relative", False),
        ({"diabetes.unstable": BLANK}, "relative", False),
        ({"diabetes.problems": ["numb-feet"]}, "relative", True),
        ({"diabetes.problems": ["sores", "not_sure"]}, "relative", True),
        ({"diabetes.problems": "not_sure"}, "relative", True),
        ({"diabetes.problems": BLANK}, "relative", True),
        ({"diabetes.problems": ["numb-feet"], "wanted_regions": ["ankle-foot-left"]}, "site", True),
        ({"diabetes": "not_sure"}, "relative", False),
        ({"diabetes": BLANK}, "relative", False),
    ],
)
def test_diabetes(changes: Changes, expected: str, blocked: bool) -> None:  # noqa: FBT001 - a column
    changes = {**SUGAR, **changes}
    if changes["diabetes"] != "yes":
        changes = {"diabetes": changes["diabetes"]}

    found = finding(changes, "diabetes")

    assert found.level.value == expected
    legs = ("lower-leg-left", "lower-leg-right", "ankle-foot-left", "ankle-foot-right")
    assert found.blocked_regions == (legs if blocked else ())


TRUNK = (
    "abdomen",
    "lower-back",
    "pelvis-groin",
    "buttock-left",
    "buttock-right",
    "hip-left",
    "hip-right",
)


@pytest.mark.parametrize("answer", ["yes", "not_sure"])
@pytest.mark.parametrize(
    ("changes", "everywhere"),
    [
        ({"pregnancy.weeks": 13, "pregnancy.high-risk": "no"}, False),
        ({"pregnancy.weeks": 12.9, "pregnancy.high-risk": "no"}, True),
        ({"pregnancy.weeks": "not_sure", "pregnancy.high-risk": "no"}, True),
        ({"pregnancy.high-risk": "no"}, True),
        ({"pregnancy.weeks": 30, "pregnancy.high-risk": "yes"}, True),
        ({"pregnancy.weeks": 30, "pregnancy.high-risk": "not_sure"}, True),
        ({"pregnancy.weeks": 30}, True),
    ],
)
def test_pregnancy_is_held_and_blocks(answer: str, changes: Changes, everywhere: bool) -> None:  # noqa: FBT001 - a column
    found = finding({"pregnancy": answer, **changes}, "pregnancy")

    assert found.level.value == "absolute"
    assert (found.blocked_regions == TRUNK) is not everywhere
    assert ("face" in found.blocked_regions) is everywhere


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"pregnancy": "no", "pregnancy.maybe": "no"}, "none"),
        ({"pregnancy": "no", "pregnancy.maybe": "yes"}, "absolute"),
        ({"pregnancy": "no", "pregnancy.maybe": "not_sure"}, "absolute"),
        ({"pregnancy": "no", "pregnancy.maybe": BLANK}, "absolute"),
        ({"pregnancy": "not_applicable", "pregnancy.maybe": BLANK}, "none"),
        ({"pregnancy": BLANK, "pregnancy.maybe": BLANK}, "absolute"),
        ({"pregnancy": "prefer_not", "pregnancy.maybe": BLANK}, "absolute"),
    ],
)
def test_who_could_be_pregnant_counts_as_not_sure(changes: Changes, expected: str) -> None:
    assert level(changes, "pregnancy") == expected


ARM_LEFT = (
    "upper-back-left",
    "chest-left",
    "ribs-left",
    "shoulder-left",
    "upper-arm-left",
    "elbow-left",
    "forearm-left",
    "wrist-hand-left",
)


@pytest.mark.parametrize(
    ("changes", "blocked"),
    [
        ({"place": ["armpit"], "side": "left"}, ARM_LEFT),
        (
            {"place": ["groin-pelvis"], "side": "left"},
            (
                "pelvis-groin",
                "buttock-left",
                "hip-left",
                "thigh-left",
                "knee-left",
                "lower-leg-left",
                "ankle-foot-left",
            ),
        ),
        ({"place": ["neck"], "side": "left"}, ("face", "jaw", "neck", "shoulder-left")),
        (
            {"place": ["neck"], "side": "not_sure"},
            ("face", "jaw", "neck", "shoulder-left", "shoulder-right"),
        ),
    ],
)
@pytest.mark.parametrize("answer", ["yes", "not_sure"])
def test_lymph_nodes_block_by_place_and_side(
    answer: str, changes: Changes, blocked: tuple[str, ...]
) -> None:
    changes = {f"lymph-node-removal.{key}": value for key, value in changes.items()}

    found = finding({"lymph-node-removal": answer, **changes}, "lymph-node-removal")

    assert found.blocked_regions == blocked


def test_lymph_nodes_of_an_unknown_place_block_all_three_on_both_sides() -> None:
    found = finding({"lymph-node-removal": "yes"}, "lymph-node-removal")

    assert found.level.value == "site"
    assert {"chest", "neck", "ankle-foot-left", "ankle-foot-right"} <= set(found.blocked_regions)


def test_lymph_nodes_on_the_other_side_stay_on_the_chart() -> None:
    changes = {
        "lymph-node-removal": "yes",
        "lymph-node-removal.place": ["armpit"],
        "lymph-node-removal.side": "right",
    }

    screening = screened(changes)

    assert screening.level.value == "precaution"
    assert "shoulder-right" in screening.blocked_regions
    assert screening.as_json()["regions"] == {"shoulder-left": "allowed"}


@pytest.mark.parametrize(
    ("changes", "expected", "blocked"),
    [
        ({"which": ["copd"]}, "site", True),
        ({"which": ["other"]}, "site", True),
        ({"which": BLANK}, "site", True),
        ({"which": ["asthma"], "asthma": "mild"}, "precaution", False),
        ({"which": ["asthma"], "asthma": "severe"}, "site", True),
        ({"which": ["asthma"], "asthma": "not_sure"}, "site", True),
        ({"which": ["asthma"], "asthma": BLANK}, "site", True),
        ({"which": ["asthma"], "asthma": "childhood"}, "none", False),
        ({"which": ["asthma"], "asthma": "mild", "oxygen": "yes"}, "site", True),
        ({"which": ["pneumonia"]}, "relative", False),
    ],
)
def test_lung_disease_over_the_lungs(changes: Changes, expected: str, blocked: bool) -> None:  # noqa: FBT001 - a column
    answers = {**ASTHMA, **{f"lung-disease.{key}": value for key, value in changes.items()}}

    screening = screened(answers)

    assert level(answers, "lung-disease") == expected
    assert ("chest" in screening.blocked_regions) is blocked


@pytest.mark.parametrize(
    ("which", "expected"), [("copd", "relative"), ("pneumonia", "none"), ("tb", "relative")]
)
def test_lung_disease_away_from_the_lungs(which: str, expected: str) -> None:
    changes = {**ASTHMA, "lung-disease.which": [which], "wanted_regions": ["knee-left"]}

    assert level(changes, "lung-disease") == expected


# 70 inches: 18.5 kg/m2 is 128.934... pounds, 22.0 kg/m2 is 153.327... pounds.
@pytest.mark.parametrize(
    ("pounds", "wanted", "expected"),
    [
        (128.93, "shoulder-left", "relative"),
        (128.94, "shoulder-left", "precaution"),
        (153.32, "shoulder-left", "precaution"),
        (153.33, "shoulder-left", "none"),
        (128.93, "knee-left", "precaution"),
        (128.94, "knee-left", "none"),
        (128.93, "neck", "relative"),
        (BLANK, "chest-right", "precaution"),
        ("not_sure", "ribs", "precaution"),
        (BLANK, "knee-left", "none"),
    ],
)
def test_body_mass_index_is_not_rounded(pounds: object, wanted: str, expected: str) -> None:
    changes = {"low-bmi.weight": pounds, "wanted_regions": [wanted]}

    assert level(changes, "low-bmi") == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"low-bmi.weight": 150}, "relative"),
        ({"low-bmi.weight": 150, "wanted_regions": ["knee-left"]}, "none"),
        ({"low-bmi.weight": 180}, "none"),
    ],
)
def test_two_precautions_over_the_lungs_are_reviewed(changes: Changes, expected: str) -> None:
    mild = {**ASTHMA, "lung-disease.asthma": "mild"}

    assert level({**mild, **changes}, "lung-field-precautions") == expected


SURGERY: Changes = {
    "surgery-recent": "yes",
    "surgery-recent.kind": "other",
    "surgery-recent.regions": ["knee-left"],
    "surgery-recent.date": "2026-11-02",
    "surgery-recent.healed": "yes",
    "surgery-recent.blood-thinner": "no",
}


@pytest.mark.parametrize(
    ("as_of", "expected", "lapses_on"),
    [
        (date(2026, 11, 2), "absolute", date(2026, 12, 14)),
        (date(2026, 12, 13), "absolute", date(2026, 12, 14)),
        (date(2026, 12, 14), "relative", date(2027, 3, 3)),
        (date(2027, 3, 2), "relative", date(2027, 3, 3)),
        (date(2027, 3, 3), "none", None),
    ],
)
def test_surgery_by_its_date(as_of: date, expected: str, lapses_on: date | None) -> None:
    screening = screened(SURGERY, as_of=as_of)

    found = screening.finding("surgery-recent")
    assert (found.level.value if found else "none") == expected
    assert (found.lapses_on if found else None) == lapses_on


@pytest.mark.parametrize(
    ("operated_on", "last_day"),
    [
        (date(2026, 10, 31), date(2027, 2, 28)),
        (date(2027, 10, 31), date(2028, 2, 29)),  # a leap year
        (date(2027, 10, 29), date(2028, 2, 29)),
        (date(2028, 2, 29), date(2028, 6, 29)),
    ],
)
def test_four_months_end_with_a_short_month(operated_on: date, last_day: date) -> None:
    changes = {**SURGERY, "surgery-recent.date": operated_on.isoformat()}

    assert level(changes, "surgery-recent", as_of=last_day) == "relative"
    assert level(changes, "surgery-recent", as_of=last_day + timedelta(1)) == "none"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"kind": "minor"}, "precaution"),
        ({"kind": "minor", "healed": "no"}, "absolute"),
        ({"kind": "minor", "healed": BLANK}, "absolute"),
        ({"kind": BLANK}, "absolute"),
        ({"date": "not_sure"}, "absolute"),
        ({"date": BLANK}, "absolute"),
        ({"date": "2026-12-24"}, "absolute"),  # still to come
    ],
)
def test_surgery_of_which_not_all_is_known(changes: Changes, expected: str) -> None:
    answers = {**SURGERY, **{f"surgery-recent.{key}": value for key, value in changes.items()}}

    assert level(answers, "surgery-recent") == expected


@pytest.mark.parametrize(
    ("changes", "blocked"),
    [
        ({}, ("thigh-left", "knee-left", "lower-leg-left")),
        (
            {"regions": ["knee"], "side": "right"},
            ("thigh-right", "knee-right", "lower-leg-right"),
        ),
        ({"regions": ["chest-left"]}, ("neck-front", "chest-left", "ribs-left", "abdomen")),
    ],
)
def test_surgery_blocks_its_region_and_the_next(changes: Changes, blocked: tuple[str, ...]) -> None:
    answers = {**SURGERY, **{f"surgery-recent.{key}": value for key, value in changes.items()}}

    found = finding(answers, "surgery-recent")

    assert set(blocked) <= set(found.blocked_regions)
    assert "face" not in found.blocked_regions


def test_surgery_at_an_unknown_place_blocks_every_region() -> None:
    answers = {**SURGERY, "surgery-recent.regions": BLANK, "surgery-recent.date": "2026-09-01"}

    found = finding(answers, "surgery-recent")

    assert found.level.value == "site"
    assert found.elsewhere.value == "relative"
    assert "face" in found.blocked_regions


def test_a_blood_thinner_after_surgery_is_looked_into() -> None:
    changes = {**SURGERY, "surgery-recent.blood-thinner": "yes"}

    assert level(changes, "blood-thinner-unknown") == "absolute"


@pytest.mark.parametrize(
    ("severity", "needles", "expected"),
    [
        ("rash", "no", "precaution"),
        ("severe", "no", "absolute"),
        ("rash", "yes", "absolute"),
        ("rash", "not_sure", "absolute"),
        ("rash", BLANK, "absolute"),
        (BLANK, "no", "absolute"),
    ],
)
def test_metal_allergy(severity: object, needles: object, expected: str) -> None:
    changes = {
        "metal-allergy": "yes",
        "metal-allergy.severity": severity,
        "metal-allergy.needles": needles,
    }

    assert level(changes, "metal-allergy") == expected


@pytest.mark.parametrize("answer", ["not_sure", BLANK])
def test_not_sure_about_metal_is_a_precaution(answer: object) -> None:
    assert level({"metal-allergy": answer}, "metal-allergy") == "precaution"


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [(["neck-front"], "relative"), (["neck"], "none"), ([], "relative"), (BLANK, "relative")],
)
def test_the_front_of_the_neck_is_reviewed(wanted: object, expected: str) -> None:
    assert level({"wanted_regions": wanted}, "neck-front-wanted") == expected


def test_a_list_of_medicines_that_was_not_given_is_asked_for() -> None:
    assert level({"medicines": BLANK}, "medicines") == "relative"
    assert level({"medicines": []}, "medicines") == "none"


def test_today_is_the_day_these_tables_were_written_for() -> None:
    assert date(2026, 11, 22) == TODAY
