"""The clock stands still, moves when told, and refuses a time without a zone."""

from datetime import datetime

import pytest

from tests.support.clock import MONDAY_MORNING, FixedClock


def test_the_clock_stands_still_until_told_to_move(clock: FixedClock) -> None:
    assert clock() == clock.now == MONDAY_MORNING

    clock.advance(minutes=5)

    assert (clock() - MONDAY_MORNING).total_seconds() == 300


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        FixedClock(datetime(2026, 11, 23, 15, 0))  # noqa: DTZ001 - the very fault
