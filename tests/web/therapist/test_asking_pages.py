"""Some questions asked again, on the pages: ticked by a therapist, answered by the patient."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from flask import Flask

from clinic.models import Intake, Request
from clinic.services import review
from clinic.services.review import Decision
from tests.support import databases
from tests.support.clock import MONDAY_MORNING
from tests.support.page import LintingClient, Page
from tests.support.patients import newest_intake
from tests.support.scene import all_of, version_of
from tests.web.patient.walking import Walker
from tests.web.therapist.conftest import Room
from tests.web.therapist.test_confirming_pages import theo


@pytest.fixture
def ana() -> Iterator[Walker]:
    """Somebody who has sent a request, proved the address, and is asked two things again."""
    with (
        time_machine.travel(MONDAY_MORNING, tick=False) as clock,
        databases.fresh_database("sqlite") as url,
        databases.running_app(url) as app,
    ):
        app.test_client_class = LintingClient
        walker = Walker(app)
        walker.has_sent()
        walker.proves()
        _ask(app, walker)
        clock.shift(timedelta(minutes=2))
        yield walker


def _ask(app: Flask, walker: Walker) -> None:
    request_id = walker.request().id
    with app.app_context():
        therapist = theo(app)
        review.decide(
            therapist,
            MONDAY_MORNING + timedelta(minutes=1),
            request_id,
            signed=Decision(
                "ask for more",
                newest_intake(request_id).id,
                question="Take your time.",
                asked=("lung-disease", "rf-chest-breath"),
            ),
            seen=version_of(request_id),
            key="theirs",
        )


def test_the_patient_answers_just_these_and_a_refused_page_loses_nothing(ana: Walker) -> None:
    page = ana.get("/status/").follow("Read and answer it")
    assert page.heading == "2 questions for you"
    assert "Take your time." in page.text
    assert "diabetes" not in page.text
    assert page.values["lung-disease"] == ["no"]  # the last answer
    assert "rf-chest-breath" not in page.values  # may change in a day: asked anew
    page = page.submit("Send my answers", {"lung-disease": "yes"})
    assert page.status == 422
    assert {"rf-chest-breath", "lung-disease.which"} <= set(page.errors)
    assert page.values["lung-disease"] == ["yes"]
    first = page.submit("Send my answers", {"lung-disease": "no", "rf-chest-breath": "no"})

    assert "A therapist reads your answers next" in first.text
    assert "A therapist has a question for you" not in first.text
    assert [one.number for one in ana.rows(Intake)] == [1, 2]
    again = page.submit("Send my answers", {"lung-disease": "no", "rf-chest-breath": "no"})
    assert (again.status, again.heading) == (409, "This question is not open any more")
    assert "If you wrote something new just now, we did not get it" in again.text
    assert "Something has changed about my health" in again.text


def test_an_urgent_answer_leads_to_the_page_that_says_what_to_do(ana: Walker) -> None:
    page = ana.get("/status/asked/").submit("Send my answers", {"rf-chest-breath": "yes"})

    assert page.heading == "Please stop here and get care"
    assert ana.request().urgent_open
    assert ana.get("/status/asked/").heading == "This question is not open any more"


def test_the_language_is_switched_and_what_was_typed_stays(ana: Walker) -> None:
    form = ana.get("/status/asked/").form("Send my answers").fill({"rf-chest-breath": "not_sure"})
    form.data.append(("switch_language", "es"))

    page = form.submit("Send my answers")

    assert page.values["rf-chest-breath"] == ["not_sure"]
    assert page.soup.html["lang"] == "es"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_therapist_ticks_asks_takes_back_and_writes_down_what_is_said_on_the_phone(
    room: Room,
) -> None:
    patient = room.asks()
    page = room.open(patient).follow("Ask some questions again")
    assert page.submit("Ask the patient").errors == {"asked": "Tick at least one question"}
    told = page.submit("Ask the patient", asked=["Do you have diabetes?"], question="Your asthma?")
    assert "Leave out medicines and illnesses" in told.text
    page = told.submit("Ask the patient", question="")
    assert "Waiting for the patient's answer" in page.text
    assert "Do you have diabetes?" in page.text
    more = page.follow("Ask some questions again")
    assert "takes the place of what is asked already" in more.text
    assert more.values["asked"] == ["diabetes"]

    page = page.submit("Take the questions back")
    assert "The questions are taken back" in page.text
    (decision,) = page.soup.select("article.decision")
    assert "No longer in force" in decision.get_text()
    assert page.soup.select("section.decisions.no-print")
    page = page.follow("Ask some questions again")
    page = page.submit("Ask the patient", asked=["Do you have diabetes?"])
    page = page.follow("Answered by phone").submit("Save these answers", diabetes="not_sure")

    assert "a new version of the history" in page.text
    assert "Since version 1" in page.text
    assert "asked again, answered by phone" in page.text
    assert len(room.behind(all_of, Intake)) == 2
    (request,) = room.behind(all_of, Request)
    assert request.clinical_state == "needs_review"
    stale = Page.get(room.client, room.address(patient, "/asked"))
    assert "Nothing is asked of this patient now" in stale.text
