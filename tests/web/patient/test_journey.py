"""A patient asks for care, from the first page to the reference."""

import pytest
import time_machine
from flask import Flask

from clinic.models import Draft, Intake, Letter, Request, ScreeningRecord
from clinic.screening import pages, questionnaire
from tests.support.page import Page
from tests.web.patient.walking import ABOUT, HEALTHY, Walker, page_with, ticks, yes

BOXES = ticks("rf-fever-infection")


def test_a_healthy_adult_sends_a_request_that_needs_a_therapist(ana_on_both: Walker) -> None:
    page = ana_on_both.sends()

    assert page.heading == "We have your request"
    assert "If something in them needs a closer look, a therapist reads them" in page.text
    assert "A therapist will read your answers" not in page.text
    request = ana_on_both.request()
    assert (request.desk_state, request.clinical_state) == ("new", "needs_review")
    assert request.reference in page.text
    [intake] = ana_on_both.rows(Intake)
    assert intake.complete
    assert intake.answers["wanted_regions"] == ["neck", "shoulder-left"]
    assert ana_on_both.rows(Draft) == []
    assert len(ana_on_both.rows(ScreeningRecord)) == 1
    assert [letter.kind for letter in ana_on_both.rows(Letter)] == ["request_received"]


def test_the_whole_way_can_be_gone_in_spanish(app: Flask, moving: time_machine.Traveller) -> None:
    ana = Walker(app, "es")

    page = ana.sends()

    assert page.heading == "Tenemos su solicitud"
    request = ana.request()
    assert request.language == "es"
    [intake] = ana.rows(Intake)
    assert intake.language == "es"
    [letter] = ana.letters("request_received")
    assert "tenemos su solicitud" in (letter.subject or "")
    assert ana.proves().path == "/status/"


def test_the_language_can_be_changed_without_losing_what_was_typed(ana: Walker) -> None:
    page = ana.get("/request/")
    typed = {key: value for key, value in ABOUT.items() if key != "phone"}

    switched = page.form("Save and continue").fill({**typed, "phone": "55"})
    data = [*switched.data, ("switch_language", "es")]
    response = ana.client.post("/request/", data=_as_dict(data), headers={"Referer": "x"})

    changed = Page(ana.client, response)
    assert changed.status == 200
    assert changed.soup.html is not None
    assert changed.soup.html["lang"] == "es"
    for name, value in {**typed, "phone": "55"}.items():
        assert changed.values[name] == [value], name
    assert changed.errors == {}


def test_a_topic_keeps_its_ticks_through_a_change_of_language(ana: Walker) -> None:
    page = ana.comes_to_history()
    form = page.form("Save and continue").fill(
        {**yes("rf-fever-infection"), "rf-fever-infection.temperature": "abc"}
    )

    data = [*form.data, ("switch_language", "es")]
    response = ana.client.post(page.path, data=_as_dict(data))

    changed = Page(ana.client, response)
    assert changed.heading == "Cómo se siente hoy"
    assert changed.values[BOXES] == ["rf-fever-infection"]
    assert changed.values["rf-fever-infection.temperature"] == ["abc"]
    assert ana.request().language == "es"


def test_a_day_that_is_not_in_the_calendar_is_named(ana: Walker) -> None:
    ana.comes_to_history()
    day = {"month": "2", "day": "30", "year": "2026"}

    page = ana.get("/request/history/surgery").submit(
        "Save and continue",
        {
            **yes("surgery-recent"),
            **{f"surgery-recent.date-{key}": one for key, one in day.items()},
        },
    )

    assert page.errors["surgery-recent.date-month"] == "Check this date. There is no such day"
    assert page.values["surgery-recent.date-day"] == ["30"]


@pytest.mark.proves("IN-6")
def test_a_page_that_was_left_out_is_named_and_nothing_is_sent(ana: Walker) -> None:
    ana.comes_to_history()

    page = ana.get("/request/check")

    assert "Some pages are not finished" in page.text
    assert page.has_link("Heart, blood vessels and lymph nodes")
    assert not page.has_button("Send my request")


def test_a_change_from_the_check_comes_back_to_the_check(ana: Walker) -> None:
    ana.is_at_the_check()

    page = ana.get("/request/history/immunity?back=check")
    page = page.submit(
        "Save and continue",
        {
            **yes("diabetes"),
            "diabetes.insulin": "no",
            "diabetes.unstable": "no",
            "diabetes.a1c": "6.5",
            "diabetes.problems": ["none"],
        },
    )

    assert page.path == "/request/check", page.errors
    assert "6.5" in page.text


def test_what_was_said_of_one_place_is_asked_anew_of_another_one(ana: Walker) -> None:
    ana.is_at_the_check(answers={"keloid": "yes"})
    where = "/request/where?back=check"
    assert ana.save(ana.get(where), {"wanted_regions": ["neck"]}).has_button("Send my request")

    page = ana.save(ana.get(where), {"wanted_regions": ["neck", "knee-right"]})

    assert not page.has_button("Send my request")
    page, asked = ana.get("/request/history/heart?back=open"), set[str]()
    while page.path.startswith("/request/history/"):
        refused = ana.save(page)
        again = {name for name in refused.errors if name}
        asked |= again
        page = ana.save(refused, dict.fromkeys(again, "no"))
    assert asked == {one.id for one in questionnaire.shipped().questions.values() if one.at_place}
    assert page.has_button("Send my request")


def test_a_follow_up_whose_question_was_taken_back_does_not_count(ana: Walker) -> None:
    ana.is_at_the_check(answers={"lymph-node-removal": "yes", "lymph-node-removal.side": "left"})

    ana.get("/request/history/lymph?back=check").submit(
        "Save and continue", {"lymph-node-removal": "no", "lymph-node-removal.side": "left"}
    )
    ana.get("/request/check").submit("Send my request")

    [intake] = ana.rows(Intake)
    assert intake.answers["lymph-node-removal"] == "no"
    assert "lymph-node-removal.side" not in intake.answers


def test_a_box_left_empty_beside_a_tick_is_told_apart_from_a_no(ana: Walker) -> None:
    page = ana.comes_to_history()

    ana.save(
        page,
        page_with(
            "red-flags", **{BOXES: ["some_not_sure"], f"{BOXES}-unsure": ["rf-fever-infection"]}
        ),
    )

    [draft] = ana.rows(Draft)
    assert draft.answers["rf-fever-infection"] == "not_sure"
    assert draft.answers["rf-chest-breath"] == "no"
    assert "rf-chest-breath" in draft.answers["_shown"]
    assert "rf-fever-infection" not in draft.answers["_shown"]


def test_who_would_rather_not_say_says_so_once_for_all_private_questions(ana: Walker) -> None:
    ana.comes_to_history()
    page = ana.get("/request/history/immunity")
    boxes = "ticks-immunity-private"

    refused = page.submit(
        "Save and continue", page_with("immunity", **{boxes: ["hiv", "prefer_not"]})
    )
    assert refused.errors[boxes].startswith("You ticked that you would rather not say")
    ana.save(page, page_with("immunity", **{boxes: ["prefer_not"]}))

    [draft] = ana.rows(Draft)
    assert (draft.answers["hiv"], draft.answers["hepatitis"]) == ("prefer_not", "prefer_not")
    assert ana.get("/request/history/immunity").values[boxes] == ["prefer_not"]


def test_topics_that_share_a_page_are_done_together_and_keep_their_addresses(ana: Walker) -> None:
    ana.comes_to_history()

    page = ana.get("/request/history/lymph?back=check")
    assert page.path == "/request/history/heart?back=check"
    assert "Lymph nodes and swelling" in page.text
    page = ana.save(page, page_with("lymph"))

    assert page.path == "/request/check"
    [draft] = ana.rows(Draft)
    assert {"history/heart", "history/lymph"} <= set(draft.steps or ())


def test_the_check_says_on_one_line_what_was_not_ticked(ana: Walker) -> None:
    group = next(
        one
        for one in questionnaire.shipped().section("medicines").groups
        if "sedating-medicine" in one.items
    )

    text = ana.is_at_the_check(answers={"sedating-medicine": "yes"}).text

    assert f"{group.title} Not ticked See the {len(group.items) - 1} questions" in text
    assert questionnaire.shipped().questions["ssri-snri"].text in text


def test_not_sure_about_some_without_a_name_means_not_sure_about_all(ana: Walker) -> None:
    page = ana.comes_to_history()

    ana.save(page, page_with("red-flags", **{BOXES: ["some_not_sure"]}))

    [draft] = ana.rows(Draft)
    assert draft.answers["rf-chest-breath"] == "not_sure"
    assert draft.answers["rf-fever-infection"] == "not_sure"


def test_a_topic_without_any_tick_is_not_taken_for_a_no(ana: Walker) -> None:
    page = ana.save(ana.comes_to_history(), {})

    assert page.status == 422
    said = "Today or in the last few days: tick what applies, or “None of these”"
    assert page.errors[BOXES] == said
    [draft] = ana.rows(Draft)
    assert "rf-chest-breath" not in draft.answers


def test_who_has_no_email_is_served_by_phone(ana: Walker) -> None:
    page = ana.begins(email="", channel="email")
    assert page.errors["email"] == "Enter your email, or choose a phone call below"

    page = ana.begins(email="", channel="phone")

    assert page.heading == "Where it hurts"
    assert ana.request().email is None


def test_a_child_is_asked_for_a_guardian_and_is_not_refused(ana: Walker) -> None:
    page = ana.comes_to_history(
        **{
            "birth_date-year": "2014",
            "answered_by": "guardian",
            "guardian": "Bea Example",
        }
    )
    assert page.path == "/request/history/red-flags"

    page = ana.get("/request/history/request")
    assert page.values["minor.guardian-name"] == ["Bea Example"]
    page = ana.save(page, {"minor.guardian": "consents", "minor.assent": "yes"})

    assert page.status == 200, page.errors
    [draft] = ana.rows(Draft)
    assert draft.answers["minor.guardian"] == "consents"


def test_answers_that_a_corrected_birth_date_no_longer_calls_for_are_dropped(ana: Walker) -> None:
    ana.comes_to_history(**{"birth_date-year": "2014"})
    ana.save(
        ana.get("/request/history/request"),
        {
            "minor.guardian": "consents",
            "minor.guardian-name": "Bea Example",
            "minor.assent": "yes",
        },
    )

    ana.save(ana.get("/request/"), {"birth_date-year": "1984"})

    [draft] = ana.rows(Draft)
    assert draft.answers["minor"] == "1984-01-02"
    assert not [question for question in draft.answers if question.startswith("minor.")]


def test_the_address_of_a_topic_that_is_not_asked_is_not_there(ana: Walker) -> None:
    ana.begins()

    assert ana.get("/request/history/request").status == 404
    assert ana.get("/request/history/nothing").status == 404


def test_a_closed_form_on_a_shared_device_shows_nothing(
    ana: Walker, moving: time_machine.Traveller
) -> None:
    ana.has_filled_in()

    ana.get("/request/").submit("Close this form here")

    assert ana.get("/request/check").heading == "Your form is closed for now"
    assert "Ana Example" not in ana.get("/request/").response.text


def test_two_people_in_two_browsers_do_not_see_each_other(ana: Walker) -> None:
    ana.has_filled_in()
    other = ana.elsewhere()

    page = other.begins(name="Other Example", phone="555-555-0102", email="other@example.com")

    assert page.heading == "Where it hurts"
    assert "Ana Example" not in other.get("/request/check").text
    assert len(ana.rows(Request)) == 2


def test_the_healthy_answers_cover_every_topic() -> None:
    questions = questionnaire.shipped()
    with_questions = {
        pages.page_of(questions, pages.topic_of(questions, question))
        for question in questions.questions.values()
        if question.asked == "history"
    }

    assert set(HEALTHY) == with_questions


def _as_dict(pairs: list[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found
