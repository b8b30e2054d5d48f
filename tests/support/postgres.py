"""A real PostgreSQL for the tests, ended by us and never reachable from outside.

Taken from, in this order: the server that TEST_DATABASE_URL names, PostgreSQL's programs on this
machine, the programs that the package pgserver carries. Databases are cloned from a template that
is migrated once, so that a fresh one costs some 50 ms.
"""

import atexit
import ctypes
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import URL, make_url

STARTUP_SECONDS = 60
# Test databases need not outlive a power cut; a server that is asked to be durable does without.
HASTY = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
PR_SET_PDEATHSIG = 1


class PostgresUnavailable(Exception):
    """No PostgreSQL could be started; the message says what was tried."""


class Postgres:
    """A running server on which fresh databases are made and dropped again."""

    def __init__(self, admin_url: URL) -> None:
        self._admin_url = admin_url
        self._run = secrets.token_hex(4)
        self._made: list[str] = []
        self._templates: dict[str, str] = {}

    def create(self, template: str | None = None) -> str:
        """Make a fresh database, empty or a clone of a named template, and return its URL."""
        source = self._templates[template] if template else "template0"
        name = f"needlepoint_{self._run}_{len(self._made)}"
        self._made.append(name)
        self._execute("CREATE DATABASE {} TEMPLATE {}", name, source)
        return self._url(name)

    def drop(self, url: str) -> None:
        """Drop a database that `create` made, ending whoever is still connected to it."""
        name = make_url(url).database
        if name not in self._made:
            raise ValueError(f"{name} was not made here")
        self._execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    @contextmanager
    def database(self, template: str | None = None) -> Iterator[str]:
        """Lend a fresh database for the length of a block."""
        url = self.create(template)
        try:
            yield url
        finally:
            self.drop(url)

    def template(self, name: str, prepare: Callable[[str], None]) -> str:
        """Prepare a template once (prepare gets its URL and must leave no connection open)."""
        if name not in self._templates:
            url = self.create()
            prepare(url)
            self._templates[name] = str(make_url(url).database)
        return name

    def close(self) -> None:
        """Drop every database that was made here."""
        for name in self._made:
            self._execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def _url(self, database: str) -> str:
        return self._admin_url.set(database=database).render_as_string(hide_password=False)

    def _execute(self, statement: str, *names: str) -> None:
        query = sql.SQL(statement).format(*map(sql.Identifier, names))
        with psycopg.connect(_conninfo(self._admin_url), autocommit=True) as connection:
            connection.execute(query)


@cache
def shared() -> Postgres:
    """The server that a whole test run shares, started when it is first asked for."""
    stack = ExitStack()
    atexit.register(stack.close)
    return stack.enter_context(running())


@contextmanager
def running(*, durable: bool = False) -> Iterator[Postgres]:
    """Lend a server for the length of a block: the one TEST_DATABASE_URL names, or one of ours."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        postgres = Postgres(make_url(given).set(drivername="postgresql+psycopg"))
        try:
            yield postgres
        finally:
            postgres.close()
        return
    with (
        tempfile.TemporaryDirectory(prefix="needlepoint-pg-") as folder,
        _own(folder, durable=durable) as url,
    ):
        yield Postgres(url)


@contextmanager
def _own(folder: str, *, durable: bool) -> Iterator[URL]:
    home = Path(folder)
    account = _unprivileged_account()
    programs = _programs(home, account)
    if account is not None:
        os.chown(home, account, -1)
    data = home / "data"
    _init(programs, data, account)
    server = _start(programs, data, home, account, durable=durable)
    url = URL.create(
        "postgresql+psycopg", username="postgres", database="postgres", query={"host": str(home)}
    )
    try:
        _wait_until_up(server, url, home / "log")
        yield url
    finally:
        _stop(server)


def _init(programs: Path, data: Path, account: int | None) -> None:
    command = [str(programs / "initdb"), f"--pgdata={data}", "--username=postgres", "--auth=trust"]
    command += ["--encoding=UTF8", "--no-locale", "--no-sync"]
    made = subprocess.run(
        command,
        user=account,
        extra_groups=_groups(account),
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
    )
    if made.returncode:
        raise PostgresUnavailable(f"initdb failed: {made.stderr.strip()}")


def _start(
    programs: Path, data: Path, home: Path, account: int | None, *, durable: bool
) -> subprocess.Popen[bytes]:
    settings = ["listen_addresses=", f"unix_socket_directories={home}", "max_connections=200"]
    settings += ["timezone=UTC", *(() if durable else HASTY)]
    command = [str(programs / "postgres"), "-D", str(data)]
    for setting in settings:
        command += ["-c", setting]
    with (home / "log").open("wb") as log:
        return subprocess.Popen(
            command,
            user=account,
            extra_groups=_groups(account),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            preexec_fn=_end_with_parent,  # noqa: PLW1509 - see there
        )


def _end_with_parent() -> None:
    # A test run that is killed must leave no server behind; the kernel tells it (Linux).
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGQUIT)


def _wait_until_up(server: subprocess.Popen[bytes], url: URL, log: Path) -> None:
    give_up = time.monotonic() + STARTUP_SECONDS
    while time.monotonic() < give_up and server.poll() is None:
        with suppress(psycopg.OperationalError), psycopg.connect(_conninfo(url)):
            return
        time.sleep(0.05)
    raise PostgresUnavailable(f"the server did not come up: {log.read_text(errors='replace')}")


def _stop(server: subprocess.Popen[bytes]) -> None:
    server.send_signal(signal.SIGINT)  # "fast": ends sessions, then the server
    try:
        server.wait(timeout=20)
    except subprocess.TimeoutExpired:
        server.send_signal(signal.SIGQUIT)
        server.wait(timeout=20)


def _unprivileged_account() -> int | None:
    # PostgreSQL refuses to run as root.
    return 65534 if os.geteuid() == 0 else None


def _groups(account: int | None) -> list[int] | None:
    return None if account is None else []


def _programs(home: Path, account: int | None) -> Path:
    for folder in _places():
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder if _reachable(folder, account) else _copied(folder, home)
    raise PostgresUnavailable("found no PostgreSQL (on Debian: apt-get install postgresql)")


def _places() -> Iterator[Path]:
    yield from _installed()
    yield from _packaged()


def _installed() -> list[Path]:
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_major, reverse=True)
    on_path = shutil.which("initdb")
    return [*debian, *([Path(on_path).resolve().parent] if on_path else [])]


def _major(folder: Path) -> int:
    version = folder.parent.name
    return int(version) if version.isdigit() else 0


def _packaged() -> list[Path]:
    # Found, not imported: importing it sets up folders of its own. Not made for every platform.
    found = find_spec("pgserver")
    return [Path(found.origin).parent / "pginstall/bin"] if found and found.origin else []


def _reachable(folder: Path, account: int | None) -> bool:
    if account is None:
        return True
    tried = subprocess.run(
        ["/bin/ls", folder / "postgres"],
        user=account,
        extra_groups=[],
        capture_output=True,
        check=False,
        cwd="/",
    )
    return tried.returncode == 0


def _copied(folder: Path, home: Path) -> Path:
    # An environment in root's home cannot be read by the account that the server runs under.
    shutil.copytree(folder.parent, home / "programs")
    return home / "programs" / folder.name


def _conninfo(url: URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)
