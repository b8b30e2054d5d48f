"""An answer at the moment at which the question ends: either it counts, or it is told that not."""

from functools import partial
from uuid import uuid4

import pytest
from flask import Flask

from clinic.models import Intake, Request
from clinic.services import asking, review
from clinic.services.drafting import Given
from tests.integration.desk.test_races import race
from tests.integration.therapist.conftest import Practice
from tests.integration.therapist.test_asking import asks, sent
from tests.support.patients import Patient
from tests.support.scene import all_of, stored, version_of


@pytest.mark.proves("CON-5")
def test_an_answer_a_second_tap_and_a_decision_at_once_leave_one_story(
    practice: Practice, in_app: Flask
) -> None:
    patient, key = Patient(), uuid4().hex
    request_id = sent(practice, patient)
    review_id = asks(practice, request_id, "diabetes")
    signed, seen = practice.signed(request_id, "refer"), version_of(request_id)
    practice.later(minutes=1)
    answer = partial(
        asking.answer,
        patient.actor,
        practice.now,
        request_id,
        review_id=review_id,
        given=Given({"diabetes": "no"}),
        key=key,
        language="en",
        browser=patient.browser,
    )
    decide = partial(
        review.decide, practice.tess, practice.now, request_id, signed=signed, seen=seen, key="t"
    )

    first, second, decided = race(in_app, answer, answer, decide)

    request, versions = stored(Request, request_id), len(all_of(Intake, request_id=request_id))
    if decided == "won":
        assert (request.clinical_state, versions) == ("referred", 1)
        assert {first, second} == {"NotAsked"}
    else:
        assert (request.clinical_state, versions) == ("needs_review", 2)
        assert decided == "ChangedUnderneath"
        assert "won" in (first, second)
