"""Spans of time, counted so that a short month or a leap year loses no day."""

from datetime import date

import pytest

from clinic.screening import dates, timing, words


@pytest.mark.parametrize(
    ("start", "amount", "unit", "end"),
    [
        (date(2026, 11, 2), 6, "weeks", date(2026, 12, 14)),
        (date(2026, 11, 2), 4, "months", date(2027, 3, 2)),
        (date(2026, 10, 31), 4, "months", date(2027, 2, 28)),
        (date(2027, 10, 31), 4, "months", date(2028, 2, 29)),
        (date(2024, 2, 29), 12, "months", date(2025, 2, 28)),
        (date(2024, 2, 29), 1, "years", date(2025, 3, 1)),
        (date(2024, 2, 29), 4, "years", date(2028, 2, 29)),
        (date(2026, 12, 31), 1, "days", date(2027, 1, 1)),
        (date(9999, 12, 31), 1, "weeks", date.max),
        (date(9999, 1, 1), 4, "years", date.max),
    ],
)
def test_a_span_ends(start: date, amount: int, unit: str, end: date) -> None:
    assert dates.add(start, amount, unit) == end


@pytest.mark.parametrize(
    ("born_on", "day", "age"),
    [
        (date(2008, 11, 22), date(2026, 11, 21), 17),
        (date(2008, 11, 22), date(2026, 11, 22), 18),
        (date(2008, 2, 29), date(2026, 2, 28), 17),
        (date(2008, 2, 29), date(2026, 3, 1), 18),
        (date(2008, 2, 29), date(2028, 2, 29), 20),
        (date(2026, 11, 23), date(2026, 11, 22), -1),
    ],
)
def test_age_in_full_years(born_on: date, day: date, age: int) -> None:
    assert dates.age_on(born_on, day) == age


@pytest.mark.parametrize(
    ("said", "days"),
    [
        ("two weeks ago", 14),
        ("a couple of weeks ago", 14),
        ("hace dos meses", 60),
        ("last week", 1),
        ("el mes pasado", 22),
        ("last year", 326),
        ("in 2024", 691),
        ("on 10/11/2026", 12),  # 10 November is later than October 11
        ("on 2026-02-30", None),
        ("some time", None),
    ],
)
def test_the_latest_day_it_could_have_been(said: str, days: int | None) -> None:
    assert timing.days_ago(words.tokens(said), date(2026, 11, 22)) == days
