"""What days alone change in a screening: from which day on nothing holds needling as now."""

from __future__ import annotations

from datetime import date

from clinic.screening.levels import Level
from clinic.screening.outcome import Screening


def first_day(screening: Screening) -> date | None:
    """The day on which the last finding that holds needling grows milder by its date.

    None where none holds needling, where one of them has no such day, and where one is urgent. It
    is no promise: a therapist decides, and the visit is screened as of its own day.
    """
    holding = [one for one in screening.findings if one.level >= Level.ABSOLUTE]
    days = [one.lapses_on for one in holding if one.lapses_on is not None]
    if len(days) < len(holding) or screening.level is Level.URGENT:
        return None
    return max(days, default=None)
