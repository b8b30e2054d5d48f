"""Questions at the desk: answered after a look at the letter, made a request, closed, published."""

import pytest

from clinic.access import Role
from clinic.models import Enquiry, Letter, Request
from tests.support.page import Page
from tests.support.scene import all_of
from tests.web.desk.conftest import Screen
from tests.web.enquiries.conftest import QUESTION, Asker

TEXT = "A first visit costs 80 dollars."


def one(screen: Screen) -> Enquiry:
    found: Enquiry = screen.read(lambda: all_of(Enquiry))[-1]
    return found


def opened(screen: Screen) -> Page:
    return screen.get(f"/staff/enquiries/{one(screen).reference}")


def letters(screen: Screen, kind: str) -> list[str]:
    return screen.read(lambda: [letter.body or "" for letter in all_of(Letter, kind=kind)])


def test_a_question_is_found_claimed_and_given_back(screen: Screen, asker: Asker) -> None:
    asker.asks()

    page = screen.get("/staff/enquiries/").submit(f"Claim {one(screen).reference}")

    assert page.heading == QUESTION["name"]
    assert "This question is yours." in page.text
    assert "free for others" in page.submit("Release").text


def test_a_letter_is_looked_at_before_it_goes(screen: Screen, asker: Asker) -> None:
    asker.asks()

    preview = opened(screen).submit("Look at the letter", text=TEXT)

    assert letters(screen, "enquiry_answer") == []
    assert TEXT in preview.text
    assert QUESTION["email"] in preview.text
    again = preview.submit("Change it")
    assert again.values["text"] == [TEXT]
    sent = again.submit("Look at the letter").submit("Send this letter")
    assert "on its way" in sent.text
    [body] = letters(screen, "enquiry_answer")
    assert TEXT in body
    assert "Letter: our answer" in sent.text


@pytest.mark.proves("MAIL-5")
def test_a_letter_with_a_telling_word_is_read_once_more(screen: Screen, asker: Asker) -> None:
    asker.asks()
    preview = opened(screen).submit("Look at the letter", text="People on warfarin can come.")

    refused = preview.submit("Send this letter")

    assert "warfarin" in preview.text.lower()
    assert refused.status == 422
    assert set(refused.errors) == {"read_again"}
    assert letters(screen, "enquiry_answer") == []
    refused.submit("Send this letter", {"read_again": True})
    assert len(letters(screen, "enquiry_answer")) == 1


def test_an_empty_answer_is_refused(screen: Screen, asker: Asker) -> None:
    asker.asks()

    page = opened(screen).submit("Look at the letter", text="  ")

    assert page.status == 422
    assert page.errors == {"text": "Write the answer first"}


@pytest.mark.proves("CON-4")
def test_who_answers_second_sees_both_texts_and_sends_only_knowingly(
    screen: Screen, asker: Asker
) -> None:
    asker.asks()
    mine = opened(screen).submit("Look at the letter", text="My own answer.")
    opened(screen).submit("Look at the letter", text=TEXT).submit("Send this letter")

    late = mine.submit("Send this letter")

    assert late.status == 409
    assert TEXT in late.text
    assert "My own answer." in late.text
    assert len(letters(screen, "enquiry_answer")) == 1
    second = late.submit("Send mine all the same")
    assert "Yours would be another letter." in second.text
    second.submit("Send this letter")
    assert len(letters(screen, "enquiry_answer")) == 2


def test_somebody_elses_question_takes_a_deliberate_take_over(screen: Screen, asker: Asker) -> None:
    asker.asks()
    opened(screen).submit("Claim")
    screen.actor = screen.hire("Drew Desk", Role.FRONT_DESK)

    refused = opened(screen).submit("Close the question", {"reason": "spam"})

    assert refused.status == 409
    assert "Dana Desk has it since" in refused.text
    done = refused.submit("Take over and go on")
    assert "The question is closed." in done.text
    assert "Spam" in done.text
    assert "open again" in done.submit("Open it again").text


def test_words_for_everybody_may_not_tell_who_asked(screen: Screen, asker: Asker) -> None:
    asker.asks(may_publish=True)
    page = opened(screen).submit("Look at the letter", text=TEXT).submit("Send this letter")

    unread = page.submit("Publish")
    telling = page.submit("Publish", {"question": "Quorinda asks", "tells_nobody": True})
    fit = telling.submit("Publish", {"question": "What does it cost?", "tells_nobody": True})

    assert set(unread.errors) == {"tells_nobody"}
    assert set(telling.errors) == {"question"}
    assert telling.values["question"] == ["Quorinda asks"]
    assert "It is on the website now." in fit.text
    assert "What does it cost?" in asker.get("/questions").text
    fit.submit("Take it off the website")
    assert "What does it cost?" not in asker.get("/questions").text


def test_without_a_yes_there_is_nothing_to_publish(screen: Screen, asker: Asker) -> None:
    asker.asks()

    page = opened(screen).submit("Look at the letter", text=TEXT).submit("Send this letter")

    assert not page.has_button("Publish")


def test_a_question_becomes_a_request_that_its_writer_goes_on_with(
    screen: Screen, asker: Asker
) -> None:
    asker.asks()

    page = opened(screen).submit("Make it a request", {"address_checked": True})

    assert "A request is begun" in page.text
    assert "was not sent yet" in page.text
    there = asker.get(asker.link("enquiry_request")).submit("Mail me a code")
    draft = there.submit("Open my page", code=asker.code())
    assert draft.path == "/request/"
    about = draft
    assert about.values["name"] == [QUESTION["name"]]
    assert about.values["birth_date-year"] == [""]
    where = asker.save(
        about,
        {
            "birth_date-month": "1",
            "birth_date-day": "2",
            "birth_date-year": "1980",
            "answered_by": "patient",
        },
    )
    assert where.values["free_text.hopes"] == [QUESTION["question"]]


@pytest.mark.proves("TOK-4")
def test_without_the_check_the_link_opens_only_where_the_question_was_asked(
    screen: Screen, asker: Asker
) -> None:
    asker.asks()
    opened(screen).submit("Make it a request")
    link = asker.link("enquiry_request")

    elsewhere, here = asker.elsewhere().get(link), asker.get(link)

    assert not elsewhere.has_button("Mail me a code")
    assert not any(word in elsewhere.text for word in (QUESTION["name"], QUESTION["question"]))
    coded = here.submit("Mail me a code")
    assert coded.submit("Open my page", code=asker.code()).values["name"] == [QUESTION["name"]]


def test_where_there_is_a_request_the_question_is_joined_to_it(
    screen: Screen, asker: Asker
) -> None:
    reference = screen.request(email=QUESTION["email"], name="Quorinda Example")
    asker.asks()
    page = opened(screen)

    assert not page.has_button("Make it a request")
    joined = page.submit("Join the question to this request")

    assert joined.has_link(reference)
    assert len(screen.read(lambda: all_of(Request))) == 1
    assert screen.open(reference).has_link(one(screen).reference)


def test_an_urgent_question_is_called_about_and_closed_by_a_clinician(
    screen: Screen, asker: Asker
) -> None:
    asker.asks(question="I have chest pain and can't breathe")
    page = opened(screen)

    assert "Call now, and answer today" in page.text
    assert not page.has_button("Close the urgent flag")
    assert not page.has_button("Close the question")
    page = page.submit("Reached")
    assert "The call is recorded." in page.text
    screen.actor = screen.hire("Theo Therapist", Role.THERAPIST)
    refused = opened(screen).submit("Close the urgent flag")
    assert refused.status == 409  # Dana has it
    assert "urgent flag is closed" in refused.submit("Take over and go on").text


def test_an_urgent_question_that_nobody_reached_takes_a_note(screen: Screen, asker: Asker) -> None:
    asker.asks(question="I have chest pain and can't breathe", phone="")
    screen.actor = screen.hire("Theo Therapist", Role.THERAPIST)

    page = opened(screen).submit("Close the urgent flag")

    assert page.status == 422
    assert set(page.errors) == {"why"}
    closed = page.submit("Close the urgent flag", why="Known here, and seen this morning.")
    assert "The urgent flag is closed." in closed.text


@pytest.mark.proves("AZ-4")
def test_who_keeps_the_clinic_running_reads_no_questions(screen: Screen, asker: Asker) -> None:
    asker.asks()
    screen.actor = screen.hire("Ada Admin", Role.ADMIN)

    for path in ("/staff/enquiries/", f"/staff/enquiries/{one(screen).reference}"):
        answer = screen.client.get(path)
        assert answer.status_code == 403
        assert QUESTION["name"] not in answer.text


def test_the_queue_counts_questions_and_says_which_may_not_wait(
    screen: Screen, asker: Asker
) -> None:
    quiet = screen.get("/staff/")
    asker.asks()
    asker.asks(question="I have chest pain and can't breathe")

    page = screen.get("/staff/")

    assert quiet.has_link("Questions 0")
    assert page.has_link("Questions 2")
    assert "1 question may not wait" in page.text
    assert "may not wait" not in quiet.text


def test_every_page_of_the_staff_says_so_until_somebody_takes_it(
    screen: Screen, asker: Asker
) -> None:
    asker.asks(question="I have chest pain and can't breathe")

    page = screen.get("/staff/calendar").follow("Go to the questions")

    assert "1 question may not wait" in page.text
    taken = page.submit(f"Claim {one(screen).reference}")
    assert "may not wait" not in screen.get("/staff/calendar").text
    assert "Call now, and answer today" in taken.text
    screen.actor = screen.hire("Ada Admin", Role.ADMIN)
    assert "may not wait" not in screen.get("/staff/").text


def test_a_question_is_found_by_the_reference_that_is_read_out_on_the_phone(
    screen: Screen, asker: Asker
) -> None:
    asker.asks()
    reference = one(screen).reference

    found = screen.get(f"/staff/?q={reference}").follow("Look in the questions")

    assert found.has_link(QUESTION["name"])
    assert reference in found.text
