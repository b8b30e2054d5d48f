"""How long ago something was, as patients say it; always the latest day it could have been."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, timedelta

from clinic.screening import dates, words
from clinic.screening.words import Tokens

_NUMBERS = {
    "a": 1, "an": 1, "one": 1, "un": 1, "una": 1, "uno": 1, "couple": 2, "two": 2, "dos": 2,
    "few": 2, "unos": 2, "unas": 2, "several": 3, "varios": 3, "varias": 3, "three": 3, "tres": 3,
    "four": 4, "cuatro": 4, "five": 5, "cinco": 5, "six": 6, "seis": 6, "seven": 7, "siete": 7,
    "eight": 8, "ocho": 8, "nine": 9, "nueve": 9, "ten": 10, "diez": 10, "eleven": 11, "once": 11,
    "twelve": 12, "doce": 12, "many": 2, "muchos": 2, "muchas": 2,
}  # fmt: skip
_UNITS = {
    "day": "days", "days": "days", "dia": "days", "dias": "days", "week": "weeks",
    "weeks": "weeks", "semana": "weeks", "semanas": "weeks", "month": "months",
    "months": "months", "mes": "months", "meses": "months", "year": "years", "years": "years",
    "ano": "years", "anos": "years",
}  # fmt: skip
_SEVERAL = frozenset(word for word in _UNITS if word.endswith("s") and word != "mes")
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan enero", "february feb febrero", "march marzo", "april apr abril",
            "may mayo", "june jun junio", "july jul julio", "august aug agosto",
            "september sept sep septiembre", "october oct octubre", "november nov noviembre",
            "december dec diciembre",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
_AGE_LEADS = (
    ("when", "i", "was"), ("when", "i", "was", "about"), ("when", "i", "was", "around"),
    ("at", "age"), ("at", "the", "age", "of"), ("age",),
    ("cuando", "tenia"), ("cuando", "yo", "tenia"), ("a", "la", "edad", "de"),
)  # fmt: skip
_AFTER_AN_AGE = frozenset({"", "years", "year", "old", "anos", "ano", "i", "my", "yo", "me"})
LONG_PAST_DAYS = 365
LONG_PAST_YEARS = 2
_ISO = re.compile(r"^(\d{4})-(\d{2})-(\d{2})$")
_SLASHED = re.compile(r"^(\d{1,2})/(\d{1,2})/(\d{2,4})$")
_YEAR = re.compile(r"^(?:19|20)\d{2}$")
# "hace dos años" is "two years ago" beside one of these, and "for two years" beside "me duele"


def days_ago(clause: Tokens, as_of: date | None) -> int | None:
    """At least so many days before `as_of`, or None where the clause does not say."""
    spans = [span for index in range(len(clause)) if (span := _span(clause, index)) is not None]
    if spans:
        return min(spans)
    if as_of is None:
        return None
    day = _near_word(clause, as_of) or _written(clause, as_of) or _by_name(clause, as_of)
    return None if day is None else max((as_of - day).days, 0)


def _span(clause: Tokens, index: int) -> int | None:
    unit = _UNITS.get(clause[index])
    if unit is None:
        return None
    said = "ago" in clause[index + 1 : index + 3] or "hace" in clause[max(index - 3, 0) : index]
    count = _count(clause[max(index - 2, 0) : index])
    if count is None and clause[index] in _SEVERAL:
        count = 2
    if not said or count is None:
        return None
    length = {"days": 1, "weeks": 7, "months": 30, "years": 365}[unit]
    return int(count * length)


def _count(before: Tokens) -> int | None:
    for word in reversed(before):
        if word.isdigit():
            return int(word)
        if word in _NUMBERS and word != "of":
            return _NUMBERS[word]
    return None


def _near_word(clause: Tokens, as_of: date) -> date | None:
    said = " ".join(clause)
    if re.search(r"\b(yesterday|ayer)\b", said):
        return as_of - timedelta(days=1)
    if re.search(r"\b(today|hoy|this week|esta semana)\b", said):
        return as_of
    if re.search(r"\b(last week|semana pasada)\b", said):
        return as_of - timedelta(days=1)
    if re.search(r"\b(last month|mes pasado)\b", said):
        return as_of.replace(day=1) - dates.ONE_DAY
    if re.search(r"\b(last year|ano pasado)\b", said):
        return date(as_of.year - 1, 12, 31)
    return None


def _written(clause: Tokens, as_of: date) -> date | None:
    for word in clause:
        iso, slashed = _ISO.match(word), _SLASHED.match(word)
        try:
            if iso:
                return date(*map(int, iso.groups()))
            if slashed:
                return _latest_reading([int(part) for part in slashed.groups()], as_of)
        except ValueError:
            return None
    return None


def _latest_reading(parts: list[int], as_of: date) -> date | None:
    """Month first as in the US, or day first as in Latin America: the later past day counts."""
    first, second, year = parts
    year += 2000 if year < 100 else 0
    days = []
    for month, day in ((first, second), (second, first)):
        if 1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1]:
            days.append(date(year, month, day))
    past = [day for day in days if day <= as_of]
    return max(past) if past else (min(days) if days else None)


def _by_name(clause: Tokens, as_of: date) -> date | None:
    years = [int(word) for word in clause if _YEAR.match(word)]
    month = next((_MONTHS[word] for word in clause if word in _MONTHS), None)
    if month is None:
        return _last_day(years[-1], 12, as_of) if years else None
    if years:
        return _last_day(years[-1], month, as_of)
    this_year = _last_day(as_of.year, month, as_of)
    return this_year if month <= as_of.month else _last_day(as_of.year - 1, month, as_of)


def _last_day(year: int, month: int, as_of: date) -> date:
    return min(date(year, month, monthrange(year, month)[1]), as_of)


def long_past(clause: Tokens, as_of: date, age: int | None = None) -> bool:
    """Whether a clause names a year, or an age of the writer, that is over by more than a year."""
    if any(_YEAR.match(word) and int(word) < as_of.year - 1 for word in clause):
        return True
    then = _age_then(clause)
    return then is not None and age is not None and age - then >= LONG_PAST_YEARS


def _age_then(clause: Tokens) -> int | None:
    """How old the writer says to have been, as in "when I was ten"."""
    for lead in _AGE_LEADS:
        end = words.find(clause, lead) + len(lead)
        count = _count(clause[end : end + 1]) if end >= len(lead) else None
        if count is not None and (clause[end + 1 : end + 2] or ("",))[0] in _AFTER_AN_AGE:
            return count
    return None


def years_past(clause: Tokens) -> bool:
    """Whether a clause says a number of years that is long past, as in "hace diez anos"."""
    spans = [span for index in range(len(clause)) if (span := _span(clause, index)) is not None]
    return bool(spans) and min(spans) >= LONG_PAST_DAYS
