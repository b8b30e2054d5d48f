"""Brakes: how often somebody may try, counted in one place for all workers.

The counts live in a SQLite file of their own, not synced (a count may be lost with the power, a
request may not), or in Redis. What is counted is kept as a keyed digest: no address, no e-mail.
"""

from __future__ import annotations

import ipaddress
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from flask import Flask, current_app, request
from flask_limiter import Limiter
from limits import RateLimitItem, parse_many
from limits.errors import ConfigurationError, StorageError
from limits.storage import MovingWindowSupport, Storage
from werkzeug.exceptions import ServiceUnavailable, TooManyRequests

from clinic.config import PREFIX, UnfitSettings
from clinic.extensions import site, vault, write_ahead
from clinic.web import guards

EXTENSION = "needlepoint_limits"
TABLES = """
CREATE TABLE IF NOT EXISTS hit (key TEXT NOT NULL, at REAL NOT NULL, until REAL NOT NULL);
CREATE INDEX IF NOT EXISTS ix_hit ON hit (key, at);
CREATE INDEX IF NOT EXISTS ix_hit_until ON hit (until);
"""
PRAGMAS = "PRAGMA synchronous=OFF; PRAGMA busy_timeout=2000;"


class SqliteLimits(Storage, MovingWindowSupport):
    """Keeps one row for each try, so that windows move and every worker counts the same."""

    STORAGE_SCHEME = ["sqlite-limits"]  # noqa: RUF012 - as the library declares it

    def __init__(self, uri: str, wrap_exceptions: bool = False, **_options: Any) -> None:  # noqa: FBT001, FBT002 - the library's signature
        super().__init__(uri, wrap_exceptions=wrap_exceptions)
        self._path = Path(uri.partition(":///")[2])
        self._mine = threading.local()

    @property
    def base_exceptions(self) -> type[Exception] | tuple[type[Exception], ...]:
        """Name what this storage raises when it is down."""
        return (sqlite3.Error, OSError)

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Count a try unless the window is full; tell whether it was counted."""
        now = time.time()
        with self._writing() as connection:
            connection.execute("DELETE FROM hit WHERE until <= ?", (now,))
            if self._count(connection, key, now - expiry) + amount > limit:
                return False
            rows = [(key, now, now + expiry)] * amount
            connection.executemany("INSERT INTO hit VALUES (?, ?, ?)", rows)
        return True

    def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        """Return when the window that ends now began to fill, and how many tries it holds."""
        now = time.time()
        first = "SELECT min(at) FROM hit WHERE key = ? AND at > ?"
        (oldest,) = self._connection().execute(first, (key, now - expiry)).fetchone()
        count = self._count(self._connection(), key, now - expiry)
        return (oldest if oldest is not None else now), min(count, limit)

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count tries in a fixed window, which begins with the first of them."""
        now = time.time()
        with self._writing() as connection:
            connection.execute("DELETE FROM hit WHERE until <= ?", (now,))
            first = "SELECT min(until) FROM hit WHERE key = ?"
            (until,) = connection.execute(first, (key,)).fetchone()
            rows = [(key, now, until if until is not None else now + expiry)] * amount
            connection.executemany("INSERT INTO hit VALUES (?, ?, ?)", rows)
            return self._count(connection, key, 0)

    def get(self, key: str) -> int:
        """Return the count of a fixed window."""
        query = "SELECT count(*) FROM hit WHERE key = ? AND until > ?"
        (count,) = self._connection().execute(query, (key, time.time())).fetchone()
        return int(count)

    def get_expiry(self, key: str) -> float:
        """Return when a fixed window ends."""
        query = "SELECT min(until) FROM hit WHERE key = ? AND until > ?"
        (until,) = self._connection().execute(query, (key, time.time())).fetchone()
        return float(until if until is not None else time.time())

    def check(self) -> bool:
        """Tell whether the store answers."""
        try:
            self._connection().execute("SELECT 1 FROM hit LIMIT 1")
        except (sqlite3.Error, OSError):
            return False
        return True

    def reset(self) -> int | None:
        """Forget every count."""
        with self._writing() as connection:
            return connection.execute("DELETE FROM hit").rowcount

    def clear(self, key: str) -> None:
        """Forget the tries of one key."""
        with self._writing() as connection:
            connection.execute("DELETE FROM hit WHERE key = ?", (key,))

    @staticmethod
    def _count(connection: sqlite3.Connection, key: str, since: float) -> int:
        query = "SELECT count(*) FROM hit WHERE key = ? AND at > ?"
        return int(connection.execute(query, (key, since)).fetchone()[0])

    def _connection(self) -> sqlite3.Connection:
        known: sqlite3.Connection | None = getattr(self._mine, "connection", None)
        if known is not None and self._path.exists():
            return known
        self._path.parent.mkdir(parents=True, exist_ok=True)
        opened = sqlite3.connect(self._path, timeout=2, isolation_level=None)
        write_ahead(opened)
        opened.executescript(PRAGMAS + TABLES)
        self._path.chmod(0o600)
        self._mine.connection = opened
        return opened

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        connection = self._connection()
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")


@dataclass(frozen=True)
class Brake:
    """A limit by name: its rates, and whether the way is shut when the store is down."""

    name: str
    rates: str
    shut_when_down: bool = True

    @property
    def items(self) -> list[RateLimitItem]:
        """List the rates."""
        return parse_many(self.rates)


SIGN_IN_PAIR = Brake("sign-in, one account from one address", "10/5 minutes")
SIGN_IN_ACCOUNT = Brake("sign-in, one account from unknown devices", "100/hour")
SIGN_IN_ALL = Brake("sign-in, everybody", "1000/5 minutes")
FACTOR = Brake("second factor, one person", "5/5 minutes;20/hour;50/day")
RESET_ADDRESS = Brake("password reset, one e-mail address", "5/day")
RESET_CLIENT = Brake("password reset, one address", "20/hour")
INTAKE_CLIENT = Brake("intake started, one address", "30/hour", shut_when_down=False)
ENQUIRY_CLIENT = Brake("question sent, one address", "10/hour", shut_when_down=False)
CODE_ADDRESS = Brake("mailed code, one e-mail address", "5/day", shut_when_down=False)
CODE_CLIENT = Brake("mailed code, one address", "20/hour", shut_when_down=False)


def init_app(app: Flask) -> None:
    """Open the store that the settings name."""
    limiter = Limiter(
        client,
        storage_uri=site.settings.limits_url,
        storage_options={"wrap_exceptions": True},
        strategy="moving-window",
        headers_enabled=False,
    )
    try:
        limiter.init_app(app)
    except ConfigurationError as error:
        raise UnfitSettings([f"{PREFIX}LIMITS_URL does not work: {error}"]) from error
    app.extensions[EXTENSION] = limiter


def take(brake: Brake, *ids: str) -> None:
    """Count a try, or raise TooManyRequests saying how long to wait."""
    strategy = current_app.extensions[EXTENSION].limiter
    try:
        for item in brake.items:
            if not strategy.hit(item, *_key(brake, ids)):
                began = strategy.get_window_stats(item, *_key(brake, ids)).reset_time
                wait = max(1, int(began - time.time()) + 1)
                raise TooManyRequests(retry_after=wait)
    except StorageError as error:
        _down(brake, error)


def forget(brake: Brake, *ids: str) -> None:
    """Forget the tries that came before a success."""
    strategy = current_app.extensions[EXTENSION].limiter
    try:
        for item in brake.items:
            strategy.clear(item, *_key(brake, ids))
    except StorageError as error:
        _down(brake, error)


def client() -> str:
    """Return the network address of who asks; of IPv6 the part that one customer is given."""
    try:
        address = ipaddress.ip_address(request.remote_addr or "")
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is None:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def _key(brake: Brake, ids: tuple[str, ...]) -> tuple[str, str]:
    return brake.name, vault.ring.digest("limit", "\0".join(ids)).hex()


def _down(brake: Brake, error: StorageError) -> None:
    structlog.get_logger().error(
        "limits down", trace=guards.trace(), error=type(error.storage_error).__name__
    )
    if brake.shut_when_down:
        raise ServiceUnavailable(retry_after=5) from error
