"""What changed since an earlier version: for therapists, on a page of its own and in a line."""

from typing import Any
from uuid import uuid4

import pytest

from clinic.access import Actor
from clinic.models import AuditEntry
from clinic.services import confirming, triage
from tests.support.page import Page
from tests.support.patients import Patient
from tests.support.scene import all_of, version_of
from tests.web.therapist.conftest import Room

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
ELIQUIS = {"anticoagulant": "yes", "medicines": ["Eliquis 5 mg", "Lisinopril"]}


def answers_again(room: Room, patient: Patient, **answers: Any) -> None:
    """The same patient opens the history, changes it, and sends it again."""

    def again() -> None:
        request_id = patient.request_id or uuid4()
        triage.confirm_address(
            room.cast["dana"], room.now, request_id, seen=version_of(request_id), take_over=True
        )
        confirming.something_changed(
            patient.actor, room.now, request_id, language="en", browser=patient.browser
        )
        patient.answers = answers
        patient.fills_in(room.now)
        patient.sends(room.now)

    room.behind(again)


def test_a_first_version_has_nothing_to_be_compared_with(room: Room) -> None:
    patient = room.asks()

    page = Page.get(room.client, room.address(patient, "/changes"))

    assert "There is one version only" in page.text
    assert not room.open(patient).has_link("See what changed")


def test_new_and_gone_findings_come_first_and_the_rest_is_folded_away(room: Room) -> None:
    low = {"blood-pressure": "not_sure"}
    patient = room.asks(answers={"diabetes": "not_sure", "medicines": ["Lisinopril"], **low})
    answers_again(room, patient, **ELIQUIS, **{"blood-pressure": "yes"})

    summary = room.open(patient)
    page = summary.follow("See what changed")

    assert "Since version 1" in summary.text
    pressure = "High blood pressure, not under control"
    assert f"Different {pressure} Take care now Review first" in summary.text
    assert "Blood thinner" in page.text.split("Medicines as typed")[0]
    assert "New Eliquis 5 mg" in page.text
    changed, folded = page.text.split("answers as before", 1)
    assert "Do you take a blood thinner (a medicine to stop clots)? Yes Before: No" in changed
    assert "Have you been told you have a collapsed lung" not in changed
    assert len(folded) > len(changed) / 4
    assert page.soup.select("details.disclosure:not([open])")


def test_the_page_is_written_down_and_the_desk_and_other_patients_never_get_it(room: Room) -> None:
    patient = room.asks()
    address = room.address(patient, "/changes")
    before = len(room.behind(all_of, AuditEntry, act="history.opened"))

    assert Page.get(room.client, address).status == 200
    assert len(room.behind(all_of, AuditEntry, act="history.opened")) == before + 1
    for who in ("dana", "ada"):
        room.actor = _sits(room, who)
        assert room.client.get(address).status_code == 403
    room.actor = _sits(room, "theo")
    assert room.client.get(f"{address}?with=7").status_code == 404
    room.client.get(address)
    timeline = Page.get(room.client, address.replace("review", "requests").removesuffix("/changes"))
    assert timeline.text.count("The history was read") == 1
    assert "3 times" in timeline.text


def _sits(room: Room, who: str) -> Actor:
    return room.cast[who]
