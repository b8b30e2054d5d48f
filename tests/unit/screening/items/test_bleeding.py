"""Blood and bleeding: every branch of every item, and what adds up with what."""

from typing import Any

import pytest

from clinic.screening import questionnaire, rules
from clinic.screening.outcome import Level, patient_text
from tests.unit.screening.harmless import BLANK, finding, level, screened

Changes = dict[str, Any]
LOW = {"low-platelets": "yes"}
FATTY = {"liver-disease": "yes", "liver-disease.which": ["fatty-liver"], "liver-disease.signs": []}
RELATIVE = {"bleeding-disorder": "relative-does"}
KIDNEY = {
    "kidney-dialysis": "yes",
    "kidney-dialysis.access": "no",
    "kidney-dialysis.dialysis": "no",
}
DIALYSIS = {**KIDNEY, "kidney-dialysis.dialysis": "yes"}
ASPIRIN = {
    "antiplatelet": "yes",
    "antiplatelet.which": ["aspirin"],
    "antiplatelet.dose": 81,
    "antiplatelet.blood-thinner": "no",
    "antiplatelet.stent": "no",
}
PLAVIX = {**ASPIRIN, "antiplatelet.which": ["clopidogrel"], "antiplatelet.dose": BLANK}
STOPPED = {
    "anticoagulant": "yes",
    "anticoagulant.which": ["apixaban"],
    "anticoagulant.stopped": "yes",
    "anticoagulant.prescriber-agreed": "yes",
}

BRANCHES = [
    # pain pills
    ("nsaid-regular", {"nsaid-regular": "yes"}, "precaution"),
    ("nsaid-regular", {"nsaid-regular": "not_sure"}, "precaution"),
    ("nsaid-regular", {"nsaid-regular": "prefer_not"}, "precaution"),
    ("nsaid-regular", {"nsaid-regular": BLANK}, "precaution"),
    ("nsaid-regular", {"medicines": ["ibuprofen 600 mg every day"]}, "precaution"),
    ("nsaid-regular", {"medicines": ["Advil now and then"]}, "none"),
    ("nsaid-regular", {"medicines": ["naproxeno de vez en cuando"]}, "none"),
    ("nsaid-regular", {"medicines": ["Voltaren gel for my knee"]}, "none"),
    (
        "nsaid-regular",
        {"nsaid-regular": "yes", "nsaid-regular.blood-thinner": "no"},
        "precaution",
    ),
    (
        "nsaid-regular",
        {"nsaid-regular": "yes", "nsaid-regular.blood-thinner": "not_sure"},
        "relative",
    ),
    # antidepressants
    ("ssri-snri", {"ssri-snri": "yes"}, "precaution"),
    ("ssri-snri", {"ssri-snri": "not_sure"}, "precaution"),
    ("ssri-snri", {"ssri-snri": BLANK, "medicines": ["sertralina 50 mg"]}, "precaution"),
    ("ssri-snri", {"ssri-snri": BLANK, "medicines": ["Cymbalta 60"]}, "precaution"),
    ("ssri-snri", {"ssri-snri": BLANK, "medicines": ["bupropion", "trazodone"]}, "none"),
    ("ssri-snri", {"ssri-snri": BLANK}, "none"),
    ("ssri-snri", {"medicines": ["Zoloft 50 mg, my antidepressant"]}, "precaution"),
    # supplements
    ("supplement-bleeding", {"supplement-bleeding": "yes"}, "precaution"),
    ("supplement-bleeding", {"supplement-bleeding": "not_sure"}, "precaution"),
    ("supplement-bleeding", {"supplement-bleeding": BLANK}, "none"),
    ("supplement-bleeding", {"medicines": ["fish oil 1000 mg"]}, "precaution"),
    ("supplement-bleeding", {"medicines": ["ginkgo biloba"]}, "precaution"),
    (
        "supplement-bleeding",
        {"medicines": ["vitamin D", "B12", "magnesium", "iron", "melatonin", "creatine"]},
        "none",
    ),
    # bleeding disorder
    ("bleeding-disorder", {"bleeding-disorder": "i-do"}, "absolute"),
    ("bleeding-disorder", {"bleeding-disorder": "not_sure"}, "relative"),
    ("bleeding-disorder", {"bleeding-disorder": BLANK}, "relative"),
    ("bleeding-disorder", RELATIVE, "relative"),
    ("bleeding-disorder", {**RELATIVE, "bleeding-disorder.tested": "no"}, "relative"),
    ("bleeding-disorder", {**RELATIVE, "bleeding-disorder.tested": "not_sure"}, "relative"),
    ("bleeding-disorder", {**RELATIVE, "bleeding-disorder.tested": "normal"}, "precaution"),
    ("bleeding-disorder", {**RELATIVE, "bleeding-disorder.tested": "problem"}, "absolute"),
    ("bleeding-disorder", {"medicines": ["Advate"]}, "absolute"),
    ("bleeding-disorder", {"medicines": ["Hemlibra shots"]}, "absolute"),
    ("bleeding-disorder", {"medicines": ["tranexamic acid for my periods"]}, "relative"),
    # platelets
    ("low-platelets", LOW, "absolute"),
    ("low-platelets", {**LOW, "low-platelets.count": 140}, "absolute"),
    ("low-platelets", {"low-platelets": "not_sure"}, "relative"),
    ("low-platelets", {"low-platelets": BLANK}, "relative"),
    ("low-platelets", {"medicines": ["hydroxyurea 500 mg"]}, "relative"),
    ("low-platelets", {"medicines": ["Agrylin"]}, "relative"),
    # bruising
    ("easy-bruising", {"easy-bruising": "yes"}, "relative"),
    ("easy-bruising", {"easy-bruising": "not_sure"}, "relative"),
    ("easy-bruising", {"easy-bruising": BLANK}, "relative"),
    # liver
    ("liver-disease", {**FATTY, "liver-disease.tests-normal": "yes"}, "precaution"),
    ("liver-disease", {**FATTY, "liver-disease.tests-normal": "no"}, "relative"),
    ("liver-disease", {**FATTY, "liver-disease.tests-normal": "not_sure"}, "relative"),
    ("liver-disease", FATTY, "relative"),
    ("liver-disease", {**FATTY, "liver-disease.which": ["hepatitis"]}, "relative"),
    ("liver-disease", {**FATTY, "liver-disease.which": ["other"]}, "relative"),
    ("liver-disease", {**FATTY, "liver-disease.which": ["not_sure"]}, "relative"),
    ("liver-disease", {**FATTY, "liver-disease.which": BLANK}, "relative"),
    ("liver-disease", {**FATTY, "liver-disease.which": ["cirrhosis"]}, "absolute"),
    ("liver-disease", {**FATTY, "liver-disease.which": ["fatty-liver", "cirrhosis"]}, "absolute"),
    ("liver-disease", {**FATTY, "liver-disease.signs": ["yellow-skin"]}, "absolute"),
    ("liver-disease", {**FATTY, "liver-disease.signs": ["bleeding"]}, "absolute"),
    ("liver-disease", {**FATTY, "liver-disease.signs": ["swollen-belly"]}, "absolute"),
    ("liver-disease", {**FATTY, "liver-disease.signs": ["not_sure"]}, "absolute"),
    ("liver-disease", {"liver-disease": "yes"}, "absolute"),
    ("liver-disease", {"liver-disease": "not_sure"}, "relative"),
    ("liver-disease", {"liver-disease": BLANK}, "relative"),
    # kidneys
    ("kidney-dialysis", KIDNEY, "relative"),
    ("kidney-dialysis", {"kidney-dialysis": "not_sure"}, "relative"),
    ("kidney-dialysis", {"kidney-dialysis": BLANK}, "relative"),
    ("kidney-dialysis", {**KIDNEY, "wanted_regions": ["knee-left"]}, "relative"),
]


@pytest.mark.parametrize(("item", "changes", "expected"), BRANCHES)
def test_every_branch_weighs_what_the_evidence_says(
    item: str, changes: Changes, expected: str
) -> None:
    assert level(changes, item) == expected


TOGETHER = [
    # what is taken or known together, and the levels of the items that it raises
    (
        {"nsaid-regular": "yes", "ssri-snri": "yes"},
        {"nsaid-regular": "relative", "ssri-snri": "relative"},
    ),
    (
        {"medicines": ["Zoloft", "ibuprofen every day"]},
        {"nsaid-regular": "relative", "ssri-snri": "relative"},
    ),
    (
        {"medicines": ["Zoloft", "ibuprofen as needed"]},
        {"nsaid-regular": "none", "ssri-snri": "precaution"},
    ),
    ({**ASPIRIN}, {"antiplatelet": "precaution"}),
    (
        {**ASPIRIN, "nsaid-regular": "yes"},
        {"nsaid-regular": "relative", "antiplatelet": "relative"},
    ),
    ({**ASPIRIN, "ssri-snri": "yes"}, {"ssri-snri": "relative", "antiplatelet": "relative"}),
    ({**ASPIRIN, "ssri-snri": "not_sure"}, {"ssri-snri": "relative", "antiplatelet": "relative"}),
    ({**ASPIRIN, "ssri-snri": BLANK}, {"ssri-snri": "none", "antiplatelet": "precaution"}),
    (
        {**ASPIRIN, "nsaid-regular": "not_sure"},
        {"nsaid-regular": "relative", "antiplatelet": "relative"},
    ),
    (
        {**ASPIRIN, "nsaid-regular": BLANK},
        {"nsaid-regular": "relative", "antiplatelet": "relative"},
    ),
    (
        {**ASPIRIN, "supplement-bleeding": "yes"},
        {"supplement-bleeding": "precaution", "antiplatelet": "precaution"},
    ),
    ({**PLAVIX, "nsaid-regular": "yes"}, {"nsaid-regular": "relative", "antiplatelet": "relative"}),
    (
        {"medicines": ["Plavix", "sertraline"]},
        {"ssri-snri": "relative", "antiplatelet": "relative"},
    ),
    (
        {"medicines": ["aspirin 81 mg daily", "duloxetine"]},
        {"ssri-snri": "relative", "antiplatelet": "relative"},
    ),
    (
        {"medicines": ["Eliquis", "naproxen twice a day"]},
        {"anticoagulant": "absolute", "nsaid-regular": "relative"},
    ),
    (
        {"medicines": ["blood thinner", "Lexapro"]},
        {"blood-thinner-unknown": "absolute", "ssri-snri": "relative"},
    ),
    (
        {"anticoagulant": "not_sure", "ssri-snri": "yes"},
        {"blood-thinner-unknown": "absolute", "ssri-snri": "relative"},
    ),
    # the other flag goes up one step, to relative at least and absolute at most
    (
        {**RELATIVE, "bleeding-disorder.tested": "normal", "nsaid-regular": "yes"},
        {"bleeding-disorder": "relative", "nsaid-regular": "relative"},
    ),
    (
        {**RELATIVE, "bleeding-disorder.tested": "no", "nsaid-regular": "yes"},
        {"bleeding-disorder": "absolute"},
    ),
    (
        {"bleeding-disorder": "not_sure", "medicines": ["Aleve every day"]},
        {"bleeding-disorder": "absolute", "nsaid-regular": "relative"},
    ),
    (
        {"bleeding-disorder": "i-do", "nsaid-regular": "yes"},
        {"bleeding-disorder": "absolute", "nsaid-regular": "relative"},
    ),
    ({**STOPPED, "anticoagulant.date": "2026-10-20"}, {"anticoagulant": "precaution"}),
    (
        {**STOPPED, "anticoagulant.date": "2026-10-20", "nsaid-regular": "yes"},
        {"anticoagulant": "relative", "nsaid-regular": "relative"},
    ),
    (
        {**STOPPED, "anticoagulant.date": "2026-08-21", "nsaid-regular": "yes"},
        {"anticoagulant": "none", "nsaid-regular": "precaution"},
    ),
]


@pytest.mark.parametrize(("changes", "expected"), TOGETHER)
def test_what_adds_up_is_raised(changes: Changes, expected: dict[str, str]) -> None:
    screening = screened(changes)

    found = {one.id: one.level.value for one in screening.findings}
    assert {item: found.get(item, "none") for item in expected} == expected


@pytest.mark.parametrize(
    ("last_dose", "expected"),
    [
        ("2026-11-08", "absolute"),  # two weeks ago to the day
        ("2026-11-07", "precaution"),
        ("2026-08-22", "precaution"),  # three months ago to the day
        ("2026-08-21", "none"),
        (BLANK, "absolute"),
    ],
)
def test_a_blood_thinner_that_was_stopped_with_agreement(last_dose: object, expected: str) -> None:
    assert level({**STOPPED, "anticoagulant.date": last_dose}, "anticoagulant") == expected


THINNER = {"anticoagulant": "yes", "anticoagulant.which": ["apixaban"]}


@pytest.mark.parametrize("also", [{"medicines": ["Plavix"]}, ASPIRIN])
def test_a_blood_thinner_with_an_antiplatelet_calls_for_the_prescriber(also: Changes) -> None:
    assert finding({**THINNER, **also}, "anticoagulant").notes == ("Contact the prescriber.",)


def test_warfarin_in_the_list_alone_asks_for_a_new_inr() -> None:
    assert finding({"medicines": ["cumadin 5 mg"]}, "anticoagulant").notes == (
        "Ask for a new INR.",
    )


def test_a_supplement_is_a_note_on_the_blood_thinner() -> None:
    changes = {"medicines": ["Eliquis", "ginkgo"]}

    found = finding(changes, "anticoagulant")

    assert found.notes == ("Takes a supplement beside it that may add to bruising.",)
    assert level(changes, "supplement-bleeding") == "precaution"


@pytest.mark.parametrize(
    ("item", "changes"),
    [
        ("nsaid-regular.blood-thinner", {"nsaid-regular": "yes"}),
        ("antiplatelet.blood-thinner", PLAVIX),
    ],
)
@pytest.mark.parametrize(
    ("answer", "found_in"), [("yes", "anticoagulant"), ("not_sure", "blood-thinner-unknown")]
)
def test_a_blood_thinner_named_beside_another_medicine_counts_although_it_was_denied(
    item: str, changes: Changes, answer: str, found_in: str
) -> None:
    assert finding({**changes, item: answer}, found_in).level is Level.ABSOLUTE
    assert finding({**changes, item: answer}, "anticoagulant").mismatch


@pytest.mark.parametrize(
    ("count", "note"),
    [
        (49.9, "Suggested under 50 x10^9/L: no needling."),
        (50, "Suggested from 50 to 100 x10^9/L: only with the doctor's agreement, shallow."),
        (100, "Suggested from 50 to 100 x10^9/L: only with the doctor's agreement, shallow."),
        (100.1, None),
        (BLANK, None),
    ],
)
def test_a_platelet_count_says_what_is_suggested(count: object, note: str | None) -> None:
    found = finding({**LOW, "low-platelets.count": count}, "low-platelets")

    assert found.level is Level.ABSOLUTE
    assert found.notes == ((note,) if note else ())


ARM = ("shoulder", "upper-arm", "elbow", "forearm", "wrist-hand")


@pytest.mark.parametrize(
    ("side", "sides"),
    [
        ("left", ("left",)),
        ("right", ("right",)),
        ("both", ("left", "right")),
        ("not_sure", ("left", "right")),
        (BLANK, ("left", "right")),
    ],
)
@pytest.mark.parametrize("access", ["yes", "not_sure", BLANK])
def test_a_fistula_blocks_its_whole_arm(
    side: object, sides: tuple[str, ...], access: object
) -> None:
    changes = {**KIDNEY, "kidney-dialysis.access": access, "kidney-dialysis.side": side}

    found = finding({**changes, "wanted_regions": ["knee-left"]}, "kidney-dialysis")

    assert set(found.blocked_regions) == {f"{part}-{one}" for part in ARM for one in sides}
    assert found.level is Level.RELATIVE
    wanted = {**changes, "wanted_regions": [f"elbow-{sides[0]}"]}
    assert level(wanted, "kidney-dialysis") == "site"


def test_kidney_failure_without_a_fistula_blocks_nothing() -> None:
    assert finding(KIDNEY, "kidney-dialysis").blocked_regions == ()
    assert finding({"kidney-dialysis": "not_sure"}, "kidney-dialysis").blocked_regions == ()


@pytest.mark.parametrize(
    ("heparin", "found_in", "expected"),
    [
        ("yes", "anticoagulant", "absolute"),
        ("not_sure", "blood-thinner-unknown", "absolute"),
        (BLANK, "blood-thinner-unknown", "absolute"),
        ("no", "anticoagulant", "none"),
        ("no", "blood-thinner-unknown", "none"),
    ],
)
def test_heparin_at_dialysis_counts_as_a_blood_thinner(
    heparin: object, found_in: str, expected: str
) -> None:
    assert level({**DIALYSIS, "kidney-dialysis.heparin": heparin}, found_in) == expected


def test_no_heparin_is_assumed_where_there_is_no_dialysis() -> None:
    assert level(KIDNEY, "anticoagulant") == "none"


@pytest.mark.parametrize(
    ("text", "item", "expected"),
    [
        ("I am a hemophiliac", "bleeding-disorder", "relative"),
        ("my brother has hemophilia", "bleeding-disorder", "relative"),
        ("mi hijo tiene hemofilia", "bleeding-disorder", "relative"),
        ("no hemophilia", "bleeding-disorder", "none"),
        ("they told me my platelets are low", "low-platelets", "relative"),
        ("tengo las plaquetas bajas", "low-platelets", "relative"),
        ("I bruise easily", "easy-bruising", "relative"),
        ("me salen moretones de la nada", "easy-bruising", "relative"),
        ("I got a bruise from soccer", "easy-bruising", "none"),
        ("cirrhosis", "liver-disease", "relative"),
        ("tengo hígado graso", "liver-disease", "relative"),
        ("dialysis on Mondays", "kidney-dialysis", "relative"),
        ("voy a diálisis", "kidney-dialysis", "relative"),
        ("I live on ibuprofen", "nsaid-regular", "relative"),
        ("I would like to take less ibuprofen", "nsaid-regular", "none"),
        ("I take an antidepressant", "ssri-snri", "relative"),
    ],
)
def test_what_patients_write_is_heard(text: str, item: str, expected: str) -> None:
    assert level({"free_text": {"hopes": text}}, item) == expected


@pytest.mark.parametrize(
    ("text", "item"),
    [
        ("the bottle says Xarelto", "anticoagulant"),
        ("it says clopidogrel", "antiplatelet"),
    ],
)
def test_a_name_read_from_the_bottle_is_understood(text: str, item: str) -> None:
    changes = {"anticoagulant": "not_sure", "blood-thinner-unknown.bottle": text}

    assert level(changes, "blood-thinner-unknown") == "absolute"
    assert finding(changes, item).level >= Level.RELATIVE


def test_what_the_liver_has_is_for_therapists_where_it_may_be_hepatitis() -> None:
    questions = questionnaire.shipped().questions
    assert questions["liver-disease.which"].private
    assert not questions["liver-disease"].private


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize(
    ("item", "changes", "expected"), [branch for branch in BRANCHES if branch[2] == "relative"]
)
def test_a_finding_has_words_for_the_patient(
    item: str, changes: Changes, expected: str, language: str
) -> None:
    found = finding(changes, item)

    assert found.level.value == expected
    assert patient_text(found, rules.shipped_rules(), language)
