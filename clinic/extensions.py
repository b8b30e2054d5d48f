"""The parts that are bound to the app when it is made: database, forms' guard, mail, keys."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from time import monotonic, sleep
from typing import Any

from flask_babel import Babel
from flask_mail import Mail
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect
from sqlalchemy import MetaData, event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.orm import DeclarativeBase

from clinic import effective
from clinic.config import Settings
from clinic.sealing import KeyRing

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
WRITE = "needlepoint_write"  # execution option of a connection whose transaction will write


class Base(DeclarativeBase):
    """Base of every table; the naming convention exists before the first migration."""

    metadata = MetaData(naming_convention=NAMING)


class Vault:
    """Holds the key ring of this process; unbound until the app or a command binds it."""

    def __init__(self) -> None:
        self._ring: KeyRing | None = None

    def bind(self, ring: KeyRing) -> None:
        """Use this ring from now on."""
        self._ring = ring

    @property
    def ring(self) -> KeyRing:
        """Return the ring, or raise RuntimeError if none is bound."""
        if self._ring is None:
            raise RuntimeError("no key ring is bound; make the app first")
        return self._ring


@dataclass(frozen=True)
class InForce:
    """The settings at one moment: as of which stored changes, and which of those are unfit."""

    settings: Settings
    mark: object = None
    problems: Mapping[str, str] = field(default_factory=dict)


class Site:
    """Holds the settings of this process; unbound until the app or a command binds them.

    What an admin changed is laid over those of the start. The whole is swapped in one step, so
    that no thread ever sees half of a change.
    """

    def __init__(self) -> None:
        self._start: Settings | None = None
        self._now: InForce | None = None
        self._ask_after = 0.0  # by the monotonic clock

    def bind(self, settings: Settings) -> None:
        """Use these settings from now on, with nothing laid over them."""
        self._start, self._now, self._ask_after = settings, InForce(settings), 0.0

    def wait(self) -> None:
        """Ask a database that did not answer again only after a while: each try takes seconds."""
        self._ask_after = monotonic() + PATIENCE

    def waits(self) -> bool:
        """Tell whether the database was found silent a moment ago."""
        return monotonic() < self._ask_after

    def lay_over(self, mark: object, stored: Mapping[str, str]) -> InForce:
        """Lay the stored values over those of the start, and say what came of it."""
        settings, problems = effective.lay_over(self.start, stored)
        self._now = InForce(settings, mark, problems)
        return self._now

    @property
    def in_force(self) -> InForce:
        """Return the settings with their mark, or raise RuntimeError if none are bound."""
        if self._now is None:
            raise RuntimeError("no settings are bound; make the app first")
        return self._now

    @property
    def settings(self) -> Settings:
        """Return the settings in force."""
        return self.in_force.settings

    @property
    def start(self) -> Settings:
        """Return the settings of the start, as no page can change them."""
        if self._start is None:
            raise RuntimeError("no settings are bound; make the app first")
        return self._start


db = SQLAlchemy(metadata=Base.metadata, session_options={"autoflush": True})
csrf = CSRFProtect()
mail = Mail()
babel = Babel()
vault = Vault()
site = Site()

PATIENCE = 5  # seconds that a connection of SQLite waits for another writer
PRAGMAS = (
    f"PRAGMA busy_timeout={PATIENCE * 1000}",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA secure_delete=ON",
    "PRAGMA trusted_schema=OFF",
    "PRAGMA recursive_triggers=ON",  # else INSERT OR REPLACE goes round what refuses a DELETE
)


def engine_options(url: str) -> dict[str, Any]:
    """Return the engine's options for one database address; both hide statement parameters."""
    if url.startswith("sqlite"):
        return {"hide_parameters": True, "connect_args": {"timeout": PATIENCE}}
    return {
        "hide_parameters": True,
        "pool_pre_ping": True,
        "connect_args": {
            "connect_timeout": 4,
            "options": "-c lock_timeout=4000 -c statement_timeout=5000 -c timezone=UTC"
            " -c synchronous_commit=on",  # acknowledged is on the disk, whatever the server's habit
        },
    }


def _prepare(connection: Any, _record: object) -> None:
    """Set SQLite's pragmas in the one connect hook; leave BEGIN to the hook below."""
    if isinstance(connection, sqlite3.Connection):
        connection.isolation_level = None
        write_ahead(connection)
        for pragma in PRAGMAS:
            connection.execute(pragma)


def write_ahead(connection: sqlite3.Connection) -> None:
    """Put a file into WAL mode. SQLite refuses at once where another does so too: try again."""
    deadline = monotonic() + PATIENCE
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if monotonic() > deadline:
                raise
            sleep(0.02)
        else:
            return


def _begin(connection: Connection) -> None:
    """On SQLite take the write lock at BEGIN, so that no writer fails half-way."""
    if connection.dialect.name == "sqlite":
        write = connection.get_execution_options().get(WRITE, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


_hooks: tuple[tuple[str, Callable[..., None]], ...] = (("connect", _prepare), ("begin", _begin))
for _name, _hook in _hooks:
    event.listen(Engine, _name, _hook)
