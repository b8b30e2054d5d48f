"""Words of an item that stand near each other in a clause, with others between, in any order."""

import pytest

from clinic.screening import nearness, source, words
from clinic.screening.nearness import GAP, Met, Near, Nearness
from tests.unit.screening.harmless import finding, screened

HEARD = [
    ("my chest has been feeling really tight since yesterday", "rf-chest-breath"),
    ("I get a burning kind of ache right behind the breastbone", "rf-chest-breath"),
    ("lately I can't seem to get my breath back after stairs", "rf-chest-breath"),
    ("siento el pecho como muy apretado desde ayer", "rf-chest-breath"),
    ("desde hace días el aire como que no me alcanza", "rf-chest-breath"),
    ("anoche tosí y me salió un poco de sangre", "rf-chest-breath"),
    ("my bladder just lets go without any warning", "rf-cauda-equina"),
    ("I have had a couple of accidents with my bladder", "rf-cauda-equina"),
    ("tengo dormida toda la zona de mis partes íntimas", "rf-cauda-equina"),
    ("me cuesta mucho empezar a orinar", "rf-cauda-equina"),
    ("my words were coming out all slurred on Sunday", "rf-stroke-signs"),
    ("la boca se me quedó chueca por unos minutos", "rf-stroke-signs"),
    ("my foot has been dragging along the floor for a week", "rf-new-weakness"),
    ("my left leg has been getting noticeably weaker", "rf-new-weakness"),
    ("las dos piernas se me doblan solas al caminar", "rf-new-weakness"),
    ("my left calf has been red and kind of swollen", "rf-dvt-suspected"),
    ("since Friday my right leg looks much bigger than the left one", "rf-dvt-suspected"),
    ("la pantorrilla la tengo roja y bien hinchada", "rf-dvt-suspected"),
    ("I got the most terrible headache I have ever had", "rf-severe-headache"),
    ("la cabeza me explotó de dolor de repente", "rf-severe-headache"),
    ("my temperature went up to 102 last night", "rf-fever-infection"),
    ("I have been losing a lot of weight and I don't know why", "rf-weight-loss"),
    ("bajé como veinte libras sin hacer dieta", "rf-weight-loss"),
    ("the pain is there all night and nothing I do eases it", "rf-night-pain"),
    ("ni acostado se me calma el dolor", "rf-night-pain"),
    ("honestly I would rather be dead than go on", "rf-crisis"),
    ("mi esposo se pone violento y me pega", "rf-crisis"),
    ("I slipped badly on the wet stairs and my back hurts", "rf-acute-trauma"),
    ("woke up and my ankle was burning hot and puffed up", "rf-hot-joint"),
    ("amanecí con el tobillo hinchado y ardiendo", "rf-hot-joint"),
    ("I am pregnant and I have been bleeding a little", "rf-pregnancy-warning"),
    ("el bebé casi no se ha movido hoy", "rf-pregnancy-warning"),
    ("I no longer know when my bladder is full", "rf-cauda-equina"),
    ("dos veces esta semana no alcancé a llegar al baño", "rf-cauda-equina"),
    ("for ten minutes I could not get my words out properly", "rf-stroke-signs"),
    ("hoy de repente el brazo y la pierna se me aflojaron", "rf-stroke-signs"),
    ("my legs are turning to jelly and it gets worse each day", "rf-new-weakness"),
    ("ya no puedo agarrar la pluma porque la mano no me da", "rf-new-weakness"),
    ("sudden awful pain in my head as if someone had hit me", "rf-severe-headache"),
    ("thermometer said 101.8 this morning", "rf-fever-infection"),
    ("I have been thinking that my family would be happier without me", "rf-crisis"),
    ("ya no le veo caso a seguir viviendo", "rf-crisis"),
    ("I was knocked off my bicycle by a van on Tuesday", "rf-acute-trauma"),
    ("someone ran a light and hit my car on Monday", "rf-acute-trauma"),
    ("de la herida del pie me sale un líquido amarillo", "skin-infection-wound"),
]
ASKED_ABOUT = [
    (
        "some years back one of my lungs had partly collapsed",
        "pneumothorax-history",
    ),
    ("hace años un pulmón se me colapsó", "pneumothorax-history"),
    ("I am still finishing a course of antibiotics", "infection-current"),
    ("todavía estoy terminando los antibióticos", "infection-current"),
]
NOT_SAID = [
    "my chest does not really hurt or feel tight",
    "no tightness or any kind of heaviness around my chest",
    "el pecho no me duele",
    "years ago as a child my chest would often get tight",
    "my father says his chest has been really tight",
    "my calf is not swollen",
    "my legs have never been really weak",
    "nunca he sentido el pecho muy apretado",
]
HEALTHY = [
    "I want to lift my grandchild to my chest",
    "my legs feel heavy after running",
    "I run to the bus and get out of breath like anybody",
    "numb from boredom",
    "I would love to sleep through the night",
    "I lift heavy weights on chest day",
    "I warm up my calf before a run",
    "a headache after long screen days",
    "our baby is two and heavy to carry",
    "I want to lose weight this year",
    "I do not feel any pain when I pee",
    "I take a pill for pain every night",
    "I turned my head suddenly",
    "I can't hold a heavy cup without elbow pain",
    "no puedo mover el brazo hacia atrás por el hombro",
    "I can't move my arm behind my back",
    "life is better without pain",
    "I wore a wet jacket and fell behind on stretching",
    "I use a breast pump and my back is sore",
    "my partner is kind and helps me",
    "mi pareja me empuja a hacer ejercicio",
    "no siento dolor en la ingle",
    "I am dead tired after work",
    "I hope to hold my niece against my chest without an aching shoulder",
    "quiero cargar a mi nieto en el pecho",
    "las piernas me pesan después de correr",
    "me gustaría dormir toda la noche",
    "quiero hacer ejercicio al aire libre sin cansarme",
    "bajé dos kilos con una dieta",
    "me muero por volver a bailar",
]
CHEST = Nearness((("item", Near((("chest", "breast bone"), ("tight", "hurts")))),))


@pytest.mark.parametrize(("said", "item"), HEARD)
def test_words_of_a_red_flag_near_each_other_are_called_about(said: str, item: str) -> None:
    assert finding({"free_text.anything-else": said}, item).level.value == "absolute"


@pytest.mark.parametrize(("said", "item"), ASKED_ABOUT)
def test_words_of_another_item_near_each_other_are_reviewed(said: str, item: str) -> None:
    assert finding({"free_text.anything-else": said}, item).level.value == "relative"


@pytest.mark.parametrize("said", [*NOT_SAID, *HEALTHY])
def test_what_is_denied_long_past_of_another_or_harmless_is_not_heard(said: str) -> None:
    assert screened({"free_text.anything-else": said}).level.value == "none"


def test_staff_read_the_words_from_the_first_to_the_last() -> None:
    found = finding(
        {"free_text.anything-else": "My chest has felt rather tight"}, "rf-chest-breath"
    )

    assert "In the patient's own words: chest has felt rather tight" in found.reason


@pytest.mark.parametrize(("others", "met"), [(GAP, 1), (GAP + 1, 0)])
def test_words_meet_up_to_a_number_of_others_between(others: int, met: int) -> None:
    said = ("chest", *["so"] * others, "tight")

    assert len(CHEST.met(said, across=False)) == met
    assert len(CHEST.met(said[::-1], across=False)) == met


def test_the_closest_words_are_told_first_and_a_short_phrase_may_stand_in_a_group() -> None:
    found = CHEST.met(words.tokens("hurts so near the breast bone that is tight"), across=False)

    assert found[0] == Met("item", ((4, 6), (8, 9)))


def test_a_text_without_a_word_of_each_group_is_not_looked_through() -> None:
    assert not CHEST.begins(words.tokens("my knee hurts"))
    assert not CHEST.begins(words.tokens("my chest"))
    assert CHEST.begins(words.tokens("my chest hurts"))


def test_one_group_alone_is_refused() -> None:
    place = source.from_yaml("near: [[[chest]]]", "a.yaml")["near"]

    with pytest.raises(source.BrokenData, match="two or three groups"):
        nearness.read(place)


def test_a_long_text_of_nothing_but_such_words_is_read_at_once() -> None:
    assert screened({"free_text.anything-else": "chest tight pain " * 100}).level.value != "none"
