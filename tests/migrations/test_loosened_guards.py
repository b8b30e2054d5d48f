"""An erasure and a new key get through where the record is append-only; nothing else does."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from clinic.extensions import Base, db
from clinic.models import (
    Act,
    Appointment,
    Clearance,
    Erasure,
    Intake,
    LegalHold,
    Offer,
    Review,
    ScreeningRecord,
)
from clinic.sealing import FORMAT, key_id_of
from tests.support import full_house
from tests.support.scene import Scene

RECORD = (Act, Intake, Review, ScreeningRecord)
LOOSENED = (*RECORD, Clearance)
SEALED = "_sealed"


@pytest.fixture(autouse=True)
def request_id(in_app: Flask) -> Iterator[UUID]:
    found = full_house.fill(Scene())
    db.session.rollback()
    yield found
    db.session.rollback()


def columns(kind: Any, *, sealed: bool) -> list[str]:
    names = [column.name for column in kind.__table__.columns]
    return [name for name in names if name.endswith(SEALED) is sealed]


def another_key(sealed: bytes, key_id: bytes = b"k2") -> bytes:
    """The same bytes as if another key had sealed them."""
    start = 2 + len(key_id_of(sealed))
    return FORMAT + bytes([len(key_id)]) + key_id + sealed[start:]


def one_with(kind: Any, column: str) -> tuple[UUID, bytes]:
    """A row that holds a value in this sealed column; clearances always do."""
    found = getattr(kind, column)
    row = db.session.execute(select(kind.id, found).where(found.is_not(None)).limit(1)).first()
    assert row is not None, f"no {kind.__tablename__} holds a {column}"
    return row[0], row[1]


def change(kind: Any, row_id: UUID, **values: Any) -> None:
    db.session.execute(update(kind).where(kind.id == row_id).values(**values))


def refuses(kind: Any) -> Any:
    return pytest.raises(IntegrityError, match=f"append_only {kind.__tablename__}")


@pytest.mark.parametrize("kind", LOOSENED)
def test_a_sealed_value_may_go_over_to_another_key_and_nothing_else(kind: Any) -> None:
    for column in columns(kind, sealed=True):
        row_id, sealed = one_with(kind, column)
        flipped = sealed[:-1] + bytes([sealed[-1] ^ 1])

        for value in (flipped, None, another_key(sealed) + b"more", b""):
            with pytest.raises(DBAPIError):
                change(kind, row_id, **{column: value})
            db.session.rollback()
        change(kind, row_id, **{column: another_key(sealed)})
        change(kind, row_id, **{column: another_key(sealed, b"key3")})

        query = select(getattr(kind, column)).where(kind.id == row_id)
        assert db.session.scalar(query) == another_key(sealed, b"key3")


def test_a_plain_value_does_not_change_under_cover_of_a_new_key() -> None:
    for kind in RECORD:
        no_plain_value_changes(kind)


def no_plain_value_changes(kind: Any) -> None:
    sealed_column = columns(kind, sealed=True)[-1]
    row_id, sealed = one_with(kind, sealed_column)

    for column in columns(kind, sealed=False):
        stored = db.session.scalar(select(getattr(kind, column)).where(kind.id == row_id))
        changed = {column: another_value(kind, column, stored)}
        for values in (changed, changed | {sealed_column: another_key(sealed)}):
            with refuses(kind):
                change(kind, row_id, **values)
            db.session.rollback()


def another_value(kind: Any, column: str, stored: Any) -> Any:
    """Some other value of the same type; the trigger looks before any constraint does."""
    python_type = kind.__table__.columns[column].type.python_type
    if stored is None and column.endswith("_at"):
        return Scene().now
    if stored is None:
        return {str: "x", UUID: uuid4()}.get(python_type, date(2027, 1, 1))
    if kind.__table__.columns[column].nullable:
        return None
    changes: dict[type, Any] = {
        str: lambda: stored[:-1] + "z",
        UUID: uuid4,
        bool: lambda: not stored,
        int: lambda: stored + 7,
    }
    later = timedelta(days=1)
    return changes[python_type]() if python_type in changes else stored + later


def test_a_clearance_changes_nothing_else_with_its_key() -> None:
    row_id, sealed = one_with(Clearance, "limits_sealed")

    for column in columns(Clearance, sealed=False):
        stored = db.session.scalar(select(getattr(Clearance, column)))
        other = {column: another_value(Clearance, column, stored)}
        with pytest.raises(IntegrityError):
            change(Clearance, row_id, limits_sealed=another_key(sealed), **other)
        db.session.rollback()


def test_an_ended_clearance_goes_over_to_another_key_too() -> None:
    row_id, sealed = one_with(Clearance, "limits_sealed")
    now = Scene().now
    change(Clearance, row_id, ended_at=now, ended_by="withdrawal")

    change(Clearance, row_id, limits_sealed=another_key(sealed))

    with refuses(Clearance):
        change(Clearance, row_id, ended_by="decision")


def test_the_record_of_an_erased_request_goes_and_no_other(request_id: UUID) -> None:
    db.session.execute(delete(LegalHold))
    db.session.execute(insert(Erasure).values(request_id=uuid4(), at=Scene().now))
    db.session.commit()
    for kind in LOOSENED:
        with refuses(kind):
            db.session.execute(delete(kind).where(kind.request_id == request_id))
        db.session.rollback()

    db.session.execute(insert(Erasure).values(request_id=request_id, at=Scene().now))
    clear_what_points_at_it(request_id)

    for kind in LOOSENED:
        assert db.session.scalar(select(kind.id).where(kind.request_id == request_id)) is None


def clear_what_points_at_it(request_id: UUID) -> None:
    """Delete in the order that foreign keys ask for."""
    visits = select(Appointment.id).where(Appointment.request_id == request_id)
    for name in ("visit_record", "slot_atom"):
        table = Base.metadata.tables[name]
        db.session.execute(delete(table).where(table.c.appointment_id.in_(visits)))
    for kind in (Act, Appointment, Offer, Clearance, Review, ScreeningRecord, Intake):
        db.session.execute(delete(kind).where(kind.request_id == request_id))


def test_the_trail_and_the_questions_stay_whatever_is_erased(request_id: UUID) -> None:
    db.session.execute(delete(LegalHold))
    db.session.execute(insert(Erasure).values(request_id=request_id, at=Scene().now))
    db.session.commit()

    for table in ("audit_entry", "audit_head", "questionnaire_version"):
        with pytest.raises(IntegrityError, match=f"append_only {table}"):
            db.session.execute(text(f"DELETE FROM {table}"))  # noqa: S608 - a name of ours
        db.session.rollback()


def test_the_list_of_erasures_only_grows() -> None:
    for statement in (delete(Erasure), update(Erasure).values(at=Scene().now)):
        with refuses(Erasure):
            db.session.execute(statement)
        db.session.rollback()


def test_a_request_under_a_legal_hold_is_not_erased(request_id: UUID) -> None:
    with pytest.raises(IntegrityError, match="erasure_on_hold"):
        db.session.execute(insert(Erasure).values(request_id=request_id, at=Scene().now))
