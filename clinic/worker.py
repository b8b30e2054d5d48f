"""What is done without anybody asking: letters, dates that pass, things that run out.

A job is a function of the present instant that does what is due and says how much it did. It is
called again while it finds something, so that it can keep its transactions short.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from functools import partial
from threading import Event
from time import monotonic

import structlog
from flask import Flask

from clinic import mailer
from clinic.access import SYSTEM
from clinic.extensions import db
from clinic.queries import revision, settings
from clinic.services import (
    alerts,
    asking,
    audit,
    clearances,
    confirming,
    enquiries,
    keying,
    lapsing,
    offering,
    rescreening,
    retention,
    triage,
    trials,
    visits,
)
from clinic.web import logs

TURNS = 200  # of one job before the others get theirs
SLICE = timedelta(seconds=3)  # of one job likewise; the turn in hand is finished
PAUSE = timedelta(seconds=2)
Clock = Callable[[], datetime]


@dataclass(frozen=True)
class Job:
    """Something to do every so often."""

    name: str
    every: timedelta
    run: Callable[[datetime], int]


class Ended(Enum):
    """How the turns of a job ended."""

    DONE = "done"
    CUT = "cut"  # its time was over; the others go first
    FAILED = "failed"


def log_head(_now: datetime) -> int:
    """Write the trail's length and last hash to the log, which is kept elsewhere."""
    count, last = audit.head_of(db.session())
    structlog.get_logger().info("audit head", count=count, hash=last.hex())
    return 0


JOBS: tuple[Job, ...] = (
    Job("letters", PAUSE, mailer.send_next),
    Job("offers", timedelta(seconds=10), partial(offering.expire_due, SYSTEM)),
    Job("reminders", timedelta(minutes=1), partial(visits.remind_due, SYSTEM)),
    Job("keyed", timedelta(minutes=5), partial(keying.expire_due, SYSTEM)),
    Job("waiting", timedelta(minutes=1), partial(triage.bring_back, SYSTEM)),
    Job("clearances", timedelta(minutes=1), partial(clearances.lapse_due, SYSTEM)),
    Job("newer rules", timedelta(seconds=20), partial(rescreening.rescreen_due, SYSTEM)),
    Job("dates that pass", timedelta(minutes=1), partial(lapsing.screen_due, SYSTEM)),
    Job("trials", PAUSE, partial(trials.advance, SYSTEM)),
    Job("overtaken", timedelta(minutes=1), partial(clearances.end_overtaken, SYSTEM)),
    Job("confirming", timedelta(minutes=5), partial(confirming.ask_in_time, SYSTEM)),
    Job("asked again", timedelta(minutes=1), partial(asking.bring_back, SYSTEM)),
    Job("asked reminders", timedelta(minutes=5), partial(asking.remind, SYSTEM)),
    Job("alerts", timedelta(seconds=20), partial(alerts.escalate_due, SYSTEM)),
    Job("urgent questions", timedelta(seconds=20), partial(enquiries.escalate_due, SYSTEM)),
    Job("stray alerts", timedelta(minutes=1), partial(alerts.adopt_strays, SYSTEM)),
    Job("delays", timedelta(minutes=1), partial(clearances.wake_delayed, SYSTEM)),
    Job("clear out", timedelta(hours=1), partial(retention.clear_out, SYSTEM)),
    Job("old trials", timedelta(hours=1), partial(trials.forget_old, SYSTEM)),
    Job("audit head", timedelta(minutes=15), log_head),
)


def run_once(app: Flask, clock: Clock, *, jobs: tuple[Job, ...] = JOBS) -> bool:
    """Do all that is due now, and tell whether every job went through."""
    with app.app_context():
        if not _fit():
            return False
        settings.refresh()
        ended = [_work_off(job, clock) for job in jobs]
        return Ended.FAILED not in ended


def run(app: Flask, clock: Clock, stop: Event, *, jobs: tuple[Job, ...] = JOBS) -> None:
    """Do the jobs at their times until told to stop; the letter in hand is finished first.

    A long job goes on without a pause, but never for long before the others had their turn.
    """
    due = dict.fromkeys(jobs, clock())
    while not stop.is_set():
        pause = PAUSE
        with app.app_context():
            if _fit():
                settings.refresh()
                for job in [job for job in jobs if due[job] <= clock()]:
                    cut = _work_off(job, clock, stop) is Ended.CUT
                    due[job] = clock() if cut else clock() + job.every
                    pause = timedelta() if cut else pause
        stop.wait(pause.total_seconds())


def _work_off(job: Job, clock: Clock, stop: Event | None = None) -> Ended:
    over = monotonic() + SLICE.total_seconds()
    try:
        for _ in range(TURNS):
            if job.run(clock()) == 0 or (stop is not None and stop.is_set()):
                return Ended.DONE
            if stop is not None and monotonic() > over:
                return Ended.CUT
    except Exception:  # noqa: BLE001 - one job's fault must not stop the others
        kind, place = logs.describe(sys.exc_info())
        structlog.get_logger().error("job failed", job=job.name, error=kind, where=place)
        return Ended.FAILED
    finally:
        db.session.remove()
    return Ended.DONE


def _fit() -> bool:
    try:
        if revision.stored() == revision.expected():
            return True
        structlog.get_logger().error("the schema is not at this code's revision", job="worker")
    except Exception:  # noqa: BLE001 - whatever it is, the database is not there yet
        kind, place = logs.describe(sys.exc_info())
        structlog.get_logger().error("no database", job="worker", error=kind, where=place)
    finally:
        db.session.remove()
    return False
