"""The store of limits: windows that move, one count for all processes, nothing that can grow."""

import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
import time_machine
from limits import parse
from limits.errors import StorageError
from limits.storage import storage_from_string
from limits.strategies import FixedWindowRateLimiter, MovingWindowRateLimiter

from clinic.web.limits import SqliteLimits
from tests.support.clock import MONDAY_MORNING

TEN = parse("10/5 minutes")
RACER = """
import sys
from limits import parse
from limits.strategies import MovingWindowRateLimiter
from clinic.web.limits import SqliteLimits
limiter = MovingWindowRateLimiter(SqliteLimits(sys.argv[1]))
print(sum(limiter.hit(parse("10/5 minutes"), "one account") for _ in range(50)))
"""


@pytest.fixture
def store(tmp_path: Path) -> SqliteLimits:
    """A store in a folder that is made when it is first needed."""
    return SqliteLimits(f"sqlite-limits:///{tmp_path}/new/limits.sqlite3")


def test_the_window_moves_with_the_clock(store: SqliteLimits) -> None:
    limiter = MovingWindowRateLimiter(store)
    with time_machine.travel(MONDAY_MORNING, tick=False) as clock:
        first = [limiter.hit(TEN, "a") for _ in range(5)]
        clock.shift(200)
        second = [limiter.hit(TEN, "a") for _ in range(6)]
        waits = limiter.get_window_stats(TEN, "a")
        clock.shift(101)
        third = [limiter.hit(TEN, "a") for _ in range(6)]

    assert first == [True] * 5
    assert second == [True] * 5 + [False]
    assert waits == (MONDAY_MORNING.timestamp() + 300, 0)
    assert third == [True] * 5 + [False]


def test_keys_are_counted_apart_and_can_be_forgotten(store: SqliteLimits) -> None:
    limiter = MovingWindowRateLimiter(store)
    for _ in range(10):
        limiter.hit(TEN, "a")

    before = (limiter.test(TEN, "a"), limiter.test(TEN, "b"))
    limiter.clear(TEN, "a")

    assert before == (False, True)
    assert limiter.test(TEN, "a")
    assert store.check()


def test_a_fixed_window_begins_with_its_first_try(store: SqliteLimits) -> None:
    limiter = FixedWindowRateLimiter(store)
    with time_machine.travel(MONDAY_MORNING, tick=False) as clock:
        assert [limiter.hit(parse("2/minute"), "a") for _ in range(3)] == [True, True, False]
        assert limiter.get_window_stats(parse("2/minute"), "a").reset_time == time.time() + 60
        clock.shift(61)
        assert limiter.hit(parse("2/minute"), "a")


@pytest.mark.proves("RL-2")
def test_four_processes_count_together(tmp_path: Path) -> None:
    address = f"sqlite-limits:///{tmp_path}/limits.sqlite3"

    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACER, address],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[3])},
        )
        for _ in range(4)
    ]
    passed = [int(racer.communicate(timeout=120)[0]) for racer in racers]

    assert sum(passed) == 10


def test_what_has_run_out_is_thrown_away(store: SqliteLimits, tmp_path: Path) -> None:
    limiter = MovingWindowRateLimiter(store)
    with time_machine.travel(MONDAY_MORNING, tick=False) as clock:
        for number in range(50):
            limiter.hit(TEN, str(number))
        clock.shift(301)
        limiter.hit(TEN, "new")

    with sqlite3.connect(tmp_path / "new" / "limits.sqlite3") as connection:
        assert connection.execute("SELECT count(*) FROM hit").fetchone() == (1,)


def test_the_file_is_for_its_owner_alone(store: SqliteLimits, tmp_path: Path) -> None:
    store.acquire_entry("a", 1, 60)

    assert (tmp_path / "new" / "limits.sqlite3").stat().st_mode & 0o077 == 0


def test_a_store_that_is_down_says_so_and_comes_back(tmp_path: Path) -> None:
    place = tmp_path / "limits.sqlite3"
    made = storage_from_string(f"sqlite-limits:///{place}", wrap_exceptions=True)
    assert isinstance(made, SqliteLimits)
    place.mkdir()

    with pytest.raises(StorageError):
        made.acquire_entry("a", 1, 60)
    assert not made.check()
    place.rmdir()

    assert made.acquire_entry("a", 1, 60)
