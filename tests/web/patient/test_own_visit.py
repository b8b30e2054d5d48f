"""A patient chooses among offered times, and cancels or asks to move on the status page."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
import time_machine
from bs4 import Tag
from icalendar import Calendar

from clinic.access import Actor, Role
from clinic.extensions import db
from clinic.models import Appointment, Offer
from clinic.services import offering
from tests.support.clock import MONDAY_MORNING
from tests.support.page import Form
from tests.support.scene import Scene, all_of, person, version_of
from tests.web.patient.walking import Walker

FIRST = MONDAY_MORNING + timedelta(days=7, hours=1)


@pytest.fixture
def choosing(ana: Walker) -> Walker:
    """Ana, with three times to choose from."""
    ana.has_sent()
    ana.proves()
    with ana.app.app_context():
        offer(Scene(MONDAY_MORNING), ana.request().id, 3)
        db.session.remove()
    return ana


def offer(scene: Scene, request_id: UUID, count: int, kind: str = "no_needles") -> Actor:
    theo = scene.staff("Theo Therapist", Role.THERAPIST)
    dana = scene.staff("Dana Desk", Role.FRONT_DESK)
    offering.offer(
        dana,
        scene.now,
        request_id,
        therapist_id=person(theo),
        location_id=scene.place(),
        starts_at=FIRST,
        or_at=[FIRST + timedelta(days=n) for n in range(1, count)],
        visit_kind=kind,
        seen=version_of(request_id),
        key=uuid4().hex,
    )
    return dana


def hidden(form: Tag) -> list[tuple[str, str]]:
    """What a form of buttons alone sends."""
    return [(str(one["name"]), str(one["value"])) for one in form.select("input[type=hidden]")]


def states(walker: Walker) -> list[str]:
    return sorted(one.state for one in walker.rows(Appointment))


def test_one_of_three_times_is_taken_and_the_page_shows_it_alone(choosing: Walker) -> None:
    page = choosing.get("/status/")
    assert page.text.count("11:00 AM EST") == 3
    second = page.soup.select("form[action*='/accept/']")[1]

    page = Form(page, second, hidden(second)).submit("Accept this time")

    assert "Your appointment is confirmed." in page.text
    assert "Tuesday, December 1, 2026 at 11:00 AM EST" in page.text
    assert "Something has changed about my health" in page.text
    assert "Please call us before the visit" not in page.text
    assert page.text.count("11:00 AM EST") == 1
    assert states(choosing) == ["cancelled", "cancelled", "confirmed"]


def test_none_of_these_fit_gives_all_of_them_back_and_tells_the_desk_why(choosing: Walker) -> None:
    page = choosing.get("/status/")
    assert "None of these fit" in page.text

    page = page.submit("Ask for another time", words="x" * 501)
    assert (page.status, page.values["words"]) == (422, ["x" * 501])
    assert states(choosing) == ["held"] * 3
    page = page.submit("Ask for another time", words="Only Mondays.")

    assert "We will look for another time." in page.text
    assert states(choosing) == ["cancelled"] * 3
    assert [one.state for one in choosing.rows(Offer)] == ["declined"]
    assert "call 911" not in page.text


def test_a_warning_sign_in_the_words_gets_the_emergency_number_at_once(choosing: Walker) -> None:
    page = choosing.get("/status/")

    page = page.submit("Ask for another time", words="I have chest pain since last night")

    assert "We will call you today" in page.text
    assert "call 911" in page.text
    assert choosing.request().call_today == "own_words"


@pytest.fixture
def booked(ana: Walker) -> Walker:
    """Ana, with a confirmed visit."""
    ana.has_sent()
    ana.proves()
    with ana.app.app_context():
        scene, request_id = Scene(MONDAY_MORNING), ana.request().id
        dana = offer(scene, request_id, 1)
        [held], [made] = all_of(Appointment), all_of(Offer)
        offering.accept(dana, scene.now, made.id, appointment_id=held.id, seen=made.version)
        db.session.remove()
    return ana


def test_a_visit_whose_clearance_has_ended_is_no_promise_any_more(ana: Walker) -> None:
    ana.has_sent()
    ana.proves()
    with ana.app.app_context():
        scene, request_id = Scene(MONDAY_MORNING), ana.request().id
        scene.clear(request_id)
        dana = offer(scene, request_id, 1, "needling")
        [held], [made] = all_of(Appointment), all_of(Offer)
        offering.accept(dana, scene.now, made.id, appointment_id=held.id, seen=made.version)
        db.session.remove()
    assert "Your appointment is confirmed." in ana.get("/status/").text
    assert "We will call you about this appointment" not in ana.get("/status/").text

    with ana.app.app_context():
        scene.end_clearance(request_id)
        db.session.remove()

    page = ana.get("/status/")
    assert states(ana) == ["confirmed"]
    assert "We will call you about this appointment" in page.text
    assert "Your appointment is confirmed." not in page.text


@pytest.mark.proves("TOK-3", "TOK-4")
def test_asking_to_move_and_cancelling_ask_once_and_reading_changes_nothing(
    booked: Walker,
) -> None:
    page = booked.get("/status/").follow("Ask for another time")
    page = page.submit("Ask for another time", words="A day later, please.")
    assert "You asked for another time" in page.text
    assert (states(booked), booked.request().call_today) == (["confirmed"], "asked_to_move")

    asked = booked.get("/status/").follow("Cancel the appointment")
    for _ in range(3):
        booked.client.get(asked.path)
        booked.client.head(asked.path)
    assert states(booked) == ["confirmed"]

    page = asked.submit("Yes, cancel it")
    again = asked.submit("Yes, cancel it")

    assert "Your appointment is cancelled." in page.text
    assert again.status == 200
    assert states(booked) == ["cancelled"]
    assert len(booked.letters("appointment_cancelled")) == 1
    for path in (asked.path, asked.path.replace("cancel", "move")):
        assert booked.get(path).path == "/status/", "the back button finds no dead end"


def test_a_visit_goes_into_a_calendar_and_only_its_own_patient_gets_it(booked: Walker) -> None:
    page = booked.get("/status/")
    [link] = [a for a in page.soup.find_all("a") if a.get_text() == "Add it to my calendar"]

    answer = booked.client.get(str(link["href"]))

    assert answer.mimetype == "text/calendar"
    [event] = Calendar.from_ical(answer.get_data()).walk("VEVENT")
    assert event.decoded("dtstart") == FIRST
    stranger = booked.elsewhere()
    stranger.has_sent(phone="555-555-0188", email="stranger@example.com")
    stranger.proves()
    calendar = str(link["href"])
    for page_of in ("appointment.ics", "cancel", "move"):
        path = calendar.replace("appointment.ics", page_of)
        assert stranger.client.get(path).status_code == 404
        assert booked.elsewhere().client.get(path).status_code == 303


def test_a_visit_that_has_begun_is_changed_by_phone_alone(booked: Walker) -> None:
    asked = booked.get("/status/").follow("Cancel the appointment")
    with time_machine.travel(FIRST + timedelta(minutes=1), tick=False):
        booked.get("/status/").submit("Mail me a code").submit("Open my page", code=booked.code())
        late = asked.submit("Yes, cancel it")
        page = booked.get("/status/")

    assert late.status == 409
    assert "(555) 555-0100" in late.text
    assert not page.has_link("Cancel the appointment")
    assert states(booked) == ["confirmed"]
