"""An urgent alert on the pages of staff: red everywhere, taken up in one click, by one person."""

from datetime import timedelta

import pytest
import time_machine

from clinic.access import SYSTEM
from clinic.models import Alert, Request
from clinic.services import alerts
from tests.support.page import Page
from tests.support.scene import all_of
from tests.web.therapist.conftest import Room

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
URGENT = {"rf-chest-breath": "yes"}
RED = "1 urgent alert that nobody has taken up"
TAKE = "I take this up"


@pytest.mark.parametrize("who", ["dana", "theo", "tess"])
def test_every_page_of_staff_says_it_in_red_until_somebody_takes_it_up(
    room: Room, who: str
) -> None:
    patient = room.asks(name="Quinta Example", answers=URGENT)
    room.actor = room.cast[who]
    for path in ("/staff/", f"/staff/requests/{room.behind(lambda: patient.reference)}"):
        assert RED in Page.get(room.client, path).text

    page = Page.get(room.client, "/staff/alerts/").submit(TAKE)

    assert "You have taken this up. Call the patient now." in page.text
    assert RED not in page.text
    assert f"Taken up by {room.actor.name}" in page.text
    assert "Quinta Example" in page.text
    assert "chest" not in page.text
    assert room.behind(lambda: all_of(Request)[0].urgent_open)


def test_who_sees_no_number_sees_the_red_line_and_cannot_silence_it(room: Room) -> None:
    patient = room.asks(name="Quinta Example", answers=URGENT)
    good = {key: one[0] for key, one in Page.get(room.client, "/staff/alerts/").values.items()}
    reference = room.behind(lambda: patient.reference)
    room.actor = room.cast["ada"]

    for path in ("/staff/alerts/", f"/staff/requests/{reference}"):
        page = Page.get(room.client, path)
        assert RED in page.text
        assert "a therapist must take it up and call. Tell them now." in page.text
        assert not page.has_button(TAKE)
        assert "Quinta" not in page.text
    answer = room.client.post(f"/staff/alerts/{reference}", data=good)

    assert answer.status_code == 403
    (alert,) = room.behind(all_of, Alert)
    assert alert.acknowledged_at is None


def test_from_the_page_of_the_request_one_comes_back_to_it(room: Room) -> None:
    patient = room.asks(answers=URGENT)
    room.actor = room.cast["dana"]
    path = f"/staff/requests/{room.behind(lambda: patient.reference)}"

    page = Page.get(room.client, path).submit(TAKE)

    assert page.path == path
    assert "Taken up by Dana Desk" in page.text
    assert "The urgent alert was taken up" in page.text.partition("What happened")[2]


def test_the_second_of_two_people_is_told_who_was_first(room: Room) -> None:
    room.asks(answers=URGENT)
    slow = Page.get(room.client, "/staff/alerts/")
    room.actor = room.cast["dana"]
    Page.get(room.client, "/staff/alerts/").submit(TAKE)
    room.actor = room.cast["theo"]

    page = slow.submit(TAKE)

    assert "Dana Desk has taken this up" in page.text
    (alert,) = room.behind(all_of, Alert)
    assert alert.acknowledged_by_id == room.cast["dana"].id


def test_an_alert_past_its_time_says_so(room: Room) -> None:
    room.asks(answers=URGENT)
    later = room.now + timedelta(minutes=16)
    room.behind(alerts.escalate_due, SYSTEM, later)

    with time_machine.travel(later, tick=False):
        page = Page.get(room.client, "/staff/alerts/")

    assert "It has escalated." in page.text
    assert "Nobody has taken it up in time" in page.text


def test_a_made_up_form_takes_nothing_up(room: Room) -> None:
    patient = room.asks(answers=URGENT)
    page = Page.get(room.client, "/staff/alerts/")
    address = f"/staff/alerts/{room.behind(lambda: patient.reference)}"
    good = {key: values[0] for key, values in page.values.items()}

    for wrong in (
        {"alert": "none"},
        {"raised_at": "yesterday"},
        {"raised_at": "2026-11-23T15:00:00"},
        {"alert": "11111111111141118111111111111111"},
    ):
        answer = room.client.post(address, data=good | wrong)
        assert answer.status_code in (303, 404)

    (alert,) = room.behind(all_of, Alert)
    assert alert.acknowledged_at is None
