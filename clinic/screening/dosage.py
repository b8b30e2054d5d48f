"""How much of a medicine is taken in a day, as patients write it."""

from __future__ import annotations

import re
from fractions import Fraction

from clinic.screening import words
from clinic.screening.words import Tokens

_AMOUNT = re.compile(r"^\d+(?:\.\d+)?$")
_YEAR = re.compile(r"^(?:19|20)\d{2}$")
_TIMES_MARK = re.compile(r"^x(\d)$")
_UNITS = {
    "mg": 1, "mgs": 1, "milligram": 1, "milligrams": 1, "miligramo": 1, "miligramos": 1,
    "g": 1000, "gram": 1000, "grams": 1000, "gramo": 1000, "gramos": 1000,
}  # fmt: skip
LEAST_BARE_STRENGTH = 50  # a number without a unit: below, it counts tablets or days
_TABLET = frozenset({
    "tablet", "tablets", "tab", "tabs", "pill", "pills", "cap", "caps", "capsule", "capsules",
    "pastilla", "pastillas", "tableta", "tabletas", "comprimido", "comprimidos", "capsula",
    "capsulas", "aspirin", "aspirins", "aspirina", "aspirinas", "baby", "low",
})  # fmt: skip
_EACH_DAY = frozenset({
    "daily", "a", "per", "each", "every", "al", "por", "cada", "diaria", "diarias", "diario",
    "diarios",
})  # fmt: skip
_NO_STRENGTH = _TABLET | frozenset({
    "x", "times", "time", "day", "days", "week", "weeks", "month", "months", "year", "years",
    "hours", "vez", "veces", "dia", "dias", "semana", "semanas", "mes", "meses", "ano", "anos",
    "horas", "iu", "ui", "units", "ml", "mcg",
})  # fmt: skip
_COUNTS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "un": 1, "una": 1, "dos": 2, "tres": 3, "cuatro": 4,
}  # fmt: skip
_TIMES = (
    (("twice",), 2), (("bid",), 2), (("two", "times"), 2), (("2", "times"), 2), (("2", "x"), 2),
    (("dos", "veces"), 2), (("2", "veces"), 2), (("12", "hours"), 2), (("12", "horas"), 2),
    (("12h",), 2), (("8h",), 3), (("6h",), 4),
    (("tid",), 3), (("three", "times"), 3), (("3", "times"), 3), (("tres", "veces"), 3),
    (("3", "veces"), 3), (("8", "hours"), 3), (("8", "horas"), 3), (("qid",), 4),
    (("four", "times"), 4), (("4", "times"), 4), (("cuatro", "veces"), 4), (("6", "hours"), 4),
)  # fmt: skip
_TIMES_BEGUN = {
    first: tuple((cue, count) for cue, count in _TIMES if cue[0] == first)
    for first in {cue[0] for cue, _ in _TIMES}
}
_AFTER_A_COUNT = _TABLET | _EACH_DAY
_LOW = (("baby",), ("low", "dose"), ("babyaspirin",), ("dosis", "baja"), ("infantil",))
_LOW_WORDS = frozenset(low[0] for low in _LOW)


def daily_milligrams(about: Tokens) -> Fraction | None:
    """Milligrams a day that the words about a medicine state at most, or None where none do."""
    if not any(word[0].isdigit() or word in _LOW_WORDS for word in about):
        return None
    strengths = [found for index in range(len(about)) if (found := _strength(about, index))]
    if not strengths and any(words.find(about, low) >= 0 for low in _LOW):
        strengths = [Fraction(81)]
    if not strengths:
        return None
    return sum(strengths, Fraction(0)) * _tablets(about) * _times(about)


def _strength(about: Tokens, index: int) -> Fraction | None:
    word, follow = about[index], about[index + 1] if index + 1 < len(about) else ""
    if not _AMOUNT.match(word):
        return None
    if follow in _UNITS:
        return Fraction(word) * _UNITS[follow]
    bare = Fraction(word) >= LEAST_BARE_STRENGTH and not _YEAR.match(word)
    return Fraction(word) if bare and follow not in _NO_STRENGTH else None


def _tablets(about: Tokens) -> int:
    """How many at a time, where a small number stands before tablets, or "a day", or at the end."""
    counts = [1]
    for index, word in enumerate(about):
        follow = about[index + 1] if index + 1 < len(about) else ""
        marked = _TIMES_MARK.match(word)
        if marked:
            counts.append(int(marked[1]))
        elif follow in _AFTER_A_COUNT or not follow:
            counts.append(_COUNTS.get(word, int(word) if word.isdigit() and int(word) < 10 else 1))
    return max(counts)


def _times(about: Tokens) -> int:
    """How many times a day, by the most that any words say."""
    counts = [1]
    for index, word in enumerate(about):
        for cue, count in _TIMES_BEGUN.get(word, ()):
            if about[index : index + len(cue)] == cue:
                counts.append(count)
    return max(counts)
