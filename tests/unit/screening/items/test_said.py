"""What patients say of an item in their own words, and healthy talk that only sounds like it."""

import pytest

from tests.unit.screening.harmless import level

SAID = [
    ("my nodes were removed in March", "lymph-node-removal"),
    ("my left breast was removed", "lymph-node-removal"),
    ("me quitaron un seno", "lymph-node-removal"),
    ("my arm swells since the operation", "lymphedema"),
    ("de joven tenía convulciones", "epilepsy"),
    ("I get woozy with needles", "fainting"),
    ("me mareo con las agujas", "fainting"),
    ("neuropothy in both feet", "numbness"),
    ("RSD in my right foot", "crps"),
    ("I have an SCS for pain", "spinal-stimulator-pump"),
    ("im preggo", "pregnancy"),
    ("no me ha llegado la regla", "pregnancy"),
    ("embarasada de 3 meses", "pregnancy"),
    ("I had my baby 3 weeks ago", "postpartum"),
    ("tuve un bebé hace 3 semanas", "postpartum"),
    ("emphasema", "lung-disease"),
    ("tengo emfisema", "lung-disease"),
    ("triple bypass", "thoracic-surgery"),
    ("I make myself vomit", "eating-disorder"),
    ("rotator cuff repair five weeks ago", "surgery-recent"),
    ("me quitaron la apéndice", "surgery-recent"),
    ("a new knee in May", "joint-replacement"),
    ("tengo una platina en la pierna", "implant-hardware"),
    ("tengo un clavo en la pierna", "implant-hardware"),
    ("L4-L5 fusion", "spinal-surgery"),
    ("a BBL this year", "cosmetic-implant"),
    ("me puse implantes", "cosmetic-implant"),
    ("Synvisc in the knee", "steroid-injection"),
    ("a pic line", "port-central-line"),
    ("ezcema", "psoriasis-eczema"),
    ("a bump that keeps growing", "unknown-lump"),
    ("in remission since May", "cancer-history"),
    ("tuve canser", "cancer-history"),
    ("my chest was radiated", "radiation-area"),
    ("nickle allergy", "metal-allergy"),
    ("alergia a la bisutería", "metal-allergy"),
    ("latex alergy", "latex-allergy"),
    ("I have RA", "autoimmune"),
    ("I have vEDS", "hypermobility-eds"),
    ("acupuncture hurt me", "prior-bad-reaction"),
    ("sleep meds", "sedating-medicine"),
    ("no siento la pierna", "numbness"),
    ("pain since my surgery in October", "surgery-recent"),
    ("since my surgery in 2015, and now again surgery", "surgery-recent"),
    ("still sore since my surgery in 2015", "surgery-recent"),
    ("since 2015 one surgery after another", "surgery-recent"),
    ("since I had a baby 3 weeks ago", "postpartum"),
    ("no me ha bajado este mes", "pregnancy"),
]
NOT_SAID = [
    ("I don't want surgery", "surgery-recent"),
    ("quiero evitar la cirugía", "surgery-recent"),
    ("new knee pain after a run", "joint-replacement"),
    ("the pain radiated down my arm", "radiation-area"),
    ("dolor irradiado a la pierna", "radiation-area"),
    ("I am a radiation therapist", "cancer-treatment"),
    ("I help with child care", "pregnancy"),
    ("no me ha bajado la inflamación", "pregnancy"),
    ("no siento alivio", "numbness"),
    ("I can't feel my best", "numbness"),
    ("a faint ache", "fainting"),
    ("me dan ataques de tos", "epilepsy"),
    ("como un clavo en la espalda", "implant-hardware"),
    ("metal in my teeth", "implant-hardware"),
    ("I have a port wine mark", "port-central-line"),
    ("me inyectaron la vacuna", "steroid-injection"),
    ("tengo implantes dentales", "cosmetic-implant"),
    ("what is the risk of infection from dry needling", "prior-bad-reaction"),
    ("I lift my newborn grandson", "postpartum"),
    ("pain since my knee surgery in 2015", "surgery-recent"),
    ("stiff since surgery 6 years ago", "surgery-recent"),
    ("desde mi cirugía en 2015 me duele", "surgery-recent"),
    ("my back hurts since I had a baby in 2018", "postpartum"),
    ("desde que tuve un bebé en 2018", "postpartum"),
]


def said(text: str, item: str) -> str:
    return level({"wanted_regions": ["knee-right"], "free_text": {"hopes": text}}, item)


@pytest.mark.parametrize(("text", "item"), SAID)
def test_the_words_of_an_item_are_heard(text: str, item: str) -> None:
    assert said(text, item) == "relative"


def test_a_red_flag_is_heard_however_long_ago_it_is_dated() -> None:
    assert said("tired since my fever in 2015", "rf-fever-infection") == "absolute"


@pytest.mark.parametrize(("text", "item"), NOT_SAID)
def test_healthy_talk_that_sounds_like_it_is_not(text: str, item: str) -> None:
    assert said(text, item) == "none"
