"""What has run out is deleted, and a dry run counts just that (RET-1)."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select, update

from clinic.access import SYSTEM
from clinic.booking.lifecycle import Track
from clinic.commands.operator import operator
from clinic.extensions import db, site
from clinic.models import AuditEntry, Draft, Letter, Request, StaffSession, Token
from clinic.services import audit, bookkeeping, erasing, retention, tracks
from clinic.services.transaction import Work, writes
from tests.integration.operations.conftest import ON_SQLITE
from tests.support import databases, full_house
from tests.support.clock import MONDAY_MORNING
from tests.support.full_house import counts, queue
from tests.support.patients import Patient
from tests.support.scene import Scene, all_of, stored

URGENT = {"rf-chest-breath": "yes", "rf-chest-breath.worse": "yes"}


@pytest.fixture
def house(in_app: Flask) -> UUID:
    return full_house.fill(Scene())


def clear_out(now: datetime) -> None:
    retention.clear_out(SYSTEM, now)
    db.session.rollback()


@writes
def end_in_an_hour(work: Work) -> None:
    """Let one token and one session end an hour from now, and two others later."""
    for hours in (1, 2):
        end = work.now + timedelta(hours=hours)
        mark = bytes([hours]) * 32
        work.session.add(Token(purpose="link", fingerprint=mark, made_at=work.now, expires_at=end))
        work.session.add(
            StaffSession(fingerprint=mark, started_at=work.now, seen_at=work.now, expires_at=end)
        )


@pytest.mark.usefixtures("in_app")
def test_tokens_and_sessions_go_when_they_end_and_not_before() -> None:
    end_in_an_hour(SYSTEM, MONDAY_MORNING)

    clear_out(MONDAY_MORNING + timedelta(minutes=59))
    assert (counts()["token"], counts()["staff_session"]) == (2, 2)
    clear_out(MONDAY_MORNING + timedelta(hours=1))

    assert (counts()["token"], counts()["staff_session"]) == (1, 1)
    entry = db.session.scalars(select(AuditEntry)).one()
    assert '"sessions": 1, "tokens": 1}' in entry.detail


@writes
def lapse(work: Work, purpose: str) -> None:
    """Let one token end now."""
    mark = purpose.encode().ljust(32)
    work.session.add(
        Token(purpose=purpose, fingerprint=mark, made_at=work.now, expires_at=work.now)
    )


@pytest.mark.usefixtures("in_app")
@pytest.mark.parametrize(
    ("purpose", "days"),
    [("code", 1), ("draft_browser", 30), ("status_browser", 30), ("link", 0), ("reset", 0)],
)
def test_a_token_goes_once_it_is_of_no_use_any_more(purpose: str, days: int) -> None:
    lapse(SYSTEM, MONDAY_MORNING, purpose)
    of_no_use = MONDAY_MORNING + timedelta(days=days)

    clear_out(of_no_use - timedelta(minutes=1))
    assert counts()["token"] == 1
    clear_out(of_no_use)

    assert counts()["token"] == 0


@ON_SQLITE
@pytest.mark.usefixtures("house")
def test_form_keys_are_kept_as_long_as_a_draft() -> None:
    clear_out(MONDAY_MORNING + timedelta(days=29))
    assert counts()["idempotency"] == 1
    clear_out(MONDAY_MORNING + timedelta(days=30))

    assert counts()["idempotency"] == 0


@pytest.mark.usefixtures("in_app")
def test_what_a_letter_said_goes_a_month_after_it_was_sent_and_its_row_stays() -> None:
    queue(SYSTEM, MONDAY_MORNING, state="sent", sent_at=MONDAY_MORNING + timedelta(days=1))
    waiting = queue(SYSTEM, MONDAY_MORNING)

    clear_out(MONDAY_MORNING + timedelta(days=30))
    assert all(letter.body for letter in db.session.scalars(select(Letter)))
    clear_out(MONDAY_MORNING + timedelta(days=31))

    columns = [one.name for one in Letter.__table__.columns if one.name.endswith("_sealed")]
    kept = {one.id: {getattr(one, name) for name in columns} for one in all_letters()}
    assert len(kept) == 2
    assert [one for one, words in kept.items() if words != {None}] == waiting


def all_letters() -> list[Letter]:
    return list(db.session.scalars(select(Letter)))


@pytest.mark.usefixtures("in_app")
def test_where_nothing_has_run_out_nothing_is_written() -> None:
    clear_out(MONDAY_MORNING)

    assert counts()["audit_entry"] == 0


# --- Drafts ----------------------------------------------------------------------------------


def end_of_a_draft() -> datetime:
    return MONDAY_MORNING + timedelta(days=site.settings.draft_days + 1)


@pytest.mark.usefixtures("in_app")
def test_a_draft_that_nobody_can_open_any_more_leaves_nothing_of_its_patient() -> None:
    Scene().place()
    request_id = Patient().begins(MONDAY_MORNING)

    clear_out(end_of_a_draft() - timedelta(minutes=1))
    assert stored(Request, request_id).name == "Rosa Example"
    clear_out(end_of_a_draft())

    left = {name: count for name, count in counts().items() if name in erasing.tables() and count}
    assert left == {}
    assert [one.act for one in all_of(AuditEntry)][-2:] == ["request.erased", "retention.cleared"]
    assert audit.verify(db.session()) is None


@pytest.mark.usefixtures("in_app")
def test_a_draft_with_an_urgent_answer_is_a_request_and_stays_with_its_answers() -> None:
    Scene().place()
    request_id = Patient(answers=URGENT).asks(MONDAY_MORNING)
    intakes = counts()["intake"]

    clear_out(end_of_a_draft())

    request = stored(Request, request_id)
    assert (request.desk_state, request.name, request.urgent_open) == ("new", "Rosa Example", True)
    assert counts()["intake"] == intakes == 1
    assert len(all_of(Draft)) == 1, "somebody has to look into it still"


@ON_SQLITE
@pytest.mark.usefixtures("in_app")
def test_the_open_answers_beside_a_request_go_once_nobody_has_to_look_into_them() -> None:
    Scene().place()
    request_id = Patient(answers=URGENT).asks(MONDAY_MORNING)
    db.session.execute(update(Request).values(urgent_open=False))
    db.session.commit()

    clear_out(end_of_a_draft())

    assert all_of(Draft) == []
    assert stored(Request, request_id).name == "Rosa Example"
    assert counts()["intake"] == 1


# --- Closed requests -------------------------------------------------------------------------


@writes
def close(work: Work, request_id: UUID) -> None:
    request = tracks.load(work, request_id)
    tracks.move(work, request, Track.DESK, "close")
    request.closed_reason = "no_reply"


def years(count: int) -> datetime:
    return MONDAY_MORNING.replace(year=MONDAY_MORNING.year + count)


@pytest.fixture
def kept_for_seven_years(database: str) -> Any:
    with databases.running_app(database, request_years=7) as app, app.app_context():
        yield app


def closed_request(scene: Scene | None = None, *, born: str = "1980-04-02") -> UUID:
    request_id = (scene or Scene()).request(birth_date=born)
    close(SYSTEM, MONDAY_MORNING, request_id)
    return request_id


@pytest.mark.usefixtures("kept_for_seven_years")
def test_a_closed_request_goes_after_the_years_that_the_clinic_set() -> None:
    closed_request()

    clear_out(years(7) - timedelta(days=1))
    assert counts()["request"] == 1
    clear_out(years(7))

    assert (counts()["request"], counts()["act"], counts()["intake"]) == (0, 0, 0)
    assert audit.verify(db.session()) is None


@ON_SQLITE
@pytest.mark.usefixtures("kept_for_seven_years")
def test_the_years_of_somebody_under_age_begin_at_eighteen() -> None:
    closed_request(born="2015-04-02")

    clear_out(years(13))
    assert counts()["request"] == 1
    clear_out(years(14))

    assert counts()["request"] == 0


@pytest.mark.usefixtures("kept_for_seven_years")
def test_an_open_request_and_one_under_a_legal_hold_stay_for_ever() -> None:
    held = closed_request()
    Scene(number=1).request()
    erasing.hold(
        operator(), MONDAY_MORNING, stored(Request, held).reference, reason="A court asks."
    )

    clear_out(years(30))

    assert counts()["request"] == 2
    assert erasing.is_held(db.session(), held)


@ON_SQLITE
@pytest.mark.usefixtures("in_app")
def test_without_a_number_of_years_no_request_goes() -> None:
    closed_request()

    clear_out(years(90))

    assert counts()["request"] == 1


@pytest.mark.usefixtures("kept_for_seven_years")
def test_a_dry_run_counts_what_the_run_deletes_and_deletes_nothing() -> None:
    scene = Scene()
    full_house.fill(scene)
    closed_request(scene)
    Patient().begins(MONDAY_MORNING)
    queue(SYSTEM, MONDAY_MORNING, 3, state="sent", sent_at=MONDAY_MORNING)
    before = counts()

    told = retention.dry_run(SYSTEM, years(8))
    unchanged = counts()
    done = retention.run(SYSTEM, years(8))

    assert unchanged == before
    assert told == done
    assert (told["requests"], told["drafts"], told["sessions"]) == (1, 2, 1)
    assert retention.dry_run(SYSTEM, years(8)) == dict.fromkeys(told, 0)
    db.session.rollback()
    assert [one.problems for one in bookkeeping.check(db.session()) if one.problems] == []
