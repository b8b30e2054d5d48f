"""Fresh databases at the newest revision, and the app over them.

A template is migrated once per run and kind; a fresh database is a copy of it (some 5 ms on
SQLite, some 50 ms on PostgreSQL). The keys are random, and the same for the whole run, so that
several apps of one test read each other's rows.
"""

import atexit
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from secrets import token_urlsafe
from typing import Any
from uuid import uuid4

from flask import Flask
from jinja2 import FileSystemBytecodeCache

from clinic import config
from clinic.app import create_app
from clinic.commands.database import upgrade
from clinic.config import Settings
from clinic.extensions import db
from clinic.sealing import new_key
from tests.support import postgres, routes
from tests.support.page import LintingClient

KINDS = ("sqlite", "postgresql")
routes.compile_once()
_run = ExitStack()
atexit.register(_run.close)


@contextmanager
def fresh_database(kind: str) -> Iterator[str]:
    """Lend the address of a database at the newest revision that nobody else uses."""
    if kind == "postgresql":
        with server().database(server().template("newest", upgrade)) as url:
            yield url
        return
    with empty_database(kind) as url:
        shutil.copyfile(_template(), sqlite_file(url))
        yield url


@contextmanager
def empty_database(kind: str) -> Iterator[str]:
    """Lend the address of a database without any table."""
    if kind == "postgresql":
        with server().database() as url:
            yield url
        return
    with tempfile.TemporaryDirectory(prefix="needlepoint-db-") as folder:
        yield f"sqlite:///{folder}/clinic.sqlite3"


@contextmanager
def running_app(url: str, **overrides: Any) -> Iterator[Flask]:
    """Lend an app over a database, and close its connections afterwards."""
    app = make_app(url, **overrides)
    try:
        yield app
    finally:
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


def make_app(url: str, **overrides: Any) -> Flask:
    """Make the app in mode test over a database; whoever calls this disposes of its engine."""
    return _linting(create_app(settings(url, **overrides)))


def app_of_environment() -> Flask:
    """Make the app as a command does, from the environment; its engine is the caller's to end."""
    return _linting(create_app(config.load()))


def _linting(app: Flask) -> Flask:
    app.testing = True
    app.jinja_env.bytecode_cache = FileSystemBytecodeCache(str(_folder()))
    app.test_client_class = LintingClient
    return app


def settings(url: str, **overrides: Any) -> Settings:
    """Fill in every setting that a start needs, for a plainly fictional clinic."""
    values: dict[str, Any] = {
        "mode": "test",
        "public_base_url": "http://localhost",
        "database_url": url,
        **_secrets(),
        "clinic_name": "Fictional Needling Clinic",
        "clinic_phone": "(555) 555-0100",
        "clinic_address": "1 Example Street|Springfield",
        "clinic_hours": "Monday to Friday, 8 AM to 5 PM",
        "clinic_hours_es": "De lunes a viernes, de 8 a. m. a 5 p. m.",
        "alert_email": "alerts@example.com",
        "mail_from": "clinic@example.com",
        "smtp_security": "plain",
        "limits_url": f"sqlite-limits:///{_folder()}/limits-{uuid4().hex}.sqlite3",
        "hash_memory_kib": 1024,
    }
    return Settings(**{**values, **overrides})


def environment(url: str, **overrides: Any) -> dict[str, str]:
    """Write the same settings as environment variables, for processes of their own."""
    chosen = {**vars(settings(url)), **overrides}
    return {f"NEEDLEPOINT_{name.upper()}": str(value) for name, value in chosen.items()}


def sqlite_file(url: str) -> Path:
    """Name the file of a SQLite address."""
    return Path(url.removeprefix("sqlite:///"))


@cache
def server() -> postgres.Postgres:
    """The one PostgreSQL server of this run, started when it is first asked for."""
    return postgres.shared()


@cache
def _folder() -> Path:
    return Path(_run.enter_context(tempfile.TemporaryDirectory(prefix="needlepoint-tests-")))


@cache
def _template() -> Path:
    file = _folder() / "template.sqlite3"
    upgrade(f"sqlite:///{file}")
    return file


@cache
def _secrets() -> dict[str, str]:
    return {
        "secret_key": token_urlsafe(32),
        "password_salt": token_urlsafe(32),
        "data_keys": f"k1:{new_key()}",
        "lookup_key": new_key(),
        "audit_key": new_key(),
    }
