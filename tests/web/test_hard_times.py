"""A database that is locked, gone or full: an honest answer, and the form comes back."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from flask import Flask
from sqlalchemy import event, select, text
from sqlalchemy.pool import ConnectionPoolEntry

from clinic.extensions import Base, db
from clinic.models import Request
from tests.support import databases
from tests.support.page import Page
from tests.web.patient.walking import ABOUT, Walker

BUSY = 503


@contextmanager
def held(url: str) -> Iterator[None]:
    """Let another program keep the database to itself."""
    other: sqlite3.Connection | psycopg.Connection[Any]
    if url.startswith("sqlite"):
        other = sqlite3.connect(databases.sqlite_file(url), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
    else:
        other = psycopg.connect(plain(url))
        other.execute("LOCK TABLE request IN ACCESS EXCLUSIVE MODE")
    try:
        yield
    finally:
        other.close()


@contextmanager
def gone(url: str) -> Iterator[None]:
    """Let the server of this database turn everybody away."""
    name = urlsplit(url).path.strip("/")
    with psycopg.connect(plain(url, "postgres"), autocommit=True) as admin:
        admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        asking = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
        admin.execute(asking, (name,))
        try:
            yield
        finally:
            admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')


def plain(url: str, name: str = "") -> str:
    parts = urlsplit(url.replace("postgresql+psycopg", "postgresql"))
    return (parts._replace(path=f"/{name}") if name else parts).geturl()


def typed(form: Any) -> dict[str, str]:
    return {name: value for name, value in form.data if name != "csrf_token"}


def stored(app: Flask) -> int:
    with app.app_context():
        return db.session.query(Request).count()


@pytest.fixture
def filled(app: Flask) -> Any:
    return Walker(app).get("/request/").form("Save and continue").fill(ABOUT)


def sent_again(page: Page) -> Page:
    return page.submit("Send it again")


@pytest.mark.proves("DUR-4", "DUR-5")
def test_a_locked_database_says_so_and_gives_the_form_back(app: Flask, filled: Any) -> None:
    url = app.config["SQLALCHEMY_DATABASE_URI"]

    with held(url):
        refused = filled.submit()

    assert (refused.status, refused.response.headers["Retry-After"]) == (BUSY, "5")
    assert typed(refused.form("Send it again")) == typed(filled)
    assert stored(app) == 0

    assert sent_again(refused).status == 200
    assert stored(app) == 1


@pytest.mark.proves("DUR-5")
def test_a_database_that_is_gone_gives_the_form_back_and_takes_it_later() -> None:
    with databases.fresh_database("postgresql") as url, databases.running_app(url) as app:
        filled = Walker(app).get("/request/").form("Save and continue").fill(ABOUT)

        with gone(url):
            refused = filled.submit()

        assert refused.status == BUSY
        assert refused.response.headers["Cache-Control"] == "no-store"
        assert typed(refused.form("Send it again")) == typed(filled)

        assert sent_again(refused).status == 200
        assert stored(app) == 1


@pytest.mark.proves("DUR-3")
def test_a_full_disk_stores_nothing_half_and_is_got_over() -> None:
    with databases.fresh_database("sqlite") as url, databases.running_app(url) as app:
        filled = Walker(app).get("/request/").form("Save and continue").fill(ABOUT)
        with app.app_context():
            engine = db.engine
            pages = db.session.scalar(text("PRAGMA page_count"))

        def shrink(connection: Any, _record: ConnectionPoolEntry) -> None:
            connection.execute(f"PRAGMA max_page_count={pages}")  # SQLite then says: disk is full

        event.listen(engine, "connect", shrink)
        engine.dispose()
        refused = filled.submit()

        assert refused.status == BUSY
        assert typed(refused.form("Send it again")) == typed(filled)
        assert Walker(app).get("/").status == 200, "reading goes on"
        assert stored(app) == 0

        event.remove(engine, "connect", shrink)
        engine.dispose()
        assert sent_again(refused).status == 200
        assert stored(app) == 1


@pytest.mark.proves("DUR-2")
def test_what_is_committed_is_on_the_disk_before_it_is_acknowledged(app: Flask) -> None:
    asked = {
        "sqlite": ("PRAGMA synchronous", "PRAGMA journal_mode"),
        "postgresql": ("SHOW synchronous_commit",),
    }
    with app.app_context():
        kind = db.engine.dialect.name
        said = [db.session.scalar(text(question)) for question in asked[kind]]

    assert said == {"sqlite": [2, "wal"], "postgresql": ["on"]}[kind]


@pytest.mark.proves("IN-8")
def test_a_file_that_is_sent_along_goes_nowhere(app: Flask) -> None:
    filled = Walker(app).get("/request/").form("Save and continue").fill(ABOUT)
    fields: dict[str, Any] = dict(filled.data)
    fields["file"] = (BytesIO(b"zitherquill in a file"), "zitherquill.pdf")

    answer = filled.page.client.post("/request/", data=fields)

    assert answer.status_code == 303
    with app.app_context():
        dumped = [
            repr(tuple(row))
            for table in Base.metadata.tables.values()
            for row in db.session.execute(select(table))
        ]
    assert not any("zitherquill" in row for row in dumped)
