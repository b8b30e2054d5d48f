"""What is looked up by an index is what going through everything would find."""

from collections.abc import Iterator
from string import ascii_lowercase

from rapidfuzz.distance import OSA

from clinic.screening import medicine_list, rules, words
from clinic.screening.spelling import SHORTEST

SPELLING = medicine_list.shipped().spelling
NAMES = sorted({name for names in SPELLING.by_length.values() for name in names})
TEXTS = (
    "I had a stroke and my sugar is high",
    "fui al doctor por la presion alta y tengo fiebre",
    "no chest pain but my leg is swollen and red and hot",
)


def test_a_name_with_one_slip_is_found_wherever_the_slip_is() -> None:
    for name in NAMES[::200]:
        for word in _slips(name):
            found = [near for _, near in SPELLING.close(word, strict=True)]

            assert set(found) == (_within_one(word)), (name, word)


def _slips(name: str) -> Iterator[str]:
    for place, letter in enumerate(name):
        other = ascii_lowercase[(ascii_lowercase.find(letter) + 7) % 26]
        yield name[:place] + name[place + 1 :]
        yield name[:place] + other + name[place:]
        yield name[:place] + other + name[place + 1 :]
        yield name[:place] + name[place : place + 2][::-1] + name[place + 2 :]


def _within_one(word: str) -> set[str]:
    long_enough = (name for name in NAMES if len(name) > SHORTEST and len(word) >= SHORTEST)
    near = {name for name in long_enough if OSA.distance(word, name) <= 1}
    return near | {name for name in NAMES if name == word}


def test_every_lay_phrase_is_found_in_the_midst_of_other_words() -> None:
    ruleset = rules.shipped_rules()
    for entry in ruleset.phrases[::6]:
        assert entry in ruleset.phrases_in(("well", *entry[1], "then")), entry
        assert entry not in ruleset.phrases_in((*entry[1][:-1], "then")), entry
    for text in TEXTS:
        said = words.tokens(text)
        standing = [one for one in ruleset.phrases if words.find(said, one[1]) >= 0]
        assert standing
        assert list(ruleset.phrases_in(said)) == standing
