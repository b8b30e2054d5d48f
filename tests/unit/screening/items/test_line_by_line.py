"""What a second reading of the first five topics found, held line by line."""

from typing import Any

import pytest

from tests.unit.screening.harmless import BLANK, finding, level, screened

Changes = dict[str, Any]
FEVER: Changes = {"rf-fever-infection": "yes", "rf-fever-infection.signs": []}
NIGHT: Changes = {
    "rf-night-pain": "yes",
    "rf-night-pain.always": "no",
    "rf-night-pain.cancer": "no",
    "rf-night-pain.first-back-pain": "no",
}
ENDED: Changes = {
    "cancer-treatment": "yes",
    "cancer-treatment.which": ["chemo"],
    "cancer-treatment.ended": "yes",
}
YOUNG: Changes = {
    "minor": "2010-01-10",
    "minor.guardian": "consents",
    "minor.guardian-name": "Sample Guardian",
}
OLD_CANCER: Changes = {
    "cancer-history": "yes",
    "cancer-history.type": "other",
    "cancer-history.signs": [],
}

BRANCHES = [
    # a medicine that lowers immunity and was stopped a short while ago still lowers it
    ("rf-fever-infection", {**FEVER, "medicines": ["Xeloda, stopped 3 weeks ago"]}, "urgent"),
    ("rf-fever-infection", {**FEVER, "medicines": ["prednisone, stopped a month ago"]}, "urgent"),
    ("rf-fever-infection", {**FEVER, "medicines": ["Humira, stopped 2 months ago"]}, "urgent"),
    ("rf-fever-infection", {**FEVER, "medicines": ["Humira, stopped 5 years ago"]}, "absolute"),
    ("rf-fever-infection", {**FEVER, "medicines": ["Lipitor 20 mg"]}, "absolute"),
    # who is treated for cancer has or had cancer
    ("rf-weight-loss", {"rf-weight-loss": "yes", "cancer-treatment": "yes"}, "urgent"),
    ("rf-weight-loss", {"rf-weight-loss": "yes", "cancer-treatment": "not_sure"}, "urgent"),
    ("rf-weight-loss", {"rf-weight-loss": "yes", "medicines": ["Ibrance"]}, "urgent"),
    ("rf-weight-loss", {"rf-weight-loss": "yes", "cancer-treatment": "no"}, "absolute"),
    ("rf-night-pain", {**NIGHT, "cancer-treatment": "yes"}, "absolute"),
    ("rf-night-pain", {**NIGHT, "cancer-treatment": "not_sure"}, "absolute"),
    ("rf-night-pain", {**NIGHT, "medicines": ["Ibrance"]}, "absolute"),
    ("rf-night-pain", NIGHT, "relative"),
    # cancer treatment that ended earlier beside "never had cancer": answers that do not match
    ("cancer-treatment", {**ENDED, "cancer-treatment.date": "2026-08-22"}, "absolute"),
    ("cancer-treatment", {**ENDED, "cancer-treatment.date": "2026-08-21"}, "relative"),
    (
        "cancer-treatment",
        {**ENDED, "cancer-treatment.date": "2026-08-21", "cancer-history": BLANK},
        "relative",
    ),
    (
        "cancer-treatment",
        {**ENDED, **OLD_CANCER, "cancer-treatment.date": "2026-08-21"},
        "precaution",
    ),
    # insulin beside "no diabetes": control and feet are not known
    ("diabetes", {"medicines": ["Lantus 20 units"], "wanted_regions": ["knee-left"]}, "relative"),
    ("diabetes", {"medicines": ["Lantus"], "wanted_regions": ["ankle-foot-left"]}, "site"),
    (
        "diabetes",
        {
            "medicines": ["Lantus"],
            "diabetes": "yes",
            "diabetes.a1c": 7,
            "diabetes.problems": [],
            "diabetes.unstable": "no",
            "diabetes.insulin": "yes",
        },
        "precaution",
    ),
    ("diabetes", {"medicines": ["my mother takes Lantus"]}, "none"),
    # what a medicine is for is no medicine
    ("cancer-treatment", {"medicines": ["an infusion for my cancer"]}, "absolute"),
    ("medicine-not-recognised", {"medicines": ["metformin for PCOS"]}, "none"),
    ("medicine-not-recognised", {"medicines": ["levothyroxine for hypothyroidism"]}, "none"),
    ("medicine-not-recognised", {"medicines": ["propranolol for tremor"]}, "none"),
    ("infection-current", {"medicines": ["propranolol for tremor"]}, "none"),
    # the young person's own agreement is needed beside the guardian's
    ("minor", {**YOUNG, "minor.assent": "no"}, "absolute"),
    ("minor", {**YOUNG, "minor.assent": "yes"}, "relative"),
    ("minor", {**YOUNG, "minor.assent": "not_sure"}, "relative"),
    ("minor", {"minor": "1990-01-10", "minor.assent": "no"}, "none"),
]


@pytest.mark.parametrize(("item", "changes", "expected"), BRANCHES)
def test_each_branch_comes_to_its_level(item: str, changes: Changes, expected: str) -> None:
    assert level(changes, item) == expected


HEARD = [
    ("my chest feels tight", "rf-chest-breath", "absolute"),
    ("heaviness in my chest", "rf-chest-breath", "absolute"),
    ("me aprieta el pecho", "rf-chest-breath", "absolute"),
    ("me falta el aliento", "rf-chest-breath", "absolute"),
    ("my speech is slurred", "rf-stroke-signs", "absolute"),
    ("my whole left side went weak", "rf-stroke-signs", "absolute"),
    ("se me durmió medio cuerpo", "rf-stroke-signs", "absolute"),
    ("I can't hold my bladder", "rf-cauda-equina", "absolute"),
    ("I have no control over my bladder", "rf-cauda-equina", "absolute"),
    ("perdí el control de la vejiga", "rf-cauda-equina", "absolute"),
    ("no siento nada ahí abajo", "rf-cauda-equina", "absolute"),
    ("one calf is bigger than the other", "rf-dvt-suspected", "absolute"),
    ("mi pierna está hinchada", "rf-dvt-suspected", "absolute"),
    ("I have a temperature", "rf-fever-infection", "absolute"),
    ("tengo temperatura", "rf-fever-infection", "absolute"),
    ("I slipped and fell on the ice", "rf-acute-trauma", "absolute"),
    ("I got rear ended on Monday", "rf-acute-trauma", "absolute"),
    ("I lost 20 pounds without trying", "rf-weight-loss", "absolute"),
    ("he bajado de peso y no sé por qué", "rf-weight-loss", "absolute"),
    ("tengo la rodilla hinchada y está caliente", "rf-hot-joint", "absolute"),
    ("my boyfriend beats me", "rf-crisis", "absolute"),
    ("I don't want to be alive", "rf-crisis", "absolute"),
    ("pienso en lastimarme otra vez", "rf-crisis", "absolute"),
    ("cada vez tengo menos fuerza", "rf-new-weakness", "absolute"),
    ("I don't have a spleen", "splenectomy", "relative"),
    ("no tengo bazo", "splenectomy", "relative"),
    ("my daughter decides for me", "consent-capacity", "relative"),
    ("mi hija decide por mí", "consent-capacity", "relative"),
    ("no quiero que me piquen", "consent-unwilling", "relative"),
    ("needles freak me out", "needle-phobia", "relative"),
    ("I bruise really easy", "easy-bruising", "relative"),
    ("mis riñones no funcionan", "kidney-dialysis", "relative"),
    ("sufro de azúcar", "diabetes", "relative"),
    ("tengo un soplo", "heart-valve", "relative"),
    ("sufro del corazón", "heart-unstable", "relative"),
    ("my blood pressure is through the roof", "blood-pressure", "relative"),
    ("I have covid", "infection-current", "relative"),
    ("hay fever, and a fever since today", "rf-fever-infection", "absolute"),
    ("me caí hace dos días", "rf-acute-trauma", "absolute"),
    ("me duele el pecho hace dos años", "rf-chest-breath", "absolute"),
    ("my chest pain started two years ago", "rf-chest-breath", "absolute"),
    ("el dolor de pecho empezó hace dos años", "rf-chest-breath", "absolute"),
    ("fue hace dos años cuando empezó el dolor de pecho", "rf-chest-breath", "absolute"),
    ("hace dos años que me caigo y tuve fiebre", "rf-fever-infection", "absolute"),
]
NOT_HEARD = [
    "I get hay fever in spring",
    "tengo fiebre del heno",
    "tight chest muscles from the desk",
    "no quiero lastimarme",
    "quiero volver a correr sin miedo de lastimarme",
    "quiero acabar con todo este dolor",
    "I feel unsafe lifting heavy weights",
    "me siento en peligro de caer",
    "my sugar is fine",
    "I am an interpreter and sit all day",
    "soy intérprete",
    "high on life",
    "I fell off the wagon with my exercises",
    "me caí hace diez años",
    "me fracturé la muñeca hace 20 años",
    "tuve fiebre hace un año",
    "mi cirugía fue hace diez años",
]


@pytest.mark.parametrize(("text", "item", "expected"), HEARD)
def test_the_words_of_patients_are_heard(text: str, item: str, expected: str) -> None:
    assert level({"free_text": {"hopes": text}}, item) == expected


@pytest.mark.parametrize("text", NOT_HEARD)
def test_the_words_of_healthy_people_find_nothing(text: str) -> None:
    assert screened({"free_text": {"hopes": text}}).findings == ()


def test_a_young_person_who_says_no_is_told_apart_from_a_missing_guardian() -> None:
    rules = finding({**YOUNG, "minor.assent": "no"}, "minor").rules

    assert "no-assent" in rules
    assert "no-guardian-consent" not in rules
