"""What the database itself refuses, whatever program asks: tried, on both kinds."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from threading import Thread
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import select, text, update
from sqlalchemy.exc import IntegrityError, OperationalError

from clinic.access import SYSTEM
from clinic.booking.lifecycle import Track
from clinic.extensions import WRITE, db
from clinic.models import (
    Act,
    Appointment,
    AuditHead,
    Clearance,
    Location,
    Offer,
    SlotAtom,
)
from clinic.services import tracks
from clinic.services.needling import NotCleared
from clinic.services.transaction import Work, writes
from tests.support import full_house
from tests.support.scene import Scene

APPENDED_ONLY = ("act", "audit_entry", "intake", "questionnaire_version", "review", "screening")
NOT_CLEARED = "needling_needs_live_clearance"
pytestmark = pytest.mark.usefixtures("scene")
ENDED = {"ended_at": datetime(2026, 11, 23, 16, tzinfo=UTC), "ended_by": "withdrawal"}


@pytest.fixture
def scene(in_app: Flask) -> Iterator[Scene]:
    scene = Scene()
    full_house.fill(scene)
    db.session.rollback()
    yield scene
    db.session.rollback()


def visit() -> Appointment:
    return db.session.scalars(select(Appointment)).one()


def change(**values: Any) -> None:
    """Change the one appointment behind the services' back."""
    db.session.execute(update(Appointment).values(**values))


def end_clearance() -> None:
    db.session.execute(update(Clearance).values(**ENDED))
    db.session.commit()


def another(**values: Any) -> Appointment:
    """A second visit like the first, three days later."""
    first = visit()
    fields = {
        "request_id": first.request_id,
        "therapist_id": first.therapist_id,
        "location_id": first.location_id,
        "visit_kind": "needling",
        "clearance_id": first.clearance_id,
        "state": "held",
        "starts_at": first.starts_at + timedelta(days=3),
        "ends_at": first.ends_at + timedelta(days=3),
        "visit_on": first.visit_on + timedelta(days=3),
    }
    return Appointment(**(fields | values))


def refused(row: Any, word: str) -> None:
    db.session.add(row)
    with pytest.raises(IntegrityError, match=word):
        db.session.flush()
    db.session.rollback()


# --- The record ------------------------------------------------------------------------------


@pytest.mark.parametrize("table", [*APPENDED_ONLY, "audit_head", "clearance"])
def test_the_record_cannot_be_deleted(table: str) -> None:
    with pytest.raises(IntegrityError, match=f"append_only {table}"):
        db.session.execute(text(f"DELETE FROM {table}"))  # noqa: S608 - a name of ours


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("act", "to_state"),
        ("audit_entry", "detail"),
        ("intake", "answers_sealed"),
        ("questionnaire_version", "document"),
        ("review", "decision"),
        ("screening", "level"),
    ],
)
def test_the_record_cannot_be_changed(table: str, column: str) -> None:
    with pytest.raises(IntegrityError, match=f"append_only {table}"):
        db.session.execute(text(f"UPDATE {table} SET {column} = {column}"))  # noqa: S608


@pytest.mark.parametrize("table", APPENDED_ONLY)
def test_a_row_of_the_record_is_not_replaced_by_inserting_it_again(table: str) -> None:
    key = {"audit_entry": "number", "questionnaire_version": "hash"}.get(table, "id")
    again = f"INTO {table} SELECT * FROM {table}"  # noqa: S608 - a name of ours
    replaces = {
        "sqlite": f"INSERT OR REPLACE {again}",
        "postgresql": f"INSERT {again} ON CONFLICT ({key}) DO UPDATE SET {key} = excluded.{key}",
    }

    with pytest.raises(IntegrityError, match=f"append_only {table}"):
        db.session.execute(text(replaces[db.engine.dialect.name]))


@pytest.mark.parametrize("table", [*APPENDED_ONLY, "audit_head"])
def test_the_record_cannot_be_emptied_at_one_go(table: str) -> None:
    if db.engine.dialect.name == "sqlite":
        with pytest.raises(OperationalError, match="syntax error"):
            db.session.execute(text(f"TRUNCATE {table}"))
        return
    with pytest.raises(IntegrityError, match=f"append_only {table}"):
        db.session.execute(text(f"TRUNCATE {table} CASCADE"))


@pytest.mark.parametrize(
    "values",
    [
        {"count": AuditHead.count - 1, "hash": b"x" * 32},
        {"count": AuditHead.count, "hash": b"x" * 32},
        {"count": AuditHead.count + 1, "hash": AuditHead.hash},
    ],
)
def test_the_trails_head_only_goes_on(values: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError, match="append_only audit_head"):
        db.session.execute(update(AuditHead).values(**values))


@pytest.mark.parametrize(
    "values",
    [
        {"valid_until": date(2027, 12, 31)},
        {"valid_from": date(2026, 1, 1)},
        {"limits_sealed": b"wider"},
    ],
)
def test_a_clearance_cannot_be_widened(values: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError, match="append_only clearance"):
        db.session.execute(update(Clearance).values(**values))


def test_an_ended_clearance_cannot_come_back() -> None:
    end_clearance()

    with pytest.raises(IntegrityError, match="append_only clearance"):
        db.session.execute(update(Clearance).values(ended_at=None, ended_by=None))


# --- Needling --------------------------------------------------------------------------------


def test_a_needling_visit_is_held_under_a_live_clearance() -> None:
    db.session.add(another())

    db.session.flush()

    assert len(db.session.scalars(select(Appointment)).all()) == 2


def test_a_needling_visit_is_not_held_under_an_ended_clearance() -> None:
    end_clearance()

    refused(another(), NOT_CLEARED)


def test_a_needling_visit_is_not_held_under_somebody_elses_clearance(scene: Scene) -> None:
    other = scene.request(location_id=visit().location_id)

    refused(another(request_id=other), NOT_CLEARED)


@pytest.mark.parametrize("days", [-30, 400])
def test_a_needling_visit_is_not_held_outside_the_clearances_dates(days: int) -> None:
    away = timedelta(days=days)
    first = visit()

    refused(
        another(
            starts_at=first.starts_at + away,
            ends_at=first.ends_at + away,
            visit_on=first.visit_on + away,
        ),
        NOT_CLEARED,
    )


def test_the_last_day_of_a_clearance_counts_and_the_next_does_not() -> None:
    clearance = db.session.scalars(select(Clearance)).one()
    last = clearance.valid_until
    db.session.add(another(visit_on=last))
    db.session.flush()
    db.session.rollback()

    refused(another(visit_on=last + timedelta(days=1)), NOT_CLEARED)


@pytest.mark.parametrize(
    "values",
    [
        {"state": "confirmed"},
        {"starts_at": datetime(2026, 11, 24, 15, tzinfo=UTC)},
        {"visit_on": date(2026, 11, 26)},
        {"therapist_id": "another"},
        {"location_id": "another"},
    ],
)
def test_nothing_goes_ahead_under_an_ended_clearance(scene: Scene, values: dict[str, Any]) -> None:
    chosen = values | {
        name: make(scene)
        for name, make in (("therapist_id", other_therapist), ("location_id", other_place))
        if values.get(name) == "another"
    }
    end_clearance()

    with pytest.raises(IntegrityError, match=NOT_CLEARED):
        change(**chosen)


def other_therapist(scene: Scene) -> UUID | None:
    return scene.staff("Tara Therapist").id


def other_place(scene: Scene) -> UUID:
    return scene.place("Side Street")


def test_nobody_arrives_for_needling_under_an_ended_clearance() -> None:
    change(state="confirmed")
    end_clearance()

    with pytest.raises(IntegrityError, match=NOT_CLEARED):
        change(state="arrived")


def test_nobody_is_marked_needled_under_an_ended_clearance() -> None:
    change(state="confirmed")
    change(state="arrived")
    end_clearance()
    change(state="done", needled=False)

    with pytest.raises(IntegrityError, match=NOT_CLEARED):
        change(needled=True)


def test_a_visit_without_needles_does_not_become_needling_without_a_clearance() -> None:
    clearance_id = visit().clearance_id
    change(visit_kind="no_needles", clearance_id=None)
    end_clearance()

    with pytest.raises(IntegrityError, match=NOT_CLEARED):
        change(visit_kind="needling", clearance_id=clearance_id)
    db.session.rollback()
    with pytest.raises(IntegrityError, match=NOT_CLEARED):
        change(visit_kind="needling", clearance_id=uuid4())


@pytest.mark.parametrize("state", ["cancelled", "moved", "no_show"])
def test_a_visit_can_be_given_up_under_an_ended_clearance(state: str) -> None:
    change(state="confirmed")
    end_clearance()

    change(state=state)

    assert visit().state == state


def test_a_visit_without_needles_needs_no_clearance() -> None:
    end_clearance()

    db.session.add(another(visit_kind="no_needles", clearance_id=None))
    db.session.flush()

    assert len(db.session.scalars(select(Appointment)).all()) == 2


def test_a_visit_without_needles_cannot_be_marked_needled() -> None:
    change(visit_kind="no_needles", clearance_id=None, state="arrived")

    with pytest.raises(IntegrityError, match="needled_when_done"):
        change(state="done", needled=True)


def test_nobody_needles_where_it_is_prohibited(scene: Scene) -> None:
    prohibited = scene.place("Prohibited Street", needling_law="prohibited")

    refused(another(location_id=prohibited), "needling_prohibited_here")
    with pytest.raises(IntegrityError, match="needling_prohibited_here"):
        change(location_id=prohibited)


def test_a_law_that_changes_stops_the_visit_and_lets_it_be_cancelled() -> None:
    db.session.execute(update(Location).values(needling_law="prohibited"))
    db.session.commit()

    with pytest.raises(IntegrityError, match="needling_prohibited_here"):
        change(state="confirmed")
    db.session.rollback()
    change(state="cancelled")

    assert visit().state == "cancelled"


def test_two_visits_cannot_have_the_same_five_minutes() -> None:
    first = visit()
    db.session.add(another())
    db.session.flush()
    second = db.session.scalars(select(Appointment).where(Appointment.id != first.id)).one()

    refused(
        SlotAtom(
            therapist_id=first.therapist_id, starts_at=first.starts_at, appointment_id=second.id
        ),
        "slot_atom|pk_slot_atom",
    )


@pytest.mark.parametrize(
    ("kind", "word"), [(Clearance, "clearance"), (Offer, "offer")], ids=["clearance", "offer"]
)
def test_a_request_has_one_live_clearance_and_one_open_offer(kind: Any, word: str) -> None:
    first = db.session.scalars(select(kind)).one()
    copied = {
        name: getattr(first, name)
        for name in (column.name for column in kind.__table__.columns)
        if name not in ("id", "version")
    }

    refused(kind(**copied), word)


# --- As services see it ----------------------------------------------------------------------


@writes
def confirm(work: Work, request_id: UUID) -> None:
    request = tracks.load(work, request_id)
    appointment = work.session.scalars(select(Appointment)).one()
    tracks.move_appointment(work, request, appointment, "confirm")


def test_a_service_hears_the_fact_and_nothing_is_stored(scene: Scene) -> None:
    request_id = visit().request_id
    end_clearance()

    with pytest.raises(NotCleared) as told:
        confirm(SYSTEM, scene.now, request_id)

    assert told.value.reason == "not_cleared"
    assert visit().state == "held"
    assert Track.APPOINTMENT not in [
        fact.track for fact in tracks_of(request_id) if fact.act == "confirm"
    ]


def tracks_of(request_id: UUID) -> list[Any]:

    return list(db.session.scalars(select(Act).filter_by(request_id=request_id)))


def test_accept_waits_for_a_revocation_that_is_under_way() -> None:
    """Whichever comes second sees what the first did: never confirmed under what has ended."""
    app_engine = db.engine
    visit_id = visit().id
    db.session.rollback()
    outcome: list[str] = []

    def accept() -> None:
        accepting = app_engine.execution_options(**{WRITE: True})
        try:
            with accepting.begin() as connection:
                connection.execute(
                    update(Appointment).where(Appointment.id == visit_id).values(state="confirmed")
                )
            outcome.append("confirmed")
        except IntegrityError as error:
            outcome.append("refused" if NOT_CLEARED in str(error) else str(error))

    with app_engine.execution_options(**{WRITE: True}).begin() as revoking:
        revoking.execute(update(Clearance).values(**ENDED))
        racer = Thread(target=accept)
        racer.start()
        racer.join(timeout=0.5)
        assert outcome == []
    racer.join(timeout=10)

    assert outcome == ["refused"]


def test_a_revocation_waits_for_an_accept_that_is_under_way() -> None:
    app_engine = db.engine
    db.session.rollback()
    ended: list[str] = []

    def revoke() -> None:
        with app_engine.execution_options(**{WRITE: True}).begin() as connection:
            connection.execute(update(Clearance).values(**ENDED))
            ended.append(connection.scalar(select(Appointment.state)) or "")

    with app_engine.execution_options(**{WRITE: True}).begin() as accepting:
        accepting.execute(update(Appointment).values(state="confirmed"))
        racer = Thread(target=revoke)
        racer.start()
        racer.join(timeout=0.5)
        assert ended == []
    racer.join(timeout=10)

    assert ended == ["confirmed"]
