"""When answers are confirmed again: by the day, and by what is still to come."""

from datetime import date, timedelta

import pytest

from clinic.booking.confirming import Answered, due

GIVEN = date(2026, 11, 23)
LAST = GIVEN + timedelta(days=90)
AHEAD = 7


@pytest.mark.parametrize(
    ("today", "cleared_until", "visits", "answer"),
    [
        (LAST - timedelta(days=8), LAST + timedelta(days=60), (), "not yet"),
        (LAST - timedelta(days=7), LAST + timedelta(days=60), (), "now"),
        (LAST + timedelta(days=30), LAST + timedelta(days=60), (), "now"),
        (LAST, LAST, (), "not yet"),  # no needles may follow
        (LAST, LAST + timedelta(days=60), (LAST,), "not yet"),  # this visit is still covered
        (LAST, LAST + timedelta(days=60), (LAST - timedelta(days=1),), "now"),  # over
        (LAST, LAST + timedelta(days=60), (LAST + timedelta(days=8),), "not yet"),  # not yet
        (LAST, LAST + timedelta(days=60), (LAST + timedelta(days=7),), "now"),
    ],
)
def test_the_day_decides(
    today: date, cleared_until: date, visits: tuple[date, ...], answer: str
) -> None:
    answered = Answered(GIVEN, 90)

    assert answered.last == LAST
    found = due(answered, today=today, cleared_until=cleared_until, visits=visits, ahead=AHEAD)
    assert found is (answer == "now")
