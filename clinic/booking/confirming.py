"""When a patient is asked to confirm the answers again: rules of dates alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True)
class Answered:
    """When the newest answers were given, and how many days they count."""

    on: date
    days: int

    @property
    def last(self) -> date:
        """The last day on which a visit may stand on these answers."""
        return self.on + timedelta(days=self.days)


def due(
    answered: Answered, *, today: date, cleared_until: date, visits: Iterable[date], ahead: int
) -> bool:
    """Tell whether the answers are to be confirmed now: they run out soon, and needles may follow.

    ``visits`` are the days of needling visits that are held or confirmed. One that the answers
    still cover asks for nothing before it is over.
    """
    to_come = [day for day in visits if day >= today]
    soon = timedelta(days=ahead)
    if to_come:
        first = min(to_come)
        return first > answered.last and today >= first - soon
    return cleared_until > answered.last and today >= answered.last - soon
