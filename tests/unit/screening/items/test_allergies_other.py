"""Allergies, other conditions and past treatment: each branch, and what patients write of them."""

from collections.abc import Mapping
from typing import Any

import pytest

from clinic.screening import questionnaire, rules
from tests.unit.screening.harmless import finding, level, screened

Changes = Mapping[str, Any]
LUNGS = {"neck", "chest", "ribs", "upper-back", "shoulder-left", "shoulder-right"}
QUIET = {"autoimmune": "yes", "autoimmune.medicine": "no", "autoimmune.flare": "no"}
REACTED = {"prior-bad-reaction": "yes"}

CASES: list[tuple[str, Changes, str]] = [
    *(
        (item, {item: answer}, expected)
        for item in ("silicone-allergy", "adhesive-allergy", "latex-allergy", "antiseptic-allergy")
        for answer, expected in (("no", "none"), ("not_sure", "precaution"), (None, "precaution"))
    ),
    ("silicone-allergy", {"silicone-allergy": "yes"}, "precaution"),
    ("adhesive-allergy", {"adhesive-allergy": "yes"}, "precaution"),
    *(
        (item, {item: "yes", f"{item}.severe": severe}, expected)
        for item in ("latex-allergy", "antiseptic-allergy")
        for severe, expected in (
            ("no", "precaution"), ("yes", "relative"), ("not_sure", "relative"), (None, "relative"),
        )
    ),
    ("autoimmune", {"autoimmune": "no"}, "none"),
    ("autoimmune", QUIET, "precaution"),
    ("autoimmune", {**QUIET, "autoimmune.flare": "yes"}, "relative"),
    ("autoimmune", {**QUIET, "autoimmune.flare": "not_sure"}, "relative"),
    ("autoimmune", {**QUIET, "autoimmune.medicine": "yes"}, "relative"),
    ("autoimmune", {**QUIET, "autoimmune.medicine": None}, "relative"),
    ("autoimmune", {**QUIET, "medicines": ["methotrexate 15 mg"]}, "relative"),
    ("autoimmune", {"autoimmune": "not_sure"}, "relative"),
    ("autoimmune", {"autoimmune": None}, "relative"),
    ("hypermobility-eds", {"hypermobility-eds": "no"}, "none"),
    *(
        (
            "hypermobility-eds",
            {"hypermobility-eds": "yes", "hypermobility-eds.type": kind},
            expected,
        )
        for kind, expected in (
            ("vascular", "absolute"), ("hypermobile", "precaution"), ("other", "relative"),
            ("not_sure", "relative"), (None, "relative"), ("marfan", "site"),
        )
    ),
    ("hypermobility-eds", {"hypermobility-eds": "not_sure"}, "relative"),
    (
        "hypermobility-eds",
        {"hypermobility-eds": "not_sure", "hypermobility-eds.type": "vascular"},
        "absolute",
    ),
    ("hypermobility-eds", {"hypermobility-eds": None}, "relative"),
    ("prior-bad-reaction", {"prior-bad-reaction": "no"}, "none"),
    *(
        ("prior-bad-reaction", {**REACTED, "prior-bad-reaction.what": what}, expected)
        for what, expected in (
            (["collapsed-lung"], "absolute"), (["infection"], "absolute"),
            (["nerve-injury"], "absolute"), (["seizure"], "absolute"), (["allergic"], "absolute"),
            (["hospital"], "absolute"), (["bruise", "hospital"], "absolute"),
            (["other"], "relative"), (["not_sure"], "relative"), (["bruise", "other"], "relative"),
            (None, "relative"), ([], "relative"), ("not_sure", "relative"), (["bruise"], "none"),
        )
    ),
    ("prior-bad-reaction", {"prior-bad-reaction": "not_sure"}, "relative"),
    ("prior-bad-reaction", {"prior-bad-reaction": "prefer_not"}, "relative"),
    ("prior-bad-reaction", {"prior-bad-reaction": None}, "relative"),
    ("sedating-medicine", {"sedating-medicine": "no"}, "none"),
    ("sedating-medicine", {"sedating-medicine": "yes"}, "precaution"),
    ("sedating-medicine", {"sedating-medicine": "not_sure"}, "precaution"),
    ("sedating-medicine", {"sedating-medicine": "no", "medicines": ["Ambien 5 mg"]}, "precaution"),
    ("sedating-medicine", {"sedating-medicine": None, "medicines": ["Norco"]}, "precaution"),
    ("sedating-medicine", {"sedating-medicine": None, "medicines": ["vitamin D"]}, "none"),
]  # fmt: skip


@pytest.mark.parametrize(("item", "changes", "expected"), CASES)
def test_a_branch_comes_to_its_level(item: str, changes: Changes, expected: str) -> None:
    assert level(changes, item) == expected


def test_marfan_closes_the_lung_field_and_is_reviewed_elsewhere() -> None:
    changes = {"hypermobility-eds": "yes", "hypermobility-eds.type": "marfan"}

    found = finding({**changes, "wanted_regions": ["knee-left"]}, "hypermobility-eds")

    assert found.level.value == "relative"
    assert set(found.blocked_regions) == LUNGS


def test_a_medicine_that_makes_drowsy_beside_a_no_does_not_match() -> None:
    found = finding(
        {"sedating-medicine": "no", "medicines": ["zolpidem 10 mg"]}, "sedating-medicine"
    )

    assert found.mismatch
    assert found.answers() == {"sedating-medicine": "no", "medicines": "zolpidem 10 mg"}


def test_a_medicine_for_the_skin_or_the_joints_asks_about_both() -> None:
    screening = screened({"medicines": ["Plaquenil 200 mg"]})

    found = {finding.id: finding.level.value for finding in screening.findings if finding.mismatch}

    assert found["psoriasis-eczema"] == "precaution"
    assert found["autoimmune"] == "precaution"


def test_fainting_from_needles_leads_to_the_question_of_fainting() -> None:
    changes = {**REACTED, "prior-bad-reaction.what": ["fainted"]}
    item = rules.shipped_rules().items["prior-bad-reaction"]

    routes = {rule.id: rule.see for rule in item.rules if rule.see is not None}

    assert [route.item for route in routes.values()] == ["fainting"]
    assert level(changes, "prior-bad-reaction") in ("precaution", "relative")
    if "fainting" in rules.shipped_rules().items:
        assert screened(changes).finding("fainting") is not None


@pytest.mark.parametrize("item", ["thyroid", "vaccine-recent", "blood-donation"])
def test_what_has_no_rule_says_why_and_asks_nothing(item: str) -> None:
    shipped = rules.shipped_rules().items[item]

    assert shipped.without_rule.endswith(".")
    assert shipped.rules == ()
    assert questionnaire.shipped().of_item(item) == ()


HEARD = [
    ("I have a new hip since spring", "joint-replacement"),
    ("tengo una prótesis de rodilla", "joint-replacement"),
    ("two screws in my ankle", "implant-hardware"),
    ("tengo una placa de titanio", "implant-hardware"),
    ("I had a microdiscectomy", "spinal-surgery"),
    ("me operaron de la columna", "spinal-surgery"),
    ("my breast implants", "cosmetic-implant"),
    ("got botox for migraine", "botulinum-filler"),
    ("a cortisone shot in June", "steroid-injection"),
    ("me infiltraron el hombro", "steroid-injection"),
    ("PICC line", "port-central-line"),
    ("I wear a Dexcom", "arm-implant-sensor"),
    ("tengo el implante en el brazo", "arm-implant-sensor"),
    ("I have exzema", "psoriasis-eczema"),
    ("I get keloids", "keloid"),
    ("recién tatuada", "tattoo"),
    ("there is a lump on my neck", "unknown-lump"),
    ("after radiation my skin is thin", "radiation-area"),
    ("allergic to silicone", "silicone-allergy"),
    ("soy alérgica al látex", "latex-allergy"),
    ("betadine allergy", "antiseptic-allergy"),
    ("KT tape? I am allergic to tape", "adhesive-allergy"),
    ("tengo lupus", "autoimmune"),
    ("Crohn's disease", "autoimmune"),
    ("I am hypermobile", "hypermobility-eds"),
    ("bad reaction to acupuncture once", "prior-bad-reaction"),
    ("I take sleeping pills", "sedating-medicine"),
]
NOT_HEARD = [
    "my back pain is radiating down my leg",
    "pins and needles in my foot",
    "a burning pain in my shoulder, and my neck is stiff",
    "I want to avoid back surgery",
    "I have an old tattoo and love running",
    "tight knots in my shoulders",
    "the physical therapist said my muscles are tight",
    "quiero volver a correr sin dolor",
    "no allergies, no implants, no cancer",
    "my mother had breast cancer",
    "my father died of lung cancer",
    "mi abuela murió de cáncer",
    "I have never had knee surgery or back surgery",
    "I play bass in a metal band",
    "it all boils down to stress, tha work is hard",
    "I get side stitches when I run",
    "me pusieron ampollas de vitaminas",
    "I lift weights, I am double the man I was",
]


@pytest.mark.parametrize(("text", "item"), HEARD)
def test_what_patients_call_it_is_heard(text: str, item: str) -> None:
    assert level({"free_text": {"anything-else": text}}, item) == "relative"


@pytest.mark.parametrize("text", NOT_HEARD)
def test_healthy_talk_leaves_a_patient_clean(text: str) -> None:
    assert screened({"free_text": {"hopes": text}}).findings == ()


@pytest.mark.parametrize(
    ("text", "item"),
    [
        ("solo tengo una prótesis dental", "joint-replacement"),
        ("I run for a breast cancer charity", "cancer-history"),
        ("it all boils down to stress", "skin-infection-wound"),
    ],
)
def test_what_only_sounds_like_it_is_not_heard(text: str, item: str) -> None:
    assert level({"free_text": {"hopes": text}}, item) == "none"
