"""``clinic restore``: puts a backup in the place of the database, once it has proved itself.

Everything is tried before it serves: the file is whole, the keys fit, the schema is one that this
code knows, the trail ends where the manifest says. What was erased since is erased again. The
database that was there is set aside, never overwritten.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn
from uuid import UUID

import click
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import Connection, create_engine, inspect, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from clinic import config
from clinic.commands import manifest, postgresql_copy, sqlite_copy
from clinic.commands.database import upgrade
from clinic.commands.manifest import Manifest, UnfitManifest
from clinic.commands.operator import operator
from clinic.commands.postgresql_copy import ProgramFailed, ProgramMissing
from clinic.commands.sqlite_copy import Unsound
from clinic.extensions import db, site
from clinic.queries import revision
from clinic.services import audit, copying, erasing
from clinic.services.erasing import UnreadableLedger

MakeApp = Callable[[], Flask]
URL = f"{config.PREFIX}DATABASE_URL"


class Unfit(Exception):
    """The backup cannot be restored here; the present database is as it was."""


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--yes", is_flag=True, help="Do not ask; for scripts.")
@click.pass_obj
def restore(make_app: MakeApp, file: Path, yes: bool) -> None:  # noqa: FBT001 - click's way
    """Put the backup FILE in the place of the database. Stop web and worker first.

    It is refused if FILE or its manifest was changed, if a key is missing or another one, if it
    was made by a newer version, or if web or worker still run. The present database is set aside.
    Requests that were erased since are erased again, all staff sessions end, and letters that
    were waiting at the time of the backup are sent (again).
    """
    try:
        made = manifest.of(file)
        with make_app().app_context():
            url = db.engine.url.render_as_string(hide_password=False)
            ledger = Path(site.settings.erasure_ledger)
            _refuse_unfit(made, db.engine.dialect.name)
            erased = [*erasing.noted(ledger), *_erased_here()]
            db.session.remove()
            db.engine.dispose()
        if not ledger.exists():
            click.echo(f"There is no ledger of erasures at {ledger}.", err=True)
        if not yes:
            _confirm(made)
        way = _restore_sqlite if made.database == "sqlite" else _restore_postgresql
        again, aside = way(make_app, url, file, made, list(dict.fromkeys(erased)))
    except (Unfit, UnfitManifest, Unsound, UnreadableLedger) as error:
        _stop(f"{error}. Nothing was changed.")
    except (ProgramMissing, ProgramFailed, OSError, SQLAlchemyError) as error:
        _stop(f"{_first_line(error)}. Nothing was changed.")
    rows = sum(made.counts.values())
    click.echo(f"Restored: {rows} rows as of {made.made_at}. The audit trail is whole.")
    click.echo(f"Erased again: {again} requests.")
    if aside:
        click.echo(f"The database that was there is kept as {aside}; remove it when all is well.")
    click.echo("Now run `clinic db check`, then start web and worker.")


def _restore_sqlite(
    make_app: MakeApp, url: str, file: Path, made: Manifest, erased: list[UUID]
) -> tuple[int, str | None]:
    place = Path(url.partition(":///")[2].partition("?")[0])
    if sqlite_copy.is_in_use(place):
        raise Unfit("the database is in use: stop web and worker")
    place.parent.mkdir(parents=True, exist_ok=True)
    staged = place.with_name(f"{place.name}.restoring")
    for left in (staged, *staged.parent.glob(f"{staged.name}-*")):
        left.unlink(missing_ok=True)
    try:
        _copy_private(file, staged)
        sqlite_copy.require_sound(staged)
        again = _prove(make_app, f"sqlite:///{staged.resolve()}", made, erased)
        if sqlite_copy.is_in_use(staged):
            raise Unfit("somebody has opened the copy that was being tried")
        aside = _swap(staged, place)
    finally:
        staged.unlink(missing_ok=True)
    return again, aside


def _swap(staged: Path, place: Path) -> str | None:
    if sqlite_copy.is_in_use(place):
        raise Unfit("the database was opened meanwhile: stop web and worker")
    mark = f".before-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    moved: list[tuple[Path, Path]] = []
    try:
        for end in ("", "-wal", "-shm", "-journal"):  # an old log would spoil a new database
            there = place.with_name(place.name + end)
            if there.exists():
                moved.append((there, there.rename(place.with_name(f"{place.name}{mark}{end}"))))
        staged.replace(place)
    except OSError:
        for there, aside in moved:
            aside.rename(there)
        raise
    sqlite_copy.sync(place)
    return str(moved[0][1]) if moved else None


def _restore_postgresql(
    make_app: MakeApp, url: str, file: Path, made: Manifest, erased: list[UUID]
) -> tuple[int, str | None]:
    postgresql_copy.require_programs("pg_restore")
    with _connected(url) as connection:
        if postgresql_copy.sessions_of_ours(connection):
            raise Unfit("the database is in use: stop web and worker")
        aside = postgresql_copy.set_aside(connection, f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
    try:
        postgresql_copy.load(url, file)
        again = _prove(make_app, url, made, erased)
    except BaseException:
        with _connected(url) as connection:
            postgresql_copy.take_back(connection, aside)
        raise
    return again, f"the schema {aside}" if aside else None


@contextmanager
def _connected(url: str) -> Iterator[Connection]:
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def _prove(make_app: MakeApp, url: str, made: Manifest, erased: list[UUID]) -> int:
    """Bring the copy to this code's schema, compare it with its manifest, and settle it."""
    _compare_rows(url, made)
    if made.revision != revision.expected():
        upgrade(url)
    before = dict(os.environ).get(URL)
    os.environ[URL] = url  # the app of this step works on the copy, not on what is in use
    try:
        with make_app().app_context():
            try:
                anchor = (made.audit_count, bytes.fromhex(made.audit_hash))
                fault = audit.verify(db.session(), anchor=anchor)
                if fault is not None:
                    raise Unfit(f"its audit trail is broken at {fault.number}: {fault.problem}")
                return copying.settle(
                    operator(), datetime.now(UTC), erased=erased, made_at=made.made_at
                )
            finally:
                db.session.remove()
                db.engine.dispose()
    finally:
        if before is None:
            del os.environ[URL]
        else:
            os.environ[URL] = before


def _compare_rows(url: str, made: Manifest) -> None:
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        names = set(inspect(connection).get_table_names())
        counted = {
            name: connection.scalar(text(f'SELECT count(*) FROM "{name}"'))  # noqa: S608 - as listed
            for name in made.counts
            if name in names
        }
    engine.dispose()
    if counted != made.counts:
        raise Unfit("it holds other rows than its manifest says")


def _refuse_unfit(made: Manifest, kind: str) -> None:
    if made.database != kind:
        raise Unfit(f"it is a backup of {made.database}, and this clinic is on {kind}")
    known = ScriptDirectory.from_config(revision.scripts()).walk_revisions()
    if made.revision not in {one.revision for one in known}:
        raise Unfit(f"it was made by a newer version (revision {made.revision}): update first")
    marks = copying.key_marks(made.key_ids)
    for name, mark in made.key_marks.items():
        if name not in marks:
            raise Unfit(f"{name} is not in the settings, and the backup needs it")
        if marks[name] != mark:
            raise Unfit(f"{name} in the settings is not the one of the backup")


def _erased_here() -> list[UUID]:
    """Read from the present database what was erased; there may be none to read any more."""
    try:
        return erasing.listed(db.session())
    except SQLAlchemyError:
        click.echo("The present database cannot be read; the ledger alone says who was erased.")
        return []


def _copy_private(source: Path, target: Path) -> None:
    opened = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with source.open("rb") as given, os.fdopen(opened, "wb") as written:
        shutil.copyfileobj(given, written, manifest.CHUNK)


def _confirm(made: Manifest) -> None:
    rows = sum(made.counts.values())
    click.echo(f"The backup was made at {made.made_at} and holds {rows} rows.")
    click.echo("What was written since then will be missing from the restored database.")
    typed = click.prompt("Type restore to go ahead", default="", show_default=False)
    if typed.strip() != "restore":
        raise Unfit("This was not confirmed")


def _first_line(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename or 'a file'}: {error.strerror}"
    original = getattr(error, "orig", None) or error
    return str(original).strip().splitlines()[0]


def _stop(problem: str) -> NoReturn:
    click.echo(f"clinic: {problem}", err=True)
    sys.exit(1)


COMMANDS = (restore,)
