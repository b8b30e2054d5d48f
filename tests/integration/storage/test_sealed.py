"""What a patient typed, and what was concluded from it, cannot be read off the database."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text, update
from sqlalchemy.exc import StatementError

from clinic.extensions import Base, db
from clinic.models import Note, Request, Sealed, StaffRole, Token
from clinic.sealing import CannotBeRead
from tests.support import full_house
from tests.support.scene import Scene
from tests.support.search import found

SHORTEST = 6  # letters; a shorter word could stand in any file by chance


@pytest.fixture
def house(in_app: Flask) -> Iterator[Flask]:
    full_house.fill(Scene())
    yield in_app
    db.session.rollback()


def sealed_fields() -> Iterator[tuple[type[Any], str]]:
    for mapper in Base.registry.mappers:
        for name, value in vars(mapper.class_).items():
            if isinstance(value, Sealed):
                yield mapper.class_, name


def typed_values() -> list[str]:
    """Every text in every sealed field, each field at least once."""
    values: list[str] = []
    for table, name in sealed_fields():
        opened = [getattr(row, name) for row in db.session.scalars(select(table))]
        assert any(value is not None for value in opened), f"no {table.__name__}.{name}"
        values += [leaf for value in opened for leaf in leaves(value)]
    known = {name for _, name in sealed_fields()}  # the schema itself has these words
    known |= {one.hex for one in db.session.scalars(select(Request.id))}  # and rows have their ids
    return [value for value in values if len(value) >= SHORTEST and value not in known]


def leaves(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from leaves([*value, *value.values()])
    elif isinstance(value, list):
        for one in value:
            yield from leaves(one)


def everything_stored(app: Flask) -> bytes:
    """The database as somebody who took it finds it: its files, and every cell of every row."""
    cells = [
        bytes(cell) if isinstance(cell, (bytes, memoryview)) else str(cell).encode()
        for table in Base.metadata.sorted_tables
        for row in db.session.execute(text(f'SELECT * FROM "{table.name}"'))  # noqa: S608
        for cell in row
    ]
    url = app.config["SQLALCHEMY_DATABASE_URI"]
    files: list[Path] = []
    if url.startswith("sqlite"):
        files = sorted(Path(url.removeprefix("sqlite:///")).parent.iterdir())
        assert any(file.name.endswith("-wal") for file in files)
    return b"\n".join([*cells, *(file.read_bytes() for file in files)])


def test_no_typed_value_is_in_the_database(house: Flask) -> None:
    values = typed_values()
    assert len(values) > 30

    stored = everything_stored(house)

    assert found("DRAFT2", stored), "the search finds what is there"
    assert [value for value in values if found(value, stored)] == []


@pytest.mark.usefixtures("house")
@pytest.mark.proves("CRY-2")
def test_a_value_moved_to_another_row_is_refused_and_the_others_are_not_touched() -> None:
    one, other = db.session.scalars(select(Request).order_by(Request.reference)).all()
    other_name = other.name
    db.session.execute(
        update(Request).where(Request.id == one.id).values(name_sealed=other.name_sealed)
    )
    db.session.expire_all()

    with pytest.raises(CannotBeRead) as refusal:
        _ = one.name

    assert str(other_name) not in str(refusal.value)
    assert other.name == other_name
    assert one.email


@pytest.mark.usefixtures("house")
def test_a_value_moved_to_another_field_is_refused() -> None:
    request = db.session.scalars(select(Request)).first()
    assert request is not None
    db.session.execute(
        update(Request).where(Request.id == request.id).values(name_sealed=Request.email_sealed)
    )
    db.session.expire_all()

    with pytest.raises(CannotBeRead):
        _ = request.name


@pytest.mark.usefixtures("house")
def test_yes_no_and_a_sentence_take_the_same_room() -> None:
    note = db.session.scalars(select(Note)).one()
    lengths = set()
    for body in ("no", "yes", "not_sure", "A sentence of middling length, nothing more."):
        note.body = body
        db.session.flush()
        lengths.add(len(db.session.scalar(text("SELECT body_sealed FROM note")) or b""))

    assert len(lengths) == 1


@pytest.mark.usefixtures("house")
def test_the_same_value_is_never_stored_twice_alike() -> None:
    note = db.session.scalars(select(Note)).one()
    stored = set()
    for _ in range(20):
        note.body = "yes"
        db.session.flush()
        stored.add(bytes(db.session.scalar(text("SELECT body_sealed FROM note")) or b""))

    assert len(stored) == 20


@pytest.mark.usefixtures("house")
def test_text_comes_back_as_it_was_typed() -> None:
    typed = "Robert'); DROP TABLE note;-- \t é ñ 🙂 \u202eabc\u202c שלום عربى {{7*7}} %s {0}"
    note = db.session.scalars(select(Note)).one()
    note.body = typed
    db.session.commit()
    db.session.expire_all()

    assert db.session.scalars(select(Note)).one().body == typed


def token(made_at: datetime) -> Token:
    return Token(purpose="link", fingerprint=b"x" * 32, made_at=made_at, expires_at=made_at)


@pytest.mark.usefixtures("in_app")
@pytest.mark.proves("TIME-1")
def test_a_naive_datetime_is_refused() -> None:
    db.session.add(token(datetime(2026, 11, 23, 9)))  # noqa: DTZ001 - that is the point

    with pytest.raises(StatementError, match="a naive datetime is not an instant"):
        db.session.flush()
    db.session.rollback()


@pytest.mark.usefixtures("in_app")
@pytest.mark.parametrize("hours", [-5, 0, 5.75])
@pytest.mark.proves("TIME-1")
def test_an_instant_comes_back_as_the_same_instant_in_utc(hours: float) -> None:
    zone = timezone(timedelta(hours=hours))
    typed = datetime(2026, 11, 1, 1, 30, 0, 123456, tzinfo=zone)
    db.session.add(token(typed))
    db.session.commit()

    read = db.session.scalars(select(Token)).one().made_at

    assert read == typed
    assert read.tzinfo is UTC


@pytest.mark.usefixtures("in_app")
def test_the_four_roles_are_there_and_no_account_is() -> None:
    roles = set(db.session.scalars(select(StaffRole.name)))

    assert roles == {"front_desk", "therapist", "lead_therapist", "admin"}
    assert full_house.counts()["user"] == 0
