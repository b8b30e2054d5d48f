"""What a letter may say: no medicine, no condition, not what the therapists do."""

from importlib import resources

import pytest

from clinic.screening import medicine_list, rules
from clinic.screening.neutral import telling


@pytest.mark.parametrize(
    "text",
    [
        "We tried to call you. Please call us before noon.",
        "Bring your insurance card, a photo ID and the list that we asked for.",
        "Park behind the bank and take the stairs.",
        "Llámenos antes del mediodía, por favor.",
        "",
    ],
)
def test_plain_words_give_nothing_away(text: str) -> None:
    assert telling(text) == ()


def test_every_phrase_by_which_the_rules_hear_a_condition_gives_it_away() -> None:
    missed = [
        phrase
        for item in rules.shipped_rules().items.values()
        for phrases in item.words.values()
        for phrase in phrases
        if not telling(f"Please call about {phrase} today.")
    ]

    assert missed == []


@pytest.mark.parametrize("name", ["Eliquis", "warfarin", "metformin", "Plavix", "insulina"])
def test_a_medicine_gives_itself_away_whoever_takes_it(name: str) -> None:
    assert medicine_list.shipped().mentioned(name)

    for text in (f"Stop {name}.", f"You do not take {name}.", f"Deje {name.upper()}, por favor."):
        assert telling(text), text


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("You are NOT pregnant", ("pregnant",)),
        ("Traiga el resultado de su infección", ("infeccion",)),
        ("Your needling visit", ("needling",)),
    ],
)
def test_the_words_are_named_whether_denied_or_not(text: str, found: tuple[str, ...]) -> None:
    assert telling(text) == found


def test_the_clinics_own_name_may_stand_there_and_nothing_else_of_it() -> None:
    name = "Riverbend Dry Needling"

    assert telling(f"{name}: please call us", apart_from=name) == ()
    assert telling(f"{name}: about your needling", apart_from=name) == ("needling",)


@pytest.mark.parametrize("language", ["en", "es"])
def test_our_own_texts_give_nothing_away(language: str) -> None:
    folder = resources.files("clinic") / "templates" / "texts"
    texts = [file for file in folder.iterdir() if file.name.endswith(f".{language}.txt")]

    assert len(texts) == 4
    for file in texts:
        assert telling(file.read_text(encoding="utf-8")) == (), file.name
