"""A date passes: the stored answers are screened anew, and the request is back with who had it."""

from datetime import date, timedelta
from uuid import UUID

import pytest

from clinic.access import SYSTEM
from clinic.models import Request, ScreeningRecord
from clinic.queries import queue, requests
from clinic.queries.queue import Wish
from clinic.screening import outcome
from clinic.services import clearances, lapsing
from tests.integration.therapist.conftest import Practice, clearances_of
from tests.support.patients import Patient
from tests.support.scene import all_of, person, stored

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
SURGERY = {
    "surgery-recent": "yes",
    "surgery-recent.date": "2026-11-10",
    "surgery-recent.kind": "other",
    "surgery-recent.regions": ["shoulder-left"],
}


def records(request_id: UUID) -> list[ScreeningRecord]:
    """Every screening of a request, the first one first."""
    return sorted(all_of(ScreeningRecord, request_id=request_id), key=lambda one: one.made_at)


def on_the_day(practice: Practice, day: date) -> int:
    """Let the clock come to a day, and the worker by."""
    practice.later(days=(day - practice.now.date()).days)
    return lapsing.screen_due(SYSTEM, practice.now)


def test_a_request_in_review_is_screened_as_of_that_day_and_the_queue_says_why(
    practice: Practice,
) -> None:
    request_id = Patient(answers=SURGERY).asks(practice.now)
    (first,) = records(request_id)
    assert first.lapses_on is not None
    shown = requests.page(practice.dana, stored(Request, request_id).reference)
    assert shown.not_before is not None
    assert shown.not_before >= first.lapses_on

    early = on_the_day(practice, first.lapses_on - timedelta(days=1))
    done = on_the_day(practice, first.lapses_on)
    again = lapsing.screen_due(SYSTEM, practice.later(minutes=5))

    assert (early, done, again) == (0, 1, 0)
    _first, second = records(request_id)
    assert (second.as_of, second.intake_id) == (first.lapses_on, first.intake_id)
    before, after = outcome.from_json(first.result), outcome.from_json(second.result)
    assert after.findings != before.findings
    assert stored(Request, request_id).level == after.level.value
    (row,) = queue.page(practice.dana, Wish(folder="back")).rows
    assert (row.back_why, row.action) == ("date passed", "review")
    told = requests.page(practice.dana, stored(Request, request_id).reference).events
    assert ("read", "date passed") in {(one.kind, one.code) for one in told}


def test_it_goes_back_to_the_therapist_who_had_it_on_the_day_that_one_has_set(
    practice: Practice,
) -> None:
    request_id = Patient(answers=SURGERY).asks(practice.now)
    lapse = records(request_id)[0].lapses_on
    assert lapse is not None
    later = lapse + timedelta(days=7)
    practice.decides(request_id, "delay", not_before=later)

    assert on_the_day(practice, lapse) == 1
    waiting = stored(Request, request_id)
    assert (waiting.clinical_state, waiting.not_before) == ("delayed", later)
    practice.later(days=7)
    clearances.wake_delayed(SYSTEM, practice.now)

    request = stored(Request, request_id)
    assert request.clinical_state == "needs_review"
    assert request.claimed_by_id == person(practice.theo)
    practice.later(minutes=1)
    practice.decides(request_id, "refer")
    assert stored(Request, request_id).back_since is None


def test_a_milder_result_leaves_a_therapists_clearance_alone(practice: Practice) -> None:
    request_id = Patient(answers=SURGERY).asks(practice.now)
    practice.decides(request_id, "clear", **practice.overriding)
    lapse = records(request_id)[0].lapses_on
    assert lapse is not None

    assert on_the_day(practice, lapse) == 1

    assert [one.ended_by for one in clearances_of(request_id)] == [None]
    request = stored(Request, request_id)
    assert (request.clinical_state, request.back_since) == ("cleared", None)
