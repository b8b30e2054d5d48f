"""An upgrade that is killed leaves what was there; two at once take turns."""

import subprocess
import sys
from pathlib import Path
from signal import SIGKILL

import pytest
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.pool import NullPool

from clinic.commands.database import downgrade, upgrade
from clinic.queries import revision
from tests.support import databases

ROOT = Path(__file__).resolve().parents[2]
STATEMENTS = (3, 25, 60, 75)  # among those that make tables, fill them, and make triggers
CHILD = """
import os, sys
from signal import SIGKILL
from sqlalchemy import Engine, event
from clinic.commands import database

step, url, target, last = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
done = 0

@event.listens_for(Engine, "after_cursor_execute")
def stop(*_):
    global done
    done += 1
    if done == last:
        os.kill(os.getpid(), SIGKILL)

getattr(database, step)(url, target)
"""


def start(step: str, url: str, target: str, *, killed_after: int = 0) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, step, url, target, str(killed_after)],
        cwd=ROOT,
        stderr=subprocess.PIPE,
    )


def finish(child: subprocess.Popen[bytes]) -> tuple[int, str]:
    said = child.communicate(timeout=60)[1].decode()
    return child.returncode, said


def tables(url: str) -> list[str]:
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        return sorted(inspect(connection).get_table_names())


def stored_revision(url: str) -> str | None:
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
        return found


@pytest.fixture(params=databases.KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize("killed_after", STATEMENTS)
@pytest.mark.proves("MIG-3")
def test_a_killed_upgrade_leaves_no_half_schema(kind: str, killed_after: int) -> None:
    with databases.empty_database(kind) as url:
        killed = finish(start("upgrade", url, "head", killed_after=killed_after))
        assert killed == (-SIGKILL, "")

        assert tables(url) == []

        upgrade(url)
        assert stored_revision(url) == revision.expected()


@pytest.mark.parametrize("killed_after", [4, 12, 30])
def test_a_killed_downgrade_leaves_the_schema_as_it_was(kind: str, killed_after: int) -> None:
    with databases.fresh_database(kind) as url:
        before = tables(url)

        killed = finish(start("downgrade", url, "base", killed_after=killed_after))
        assert killed == (-SIGKILL, "")

        assert tables(url) == before
        assert stored_revision(url) == revision.expected()
        downgrade(url, "base")


def test_two_upgrades_at_once_take_turns(kind: str) -> None:
    with databases.empty_database(kind) as url:
        both = [start("upgrade", url, "head") for _ in range(2)]

        assert [finish(child) for child in both] == [(0, ""), (0, "")]
        assert stored_revision(url) == revision.expected()
