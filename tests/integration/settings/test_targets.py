"""What is late is counted in opening hours: nights, weekends and closed days are not waiting."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

import pytest
from flask import Flask

from clinic.access import Actor, Role
from clinic.queries import opening, queue, slots, targets
from clinic.queries import settings as stored
from clinic.queries.queue import Wish
from clinic.services import availability, places, settings
from tests.support import databases
from tests.support.scene import PHOENIX, Scene, person

FRIDAY = datetime(2026, 11, 20, 22, tzinfo=UTC)  # 3 PM in Phoenix; open until 5 PM


@pytest.fixture
def database() -> Iterator[str]:
    """One kind of database is enough: the hours are counted in the core."""
    with databases.fresh_database("sqlite") as url:
        yield url


MONDAY, TUESDAY = date(2026, 11, 23), date(2026, 11, 24)


def late_at(actor: Actor, day: date, hour: int) -> frozenset[UUID]:
    """Ask at a full hour in Phoenix, seven hours behind UTC."""
    now = datetime.combine(day, time(hour), tzinfo=UTC) + timedelta(hours=7, minutes=1)
    return targets.late(actor, queue.page(actor, Wish()).rows, now)


def test_a_request_of_friday_afternoon_is_late_on_monday_after_the_hours_left(
    in_app: Flask,
) -> None:
    """Section 9: target times by wall clock instead of opening hours are a known failure."""
    scene = Scene(now=FRIDAY)
    ada, dana = scene.staff("Ada Admin", Role.ADMIN), scene.staff("Dana Desk", Role.FRONT_DESK)
    place = scene.place(zone=PHOENIX)
    request_id = scene.request()
    settings.change(ada, FRIDAY, "times", values={"target_contact_hours": "4"}, seen=0)
    stored.refresh()
    assert late_at(dana, MONDAY, 16) == frozenset()  # no hours are posted: nobody can say

    weekdays = tuple(range(5))
    places.open_hours(ada, FRIDAY, place, weekdays=weekdays, opens=time(9), closes=time(17))

    assert late_at(dana, date(2026, 11, 22), 12) == frozenset()
    assert late_at(dana, MONDAY, 10) == frozenset()
    assert late_at(dana, MONDAY, 11) == {request_id}


def test_days_on_which_the_whole_clinic_is_closed_do_not_count(in_app: Flask) -> None:
    scene = Scene(now=FRIDAY)
    ada, dana = scene.staff("Ada Admin", Role.ADMIN), scene.staff("Dana Desk", Role.FRONT_DESK)
    place = scene.place(zone=PHOENIX)
    request_id = scene.request()
    weekdays = tuple(range(5))
    places.open_hours(ada, FRIDAY, place, weekdays=weekdays, opens=time(9), closes=time(17))
    availability.add_closure(ada, FRIDAY, MONDAY, MONDAY)

    # 8 opening hours: two on Friday, then six on Tuesday.
    assert late_at(dana, MONDAY, 17) == frozenset()
    assert late_at(dana, TUESDAY, 14) == frozenset()
    assert late_at(dana, TUESDAY, 15) == {request_id}
    shown = opening.next_opening(datetime(2026, 11, 23, 18, tzinfo=UTC))
    assert shown is not None
    assert shown.opens_at == datetime(2026, 11, 24, 16, tzinfo=UTC)


def test_no_time_is_free_while_the_whole_clinic_is_closed(in_app: Flask) -> None:
    scene = Scene(now=FRIDAY)
    ada, theo = scene.staff("Ada Admin", Role.ADMIN), scene.staff("Theo", Role.THERAPIST)
    place = scene.place(zone=PHOENIX)
    scene.hours(theo, place)
    given = {"location_id": place, "therapist_id": person(theo), "first_day": MONDAY}
    before = slots.free(theo, now=FRIDAY, days=2, **given)[1]  # type: ignore[arg-type]  # as named

    availability.add_closure(ada, FRIDAY, MONDAY, MONDAY)

    after = slots.free(theo, now=FRIDAY, days=2, **given)[1]  # type: ignore[arg-type]  # as named
    assert [day.on for day in before] == [MONDAY, TUESDAY]
    assert [day.on for day in after] == [TUESDAY]
