"""Days, weeks, months and years between dates, counted so that no day is lost in a short month."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta

ONE_DAY = timedelta(days=1)


def add_months(start: date, months: int) -> date:
    """The same day so many months later, or the last day of a shorter month."""
    index = start.year * 12 + start.month - 1 + months
    year, month = index // 12, index % 12 + 1
    return date(year, month, min(start.day, monthrange(year, month)[1]))


def add(start: date, amount: int, unit: str) -> date:
    """The date an amount of days, weeks, months or years after the start; the last date at most."""
    try:
        if unit == "days":
            return start + timedelta(days=amount)
        if unit == "weeks":
            return start + timedelta(weeks=amount)
        if unit == "months":
            return add_months(start, amount)
        return birthday(start, amount)
    except (OverflowError, ValueError):
        return date.max


def birthday(born_on: date, age: int) -> date:
    """The day on which an age is reached; born on 29 February: 1 March of a common year."""
    year = born_on.year + age
    if (born_on.month, born_on.day) == (2, 29) and monthrange(year, 2)[1] == 28:
        return date(year, 3, 1)
    return born_on.replace(year=year)


def age_on(born_on: date, day: date) -> int:
    """Full years lived on a day; negative before birth."""
    years = day.year - born_on.year
    return years if birthday(born_on, years) <= day else years - 1
