"""Many want one time, each in a browser, on four workers: one gets it, nobody sees a fault."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier
from typing import TypeVar
from uuid import UUID

import pytest
from sqlalchemy import select
from werkzeug.test import Client

from clinic.access import Actor, ActorKind, Role
from clinic.extensions import db
from clinic.models import Appointment, Letter, Offer, Request, SlotAtom
from clinic.services import tokens
from clinic.services.transaction import Work, writes
from tests.storm.submits import cookie
from tests.support import open_clinic
from tests.support.open_clinic import OpenClinic
from tests.support.page import Form, Page
from tests.support.scene import Scene, all_of, stored
from tests.support.signing_in import hire, sign_in

RACERS, DESKS = 50, 5
TAKEN = "That time is taken"
T = TypeVar("T")


@pytest.fixture(scope="module")
def clinic() -> Iterator[OpenClinic]:
    with open_clinic.running("postgresql", workers=4) as running:
        yield running


def at_once(*acts: Callable[[], T]) -> list[T]:
    """Do everything in the same instant."""
    start = Barrier(len(acts))

    def run(act: Callable[[], T]) -> T:
        start.wait(timeout=60)
        return act()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def windows(clinic: OpenClinic, number: int) -> list[Client]:
    """Sign in several people at the desk, each with several windows of one session."""
    opened = []
    for n in range(DESKS):
        person = hire(clinic.app, Role.FRONT_DESK, email=f"desk{n}@example.com", name=f"Desk {n}")
        client = clinic.client()
        assert sign_in(client, person).heading == "Requests"
        held = client.get_cookie("staff")
        assert held is not None
        for _ in range(number // DESKS):
            window = clinic.client()
            window.set_cookie("staff", held.value)
            opened.append(window)
    return opened


def test_of_fifty_at_the_desk_one_gets_the_slot_and_the_others_a_friendly_page(
    clinic: OpenClinic,
) -> None:
    with clinic.app.app_context():
        scene = Scene(datetime.now(UTC))
        references = [
            stored(Request, scene.request(cleared=True, location_id=clinic.place_id)).reference
            for _ in range(RACERS)
        ]
    theo = clinic.staff["therapist"].id
    where = {"therapist": str(theo), "location": str(clinic.place_id), "kind": "needling"}

    def fill(window: Client, reference: str) -> Form:
        page = Page.get(window, f"/staff/requests/{reference}/offer", query_string=where)
        times = page.soup.find_all("input", {"name": "starts"})
        form = page.form("Hold and offer this time")
        return form.fill({"starts": str(times[-1]["value"])})

    with ThreadPoolExecutor(8) as pool:
        forms = list(pool.map(fill, windows(clinic, RACERS), references))
    assert len({dict(form.data)["starts"] for form in forms}) == 1

    pages = at_once(*(lambda form=form: form.submit() for form in forms))  # type: ignore[misc]  # binds the loop's value

    assert Counter(page.status for page in pages) == {200: 1, 409: RACERS - 1}
    losers = [page for page in pages if page.status == 409]
    assert {page.heading for page in losers} == {TAKEN}
    with clinic.app.app_context():
        assert len(all_of(Offer)) == len(all_of(Appointment)) == 1
        assert len(all_of(SlotAtom)) == 9
        assert len(all_of(Letter, kind="offer")) == 1


def test_however_often_accept_is_pressed_there_is_one_visit_and_one_letter(
    clinic: OpenClinic,
) -> None:
    with clinic.app.app_context():
        offer = db.session.scalars(select(Offer)).one()
        request = db.session.get_one(Request, offer.request_id)
        browser = "one-browser-of-the-patient"
        grant_status(clinic, request.id, browser)
    presses = []
    for _ in range(20):
        client = clinic.client()
        client.set_cookie("visit", cookie(clinic, browser))
        presses.append(Page.get(client, "/status/").form("Accept this time"))

    pages = at_once(*(lambda form=form: form.submit() for form in presses))  # type: ignore[misc]  # binds the loop's value

    assert all(page.status in (200, 409) for page in pages)
    assert any(re.search("Your appointment is confirmed", page.text) for page in pages)
    with clinic.app.app_context():
        assert [visit.state for visit in all_of(Appointment)] == ["confirmed"]
        assert len(all_of(Letter, kind="appointment_confirmed")) == 1


def grant_status(clinic: OpenClinic, request_id: UUID, browser: str) -> None:
    """Open the status page in a browser, as an accepted code does."""
    _open_status(
        Actor(ActorKind.PATIENT, request_id=request_id),
        datetime.now(UTC),
        request_id,
        browser=browser,
    )


@writes
def _open_status(work: Work, request_id: UUID, *, browser: str) -> None:
    tokens.grant(work, request_id, "status_browser", browser)
