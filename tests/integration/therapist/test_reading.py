"""Opening a history is written down first, and what is written down says nothing clinical."""

import json
from typing import Any
from uuid import uuid4

import pytest

from clinic.access import NotThere, Refused
from clinic.extensions import db
from clinic.models import AuditEntry, Request, ScreeningRecord
from clinic.queries import histories
from clinic.screening import outcome, rules
from clinic.services import audit, reading, review
from clinic.services.reading import NotWrittenDown
from tests.integration.therapist.conftest import REASON, WHY, Practice
from tests.support.deaf_trail import deaf_trail
from tests.support.patients import Patient
from tests.support.scene import all_of, stored, version_of


@pytest.mark.proves("AUD-2")
def test_the_trail_says_who_opened_whose_history_when_and_which_parts(practice: Practice) -> None:
    request_id = Patient().asks(practice.now)

    for _ in range(3):
        reading.open_history(practice.theo, practice.later(minutes=1), request_id)

    entries = all_of(AuditEntry, act="history.opened")
    assert {(entry.actor_id, entry.subject_id) for entry in entries} == {
        (practice.theo.id, request_id)
    }
    assert len(entries) == 3
    assert max(entry.at for entry in entries) == practice.now
    assert json.loads(entries[0].detail) == {"sections": list(reading.SECTIONS)}


def test_what_cannot_be_written_down_stays_closed(practice: Practice) -> None:
    request_id = Patient().asks(practice.now)

    with deaf_trail(), pytest.raises(NotWrittenDown):
        reading.open_history(practice.theo, practice.now, request_id)

    reading.open_history(practice.theo, practice.now, request_id)


def test_only_therapists_open_histories_and_nobody_opens_a_draft(practice: Practice) -> None:
    patient = Patient()
    request_id = patient.asks(practice.now)
    draft = Patient(name="Ned Nobody", phone="(555) 555-0177", email=None)
    draft.begins(practice.now)

    for somebody in (practice.dana, practice.ada, patient.actor):
        with pytest.raises(Refused):
            reading.open_history(somebody, practice.now, request_id)
        with pytest.raises(Refused):
            histories.newest(somebody, patient.reference, now=practice.now)
    with pytest.raises(NotThere):
        reading.open_history(practice.theo, practice.now, draft.request_id or uuid4())
    with pytest.raises(NotThere):
        histories.newest(practice.theo, draft.reference, now=practice.now)
    with pytest.raises(NotThere):
        histories.request_id_of(practice.theo, draft.reference)


@pytest.mark.proves("AUD-4")
def test_nothing_clinical_gets_into_the_trail(practice: Practice) -> None:
    patient = Patient(
        name="Quetzal Example",
        hopes="Canary hopes",
        answers={
            "medicines": ["canaryzine 7 mg", "warfarin"],
            "diabetes": "yes",
            "diabetes.a1c": 9.7,
            "metal-allergy": "yes",
            "pregnancy": "not_sure",
            "lymph-node-removal.when": "Canary spring",
        },
    )
    request_id = patient.asks(practice.now)
    reading.open_history(practice.theo, practice.now, request_id)
    limits: dict[str, Any] = {"technique": ("few_needles",), "note": "Canary note"}
    given = {**practice.overriding, **limits}
    practice.decides(request_id, "clear with limits", **given)
    review.withdraw(
        practice.theo, practice.now, request_id, reason=WHY, seen=version_of(request_id)
    )
    practice.decides(request_id, "refer", reason="Canary referral, " + REASON)

    trail = [
        f"{entry.act} {entry.subject_kind} {entry.detail} {entry.trace}".lower()
        for entry in all_of(AuditEntry)
    ]

    (record,) = all_of(ScreeningRecord)
    found = outcome.from_json(record.result).findings
    assert len(found) > 3
    typed = ["canary", "warfarin", "9.7", "quetzal", "rosa.example", "5550142", "1980-04-02"]
    typed += ["shoulder", "few_needles", "asked_again", REASON.lower()]
    typed += [finding.id for finding in found] + list(rules.shipped_rules().items)
    hits = {(word, line) for word in typed for line in trail if word in line.replace("_", "-")}
    hits |= {(word, line) for word in typed for line in trail if word in line}
    assert hits == set()
    assert audit.verify(db.session()) is None
    assert stored(Request, request_id).clinical_state == "referred"
