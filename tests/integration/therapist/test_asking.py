"""Single questions asked again: the answer is a new version, screened, back with who asked."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from clinic.access import SYSTEM, NotThere, Refused
from clinic.models import AuditEntry, Draft, Intake, Letter, Request, ScreeningRecord
from clinic.queries import asking as shown
from clinic.queries import queue
from clinic.screening import outcome
from clinic.services import asking, confirming, review, triage
from clinic.services.asking import NotAsked
from clinic.services.drafting import Given
from clinic.services.idempotency import OtherBody
from clinic.services.review import CannotDecide
from clinic.services.transaction import ChangedUnderneath
from tests.integration.therapist.conftest import Practice
from tests.support.patients import Patient, newest_intake
from tests.support.scene import all_of, person, stored, version_of

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def sent(practice: Practice, patient: Patient, *, proved: bool = True) -> UUID:
    """A request in the queue, by default with an address that was proved."""
    request_id = patient.asks(practice.now)
    if proved:
        triage.confirm_address(
            practice.dana, practice.now, request_id, seen=version_of(request_id), take_over=True
        )
    return request_id


def asks(practice: Practice, request_id: UUID, *asked: str, **values: Any) -> UUID:
    """Theo asks some questions again."""
    return practice.decides(request_id, "ask for more", question="", asked=asked, **values)


def answers(
    practice: Practice, patient: Patient, review_id: UUID, key: str | None = None, **given: Any
) -> str:
    """The patient answers on the page."""
    return asking.answer(
        patient.actor,
        practice.later(minutes=1),
        patient.request_id or uuid4(),
        review_id=review_id,
        given=Given({name.replace("_", "-"): value for name, value in given.items()}),
        key=key or uuid4().hex,
        language="en",
        browser=patient.browser,
    )


def findings(request_id: UUID) -> dict[str, str]:
    """Say what the newest screening found."""
    (record,) = all_of(ScreeningRecord, intake_id=newest_intake(request_id).id)
    return {one.id: one.level.value for one in outcome.from_json(record.result).findings}


def test_the_answer_is_a_new_version_and_goes_back_to_who_asked(practice: Practice) -> None:
    patient = Patient(answers={"diabetes": "not_sure", "metal-allergy": "no"})
    request_id = sent(practice, patient)
    before = newest_intake(request_id).answers
    triage.claim(
        practice.dana, practice.now, request_id, seen=version_of(request_id), take_over=True
    )
    review_id = asks(practice, request_id, "diabetes")
    waiting = stored(Request, request_id)
    assert (waiting.desk_state, waiting.clinical_state) == ("waiting", "more_information")
    assert queue.action_of(practice.dana, request_id) == "answer"

    assert answers(practice, patient, review_id, diabetes="no") == asking.SENT

    intake, request = newest_intake(request_id), stored(Request, request_id)
    assert intake.number == 2
    assert intake.complete
    changed = {
        key for key in {*before, *intake.answers} if before.get(key) != intake.answers.get(key)
    }
    assert changed == {"diabetes", "_asked"}
    assert (request.desk_state, request.clinical_state) == ("in_contact", "needs_review")
    assert request.claimed_by_id == person(practice.theo)
    entries = "".join(one.detail for one in all_of(AuditEntry))
    assert "diabetes" not in entries


@pytest.mark.proves("CON-4")
def test_a_milder_answer_to_what_held_the_request_stays_a_finding(practice: Practice) -> None:
    patient = Patient(answers={"needle-phobia": "not_sure"})
    request_id = sent(practice, patient)
    review_id = asks(practice, request_id, "needle-phobia")

    answers(practice, patient, review_id, needle_phobia="fine")

    assert findings(request_id) == {"needle-phobia.changed": "relative"}


def test_an_urgent_answer_stops_at_once_and_alerts(practice: Practice) -> None:
    patient = Patient()
    request_id = sent(practice, patient)
    review_id = asks(practice, request_id, "rf-chest-breath", "diabetes")

    key = uuid4().hex
    for _twice in range(2):
        assert answers(practice, patient, review_id, key, rf_chest_breath="yes", diabetes="no") == (
            asking.STOP
        )

    request = stored(Request, request_id)
    assert (request.urgent_open, request.level) == (True, "urgent")
    assert len(all_of(Letter, kind="urgent_alert")) == 1
    (draft,) = all_of(Draft, request_id=request_id)
    assert draft.answers["_stop"]["page"].startswith("history/")
    patient.takes_it_back(practice.later(minutes=1))
    patient.answers_page(practice.now, "red-flags")
    patient.sends(practice.later(minutes=1))
    assert findings(request_id)["rf-chest-breath.changed"] == "absolute"


def test_while_an_urgent_flag_is_open_a_call_comes_first(practice: Practice) -> None:
    patient = Patient(answers={"rf-chest-breath": "yes"})
    request_id = sent(practice, patient)
    review_id = asks(practice, request_id, "diabetes")

    assert shown.for_staff(practice.theo, patient.reference, now=practice.now) is None
    with pytest.raises(NotAsked):
        answers(practice, patient, review_id, diabetes="no")


def test_nothing_else_can_be_changed_and_nobody_else_can_answer(practice: Practice) -> None:
    patient, other = Patient(), Patient(name="Ned Nobody", phone="(555) 555-0177", email=None)
    request_id = sent(practice, patient)
    sent(practice, other, proved=False)
    review_id = asks(practice, request_id, "diabetes")

    with pytest.raises(NotThere):
        answers(practice, patient, review_id, diabetes="no", pregnancy="no")
    stranger = Patient(request_id=request_id)
    stranger.request_id = other.request_id
    with pytest.raises((NotThere, NotAsked)):
        answers(practice, stranger, review_id, diabetes="no")
    with pytest.raises(ChangedUnderneath):
        answers(practice, patient, uuid4(), diabetes="no")
    assert len(all_of(Intake, request_id=request_id)) == 1


def test_answering_twice_is_once_and_other_words_under_the_same_key_are_refused(
    practice: Practice,
) -> None:
    patient = Patient()
    request_id = sent(practice, patient)
    review_id, key = asks(practice, request_id, "diabetes"), uuid4().hex

    for _twice in range(2):
        answers(practice, patient, review_id, key, diabetes="no")

    assert len(all_of(Intake, request_id=request_id)) == 2
    with pytest.raises(OtherBody):
        answers(practice, patient, review_id, key, diabetes="yes")
    with pytest.raises(NotAsked):
        answers(practice, patient, review_id, diabetes="yes")


def test_an_answer_after_the_decision_or_after_the_question_was_taken_back_changes_nothing(
    practice: Practice,
) -> None:
    patient = Patient()
    request_id = sent(practice, patient)
    first = asks(practice, request_id, "diabetes")
    asking.take_back(
        practice.tess, practice.now, request_id, review_id=first, seen=version_of(request_id)
    )
    request = stored(Request, request_id)
    assert (request.clinical_state, request.desk_state) == ("needs_review", "in_contact")
    with pytest.raises(NotAsked):
        answers(practice, patient, first, diabetes="no")

    practice.later(minutes=1)
    second = asks(practice, request_id, "metal-allergy")
    with pytest.raises(ChangedUnderneath):
        answers(practice, patient, first, diabetes="no")
    practice.later(minutes=1)
    practice.decides(request_id, "refer")
    with pytest.raises(NotAsked):
        answers(practice, patient, second, metal_allergy="no")
    with pytest.raises(Refused):
        asking.take_back(practice.dana, practice.now, request_id, review_id=second, seen=1)


def test_of_two_who_ask_at_once_one_is_told(practice: Practice) -> None:
    request_id = sent(practice, Patient())
    seen = version_of(request_id)
    asks(practice, request_id, "diabetes")

    with pytest.raises(ChangedUnderneath):
        review.decide(
            practice.tess,
            practice.now,
            request_id,
            signed=practice.signed(request_id, "ask for more", asked=("metal-allergy",)),
            seen=seen,
            key="late",
        )


def test_what_cannot_be_asked_is_refused(practice: Practice) -> None:
    request_id = sent(practice, Patient())
    today = practice.now.date()
    unfit: list[tuple[dict[str, Any], str]] = [
        ({"asked": ("no-such-question",)}, "questions_unknown"),
        ({"asked": ("lung-disease.which",)}, "questions_unknown"),
        ({"asked": ("diabetes",), "question": "Is it your diabetes?"}, "note_telling"),
        ({"asked": ("diabetes",), "answer_by": today}, "answer_by_unfit"),
        ({"asked": ("diabetes",), "answer_by": today + timedelta(days=91)}, "answer_by_unfit"),
    ]

    for values, problem in unfit:
        with pytest.raises(CannotDecide, match=problem):
            practice.decides(request_id, "ask for more", **{"question": "", **values})


def test_it_comes_back_by_itself_once_and_a_reminder_goes_out_before(practice: Practice) -> None:
    patient = Patient()
    request_id = sent(practice, patient)
    asks(practice, request_id, "diabetes")

    counts = []
    for _day in range(9):
        practice.later(days=1)
        counts.append(
            (asking.remind(SYSTEM, practice.now), asking.bring_back(SYSTEM, practice.now))
        )

    assert counts == [(0, 0)] * 4 + [(1, 0), (0, 0), (0, 1), (0, 0), (0, 0)]
    letters = all_of(Letter, kind="more_information", request_id=request_id)
    assert len(letters) == 2
    request = stored(Request, request_id)
    assert (request.clinical_state, request.desk_state) == ("needs_review", "in_contact")
    assert request.back_since is not None
    assert request.claimed_by_id == person(practice.theo)


def test_without_an_address_the_desk_calls_and_the_therapist_writes_the_answers_down(
    practice: Practice,
) -> None:
    patient = Patient(email=None)
    request_id = sent(practice, patient, proved=False)
    review_id = asks(practice, request_id, "diabetes")
    assert queue.action_of(practice.dana, request_id) == "ask"
    assert shown.for_patient(patient.actor, practice.now, "en") is None

    def by_phone(who: Any) -> None:
        asking.answer_by_phone(
            who, practice.later(minutes=1), request_id, review_id=review_id,
            given=Given({"diabetes": "no"}), key="the call",
        )  # fmt: skip

    with pytest.raises(Refused):
        by_phone(practice.dana)
    by_phone(practice.theo)
    by_phone(practice.theo)

    intake = newest_intake(request_id)
    assert (intake.number, intake.answers["_asked"]["how"]) == (2, "phone")
    assert stored(Request, request_id).claimed_by_id == person(practice.theo)


def test_an_open_draft_takes_the_new_answer_over_so_that_sending_it_takes_none_back(
    practice: Practice,
) -> None:
    patient = Patient(answers={"diabetes": "not_sure"})
    request_id = sent(practice, patient)
    confirming.something_changed(
        patient.actor, practice.now, request_id, language="en", browser=patient.browser
    )
    review_id = asks(practice, request_id, "diabetes")

    answers(practice, patient, review_id, diabetes="no")

    (draft,) = all_of(Draft, request_id=request_id)
    assert draft.answers["diabetes"] == "no"
