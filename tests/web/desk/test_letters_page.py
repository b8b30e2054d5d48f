"""Letters the desk writes, letters that failed, and what is read out where none arrives."""

from datetime import timedelta
from uuid import UUID

import pytest
import time_machine
from sqlalchemy import update

from clinic.access import SYSTEM, Role
from clinic.booking.lifecycle import Track
from clinic.extensions import site
from clinic.models import Act, Attempt, AuditEntry, Letter, LetterText, Request
from clinic.services import outbox, tokens, tracks
from clinic.services.transaction import Work, writes
from tests.integration.desk.test_next_steps import fail
from tests.support.page import Page
from tests.support.scene import CANARY, EMAIL, all_of
from tests.web.desk.conftest import Screen
from tests.web.desk.test_request_page import calls, pick, the, timeline

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def write(screen: Screen, reference: str, text: str = "") -> Page:
    return screen.get(f"/staff/requests/{reference}/letters?text={text}")


def letters(screen: Screen) -> list[Letter]:
    found: list[Letter] = screen.read(lambda: all_of(Letter))
    return found


def test_a_letter_is_seen_before_it_goes_out_exactly_as_it_goes_out(screen: Screen) -> None:
    reference = screen.request(name="Rosa Example")

    page = screen.open(reference).follow("Write to the patient").follow("Please call us")
    assert f"Have your reference ready: {reference}" in page.values["body"][0]
    shown = page.submit("See it before it goes out", Letter="Please call us & bring <b>ID</b>.")

    assert letters(screen) == []
    assert "rosa.example@example.com" in shown.text
    preview = shown.soup.select(".letter")[0].get_text()
    sent = shown.submit("Send this letter")
    assert "The letter is on its way." in sent.text
    letter = letters(screen)[0]
    assert (letter.kind, letter.recipient, letter.state) == ("desk_letter", EMAIL, "queued")
    body = letter.body or ""
    before, _, after = preview.strip().partition("/r/…")
    assert body.startswith(before)
    assert body.strip().endswith(after.strip())
    assert "Hello Rosa," in body
    assert "Example" not in body  # a first name at most
    assert f"{letter.subject}: waiting to be sent" in timeline(sent)


def test_a_letter_is_sent_once_whatever_is_clicked(screen: Screen) -> None:
    shown = write(screen, screen.request(), "please_call").submit("See it before it goes out")

    shown.submit("Send this letter")
    shown.submit("Send this letter")

    assert len(letters(screen)) == 1


TELLING = {
    "Please stop your Eliquis before you come.": "eliquis",
    "Your pregnancy test was fine.": "pregnancy",
    "You are not diabetic.": "diabetic",
    "Deje la warfarina, por favor.": "warfarina",
    "We can start with the needles on Monday.": "needles",
}


@pytest.mark.proves("MAIL-5")
def test_a_letter_that_gives_something_away_is_refused_with_the_words_that_do(
    screen: Screen,
) -> None:
    page = write(screen, screen.request(), "please_call")

    for words, told in TELLING.items():
        for refused in (
            page.submit("See it before it goes out", Letter=words),
            _sent_unseen(screen, page, words),
        ):
            assert refused.status == 422
            assert told in refused.errors["body"]
            assert refused.values["body"] == [words]
    assert letters(screen) == []


def _sent_unseen(screen: Screen, page: Page, words: str) -> Page:
    """Send a letter that no preview showed, as only a hand-made form can."""
    form = page.form("See it before it goes out").fill({"Letter": words})
    path = page.path.partition("?")[0]
    return page.go("POST", f"http://localhost{path}", form.data)


def test_the_clinics_own_words_come_before_ours_in_the_patients_language(screen: Screen) -> None:
    reference = screen.request(language="es")
    assert "llámenos" in write(screen, reference, "please_call").values["body"][0]

    screen.now(_own_text, SYSTEM, screen.scene.now)

    page = write(screen, reference, "please_call")
    assert page.values["body"] == ["Llame a recepción: (555) 555-0100"]


@writes
def _own_text(work: Work) -> None:
    work.session.add(
        LetterText(
            kind="please_call",
            language="es",
            subject="{clinic_name}",
            body="Llame a recepción: {clinic_phone}",
            changed_at=work.now,
        )
    )


def test_who_has_no_email_is_called_and_no_letter_is_written(screen: Screen) -> None:
    reference = screen.request(email=None, email_proved_at=None, channel="phone")

    page = write(screen, reference)

    assert "There is no e-mail address" in page.text
    assert not page.has_button("See it before it goes out")
    assert not screen.open(reference).has_link("Write to the patient")


def test_a_stale_letter_shows_both_and_is_not_lost(screen: Screen) -> None:
    reference = screen.request()
    shown = write(screen, reference).submit(
        "See it before it goes out", Letter="Please bring your form."
    )
    calls(screen.open(reference), "Voicemail")

    told = shown.submit("Send this letter")

    assert told.status == 409
    assert "Please bring your form." in told.text
    assert letters(screen) == []
    told.submit("Send mine all the same")
    assert len(letters(screen)) == 1


# --- Letters that failed ---------------------------------------------------------------------


def failed(screen: Screen, **values: object) -> str:
    """Let a letter about a new request fail."""
    reference = screen.request(**values)
    screen.now(fail, screen.scene, the(screen).id)
    return reference


def test_a_failed_letter_says_why_and_is_sent_again(screen: Screen) -> None:
    reference = failed(screen)
    assert "Letters that failed" in screen.get("/staff/?folder=letters").text

    page = screen.open(reference)
    assert "Not sent: Letter: the time is no longer held" in page.text
    assert "The address was turned down" in page.text
    after = page.submit("Send it again")

    assert "The letter is on its way again." in after.text
    letter = letters(screen)[0]
    assert (letter.state, letter.tries, letter.last_error) == ("queued", 0, None)
    assert reference not in screen.get("/staff/?folder=letters").text
    leased = screen.now(outbox.lease, SYSTEM, screen.scene.now)
    assert leased is not None
    assert leased.recipient == EMAIL


def test_to_a_corrected_address_a_letter_goes_anew_with_a_link_that_works(screen: Screen) -> None:
    reference = screen.request()
    screen.now(_linked, SYSTEM, screen.scene.now, the(screen).id)
    leased = screen.now(outbox.lease, SYSTEM, screen.scene.now)
    assert leased is not None
    screen.now(outbox.mark_refused, SYSTEM, screen.scene.now, leased, code="smtp 550")
    screen.open(reference).follow("Correct the address").submit(
        "Save the details", Email="right@example.com"
    )

    page = screen.open(reference)
    assert not page.has_button("Send it again")
    page.submit("Send it to the new address")

    old, new = sorted(letters(screen), key=lambda one: one.recipient or "", reverse=True)
    assert (old.state, new.state, new.recipient) == ("dropped", "queued", "right@example.com")
    assert old.message_id != new.message_id
    assert the(screen).email_proved_at is None
    before, after = ((one.body or "").split() for one in (old, new))
    changed = [(one, other) for one, other in zip(before, after, strict=True) if one != other]
    assert len(changed) == 1
    assert "/r/" in changed[0][1]
    link = changed[0][1].rpartition("/r/")[2]
    opened = screen.client.get(f"/r/{link}")
    assert opened.status_code == 303
    assert opened.headers["Location"].startswith("/status")


@writes
def _linked(work: Work, request_id: UUID) -> str:
    request = tracks.load(work, request_id)
    outbox.enqueue(
        work,
        "offer_ended",
        to=request.email or "",
        language="en",
        dedupe_key="linked",
        request_id=request.id,
        first_name="Rosa",
        link=tokens.issue_link(work, request),
    )
    return site.settings.public_base_url


def test_what_was_told_by_phone_leaves_the_work_to_do_and_stays_on_record(screen: Screen) -> None:
    page = screen.open(failed(screen))

    after = page.submit("Told by phone")

    assert "told by phone instead" in timeline(after)
    assert letters(screen)[0].state == "dropped"
    assert "Nobody is waiting here" in screen.get("/staff/?folder=letters").text
    entries = screen.read(lambda: all_of(AuditEntry, act="letter.told_by_phone"))
    assert len(entries) == 1
    late = page.submit("Send it again")
    assert late.status == 409
    assert letters(screen)[0].state == "dropped"


def test_a_failed_letter_to_the_clinic_is_seen_to_and_no_patient_is_said_to_be_told(
    screen: Screen,
) -> None:
    reference = failed(screen)
    screen.now(_to_the_clinic, SYSTEM, screen.scene.now)

    after = screen.open(reference).submit("Seen to")

    assert "It is noted that somebody saw to it." in after.text
    assert "told by phone" not in after.text
    assert letters(screen)[0].state == "dropped"


@writes
def _to_the_clinic(work: Work) -> None:
    work.session.execute(update(Letter).values(kind="urgent_alert"))


def test_a_letter_whose_time_is_over_is_told_by_phone_and_not_sent(screen: Screen) -> None:
    reference = screen.request(cleared=True)
    times = screen.get(f"/staff/requests/{reference}/offer?kind=needling")
    pick(times, "9:00 AM EST", "Wednesday, November 25, 2026")
    leased = screen.now(outbox.lease, SYSTEM, screen.scene.now)
    assert leased is not None
    screen.now(outbox.mark_refused, SYSTEM, screen.scene.now, leased, code="smtp 550")
    fresh = screen.open(reference)
    assert fresh.has_button("Send it again")

    with time_machine.travel(screen.scene.now + timedelta(days=7), tick=False):
        page = screen.open(reference)
        late = fresh.submit("Send it again")

    assert "It came too late to be sent" in page.text
    assert not page.has_button("Send it again")
    assert page.has_button("Told by phone")
    assert late.status == 409
    assert letters(screen)[0].state == "failed"


def test_a_failed_letter_is_seen_to_only_below_its_own_request(screen: Screen) -> None:
    reference = failed(screen)
    other = screen.request()
    form = screen.open(reference).form("Told by phone")

    swapped = screen.client.post(
        str(form.tag["action"]).replace(reference, other), data=dict(form.data)
    )

    assert swapped.status_code == 404
    assert letters(screen)[0].state == "failed"


# --- Calls -----------------------------------------------------------------------------------


def test_a_call_recorded_by_mistake_is_taken_back_from_the_page(screen: Screen) -> None:
    after = calls(screen.open(screen.request()), "Reached")
    assert the(screen).desk_state == "in_contact"

    undone = after.submit("Take the call back")

    assert the(screen).desk_state == "new"
    assert "Recorded by mistake; it does not count." in timeline(undone)
    assert not undone.has_button("Take the call back")


def test_after_ten_minutes_the_page_offers_no_undo_and_an_old_page_is_told(screen: Screen) -> None:
    reference = screen.request()
    after = calls(screen.open(reference), "Reached")
    with time_machine.travel(screen.scene.now + timedelta(minutes=11), tick=False):
        assert not screen.open(reference).has_button("Take the call back")

        told = after.submit("Take the call back")

    assert told.status == 409
    assert "A call can be taken back for ten minutes." in told.text
    assert the(screen).desk_state == "in_contact"


def test_a_wrong_number_is_said_and_not_put_in_again(screen: Screen) -> None:
    after = calls(screen.open(screen.request()), "Wrong number")

    assert "The number is wrong" in after.text
    assert after.values["attempt-number"] == [""]
    assert after.has_link("Correct details")


def test_the_next_open_day_is_one_tick_away(screen: Screen) -> None:
    page = screen.open(screen.request())  # a Monday, and no hours are posted

    page.form("No answer").fill({"attempt-next_open": True}).submit("No answer")

    assert str(screen.read(lambda: all_of(Attempt)[0].next_try_on)) == "2026-11-24"
    assert the(screen).desk_state == "waiting"


def test_a_waiting_request_is_brought_back_early(screen: Screen) -> None:
    reference = screen.request()
    page = screen.open(reference)
    page.form("No answer").fill({"attempt-next_open": True}).submit("No answer")

    back = screen.open(reference).submit("Bring it back now")

    assert "The request is back." in back.text
    assert the(screen).desk_state == "in_contact"


# --- Closing ---------------------------------------------------------------------------------


def test_who_would_wonder_is_told_that_the_request_is_closed_and_open_again(
    screen: Screen,
) -> None:
    sent: list[str] = []

    for reason in ("No reply", "Referred", "Declined by patient", "Spam"):
        page = screen.open(screen.request())
        closed = page.submit("Close it", {"Why is it closed?": reason})
        screen.now(_send_all, screen)
        closed.submit("Open it again", {"Why?": "The patient got in touch"})
        kinds = sorted(one.kind for one in letters(screen))
        told = reason in ("No reply", "Referred")
        sent += ["request_closed", "request_reopened"] if told else []
        assert kinds == sorted(sent), reason

    assert all(CANARY not in (one.body or "") for one in letters(screen))


def _send_all(screen: Screen) -> None:
    while (leased := outbox.lease(SYSTEM, screen.scene.now)) is not None:
        outbox.mark_sent(SYSTEM, screen.scene.now, leased)


def test_a_closing_undone_before_its_letter_went_out_tells_nobody(screen: Screen) -> None:
    closed = screen.open(screen.request()).submit("Close it", {"Why is it closed?": "No reply"})

    closed.submit("Open it again", {"Why?": "It was closed by mistake"})

    assert [(one.kind, one.state) for one in letters(screen)] == [("request_closed", "dropped")]
    detail = screen.read(lambda: all_of(Act, act="reopen")[0].detail)
    assert detail == {"because": "by_mistake"}


def test_a_held_time_is_given_back_before_a_request_is_closed(screen: Screen) -> None:
    reference = screen.request(cleared=True)
    times = screen.get(f"/staff/requests/{reference}/offer?kind=needling")
    held = pick(times, "9:00 AM EST", "Wednesday, November 25, 2026")

    assert "Closing: take the offer back first" in held.text
    assert not held.has_button("Close it")


# --- Read out --------------------------------------------------------------------------------


def test_who_has_no_email_is_told_by_phone_at_every_step(screen: Screen) -> None:
    reference = screen.request(email=None, email_proved_at=None, channel="phone", cleared=True)
    assert "We can look for a time for you now." in said(screen, reference)
    times = screen.get(f"/staff/requests/{reference}/offer?kind=needling")
    pick(times, "9:00 AM EST", "Wednesday, November 25, 2026")
    offered = said(screen, reference)
    assert "Wednesday, November 25, 2026 at 9:00 AM EST, at Main Street" in offered
    assert "We need your answer by" in offered
    booked = screen.open(reference).submit("Patient says yes")
    assert booked.status == 200

    assert "Your appointment is on Wednesday, November 25, 2026" in said(screen, reference)
    assert f"Your reference is {reference}." in said(screen, reference)


def test_what_is_read_out_names_no_condition_whatever_was_decided(screen: Screen) -> None:
    answers = {"anticoagulant": "yes", "medicines": [f"warfarin {CANARY}"]}
    reference = screen.request(
        email=None, email_proved_at=None, channel="phone", answers=answers, level="absolute"
    )

    for act in ("delay", "refer", "offer other care", "ask for more", "clear", "need review"):
        screen.now(_decided, SYSTEM, screen.scene.now, the(screen).id, act=act)
        script = said(screen, reference).lower()
        assert f"your reference is {reference.lower()}" in script
        for secret in (CANARY, "warfarin", "blood", "anticoagulant", "absolute"):
            assert secret not in script, act


@writes
def _decided(work: Work, request_id: UUID, *, act: str) -> None:
    tracks.move(work, tracks.load(work, request_id), Track.CLINICAL, act)


def said(screen: Screen, reference: str) -> str:
    """Read the script that the page gives the desk."""
    page = screen.open(reference)
    return " ".join(one.get_text(" ") for one in page.soup.select("section[aria-labelledby=say]"))


def test_who_gets_letters_is_read_nothing(screen: Screen) -> None:
    assert said(screen, screen.request()) == ""


def test_an_admin_sees_no_letter_no_script_and_no_reason_to_wait(screen: Screen) -> None:
    reference = failed(screen, name="Rosa Example")
    screen.open(reference).submit(
        "Set it aside",
        {
            "wait-until-month": "11",
            "wait-until-day": "30",
            "wait-until-year": "2026",
            "Why?": "The patient is away.",
            "wait-words": "zanzibar",
        },
    )
    screen.actor = screen.hire("Ada Admin", Role.ADMIN)

    page = screen.open(reference)

    assert "zanzibar" not in page.response.text
    assert "Rosa" not in page.response.text
    assert "Not sent" not in page.text
    assert screen.read(lambda: len(all_of(Request))) == 1
