"""A backup made while others write is restored, proved and served again (MIG-6, CRY-6)."""

import json
import os
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy import select, text

from clinic import config
from clinic.access import SYSTEM
from clinic.commands import backup as backups
from clinic.commands import manifest, postgresql_copy
from clinic.commands.backup import backup
from clinic.commands.database import downgrade, upgrade
from clinic.commands.erase import erase
from clinic.commands.operator import operator
from clinic.commands.restore import restore
from clinic.extensions import db
from clinic.models import AuditEntry, Letter, Request, StaffSession
from clinic.queries import revision
from clinic.sealing import new_key
from clinic.services import audit, bookkeeping, erasing
from tests.integration.operations.conftest import ON_POSTGRESQL, ON_SQLITE
from tests.support import databases, full_house
from tests.support.clock import MONDAY_MORNING
from tests.support.full_house import counts, digests
from tests.support.scene import Scene, all_of, stored


@pytest.fixture
def house(shell: Flask) -> UUID:
    assert shell.testing
    found = full_house.fill(Scene())
    erasing.lift(operator(), MONDAY_MORNING, stored(Request, found).reference)
    db.session.remove()
    return found


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "copy"


def close() -> None:
    """Let go of the database, as web and worker do when they stop."""
    db.session.remove()
    db.engine.dispose()


def run(of: Any, *words: object, typed: str = "") -> Result:
    """Run a command with nobody else at the database, as when web and worker are stopped."""
    close()
    return beside_others(of, *words, typed=typed)


def beside_others(of: Any, *words: object, typed: str = "") -> Result:
    """Run a command as in a process of its own: over its own app, which is gone afterwards."""
    made: list[Flask] = []

    def make_app() -> Flask:
        made.append(databases.app_of_environment())
        return made[-1]

    result = CliRunner().invoke(of, [str(word) for word in words], input=typed, obj=make_app)
    for app in made:
        with app.app_context():
            close()
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def served(found: dict[str, Any]) -> dict[str, Any]:
    """Leave out what a restore ends or adds: sessions, open codes, and its entry in the trail."""
    ended = ("audit_", "staff_session", "token.revoked_at")
    return {name: value for name, value in found.items() if not name.startswith(ended)}


@pytest.mark.proves("MIG-6")
def test_what_was_backed_up_comes_back_and_what_came_later_does_not(
    house: UUID, file: Path
) -> None:
    read = digests()
    made = run(backup, file)
    later = Scene(number=50).request()
    close()

    restored = run(restore, file, "--yes")

    assert (made.exit_code, restored.exit_code) == (0, 0), made.output + restored.output
    assert served(digests()) == served(read)
    assert all_of(Request, id=later) == []
    assert stored(Request, house).name == "Rosa Example 1"
    assert all_of(StaffSession) == []
    assert audit.verify(db.session()) is None
    assert [one.problems for one in bookkeeping.check(db.session()) if one.problems] == []
    assert "is kept as" in restored.output


@ON_SQLITE
def test_the_file_and_its_manifest_are_private_and_tell_nothing(house: UUID, file: Path) -> None:
    assert isinstance(house, UUID)
    result = run(backup, file)

    beside = manifest.beside(file)
    given = json.loads(beside.read_text())
    assert [one.stat().st_mode & 0o777 for one in (file, beside)] == [0o600, 0o600]
    assert given["key_ids"] == ["k1"]
    assert given["counts"]["request"] == 2
    head = f"{given['audit_count']}:{given['audit_hash']}"
    assert head in result.output
    kept = file.read_bytes() + beside.read_bytes()
    for name in ("data_keys", "lookup_key", "audit_key"):
        key = getattr(config.load(), name).rpartition(":")[2]
        assert key.encode() not in kept
    assert b"Rosa" not in kept
    assert sorted(file.parent.iterdir()) == sorted([file, beside])


@ON_SQLITE
def test_a_backup_is_not_replaced_unless_told(house: UUID, file: Path) -> None:
    assert isinstance(house, UUID)
    file.write_text("something dear")

    refused = run(backup, file)
    assert (refused.exit_code, file.read_text()) == (1, "something dear")
    forced = run(backup, file, "--force")

    assert forced.exit_code == 0
    assert run(restore, file, "--yes").exit_code == 0


def test_somebody_erased_since_does_not_come_back_even_on_an_empty_disk(
    house: UUID, file: Path
) -> None:
    """The ledger outside the database is enough: the present one may be lost (CRY-6)."""
    reference = stored(Request, house).reference
    run(backup, file)
    erased = run(erase, reference, "--yes")
    assert erased.exit_code == 0, erased.output
    lose_the_database()

    result = run(restore, file, "--yes")

    assert result.exit_code == 0, result.output
    assert "Erased again: 1 requests" in result.output
    assert all_of(Request, id=house) == []
    assert counts()["request"] == 1
    assert audit.verify(db.session()) is None


def lose_the_database() -> None:
    if db.engine.dialect.name == "sqlite":
        Path(db.engine.url.database or "").write_bytes(b"not a database any more" * 500)
        close()
        return
    with db.engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    close()


def change_manifest(file: Path, **values: object) -> None:
    beside = manifest.beside(file)
    beside.write_text(json.dumps(json.loads(beside.read_text()) | values))


def newer(file: Path) -> None:
    change_manifest(file, revision="9999")


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-4096])


def cut_trail(file: Path) -> None:
    change_manifest(file, audit_count=99_999)


def other_rows(file: Path) -> None:
    given = json.loads(manifest.beside(file).read_text())
    change_manifest(file, counts=given["counts"] | {"request": 1})


def no_manifest(file: Path) -> None:
    manifest.beside(file).unlink()


SPOILED: dict[str, Callable[[Path], None]] = {
    "newer version": newer,
    "changed or cut": cut,
    "audit trail is broken": cut_trail,
    "other rows": other_rows,
    "cannot be read": no_manifest,
}


@pytest.mark.proves("MIG-6")
def test_an_unfit_backup_is_refused_and_nothing_changes(house: UUID, file: Path) -> None:
    run(backup, file)
    read = digests()

    for told, spoil in SPOILED.items():
        spoiled = Path(shutil.copy(file, file.with_name("spoiled")))
        shutil.copy(manifest.beside(file), manifest.beside(spoiled))
        spoil(spoiled)
        result = run(restore, spoiled, "--yes")

        assert result.exit_code == 1
        assert told in result.output
        assert "Nothing was changed" in result.output
    assert digests() == read
    assert stored(Request, house).name == "Rosa Example 1"


OTHER_KEYS = {
    f"DATA_KEYS=k1:{new_key()}": "data key k1 in the settings is not the one",
    f"DATA_KEYS=k7:{new_key()}": "data key k1 is not in the settings",
    f"LOOKUP_KEY={new_key()}": "the look-up key in the settings is not the one",
    f"AUDIT_KEY={new_key()}": "the audit key in the settings is not the one",
}


@pytest.mark.proves("MIG-6")
@ON_SQLITE
def test_another_key_is_refused_by_name(house: UUID, file: Path) -> None:
    assert isinstance(house, UUID)
    run(backup, file)

    for other, told in OTHER_KEYS.items():
        name, _, key = other.partition("=")
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv(f"NEEDLEPOINT_{name}", key)
            result = run(restore, file, "--yes")

        assert (result.exit_code, told in result.output) == (1, True), result.output


def test_a_database_in_use_is_not_replaced(house: UUID, file: Path) -> None:
    run(backup, file)
    config_url = config.load().database_url
    with databases.running_app(config_url) as web, web.app_context():
        db.session.execute(select(Request)).all()
        db.session.rollback()  # its connection stays open, as that of a web process does

        result = beside_others(restore, file, "--yes")
        db.session.rollback()

    assert (result.exit_code, "in use" in result.output) == (1, True), result.output
    close()
    assert stored(Request, house).name == "Rosa Example 1"


@ON_SQLITE
def test_a_backup_of_an_older_version_is_brought_up_to_date(house: UUID, file: Path) -> None:
    url = config.load().database_url
    close()
    downgrade(url, "0004")
    made = run(backup, file)
    upgrade(url)

    restored = run(restore, file, "--yes")

    assert (made.exit_code, restored.exit_code) == (0, 0), made.output + restored.output
    assert manifest.of(file).revision == "0004"
    assert revision.stored() == revision.expected()
    assert stored(Request, house).name == "Rosa Example 1"


@ON_SQLITE
def test_it_asks_first(house: UUID, file: Path) -> None:
    run(backup, file)
    Scene(number=50).request()

    result = run(restore, file, typed="yes\n")

    assert (result.exit_code, "Nothing was changed" in result.output) == (1, True)
    assert counts()["request"] == 3
    assert isinstance(house, UUID)


# --- While others write ----------------------------------------------------------------------


@pytest.fixture
def writing(shell: Flask, house: UUID) -> Iterator[list[UUID]]:
    """Another thread queues one letter after the other; the list grows as each is committed."""
    assert isinstance(house, UUID)
    committed: list[UUID] = []
    stop = threading.Event()

    def write() -> None:
        with shell.app_context():
            while not stop.is_set():
                committed.extend(full_house.queue(SYSTEM, MONDAY_MORNING, body=str(len(committed))))
            db.session.remove()

    writer = threading.Thread(target=write)
    writer.start()
    while len(committed) < 20:
        stop.wait(0.01)
    yield committed
    stop.set()
    writer.join()


@pytest.mark.proves("MIG-6")
def test_a_backup_under_writes_holds_a_committed_beginning(writing: list[UUID], file: Path) -> None:
    before = len(writing)
    made = beside_others(backup, file)
    after = len(writing)
    assert made.exit_code == 0, made.output
    while len(writing) < after + 5:
        threading.Event().wait(0.01)

    held = json.loads(manifest.beside(file).read_text())["counts"]["letter"]

    assert before <= held - 1 <= after + 1, "one letter was there from the beginning"
    assert after > before, "nobody wrote while it was copied"
    writing_ids = list(writing)
    assert letters_in(file) >= set(writing_ids[: held - 1])
    assert not letters_in(file) & set(writing_ids[held + 1 :])


def letters_in(file: Path) -> set[UUID]:
    """The letters in a copy: opened where it lies, or loaded beside the present database."""
    if file.read_bytes()[:6] == b"SQLite":
        with closing(sqlite3.connect(file)) as opened:
            rows = opened.execute("SELECT id FROM letter").fetchall()
        return {UUID(row[0]) for row in rows}
    with databases.empty_database("postgresql") as url:
        postgresql_copy.load(url, file)
        with databases.running_app(url) as app, app.app_context():
            return set(db.session.scalars(select(Letter.id)))


# --- A folder of backups ---------------------------------------------------------------------


def test_a_folder_keeps_what_is_young_enough_and_always_the_newest(tmp_path: Path) -> None:
    now = datetime(2026, 12, 31, 3, 0, tzinfo=UTC)
    for days in (50, 40, 36, 34, 1):
        name = f"needlepoint-{now - timedelta(days=days):%Y%m%dT%H%M%SZ}.sqlite3"
        (tmp_path / name).write_text("a copy")
        manifest.beside(tmp_path / name).write_text("{}")
    (tmp_path / "something-else.sqlite3").write_text("not ours")

    gone = backups.remove_old(tmp_path, now, timedelta(days=35))
    later = backups.remove_old(tmp_path, now + timedelta(days=500), timedelta(days=35))

    assert (len(gone), len(later)) == (3, 1)
    assert len(list(tmp_path.iterdir())) == 3
    assert (tmp_path / "something-else.sqlite3").exists()


@ON_SQLITE
def test_a_folder_gets_a_file_named_by_the_time(
    house: UUID, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(house, UUID)
    monkeypatch.setenv("NEEDLEPOINT_BACKUP_FOLDER", str(tmp_path / "none"))
    missing = run(backup)
    monkeypatch.setenv("NEEDLEPOINT_BACKUP_FOLDER", str(tmp_path))
    result = run(backup)

    assert (missing.exit_code, "is not there" in missing.output) == (1, True)
    assert result.exit_code == 0, result.output
    [made] = [path for path in tmp_path.iterdir() if backups.NAMED.fullmatch(path.name)]
    assert manifest.of(made).counts["request"] == 2
    assert all_of(AuditEntry)[-1].act == "backup.made"


@ON_SQLITE
def test_wrong_uses_exit_2(shell: Flask, tmp_path: Path) -> None:
    assert shell.testing
    for words in ([], [tmp_path / "a", "--folder", tmp_path]):
        assert run(backup, *words).exit_code == 2
    assert CliRunner().invoke(restore, [str(tmp_path / "missing")]).exit_code == 2


@ON_POSTGRESQL
def test_a_missing_program_is_one_line(
    house: UUID, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(house, UUID)
    monkeypatch.setenv("PATH", os.devnull)

    result = run(backup, file)

    assert result.exit_code == 1
    assert "pg_dump was not found" in result.output
    assert not file.exists()
