"""A whole clinic at work: pages under gunicorn, the worker, a mail server, staff and a calendar."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any
from uuid import UUID

from flask import Flask
from werkzeug.test import Client

from clinic.access import Actor, ActorKind, Role
from clinic.services import availability
from tests.support import databases, smtp_sink, wire
from tests.support.server import ROOT, AppServer, free_port
from tests.support.signing_in import Person, hire
from tests.support.smtp_sink import Letter, SmtpSink

STOP_SECONDS = 30
CODE = re.compile(r"^(\d{6})\r?$", re.MULTILINE)
ALERTS = "alerts@example.com"
# The brakes have tests of their own; here many patients share one network address.
UNBRAKED = {"starts_per_hour": 100_000, "codes_per_hour": 100_000, "codes_per_day": 1000}


@dataclass
class OpenClinic:
    """What a test may look at and touch of a running clinic."""

    url: str
    server: AppServer
    smtp: SmtpSink
    app: Flask
    worker_log: Path
    place_id: UUID
    staff: dict[str, Person]

    @property
    def address(self) -> str:
        """Where browsers go."""
        return self.server.url

    def client(self) -> Client:
        """A client over a real connection, with cookies of its own."""
        return wire.client(self.server.port)

    def letter(self, to: str, about: str) -> Letter:
        """The newest letter to an address whose subject holds these words; waits for it."""
        wanted = self.smtp.wait_for(lambda one: to in one.recipients and about in one.subject)
        return wanted[-1]

    def code(self, to: str, *, after: int = 0) -> str:
        """The newest six-digit code mailed to an address, once more than ``after`` came."""
        letters = self.smtp.wait_for(
            lambda one: to in one.recipients and CODE.search(one.text), after + 1
        )
        found = CODE.search(letters[-1].text)
        assert found is not None
        return found.group(1)

    def codes_so_far(self, to: str) -> int:
        """How many codes an address was mailed."""
        return sum(bool(CODE.search(letter.text)) for letter in self.smtp.to(to))

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the clinic's own, and return how it ended."""
        return subprocess.run(
            [sys.executable, "-m", "clinic.app", *arguments],
            cwd=ROOT,
            env=self.server.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def logs(self) -> str:
        """Everything that the pages and the worker wrote down."""
        return self.server.log_text() + self.worker_log.read_text(errors="replace")


@contextmanager
def running(
    kind: str,
    *,
    workers: int = 2,
    with_worker: bool = True,
    with_apps: bool = True,
    **overrides: Any,
) -> Iterator[OpenClinic]:
    """Lend a clinic on a fresh database of this kind."""
    with (
        databases.fresh_database(kind) as url,
        running_on(
            url, workers=workers, with_worker=with_worker, with_apps=with_apps, **overrides
        ) as clinic,
    ):
        yield clinic


@contextmanager
def running_on(
    url: str,
    *,
    workers: int = 2,
    with_worker: bool = True,
    with_apps: bool = True,
    certificate: Path | None = None,
    **overrides: Any,
) -> Iterator[OpenClinic]:
    """Lend a clinic on a database that is there already; with a certificate, over https."""
    with ExitStack() as stack:
        smtp = stack.enter_context(smtp_sink.running())
        port = free_port()
        settings = {
            "public_base_url": f"{'https' if certificate else 'http'}://localhost:{port}",
            "smtp_port": smtp.port,
            "alert_email": ALERTS,
            **UNBRAKED,
            **overrides,
        }
        environment = databases.environment(url, **settings)
        # This process acts beside the server, as a command would, with the same settings.
        limits_url = environment["NEEDLEPOINT_LIMITS_URL"]
        app = stack.enter_context(
            databases.running_app(url, **{**settings, "limits_url": limits_url})
        )
        staff = hire_all(app, with_app=with_apps)
        place_id = open_place(app, staff)
        server = AppServer(environment, workers=workers, port=port, certificate=certificate)
        stack.callback(server.stop)
        server.start()
        log = server.log.with_name("worker")
        if with_worker:
            stack.enter_context(_working(server.environment, log))
        log.touch()
        yield OpenClinic(url, server, smtp, app, log, place_id, staff)


def hire_all(app: Flask, *, with_app: bool) -> dict[str, Person]:
    """Hire one person of each role; their apps are in place, or set up at the first sign-in."""
    people = {
        "desk": (Role.FRONT_DESK, "dana@example.com", "Dana Desk"),
        "therapist": (Role.THERAPIST, "theo@example.com", "Theo Therapist"),
        "lead": (Role.LEAD_THERAPIST, "lena@example.com", "Lena Lead"),
        "admin": (Role.ADMIN, "ada@example.com", "Ada Admin"),
    }
    return {
        key: hire(app, role, email=email, name=name, with_app=with_app)
        for key, (role, email, name) in people.items()
    }


def open_place(app: Flask, staff: dict[str, Person]) -> UUID:
    """Open one place where needling is permitted; the therapist is there each day, 9 to 5."""
    admin = Actor(ActorKind.STAFF, staff["admin"].id, frozenset({Role.ADMIN}), "Ada Admin")
    now = datetime.now(UTC)
    with app.app_context():
        place_id = availability.add_location(
            admin,
            now,
            "Main Street",
            zone="America/New_York",
            state="NY",
            needling_law="permitted",
            legal_basis="A made-up statute, section 1",
            address="1 Example Street, Springfield",
            phone="+15555550100",
            law_reviewed_on=now.date(),
        )
        for weekday in range(7):
            availability.add_hours(
                admin,
                now,
                staff["therapist"].id,
                location_id=place_id,
                weekday=weekday,
                opens=time(9),
                closes=time(17),
            )
    return place_id


@contextmanager
def _working(environment: dict[str, str], log: Path) -> Iterator[None]:
    with log.open("ab") as output:
        worker = subprocess.Popen(
            [sys.executable, "-m", "clinic.app", "worker"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        yield
    finally:
        worker.terminate()
        try:
            worker.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            worker.kill()
            worker.wait()
