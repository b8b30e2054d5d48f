"""Which rules run, what they clear by themselves, and what newer ones end."""

import json
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from clinic import in_force
from clinic.access import SYSTEM, Refused
from clinic.extensions import db
from clinic.models import (
    Act,
    Appointment,
    Offer,
    Request,
    RulesetVersion,
    ScreeningRecord,
)
from clinic.queries import histories
from clinic.screening import rules, source
from clinic.services import rescreening, rulesets
from clinic.services.needling import NotCleared
from clinic.services.rulesets import CannotApprove, ItemChange
from clinic.services.transaction import ChangedUnderneath
from tests.integration.therapist.conftest import Practice, clearances_of
from tests.support.patients import Patient
from tests.support.rulesets import approved, arrives, draft, puts_in_force, seen, tried
from tests.support.scene import all_of, stored

# A healthy adult of the tests has a body-mass index of 24.3.
SLIM = ItemChange("low-bmi", values={"low-bmi.slim": 26})
LOW = ItemChange("low-bmi", values={"low-bmi.slim": 26, "low-bmi.under": 26})
CONTROLLED = {
    "diabetes": "yes",
    "diabetes.a1c": 7,
    "diabetes.problems": [],
    "diabetes.unstable": "no",
    "diabetes.insulin": "no",
}
WHY = ("clinic_protocol", "Our own protocol covers this in person.")


def screened(request_id: UUID) -> ScreeningRecord:
    """The newest screening of a request."""
    found: list[ScreeningRecord] = all_of(ScreeningRecord, request_id=request_id)
    return max(found, key=lambda one: one.made_at)


def why_back(request_id: UUID) -> list[str]:
    acts = sorted(all_of(Act, request_id=request_id), key=lambda one: one.position)
    return [(one.detail or {}).get("why", "") for one in acts if one.act == "need review"]


GRAVER: dict[str, dict[str, Any]] = {
    "(555) 555-0151": {"diabetes": "not_sure"},
    "(555) 555-0152": {"metal-allergy": "not_sure"},
    "(555) 555-0153": {"pregnancy": "yes"},
    "(555) 555-0154": {"rf-chest-breath": "yes"},
}


def test_none_and_precaution_need_no_review_and_whatever_is_graver_does(
    practice: Practice,
) -> None:
    puts_in_force(practice.tess, practice.now)

    clean = arrives(practice.now, Patient())
    careful = arrives(
        practice.now, Patient(name="Di Sample", phone="(555) 555-0150", answers=CONTROLLED)
    )
    graver = [
        arrives(practice.now, Patient(name="Gil Sample", phone=phone, email=None, answers=answers))
        for phone, answers in GRAVER.items()
    ]

    for request_id, level in ((clean, "none"), (careful, "precaution")):
        request = stored(Request, request_id)
        assert (request.level, request.clinical_state) == (level, "not_needed")
        assert [one.origin for one in clearances_of(request_id)] == ["screening"]
    for request_id in graver:
        request = stored(Request, request_id)
        assert request.level not in ("none", "precaution")
        assert request.clinical_state == "needs_review"
        assert clearances_of(request_id) == []
    chart = histories.newest(practice.theo, stored(Request, careful).reference, now=practice.now)
    (finding,) = chart.findings
    assert (finding.item, finding.level) == ("Diabetes", "precaution")
    assert "Check sensation" in finding.action
    practice.books(clean)
    assert stored(Request, clean).desk_state == "booked"


def test_an_approved_version_runs_only_once_it_is_in_force(practice: Practice) -> None:
    digest = approved(practice.tess, practice.now, draft(practice.tess, practice.now, SLIM))
    before = arrives(practice.now, Patient())
    version = stored(RulesetVersion, digest)
    assert (version.state, version.approved_name) == ("approved", "Tess Therapist")
    assert not in_force.running().is_in_force
    assert (stored(Request, before).level, stored(Request, before).clinical_state) == (
        "none",
        "needs_review",
    )

    tried_again = rulesets.begin(practice.tess, practice.now, digest, key="k")
    tried(practice.tess, practice.now, tried_again)
    rulesets.put_in_force(practice.tess, practice.now, digest, seen="")

    after = arrives(practice.now, Patient(name="Ann Other", phone="(555) 555-0143", email=None))
    assert screened(after).ruleset_hash == digest
    assert stored(Request, after).level != "none"


def test_newer_rules_screen_open_requests_anew_and_nothing_graver_stays_cleared(
    practice: Practice,
) -> None:
    old = puts_in_force(practice.tess, practice.now)
    by_screening = arrives(practice.now, Patient())
    visit_id = practice.books(by_screening)
    by_review = arrives(
        practice.now,
        Patient(
            name="Ben Sample", phone="(555) 555-0144", email=None, answers={"diabetes": "not_sure"}
        ),
    )
    practice.decides(by_review, "clear", **practice.overriding)
    offer_id = practice.offers(by_review, date(2026, 12, 2))
    third = Patient(name="Cy Madeup", phone="(555) 555-0145", email=None)
    waiting = arrives(practice.now, third)
    new = puts_in_force(practice.tess, practice.later(days=1), LOW, base=old)
    with pytest.raises(NotCleared, match="result_differs"):  # before the worker came by
        practice.offers(waiting, date(2026, 12, 3))

    assert rescreening.rescreen_due(SYSTEM, practice.later(minutes=1)) == 3

    for request_id in (by_screening, by_review):
        first = min(all_of(ScreeningRecord, request_id=request_id), key=lambda one: one.made_at)
        assert in_force.version(first.ruleset_hash).ruleset.hash == old  # to be replayed
        assert screened(request_id).ruleset_hash == new
        assert [one.ended_by for one in clearances_of(request_id)] == ["newer_rules"]
        request = stored(Request, request_id)
        assert request.clinical_state == "needs_review"
        assert why_back(request_id)[-1] == "newer rules"
        assert request.level == screened(request_id).level
    assert stored(Request, by_screening).call_today == "clearance_ended"
    assert stored(Appointment, visit_id).state == "confirmed"
    assert stored(Offer, offer_id).state == "revoked"
    assert rescreening.rescreen_due(SYSTEM, practice.later(minutes=1)) == 0


def test_a_result_that_is_not_graver_leaves_every_clearance_alone(practice: Practice) -> None:
    old = puts_in_force(practice.tess, practice.now)
    by_screening = arrives(practice.now, Patient())
    by_review = arrives(
        practice.now,
        Patient(
            name="Ben Sample", phone="(555) 555-0144", email=None, answers={"diabetes": "not_sure"}
        ),
    )
    practice.decides(by_review, "clear", **practice.overriding)
    milder = ItemChange("diabetes", off={"diabetes/feet": WHY})
    new = puts_in_force(practice.tess, practice.later(days=1), milder, base=old)

    assert rescreening.rescreen_due(SYSTEM, practice.later(minutes=1)) == 2

    for request_id in (by_screening, by_review):
        assert screened(request_id).ruleset_hash == new
        assert [one.ended_by for one in clearances_of(request_id)] == [None]
    reference = stored(Request, by_review).reference
    chart = histories.newest(practice.theo, reference, now=practice.now)
    assert (chart.ruleset_signed, chart.ruleset_off) == ("Tess Therapist", ("Diabetes",))
    practice.books(by_screening)


def test_what_is_sent_under_the_old_rules_is_screened_by_the_new_ones_too(
    practice: Practice,
) -> None:
    old = puts_in_force(practice.tess, practice.now)
    new = puts_in_force(practice.tess, practice.later(days=1), LOW, base=old)
    rescreening.rescreen_due(SYSTEM, practice.later(minutes=1))
    with pytest.MonkeyPatch.context() as patched:  # as a transaction that began before sees it
        patched.setattr(in_force, "digest_in_force", lambda: old)
        request_id = arrives(practice.later(minutes=1), Patient())
        assert stored(Request, request_id).clinical_state == "not_needed"

    assert rescreening.rescreen_due(SYSTEM, practice.later(minutes=1)) == 1

    assert screened(request_id).ruleset_hash == new
    assert stored(Request, request_id).clinical_state == "needs_review"


def test_newer_questions_and_rules_clear_nobody_until_they_are_approved(
    practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    puts_in_force(practice.tess, practice.now)
    before = arrives(practice.now, Patient())
    value = json.loads(rules.shipped_rules().document)
    value["items"]["diabetes"]["rules"][-1]["level"] = "absolute"
    newer = rules.from_document(source.document(value))
    assert newer.hash != rules.shipped_rules().hash
    monkeypatch.setattr(rules, "shipped_rules", lambda: newer)

    after = arrives(practice.now, Patient(name="Ann Other", phone="(555) 555-0143", email=None))

    assert in_force.running().beside is newer
    assert stored(Request, after).clinical_state == "needs_review"
    assert stored(Request, before).clinical_state == "not_needed"


def test_out_of_force_means_that_nobody_is_cleared_any_more(practice: Practice) -> None:
    digest = puts_in_force(practice.tess, practice.now)
    request_id = arrives(practice.now, Patient())

    rulesets.take_out_of_force(practice.tess, practice.later(days=1), digest, seen=digest)
    rescreening.rescreen_due(SYSTEM, practice.later(minutes=1))

    assert stored(Request, request_id).clinical_state == "needs_review"
    assert stored(RulesetVersion, digest).state == "retired"
    after = arrives(practice.now, Patient(name="Ann Other", phone="(555) 555-0143", email=None))
    assert stored(Request, after).clinical_state == "needs_review"


def test_an_incomplete_version_clears_nobody_even_in_force(
    practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    value = json.loads(rules.shipped_rules().document)
    value["sections"]["sections"][-1].setdefault("items", []).append("still-to-come")
    lacking = rules.from_document(source.document(value))
    monkeypatch.setattr(rules, "shipped_rules", lambda: lacking)
    puts_in_force(practice.tess, practice.now)

    request_id = arrives(practice.now, Patient())

    assert not in_force.running().clears
    assert stored(Request, request_id).clinical_state == "needs_review"


def test_who_is_no_lead_therapist_changes_no_rules(practice: Practice) -> None:
    digest = puts_in_force(practice.tess, practice.now)
    draft_id = draft(practice.tess, practice.now)
    for other in (practice.theo, practice.dana, practice.ada):
        for act in (
            lambda who: rulesets.begin(who, practice.now, digest, key="x"),
            lambda who: rulesets.change(who, practice.now, draft_id, SLIM, seen=1),
            lambda who: rulesets.approve(who, practice.now, draft_id, seen=1),
            lambda who: rulesets.discard(who, practice.now, draft_id, seen=1),
            lambda who: rulesets.put_in_force(who, practice.now, digest, seen=digest),
            lambda who: rulesets.take_out_of_force(who, practice.now, digest, seen=digest),
        ):
            with pytest.raises(Refused):
                act(other)


def test_nothing_is_approved_that_was_not_tried(practice: Practice) -> None:
    arrives(practice.now, Patient())
    draft_id = draft(practice.tess, practice.now, SLIM)

    with pytest.raises(CannotApprove, match="not_tried"):
        rulesets.approve(practice.tess, practice.now, draft_id, seen=seen(draft_id))
    tried(practice.tess, practice.now, draft_id)
    again = ItemChange("low-bmi", values={"low-bmi.slim": 27})
    rulesets.change(practice.tess, practice.now, draft_id, again, seen=seen(draft_id))
    with pytest.raises(CannotApprove, match="not_tried"):  # what was tried is another version
        rulesets.approve(practice.tess, practice.now, draft_id, seen=seen(draft_id))


def test_a_stale_page_changes_nothing(practice: Practice) -> None:
    first = puts_in_force(practice.tess, practice.now)
    draft_id = draft(practice.tess, practice.now, SLIM, base=first)
    with pytest.raises(ChangedUnderneath):
        rulesets.change(practice.tess, practice.now, draft_id, LOW, seen=seen(draft_id) - 1)
    second = approved(practice.tess, practice.now, draft_id)

    with pytest.raises(ChangedUnderneath):
        rulesets.put_in_force(practice.tess, practice.now, second, seen="")

    db.session.rollback()
    assert in_force.digest_in_force() == first
