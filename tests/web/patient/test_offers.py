"""A patient answers an offered time on the status page."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
import time_machine

from clinic.access import Role
from clinic.extensions import db
from clinic.models import Appointment, Offer
from clinic.services import offering
from tests.support.clock import MONDAY_MORNING
from tests.support.page import Form
from tests.support.scene import Scene, person, version_of
from tests.web.patient.walking import Walker

HOURS_HELD = 48


def test_an_offered_time_is_accepted_once_and_confirmed(ana_on_both: Walker) -> None:
    ana = ana_on_both
    _is_offered_a_time(ana)
    page = ana.get("/status/")
    assert "11:00 AM" in page.text
    assert "Main Street" in page.text
    form = page.form("Accept this time")

    first, second = form.submit("Accept this time"), form.submit("Accept this time")

    assert "Your appointment is confirmed." in first.text
    assert first.status == second.status == 200
    assert not first.has_button("Accept this time")
    assert "11:00 AM" in first.text
    assert [one.state for one in ana.rows(Appointment)] == ["confirmed"]
    assert ana.request().desk_state == "booked"
    assert len(ana.letters("appointment_confirmed")) == 1


def test_an_offer_that_has_ended_gets_a_friendly_page_with_the_phone_number(
    ana: Walker, moving: time_machine.Traveller
) -> None:
    _is_offered_a_time(ana)
    form = ana.get("/status/").form("Accept this time")
    for _half_hour in range(2 * HOURS_HELD + 1):
        moving.shift(29 * 60 + 59)
        ana.get("/status/")
    _opens_again(ana)

    page = form.submit("Accept this time")

    assert page.status == 409
    assert page.heading == "That time is not held any more"
    assert "(555) 555-0100" in page.text
    assert [one.state for one in ana.rows(Appointment)] == ["held"]


def test_a_no_after_the_yes_says_that_the_yes_stands(ana: Walker) -> None:
    _is_offered_a_time(ana)
    page = ana.get("/status/")
    late = page.form("Ask for another time")
    page.submit("Accept this time")

    page = late.submit("Ask for another time")

    assert (page.status, page.heading) == (409, "You have said yes to this time")
    assert "Your appointment is confirmed." in page.text
    assert [one.state for one in ana.rows(Appointment)] == ["confirmed"]


def test_asking_for_another_time_gives_this_one_back(ana_on_both: Walker) -> None:
    ana = ana_on_both
    _is_offered_a_time(ana)

    page = ana.get("/status/").submit("Ask for another time")

    assert not page.has_button("Accept this time")
    assert [one.state for one in ana.rows(Offer)] == ["declined"]
    assert ana.request().desk_state == "ready_to_offer"


@pytest.mark.proves("AZ-2")
def test_another_patient_cannot_answer_the_offer(ana: Walker) -> None:
    _is_offered_a_time(ana)
    form = ana.get("/status/").form("Accept this time")
    stranger = ana.elsewhere()
    page = stranger.begins(phone="555-555-0177", email="stranger@example.com")
    token = page.values["csrf_token"][0]

    without = stranger.client.post(_action(form), data={"csrf_token": token, "seen": "1"})

    assert without.status_code == 303
    assert without.headers["Location"] == "/status/closed"
    other = ana.elsewhere()
    other.has_sent()
    other.proves()
    token = other.get("/status/").values["csrf_token"][0]
    foreign = other.client.post(_action(form), data={"csrf_token": token, "seen": "1"})
    assert foreign.status_code == 404
    assert [one.state for one in ana.rows(Appointment)] == ["held"]


def test_the_letter_of_an_offer_leads_to_the_answer_in_a_new_browser(ana: Walker) -> None:
    _is_offered_a_time(ana)
    phone = ana.elsewhere()

    page = phone.get(ana.link("offer")).submit("Mail me a code")
    page = page.submit("Open my page", code=ana.code()).submit("Accept this time")

    assert "Your appointment is confirmed." in page.text


def _is_offered_a_time(walker: Walker) -> None:
    walker.has_sent()
    walker.proves()
    request_id = walker.request().id
    with walker.app.app_context():
        _offer(Scene(MONDAY_MORNING), request_id)
        db.session.remove()


def _offer(scene: Scene, request_id: UUID) -> None:
    therapist = scene.staff("Theo Therapist", Role.THERAPIST)
    desk = scene.staff("Dana Desk", Role.FRONT_DESK)
    place = scene.place()
    scene.hours(therapist, place)
    offering.offer(
        desk,
        scene.now,
        request_id,
        therapist_id=person(therapist),
        location_id=place,
        starts_at=MONDAY_MORNING + timedelta(days=7, hours=1),
        visit_kind="no_needles",
        seen=version_of(request_id),
        key=uuid4().hex,
    )


def _opens_again(walker: Walker) -> None:
    """Open the page with a code, if it has closed meanwhile."""
    page = walker.get("/status/")
    if page.path != "/status/":
        page.submit("Mail me a code").submit("Open my page", code=walker.code())


def _action(form: Form) -> str:
    return str(form.tag["action"])
