"""The trail holds under load, and whoever changes it is found."""

import hashlib
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from threading import Barrier, Thread
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import delete, func, inspect, select, text, update
from sqlalchemy.exc import IntegrityError, OperationalError

from clinic.access import SYSTEM, Actor, ActorKind
from clinic.extensions import db
from clinic.models import AuditEntry, AuditHead
from clinic.services import audit
from clinic.services.audit import NotForTheTrail
from clinic.services.transaction import Work, writes
from tests.support.clock import MONDAY_MORNING

WRITERS, EACH = 10, 12
LENGTH = 20


@writes
def note(work: Work, /, subject: UUID, **detail: audit.Value) -> None:
    work.audit("test.noted", "request", subject, **detail)


@writes
def note_twice(work: Work, subject: UUID) -> None:
    work.audit("test.first", "request", subject, section="summary")
    work.audit("test.second", "request", subject, section="answers")


def fault(anchor: tuple[int, bytes] | None = None) -> audit.Fault | None:
    return audit.verify(db.session(), anchor=anchor)


@pytest.mark.proves("AUD-5")
def test_ten_writers_make_one_unbroken_chain(app: Flask) -> None:
    start, failures = Barrier(WRITERS), []

    def write(number: int) -> None:
        actor = Actor(ActorKind.STAFF, UUID(int=number), trace=f"writer-{number}")
        with app.app_context():
            start.wait()
            for turn in range(EACH):
                moment = MONDAY_MORNING + timedelta(microseconds=number * 1000 + turn)
                if not written(actor, moment):
                    failures.append((number, turn))
            db.session.remove()

    writers = [Thread(target=write, args=(number,)) for number in range(WRITERS)]
    for writer in writers:
        writer.start()
    with app.app_context():
        while any(writer.is_alive() for writer in writers):
            assert fault() is None, "also while others write"
    for writer in writers:
        writer.join(timeout=120)

    with app.app_context():
        assert failures == []
        assert db.session.scalar(select(func.count()).select_from(AuditEntry)) == WRITERS * EACH * 2
        assert fault() is None
        assert audit.head_of(db.session())[0] == WRITERS * EACH * 2


def written(actor: Actor, moment: datetime) -> bool:
    """Write, again if the machine is so busy that a lock was waited for in vain."""
    for _ in range(5):
        with suppress(OperationalError):
            note_twice(actor, moment, uuid4())
            return True
    return False


@pytest.fixture
def trail(in_app: Flask) -> tuple[int, bytes]:
    """A trail of some length, whose head was kept elsewhere; its guards taken off."""
    for number in range(LENGTH):
        note(SYSTEM, MONDAY_MORNING + timedelta(seconds=number), uuid4(), number=number)
    anchor = audit.head_of(db.session())
    take_guards_off()
    return anchor


def take_guards_off() -> None:
    """Become somebody who owns the database and can change what programs cannot."""
    for table in ("audit_entry", "audit_head"):
        if db.engine.dialect.name == "postgresql":
            db.session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        else:
            query = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :table"
            for name in db.session.scalars(text(query), {"table": table}).all():
                db.session.execute(text(f"DROP TRIGGER {name}"))
    db.session.commit()


def rows() -> list[AuditEntry]:
    return list(db.session.scalars(select(AuditEntry).order_by(AuditEntry.number)))


def set_head(count: int, last: bytes) -> None:
    db.session.execute(update(AuditHead).values(count=count, hash=last))


def edit() -> int:
    db.session.execute(update(AuditEntry).where(AuditEntry.number == 7).values(act="test.other"))
    return 7


def shift_the_clock() -> int:
    row = rows()[8]
    row.at += timedelta(microseconds=1)
    return 9


def put_on_somebody_else() -> int:
    rows()[4].subject_id = uuid4()
    return 5


def delete_one() -> int:
    db.session.execute(delete(AuditEntry).where(AuditEntry.number == 10))
    return 10


def delete_the_first() -> int:
    db.session.execute(delete(AuditEntry).where(AuditEntry.number == 1))
    return 1


def insert() -> int:
    last = rows()[-1]
    extra = AuditEntry(**(cells(last) | {"number": LENGTH + 1, "hash": b"h" * 32}))
    db.session.add(extra)
    return LENGTH + 1


def insert_with_the_head() -> int:
    insert()
    db.session.flush()
    set_head(LENGTH + 1, b"h" * 32)
    return LENGTH + 1


def reorder() -> int:
    one, other = rows()[2], rows()[3]
    one_cells, other_cells = cells(one), cells(other)
    for row, new in ((one, other_cells), (other, one_cells)):
        for name, value in new.items():
            if name != "number":
                setattr(row, name, value)
    return 3


def rehash_without_the_key() -> int:
    previous = b""
    for row in rows():
        if row.number == 6:
            row.act = "test.other"
        if row.number >= 6:
            row.hash = hashlib.sha256(previous + row.act.encode()).digest()
        previous = row.hash
    db.session.flush()
    set_head(LENGTH, previous)
    return 6


def cells(row: AuditEntry) -> dict[str, object]:
    return {column.key: getattr(row, column.key) for column in inspect(AuditEntry).column_attrs}


@pytest.mark.usefixtures("trail")
@pytest.mark.parametrize(
    "tamper",
    [
        edit,
        shift_the_clock,
        put_on_somebody_else,
        delete_one,
        delete_the_first,
        insert,
        insert_with_the_head,
        reorder,
        rehash_without_the_key,
    ],
)
@pytest.mark.proves("AUD-5")
def test_whoever_changes_the_trail_is_found_at_the_first_bad_entry(
    tamper: Callable[[], int],
) -> None:
    assert fault() is None

    first_bad = tamper()
    db.session.commit()

    found = fault()
    assert found is not None
    assert found.number == first_bad


def cut_tail() -> None:
    db.session.execute(delete(AuditEntry).where(AuditEntry.number > 12))
    set_head(12, rows()[-1].hash)


def empty() -> None:
    db.session.execute(delete(AuditEntry))
    set_head(0, audit.GENESIS)


def rehash_with_the_key() -> None:
    previous = audit.GENESIS
    for row in rows():
        if row.number == 6:
            row.act = "test.other"
        row.hash = previous = audit.link(previous, row)
    db.session.flush()
    set_head(LENGTH, previous)


@pytest.mark.parametrize("tamper", [cut_tail, empty, rehash_with_the_key])
@pytest.mark.proves("AUD-5")
def test_what_looks_whole_by_itself_is_found_by_the_head_kept_elsewhere(
    trail: tuple[int, bytes], tamper: Callable[[], None]
) -> None:
    assert fault(anchor=trail) is None

    tamper()
    db.session.commit()

    assert fault() is None
    assert fault(anchor=trail) is not None


def test_an_older_head_still_fits_a_trail_that_went_on(trail: tuple[int, bytes]) -> None:
    note(SYSTEM, MONDAY_MORNING, uuid4())

    assert fault(anchor=trail) is None
    assert fault(anchor=(0, audit.GENESIS)) is None


@pytest.mark.usefixtures("trail")
def test_a_cut_tail_is_found_at_once_if_the_head_was_left() -> None:
    db.session.execute(delete(AuditEntry).where(AuditEntry.number > 12))
    db.session.commit()

    found = fault()

    assert found is not None
    assert found.number == 13


@pytest.mark.usefixtures("trail")
def test_a_missing_head_is_found() -> None:
    db.session.execute(delete(AuditHead))
    db.session.commit()

    assert fault() is not None


@pytest.mark.usefixtures("in_app")
@pytest.mark.parametrize(
    "detail",
    [
        {"note": "pain since; Tuesday"},
        {"note": "Ada O'Hara"},
        {"mail": "ada@example.com"},
        {"list": ["summary", "a" * 81]},
        {"bad name;": 1},
    ],
)
def test_what_is_no_id_section_or_state_is_refused_and_nothing_is_stored(
    detail: dict[str, audit.Value],
) -> None:
    with pytest.raises(NotForTheTrail):
        note(SYSTEM, MONDAY_MORNING, uuid4(), **detail)

    assert rows() == []


@pytest.mark.usefixtures("in_app")
def test_if_the_entry_cannot_be_written_nothing_is_done() -> None:
    guard = {
        "sqlite": "CREATE TRIGGER full BEFORE INSERT ON audit_entry "
        "BEGIN SELECT RAISE(ABORT, 'no room'); END",
        "postgresql": "ALTER TABLE audit_entry ADD CONSTRAINT no_room CHECK (number < 0)",
    }
    db.session.execute(text(guard[db.engine.dialect.name]))
    db.session.commit()

    with pytest.raises(IntegrityError):
        note(SYSTEM, MONDAY_MORNING, uuid4())

    assert rows() == []
    assert audit.head_of(db.session()) == (0, audit.GENESIS)
