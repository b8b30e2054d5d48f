"""The patient's pages after sending: confirm, change, reply, each behind link and code."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from flask import Flask

from clinic.access import Actor, Role
from clinic.models import Intake, Review
from clinic.services import review
from clinic.services.review import Decision
from tests.support import databases
from tests.support.clock import MONDAY_MORNING
from tests.support.page import LintingClient, Page
from tests.support.patients import newest_intake
from tests.support.scene import Scene, version_of
from tests.web.patient.walking import HEALTHY, Walker


@pytest.fixture
def moving() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(MONDAY_MORNING, tick=False) as traveller:
        yield traveller


@pytest.fixture
def ana(moving: time_machine.Traveller) -> Iterator[Walker]:
    """Somebody who has sent a request and proved the address."""
    with databases.fresh_database("sqlite") as url, databases.running_app(url) as app:
        app.test_client_class = LintingClient
        walker = Walker(app)
        walker.has_sent()
        walker.proves()
        yield walker


def theo(app: Flask) -> Actor:
    scene = Scene()
    scene.place()
    return scene.staff("Theo Therapist", Role.THERAPIST)


def decides(ana: Walker, moving: time_machine.Traveller, decision: str, **values: object) -> None:
    """Let a therapist decide on the newest answers."""
    request_id = ana.request().id
    with ana.app.app_context():
        actor = theo(ana.app)
        review.decide(
            actor,
            MONDAY_MORNING + timedelta(minutes=1),
            request_id,
            signed=Decision(
                decision,
                newest_intake(request_id).id,
                **{"reason_code": "asked_again", "reason": "Asked again, all fine.", **values},  # type: ignore[arg-type]  # names of its fields
            ),
            seen=version_of(request_id),
            key="theirs",
        )
    moving.shift(timedelta(minutes=2))


def test_a_question_is_read_replied_to_and_sent_as_a_new_version(
    ana: Walker, moving: time_machine.Traveller
) -> None:
    decides(ana, moving, "ask for more", question="Which year was it?", sections=("medicines",))

    page = ana.get("/status/")
    assert "A therapist has a question for you" in page.text
    assert "Which year" not in page.text
    page = page.follow("Read and answer it")
    assert "Which year was it?" in page.text
    page = page.submit("Save and continue")
    assert page.errors == {"reply": "Write your answer, or call us"}
    page = page.submit("Save and continue", reply="It was in 1999.")
    assert page.path.startswith("/request/history/medicines")
    page = page.submit("Save and continue")
    assert page.path == "/request/check"
    assert "It was in 1999." in page.text
    page.submit("Send my answers")

    intakes = ana.rows(Intake)
    assert [one.number for one in intakes] == [1, 2]
    assert ana.request().clinical_state == "needs_review"
    assert "A therapist has a question" not in ana.get("/status/").text
    (signed,) = ana.rows(Review)
    assert "Which year" not in f"{ana.letters('more_information')[0].body}{signed.decision}"


def answers_anew(page: Page) -> tuple[Page, list[str]]:
    """Answer mildly what each page asks anew, and nothing is filled in there; name the pages."""
    asked = []
    while page.path.startswith("/request/history/"):
        here = page.path.partition("?")[0].rpartition("/")[2]
        asked.append(here)
        assert "Some questions we always ask again" in page.text
        refused = page.submit("Save and continue")
        assert refused.status == 422
        mild = {name: HEALTHY[here].get(name, "no") for name in refused.errors if name}
        page = refused.submit("Save and continue", mild)
    return page, asked


def test_old_answers_are_confirmed_with_one_tap_and_what_changes_in_a_day_is_asked_anew(
    ana: Walker, moving: time_machine.Traveller
) -> None:
    until = (MONDAY_MORNING + timedelta(days=200)).date()
    decides(
        ana, moving, "clear with limits",
        regions=("neck", "shoulder-left"), valid_until=until,
    )  # fmt: skip
    assert "Please confirm" not in ana.get("/status/").text
    moving.shift(timedelta(days=85))
    ana.get(ana.link("request_received"))
    page = ana.get("/status/closed").submit("Mail me a code")
    page.submit("Open my page", code=ana.code())

    page = ana.get("/status/")
    assert "Please confirm your answers again" in page.text
    page = page.follow("Look at my answers")
    assert "Do you have diabetes?" in page.text.split("See the", 1)[1]  # not ticked, in one line
    assert "Which medicines do you take? None" in page.text
    page = page.submit("Nothing has changed")

    page, asked = answers_anew(page)
    assert asked == ["red-flags", "consent", "immunity", "skin-cancer"]
    assert (page.path, "an appointment yet" in page.text) == ("/request/check", False)
    page.submit("Send my answers")
    assert "Please confirm" not in ana.get("/status/").text
    first, second = ana.rows(Intake)
    assert first.answers["pregnancy"] != second.answers["pregnancy"]  # asked, not carried over
    assert "intoxication" not in second.answers["_confirmed"]
    assert "rf-chest-breath" not in second.answers["_confirmed"]
    assert second.answers["_confirmed"]["diabetes"] == "2027-02-16"
    assert ana.request().clinical_state == "cleared_with_limits"


def test_something_has_changed_is_one_tap_away(ana: Walker, moving: time_machine.Traveller) -> None:
    page = ana.get("/status/").follow("Something has changed about my health")
    assert page.heading == "Your answers"
    assert not page.has_button("Nothing has changed")

    page = page.submit("Something has changed")

    assert page.path == "/request/check"
    assert "Some pages are not finished" in page.text  # what may change in a day is asked anew
    assert "You have answers that are not sent yet" in ana.get("/status/").text


@pytest.mark.proves("TOK-4")
def test_without_a_code_nobody_reads_the_answers(ana: Walker) -> None:
    stranger = ana.elsewhere()
    stranger.get(ana.link())

    for path in ("/status/answers/", "/status/answers/question"):
        page = stranger.get(path)
        assert page.path == "/status/closed"
        assert "diabetes" not in page.text
