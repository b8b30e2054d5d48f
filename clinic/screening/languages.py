"""Telling that something was typed in a language that the lay words do not speak."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

from clinic.screening.words import Tokens

ENOUGH = 2  # one word may be a name, or a word of English or Spanish after all
LATIN = ("LATIN", "MODIFIER")

Marks = Mapping[str, frozenset[str]]


def is_other(said: Tokens, marks: Marks) -> bool:
    """Whether words stand in other letters, or two different ones are marks of one language."""
    if any(_in_other_letters(word) for word in said):
        return True
    return any(len(known.intersection(said)) >= ENOUGH for known in marks.values())


def _in_other_letters(word: str) -> bool:
    """Whether no letter is Latin: two at least where the script has capitals, as in "beta"."""
    if word.isascii():
        return False
    letters = [letter for letter in word if letter.isalpha()]
    foreign = bool(letters) and all(not _is_latin(letter) for letter in letters)
    return foreign and (len(letters) > 1 or unicodedata.category(letters[0]) == "Lo")


def _is_latin(letter: str) -> bool:
    return unicodedata.name(letter, "").startswith(LATIN)
