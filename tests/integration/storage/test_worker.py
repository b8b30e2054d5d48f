"""The worker does what is due, one job's fault does not stop another, and a kill loses nothing."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from signal import SIGKILL, SIGTERM
from threading import Event, Thread
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text
from structlog.testing import capture_logs

from clinic import mailer, worker
from clinic.access import SYSTEM
from clinic.commands.database import downgrade
from clinic.extensions import WRITE, db
from clinic.models import Letter
from clinic.worker import Job
from tests.support import databases
from tests.support.clock import FixedClock
from tests.support.full_house import queue
from tests.support.smtp_sink import SmtpSink, stall

ROOT = Path(__file__).resolve().parents[3]
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)  # due by any clock, a process's own included
FAR_OFF = datetime(2099, 1, 1, tzinfo=UTC)


@pytest.fixture
def mailing(database: str, smtp: SmtpSink) -> Iterator[Flask]:
    with databases.running_app(database, **mail_settings(smtp)) as app:
        yield app


def mail_settings(smtp: SmtpSink) -> dict[str, Any]:
    return {"smtp_host": "127.0.0.1", "smtp_port": smtp.port, "smtp_security": "plain"}


def states(app: Flask) -> list[str]:
    with app.app_context():
        return list(db.session.scalars(select(Letter.state)))


def put_in(app: Flask, now: datetime, number: int = 1) -> None:
    with app.app_context():
        queue(SYSTEM, now, number)


def test_one_round_sends_all_that_is_due(mailing: Flask, smtp: SmtpSink, clock: FixedClock) -> None:
    put_in(mailing, clock.now, 3)
    put_in(mailing, clock.now + timedelta(hours=1))

    assert worker.run_once(mailing, clock) is True

    assert sorted(states(mailing)) == ["queued", "sent", "sent", "sent"]
    assert len(smtp.letters) == 3


def test_a_job_that_breaks_does_not_stop_the_others(
    mailing: Flask, smtp: SmtpSink, clock: FixedClock
) -> None:
    def breaks(_now: datetime) -> int:
        raise ValueError("Ada's fever")

    put_in(mailing, clock.now)
    jobs = (Job("breaks", timedelta(0), breaks), *worker.JOBS)

    with capture_logs() as lines:
        assert worker.run_once(mailing, clock, jobs=jobs) is False

    assert len(smtp.letters) == 1
    assert [line["error"] for line in lines if line.get("job") == "breaks"] == ["ValueError"]
    assert "fever" not in str(lines)


def test_a_job_is_called_until_it_finds_nothing_but_not_for_ever(
    mailing: Flask, clock: FixedClock
) -> None:
    calls: list[datetime] = []

    def never_done(now: datetime) -> int:
        calls.append(now)
        return 1

    busy = Job("busy", timedelta(0), never_done)
    brief = Job("brief", timedelta(0), lambda _now: 0)

    worker.run_once(mailing, clock, jobs=(busy, brief))

    assert len(calls) == worker.TURNS


def test_a_long_job_gives_way_to_the_others_again_and_again(
    mailing: Flask, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "SLICE", timedelta(0))
    stop, turns = Event(), []

    def endless(_now: datetime) -> int:
        turns.append("endless")
        if len(turns) > 6:
            stop.set()
        return 1

    def brief(_now: datetime) -> int:
        turns.append("brief")
        return 0

    jobs = (Job("endless", timedelta(0), endless), Job("brief", timedelta(0), brief))
    worker.run(mailing, clock, stop, jobs=jobs)

    assert turns[:6] == ["endless", "brief"] * 3


def test_nothing_is_done_on_a_schema_of_another_revision(
    mailing: Flask, database: str, smtp: SmtpSink, clock: FixedClock
) -> None:
    put_in(mailing, clock.now)
    with mailing.app_context():
        db.engine.dispose()
    downgrade(database, "0002")

    assert worker.run_once(mailing, clock) is False

    assert smtp.attempts == 0
    assert states(mailing) == ["queued"]


def test_it_goes_on_until_told_to_stop(mailing: Flask, smtp: SmtpSink, clock: FixedClock) -> None:
    stop = Event()
    running = Thread(target=worker.run, args=(mailing, clock, stop))
    put_in(mailing, clock.now)
    running.start()
    try:
        smtp.wait(1)
        put_in(mailing, clock.now)
        clock.advance(seconds=5)
        smtp.wait(2)
    finally:
        stop.set()
        running.join(timeout=20)

    assert not running.is_alive()
    assert states(mailing) == ["sent", "sent"]


# --- As a process ----------------------------------------------------------------------------


@contextmanager
def process(database: str, smtp: SmtpSink, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    variables = databases.environment(database, **mail_settings(smtp))
    started = subprocess.Popen(
        [sys.executable, "-m", "clinic.app", "worker", *options],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", **variables},
        stderr=subprocess.DEVNULL,
    )
    try:
        yield started
    finally:
        started.kill()
        started.wait(timeout=20)


def test_the_command_sends_what_is_due_and_ends(
    mailing: Flask, database: str, smtp: SmtpSink
) -> None:
    put_in(mailing, LONG_AGO, 2)

    with process(database, smtp, "--once") as started:
        assert started.wait(timeout=60) == 0

    assert states(mailing) == ["sent", "sent"]


def test_told_to_end_it_finishes_the_letter_in_hand(
    mailing: Flask, database: str, smtp: SmtpSink
) -> None:
    put_in(mailing, LONG_AGO, 2)
    smtp.next_letters(stall(1))

    with process(database, smtp) as started:
        wait_for(lambda: smtp.attempts == 1)
        started.send_signal(SIGTERM)
        assert started.wait(timeout=60) == 0

    assert sorted(states(mailing)) == ["queued", "sent"]
    assert len(smtp.letters) == 1


@contextmanager
def letters_locked(app: Flask) -> Iterator[None]:
    """Keep everybody from marking a letter, as a busy database would."""
    with app.app_context():
        engine = db.engine.execution_options(**{WRITE: True})
        with engine.connect() as connection, connection.begin() as transaction:
            if engine.dialect.name == "postgresql":
                connection.execute(text("LOCK TABLE letter IN ACCESS EXCLUSIVE MODE"))
            yield
            transaction.rollback()


def wait_for(condition: Any) -> None:
    give_up = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.02)


@pytest.mark.proves("MAIL-3")
def test_killed_between_the_servers_yes_and_its_own_mark_it_sends_the_same_letter_once_more(
    mailing: Flask, database: str, smtp: SmtpSink
) -> None:
    put_in(mailing, LONG_AGO)
    smtp.next_letters(stall(1))

    with process(database, smtp) as started:
        wait_for(lambda: smtp.attempts == 1)
        with letters_locked(mailing):
            smtp.wait(1)
            time.sleep(0.3)  # the server's yes arrives, and cannot be marked
            started.send_signal(SIGKILL)
            started.wait(timeout=20)

    assert states(mailing) == ["queued"]
    with mailing.app_context():
        assert mailer.send_next(FAR_OFF) == 1
        assert mailer.send_next(FAR_OFF) == 0
    first, second = smtp.letters
    assert first.message_id == second.message_id
    assert first.raw == second.raw
    assert states(mailing) == ["sent"]
