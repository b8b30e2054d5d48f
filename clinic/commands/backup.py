"""``clinic backup``: a copy of the database that can be restored, while the clinic works."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from secrets import token_hex
from typing import NoReturn

import click
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from clinic.commands import manifest, postgresql_copy, sqlite_copy
from clinic.commands.manifest import Manifest
from clinic.commands.operator import operator
from clinic.commands.postgresql_copy import ProgramFailed, ProgramMissing
from clinic.commands.sqlite_copy import Unsound
from clinic.extensions import db, site
from clinic.services import copying
from clinic.services.copying import Facts, NotOurs

STAMP = "%Y%m%dT%H%M%SZ"
NAMED = re.compile(r"needlepoint-(\d{8}T\d{6}Z)\.(sqlite3|dump)")


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Write a file named by the time into this folder, and remove those that are too old.",
)
@click.option("--force", is_flag=True, help="Replace FILE if it is there.")
@click.pass_obj
def backup(
    make_app: Callable[[], Flask],
    file: Path | None,
    folder: Path | None,
    *,
    force: bool,
) -> None:
    """Copy the database to FILE while the clinic works, with a manifest beside it.

    Without FILE it goes to --folder, or to the folder that the settings name.

    Keep both files somewhere else, and the keys (the settings file) somewhere else again: whoever
    has backup and keys can read everything, and a backup without the keys is lost.
    """
    if file is not None and folder is not None:
        raise click.UsageError("give FILE or --folder FOLDER, not both")
    now = datetime.now(UTC)
    with make_app().app_context():
        folder = folder if file is not None or folder is not None else _usual_folder()
        kind = db.engine.dialect.name
        end = "sqlite3" if kind == "sqlite" else "dump"
        target = (
            file if file is not None else Path(folder or ".", f"needlepoint-{now:{STAMP}}.{end}")
        )
        _refuse_unfit(target, force=force)
        try:
            made = _write(target, now)
        except (NotOurs, ProgramMissing, ProgramFailed, Unsound, OSError) as error:
            _stop(_told(error))
        rows = sum(made.counts.values())
        copying.note_copy(operator(), now, digest=made.sha256, rows=rows)
        days = site.settings.backup_days
        _warn(target)
    click.echo(f"Written: {target}")
    click.echo(f"{rows} rows at revision {made.revision}, sealed by {', '.join(made.key_ids)}.")
    click.echo(f"Head of the audit trail: {made.audit_count}:{made.audit_hash}")
    if folder is not None:
        for old in remove_old(folder, now, timedelta(days=days)):
            click.echo(f"Removed, older than {days} days: {old.name}")


def remove_old(folder: Path, now: datetime, kept: timedelta) -> list[Path]:
    """Remove the backups that were made longer ago, by their names; the newest always stays."""
    made: list[tuple[datetime, Path]] = []
    for path in folder.iterdir():
        named = NAMED.fullmatch(path.name)
        if named:
            made.append((datetime.strptime(named[1], STAMP).replace(tzinfo=UTC), path))
    old = [path for at, path in sorted(made)[:-1] if at < now - kept]
    for path in old:
        path.unlink()
        manifest.beside(path).unlink(missing_ok=True)
    return old


def _usual_folder() -> Path:
    """Name the folder of the settings, for the backup of every night."""
    named = site.settings.backup_folder
    if not named:
        raise click.UsageError("give FILE or --folder FOLDER, or set BACKUP_FOLDER")
    if not Path(named).is_dir():
        _stop(f"the folder {named} is not there. Nothing was written.")
    return Path(named)


def _write(target: Path, now: datetime) -> Manifest:
    """Write copy and manifest under other names first, so that neither is ever there by half."""
    part = target.with_name(f".{target.name}.{token_hex(4)}.part")
    part_manifest = manifest.beside(part)
    try:
        facts = _copy(part)
        made = Manifest(
            made_at=f"{now:%Y-%m-%dT%H:%M:%SZ}",
            database=db.engine.dialect.name,
            key_marks=copying.key_marks(facts.key_ids),
            sha256=manifest.digest(part),
            **vars(facts),
        )
        manifest.write(made, part_manifest)
        part.replace(target)
        part_manifest.replace(manifest.beside(target))
        sqlite_copy.sync(target)
    finally:
        part.unlink(missing_ok=True)
        part_manifest.unlink(missing_ok=True)
    return made


def _copy(part: Path) -> Facts:
    """Copy and describe one and the same moment of the database."""
    db.session.remove()
    on_sqlite = db.engine.dialect.name == "sqlite"
    isolation = {} if on_sqlite else {"isolation_level": "REPEATABLE READ"}
    with db.engine.connect().execution_options(**isolation) as connection:
        session = Session(connection)
        if not on_sqlite:
            postgresql_copy.require_programs("pg_dump")
            session.execute(text("SET LOCAL statement_timeout = 0"))
        facts = copying.facts(session)
        if on_sqlite:
            sqlite_copy.copy(connection.connection.driver_connection, part)
        else:
            snapshot = session.scalar(text("SELECT pg_export_snapshot()"))
            url = db.engine.url.render_as_string(hide_password=False)
            postgresql_copy.dump(url, part, snapshot=str(snapshot))
            sqlite_copy.sync(part)
        session.close()
    return facts


def _refuse_unfit(target: Path, *, force: bool) -> None:
    if not target.parent.is_dir():
        _stop(f"the folder {target.parent} is not there. Nothing was written.")
    live = db.engine.url.database
    if db.engine.dialect.name == "sqlite" and live and target.resolve() == Path(live).resolve():
        _stop("this is the database itself. Nothing was written.")
    if target.exists() and not force:
        _stop(f"{target} is there already; --force replaces it. Nothing was written.")


def _warn(target: Path) -> None:
    folder = target.resolve().parent
    if folder.stat().st_mode & 0o007:
        click.echo(f"Warning: everybody on this machine can look into {folder}.", err=True)
    live = Path(db.engine.url.database or "")
    on_sqlite = db.engine.dialect.name == "sqlite"
    if on_sqlite and live.is_file() and live.stat().st_dev == folder.stat().st_dev:
        click.echo("Warning: it is on the disk of the database; a lost disk takes both.", err=True)


def _told(error: Exception) -> str:
    if isinstance(error, NotOurs):
        return "the database holds nothing of ours yet: run clinic db upgrade. Nothing was written."
    if isinstance(error, Unsound):
        return f"the copy is not sound, {error}. It was thrown away."
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return f"{reason}. Nothing was written."


def _stop(problem: str) -> NoReturn:
    click.echo(f"clinic: {problem}", err=True)
    sys.exit(1)


COMMANDS = (backup,)
