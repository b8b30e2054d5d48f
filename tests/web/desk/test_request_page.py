"""One request at the desk: contact, attempts, waiting, notes, and what two people do at once."""

from datetime import timedelta
from importlib import resources

import pytest
import time_machine

from clinic.access import SYSTEM, Role
from clinic.models import Appointment, Attempt, Letter, Note, Request
from clinic.services import submission, triage
from clinic.web import desk_words
from tests.support.page import Page
from tests.support.scene import PHOENIX, all_of
from tests.web.desk.conftest import Screen


def the(screen: Screen) -> Request:
    found: Request = screen.read(lambda: all_of(Request)[0])
    return found


def timeline(page: Page) -> str:
    """Read what happened, as the page tells it."""
    return " ".join(one.get_text(" ") for one in page.soup.select(".timeline"))


def calls(page: Page, how: str, **fields: str) -> Page:
    """Press one of the buttons that say how a call ended."""
    sent: Page = page.form(how).fill(fields).submit(how)
    return sent


def test_the_page_shows_how_to_reach_the_patient_and_all_three_tracks(screen: Screen) -> None:
    reference = screen.request(name="Rosa Example", channel="phone", language="es", cleared=True)

    page = screen.open(reference)

    assert page.heading == "Rosa Example"
    assert page.soup.find("a", href="tel:+15555550142")
    assert page.soup.find("a", href="mailto:rosa.example%40example.com")
    for words in ("Ready to offer", "Cleared", "Lower back", "Phone", "Español", "Monday"):
        assert words in page.text


def test_a_call_is_recorded_with_the_number_that_was_dialed(screen: Screen) -> None:
    page = screen.open(screen.request())

    after = calls(page, "Voicemail", **{"attempt-number": "(555) 555-0199"})

    assert screen.read(lambda: all_of(Attempt)[0].number) == "+15555550199"
    assert "(555) 555-0199" in timeline(after)
    assert the(screen).desk_state == "new"


def test_a_call_with_a_number_that_nobody_can_dial_comes_back_as_it_was_typed(
    screen: Screen,
) -> None:
    page = screen.open(screen.request())

    after = calls(page, "Reached", **{"attempt-number": "12", "attempt-next_try-month": "13"})

    assert after.status == 422
    assert set(after.errors) == {"attempt-number", "attempt-next_try-month"}
    assert after.values["attempt-number"] == ["12"]
    assert screen.read(lambda: all_of(Attempt)) == []


def test_a_request_is_set_aside_and_comes_back_saying_so(screen: Screen) -> None:
    reference = screen.request()
    page = screen.open(reference)

    page.submit(
        "Set it aside",
        {
            "wait-until-month": "11",
            "wait-until-day": "30",
            "wait-until-year": "2026",
            "Why?": "The patient is away.",
            "wait-words": "On a ship until then.",
        },
    )
    waiting = screen.open(reference)
    assert "then comes back by itself. The patient is away." in waiting.text
    later = screen.scene.now + timedelta(days=7)
    assert screen.read(lambda: triage.bring_back(SYSTEM, later)) == 1

    page = screen.open(reference)
    assert "Came back from waiting" in page.text
    assert "by itself" in timeline(page)
    assert "Until November 30, 2026." in page.text
    notice = next(one for one in page.soup.select(".notice") if "Back from waiting" in one.text)
    assert "The patient is away." in notice.text
    assert "On a ship until then." in notice.text
    assert "Back from waiting" in screen.get("/staff/?folder=back").text


@pytest.mark.proves("IN-6")
def test_a_day_that_is_over_is_refused_beside_its_boxes(screen: Screen) -> None:
    page = screen.open(screen.request())

    after = page.submit(
        "Set it aside",
        {"wait-until-month": "11", "wait-until-day": "20", "wait-until-year": "2026"},
    )

    assert after.status == 422
    assert after.values["wait-until-day"] == ["20"]


def test_a_request_is_closed_with_a_reason_and_opened_again(screen: Screen) -> None:
    page = screen.open(screen.request())

    assert page.submit("Close it").status == 422
    closed = page.submit("Close it", {"Why is it closed?": "No reply"})
    assert "Closed: No reply" in closed.text
    assert "It is closed. Open it again first." in closed.text
    assert closed.submit("Open it again").status == 422
    unsaid = closed.submit("Open it again", {"Why?": "Another reason"})
    assert unsaid.errors == {"reopen-because": "Say in a few words what the reason is"}
    again = closed.submit("Open it again", {"Why?": "The patient got in touch"})

    assert "The request is open again." in again.text


def test_a_note_is_shown_in_the_timeline_as_it_was_typed(screen: Screen) -> None:
    page = screen.open(screen.request())
    body = "Calls back <b>at noon</b>, said “Ñandú” 🪡 {{7*7}}"

    after = page.submit("Keep this note", {"Note": body})

    assert body in timeline(after)
    assert "<b>at noon" not in after.response.text


def test_acting_on_anothers_request_asks_first_and_loses_nothing(screen: Screen) -> None:
    reference = screen.request()
    screen.open(reference).submit("Claim")
    drew = screen.actor = screen.hire("Drew Desk", Role.FRONT_DESK)

    asked = screen.open(reference).submit("Keep this note", {"Note": "My note"})

    assert asked.status == 409
    assert "Dana Desk has it since Monday, November 23, 2026 at 10:00 AM EST" in asked.text
    assert "My note" in asked.text
    assert screen.read(lambda: all_of(Note)) == []
    done = asked.submit("Take over and go on")
    assert "The note is kept." in done.text
    assert the(screen).claimed_by_id == drew.id


def test_a_stale_page_says_who_and_when_shows_both_and_sends_again(screen: Screen) -> None:
    reference = screen.request()
    stale = screen.get(f"/staff/requests/{reference}/contact")
    with time_machine.travel(screen.scene.now + timedelta(minutes=5), tick=False):
        other = screen.get(f"/staff/requests/{reference}/contact")
        other.submit("Save the details", {"Phone": "(555) 555-0111"})
        calls(screen.open(reference), "Voicemail")

        told = stale.submit("Save the details", {"Phone": "(555) 555-0122"})

        assert told.status == 409
        assert "Dana Desk changed it, Monday, November 23, 2026 at 10:05 AM EST" in told.text
        assert "(555) 555-0111" in told.text
        assert "(555) 555-0122" in told.text
        assert the(screen).phone == "+15555550111"
        told.submit("Send mine all the same")
    assert the(screen).phone == "+15555550122"


def test_the_contact_page_asks_for_a_way_that_leads_somewhere(screen: Screen) -> None:
    reference = screen.request()

    page = screen.get(f"/staff/requests/{reference}/contact").submit(
        "Save the details", {"Email": "", "Preferred way": "E-mail"}
    )

    assert page.status == 422
    assert set(page.errors) == {"channel"}
    assert the(screen).email == "rosa.example@example.com"


def test_an_address_is_confirmed_once_it_was_read_back(screen: Screen) -> None:
    page = screen.open(screen.request(email_proved_at=None))

    page = page.submit("Address read back and right")

    assert the(screen).email_proved_at is not None
    assert not page.has_button("Address read back and right")


# --- Times -----------------------------------------------------------------------------------


def pick(page: Page, time: str, day: str) -> Page:
    """Choose a time on a day from the list of free ones."""
    for group in page.soup.find_all("fieldset"):
        for label in group.find_all("label"):
            if group.find(string=day) and label.get_text(strip=True) == time:
                chosen = page.soup.select(f'input[id="{label["for"]}"]')[0]
                form = page.form("Hold and offer")
                form.data.append(("starts", str(chosen["value"])))
                sent: Page = form.submit()
                return sent
    raise AssertionError(f"{time} on {day} is not free")


@pytest.mark.proves("TIME-2")
def test_offer_letter_page_and_booking_agree_on_the_zone(screen: Screen) -> None:
    desert = screen.now(screen.scene.place, "Desert", PHOENIX, state="AZ")
    theo = next(one for one in screen.scene.users.values() if Role.THERAPIST in one.roles)
    screen.now(screen.scene.hours, theo, desert)
    reference = screen.request(cleared=True, location_id=desert)

    times = screen.open(reference).follow("Offer a visit with needling")
    assert "Times are those of Desert (America/Phoenix)." in times.text
    held = pick(times, "9:00 AM MST", "Wednesday, November 25, 2026")

    said = "Wednesday, November 25, 2026 at 9:00 AM MST"
    assert f"Held: {said}" in held.text
    assert said in screen.read(lambda: all_of(Letter, kind="offer")[0].body)
    booked = held.submit("Patient says yes")
    assert f"Booked: {said}" in booked.text
    assert said in screen.read(lambda: all_of(Letter, kind="appointment_confirmed")[0].body)


def test_a_taken_time_is_not_listed_and_not_held(screen: Screen) -> None:
    first, second = screen.request(cleared=True), screen.request(cleared=True)
    stale = screen.get(f"/staff/requests/{second}/offer?kind=needling")
    fresh = screen.get(f"/staff/requests/{first}/offer?kind=needling")
    pick(fresh, "9:00 AM EST", "Wednesday, November 25, 2026")

    late = pick(stale, "9:15 AM EST", "Wednesday, November 25, 2026")

    assert late.status == 409
    assert late.heading == "That time is taken"
    again = screen.get(f"/staff/requests/{second}/offer?kind=needling")
    labels = [one.get_text(strip=True) for one in again.soup.select("form .choice label")]
    assert labels.count("9:15 AM EST") == labels.count("9:45 AM EST") - 1


@pytest.mark.proves("IN-6")
def test_times_that_nobody_posted_are_not_held(screen: Screen) -> None:
    reference = screen.request(cleared=True)
    page = screen.get(f"/staff/requests/{reference}/offer?kind=needling")

    for starts in ("2026-11-25T08:00:00+00:00", "2026-11-25T15:07:00+00:00", "soon", ""):
        form = page.form("Hold and offer")
        form.data.append(("starts", starts))
        assert form.submit().status in (409, 422), starts

    assert screen.read(lambda: all_of(Appointment)) == []


def test_why_no_needles_may_be_offered_is_said_in_words_without_a_condition(
    screen: Screen,
) -> None:
    reference = screen.request()

    page = screen.open(reference)
    times = screen.get(f"/staff/requests/{reference}/offer?kind=needling")

    for seen in (page, times):
        assert "No therapist's clearance is in force for this request." in seen.text
    assert page.has_link("Offer a visit without needles")


def test_an_urgent_request_says_call_today_and_offers_nothing(screen: Screen) -> None:
    reference = screen.request(level="urgent", urgent_open=True)

    page = screen.open(reference)

    assert "A therapist must close the urgent flag first." in page.text
    assert not page.has_link("Offer a visit without needles")
    assert not page.has_button("Close it")


def test_a_visit_is_moved_and_cancelled_from_the_page(screen: Screen) -> None:
    reference = screen.request(cleared=True)
    times = screen.get(f"/staff/requests/{reference}/offer?kind=needling")
    held = pick(times, "9:00 AM EST", "Wednesday, November 25, 2026")
    booked = held.submit("Patient says yes")

    move = booked.follow("Move it")
    form = move.form("Move the visit to this time")
    form.data.append(("starts", "2026-11-26T15:00:00+00:00"))
    moved = form.submit()

    assert "Booked: Thursday, November 26, 2026 at 10:00 AM EST" in moved.text
    asked = moved.follow("Cancel it")
    assert asked.submit("Yes, cancel this visit").status == 422
    cancelled = asked.submit("Yes, cancel this visit", reason="therapist_away")
    assert "The visit is cancelled." in cancelled.text
    states = screen.read(lambda: sorted(one.state for one in all_of(Appointment)))
    assert states == ["cancelled", "moved"]


def test_who_has_no_email_is_told_of_a_moved_and_a_cancelled_visit_on_the_phone(
    screen: Screen,
) -> None:
    reference = screen.request(cleared=True, email=None, email_proved_at=None, channel="phone")
    times = screen.get(f"/staff/requests/{reference}/offer?kind=needling")

    held = pick(times, "9:00 AM EST", "Wednesday, November 25, 2026")
    booked = held.submit("Patient says yes")
    form = booked.follow("Move it").form("Move the visit to this time")
    form.data.append(("starts", "2026-11-26T15:00:00+00:00"))
    moved = form.submit()
    asked = moved.follow("Cancel it")
    cancelled = asked.submit("Yes, cancel this visit", reason="therapist_away")

    assert "Call: say which times are held" in held.text
    assert "Try again" not in held.text, "an offer comes back by its own time, not by a next try"
    assert "The visit is moved. There is no email" in moved.text
    assert "confirmed by letter" not in moved.text
    assert "The visit is cancelled. There is no email: call the patient." in cancelled.text


def test_an_offer_is_answered_only_below_its_own_request(screen: Screen) -> None:
    first, second = screen.request(cleared=True), screen.request(cleared=True)
    times = screen.get(f"/staff/requests/{first}/offer?kind=needling")
    held = pick(times, "9:00 AM EST", "Wednesday, November 25, 2026")
    form = held.form("Patient says yes")

    swapped = screen.client.post(
        str(form.tag["action"]).replace(first, second), data=dict(form.data)
    )

    assert swapped.status_code == 404
    assert screen.read(lambda: all_of(Appointment)[0].state) == "held"


def test_a_search_for_times_begins_where_needles_are_allowed_and_hours_are_posted(
    screen: Screen,
) -> None:
    screen.now(screen.scene.place, "Harbor", state="OR", needling_law="prohibited")
    screen.now(screen.scene.place, "Aspen Street")
    reference = screen.request(cleared=True)

    times = screen.get(f"/staff/requests/{reference}/offer?kind=needling")

    assert "Times are those of Main Street" in times.text


def test_the_timeline_names_the_patient_where_they_did_it(screen: Screen) -> None:
    reference = screen.request()
    request = the(screen)
    screen.now(
        submission.withdraw,
        screen.scene.patient(request.id),
        screen.scene.now,
        request.id,
        seen=request.version,
    )

    assert "the patient" in timeline(screen.open(reference))


def test_every_letter_about_a_request_is_named_in_the_timeline() -> None:
    folder = resources.files("clinic") / "templates" / "email"
    kinds = {file.name.removesuffix(".txt") for file in folder.iterdir() if file.is_file()}
    others = {kind for kind in kinds if kind.startswith("staff_")}
    others |= {"enquiry_alert", "enquiry_answer", "enquiry_received"}  # about no request

    assert kinds - others == set(desk_words.LETTERS)


def test_an_error_page_leads_staff_back_to_the_requests(screen: Screen) -> None:
    page = screen.open("KKKK-KKKK")

    assert page.status == 404
    assert page.soup.find("a", href="/staff/", string="Go to the requests")
    assert "Call us" not in page.soup.select("main")[0].get_text(" ")
