"""One write is one transaction: all of it is stored, or nothing."""

from datetime import datetime
from threading import Barrier, Thread
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from clinic.access import SYSTEM, NotThere
from clinic.booking.lifecycle import NoSuchMove, Track
from clinic.extensions import db
from clinic.models import Act, AuditEntry, Idempotency, Letter, Note, Request
from clinic.services import audit, idempotency, tracks
from clinic.services.idempotency import OtherBody
from clinic.services.transaction import ChangedUnderneath, Nested, Work, writes
from tests.support import full_house
from tests.support.clock import MONDAY_MORNING
from tests.support.full_house import counts
from tests.support.scene import Scene, version_of

NOW: datetime = MONDAY_MORNING


class Failed(Exception):
    """Something broke after everything had been written."""


@pytest.fixture
def request_id(in_app: Flask) -> UUID:
    return full_house.fill(Scene())


@writes
def work_then_fail(work: Work, request_id: UUID) -> None:
    request = tracks.load(work, request_id)
    tracks.move(work, request, Track.DESK, "reach")
    request.name = "Changed"
    work.session.add(full_house.letter(work))
    work.session.flush()
    audit.append(work.session, work.actor, work.now, work.entries)
    raise Failed


@pytest.mark.proves("MAIL-1")
def test_a_failure_takes_back_states_facts_letters_and_entries(request_id: UUID) -> None:
    before, head = counts(), audit.head_of(db.session())
    state = full_house.digests()

    with pytest.raises(Failed):
        work_then_fail(SYSTEM, NOW, request_id)

    assert counts() == before
    assert full_house.digests() == state
    assert audit.head_of(db.session()) == head
    assert audit.verify(db.session()) is None


@writes
def reach(work: Work, request_id: UUID, *, seen: int | None = None) -> None:
    request = tracks.load(work, request_id, seen=seen)
    tracks.move(work, request, Track.DESK, "reach")


@writes
def reach_from_inside(work: Work, request_id: UUID) -> None:
    work.audit("outer", "request", request_id)
    reach(SYSTEM, work.now, request_id)


def test_a_service_inside_a_service_is_refused_and_nothing_is_stored(request_id: UUID) -> None:
    before = counts()

    with pytest.raises(Nested):
        reach_from_inside(SYSTEM, NOW, request_id)

    assert counts() == before
    reach(SYSTEM, NOW, request_id)
    assert counts()["act"] == before["act"] + 1


@pytest.mark.proves("AUD-1")
def test_each_move_is_one_fact_and_one_entry_with_the_states_in_it(request_id: UUID) -> None:
    before = counts()

    reach(SYSTEM, NOW, request_id)

    fact = db.session.scalars(
        select(Act).filter_by(request_id=request_id).order_by(Act.position.desc())
    ).first()
    entry = db.session.scalars(select(AuditEntry).order_by(AuditEntry.number.desc())).first()
    assert counts()["act"] == before["act"] + 1
    assert counts()["audit_entry"] == before["audit_entry"] + 1
    assert fact is not None
    assert entry is not None
    assert (fact.act, fact.to_state) == (
        "reach",
        db.session.get_one(Request, request_id).desk_state,
    )
    assert entry.act == "desk.reach"
    assert entry.subject_id == request_id


def test_what_was_seen_before_somebody_elses_change_is_stale(request_id: UUID) -> None:
    seen = version_of(request_id)
    reach(SYSTEM, NOW, request_id, seen=seen)
    before = counts()

    with pytest.raises(ChangedUnderneath):
        reach(SYSTEM, NOW, request_id, seen=seen)

    assert counts() == before


def test_a_row_that_changed_between_reading_and_writing_is_stale(request_id: UUID) -> None:
    @writes
    def overtaken(work: Work) -> None:
        request = work.session.get_one(Request, request_id)
        work.session.execute(text("UPDATE request SET version = version + 1"))
        request.name = "Too late"

    with pytest.raises(ChangedUnderneath):
        overtaken(SYSTEM, NOW)

    assert db.session.get_one(Request, request_id).name != "Too late"


def test_a_request_that_is_not_there_is_not_there(request_id: UUID) -> None:
    with pytest.raises(NotThere):
        reach(SYSTEM, NOW, UUID(int=request_id.int ^ 1))


@pytest.mark.proves("AZ-8")
def test_a_move_that_the_table_lacks_stores_nothing(request_id: UUID) -> None:
    @writes
    def attend(work: Work) -> None:
        tracks.move(work, tracks.load(work, request_id), Track.DESK, "attend")

    before = counts()

    with pytest.raises(NoSuchMove):
        attend(SYSTEM, NOW)

    assert counts() == before


def test_an_unexpected_refusal_of_the_database_stays_what_it_is(request_id: UUID) -> None:
    @writes
    def break_a_rule(work: Work) -> None:
        work.session.add(
            Note(request_id=request_id, kind="rumour", body="x", at=work.now, by_id=UUID(int=1))
        )

    with pytest.raises(IntegrityError):
        break_a_rule(SYSTEM, NOW)

    reach(SYSTEM, NOW, request_id)


# --- The same form twice ---------------------------------------------------------------------


@writes
def send_form(work: Work, key: str, body: dict[str, str]) -> UUID:
    made = idempotency.made_before(work, key, "note", body)
    if made is not None:
        return made
    letter = full_house.letter(work)
    work.session.add(letter)
    idempotency.remember(work, key, "note", body, letter.id)
    return letter.id


@pytest.mark.usefixtures("in_app")
def test_the_same_form_makes_one_thing_and_another_body_is_refused() -> None:
    first = send_form(SYSTEM, NOW, "a-key", {"text": "hello"})

    again = send_form(SYSTEM, NOW, "a-key", {"text": "hello"})
    with pytest.raises(OtherBody) as other:
        send_form(SYSTEM, NOW, "a-key", {"text": "changed"})

    assert again == first == other.value.made_id
    assert db.session.scalar(select(func.count()).select_from(Letter)) == 1


@pytest.mark.proves("CON-4")
def test_twenty_at_once_with_one_key_make_one_thing(app: Flask) -> None:
    start = Barrier(20)
    made: list[UUID] = []
    losers: list[str] = []

    def click() -> None:
        with app.app_context():
            start.wait()
            try:
                made.append(send_form(SYSTEM, NOW, "a-key", {"text": "hello"}))
            except IntegrityError as error:
                losers.append(str(error.orig))
            finally:
                db.session.remove()

    clicks = [Thread(target=click) for _ in range(20)]
    for one in clicks:
        one.start()
    for one in clicks:
        one.join(timeout=60)

    with app.app_context():
        assert len(set(made)) == 1
        assert len(made) + len(losers) == 20
        assert db.session.scalar(select(func.count()).select_from(Letter)) == 1
        assert db.session.scalar(select(func.count()).select_from(Idempotency)) == 1
