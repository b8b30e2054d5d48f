"""Changing the key that seals patients' data, while others work and after a kill (CRY-5)."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import TypeVar
from uuid import UUID

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import update

from clinic.commands.audit import audit as audit_commands
from clinic.commands.keys import keys
from clinic.commands.operator import operator
from clinic.extensions import Base, db, vault
from clinic.models import Request
from clinic.sealing import new_key, read_key
from clinic.services import rotating
from tests.integration.operations.conftest import ON_SQLITE, Run, in_a_process
from tests.support import databases, full_house
from tests.support.clock import MONDAY_MORNING
from tests.support.full_house import counts, digests
from tests.support.scene import Scene, stored
from tests.support.server import ROOT

FRESH = new_key()
T = TypeVar("T")


@contextmanager
def ring(*ids: str) -> Iterator[None]:
    """Work with these keys, the first of them current, as after a change of the settings."""
    before = vault.ring
    known = {**before.keys, "k2": read_key(FRESH, name="k2")}
    vault.bind(replace(before, keys={one: known[one] for one in ids}, current=ids[0]))
    try:
        yield
    finally:
        vault.bind(before)


@pytest.fixture
def house(shell: Flask) -> UUID:
    assert shell.testing
    return full_house.fill(Scene())


def test_everything_is_sealed_anew_and_the_old_key_can_go(run: Run, house: UUID) -> None:
    read, rows = without_trail(digests()), without_trail(counts())
    with ring("k2", "k1"):
        before = run(keys, "status")
        rotated = run(keys, "rotate")
        after = run(keys, "status")
        again = run(keys, "rotate")
    with ring("k2"):
        alone = run(keys, "status")
        assert without_trail(digests()) == read
        assert stored(Request, house).name == "Rosa Example 1"

    assert "k1" in before.output
    assert (rotated.exit_code, "Key k2 seals everything" in rotated.output) == (0, True)
    assert "k1                      0 rows  old" in after.output
    assert "0 rows are to be sealed anew" in again.output
    assert alone.exit_code == 0
    assert without_trail(counts()) == rows
    assert run(audit_commands, "verify").exit_code == 0


def without_trail(found: dict[str, T]) -> dict[str, T]:
    return {name: value for name, value in found.items() if not name.startswith("audit_")}


@ON_SQLITE
def test_every_sealed_column_has_been_tried(house: UUID) -> None:
    assert isinstance(house, UUID)
    sealed = {
        table.name
        for table in Base.metadata.sorted_tables
        if any(column.name.endswith("_sealed") for column in table.columns)
    }

    assert set(rotating.tables()) == sealed
    assert set(rotating.rows_by_key(db.session())["k1"]) == sealed


@ON_SQLITE
def test_a_key_that_is_missing_is_told(run: Run, house: UUID) -> None:
    assert isinstance(house, UUID)
    with ring("k2"):
        result = run(keys, "status")

    assert result.exit_code == 1
    assert "NOT IN THE SETTINGS" in result.output


def test_a_value_that_cannot_be_read_is_named_and_left(run: Run, house: UUID) -> None:
    other = Scene(number=5).request()
    moved = stored(Request, other).name_sealed
    db.session.execute(update(Request).where(Request.id == house).values(name_sealed=moved))
    db.session.commit()

    with ring("k2", "k1"):
        result = run(keys, "rotate")

    assert result.exit_code == 1
    assert f"cannot be read: request {house}" in result.output
    assert "1 still hold" in result.output


def test_what_was_changed_between_reading_and_writing_is_not_overwritten(house: UUID) -> None:
    """Staff save under the new key while the rotation goes on: their save stands."""
    with ring("k2", "k1"):
        request = stored(Request, house)
        request.name = "Rosa Changed-Example"
        db.session.commit()

        rotating.step(operator(), MONDAY_MORNING, "request", None)

        assert stored(Request, house).name == "Rosa Changed-Example"
        assert stored(Request, house).email == "rosa.example@example.com"


def test_a_rotation_that_is_killed_goes_on_where_it_stood() -> None:
    with databases.fresh_database("sqlite") as url:
        with databases.running_app(url) as app, app.app_context():
            request_id = full_house.fill(Scene())
            full_house.queue(operator(), MONDAY_MORNING, 1500)
            db.session.remove()
        environment = {
            **os.environ,
            **databases.environment(
                url, data_keys=f"k2:{FRESH},{databases.settings(url).data_keys}"
            ),
        }

        kill_half_way(environment, url)
        finished = in_a_process(environment, "keys", "rotate")

        assert finished.returncode == 0, finished.stderr
        with databases.running_app(url, data_keys=f"k2:{FRESH}") as app, app.app_context():
            assert stored(Request, request_id).name == "Rosa Example 1"
            assert rotating.left(db.session()) == 0
            assert len(digests()) > 150


def kill_half_way(environment: dict[str, str], url: str) -> None:
    """Start a rotation and kill it as soon as it has sealed something anew."""
    process = subprocess.Popen(
        [sys.executable, "-m", "clinic.app", "keys", "rotate"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    with closing(sqlite3.connect(databases.sqlite_file(url), timeout=20)) as watching:
        began = left(watching)
        while process.poll() is None and left(watching) == began:
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert 0 < left(watching) < began, "killed too early or too late"


def left(watching: sqlite3.Connection) -> int:
    """Count in the file itself the letters that the new key has not sealed yet."""
    query = "SELECT count(*) FROM letter WHERE substr(body_sealed, 3, 2) <> X'6b32'"
    count: int = watching.execute(query).fetchone()[0]
    return count


@pytest.mark.parametrize(
    ("known", "expected"), [("", "k1:"), (f"k9:{new_key()},k2:{new_key()}", "k10:")]
)
def test_a_new_key_has_a_free_id(
    monkeypatch: pytest.MonkeyPatch, known: str, expected: str
) -> None:
    for name, value in databases.environment("sqlite://", data_keys=known).items():
        monkeypatch.setenv(name, value)

    line = CliRunner().invoke(keys, ["new"]).output.strip()
    bare = CliRunner().invoke(keys, ["new", "--bare"]).output.strip()

    assert line.startswith(expected)
    assert len(read_key(line.partition(":")[2], name="new")) == 32
    assert len(read_key(bare, name="bare")) == 32
