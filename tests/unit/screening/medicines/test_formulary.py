"""The list of medicines holds the medicine table of the evidence, and reads it in time."""

import gzip
import pickle
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from clinic.screening import medicine_list, medicines, rules, source, spelling, suggestions, words
from clinic.screening.intake import Mention
from tests.support.kept_versions import kept
from tests.unit.screening.harmless import TODAY

TABLE: list[dict[str, Any]] = yaml.safe_load(
    Path(__file__).with_name("table.yaml").read_text(encoding="utf-8")
)
LIST = ["Lisinopril 10 mg", "metformin 500 mg", "atorvastatina 20", "omeprazole", "elaquis 5 mg"]
KIB = 1024


def test_the_classes_stand_in_the_order_of_the_34_rows_of_the_table() -> None:
    rows = [one.row for one in medicine_list.shipped().classes.values()]

    of_table = [row for row in dict.fromkeys(rows) if not row.startswith("Section 0")]
    assert of_table == [line["row"] for line in TABLE]
    assert len(of_table) == 34
    assert all(rows)


@pytest.mark.parametrize("line", TABLE, ids=lambda line: line["row"])
def test_every_name_of_a_row_is_read_as_a_class_of_that_row(line: dict[str, Any]) -> None:
    formulary = medicine_list.shipped()

    for name in line["names"]:
        of = {formulary.classes[one].row for _, one in formulary.names.get(words.tokens(name), ())}
        assert line["row"] in of, name


def test_more_than_three_thousand_names_are_known_and_offered() -> None:
    assert len({words.tokens(name) for name in suggestions.names()}) >= 3000


def test_no_name_is_swallowed_by_a_word_that_says_nothing() -> None:
    formulary = medicine_list.shipped()

    lost = [
        " ".join(name)
        for name in formulary.names
        if not formulary.recognise(" ".join(name), as_of=TODAY).hits
    ]

    assert lost == []


def test_the_offered_names_are_a_small_file() -> None:
    assert len(gzip.compress(suggestions.page().encode())) <= 30 * KIB


def test_a_line_read_again_means_the_same_and_another_day_is_another_reading() -> None:
    known = medicine_list.shipped()
    line = "stopped Eliquis on 11/01/2026"

    first, again = (known.recognise(line, as_of=TODAY) for _ in range(2))
    later = known.recognise(line, as_of=TODAY.replace(month=12))

    assert first == again
    assert [hit.days_since for hit in (*first.hits, *later.hits)] == [21, 51]


def test_what_is_remembered_is_bounded() -> None:
    known = medicine_list.shipped()

    for number in range(known.read.MOST + 10):
        known.recognise(f"tea {number}")

    assert len(known.read) <= known.read.MOST


def test_a_list_of_five_with_a_misspelling_is_read_in_time() -> None:
    known = pickle.loads(pickle.dumps(medicine_list.shipped()))  # noqa: S301 - our own bytes
    rounds = 200
    begun = time.process_time()

    for number in range(rounds):
        for line in LIST:
            known.recognise(f"{line} {number % 20}" if number % 10 == 0 else line, as_of=TODAY)

    assert (time.process_time() - begun) / rounds < 0.000_4


def test_a_class_that_ends_a_name_must_be_there() -> None:
    data = source.read_general("medicines", "words")
    broken = source.from_value({**data["medicines"].value, "endings": {"nobody": ["xx"]}}, "m.yaml")

    with pytest.raises(source.BrokenData, match="no class of medicines 'nobody'"):
        medicine_list.read(broken, data["words"])


@pytest.mark.parametrize(
    ("word", "names"),
    [("cintroid", ("synthroid",)), ("serebix", ("cerebyx",)), ("sarabax", ()), ("zirtek", ())],
)
def test_a_word_is_known_by_its_sound_unless_it_is_spelled_altogether_otherwise(
    word: str, names: tuple[str, ...]
) -> None:
    known = spelling.read(["synthroid", "cerebyx", "lipitor"])

    assert known.alike(word) == names


@pytest.mark.parametrize(
    ("word", "close"),
    [
        ("xarelto", ((0, "xarelto"),)),
        ("zaralto", ((2, "xarelto"),)),
        ("zaraltu", ()),
        ("aleev", ((1, "aleve"),)),  # two letters changed places
        ("alaave", ()),  # two amiss in a name of five letters
        ("yaz", ()),
    ],
)
def test_a_word_is_near_a_name_by_two_letters_or_by_one_in_a_name_of_five(
    word: str, close: tuple[tuple[int, str], ...]
) -> None:
    known = spelling.read(["xarelto", "aleve", "yaz"])

    assert known.close(word) == close


def test_a_medicine_of_a_question_that_a_stored_ruleset_lacks_is_read_by_a_therapist() -> None:
    earlier = rules.from_document(kept("format-1", "rules"))
    (hit,) = medicine_list.recognise("sertraline").hits
    taken = Mention("medicines", "sertraline", hit)

    assert medicines.UNRECOGNISED in taken.groups(earlier)
    assert medicines.UNRECOGNISED not in taken.groups(rules.shipped_rules())
