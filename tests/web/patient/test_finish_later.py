"""Who leaves in the middle of a page keeps what is typed there, and nothing is made of the rest."""

from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from clinic.models import Draft, Intake
from clinic.screening import pages, questionnaire
from clinic.services import drafting, submission
from clinic.services.drafting import Given
from tests.support.clock import MONDAY_MORNING
from tests.support.patients import Patient
from tests.support.scene import all_of
from tests.web.patient.walking import HEALTHY, Walker, ticks, yes

RED_FLAGS = "/request/history/red-flags"
BOXES = ticks("rf-fever-infection")
HALF = {BOXES: ["some_not_sure"], f"{BOXES}-unsure": ["rf-fever-infection"]}


def stored_draft(request_id: UUID) -> Draft:
    """The open answers of a request, read anew."""
    [found] = all_of(Draft, request_id=request_id)
    assert isinstance(found, Draft)
    return found


def _steps(ana: Walker) -> list[str]:
    [draft] = ana.rows(Draft)
    return draft.steps or []


def test_what_is_typed_on_the_open_page_is_saved_on_the_way_out(ana: Walker) -> None:
    page = ana.begins()

    later = page.submit("Finish later", {"free_text.hopes": "To lift my bag"})

    assert later.heading == "Finish later"
    assert "the page you just left is saved too" in later.text
    [draft] = ana.rows(Draft)
    assert draft.answers["free_text.hopes"] == "To lift my bag"
    assert ana.get("/request/where").values["free_text.hopes"] == ["To lift my bag"]
    assert _steps(ana) == ["about"]
    assert "Where it hurts" in ana.get("/request/check").text


def test_a_box_that_was_not_reached_is_no_no(ana: Walker) -> None:
    page = ana.comes_to_history()

    page.submit("Finish later", HALF)

    [draft] = ana.rows(Draft)
    assert draft.answers["rf-fever-infection"] == "not_sure"
    assert "rf-chest-breath" not in draft.answers
    again = ana.get(RED_FLAGS)
    assert again.values[BOXES] == ["some_not_sure"]
    assert again.values[f"{BOXES}-unsure"] == ["rf-fever-infection"]


def test_a_page_that_was_left_unfinished_keeps_the_request_from_being_sent(ana: Walker) -> None:
    form = ana.is_at_the_check().form("Send my request")

    ana.get(RED_FLAGS).submit("Finish later", HALF)

    check = ana.get("/request/check")
    assert not check.has_button("Send my request")
    assert check.has_link("How you feel today")
    [draft] = ana.rows(Draft)
    form.data = [(key, str(draft.version) if key == "seen" else one) for key, one in form.data]
    assert form.submit("Send my request").path == "/request/check"
    assert ana.rows(Intake) == []


def test_a_finished_page_left_by_that_button_stays_finished(ana: Walker) -> None:
    page = ana.comes_to_history()
    here = page.path.rpartition("/")[2]

    page.submit("Finish later", HEALTHY[here])

    done = {f"history/{topic}" for topic in pages.topics(questionnaire.shipped(), here)}
    assert done <= set(_steps(ana))


def test_what_cannot_be_read_is_shown_again_before_anybody_leaves(ana: Walker) -> None:
    page = ana.begins()

    refused = page.submit("Finish later", {"times": "a" * 501})

    assert refused.status == 422
    assert refused.errors["times"] == "Shorten this to 500 characters"


def test_an_urgent_answer_stops_also_on_the_way_out(ana: Walker) -> None:
    page = ana.comes_to_history()

    stopped = page.submit("Finish later", yes("rf-chest-breath"))

    assert stopped.heading == "Please stop here and get care"
    assert ana.request().urgent_open


def test_a_question_that_decides_about_an_emergency_is_asked_before_anybody_leaves(
    ana: Walker,
) -> None:
    page = ana.comes_to_history()

    asked = page.submit("Finish later", yes("rf-fever-infection"))

    assert asked.status == 422
    assert asked.errors
    assert ana.rows(Intake) == []


def test_a_page_that_was_saved_as_unfinished_is_not_sent_though_nothing_is_missing(
    small_app: Flask,
) -> None:
    with small_app.app_context():
        patient = Patient()
        request_id = patient.begins(MONDAY_MORNING)
        patient.fills_in(MONDAY_MORNING)
        patient.agrees(MONDAY_MORNING)
        last: dict[str, Any] = {"language": "en", "browser": patient.browser}
        stored = stored_draft(request_id).answers
        on_page = {one.id for one in pages.own_questions(questionnaire.shipped(), "skin-cancer")}

        drafting.save_answers(
            patient.actor,
            MONDAY_MORNING,
            request_id,
            page="skin-cancer",
            given=Given({key: one for key, one in stored.items() if key in on_page}),
            seen=stored_draft(request_id).version,
            finished=False,
            **last,
        )

        with pytest.raises(submission.NotComplete) as refused:
            submission.send(
                patient.actor,
                MONDAY_MORNING,
                request_id,
                seen=stored_draft(request_id).version,
                key="k",
                **last,
            )
        assert "history/allergies" in refused.value.missing
        assert {"history/heart", "history/lymph"}.isdisjoint(refused.value.missing)
