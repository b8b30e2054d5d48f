"""No trying again until clean: what was answered before stays on record and is a finding."""

from datetime import timedelta

import pytest

from clinic.access import SYSTEM
from clinic.models import Intake, Request, ScreeningRecord
from clinic.screening import outcome
from clinic.screening.levels import Level
from clinic.services import clearances, review
from clinic.services.needling import NotCleared
from tests.integration.therapist.conftest import Practice
from tests.support.patients import Patient
from tests.support.scene import all_of, stored, version_of

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
GRAVE = {"needle-phobia": "not_sure"}  # held for a therapist: relative
URGENT = {"rf-chest-breath": "yes"}
SAME_PERSON = [
    ("phone", "name", "email"),  # the phone number is the same, the others are not
    ("email", "name", "phone"),
    ("name", "phone", "email"),  # the name and the birth date
]


def found(patient: Patient) -> dict[str, Level]:
    """Say what the newest screening of a patient's request found, by id."""
    (record,) = all_of(ScreeningRecord, intake_id=newest(patient).id)
    return {one.id: one.level for one in outcome.from_json(record.result).findings}


def newest(patient: Patient) -> Intake:
    intakes = all_of(Intake, request_id=patient.request_id)
    return max(intakes, key=lambda one: one.number)  # type: ignore[no-any-return]  # rows of any table


def person(number: int) -> dict[str, str]:
    return {
        "name": f"Rosa Example{number}",
        "phone": f"(555) 555-01{20 + number}",
        "email": f"rosa{number}@example.com",
    }


def test_a_milder_answer_in_another_request_of_the_same_person_is_a_finding(
    practice: Practice,
) -> None:
    for number, (same, *others) in enumerate(SAME_PERSON):
        first, other = person(number), person(40 + number)
        Patient(answers=GRAVE, **first).asks(practice.now)  # type: ignore[arg-type]  # its fields

        again = Patient(**{**other, same: first[same]})  # type: ignore[arg-type]  # its fields
        again.asks(practice.now + timedelta(days=200))

        assert found(again) == {"needle-phobia.changed": Level.RELATIVE}, same
        assert stored(Request, again.request_id).clinical_state == "needs_review"
        assert {first[one] for one in others}.isdisjoint(other.values())


def test_a_name_counts_however_it_is_typed(practice: Practice) -> None:
    Patient(answers=GRAVE).asks(practice.now)

    again = Patient(name="  ROSA   example ", phone="(555) 555-0143", email=None)
    again.asks(practice.later(days=1))

    assert set(found(again)) == {"needle-phobia.changed"}


def test_a_milder_answer_than_an_urgent_one_is_absolute_there_too(practice: Practice) -> None:
    Patient(answers=URGENT).asks(practice.now)

    again = Patient()
    again.asks(practice.later(days=1))

    assert found(again)["rf-chest-breath.changed"] is Level.ABSOLUTE


def test_neither_another_person_nor_an_old_or_a_graver_answer_is_held_against_anybody(
    practice: Practice,
) -> None:
    stranger = {"name": "Ned Nobody", "phone": "(555) 555-0177", "email": "ned@example.com"}
    Patient(answers=GRAVE).asks(practice.now)

    other = Patient(**stranger)  # type: ignore[arg-type]  # as above
    other.asks(practice.later(days=1))
    graver = Patient(answers=GRAVE)
    graver.asks(practice.later(days=1))
    practice.later(days=366)
    year_later = Patient()
    year_later.asks(practice.later(days=1))

    assert found(other) == found(year_later) == {}
    assert set(found(graver)) == {"needle-phobia"}


def test_the_twelfth_month_still_counts(practice: Practice) -> None:
    Patient(answers=GRAVE).asks(practice.now)

    again = Patient()
    again.asks(practice.later(days=365))

    assert set(found(again)) == {"needle-phobia.changed"}


def test_an_urgent_answer_that_was_changed_is_absolute_however_often_it_is_changed(
    practice: Practice,
) -> None:
    patient = Patient(answers=URGENT)
    request_id = patient.asks(practice.now)

    patient.answers = {}
    patient.takes_it_back(practice.later(minutes=5))
    patient.fills_in(practice.now)
    patient.sends(practice.now)

    assert found(patient)["rf-chest-breath.changed"] is Level.ABSOLUTE
    assert [entry["answer"] for entry in newest(patient).trail or ()] == ["yes"]
    review.close_urgent(
        practice.theo,
        practice.later(minutes=5),
        request_id,
        note="Spoke with the patient on my own phone.",
        seen=version_of(request_id),
    )
    third = Patient()
    third.asks(practice.later(days=30))
    assert found(third)["rf-chest-breath.changed"] is Level.ABSOLUTE


def test_an_answer_withdrawn_before_anything_was_sent_or_stopped_is_no_finding(
    practice: Practice,
) -> None:
    # Nobody was held by it: it was corrected on the way, as a mistyped box is.
    patient = Patient(answers=GRAVE)
    patient.begins(practice.now)
    patient.fills_in(practice.now)
    patient.answers = {}
    patient.fills_in(practice.later(seconds=30))
    patient.sends(practice.now)

    assert found(patient) == {}


def test_a_graver_answer_in_a_newer_request_holds_the_older_one_until_it_is_decided_again(
    practice: Practice,
) -> None:
    request_id = Patient().asks(practice.now)
    practice.decides(request_id)
    Patient(answers=URGENT).asks(practice.later(days=1))

    with pytest.raises(NotCleared, match="result_differs"):
        practice.offers(request_id)

    practice.later(hours=1)
    practice.decides(request_id)
    assert practice.books(request_id) is not None


def test_a_visit_is_called_about_once_the_same_person_answers_graver_elsewhere(
    practice: Practice,
) -> None:
    request_id = Patient().asks(practice.now)
    practice.decides(request_id)
    practice.books(request_id)
    milder = Patient(name="Ned Nobody", phone="(555) 555-0177", email="ned@example.com")
    other_id = milder.asks(practice.now)
    practice.decides(other_id)
    Patient(answers=URGENT).asks(practice.later(days=1))

    ended = clearances.end_overtaken(SYSTEM, practice.later(minutes=1))
    again = clearances.end_overtaken(SYSTEM, practice.later(minutes=1))

    assert (ended, again) == (1, 0)
    request = stored(Request, request_id)
    assert (request.clinical_state, request.call_today) == ("needs_review", "clearance_ended")
    assert stored(Request, other_id).clinical_state == "cleared"

    practice.decides(request_id)
    assert clearances.end_overtaken(SYSTEM, practice.later(minutes=1)) == 0
