"""Copies of a PostgreSQL database, by PostgreSQL's own programs."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from sqlalchemy import Connection, make_url, text

ASIDE = "before_restore_"


class ProgramMissing(Exception):
    """pg_dump or pg_restore is not on this machine."""


class ProgramFailed(Exception):
    """pg_dump or pg_restore said no."""


def dump(url: str, target: Path, *, snapshot: str) -> None:
    """Write what an exported snapshot sees, as a file that only its owner reads."""
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    options = ["--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}"]
    options += [f"--exclude-schema={ASIDE}*", f"--file={target}"]
    _run("pg_dump", url, *options)


def load(url: str, source: Path) -> None:
    """Put a dump into the empty schema public, wholly or not at all."""
    options = ["--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error"]
    _run("pg_restore", url, *options, f"--dbname={_name(url)}", str(source))


def require_programs(*names: str) -> None:
    """Raise ProgramMissing, with a line that helps, unless these are on the path."""
    for name in names:
        if shutil.which(name) is None:
            raise ProgramMissing(f"{name} was not found; on Debian: apt-get install postgresql")


def sessions_of_ours(connection: Connection) -> int:
    """Count the other sessions that our account has in this database: web and worker."""
    query = """SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
        AND usename = current_user AND pid <> pg_backend_pid()"""
    return connection.scalar(text(query)) or 0


def set_aside(connection: Connection, mark: str) -> str | None:
    """Rename the schema that holds the present tables, and make an empty one; name the old."""
    tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
    if not connection.scalar(text(tables)):
        return None
    aside = f"{ASIDE}{mark.lower()}"
    connection.execute(text(f'ALTER SCHEMA public RENAME TO "{aside}"'))
    connection.execute(text("CREATE SCHEMA public"))
    return aside


def take_back(connection: Connection, aside: str | None) -> None:
    """Throw away what was loaded, and give the tables that were set aside their place again."""
    connection.execute(text("DROP SCHEMA public CASCADE"))
    if aside is None:
        connection.execute(text("CREATE SCHEMA public"))
    else:
        connection.execute(text(f'ALTER SCHEMA "{aside}" RENAME TO public'))


def _run(program: str, url: str, *options: str) -> None:
    require_programs(program)
    ran = subprocess.run(  # noqa: S603 - PostgreSQL's own program
        [program, *options], env=_environment(url), capture_output=True, text=True, check=False
    )
    if ran.returncode:
        said = ran.stderr.strip().splitlines() or ["it gave no reason"]
        raise ProgramFailed(f"{program}: {said[0]}")


def _environment(url: str) -> dict[str, str]:
    """Say where the database is; the password must not stand in a command line."""
    place = make_url(url)
    host = place.host or place.query.get("host")
    given = {
        "PGHOST": host if isinstance(host, str) else None,
        "PGPORT": str(place.port) if place.port else None,
        "PGUSER": place.username,
        "PGPASSWORD": place.password,
        "PGDATABASE": place.database,
    }
    return {**os.environ, **{name: str(value) for name, value in given.items() if value}}


def _name(url: str) -> str:
    return make_url(url).database or ""
