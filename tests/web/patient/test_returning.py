"""Somebody who has asked before: last time's answers, after the code, one tap a page."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from clinic.access import Actor, ActorKind
from clinic.models import Intake
from clinic.screening import asking, questionnaire
from clinic.services import returning
from clinic.services.returning import NotProved
from tests.support import databases
from tests.support.clock import MONDAY_MORNING
from tests.support.page import LintingClient, Page
from tests.web.patient.walking import HEALTHY, Walker

BORN = {"birth_date-month": "4", "birth_date-day": "2", "birth_date-year": "1980"}
FILLED = "Last time you said this. Is it still true?"


@pytest.fixture
def ana() -> Iterator[Walker]:
    """Somebody who sent a history in spring, proved the address, and has another browser now."""
    with (
        time_machine.travel(MONDAY_MORNING, tick=False) as clock,
        databases.fresh_database("sqlite") as url,
        databases.running_app(url) as app,
    ):
        app.test_client_class = LintingClient
        before = Walker(app)
        before.has_sent(answers={"diabetes": "not_sure", "medicines": ["Lisinopril 10 mg"]})
        before.proves()
        clock.shift(timedelta(days=150))
        yield before.elsewhere()


def brings(ana: Walker, page: Page) -> Page:
    """Ask for the last answers, and type the mailed code."""
    page = page.follow("Been here before? Use your last answers")
    return page.submit("Mail me a code").submit("Fill in my last answers", code=ana.code())


def test_a_page_is_confirmed_with_one_tap_and_each_answer_says_when(ana: Walker) -> None:
    page = brings(ana, ana.begins(**BORN))
    assert "Your last answers are filled in" in page.text
    assert page.path == "/request/where"
    ana.save(page, {"wanted_regions": ["knee-left"]})  # of which nothing was said last time
    assert "unknown-lump" in ana.save(ana.get("/request/history/skin-cancer")).errors
    page = ana.save(ana.get("/request/where"), {"wanted_regions": ["neck"]})
    anew = {
        one.id
        for one in questionnaire.shipped().questions.values()
        if asking.asked_anew(one, questionnaire.shipped())
    }
    open_still: set[str] = set()
    for _page in range(40):
        if not page.path.startswith("/request/history/"):
            break
        assert not anew & {name for name, sent in page.values.items() if any(sent)}
        page = _continued(ana, page, open_still)
    # It stands beside "not sure" about diabetes, which is filled in: its empty box is no answer.
    assert "infection-current" in open_still
    assert "unknown-lump" not in open_still
    page.submit("Agree and continue", {"agree": True}).submit("Send my request")

    first, second = sorted(ana.rows(Intake), key=lambda one: one.sent_at)
    assert second.answers["diabetes"] == "not_sure"
    assert second.answers["medicines"] == ["Lisinopril 10 mg"]
    assert second.answers["_confirmed"]["diabetes"] == "2027-04-22"
    assert "_last" not in second.answers
    assert not anew & set(second.answers["_confirmed"])
    assert "_confirmed" not in first.answers


def _continued(ana: Walker, page: Page, open_still: set[str]) -> Page:
    """Go on with one tap; where something is asked anew, note it and answer it mildly."""
    went = page.submit("Save and continue")
    if went.status != 422:
        return went
    again = {name for name in went.errors if name}
    open_still |= again
    mild = {key: _healthy(page).get(key, "no") for key in again}
    return went.submit("Save and continue", mild)


def _healthy(page: Page) -> dict[str, Any]:

    return dict(HEALTHY[page.path.rpartition("/")[2]])


def test_nothing_is_shown_without_the_code_nor_to_another_person_of_the_same_address(
    ana: Walker,
) -> None:
    other = ana.elsewhere()
    page = ana.begins(**BORN).submit("Save and continue", {"wanted_regions": ["neck"]})
    assert FILLED not in page.text
    wrong = ana.get("/request/last-time/").submit("Mail me a code")
    assert wrong.submit("Fill in my last answers", code="000000").status == 422
    me = Actor(ActorKind.PATIENT, request_id=ana.request().id)
    with ana.app.app_context(), pytest.raises(NotProved):
        returning.bring(me, datetime.now(UTC), ana.request().id)

    page = brings(other, other.begins(**{**BORN, "name": "Ben Example"}))

    assert "We found no earlier answers" in page.text
    page = page.submit("Save and continue", {"wanted_regions": ["neck"]})
    assert FILLED not in page.text


def test_whoever_changes_the_name_or_the_address_afterwards_sees_nothing_of_it(
    ana: Walker,
) -> None:
    page = brings(ana, ana.begins(**BORN))
    page = ana.save(page, {"wanted_regions": ["neck"]})
    page = ana.get("/request/").submit("Save and continue", {"name": "Ben Example"})
    assert "filled in on the next pages" not in page.text

    page = ana.get("/request/history/medicines")

    assert FILLED not in page.text
    assert "Lisinopril" not in page.text
