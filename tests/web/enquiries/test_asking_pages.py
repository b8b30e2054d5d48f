"""Asking a question as anybody does it: few fields, nothing lost, help at once where needed."""

from datetime import time
from itertools import product

import pytest

from clinic.access import SYSTEM
from clinic.models import Enquiry, Letter, OpeningHours
from clinic.services import enquiries
from tests.support.scene import _add, all_of, stored
from tests.web.desk.conftest import Screen
from tests.web.enquiries.conftest import QUESTION, Asker

HOSTILE = ("\x00", "\x1b[2J", "\x07", "\x85")


def rows(screen: Screen) -> list[Enquiry]:
    return screen.read(lambda: all_of(Enquiry))


def test_a_question_is_sent_and_its_reference_shown(screen: Screen, asker: Asker) -> None:
    page = asker.asks()

    assert page.path == "/ask/sent"
    assert page.heading == "We have your question"
    [enquiry] = rows(screen)
    assert enquiry.reference in page.text
    assert not enquiry.may_publish
    assert asker.get("/ask/sent").text == page.text
    assert asker.elsewhere().get("/ask/sent").path == "/ask"


def test_required_fields_say_so_and_the_tick_is_not_set(asker: Asker) -> None:
    page = asker.get("/ask")

    for label in ("Your name", "Your email", "Your question", "In which language"):
        assert f"{label}" in page.text
    assert page.text.count("(required)") == 4
    assert "may_publish" not in page.values
    assert "Only if you like" in page.text
    assert "do not write about your own health here" in page.text


def test_a_refused_form_comes_back_with_all_that_was_typed(screen: Screen, asker: Asker) -> None:
    page = asker.asks(name="", email="nobody", phone="12", may_publish=True)

    assert page.status == 422
    assert set(page.errors) == {"name", "email", "phone"}
    assert page.values["question"] == [QUESTION["question"]]
    assert page.values["may_publish"] == ["y"]
    assert rows(screen) == []


@pytest.mark.proves("IN-3")
def test_characters_that_nobody_types_are_refused(screen: Screen, asker: Asker) -> None:
    page = asker.get("/ask")

    for field, hostile in product(("name", "email", "phone", "question"), HOSTILE):
        form = page.form("Send my question").fill(QUESTION)
        form.data = [(name, value + hostile * (name == field)) for name, value in form.data]
        refused = form.submit("Send my question")
        assert (refused.status, set(refused.errors)) == (422, {field})

    assert rows(screen) == []


def test_too_long_a_question_is_refused_and_kept(screen: Screen, asker: Asker) -> None:
    page = asker.asks(question="x" * 2001)

    assert page.status == 422
    assert "2000" in page.errors["question"]
    assert rows(screen) == []


@pytest.mark.proves("CON-4")
def test_a_double_click_sends_one_question(screen: Screen, asker: Asker) -> None:
    form = asker.get("/ask").form("Send my question").fill(QUESTION)

    first, second = form.submit("Send my question"), form.submit("Send my question")

    assert first.text == second.text
    assert len(rows(screen)) == 1
    changed = form.fill({"question": "Something else?"}).submit("Send my question")
    assert changed.status == 409
    assert changed.values["question"] == ["Something else?"]
    assert changed.submit("Send my question").path == "/ask/sent"
    assert len(rows(screen)) == 2


def test_the_language_changes_without_losing_a_word(asker: Asker) -> None:
    form = asker.get("/ask").form("Send my question").fill(QUESTION)
    form.data.append(("switch_language", "es"))

    page = form.submit("Send my question")

    assert page.soup.html is not None
    assert page.soup.html["lang"] == "es"
    assert page.values["question"] == [QUESTION["question"]]


def test_words_of_a_warning_sign_are_answered_at_once(screen: Screen, asker: Asker) -> None:
    page = asker.asks(question="I have chest pain and can't breathe")

    assert page.heading == "Please read this first"
    assert page.has_link("Call 911")
    assert screen.read(lambda: len(all_of(Letter, kind="enquiry_alert"))) == 1


def test_too_many_questions_from_one_address_have_to_wait(screen: Screen, asker: Asker) -> None:
    for _ in range(10):
        assert asker.asks().path == "/ask/sent"

    page = asker.asks()

    assert page.status == 429
    assert page.response.headers["Retry-After"]
    assert QUESTION["question"] in page.values["question"]
    assert len(rows(screen)) == 10


def test_when_we_answer_is_said_by_the_posted_hours_and_not_without(
    screen: Screen, asker: Asker
) -> None:
    unposted = asker.get("/ask").text
    place = screen.now(screen.scene.place, "An Annex")
    hours = OpeningHours(location_id=place, weekday=1, opens=time(9), closes=time(17))
    screen.now(_add, SYSTEM, screen.scene.now, hours)

    posted = asker.get("/ask").text

    assert "We are closed now" not in unposted
    assert "We are open now" not in unposted
    assert "We are closed now. We read questions again from Tuesday" in posted
    assert "9:00 AM" in posted


def test_no_published_answers_are_said_kindly_and_published_ones_shown(
    screen: Screen, asker: Asker
) -> None:
    assert "no published answers yet" in asker.get("/questions").text
    asker.asks(may_publish=True)
    [enquiry] = rows(screen)
    page = screen.get(f"/staff/enquiries/{enquiry.reference}")
    page = page.submit("Look at the letter", text="80 dollars.").submit("Send this letter")
    page.submit("Publish", {"tells_nobody": True})

    shown = asker.get("/questions")

    assert QUESTION["question"] in shown.text
    assert "80 dollars." in shown.text
    assert not any(word in str(shown.soup) for word in ("Quorinda", QUESTION["email"]))
    assert screen.read(lambda: stored(Enquiry, enquiry.id).published_at) is not None
    assert enquiries.RECEIPTS_A_DAY == 5
