"""One live clearance at most: what makes it, what ends it, and what its end takes along."""

import json
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import select

from clinic import worker
from clinic.access import SYSTEM, Refused
from clinic.booking.lifecycle import Track
from clinic.models import (
    Act,
    Appointment,
    Clearance,
    Intake,
    Letter,
    Offer,
    Request,
    RulesetVersion,
    ScreeningRecord,
    SlotAtom,
)
from clinic.screening import outcome, questionnaire, rules, source
from clinic.screening.rules import Ruleset
from clinic.services import clearances, intakes, moving, offering, review, screenings, tracks
from clinic.services.needling import NotCleared
from clinic.services.review import CannotDecide
from clinic.services.transaction import Work, writes
from tests.integration.desk.test_races import race
from tests.integration.therapist.conftest import WHY, Practice, clearances_of
from tests.integration.therapist.test_confirming import opens, proved
from tests.integration.therapist.test_urgent import calls
from tests.support.patients import Patient
from tests.support.scene import all_of, stored, version_of


def ends(request_id: UUID) -> list[str | None]:
    """Say how each clearance of a request has ended, the first one first."""
    return [one.ended_by for one in clearances_of(request_id)]


# --- What ends one ---------------------------------------------------------------------------


def test_a_newer_decision_ends_the_clearance_and_takes_its_offer_back(practice: Practice) -> None:
    request_id = Patient().asks(practice.now)
    practice.decides(request_id, "clear")
    offer_id = practice.offers(request_id)
    practice.later(hours=1)

    practice.decides(request_id, "refer", who=practice.tess)

    assert ends(request_id) == ["decision"]
    assert stored(Offer, offer_id).state == "revoked"
    assert all_of(SlotAtom) == []
    request = stored(Request, request_id)
    assert (request.clinical_state, request.desk_state) == ("referred", "in_contact")
    assert len(all_of(Letter, kind="offer_ended")) == 1


def test_a_new_clearance_replaces_the_old_one(practice: Practice) -> None:
    request_id = Patient().asks(practice.now)
    practice.decides(request_id, "clear")
    practice.later(hours=1)

    practice.decides(request_id, "clear with limits", technique=("few_needles",))

    assert ends(request_id) == ["decision", None]
    assert stored(Request, request_id).desk_state == "ready_to_offer"


def test_withdrawal_puts_a_confirmed_visit_on_call_today(practice: Practice) -> None:
    request_id = Patient().asks(practice.now)
    practice.decides(request_id, "clear")
    visit_id = practice.books(request_id)

    review.withdraw(
        practice.tess, practice.later(hours=1), request_id, reason=WHY, seen=version_of(request_id)
    )

    request = stored(Request, request_id)
    assert ends(request_id) == ["withdrawal"]
    assert (request.clinical_state, request.call_today) == ("needs_review", "clearance_ended")
    assert stored(Appointment, visit_id).state == "confirmed"
    with pytest.raises(CannotDecide, match="no_live_clearance"):
        review.withdraw(
            practice.tess, practice.now, request_id, reason=WHY, seen=version_of(request_id)
        )


def test_a_decision_against_needles_calls_again_about_a_visit_that_still_stands(
    practice: Practice,
) -> None:
    # The desk has called about the withdrawal already, and the visit was left as it was.
    request_id = Patient().asks(practice.now)
    practice.decides(request_id, "clear")
    practice.books(request_id)
    seen = version_of(request_id)
    review.withdraw(practice.tess, practice.later(hours=1), request_id, reason=WHY, seen=seen)
    calls(practice, request_id, "reached")
    assert stored(Request, request_id).call_today is None

    practice.decides(request_id, "refer")

    assert stored(Request, request_id).call_today == "clearance_ended"


def test_closing_an_urgent_flag_leaves_the_call_about_the_visit_that_lost_its_clearance(
    practice: Practice,
) -> None:
    patient = Patient()
    request_id = patient.asks(practice.now)
    practice.decides(request_id, "clear")
    practice.books(request_id)
    proved(practice, request_id)
    opens(practice, patient)
    patient.answers = {"rf-chest-breath": "yes"}
    assert patient.fills_in(practice.later(minutes=5))
    calls(practice, request_id, "reached")

    seen = version_of(request_id)
    review.close_urgent(practice.theo, practice.now, request_id, note="", seen=seen)

    request = stored(Request, request_id)
    assert (request.urgent_open, request.call_today) == (False, "clearance_ended")


@pytest.mark.proves("CON-5")
def test_an_accept_at_the_moment_of_a_withdrawal_leaves_no_visit_without_a_call(
    practice: Practice, in_app: Flask
) -> None:
    for day in (date(2026, 12, 1), date(2026, 12, 2), date(2026, 12, 3)):
        request_id = Patient().asks(practice.now)
        practice.decides(request_id, "clear")
        held = stored(Offer, practice.offers(request_id, day))
        (visit,) = all_of(Appointment, offer_id=held.id)
        offer_id, visit_id, offered, seen = held.id, visit.id, held.version, version_of(request_id)
        practice.later(minutes=5)

        accepted, withdrawn = race(
            in_app,
            partial(
                offering.accept,
                practice.dana,
                practice.now,
                offer_id,
                appointment_id=visit_id,
                seen=offered,
            ),
            partial(
                review.withdraw, practice.tess, practice.now, request_id, reason=WHY, seen=seen
            ),
        )

        state, request = stored(Appointment, visit_id).state, stored(Request, request_id)
        if withdrawn == "won" and accepted != "won":
            assert (state, request.clinical_state) == ("cancelled", "needs_review")
            assert stored(Offer, offer_id).state == "revoked"
        else:  # the accept came first: the withdrawal sees a newer request, and says so
            assert (accepted, withdrawn) == ("won", "ChangedUnderneath")
            assert (state, request.clinical_state) == ("confirmed", "cleared")


def test_a_new_decision_takes_the_visit_off_call_today_where_it_fits(practice: Practice) -> None:
    request_id = Patient().asks(practice.now)
    practice.decides(request_id, "clear")
    visit_id = practice.books(request_id)
    review.withdraw(
        practice.theo, practice.later(hours=1), request_id, reason=WHY, seen=version_of(request_id)
    )

    practice.later(hours=1)
    practice.decides(request_id, "clear")

    assert stored(Request, request_id).call_today is None
    live = clearances_of(request_id)[-1]
    assert stored(Appointment, visit_id).clearance_id == live.id


def test_a_visit_that_does_not_fit_the_new_decision_is_called_about(practice: Practice) -> None:
    request_id = Patient().asks(practice.now)
    practice.decides(request_id, "clear")
    visit_id = practice.books(request_id)
    old = stored(Appointment, visit_id).clearance_id

    practice.later(hours=1)
    practice.decides(request_id, "clear with limits", not_before=date(2026, 12, 14))

    assert stored(Request, request_id).call_today == "visit_does_not_fit"
    assert stored(Appointment, visit_id).clearance_id == old


def test_a_clearance_ends_when_its_last_day_is_over_at_the_clinic(practice: Practice) -> None:
    request_id = Patient().asks(practice.now)
    practice.decides(request_id, "clear with limits", valid_until=date(2026, 12, 4))
    in_new_york_still_friday = datetime(2026, 12, 5, 4, 59, tzinfo=UTC)

    early = clearances.lapse_due(SYSTEM, in_new_york_still_friday)
    due = clearances.lapse_due(SYSTEM, in_new_york_still_friday + timedelta(minutes=1))
    again = clearances.lapse_due(SYSTEM, in_new_york_still_friday + timedelta(days=9))

    assert (early, due, again) == (0, 1, 0)
    assert ends(request_id) == ["date"]
    request = stored(Request, request_id)
    assert (request.clinical_state, request.desk_state) == ("needs_review", "in_contact")


def test_a_delayed_request_comes_back_by_itself_on_its_day(practice: Practice) -> None:
    request_id = Patient().asks(practice.now)
    practice.decides(request_id, "delay", not_before=date(2026, 12, 14))
    closed = Patient(name="Ned Nobody", phone="(555) 555-0177", email=None).asks(practice.now)
    practice.decides(closed, "delay", not_before=date(2026, 12, 14))
    _close(SYSTEM, practice.now, closed)
    last_minute = datetime(2026, 12, 14, 4, 59, tzinfo=UTC)

    early = clearances.wake_delayed(SYSTEM, last_minute)
    due = clearances.wake_delayed(SYSTEM, last_minute + timedelta(minutes=1))

    assert (early, due) == (0, 1)
    request = stored(Request, request_id)
    assert (request.clinical_state, request.not_before) == ("needs_review", None)
    assert request.back_since == last_minute + timedelta(minutes=1)
    why = [act.detail for act in all_of(Act, request_id=request_id, act="need review")]
    assert {"why": "delay is over"} in why
    assert stored(Request, closed).clinical_state == "delayed"


def test_the_worker_does_both_without_being_asked(practice: Practice, in_app: Flask) -> None:
    cleared, delayed = Patient(), Patient(name="Ned Nobody", phone="(555) 555-0177", email=None)
    practice.decides(cleared.asks(practice.now), "clear with limits", valid_until=date(2026, 12, 4))
    practice.decides(delayed.asks(practice.now), "delay", not_before=date(2026, 12, 4))
    by_dates = tuple(job for job in worker.JOBS if job.name in ("clearances", "delays"))

    went_through = worker.run_once(in_app, lambda: datetime(2026, 12, 6, tzinfo=UTC), jobs=by_dates)

    states = {stored(Request, one.request_id).clinical_state for one in (cleared, delayed)}
    assert (went_through, states) == (True, {"needs_review"})


def test_only_the_clockwork_ends_what_dates_end(practice: Practice) -> None:
    request_id = Patient().asks(practice.now)
    practice.decides(request_id, "clear with limits", valid_until=date(2026, 12, 4))
    later = datetime(2027, 1, 1, tzinfo=UTC)

    with pytest.raises(Refused):
        clearances.lapse_due(practice.theo, later)

    assert ends(request_id) == [None]


def test_newer_answers_with_another_result_end_the_clearance(practice: Practice) -> None:
    # Stopped by an urgent answer; the therapist reached the patient, closed the flag and cleared.
    patient = Patient(answers={"rf-chest-breath": "yes"})
    request_id = patient.asks(practice.now)
    review.close_urgent(
        practice.theo,
        practice.later(minutes=20),
        request_id,
        note="Spoke with the patient on my own phone.",
        seen=version_of(request_id),
    )
    practice.decides(request_id, "clear", **practice.overriding)
    visit_id = practice.books(request_id)

    # The patient finds the page still open, calls the answer a mistake and sends the rest.
    patient.answers = {}
    patient.takes_it_back(practice.later(minutes=20))
    patient.fills_in(practice.now)
    patient.sends(practice.now)

    assert ends(request_id) == ["newer_intake"]
    request = stored(Request, request_id)
    assert (request.clinical_state, request.call_today) == ("needs_review", "clearance_ended")
    assert request.level == "absolute"  # what was called a mistake stays on record
    visit = stored(Appointment, visit_id)
    with pytest.raises(NotCleared):
        moving.move(
            practice.dana,
            practice.now,
            visit_id,
            therapist_id=visit.therapist_id,
            location_id=visit.location_id,
            starts_at=visit.starts_at + timedelta(hours=1),
            visit_kind="needling",
            seen=visit.version,
            key=uuid4().hex,
        )


def test_newer_answers_with_the_same_result_leave_the_clearance(practice: Practice) -> None:
    request_id = Patient(answers={"diabetes": "yes"}).asks(practice.now)
    practice.decides(request_id, "clear", **practice.overriding)

    _answer_again(SYSTEM, practice.later(days=2), request_id, changes={})

    assert ends(request_id) == [None]
    assert stored(Request, request_id).clinical_state == "cleared"


@pytest.mark.parametrize(
    "changes",
    [
        {"wanted_regions": ["lower-back"]},
        {"metal-allergy": "yes", "metal-allergy.severity": "rash"},
    ],
)
def test_another_region_or_answer_is_another_result(
    practice: Practice, changes: dict[str, object]
) -> None:
    request_id = Patient().asks(practice.now)
    practice.decides(request_id, "clear")
    offer_id = practice.offers(request_id)

    _answer_again(SYSTEM, practice.later(days=2), request_id, changes=changes)

    assert ends(request_id) == ["newer_intake"]
    assert stored(Offer, offer_id).state == "revoked"
    assert stored(Request, request_id).clinical_state == "needs_review"


# --- What a screening may clear by itself ----------------------------------------------------


def test_the_ruleset_that_ships_clears_nobody_before_it_is_in_force(practice: Practice) -> None:
    request_id = Patient().asks(practice.now)

    request = stored(Request, request_id)
    (version,) = all_of(RulesetVersion)
    assert (request.level, request.clinical_state) == ("none", "needs_review")
    assert all_of(Clearance) == []
    assert (version.complete, version.state) == (True, "draft")


def test_in_force_it_clears_a_clean_history(practice: Practice) -> None:
    Patient(name="Ned Nobody", phone="(555) 555-0177", email=None).asks(practice.now)
    _put_in_force(SYSTEM, practice.now, rules.shipped_rules().hash)

    request_id = Patient().asks(practice.now)

    assert stored(Request, request_id).clinical_state == "not_needed"
    assert [one.origin for one in clearances_of(request_id)] == ["screening"]


def test_a_complete_ruleset_in_force_clears_a_clean_history(practice: Practice) -> None:
    request_id = Patient(regions=("knee-left", "lower-back")).begins(practice.now)

    _screen_by(SYSTEM, practice.now, request_id)

    (clearance,) = clearances_of(request_id)
    assert (clearance.origin, clearance.review_id) == ("screening", None)
    assert clearance.limits == {
        "regions": ["lower-back", "knee-left"],
        "technique": [],
        "positions": [],
    }
    assert clearance.valid_from == date(2026, 11, 23)
    assert clearance.valid_until == date(2026, 11, 23) + timedelta(days=90)
    request = stored(Request, request_id)
    assert (request.clinical_state, request.desk_state) == ("not_needed", "ready_to_offer")
    practice.books(request_id)
    assert stored(Request, request_id).desk_state == "booked"


@pytest.mark.parametrize("state", ["draft", "approved", "retired"])
def test_a_ruleset_that_is_not_in_force_clears_nobody(practice: Practice, state: str) -> None:
    request_id = Patient().begins(practice.now)

    _screen_by(SYSTEM, practice.now, request_id, state=state)

    assert all_of(Clearance) == []


HEALTHY_BUT: list[dict[str, Any]] = [
    {"answers": {"needle-phobia": "not_sure"}},  # a finding to review
    {"answers": {"metal-allergy": None}},  # a question without an answer
    {"answers": {"wanted_regions": ["not_sure"]}, "without": "neck-front-wanted"},
    {"answers": {"diabetes": "no", "medicines": ["metformin 500 mg"]}},  # no, beside a medicine
    {"complete": False},
    {"trail": [{"question": "rf-chest-breath", "answer": "yes", "level": "urgent"}]},
    {"urgent_open": True},
    {"lacks_a_section": True},
]


def test_whatever_is_left_to_review_needs_a_therapist(practice: Practice) -> None:
    for number, given in enumerate(HEALTHY_BUT):
        patient = Patient(name=f"Nina Number{number}", phone=f"(555) 555-01{50 + number}")
        request_id = patient.begins(practice.now)

        _screen_by(SYSTEM, practice.now, request_id, **given)

        assert all_of(Clearance) == [], given


def test_a_ruleset_that_does_not_belong_to_the_questions_clears_nobody(practice: Practice) -> None:
    # What ships by now finds something in the answers that the ruleset in force lets pass.
    request_id = Patient().begins(practice.now)
    answers: dict[str, object] = {"wanted_regions": ["neck-front"]}

    _screen_by(SYSTEM, practice.now, request_id, answers=answers, without="neck-front-wanted")

    assert all_of(Clearance) == []


def test_a_screenings_clearance_does_not_outlive_a_graver_result(practice: Practice) -> None:
    request_id = Patient().begins(practice.now)
    answers: dict[str, object] = {"wanted_regions": ["neck-front"]}
    less = complete_ruleset("neck-front-wanted")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(rules, "shipped_rules", lambda: less)  # newer rules come afterwards
        _screen_by(SYSTEM, practice.now, request_id, answers=answers, without="neck-front-wanted")

    assert len(all_of(Clearance)) == 1
    with pytest.raises(NotCleared, match="result_differs"):
        practice.offers(request_id)


# --- Acts behind the scene -------------------------------------------------------------------


@writes
def _close(work: Work, request_id: UUID) -> None:
    request = tracks.load(work, request_id)
    tracks.move(work, request, Track.DESK, "close")
    request.closed_reason = "no_reply"


@writes
def _answer_again(work: Work, request_id: UUID, *, changes: dict[str, object]) -> None:
    """Send a second version of the history, as a change after sending will."""
    request = tracks.load(work, request_id)
    answers = {**newest_of(work, request_id).answers, **changes}
    flat = {key: value for key, value in answers.items() if key != "free_text"}
    flat |= {f"free_text.{box}": text for box, text in answers.get("free_text", {}).items()}
    intakes.append(work, request, answers=flat, trail=(), complete=True, language="en")


def newest_of(work: Work, request_id: UUID) -> Intake:
    found = clearances.newest(work, tracks.load(work, request_id))
    assert found is not None
    return found[0]


@writes
def _put_in_force(work: Work, digest: str) -> None:
    version = work.session.get_one(RulesetVersion, digest)
    version.state, version.approved_name, version.approved_at = "in_force", "Lena Lead", work.now


@writes
def _screen_by(
    work: Work,
    request_id: UUID,
    *,
    state: str = "in_force",
    answers: dict[str, object] | None = None,
    complete: bool = True,
    trail: list[dict[str, Any]] | None = None,
    urgent_open: bool = False,
    lacks_a_section: bool = False,
    without: str = "",
) -> None:
    """Send a healthy adult's history, screened by a ruleset that lacks nothing."""
    request = tracks.load(work, request_id)
    intakes.receive(work, request)
    request.urgent_open = urgent_open
    ruleset, questions = complete_ruleset(without), questionnaire.shipped()
    if lacks_a_section:
        ruleset = with_more_to_come()
    given = healthy(request.regions or []) | (answers or {})
    given = {key: value for key, value in given.items() if value is not None}
    screened = outcome.screen(questions, ruleset, given, as_of=date(2026, 11, 23))
    screenings.keep_ruleset(work, ruleset)
    version = work.session.get_one(RulesetVersion, ruleset.hash)
    for before in work.session.scalars(select(RulesetVersion).filter_by(state="in_force")):
        before.state = "retired"
    work.session.flush()
    if state != "draft":
        version.state, version.approved_name, version.approved_at = state, "Lena Lead", work.now
    work.session.flush()
    intake = Intake(
        request_id=request.id,
        number=1,
        questionnaire_hash=questions.hash,
        language="en",
        answered_by="patient",
        complete=complete,
        answers=given,
        trail=trail,
        sent_at=work.now,
    )
    work.session.add(intake)
    work.session.flush()
    record = ScreeningRecord(
        request_id=request.id,
        intake_id=intake.id,
        ruleset_hash=ruleset.hash,
        as_of=screened.as_of,
        made_at=work.now,
        level=screened.level.value,
        result=screened.as_bytes().decode(),
    )
    work.session.add(record)
    work.session.flush()
    clearances.by_screening(work, request, intake, record)


def healthy(regions: list[str]) -> dict[str, object]:
    """The answers of a healthy adult to every question that is asked of one."""
    return {
        **{
            question.id: question.least[0]
            for question in questionnaire.shipped().questions.values()
            if question.least and not question.is_follow_up and question.asked != "derived"
        },
        "minor": "1980-04-02",
        "wanted_regions": regions,
        "medicines": [],
        "pregnancy.maybe": "no",
        "low-bmi.height": 68,
        "low-bmi.weight": 160,
    }


def with_more_to_come() -> Ruleset:
    """The shipped rules, with an item that is still to come."""
    value = json.loads(rules.shipped_rules().document)
    value["sections"]["sections"][-1].setdefault("items", []).append("still-to-come")
    return rules.from_document(source.canonical(value))


def complete_ruleset(without: str = "") -> Ruleset:
    """The shipped rules as if nothing were still to come."""
    value = json.loads(rules.shipped_rules().document)
    value["items"].pop(without, None)
    for section in value["sections"]["sections"]:
        section["items"] = [one for one in section.get("items", ()) if one in value["items"]]
    ruleset = rules.from_document(source.canonical(value))
    assert ruleset.complete
    return ruleset
