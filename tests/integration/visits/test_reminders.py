"""Reminders: once, in time, in the zone of the place, and never of a visit that will not be."""

from dataclasses import asdict, fields, replace
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from clinic import effective
from clinic.access import SYSTEM, Actor, Refused, Role
from clinic.booking.place import Particulars
from clinic.models import Appointment, Letter, Location, Request
from clinic.services import moving, offering, outbox, places, visits
from tests.integration.desk.test_offering import booked, hold, visit_of
from tests.integration.visits.test_moving import seen, shift
from tests.support.scene import NEW_YORK, Scene, all_of, stored

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def visit_id(scene: Scene, dana: Actor, theo: Actor, place: UUID) -> UUID:
    """A confirmed visit in two days; the clock stands a day before it."""
    made = booked(scene, dana, scene.request(cleared=True), theo, place)
    scene.now += DAY
    return made


def reminders() -> list[Letter]:
    return all_of(Letter, kind="appointment_reminder")


def test_a_visit_is_reminded_of_once_a_day_before_in_the_zone_of_its_place(
    scene: Scene, visit_id: UUID
) -> None:
    assert visits.remind_due(SYSTEM, scene.now - timedelta(seconds=1)) == 0

    assert [visits.remind_due(SYSTEM, scene.now) for _ in range(3)] == [1, 0, 0]

    [letter] = reminders()
    body = letter.body or ""
    assert "Wednesday, November 25, 2026 at 10:00 AM EST" in body
    assert letter.useless_after == stored(Appointment, visit_id).starts_at
    assert letter.calendar is not None
    assert not any(word in body.lower() for word in ("theo", "lower back", "tomorrow"))


@pytest.mark.proves("MAIL-6")
@pytest.mark.parametrize("way", ["cancelled", "moved", "clearance"])
def test_a_queued_reminder_of_a_visit_that_will_not_be_so_is_not_sent(
    *, scene: Scene, dana: Actor, theo: Actor, place: UUID, visit_id: UUID, way: str
) -> None:
    visits.remind_due(SYSTEM, scene.now)

    if way == "cancelled":
        moving.cancel(dana, scene.now, visit_id, seen=seen(visit_id), reason="clinic_closed")
    elif way == "moved":
        shift(scene, dana, visit_id, scene.now + 5 * DAY)
    else:
        scene.end_clearance(stored(Appointment, visit_id).request_id)

    assert [one.state for one in reminders()] == ["dropped"]
    sent = []
    while (leased := outbox.lease(SYSTEM, scene.now)) is not None:
        sent.append(leased.subject)
        outbox.mark_sent(SYSTEM, scene.now, leased)
    assert not any("soon" in subject for subject in sent)
    assert visits.remind_due(SYSTEM, scene.now) == 0


def test_a_visit_that_cannot_be_as_planned_is_not_reminded_of(scene: Scene, visit_id: UUID) -> None:
    scene.end_clearance(stored(Appointment, visit_id).request_id)

    assert visits.remind_due(SYSTEM, scene.now) == 0


def test_no_visit_with_needles_is_reminded_of_where_the_law_forbids_them_since(
    scene: Scene, place: UUID, visit_id: UUID
) -> None:
    ada = scene.staff("Ada Admin", Role.ADMIN)
    at = stored(Location, place)
    given = Particulars(**{one.name: getattr(at, one.name) for one in fields(Particulars)})
    forbidden = replace(given, needling_law="prohibited")

    found = places.change(
        ada, scene.now, place, forbidden, seen=effective.mark(asdict(given).values())
    )

    assert found == 1
    assert stored(Request, stored(Appointment, visit_id).request_id).call_today is not None
    assert visits.remind_due(SYSTEM, scene.now) == 0


@pytest.mark.proves("MAIL-6")
def test_a_cancellation_is_one_letter_and_the_confirmation_goes_no_more(
    scene: Scene, dana: Actor, visit_id: UUID
) -> None:
    version = seen(visit_id)

    for _ in range(2):
        moving.cancel(dana, scene.now, visit_id, seen=version, reason="clinic_closed")

    queued = [one.kind for one in all_of(Letter, state="queued")]
    assert queued == ["appointment_cancelled"]


def test_a_visit_that_was_moved_is_reminded_of_at_its_new_time(
    scene: Scene, dana: Actor, theo: Actor, place: UUID, visit_id: UUID
) -> None:
    new = shift(scene, dana, visit_id, scene.now + 5 * DAY)

    assert visits.remind_due(SYSTEM, scene.now) == 0
    assert visits.remind_due(SYSTEM, stored(Appointment, new).starts_at - DAY) == 1


def test_a_visit_agreed_on_the_day_before_needs_no_reminder_beside_its_confirmation(
    scene: Scene, dana: Actor, theo: Actor, place: UUID
) -> None:
    request_id = scene.request(cleared=True)
    offer_id = hold(scene, dana, request_id, theo, place, starts_at=scene.now + 20 * HOUR)
    offering.accept(dana, scene.now, offer_id, appointment_id=visit_of(offer_id).id, seen=1)

    assert visits.remind_due(SYSTEM, scene.now + HOUR) == 0


def test_nobody_is_reminded_without_an_address_or_by_hand(
    scene: Scene, dana: Actor, theo: Actor, place: UUID
) -> None:
    request_id = scene.request(cleared=True, email=None, email_proved_at=None)
    booked(scene, dana, request_id, theo, place)
    assert visits.remind_due(SYSTEM, scene.now + DAY) == 0

    booked_later = scene.request(cleared=True)
    offer_id = hold(
        scene, dana, booked_later, theo, place, starts_at=scene.now + 2 * DAY + 2 * HOUR
    )
    offering.accept(dana, scene.now, offer_id, appointment_id=visit_of(offer_id).id, seen=1)
    with pytest.raises(Refused):
        visits.remind_due(dana, scene.now + DAY + 2 * HOUR)
    assert stored(Request, booked_later).desk_state == "booked"


@pytest.mark.proves("TIME-2")
def test_the_night_the_clock_changes_a_reminder_goes_24_hours_before_and_says_the_right_time(
    scene: Scene, dana: Actor, theo: Actor
) -> None:
    scene.now = datetime(2026, 10, 29, 14, tzinfo=ZoneInfo("UTC"))
    place = scene.place("Main Street", NEW_YORK)
    request_id = scene.request(cleared=True)
    starts_at = datetime(2026, 11, 1, 9, tzinfo=ZoneInfo(NEW_YORK)).astimezone(ZoneInfo("UTC"))
    offer_id = hold(scene, dana, request_id, theo, place, starts_at=starts_at)
    offering.accept(dana, scene.now, offer_id, appointment_id=visit_of(offer_id).id, seen=1)

    assert visits.remind_due(SYSTEM, starts_at - DAY - timedelta(seconds=1)) == 0
    assert visits.remind_due(SYSTEM, starts_at - DAY) == 1

    assert "Sunday, November 1, 2026 at 9:00 AM EST" in (reminders()[0].body or "")
