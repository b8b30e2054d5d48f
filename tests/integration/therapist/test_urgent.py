"""An urgent flag is closed by a clinician alone: after a call that reached, or with a note."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from clinic.models import Note, Request
from clinic.services import review, triage
from clinic.services.review import CannotDecide
from clinic.services.transaction import ChangedUnderneath
from tests.integration.therapist.conftest import Practice
from tests.support.patients import Patient
from tests.support.scene import all_of, stored, version_of

URGENT = {"rf-chest-breath": "yes"}


def calls(practice: Practice, request_id: UUID, outcome: str) -> None:
    triage.attempt(
        practice.dana,
        practice.later(minutes=5),
        request_id,
        outcome=outcome,
        number="+15555550142",
        seen=version_of(request_id),
        key=uuid4().hex,
    )


def close(practice: Practice, request_id: UUID, note: str = "") -> None:
    seen = version_of(request_id)
    review.close_urgent(practice.theo, practice.now, request_id, note=note, seen=seen)


def test_a_call_of_any_of_the_staff_that_reached_the_patient_lets_a_clinician_close_it(
    practice: Practice,
) -> None:
    request_id = Patient(answers=URGENT).asks(practice.now)
    assert stored(Request, request_id).urgent_open
    calls(practice, request_id, "reached")

    close(practice, request_id)

    request = stored(Request, request_id)
    assert (request.urgent_open, request.call_today) == (False, None)
    assert request.clinical_state == "needs_review"
    with pytest.raises(CannotDecide, match="not_urgent"):
        close(practice, request_id)


def test_voicemail_is_not_contact(practice: Practice) -> None:
    request_id = Patient(answers=URGENT).asks(practice.now)
    for outcome in ("voicemail", "no_answer", "wrong_number"):
        calls(practice, request_id, outcome)

    with pytest.raises(CannotDecide, match="call_or_note_missing"):
        close(practice, request_id)

    assert stored(Request, request_id).urgent_open


def test_a_call_from_before_the_flag_does_not_count(practice: Practice) -> None:
    # Called about the first urgent answer; then the patient gives another one.
    patient = Patient(answers=URGENT)
    request_id = patient.asks(practice.now)
    calls(practice, request_id, "reached")
    close(practice, request_id)
    patient.answers = {"rf-fever-infection": "yes", "rf-fever-infection.temperature": 103}
    patient.takes_it_back(practice.later(minutes=10))
    patient.fills_in(practice.now)
    assert stored(Request, request_id).urgent_open

    with pytest.raises(CannotDecide, match="call_or_note_missing"):
        close(practice, request_id)

    calls(practice, request_id, "reached")
    close(practice, request_id)


def test_a_note_says_why_nobody_was_reached(practice: Practice) -> None:
    request_id = Patient(answers=URGENT).asks(practice.now)

    with pytest.raises(CannotDecide, match="call_or_note_missing"):
        close(practice, request_id, note="  none   ")
    close(practice, request_id, note="In the emergency room since noon, says the spouse.")

    (note,) = all_of(Note)
    assert (note.kind, note.by_id) == ("clinical", practice.theo.id)
    assert note.body.startswith("In the emergency room")
    assert not stored(Request, request_id).urgent_open


def test_an_older_page_closes_nothing(practice: Practice) -> None:
    request_id = Patient(answers=URGENT).asks(practice.now)
    seen = version_of(request_id)
    calls(practice, request_id, "reached")

    with pytest.raises(ChangedUnderneath):
        review.close_urgent(
            practice.theo, practice.now + timedelta(minutes=1), request_id, note="", seen=seen
        )

    assert stored(Request, request_id).urgent_open
