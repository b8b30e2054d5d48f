"""``clinic demo``: a plainly fictional clinic on this machine, with web, worker and mailbox.

The first run makes random secrets and passwords in ``var/demo``; nothing of it is in the tree.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click
from flask import Flask

from clinic import config
from clinic.commands import demo_clinic
from clinic.queries import demo as demo_queries
from clinic.sealing import new_key
from clinic.services import staff

HOME = Path("var/demo")
SETTINGS = HOME / "settings.env"
SIGN_INS = HOME / "sign-ins.json"
LETTERS = HOME / "letters"
LOCK = HOME.parent / "demo.lock"
HIGHEST_PORT = 65535 - 25  # the mail server of the demo listens 25 ports further on
MakeApp = Callable[[], Flask]


@click.group(invoke_without_command=True)
@click.option(
    "--port",
    type=click.IntRange(1, HIGHEST_PORT),
    default=8000,
    show_default=True,
    help="Port of the web pages; the mailbox takes the next one.",
)
@click.option("--fresh", is_flag=True, help="Throw the demo's data away and begin anew.")
@click.pass_context
def demo(context: click.Context, port: int, fresh: bool) -> None:  # noqa: FBT001 - click's way
    """Run a fictional clinic: web pages, worker and a mailbox for its letters."""
    if context.invoked_subcommand is not None:
        return
    ports = {"web": port, "mailbox": port + 1, "smtp": port + 25}
    for number in ports.values():
        _refuse_busy(number, port)
    with _alone():
        if fresh:
            shutil.rmtree(HOME, ignore_errors=True)
        _prepare(ports)
        _load(context.obj)
        _run(ports)


@demo.command()
@click.pass_obj
def codes(make_app: MakeApp) -> None:
    """Print the second-factor codes of the demo's staff as they are now."""
    if not SIGN_INS.exists():
        raise click.ClickException("there is no demo yet; run: make run")
    os.environ[config.FILE_VARIABLE] = str(SETTINGS)
    with make_app().app_context():
        for email in json.loads(SIGN_INS.read_text(encoding="utf-8")):
            user = demo_queries.staff_by_email(email)
            if user is not None:
                click.echo(f"{email:32} {staff.current_code(user, datetime.now(UTC))}")
    click.echo("Each code is good for half a minute and for one sign-in.")


@contextmanager
def _alone() -> Iterator[None]:
    """Hold this folder's demo: a second one would change the settings below the first."""
    LOCK.parent.mkdir(parents=True, exist_ok=True)
    with LOCK.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise click.ClickException(
                "the demo of this folder is running already; stop it with Ctrl-C first"
            ) from None
        yield


def _refuse_busy(number: int, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", number))
        except OSError:
            raise click.ClickException(
                f"port {number} is in use; stop what uses it, or choose another: "
                f"make run PORT={port + 100}"
            ) from None


def _prepare(ports: dict[str, int]) -> None:
    HOME.mkdir(parents=True, exist_ok=True)
    kept = _kept_secrets()
    values = {
        "MODE": "demo",
        "PUBLIC_BASE_URL": f"http://localhost:{ports['web']}",
        "DATABASE_URL": f"sqlite:///{(HOME / 'clinic.sqlite3').resolve()}",
        "LIMITS_URL": f"sqlite-limits:///{(HOME / 'limits.sqlite3').resolve()}",
        **kept,
        "CLINIC_NAME": "Willow Demo Clinic",
        "CLINIC_PHONE": "+1 206 555 0100",
        "CLINIC_ADDRESS": "1 Example Street|Springfield, WA",
        "CLINIC_HOURS": "Monday to Friday, 8 am to 6 pm",
        "CLINIC_HOURS_ES": "De lunes a viernes, de 8 a. m. a 6 p. m.",
        "PRICES": "Made-up prices of a demo.|First visit: $100|Later visits: $80",
        "PRICES_ES": "Precios de mentira.|Primera visita: $100|Visitas siguientes: $80",
        "INSURANCE": "This clinic is made up, and bills no plan.",
        "INSURANCE_ES": "Esta clínica es de mentira y no cobra a ningún plan.",
        "ALERT_EMAIL": "alerts@example.com",
        "MAIL_FROM": "clinic@example.com",
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": str(ports["smtp"]),
        "SMTP_SECURITY": "plain",
        "HASH_MEMORY_KIB": "19456",
    }
    lines = [f"{config.PREFIX}{name}={value}" for name, value in values.items()]
    _write_private(SETTINGS, "\n".join(lines) + "\n")
    os.environ[config.FILE_VARIABLE] = str(SETTINGS)


def _kept_secrets() -> dict[str, str]:
    names = ("SECRET_KEY", "PASSWORD_SALT", "DATA_KEYS", "LOOKUP_KEY", "AUDIT_KEY")
    known: dict[str, str] = {}
    if SETTINGS.exists():
        for line in SETTINGS.read_text(encoding="utf-8").splitlines():
            name, _, value = line.removeprefix(config.PREFIX).partition("=")
            if name in names:
                known[name] = value
    fresh = {
        "SECRET_KEY": secrets.token_urlsafe(48),
        "PASSWORD_SALT": secrets.token_urlsafe(48),
        "DATA_KEYS": f"k1:{new_key()}",
        "LOOKUP_KEY": new_key(),
        "AUDIT_KEY": new_key(),
    }
    return fresh | known


def _load(make_app: MakeApp) -> None:
    click.echo("Preparing the demo clinic's database ...")
    if not SIGN_INS.exists():  # nobody could sign in to what an unfinished first run left
        for left in HOME.glob("clinic.sqlite3*"):
            left.unlink()
    subprocess.run([*_clinic(), "db", "upgrade"], check=True)  # noqa: S603 - our own command
    with make_app().app_context():
        sign_ins = demo_clinic.load(datetime.now(UTC), say=click.echo)
    if sign_ins:
        _write_private(SIGN_INS, json.dumps(sign_ins, indent=2))


def _write_private(path: Path, text: str) -> None:
    path.touch(mode=0o600, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _clinic() -> list[str]:
    return [sys.executable, "-m", "clinic.app"]


def _run(ports: dict[str, int]) -> None:
    os.environ["BIND"] = f"127.0.0.1:{ports['web']}"
    mailbox = [
        *_clinic(), "mailbox", "--folder", str(LETTERS),
        "--smtp-port", str(ports["smtp"]), "--web-port", str(ports["mailbox"]),
    ]  # fmt: skip
    web = [
        sys.executable, "-m", "gunicorn", "-c", "python:clinic.server", "clinic.app:create_app()",
    ]  # fmt: skip
    log = (HOME / "log.jsonl").open("ab")
    running = [
        subprocess.Popen(command, stdout=log, stderr=log)  # noqa: S603 - our own commands
        for command in (mailbox, web, [*_clinic(), "worker"])
    ]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        _wait_for(f"http://localhost:{ports['web']}/healthz", running)
        _announce(ports)
        while all(process.poll() is None for process in running):
            time.sleep(0.5)
        raise click.ClickException(f"a part of the demo stopped; see {HOME / 'log.jsonl'}")
    except (KeyboardInterrupt, SystemExit):
        click.echo("Stopping the demo.")
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait(timeout=30)
        log.close()


def _wait_for(address: str, running: list[subprocess.Popen[bytes]]) -> None:
    for _ in range(120):
        if any(process.poll() is not None for process in running):
            raise click.ClickException(f"the demo did not start; see {HOME / 'log.jsonl'}")
        try:
            urllib.request.urlopen(address, timeout=2).close()  # noqa: S310 - our own address
        except (urllib.error.URLError, OSError):
            time.sleep(0.25)
        else:
            return
    raise click.ClickException(f"the demo did not answer in time; see {HOME / 'log.jsonl'}")


def _announce(ports: dict[str, int]) -> None:
    web = f"http://localhost:{ports['web']}"
    click.echo(f"\nThe demo clinic is open. Everybody in it is made up.\n\n  Patients   {web}/")
    click.echo(f"  Staff      {web}/staff/")
    click.echo(f"  Letters    http://localhost:{ports['mailbox']}/\n")
    for email, entry in json.loads(SIGN_INS.read_text(encoding="utf-8")).items():
        click.echo(f"  {entry['role']:15} {email:32} {entry['password']}")
    click.echo("\nSecond-factor codes, afresh at each call:  .venv/bin/clinic demo codes")
    click.echo("Stop with Ctrl-C.")


COMMANDS = (demo,)
