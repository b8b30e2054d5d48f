"""A day at a made-up clinic, in four acts, with all that goes wrong on such a day."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from itertools import count
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar, Event

from clinic.access import SYSTEM, Actor, ActorKind, Role
from clinic.services import availability, offering, places
from tests.browser.conftest import Seat
from tests.browser.navigators import Desk, Navigator, Patient, Therapist
from tests.support import open_clinic, patients
from tests.support.open_clinic import ALERTS, OpenClinic
from tests.support.signing_in import Person, hire
from tests.support.smtp_sink import PERMANENT

RIVER_STREET, LENA = "River Street", "Lena Lead"
_hired = count(1)


@pytest.fixture(scope="module")
def clinic() -> Iterator[OpenClinic]:
    """A clinic at work; at its second place it is morning, whatever the time."""
    with open_clinic.running("sqlite") as clinic:
        _opens_where_it_is_morning(clinic)
        yield clinic


# --- One: a question becomes a request -----------------------------------------------------------


def test_a_question_is_answered_by_letter_and_becomes_a_request(
    clinic: OpenClinic, seat: Seat
) -> None:
    quentin = seat(
        Patient, clinic, width="phone", name="Quentin Example", email="quentin@example.com",
        phone="212 555 0150", thorough=False,
    )  # fmt: skip
    desk = seat(Desk, clinic)

    quentin.asks_a_question("What does a first visit cost?")
    assert quentin.heading == "We have your question"
    _answers_and_makes_a_request(desk, quentin)
    answer = clinic.letter(quentin.email, "our answer to your question")
    assert "costs the same as every other one" in answer.text
    reference = _goes_on_from_the_link(quentin)
    assert reference in clinic.letter(quentin.email, "we have your request").text

    clinic.smtp.next_letters(PERMANENT)
    _writes_to(desk, quentin)
    desk.waits_for(quentin.name, "/staff/?folder=letters")
    _corrects_the_address_and_sends_again(desk, quentin, "quentin.example@example.com")

    again = clinic.letter("quentin.example@example.com", "call us")
    assert again.links
    assert not [one for one in clinic.smtp.to(quentin.email) if "call us" in one.subject]
    desk.opens("/staff/?folder=letters")
    assert quentin.name not in desk.said


def _answers_and_makes_a_request(desk: Desk, writer: Patient) -> None:
    desk.signs_in()
    desk.follows("Questions")
    desk.follows(writer.name)
    desk.writes("text", "A first visit costs the same as every other one.")
    desk.presses("Look at the letter")
    assert writer.email in desk.said
    desk.presses("Send this letter")
    desk.presses("Make it a request")


def _goes_on_from_the_link(patient: Patient) -> str:
    """In the browser in which the question was written, what is known is filled in."""
    patient.opens_her_page("go on with your request")
    assert patient.page.locator("[name=name]").input_value() == patient.name
    patient.introduces_herself()
    patient.goes_on()
    patient.says_where("knee-left")
    patient.tells_history()
    patient.agrees()
    return patient.sends()


def _writes_to(desk: Desk, patient: Patient) -> None:
    desk.finds(patient.name)
    desk.follows("Write to the patient")
    desk.follows("Please call us")
    desk.presses("See it before it goes out")
    desk.presses("Send this letter")


def _corrects_the_address_and_sends_again(desk: Desk, patient: Patient, address: str) -> None:
    desk.follows(patient.name)
    assert "Not sent: Letter from the clinic" in desk.said
    desk.follows("Correct the address")
    desk.writes("email", address)
    desk.presses("Save the details")
    desk.presses("Send it to the new address")


# --- Two: an urgent answer at night --------------------------------------------------------------


def test_an_urgent_answer_at_night_rings_until_a_therapist_closes_it(
    clinic: OpenClinic, seat: Seat
) -> None:
    _closes_for_today(clinic)
    nell = seat(
        Patient, clinic, width="phone", name="Nell Example", email="nell@example.com",
        phone="212 555 0151",
    )  # fmt: skip
    desk = seat(Desk, clinic, width="phone", who=_another(clinic, Role.FRONT_DESK))
    therapist = seat(Therapist, clinic, who=clinic.staff["lead"])

    reference = nell.has_chest_pain()
    assert "Call 911 now" in nell.said
    alert = clinic.letter(ALERTS, reference)
    assert nell.name not in alert.text
    assert "chest" not in alert.text.lower()

    _takes_it_up(desk)
    therapist.signs_in()
    _tries_to_close_before_a_call(therapist, reference)
    _reaches(desk, nell)

    therapist.reads(reference)
    therapist.closes_the_flag()
    assert "Urgent answer: call this patient today" not in therapist.said
    desk.opens(f"/staff/requests/{reference}")
    assert "a therapist must close the urgent flag first" not in desk.said
    assert "chest" not in desk.page.content().lower()


def _takes_it_up(desk: Desk) -> None:
    """The red line is on every page until somebody looks after the alert."""
    desk.signs_in()
    desk.opens("/staff/visits/")
    assert "1 urgent alert that nobody has taken up" in _banner(desk)
    desk.follows("See and take up")
    desk.presses("I take this up")
    assert _banner(desk) == ""


def _tries_to_close_before_a_call(therapist: Therapist, reference: str) -> None:
    therapist.reads(reference)
    therapist.closes_the_flag()
    assert therapist.page.locator(".error-summary").count() == 1
    assert "Urgent answer: call this patient today" in therapist.said


def _reaches(desk: Desk, patient: Patient) -> None:
    desk.finds(patient.name)
    assert "a therapist must close the urgent flag first" in desk.said
    desk.records_call("Reached")
    assert "Taken up by" in desk.said


def _banner(staff: Navigator) -> str:
    """What the red line on a staff page says, if there is one."""
    return " ".join(staff.page.locator(".urgent-banner").all_inner_texts())


# --- Three: a visit, from the offer to its end ---------------------------------------------------


def test_a_visit_is_chosen_moved_stopped_allowed_anew_and_done(
    clinic: OpenClinic, seat: Seat
) -> None:
    vera = seat(
        Patient, clinic, width="phone", name="Vera Example", email="vera@example.com",
        phone="212 555 0152",
    )  # fmt: skip
    desk, therapist = seat(Desk, clinic), seat(Therapist, clinic)
    reference = _has_asked(clinic, vera)
    therapist.signs_in()
    _clears_with_limits(therapist, reference)
    desk.signs_in()
    _offers(desk, vera, 4, 8, 12)
    assert "3 times are held" in desk.said

    _says_yes_in_two_tabs(vera)
    first = _entry(clinic, vera, "your appointment is confirmed")
    assert first["SEQUENCE"] == 0

    _asks_to_move(vera)
    _moves(desk, vera)
    second = _entry(clinic, vera, "your appointment has a new time")
    assert (second["UID"], second["SEQUENCE"]) == (first["UID"], 1)
    assert second.start > first.start

    _opens_the_day(desk)
    therapist.reads(reference)
    therapist.withdraws("She called: a new medicine.")
    _cannot_go_on(desk, vera)

    _clears_with_limits(therapist, reference)
    _arrives(desk, vera)
    _puts_needles_on_record(therapist, desk.path)
    desk.opens(f"/staff/requests/{reference}")
    assert "Closed: Attended" in desk.said
    assert "knee" not in desk.page.locator("section[aria-labelledby=happened]").inner_text()


def _says_yes_in_two_tabs(patient: Patient) -> None:
    """The first yes stands; the other tab names the time that was accepted, and no other."""
    patient.opens_her_page("a time for you")
    other = patient.another_tab()
    other.opens("/status/")
    chosen, refused = patient.accepts(1), other.accepts(2)
    assert chosen in patient.said
    assert other.heading == "You have said yes to another time"
    assert chosen in other.said
    assert refused not in other.said


def _asks_to_move(patient: Patient) -> None:
    patient.follows("Ask for another time")
    patient.writes("words", "A little later, please.")
    patient.presses("Ask for another time")
    assert "You asked for another time" in patient.said


def _moves(desk: Desk, patient: Patient) -> None:
    desk.opens("/staff/?folder=call_today")
    desk.follows(patient.name)
    desk.follows("Move it")
    desk.looks_for_times(therapist=LENA, location=RIVER_STREET)
    desk.ticks_times(-1)
    desk.presses("Move the visit to this time")


def _opens_the_day(staff: Navigator) -> None:
    staff.opens("/staff/visits/")
    staff.picks("place", RIVER_STREET)
    staff.presses("Filter", within="form[role=search]")


def _cannot_go_on(desk: Desk, patient: Patient) -> None:
    """Without a clearance nobody arrives for needles, not even from a page opened before."""
    desk.presses("Arrived")
    assert desk.heading == "This was not kept"
    desk.follows("Back to the day")
    assert "No needling as it stands" in desk.said
    assert desk.page.get_by_role("button", name="Arrived").count() == 0
    assert "medicine" not in desk.page.content()
    desk.opens("/staff/?folder=call_today")
    assert patient.name in desk.said


def _arrives(desk: Desk, patient: Patient) -> None:
    desk.opens("/staff/?folder=call_today")
    assert patient.name not in desk.said
    _opens_the_day(desk)
    desk.presses("Arrived")
    assert desk.page.get_by_role("link", name="Visit done").count() == 0


def _puts_needles_on_record(therapist: Therapist, day: str) -> None:
    therapist.opens(day)
    therapist.follows("Visit done")
    therapist.chooses("needled", "yes")
    therapist.chooses("regions", "knee-left")
    therapist.chooses("after", "last")
    therapist.presses("Put it on record")


def _entry(clinic: OpenClinic, patient: Patient, about: str) -> Event:
    """Return the calendar entry that came with a letter."""
    message = clinic.letter(patient.email, about).message
    [part] = [one for one in message.walk() if one.get_content_type() == "text/calendar"]
    [event] = Calendar.from_ical(part.get_content()).walk("VEVENT")
    assert isinstance(event, Event)
    return event


# --- Four: late answers, a caller, a lost phone --------------------------------------------------


def test_a_yes_after_the_end_of_an_offer_meets_a_friendly_page(
    clinic: OpenClinic, seat: Seat
) -> None:
    olga = seat(
        Patient, clinic, width="phone", name="Olga Example", email="olga@example.com",
        phone="212 555 0153",
    )  # fmt: skip
    desk = seat(Desk, clinic, who=_another(clinic, Role.FRONT_DESK), thorough=False)
    therapist = seat(Therapist, clinic, who=_another(clinic, Role.THERAPIST), thorough=False)
    reference = _has_asked(clinic, olga)
    therapist.signs_in()
    desk.signs_in()

    _clears_with_limits(therapist, reference)
    _offers(desk, olga, 4)
    olga.opens_her_page("a time for you")
    therapist.reads(reference)
    therapist.withdraws("The report has to be read first.")
    _is_told_that_it_is_over(olga)
    clinic.letter(olga.email, "the time we held for you")

    _clears_with_limits(therapist, reference)
    _offers(desk, olga, 4)
    olga.opens("/status/")
    two_days_later = datetime.now(UTC) + timedelta(hours=49)
    with clinic.app.app_context():
        assert offering.expire_due(SYSTEM, two_days_later) == 1
    _is_told_that_it_is_over(olga)
    desk.opens("/staff/?folder=back")
    assert olga.name in desk.said


def _is_told_that_it_is_over(patient: Patient) -> None:
    patient.accepts()
    assert patient.heading == "That time is not held any more"
    patient.follows("Open my page")
    assert patient.page.locator(".offer-choice").count() == 0
    assert "Your appointment" not in patient.said


def test_a_caller_without_email_is_served_to_the_end_and_a_lost_phone_stops_nobody(
    clinic: OpenClinic, seat: Seat
) -> None:
    dora = _another(clinic, Role.FRONT_DESK)
    desk = seat(Desk, clinic, who=dora, thorough=False)
    therapist = seat(Therapist, clinic, who=_another(clinic, Role.THERAPIST), thorough=False)
    desk.signs_in()

    name, phone = "Cal Example", "212 555 0154"
    reference = desk.keys_the_call_of(
        Patient(desk.visitor, clinic, name=name, email="", phone=phone)
    )
    therapist.signs_in()
    # What is private was not asked during the call: the therapist asks it, and says so.
    _clears_with_limits(therapist, reference, grounds="I asked again, and the answer is different")
    desk.opens(f"/staff/requests/{reference}")
    assert "None: serve by phone" in desk.said
    _offers_at_river_street(desk, 6)
    desk.presses("Patient says yes")
    assert "There is no email: say the day and time on the phone" in desk.said
    assert "Booked:" in desk.said

    done = clinic.command("user", "reset-factor", dora.email)
    assert done.returncode == 0, done.stderr
    desk.opens(f"/staff/requests/{reference}")
    assert desk.path.startswith("/staff/sign-in")
    assert name not in desk.page.content()
    dora.secret = ""
    desk.signs_in()
    desk.opens(f"/staff/requests/{reference}")
    assert "Booked:" in desk.said


# --- What the clinic is like on that day -------------------------------------------------------


def _opens_where_it_is_morning(clinic: OpenClinic) -> None:
    """Open a place by whose clock it is between ten and noon, where Lena treats until five."""
    now = datetime.now(UTC)
    ahead = max(10 - now.hour, -12)
    zone = f"Etc/GMT{-ahead:+d}"  # its sign is turned round
    assert now.astimezone(ZoneInfo(zone)).hour in (10, 11)
    with clinic.app.app_context():
        place_id = availability.add_location(
            _admin(clinic),
            now,
            RIVER_STREET,
            zone=zone,
            state="NY",
            needling_law="permitted",
            legal_basis="A made-up statute, section 1",
            address="2 Example Street, Springfield",
            phone="+15555550100",
            law_reviewed_on=now.date(),
        )
        for weekday in range(7):
            availability.add_hours(
                _admin(clinic),
                now,
                clinic.staff["lead"].id,
                location_id=place_id,
                weekday=weekday,
                opens=time(9),
                closes=time(17),
            )


def _closes_for_today(clinic: OpenClinic) -> None:
    """Post hours of another day alone."""
    now = datetime.now(UTC)
    with clinic.app.app_context():
        places.open_hours(
            _admin(clinic),
            now,
            clinic.place_id,
            weekdays=((now.weekday() + 3) % 7,),
            opens=time(9),
            closes=time(17),
        )


def _admin(clinic: OpenClinic) -> Actor:
    return Actor(ActorKind.STAFF, clinic.staff["admin"].id, frozenset({Role.ADMIN}), "Ada Admin")


def _another(clinic: OpenClinic, role: Role) -> Person:
    """Hire one more, so that nobody waits for the next code of an app."""
    number = next(_hired)
    return hire(
        clinic.app, role, email=f"hired{number}@example.com", name=f"Hired Example {number}"
    )


def _has_asked(clinic: OpenClinic, patient: Patient) -> str:
    """Let a patient have sent a whole history, and return the reference."""
    with clinic.app.app_context():
        made = patients.Patient(
            name=patient.name, email=patient.email, phone=patient.phone, regions=("knee-left",)
        )
        made.asks(datetime.now(UTC))
        return made.reference


# --- What the staff do more than once ----------------------------------------------------------


def _clears_with_limits(therapist: Therapist, reference: str, *, grounds: str = "") -> None:
    therapist.reads(reference)
    therapist.signs(
        "clear with limits",
        "Read and talked over.",
        grounds=grounds,
        technique=["few_needles"],
        regions=["knee-left"],
    )
    assert "In force" in therapist.said


def _offers(desk: Desk, patient: Patient, *places_in_list: int) -> None:
    desk.finds(patient.name)
    if "Not confirmed yet" in desk.said:
        desk.presses("Address read back and right")
    _offers_at_river_street(desk, *places_in_list)


def _offers_at_river_street(desk: Desk, *places_in_list: int) -> None:
    desk.follows("Offer a visit with needling")
    desk.looks_for_times(therapist=LENA, location=RIVER_STREET)
    desk.ticks_times(*places_in_list)
    desk.presses("Hold and offer")
