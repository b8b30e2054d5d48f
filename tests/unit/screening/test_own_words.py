"""What patients write in boxes: lay words in both languages, denied, past or of somebody else."""

import pytest

from tests.unit.screening.harmless import ASTHMA, finding, level

HEARD = [
    ("I get chest pain on the stairs", "rf-chest-breath", "absolute"),
    ("I can't breathe well at night", "rf-chest-breath", "absolute"),
    ("short of breath since Monday", "rf-chest-breath", "absolute"),
    ("me duele el pecho", "rf-chest-breath", "absolute"),
    ("tengo falta de aire", "rf-chest-breath", "absolute"),
    ("running a fever", "rf-fever-infection", "absolute"),
    ("anoche tuve fiebre y escalofríos", "rf-fever-infection", "absolute"),
    ("my sugar is high", "diabetes", "relative"),
    ("tengo azúcar", "diabetes", "relative"),
    ("soy diabética", "diabetes", "relative"),
    ("I am 8 weeks pregnant", "pregnancy", "relative"),
    ("estoy embarazada", "pregnancy", "relative"),
    ("had a mastectomy in 2009", "lymph-node-removal", "relative"),
    ("me quitaron ganglios hace años", "lymph-node-removal", "relative"),
    ("I have asthma", "lung-disease", "relative"),
    ("tengo EPOC", "lung-disease", "relative"),
    ("terrified of needles", "needle-phobia", "relative"),
    ("les tengo terror a las agujas", "needle-phobia", "relative"),
    ("nickel allergy", "metal-allergy", "relative"),
    ("knee operation last month", "surgery-recent", "relative"),
    ("I take elaquis for my heart", "anticoagulant", "absolute"),
    ("tomo un anticoagulante", "blood-thinner-unknown", "absolute"),
    ("not sure if it is a fever", "rf-fever-infection", "absolute"),
    ("No fever. But chest pain today", "rf-chest-breath", "absolute"),
    ("my mother had asthma and I have asthma", "lung-disease", "relative"),
    ("I can't run because I get chest pain", "rf-chest-breath", "absolute"),
    ("I do not sleep since chest pain came", "rf-chest-breath", "absolute"),
    ("no puedo dormir por el dolor de pecho", "rf-chest-breath", "absolute"),
    ("I don't think I have diabetes", "diabetes", "relative"),
    ("my wife worries about chest pain", "rf-chest-breath", "absolute"),
    ("chest pain since 2019", "rf-chest-breath", "absolute"),
    ("surgery in 2010 and chest pain", "rf-chest-breath", "absolute"),
    ("chest pain like years ago", "rf-chest-breath", "absolute"),
    ("desde 2019 tengo dolor de pecho", "rf-chest-breath", "absolute"),
    ("I have a pacemaker", "pacemaker-icd", "relative"),
    ("tengo un marcapasos", "pacemaker-icd", "relative"),
    ("collapsed lung in 2012", "pneumothorax-history", "relative"),
    ("tuve un neumotórax", "pneumothorax-history", "relative"),
    ("two stents", "heart-unstable", "relative"),
    ("kidney transplant years ago", "immune-suppressed", "relative"),
    ("my left hand is numb", "numbness", "relative"),
    ("se me duermen los dedos", "numbness", "relative"),
    ("I lost control of my bladder", "rf-cauda-equina", "absolute"),
    ("my calf is swollen and red", "rf-dvt-suspected", "absolute"),
    ("tengo la cara caída", "rf-stroke-signs", "absolute"),
    ("thoughts of hurting myself", "rf-crisis", "absolute"),
    ("no quiero vivir", "rf-crisis", "absolute"),
]
NOT_HEARD = [
    ("no chest pain", "rf-chest-breath"),
    ("never had chest pain or fever", "rf-fever-infection"),
    ("sin fiebre", "rf-fever-infection"),
    ("chest pain years ago", "rf-chest-breath"),
    ("fever in 2019", "rf-fever-infection"),
    ("my son has a fever", "rf-fever-infection"),
    ("my wife is pregnant", "pregnancy"),
    ("mi hermana está embarazada", "pregnancy"),
    ("I do not have diabetes", "diabetes"),
    ("no tengo diabetes", "diabetes"),
    ("diabetes runs in the family but not me", "anticoagulant"),
    ("my father takes warfarin", "anticoagulant"),
    ("knee operation in 2011", "surgery-recent"),
    ("I want to run again", "rf-chest-breath"),
    ("I have never in my life had chest pain", "rf-chest-breath"),
    ("no chest pain or shortness of breath", "rf-chest-breath"),
    ("sin dolor de pecho ni fiebre", "rf-fever-infection"),
    ("no known lung disease", "lung-disease"),
    ("No recent surgery", "surgery-recent"),
    ("my mother and father both have diabetes", "diabetes"),
    ("my father has a pacemaker", "pacemaker-icd"),
    ("no pacemaker, no implants", "pacemaker-icd"),
    ("hit my head in 2011", "rf-acute-trauma"),
    ("I hurt myself lifting a box", "rf-crisis"),
]


@pytest.mark.parametrize(("text", "item", "expected"), HEARD)
def test_words_that_speak_of_an_item_are_heard(text: str, item: str, expected: str) -> None:
    assert level({"free_text": {"anything-else": text}}, item) == expected


@pytest.mark.parametrize(("text", "item"), NOT_HEARD)
def test_words_denied_past_or_of_somebody_else_are_not(text: str, item: str) -> None:
    assert level({"free_text": {"anything-else": text}}, item) == "none"


def test_a_red_flag_in_a_box_says_call_today() -> None:
    found = finding({"free_text": {"hopes": "less chest pain"}}, "rf-chest-breath")

    assert found.urgency == "call_today"
    assert found.answers() == {"rf-chest-breath": "no", "free_text.hopes": "chest pain"}


def test_words_about_private_matters_are_for_the_therapist_alone() -> None:
    changes = {"free_text": {"anything-else": "I have hepatitis"}}

    assert finding(changes, "hepatitis").private


def test_a_follow_up_text_is_read_for_other_items() -> None:
    changes = {
        "surgery-recent": "yes",
        "surgery-recent.what": "mastectomy, lymph nodes out",
    }

    assert level(changes, "lymph-node-removal") == "relative"


def test_a_medicine_line_is_read_for_conditions() -> None:
    assert level({"medicines": ["Tylenol for my chest pain"]}, "rf-chest-breath") == "absolute"


def test_words_never_lower_what_was_ticked() -> None:
    changes = {**ASTHMA, "lung-disease.which": ["copd"], "free_text": {"hopes": "mild asthma only"}}

    assert level(changes, "lung-disease") == "site"
