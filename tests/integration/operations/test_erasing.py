"""``clinic erase`` removes a person everywhere and keeps the trail whole (CRY-6, RET-2)."""

from pathlib import Path
from uuid import UUID

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import LargeBinary, Uuid, select, update

from clinic import contact
from clinic.access import SYSTEM
from clinic.commands.audit import audit as audit_commands
from clinic.commands.erase import erase
from clinic.commands.operator import operator
from clinic.commands.retention import hold
from clinic.extensions import Base, db, site
from clinic.models import Enquiry, LegalHold, Letter, Request
from clinic.services import bookkeeping, erasing
from tests.integration.operations.conftest import ON_SQLITE, Run
from tests.support import databases, full_house
from tests.support.full_house import counts
from tests.support.scene import Scene, all_of, stored

STAYS = {"audit_entry", "audit_head", "erasure"}


@pytest.fixture
def request_id(shell: Flask) -> UUID:
    assert shell.testing
    found = full_house.fill(Scene())
    for row in (*db.session.scalars(select(Letter)), *db.session.scalars(select(Enquiry))):
        row.request_id = found
    for held in db.session.scalars(select(LegalHold)):
        db.session.delete(held)
    db.session.commit()
    return found


def rows_of(request_id: UUID) -> dict[str, list[dict[str, object]]]:
    """Every row that belongs to the request, by table."""
    hanging = erasing._hanging_on(request_id)  # noqa: SLF001 - what is to be checked
    return {
        table.name: [dict(row) for row in db.session.execute(select(table).where(own)).mappings()]
        for table, own in hanging.items()
    }


def values(rows: dict[str, list[dict[str, object]]], kind: type) -> set[object]:
    """The values of one type of column in these rows, but for those of people who work here."""
    staff = set(db.session.scalars(select(Base.metadata.tables["user"].c.id)))
    places = set(db.session.scalars(select(Base.metadata.tables["location"].c.id)))
    found = {
        row[column.name]
        for name, own in rows.items()
        for column in Base.metadata.tables[name].columns
        if isinstance(column.type, kind)
        for row in own
    }
    return found - staff - places - {None}


def test_nothing_of_the_person_is_left_in_any_table(run: Run, request_id: UUID) -> None:
    rows = rows_of(request_id)
    assert [name for name, own in rows.items() if not own] == [
        "draft",
        "legal_hold",
        "phone_entry",
        "token",
    ]
    ids, sealed = values(rows, Uuid), values(rows, LargeBinary)
    others = counts()["request"] - 1
    db.session.rollback()

    result = run(erase, stored(Request, request_id).reference, "--yes")

    assert result.exit_code == 0, result.output
    assert counts()["request"] == others
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            kept = set(db.session.scalars(select(column)))
            if table.name not in STAYS and isinstance(column.type, Uuid):
                assert not kept & ids, f"{table.name}.{column.name}"
            if isinstance(column.type, LargeBinary):
                assert not kept & sealed, f"{table.name}.{column.name}"
    verified = run(audit_commands, "verify")
    assert (verified.exit_code, "whole" in verified.output) == (0, True)
    assert [one.problems for one in bookkeeping.check(db.session()) if one.problems] == []


def test_the_bytes_are_gone_from_the_file_and_its_log(tmp_path: Path) -> None:
    """The values are sealed; even their sealed bytes are overwritten on SQLite (RET-1)."""
    ledger = str(tmp_path / "erasures.txt")
    with (
        databases.fresh_database("sqlite") as url,
        databases.running_app(url, erasure_ledger=ledger) as app,
        app.app_context(),
    ):
        found = full_house.fill(Scene())
        erasing.lift(operator(), Scene().now, stored(Request, found).reference)
        sealed = {
            bytes(one) for one in values(rows_of(found), LargeBinary) if isinstance(one, bytes)
        }
        reference = stored(Request, found).reference
        db.session.remove()
        file = databases.sqlite_file(url)
        assert len(sealed) > 15
        assert in_files(file, sealed) == len(sealed)

        result = CliRunner().invoke(erase, [reference, "--yes"], obj=lambda: app)

        assert result.exit_code == 0, result.output
        assert in_files(file, sealed) == 0


def in_files(file: Path, wanted: set[bytes]) -> int:
    content = b"".join(one.read_bytes() for one in file.parent.glob(f"{file.name}*"))
    return sum(one[-100:] in content for one in wanted)


@ON_SQLITE
def test_it_asks_for_the_reference_and_does_nothing_without_it(run: Run, request_id: UUID) -> None:
    reference = stored(Request, request_id).reference

    refused = run(erase, reference, typed="yes\n")
    agreed = run(erase, reference, typed=f"{reference.lower()}\n")

    assert refused.exit_code == 1
    assert "Nothing was erased" in refused.output
    assert agreed.exit_code == 0
    assert all_of(Request, id=request_id) == []


@ON_SQLITE
def test_wrong_uses_say_so_and_write_nothing_down(run: Run, request_id: UUID) -> None:
    assert isinstance(request_id, UUID)
    nonsense = run(erase, "nonsense", "--yes")
    unknown = run(erase, contact.reference(b"nobodys!"), "--yes")

    assert (nonsense.exit_code, unknown.exit_code) == (2, 1)
    assert not Path(site.settings.erasure_ledger).exists()


@ON_SQLITE
def test_the_ledger_holds_one_opaque_id_and_is_nobody_elses(run: Run, request_id: UUID) -> None:
    run(erase, stored(Request, request_id).reference, "--yes")

    ledger = Path(site.settings.erasure_ledger)
    [line] = ledger.read_text().splitlines()
    assert line.split()[0] == request_id.hex
    assert ledger.stat().st_mode & 0o777 == 0o600
    assert erasing.noted(ledger) == [request_id]


def test_a_request_on_hold_is_not_erased(run: Run, request_id: UUID) -> None:
    reference = stored(Request, request_id).reference
    placed = run(hold, "place", reference, "--reason", "A letter of the county court")

    refused = run(erase, reference, "--yes")
    lifted = run(hold, "lift", reference)
    erased = run(erase, reference, "--yes")

    assert placed.exit_code == 0
    assert (refused.exit_code, "legal hold" in refused.output) == (1, True)
    assert (lifted.exit_code, erased.exit_code) == (0, 0)


@ON_SQLITE
def test_other_requests_of_the_same_person_are_named(run: Run, request_id: UUID) -> None:
    digest = b"p" * 32
    other = Scene(number=7).request()
    db.session.execute(
        update(Request).where(Request.id.in_((request_id, other))).values(phone_digest=digest)
    )
    db.session.commit()

    result = run(erase, stored(Request, request_id).reference, "--yes")

    assert stored(Request, other).reference in result.output


@ON_SQLITE
def test_a_question_without_a_request_is_erased_too(run: Run, request_id: UUID) -> None:
    [question] = all_of(Enquiry)
    question_id, reference = question.id, contact.reference(b"question")
    question.request_id, question.reference = None, reference
    db.session.commit()
    full_house.queue(SYSTEM, Scene().now, enquiry_id=question_id)
    letters = counts()["letter"]

    result = run(erase, reference, "--yes")

    assert result.exit_code == 0, result.output
    assert all_of(Enquiry) == []
    assert counts()["letter"] == letters - 1
    assert erasing.noted(Path(site.settings.erasure_ledger)) == [question_id]
    assert stored(Request, request_id).name == "Rosa Example 1"
