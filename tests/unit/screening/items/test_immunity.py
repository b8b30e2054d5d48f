"""Infection and healing: every branch of every item, and the days on which they change."""

from datetime import date
from typing import Any

import pytest

from clinic.screening import rules
from clinic.screening.outcome import Level, patient_text
from tests.unit.screening.harmless import BLANK, TODAY, finding, level, screened

Changes = dict[str, Any]
TRANSPLANT = {"immune-suppressed": "yes", "immune-suppressed.which": ["transplant"]}
CALMED = {"immunosuppressant-medicine": "yes", "immunosuppressant-medicine.infection": "no"}
STEROIDS = {
    "steroids-oral": "yes",
    "steroids-oral.length": "long",
    "steroids-oral.stopped": "no",
}
SHORT = {**STEROIDS, "steroids-oral.length": "short"}
CHEMO = {
    "cancer-treatment": "yes",
    "cancer-treatment.which": ["chemo"],
    "cancer-treatment.ended": "no",
}
HORMONE = {**CHEMO, "cancer-treatment.which": ["hormone"]}
HIV = {"hiv": "yes", "hiv.undetectable": "yes", "hiv.well": "yes"}
HEPATITIS = {"hepatitis": "yes", "hepatitis.liver-damage": "no", "hepatitis.cured": "no"}
INFECTED = {
    "infection-current": "yes",
    "infection-current.preventive": "no",
    "infection-current.well": "yes",
    "infection-current.regions": ["jaw"],
    "infection-current.date": "2026-11-25",
}
PREVENTIVE = {
    "infection-current": "yes",
    "infection-current.preventive": "yes",
    "infection-current.well": "yes",
}

BRANCHES = [
    # a weak immune system
    ("immune-suppressed", {**TRANSPLANT, "immune-suppressed.which": ["other"]}, "relative"),
    ("immune-suppressed", {**TRANSPLANT, "immune-suppressed.which": ["from-birth"]}, "relative"),
    ("immune-suppressed", {**TRANSPLANT, "immune-suppressed.date": "2026-02-01"}, "absolute"),
    ("immune-suppressed", {**TRANSPLANT, "immune-suppressed.date": "2015-02-01"}, "relative"),
    ("immune-suppressed", TRANSPLANT, "absolute"),
    ("immune-suppressed", {"immune-suppressed": "yes"}, "absolute"),
    ("immune-suppressed", {"immune-suppressed": "not_sure"}, "relative"),
    ("immune-suppressed", {"immune-suppressed": BLANK}, "relative"),
    # medicine that calms the immune system
    ("immunosuppressant-medicine", CALMED, "relative"),
    (
        "immunosuppressant-medicine",
        {**CALMED, "immunosuppressant-medicine.infection": "yes"},
        "absolute",
    ),
    (
        "immunosuppressant-medicine",
        {**CALMED, "immunosuppressant-medicine.infection": "not_sure"},
        "absolute",
    ),
    ("immunosuppressant-medicine", {"immunosuppressant-medicine": "not_sure"}, "relative"),
    ("immunosuppressant-medicine", {"immunosuppressant-medicine": BLANK}, "none"),
    ("immunosuppressant-medicine", {"medicines": ["metotrexate 15 mg"]}, "relative"),
    ("immunosuppressant-medicine", {"medicines": ["Humira shots"]}, "relative"),
    ("immunosuppressant-medicine", {"medicines": ["azatioprina 50"]}, "relative"),
    ("immunosuppressant-medicine", {"medicines": ["Humira", "Keflex"]}, "absolute"),
    ("immunosuppressant-medicine", {"medicines": ["stopped Humira 5 months ago"]}, "relative"),
    ("immunosuppressant-medicine", {"medicines": ["stopped Humira 7 months ago"]}, "none"),
    ("immunosuppressant-medicine", {"medicines": ["Plaquenil"]}, "precaution"),
    ("immunosuppressant-medicine", {**CALMED, "infection-current": "yes"}, "absolute"),
    ("immunosuppressant-medicine", {**CALMED, "infection-current": "not_sure"}, "absolute"),
    ("immunosuppressant-medicine", {**CALMED, "infection-current": BLANK}, "absolute"),
    ("immunosuppressant-medicine", {**CALMED, **PREVENTIVE}, "relative"),
    (
        "immunosuppressant-medicine",
        {**CALMED, **PREVENTIVE, "medicines": ["Prograf", "Bactrim"]},
        "relative",
    ),
    # steroid pills
    ("steroids-oral", STEROIDS, "relative"),
    ("steroids-oral", SHORT, "precaution"),
    ("steroids-oral", {"steroids-oral": "yes"}, "relative"),
    ("steroids-oral", {**STEROIDS, "steroids-oral.length": "not_sure"}, "relative"),
    ("steroids-oral", {"steroids-oral": "not_sure"}, "relative"),
    ("steroids-oral", {"steroids-oral": BLANK}, "relative"),
    ("steroids-oral", {"medicines": ["prednisone 10 mg"]}, "relative"),
    ("steroids-oral", {**SHORT, "medicines": ["prednisone 10 mg"]}, "precaution"),
    ("steroids-oral", {"medicines": ["stopped prednisone 2 months ago"]}, "relative"),
    ("steroids-oral", {"medicines": ["stopped prednisone 4 months ago"]}, "none"),
    ("steroids-oral", {"medicines": ["Flonase", "hydrocortisone cream"]}, "none"),
    # cancer treatment
    ("cancer-treatment", CHEMO, "absolute"),
    ("cancer-treatment", {**CHEMO, "cancer-treatment.which": ["radiation"]}, "absolute"),
    ("cancer-treatment", {**CHEMO, "cancer-treatment.which": ["not_sure"]}, "absolute"),
    ("cancer-treatment", {"cancer-treatment": "yes"}, "absolute"),
    ("cancer-treatment", {"cancer-treatment": "not_sure"}, "absolute"),
    ("cancer-treatment", {"cancer-treatment": BLANK}, "absolute"),
    ("cancer-treatment", HORMONE, "relative"),
    ("cancer-treatment", {**HORMONE, "cancer-treatment.which": ["chemo", "hormone"]}, "absolute"),
    (
        "cancer-treatment",
        {**HORMONE, "cancer-treatment.which": ["hormone", "not_sure"]},
        "absolute",
    ),
    ("cancer-treatment", {**HORMONE, "cancer-treatment.platelets": 49}, "absolute"),
    ("cancer-treatment", {**HORMONE, "cancer-treatment.platelets": 50}, "relative"),
    ("cancer-treatment", {**HORMONE, "cancer-treatment.neutrophils": 0.9}, "absolute"),
    ("cancer-treatment", {**HORMONE, "cancer-treatment.neutrophils": 1}, "relative"),
    ("cancer-treatment", {"medicines": ["Xeloda"]}, "absolute"),
    ("cancer-treatment", {"medicines": ["finished chemo 2 months ago"]}, "absolute"),
    ("cancer-treatment", {"medicines": ["finished chemo in 2015"]}, "none"),
    # HIV
    ("hiv", HIV, "precaution"),
    ("hiv", {**HIV, "hiv.undetectable": "no"}, "relative"),
    ("hiv", {**HIV, "hiv.undetectable": "not_sure"}, "relative"),
    ("hiv", {**HIV, "hiv.undetectable": BLANK}, "relative"),
    ("hiv", {**HIV, "hiv.well": "no"}, "relative"),
    ("hiv", {**HIV, "hiv.well": BLANK}, "relative"),
    ("hiv", {"hiv": "prefer_not"}, "none"),
    ("hiv", {"hiv": BLANK}, "relative"),
    ("hiv", {"medicines": ["Biktarvy"]}, "precaution"),
    ("hiv", {"hiv": "prefer_not", "medicines": ["Descovy"]}, "precaution"),
    # hepatitis
    ("hepatitis", HEPATITIS, "precaution"),
    ("hepatitis", {**HEPATITIS, "hepatitis.liver-damage": "yes"}, "relative"),
    ("hepatitis", {**HEPATITIS, "hepatitis.liver-damage": "not_sure"}, "relative"),
    (
        "hepatitis",
        {**HEPATITIS, "hepatitis.liver-damage": "yes", "hepatitis.cured": "yes"},
        "precaution",
    ),
    ("hepatitis", {"hepatitis": "yes"}, "relative"),
    ("hepatitis", {"hepatitis": "not_sure"}, "precaution"),
    ("hepatitis", {"hepatitis": "prefer_not"}, "precaution"),
    ("hepatitis", {"hepatitis": BLANK}, "precaution"),
    # spleen
    ("splenectomy", {"splenectomy": "yes"}, "relative"),
    ("splenectomy", {"splenectomy": "not_sure"}, "relative"),
    ("splenectomy", {"splenectomy": BLANK}, "relative"),
    # infection
    ("infection-current", INFECTED, "relative"),
    ("infection-current", {**INFECTED, "infection-current.regions": ["shoulder-left"]}, "site"),
    ("infection-current", {"infection-current": "yes"}, "site"),
    ("infection-current", {"infection-current": "not_sure"}, "relative"),
    ("infection-current", {"infection-current": BLANK}, "relative"),
    ("infection-current", PREVENTIVE, "precaution"),
    ("infection-current", {**PREVENTIVE, "medicines": ["doxycycline 100 mg"]}, "precaution"),
    ("infection-current", {**PREVENTIVE, "infection-current.well": "no"}, "site"),
    (
        "infection-current",
        {**INFECTED, "infection-current.preventive": "not_sure"},
        "relative",
    ),
    ("infection-current", {"medicines": ["amoxicilina 500 mg"]}, "relative"),
    # healing
    ("poor-healing", {"poor-healing": "yes"}, "relative"),
    ("poor-healing", {"poor-healing": "not_sure"}, "relative"),
    ("poor-healing", {"poor-healing": BLANK}, "relative"),
]


@pytest.mark.parametrize(("item", "changes", "expected"), BRANCHES)
def test_every_branch_weighs_what_the_evidence_says(
    item: str, changes: Changes, expected: str
) -> None:
    assert level(changes, item) == expected


DAYS = [
    # a transplant up to twelve months ago is held
    ("immune-suppressed", {**TRANSPLANT, "immune-suppressed.date": "2025-11-22"}, "absolute"),
    ("immune-suppressed", {**TRANSPLANT, "immune-suppressed.date": "2025-11-21"}, "relative"),
    # steroid pills and cancer treatment up to three months ago
    (
        "steroids-oral",
        {**STEROIDS, "steroids-oral.stopped": "yes", "steroids-oral.date": "2026-08-22"},
        "relative",
    ),
    (
        "steroids-oral",
        {**STEROIDS, "steroids-oral.stopped": "yes", "steroids-oral.date": "2026-08-21"},
        "none",
    ),
    (
        "steroids-oral",
        {**SHORT, "steroids-oral.stopped": "yes", "steroids-oral.date": "2026-08-22"},
        "precaution",
    ),
    (
        "steroids-oral",
        {**SHORT, "steroids-oral.stopped": "yes", "steroids-oral.date": "2026-08-21"},
        "none",
    ),
    ("steroids-oral", {**STEROIDS, "steroids-oral.stopped": "yes"}, "relative"),
    (
        "cancer-treatment",
        {**CHEMO, "cancer-treatment.ended": "yes", "cancer-treatment.date": "2026-08-22"},
        "absolute",
    ),
    (
        "cancer-treatment",
        {
            **CHEMO,
            "cancer-treatment.ended": "yes",
            "cancer-treatment.date": "2026-08-21",
            "cancer-history": "yes",
        },
        "precaution",
    ),
    ("cancer-treatment", {**CHEMO, "cancer-treatment.ended": "yes"}, "absolute"),
    # two days after the last antibiotic
    ("infection-current", {**INFECTED, "infection-current.date": "2026-11-21"}, "relative"),
    ("infection-current", {**INFECTED, "infection-current.date": "2026-11-20"}, "precaution"),
    (
        "infection-current",
        {
            **INFECTED,
            "infection-current.date": "2026-11-20",
            "infection-current.well": "no",
        },
        "relative",
    ),
]


@pytest.mark.parametrize(("item", "changes", "expected"), DAYS)
def test_the_last_day_inside_and_the_first_day_outside(
    item: str, changes: Changes, expected: str
) -> None:
    assert level(changes, item) == expected


def test_twelve_months_after_a_leap_day_end_with_february() -> None:
    changes = {**TRANSPLANT, "immune-suppressed.date": "2024-02-29"}

    assert level(changes, "immune-suppressed", as_of=date(2025, 2, 28)) == "absolute"
    assert level(changes, "immune-suppressed", as_of=date(2025, 3, 1)) == "relative"


@pytest.mark.parametrize(
    ("item", "changes", "lapses_on"),
    [
        ("infection-current", INFECTED, date(2026, 11, 27)),
        ("infection-current", {**INFECTED, "infection-current.well": BLANK}, date(2026, 11, 27)),
        ("infection-current", {**INFECTED, "infection-current.well": "no"}, None),
        ("infection-current", {**INFECTED, "infection-current.date": "not_sure"}, None),
        (
            "immune-suppressed",
            {**TRANSPLANT, "immune-suppressed.date": "2026-02-28"},
            date(2027, 3, 1),
        ),
        (
            "steroids-oral",
            {**STEROIDS, "steroids-oral.stopped": "yes", "steroids-oral.date": "2026-11-20"},
            date(2027, 2, 21),
        ),
        (
            "cancer-treatment",
            {**CHEMO, "cancer-treatment.ended": "yes", "cancer-treatment.date": "2026-11-30"},
            date(2027, 3, 1),
        ),
        ("cancer-treatment", CHEMO, None),
    ],
)
def test_a_finding_lapses_on_its_day(item: str, changes: Changes, lapses_on: date | None) -> None:
    assert finding(changes, item).lapses_on == lapses_on


def test_an_infection_is_asked_again_on_the_day_and_blocks_its_own_place() -> None:
    found = finding({**INFECTED, "infection-current.regions": ["chest"]}, "infection-current")

    assert found.blocked_regions == ("chest",)
    after = finding(
        {**INFECTED, "infection-current.regions": ["chest"]},
        "infection-current",
        as_of=date(2026, 11, 27),
    )
    assert after.blocked_regions == ()


@pytest.mark.parametrize("answer", ["hiv", "hepatitis"])
def test_private_items_stay_private(answer: str) -> None:
    assert finding({answer: "yes"}, answer).private


@pytest.mark.parametrize("medicine", ["Biktarvy", "Truvada", "Epclusa"])
def test_a_medicine_of_a_private_item_is_private_and_no_diagnosis(medicine: str) -> None:
    screening = screened({"medicines": [medicine]})

    assert screening.findings
    assert all(one.private for one in screening.findings)
    assert screening.level < Level.ABSOLUTE


@pytest.mark.parametrize(
    "weak",
    [
        {"immune-suppressed": "yes"},
        CALMED,
        STEROIDS,
        CHEMO,
        {"splenectomy": "yes"},
        {**HIV, "hiv.undetectable": "no"},
        {"medicines": ["Humira"]},
        {"medicines": ["prednisone"]},
    ],
)
def test_fever_with_low_immunity_is_an_emergency(weak: Changes) -> None:
    fever = {"rf-fever-infection": "yes", "rf-fever-infection.signs": []}

    assert level(fever, "rf-fever-infection") == "absolute"
    assert level({**fever, **weak}, "rf-fever-infection") == "urgent"


def test_fever_with_hiv_under_control_is_no_emergency() -> None:
    fever = {"rf-fever-infection": "yes", "rf-fever-infection.signs": [], **HIV}

    assert level(fever, "rf-fever-infection") == "absolute"


@pytest.mark.parametrize(
    ("item", "medicine"),
    [
        ("immunosuppressant-medicine", "Enbrel"),
        ("steroids-oral", "Medrol"),
        ("cancer-treatment", "Gleevec"),
        ("infection-current", "Augmentin"),
    ],
)
def test_a_no_beside_its_medicine_does_not_match(item: str, medicine: str) -> None:
    found = finding({item: "no", "medicines": [medicine]}, item)

    assert found.mismatch
    assert found.level >= Level.RELATIVE


@pytest.mark.parametrize(
    ("text", "item", "expected"),
    [
        ("my immune system is weak", "immune-suppressed", "relative"),
        ("tengo las defensas bajas", "immune-suppressed", "relative"),
        ("I am on prednisone", "steroids-oral", "relative"),
        ("estoy tomando cortisona", "steroids-oral", "relative"),
        ("I was on prednisone years ago", "steroids-oral", "none"),
        ("just finished chemo", "cancer-treatment", "relative"),
        ("me dan quimio", "cancer-treatment", "relative"),
        ("I am HIV positive", "hiv", "relative"),
        ("I have AIDS", "hiv", "relative"),
        ("I wear hearing aids", "hiv", "none"),
        ("hair transplant last spring", "immune-suppressed", "none"),
        ("liver transplant last spring", "immune-suppressed", "relative"),
        ("conditions: AIDS", "hiv", "relative"),
        ("tengo VIH", "hiv", "relative"),
        ("hep C", "hepatitis", "relative"),
        ("they took my spleen out", "splenectomy", "relative"),
        ("me sacaron el bazo", "splenectomy", "relative"),
        ("I'm on antibiotics for a tooth", "infection-current", "relative"),
        ("tengo una infección en la muela", "infection-current", "relative"),
        ("no infection now", "infection-current", "none"),
        ("my cuts heal slowly", "poor-healing", "relative"),
        ("las heridas no me sanan", "poor-healing", "relative"),
        ("rejection meds since my kidney transplant", "immunosuppressant-medicine", "relative"),
    ],
)
def test_what_patients_write_is_heard(text: str, item: str, expected: str) -> None:
    assert level({"free_text": {"hopes": text}}, item) == expected


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize(
    ("item", "changes", "expected"), [branch for branch in BRANCHES if branch[2] == "relative"]
)
def test_a_finding_has_words_for_the_patient(
    item: str, changes: Changes, expected: str, language: str
) -> None:
    found = finding(changes, item, as_of=TODAY)

    assert found.level.value == expected
    assert patient_text(found, rules.shipped_rules(), language)
