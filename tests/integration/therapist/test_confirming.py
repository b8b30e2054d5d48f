"""Answers that grow old are confirmed again; a change or a reply is a new version, screened."""

from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest

from clinic.access import ANYONE, SYSTEM, NotThere
from clinic.models import AuditEntry, Draft, Intake, Letter, Offer, Request
from clinic.queries import confirming as shown
from clinic.services import confirming, review, submission, triage
from clinic.services.needling import NotCleared
from clinic.services.transaction import ChangedUnderneath
from tests.integration.therapist.conftest import Practice, clearances_of
from tests.support.patients import Patient, newest_intake
from tests.support.scene import all_of, stored, version_of
from tests.web.keying.calling import Caller

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
HALF_A_YEAR = date(2027, 5, 24)


def proved(practice: Practice, request_id: UUID) -> None:
    triage.confirm_address(
        practice.dana, practice.now, request_id, seen=version_of(request_id), take_over=True
    )


def cleared(practice: Practice, patient: Patient, request_id: UUID | None = None) -> UUID:
    """A request that a therapist has cleared for half a year."""
    request_id = request_id or patient.asks(practice.now)
    proved(practice, request_id)
    practice.decides(
        request_id, "clear with limits", valid_until=HALF_A_YEAR, **practice.overriding
    )
    return request_id


def confirms(practice: Practice, patient: Patient, intake_id: UUID | None = None) -> None:
    """Say that nothing has changed; what may change in a day is still to be answered."""
    confirming.nothing_changed(
        patient.actor,
        practice.now,
        patient.request_id or uuid4(),
        intake_id=intake_id or newest_intake(patient.request_id).id,
        language="en",
        browser=patient.browser,
    )


def sends_again(practice: Practice, patient: Patient) -> None:
    """Say that nothing has changed, answer what is asked anew, and send."""
    confirms(practice, patient)
    with pytest.raises(submission.NotComplete) as refused:
        patient.sends(practice.now)
    assert {"history/red-flags", "history/pregnancy"} <= set(refused.value.missing)
    patient.fills_in(practice.now)
    patient.sends(practice.now)


def opens(practice: Practice, patient: Patient) -> None:
    confirming.something_changed(
        patient.actor,
        practice.now,
        patient.request_id or uuid4(),
        language="en",
        browser=patient.browser,
    )


def test_a_visit_after_the_life_of_the_answers_needs_them_confirmed_first(
    practice: Practice,
) -> None:
    patient = Patient()
    request_id = cleared(practice, patient)
    practice.later(days=80)
    beyond = (practice.now + timedelta(days=20)).date()
    with pytest.raises(NotCleared, match="history_too_old"):
        practice.offers(request_id, beyond)

    sends_again(practice, patient)

    numbers = [one.number for one in all_of(Intake, request_id=request_id)]
    assert sorted(numbers) == [1, 2]
    assert [one.ended_by for one in clearances_of(request_id)] == [None]
    assert stored(Request, request_id).clinical_state == "cleared_with_limits"
    held = stored(Offer, practice.offers(request_id, beyond))
    assert held.state == "open"


@pytest.mark.proves("CON-4")
def test_confirming_twice_is_once_and_an_older_page_confirms_nothing(practice: Practice) -> None:
    patient = Patient()
    request_id = cleared(practice, patient)
    first = newest_intake(request_id).id
    practice.later(days=85)

    confirms(practice, patient)
    sends_again(practice, patient)

    assert len(all_of(Intake, request_id=request_id)) == 2
    with pytest.raises(ChangedUnderneath):
        confirms(practice, patient, first)
    assert all_of(Draft, request_id=request_id) == []


def test_the_clockwork_asks_in_time_once_for_each_version(practice: Practice) -> None:
    patient = Patient()
    request_id = cleared(practice, patient)

    early = confirming.ask_in_time(SYSTEM, practice.later(days=82))
    assert shown.standing(patient.actor, practice.now, "en").due is False  # type: ignore[union-attr]  # it is open
    asked = confirming.ask_in_time(SYSTEM, practice.later(days=1))
    again = confirming.ask_in_time(SYSTEM, practice.later(days=1))

    assert (early, asked, again) == (0, 1, 0)
    assert shown.standing(patient.actor, practice.now, "en").due is True  # type: ignore[union-attr]  # as above
    (letter,) = all_of(Letter, kind="confirm_again", request_id=request_id)
    for content in ("needl", "Example", "back", "therap"):
        body = f"{letter.subject} {letter.body}".replace("needling clinic", "")
        assert content not in body.replace("Needling Clinic", "")
    sends_again(practice, patient)
    assert shown.standing(patient.actor, practice.now, "en").due is False  # type: ignore[union-attr]  # as above
    assert confirming.ask_in_time(SYSTEM, practice.later(days=84)) == 1


def test_who_gets_no_letter_is_called_once_for_each_version(practice: Practice) -> None:
    patient = Patient(email=None)
    request_id = patient.asks(practice.now)
    practice.decides(
        request_id, "clear with limits", valid_until=HALF_A_YEAR, **practice.overriding
    )

    asked = confirming.ask_in_time(SYSTEM, practice.later(days=83))
    again = confirming.ask_in_time(SYSTEM, practice.later(days=1))

    assert (asked, again) == (1, 0)
    assert all_of(Letter, kind="confirm_again") == []
    assert stored(Request, request_id).call_today == "confirm_again"
    assert len(all_of(AuditEntry, act="letter.skipped", subject_id=request_id)) >= 1


def test_one_history_that_was_stopped_half_way_keeps_nobody_else_from_being_asked(
    practice: Practice,
) -> None:
    stopped = Patient(name="Ned Nobody", phone="(555) 555-0177", email="ned@example.com")
    request_id = cleared(practice, stopped)
    opens(practice, stopped)
    stopped.answers = {"rf-chest-breath": "yes"}
    assert stopped.fills_in(practice.now)
    review.close_urgent(
        practice.theo,
        practice.later(minutes=5),
        request_id,
        note="Spoke with the patient on my own phone.",
        seen=version_of(request_id),
    )
    cleared(practice, stopped, request_id)
    cleared(practice, Patient())

    assert confirming.ask_in_time(SYSTEM, practice.later(days=84)) == 1

    assert [one.recipient for one in all_of(Letter, kind="confirm_again")] == [
        "rosa.example@example.com"
    ]


def test_something_changed_opens_the_history_with_the_answers_filled_in(
    practice: Practice,
) -> None:
    patient = Patient(answers={"needle-phobia": "not_sure"})
    request_id = cleared(practice, patient)
    before = newest_intake(request_id).answers
    offer_id = practice.offers(request_id)

    opens(practice, patient)
    opens(practice, patient)  # a second tap finds the same draft

    (draft,) = all_of(Draft, request_id=request_id)
    assert draft.answers["needle-phobia"] == "not_sure"
    assert draft.answers["free_text.hopes"] == before["free_text"]["hopes"]
    assert "history/medicines" in draft.steps
    assert "rf-chest-breath" not in draft.answers
    confirms(practice, patient)  # a change that was begun is the one draft
    assert "_confirmed" not in all_of(Draft, request_id=request_id)[0].answers
    assert stored(Offer, offer_id).state == "open"  # nothing is sent yet

    patient.answers = {}
    patient.fills_in(practice.later(minutes=5))
    patient.sends(practice.now)

    assert stored(Offer, offer_id).state == "revoked"
    request = stored(Request, request_id)
    assert (request.clinical_state, request.level) == ("needs_review", "relative")
    assert [one.ended_by for one in clearances_of(request_id)] == ["newer_intake"]
    found = shown.topics(patient.actor, practice.now, "en")
    assert any(row for topic in found for row in topic.rows)


def test_a_patient_whose_call_was_written_down_changes_answers_and_is_asked_what_was_left(
    practice: Practice,
) -> None:
    caller = Caller(by=practice.dana)
    request_id = caller.asks(practice.now)
    patient = Patient(request_id=request_id)
    cleared(practice, patient, request_id)
    assert newest_intake(request_id).answers["_left"]

    assert shown.standing(patient.actor, practice.now, "en") is not None
    opens(practice, patient)
    with pytest.raises(submission.NotComplete) as refused:
        patient.sends(practice.now)
    assert "history/immunity" in refused.value.missing
    patient.fills_in(practice.later(minutes=5))
    patient.sends(practice.now)

    assert newest_intake(request_id).complete
    assert newest_intake(request_id).answers["hiv"] == "no"


def test_an_urgent_answer_in_a_change_rings_like_the_first_one(practice: Practice) -> None:
    patient = Patient()
    request_id = cleared(practice, patient)
    visit = practice.books(request_id)
    opens(practice, patient)

    patient.answers = {"rf-chest-breath": "yes"}
    assert patient.fills_in(practice.later(days=1))

    request = stored(Request, request_id)
    assert (request.urgent_open, request.level) == (True, "urgent")
    assert len(all_of(Letter, kind="urgent_alert")) == 1
    assert [one.ended_by for one in clearances_of(request_id)] == ["newer_intake"]
    assert visit is not None


def test_a_reply_is_part_of_the_next_version_and_its_words_are_screened(
    practice: Practice,
) -> None:
    patient = Patient()
    request_id = patient.asks(practice.now)
    proved(practice, request_id)
    review_id = practice.decides(
        request_id, "ask for more", question="When was it?", sections=("medicines",)
    )
    asked = shown.standing(patient.actor, practice.now, "es").question  # type: ignore[union-attr]  # it is open
    assert asked is not None
    assert (asked.text, asked.topics) == ("When was it?", ("Sus medicinas",))

    pages = [
        confirming.reply(
            patient.actor,
            practice.later(minutes=1),
            request_id,
            review_id=review_id,
            words="In May. I have chest pain now.",
            language="en",
            browser=patient.browser,
        )
        for _twice in range(2)
    ]

    assert pages == ["history/medicines"] * 2
    (draft,) = all_of(Draft, request_id=request_id)
    assert draft.answers["free_text.anything-else"] == "In May. I have chest pain now."
    assert "history/medicines" not in draft.steps
    patient.answers_page(practice.now, "medicines")
    patient.sends(practice.later(minutes=1))
    intake, request = newest_intake(request_id), stored(Request, request_id)
    assert intake.number == 2
    assert intake.answers["free_text"]["anything-else"].startswith("In May.")
    assert (request.clinical_state, request.level) == ("needs_review", "absolute")
    assert request.call_today == "own_words"
    entries = all_of(AuditEntry, subject_id=intake.id)
    assert "May" not in "".join(entry.detail for entry in entries)


def test_a_question_is_answered_by_its_own_patient_while_it_is_asked(practice: Practice) -> None:
    patient, other = Patient(), Patient(name="Ned Nobody", phone="(555) 555-0177", email=None)
    request_id, theirs = patient.asks(practice.now), other.asks(practice.now)
    proved(practice, request_id)
    review_id = practice.decides(request_id, "ask for more")

    def replies(who: Patient) -> None:
        confirming.reply(
            who.actor, practice.now, request_id, review_id=review_id, words="In May.",
            language="en", browser=who.browser,
        )  # fmt: skip

    with pytest.raises(NotThere):
        replies(other)
    with pytest.raises(NotThere):  # an address that nobody has proved
        confirming.something_changed(
            other.actor, practice.now, theirs, language="en", browser=other.browser
        )
    with pytest.raises(NotThere):
        confirming.something_changed(
            ANYONE, practice.now, request_id, language="en", browser=other.browser
        )
    practice.decides(request_id, "refer")
    with pytest.raises(ChangedUnderneath):
        replies(patient)
    assert all_of(Draft, request_id=request_id) == []
    assert review.ASK == "ask for more"
