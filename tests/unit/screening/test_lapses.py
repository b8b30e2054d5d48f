"""From which day on nothing in the answers holds needling as it does now."""

from datetime import date

from clinic.screening import lapses
from tests.unit.screening.harmless import screened

SURGERY = {
    "surgery-recent": "yes",
    "surgery-recent.date": "2026-11-10",
    "surgery-recent.regions": ["shoulder-left"],
}


def test_the_first_day_is_that_of_the_last_finding_that_holds_needling() -> None:
    found = screened(SURGERY)
    days = [one.lapses_on for one in found.findings if one.level.rank >= 4]

    assert days
    assert lapses.first_day(found) == max(day for day in days if day is not None)
    assert (lapses.first_day(found) or date.min) > found.as_of


def test_there_is_no_first_day_where_nothing_holds_or_something_holds_without_an_end() -> None:
    assert lapses.first_day(screened({})) is None
    assert lapses.first_day(screened({**SURGERY, "anticoagulant": "yes"})) is None
    assert lapses.first_day(screened({**SURGERY, "rf-chest-breath": "yes"})) is None
