"""Many want one time, each in a browser, on four workers: one gets it, nobody sees a fault."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlalchemy import select

from clinic.access import Actor, ActorKind
from clinic.extensions import db
from clinic.models import Appointment, Letter, Offer
from clinic.services import tokens
from clinic.services.transaction import Work, writes
from tests.storm import racers
from tests.storm.submits import cookie
from tests.support import open_clinic
from tests.support.open_clinic import OpenClinic
from tests.support.page import Page
from tests.support.scene import all_of

PRESSES = 20


@pytest.fixture(scope="module")
def clinic() -> Iterator[OpenClinic]:
    with open_clinic.running("postgresql", workers=4) as running:
        yield running


@pytest.mark.proves("CON-1")
def test_of_fifty_at_the_desk_one_gets_the_slot_and_the_others_a_friendly_page(
    clinic: OpenClinic,
) -> None:
    opened = racers.windows(clinic)

    pages = racers.race_for_the_last_slot(clinic, opened)

    assert racers.faults(clinic, pages) == []
    losers = [page for page in pages if page.status == 409]
    assert all("Choose another one" in page.text for page in losers)


def test_however_often_accept_is_pressed_there_is_one_visit_and_one_letter(
    clinic: OpenClinic,
) -> None:
    with clinic.app.app_context():
        request_id = db.session.scalars(select(Offer.request_id)).one()
        patient = Actor(ActorKind.PATIENT, request_id=request_id)
        open_status_page(patient, datetime.now(UTC), request_id, browser="her-browser")
    forms = []
    for _ in range(PRESSES):
        client = clinic.client()
        client.set_cookie("visit", cookie(clinic, "her-browser"))
        forms.append(Page.get(client, "/status/").form("Accept this time"))

    pages: list[Page] = racers.at_once(*(form.submit for form in forms))

    assert {page.status for page in pages} <= {200, 409}
    assert any(re.search("Your appointment is confirmed", page.text) for page in pages)
    with clinic.app.app_context():
        assert [visit.state for visit in all_of(Appointment)] == ["confirmed"]
        assert len(all_of(Letter, kind="appointment_confirmed")) == 1


@writes
def open_status_page(work: Work, request_id: UUID, *, browser: str) -> None:
    """Open the status page in a browser, as an accepted code does."""
    tokens.grant(work, request_id, "status_browser", browser)
