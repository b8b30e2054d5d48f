"""A therapist signs on what was read, and nothing may be signed that does not fit."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from functools import partial
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask

from clinic.access import ANYONE, SYSTEM, Actor, NotThere, Refused
from clinic.models import Clearance, Letter, Location, Note, Request, Review
from clinic.services import review
from clinic.services.idempotency import OtherBody
from clinic.services.review import CannotDecide
from clinic.services.transaction import ChangedUnderneath, Work, writes
from tests.integration.therapist.conftest import REASON, WHY, Practice, clearances_of
from tests.support.patients import Patient
from tests.support.scene import all_of, stored, version_of

TODAY, LAST = date(2026, 11, 23), date(2027, 2, 21)  # ninety days of a history sent today


def problem(act: Callable[[], object]) -> str:
    """Say which code a refusal carries."""
    with pytest.raises(CannotDecide) as refusal:
        act()
    return refusal.value.problem


def test_clearing_a_healthy_history_allows_the_wanted_regions_while_the_answers_count(
    practice: Practice,
) -> None:
    request_id = Patient(regions=("shoulder-left", "lower-back")).asks(practice.now)

    practice.decides(request_id, "clear")

    (clearance,) = clearances_of(request_id)
    assert clearance.limits["regions"] == ["lower-back", "shoulder-left"]
    assert (clearance.valid_from, clearance.valid_until) == (TODAY, LAST)
    assert (clearance.origin, clearance.ended_at) == ("review", None)
    request = stored(Request, request_id)
    assert (request.clinical_state, request.desk_state) == ("cleared", "ready_to_offer")


def test_limits_are_kept_as_they_were_signed(practice: Practice) -> None:
    request_id = Patient().asks(practice.now)

    review_id = practice.decides(
        request_id,
        "clear with limits",
        regions=("lower-back-right", "lower-back-left"),
        technique=("superficial_only",),
        positions=("lying_down",),
        not_before=date(2026, 12, 14),
        valid_until=date(2027, 1, 8),
        note="Very ticklish.",
    )

    (clearance,) = clearances_of(request_id)
    assert clearance.limits == {
        "regions": ["lower-back"],
        "technique": ["superficial_only"],
        "positions": ["lying_down"],
    }
    assert clearance.valid_from == date(2026, 12, 14)
    assert clearance.valid_until == date(2027, 1, 8)
    signed = stored(Review, review_id)
    assert (signed.signed_name, signed.signed_at) == ("Theo Therapist", practice.now)
    assert signed.limits == clearance.limits
    assert stored(Request, request_id).not_before == date(2026, 12, 14)
    assert [note.body for note in all_of(Note, kind="clinical")] == ["Very ticklish."]


GRAVE = {"needle-phobia": "not_sure"}


NO_REASON: list[tuple[dict[str, Any], str]] = [
    ({}, "reason_code_missing"),
    ({"reason": REASON}, "reason_code_missing"),
    ({"reason_code": "because", "reason": REASON}, "reason_code_missing"),
    ({"reason_code": "asked_again"}, "reason_missing"),
    ({"reason_code": "asked_again", "reason": "  fine   "}, "reason_missing"),
]


def test_clearing_against_a_finding_needs_a_coded_reason_and_a_sentence(
    practice: Practice,
) -> None:
    request_id = Patient(answers=GRAVE).asks(practice.now)

    found = [
        problem(partial(practice.decides, request_id, "clear", **given))
        for given, _wrong in NO_REASON
    ]

    assert found == [wrong for _given, wrong in NO_REASON]
    assert all_of(Review) == []
    practice.decides(request_id, "clear", **practice.overriding)
    assert stored(Request, request_id).clinical_state == "cleared"


def test_needling_a_blocked_region_that_was_not_wanted_needs_a_reason_too(
    practice: Practice,
) -> None:
    # The level is a precaution: what is blocked is not what is wanted.
    nodes = {
        "lymph-node-removal": "yes",
        "lymph-node-removal.place": ["armpit"],
        "lymph-node-removal.side": "left",
        "lymph-node-removal.extent": "sentinel",
    }
    request_id = Patient(regions=("knee-right",), answers=nodes).asks(practice.now)
    assert stored(Request, request_id).level == "precaution"
    both = ("knee-right", "elbow-left")

    refused = problem(lambda: practice.decides(request_id, "clear", regions=both))

    assert refused == "reason_code_missing"
    practice.decides(request_id, "clear")


def test_a_decision_is_called_what_it_is(practice: Practice) -> None:
    request_id = Patient().asks(practice.now)

    narrower = problem(lambda: practice.decides(request_id, "clear", regions=("lower-back",)))
    limited = problem(lambda: practice.decides(request_id, "clear", technique=("few_needles",)))
    unlimited = problem(lambda: practice.decides(request_id, "clear with limits"))

    assert (narrower, limited) == ("limits_without_name", "limits_without_name")
    assert unlimited == "limits_missing"


UNFIT_LIMITS: list[tuple[dict[str, Any], str]] = [
    ({"regions": ()}, "regions_missing"),
    ({"regions": ("third-arm",)}, "regions_unknown"),
    ({"technique": ("hammer",)}, "limits_unknown"),
    ({"positions": ("upside_down",)}, "limits_unknown"),
    ({"not_before": date(2027, 2, 22)}, "history_too_old"),
    ({"valid_until": date(2027, 11, 25)}, "too_long"),
    ({"valid_until": date(2026, 11, 22)}, "dates_do_not_fit"),
]


def test_limits_that_do_not_fit_are_refused(practice: Practice) -> None:
    request_id = Patient().asks(practice.now)

    found = [
        problem(partial(practice.decides, request_id, "clear with limits", **given))
        for given, _wrong in UNFIT_LIMITS
    ]

    assert found == [wrong for _given, wrong in UNFIT_LIMITS]
    assert all_of(Clearance) == []


TEEN: dict[str, Any] = {
    "born": date(2012, 1, 1),
    "answered_by": "guardian",
    "guardian": "Ann Example",
}


def test_a_minor_without_a_guardians_consent_can_never_be_cleared(practice: Practice) -> None:
    alone = Patient(answers={"minor.guardian": "present"}, **TEEN).asks(practice.now)

    refused = problem(lambda: practice.decides(alone, "clear", **practice.overriding))

    assert refused == "guardian_consent_missing"
    practice.decides(alone, "offer other care")


def test_a_minor_whose_guardian_consents_can_be_cleared_with_a_reason(practice: Practice) -> None:
    answers = {"minor.guardian": "consents", "minor.guardian-name": "Ann Example"}
    request_id = Patient(answers=answers, **TEEN).asks(practice.now)

    practice.decides(request_id, "clear", **practice.overriding)

    assert stored(Request, request_id).clinical_state == "cleared"


def test_where_needling_is_prohibited_nobody_can_clear_it(practice: Practice) -> None:
    request_id = Patient().asks(practice.now)
    _prohibit(SYSTEM, practice.now, practice.place)

    refused = problem(lambda: practice.decides(request_id, "clear", **practice.overriding))

    assert refused == "prohibited_here"


def test_nothing_is_cleared_while_an_urgent_flag_is_open(practice: Practice) -> None:
    request_id = Patient(answers={"rf-chest-breath": "yes"}).asks(practice.now)

    refused = problem(lambda: practice.decides(request_id, "clear", **practice.overriding))

    assert refused == "close_urgent_first"
    practice.decides(request_id, "refer")
    assert stored(Request, request_id).clinical_state == "referred"


def test_waiting_needs_a_day_that_lies_ahead(practice: Practice) -> None:
    request_id = Patient().asks(practice.now)
    days = (None, date(2026, 11, 22), TODAY)

    found = {
        problem(partial(practice.decides, request_id, "delay", not_before=day)) for day in days
    }

    assert found == {"not_before_missing"}


@pytest.mark.parametrize(
    ("decision", "given", "state"),
    [
        ("ask for more", {}, "more_information"),
        ("delay", {"not_before": date(2026, 12, 14)}, "delayed"),
        ("refer", {}, "referred"),
        ("offer other care", {}, "no_needling"),
    ],
)
def test_a_decision_that_does_not_clear_keeps_no_limits(
    practice: Practice, decision: str, given: dict[str, Any], state: str
) -> None:
    request_id = Patient(answers=GRAVE).asks(practice.now)

    review_id = practice.decides(
        request_id, decision, regions=("lower-back",), technique=("few_needles",), **given
    )

    request, signed = stored(Request, request_id), stored(Review, review_id)
    assert (request.clinical_state, request.not_before) == (state, given.get("not_before"))
    assert "regions" not in (signed.limits or {})
    assert all_of(Clearance) == []
    (letter,) = all_of(Letter, request_id=request_id, state="queued")[1:]
    assert letter.kind == ("more_information" if state == "more_information" else "decision_made")
    for content in ("nervous", "doctor", "phobia", "lower", "therapist"):
        assert content not in f"{letter.subject} {letter.body}".lower()


def test_a_decision_that_is_none_is_refused(practice: Practice) -> None:
    request_id = Patient().asks(practice.now)

    assert problem(lambda: practice.decides(request_id, "need review")) == "decision_unknown"


def test_a_decision_on_an_older_page_is_refused(practice: Practice) -> None:
    request_id = Patient().asks(practice.now)
    signed, seen = practice.signed(request_id, "clear"), version_of(request_id)
    practice.decides(request_id, "refer", who=practice.tess)

    with pytest.raises(ChangedUnderneath):
        review.decide(practice.theo, practice.now, request_id, signed=signed, seen=seen, key="k1")

    assert stored(Request, request_id).clinical_state == "referred"


def test_a_decision_on_an_older_history_is_refused(practice: Practice) -> None:
    # The patient sends the whole history while the therapist reads what the stop page sent.
    patient = Patient(answers={"rf-chest-breath": "yes"})
    request_id = patient.asks(practice.now)
    signed = practice.signed(request_id, "refer")
    patient.answers = {}
    patient.takes_it_back(practice.later(minutes=2))
    patient.fills_in(practice.now)
    patient.sends(practice.now)

    with pytest.raises(ChangedUnderneath):
        review.decide(
            practice.theo,
            practice.now,
            request_id,
            signed=signed,
            seen=version_of(request_id),
            key="k1",
        )

    assert all_of(Review) == []


def test_the_history_of_another_request_is_not_there(practice: Practice) -> None:
    mine = Patient().asks(practice.now)
    other = Patient(name="Ned Nobody", phone="(555) 555-0177", email=None).asks(practice.now)
    intake_id = practice.signed(other).intake_id

    with pytest.raises(NotThere):
        practice.decides(mine, "clear", intake_id=intake_id)

    assert all_of(Review) == []


def test_a_draft_is_nobodys_but_the_patients(practice: Practice) -> None:
    draft = Patient().begins(practice.now)
    other = practice.signed(Patient(name="Ned Nobody").asks(practice.now))

    with pytest.raises(NotThere):
        review.decide(practice.theo, practice.now, draft, signed=other, seen=1, key="k1")


def test_clicking_twice_signs_once(practice: Practice) -> None:
    request_id = Patient().asks(practice.now)
    signed, seen = practice.signed(request_id, "clear"), version_of(request_id)

    ids = {
        review.decide(practice.theo, practice.now, request_id, signed=signed, seen=seen, key="k1")
        for _ in range(3)
    }

    assert len(ids) == len(all_of(Review)) == len(all_of(Clearance)) == 1
    other = practice.signed(request_id, "refer")
    with pytest.raises(OtherBody):
        review.decide(practice.theo, practice.now, request_id, signed=other, seen=seen, key="k1")


def test_only_a_therapist_decides(practice: Practice) -> None:
    request_id = Patient().asks(practice.now)
    before = version_of(request_id)
    acts: list[Callable[[Actor], object]] = [
        lambda who: practice.decides(request_id, "clear", who=who),
        lambda who: review.withdraw(who, practice.now, request_id, reason=WHY, seen=before),
        lambda who: review.close_urgent(who, practice.now, request_id, note=REASON, seen=before),
        lambda who: review.add_note(who, practice.now, request_id, body_text="x", key="k1"),
    ]

    for act in acts:
        for somebody in (practice.dana, practice.ada, ANYONE, SYSTEM):
            with pytest.raises(Refused):
                act(somebody)

    assert version_of(request_id) == before
    assert all_of(Note) == all_of(Review) == []


@pytest.mark.proves("CON-2")
def test_of_two_therapists_at_once_one_decides(practice: Practice, in_app: Flask) -> None:
    request_id = Patient().asks(practice.now)
    signed, seen = practice.signed(request_id, "clear"), version_of(request_id)
    start = Barrier(2)

    def sign(who: Actor) -> str:
        with in_app.app_context():
            start.wait()
            try:
                review.decide(
                    who, practice.now, request_id, signed=signed, seen=seen, key=uuid4().hex
                )
            except ChangedUnderneath:
                return "too late"
            return "signed"

    with ThreadPoolExecutor(2) as pool:
        outcomes = sorted(pool.map(sign, (practice.theo, practice.tess)))

    assert outcomes == ["signed", "too late"]
    assert len(all_of(Review)) == len(all_of(Clearance)) == 1


def test_a_note_is_added_once_and_by_whom(practice: Practice) -> None:
    request_id = Patient().asks(practice.now)

    for _ in range(2):
        review.add_note(practice.tess, practice.now, request_id, body_text=" Calm. ", key="k1")

    (note,) = all_of(Note)
    assert (note.kind, note.body, note.by_id) == ("clinical", "Calm.", practice.tess.id)
    assert problem(
        lambda: review.add_note(practice.tess, practice.now, request_id, body_text="  ", key="k2")
    ) == ("note_missing")


@writes
def _prohibit(work: Work, place: UUID) -> None:
    work.session.get_one(Location, place).needling_law = "prohibited"
