"""``clinic worker``: sends letters and does what dates ask for, until it is told to stop."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from threading import Event

import click
from flask import Flask

from clinic import worker


@click.command("worker")
@click.option("--once", is_flag=True, help="Do what is due now, then stop.")
@click.pass_obj
def run_worker(make_app: Callable[[], Flask], once: bool) -> None:  # noqa: FBT001 - click's way
    """Send letters and do what dates ask for."""
    app = make_app()
    if once:
        sys.exit(0 if worker.run_once(app, _now) else 1)
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    worker.run(app, _now, stop)


def _now() -> datetime:
    return datetime.now(UTC)


COMMANDS = (run_worker,)
