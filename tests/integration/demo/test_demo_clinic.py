"""The demo clinic shows every state that its pages can reach, made by the services alone."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import select

from clinic import in_force
from clinic.commands import demo_clinic
from clinic.extensions import db
from clinic.models import Appointment, Enquiry, Request, RulesetVersion, ScreeningRecord
from clinic.queries import demo, enquiries
from clinic.services import audit, bookkeeping, staff
from tests.support import databases

SUNDAY = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
SignIns = dict[str, dict[str, str]]
EVENING_BEFORE_CLOCKS_CHANGE = datetime(2026, 10, 31, 23, 30, tzinfo=UTC)


@pytest.fixture(scope="module", params=databases.KINDS)
def sign_ins(request: pytest.FixtureRequest) -> Iterator[SignIns]:
    """The demo as it is loaded on a Sunday, to be looked at and left as it is."""
    with (
        databases.fresh_database(request.param) as url,
        databases.running_app(url) as app,
        app.app_context(),
    ):
        yield demo_clinic.load(SUNDAY, say=lambda _line: None)


def _states(column: object) -> set[str]:
    return set(db.session.scalars(select(column)))  # type: ignore[call-overload]  # any column


def test_every_state_that_can_be_reached_is_there(sign_ins: SignIns) -> None:
    assert [entry["role"] for entry in sign_ins.values()] == [
        "front_desk", "therapist", "lead_therapist", "admin",
    ]  # fmt: skip
    assert _states(Request.desk_state) == {
        "draft", "new", "in_contact", "waiting", "ready_to_offer", "offered", "booked", "closed",
    }  # fmt: skip
    assert _states(Request.clinical_state) == {
        "no_history", "needs_review", "cleared", "cleared_with_limits", "more_information",
        "delayed", "referred", "no_needling", "not_needed",
    }  # fmt: skip
    assert _states(Appointment.state) == {"held", "confirmed", "cancelled"}
    assert [one.problems for one in bookkeeping.check(db.session()) if one.problems] == []
    assert audit.verify(db.session()) is None


@pytest.mark.usefixtures("sign_ins")
def test_the_lead_therapist_has_signed_the_rules_that_screen_everybody() -> None:
    version = db.session.scalars(select(RulesetVersion)).one()

    assert (version.state, version.approved_name) == ("in_force", "Lena Lead")
    assert in_force.running().clears
    assert set(db.session.scalars(select(ScreeningRecord.ruleset_hash))) == {version.hash}


@pytest.mark.usefixtures("sign_ins")
def test_a_question_waits_and_others_are_published() -> None:
    assert sorted(_states(Enquiry.state)) == ["answered", "new"]
    assert [row.language for row in enquiries.published("es")] == ["es", "en"]
    assert db.session.scalars(select(Enquiry).where(Enquiry.urgent)).all() == []


@pytest.mark.usefixtures("sign_ins")
def test_who_is_offered_a_time_can_answer_it_from_the_letter() -> None:
    offered = db.session.scalars(select(Request).filter_by(desk_state="offered")).one()

    assert offered.email_proved_at is not None


def test_the_demo_loads_on_any_day_and_only_once(in_app: Flask) -> None:
    first = demo_clinic.load(EVENING_BEFORE_CLOCKS_CHANGE, say=lambda _line: None)

    again = demo_clinic.load(SUNDAY, say=lambda _line: None)

    assert len(first) == 4
    assert again == {}


@pytest.mark.usefixtures("sign_ins")
def test_nobody_is_told_a_code_outside_the_demo() -> None:
    user = demo.staff_by_email("desk@example.com")
    assert user is not None

    try:
        staff.current_code(user, SUNDAY)
    except staff.OnlyInDemo:
        return
    raise AssertionError("a code was told")
