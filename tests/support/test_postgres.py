"""The test server is real, gives each test its own database, and takes it back."""

import sys
from pathlib import Path

import psycopg
import pytest

from tests.support import postgres
from tests.support.postgres import Postgres, PostgresUnavailable


def conninfo(url: str) -> str:
    return url.replace("postgresql+psycopg", "postgresql")


def write_row(url: str) -> None:
    with psycopg.connect(conninfo(url)) as connection:
        connection.execute("CREATE TABLE kept (word text)")
        connection.execute("INSERT INTO kept VALUES ('here')")


def test_databases_do_not_see_each_other(postgres_server: Postgres) -> None:
    with postgres_server.database() as one, postgres_server.database() as other:
        write_row(one)

        with (
            psycopg.connect(conninfo(other)) as connection,
            pytest.raises(psycopg.errors.UndefinedTable),
        ):
            connection.execute("SELECT word FROM kept")


def test_a_clone_holds_what_its_template_holds(postgres_server: Postgres) -> None:
    template = postgres_server.template("with-a-row", write_row)

    with postgres_server.database(template) as url, psycopg.connect(conninfo(url)) as connection:
        rows = connection.execute("SELECT word FROM kept").fetchall()

    assert rows == [("here",)]


def test_a_database_is_gone_afterwards_even_with_somebody_in_it(postgres_server: Postgres) -> None:
    with postgres_server.database() as url:
        left_open = psycopg.connect(conninfo(url))

    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(conninfo(url))
    left_open.close()


def test_a_database_of_somebody_else_is_not_dropped(postgres_server: Postgres) -> None:
    with pytest.raises(ValueError, match="was not made here"):
        postgres_server.drop("postgresql+psycopg://postgres@localhost/postgres")


def test_the_packaged_programs_serve_where_none_are_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(postgres, "_installed", list)
    monkeypatch.delenv("TEST_DATABASE_URL", raising=False)

    with (
        postgres.running(durable=True) as server,
        server.database() as url,
        psycopg.connect(conninfo(url)) as connection,
    ):
        durable = connection.execute("SHOW fsync").fetchone()
        address = connection.execute("SHOW listen_addresses").fetchone()

    assert durable == ("on",)
    assert address == ("",)


def test_without_any_programs_the_failure_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(postgres, "_installed", list)
    monkeypatch.setattr(postgres, "_packaged", lambda: [tmp_path])
    monkeypatch.delenv("TEST_DATABASE_URL", raising=False)

    with pytest.raises(PostgresUnavailable, match="found no PostgreSQL"), postgres.running():
        sys.exit("not reached")
