"""The list of times, the letter, the calendar entry and the day's list name one instant."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from icalendar import Calendar

from clinic.access import Actor
from clinic.booking import calendar
from clinic.models import Appointment, Letter
from clinic.queries import slots
from clinic.queries import visits as days
from clinic.services import offering
from tests.integration.desk.test_offering import hold, visit_of
from tests.support.scene import Scene, all_of, person


@pytest.mark.proves("TIME-2")
@pytest.mark.parametrize(
    ("zone", "on", "clock"),
    [
        ("America/New_York", date(2026, 3, 8), "9:00 AM EDT"),
        ("America/New_York", date(2026, 11, 1), "9:00 AM EST"),
        ("Australia/Lord_Howe", date(2026, 4, 5), "9:00 AM UTC+10:30"),
        ("Asia/Kathmandu", date(2026, 11, 1), "9:00 AM UTC+05:45"),
        ("America/Phoenix", date(2026, 3, 8), "9:00 AM MST"),
    ],
)
def test_four_displays_agree_on_the_posted_hour_on_days_the_clock_changes(
    *, scene: Scene, dana: Actor, theo: Actor, zone: str, on: date, clock: str
) -> None:
    scene.now = datetime(on.year, on.month, on.day, 12, tzinfo=UTC) - timedelta(days=4)
    place = scene.place("Far Street", zone)
    scene.hours(theo, place)
    request_id = scene.request()

    listed = first_time(scene, dana, theo, place, on)
    offer_id = hold(scene, dana, request_id, theo, place, starts_at=listed, kind="no_needles")
    offering.accept(dana, scene.now, offer_id, appointment_id=visit_of(offer_id).id, seen=1)

    said = calendar.spoken(listed, zone, "en")
    assert said.endswith(clock)
    letters = [all_of(Letter, kind=kind)[0] for kind in ("offer", "appointment_confirmed")]
    assert all(said in letter.body for letter in letters)
    [event] = Calendar.from_ical(letters[1].calendar).walk("VEVENT")
    assert event.decoded("dtstart") == listed
    day = days.day(dana, place_id=place, on=on, now=scene.now)
    assert [calendar.spoken_time(row.starts_at, day.zone, "en") for row in day.rows] == [clock]
    assert all_of(Appointment)[0].visit_on == on


def first_time(scene: Scene, dana: Actor, theo: Actor, place: UUID, on: date) -> datetime:
    """Take the first time that is listed for a day."""
    _, found = slots.free(
        dana, location_id=place, therapist_id=person(theo), first_day=on, days=1, now=scene.now
    )
    return found[0].slots[0].starts_at
