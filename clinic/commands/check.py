"""``clinic check``: is this ready for a first patient? Line by line, and what to do."""

from __future__ import annotations

import shutil
import stat
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import click
from flask import Flask
from flask_babel import force_locale
from sqlalchemy.exc import SQLAlchemyError

from clinic import config, mailer
from clinic.commands import manifest
from clinic.commands.operator import operator
from clinic.extensions import db, site, vault
from clinic.queries import readiness
from clinic.queries.readiness import CANNOT_TELL, NOT_YET, OK, Line
from clinic.web import check_words

MakeApp = Callable[[], Flask]
MARKS = {OK: "ok           ", NOT_YET: "not yet      ", CANNOT_TELL: "cannot tell  "}
DAY, QUARTER = timedelta(days=1), timedelta(days=92)
ROOM = 1000  # megabytes


@click.command()
@click.option("--mail", "to", default="", help="Also hand a test letter for this address over.")
@click.pass_obj
def check(make_app: MakeApp, to: str) -> None:
    """Say what is in order before the first patient, what is not, and what to do.

    Exit code 0 only if every line is ok, else 1; 2 if the settings do not allow a start.
    """
    with make_app().app_context(), force_locale("en"):
        now = datetime.now(UTC)
        lines = [*_machine(), *_stored(now), *_mail(to, now), *_backups(now), _space()]
        said = check_words.said(lines)
    for line in said:
        click.echo(f"{MARKS[line.state]}{line.what}")
        if line.todo:
            click.echo(f"{'':13}{line.todo}")
    open_lines = [line for line in said if line.state != OK]
    if not open_lines:
        click.echo(f"\nAll {len(said)} lines are in order.")
        return
    click.echo(f"\n{len(open_lines)} of {len(said)} lines are not in order.")
    sys.exit(1)


def _machine() -> Iterator[Line]:
    settings = site.settings
    yield Line("settings", OK)  # else the app would not have been made
    yield Line("mode", OK if settings.mode == "production" else NOT_YET)
    yield Line("https", OK if settings.secure else NOT_YET)
    older = ", ".join(key for key in vault.ring.keys if key != vault.ring.current)
    newest = {"newest": vault.ring.current, "older": older}
    yield Line("keys", NOT_YET if older else OK, dict(newest))
    path = config.settings_file()
    if path:
        private = not path.stat().st_mode & (stat.S_IROTH | stat.S_IWOTH | stat.S_IWGRP)
        yield Line("settings_file", OK if private else NOT_YET)


def _stored(now: datetime) -> tuple[Line, ...]:
    try:
        return readiness.look(operator(), now)
    except SQLAlchemyError:
        return (Line("revision", NOT_YET),)
    finally:
        db.session.rollback()


def _mail(to: str, now: datetime) -> Iterator[Line]:
    failure = mailer.probe()
    yield Line("mail", NOT_YET if failure else OK, {"code": failure.code if failure else ""})
    if to:
        failure = failure or mailer.probe(to, now)
        state = NOT_YET if failure else OK
        yield Line("test_letter", state, {"code": failure.code if failure else ""})


def _backups(now: datetime) -> Iterator[Line]:
    folder = site.settings.backup_folder
    yield Line("backup", _newest_is_young(Path(folder), now) if folder else CANNOT_TELL)
    day = site.settings.restore_rehearsed_on
    rehearsed = bool(day) and date.fromisoformat(day) >= (now - QUARTER).date()
    yield Line("restore", OK if rehearsed else NOT_YET if day else CANNOT_TELL)


def _newest_is_young(folder: Path, now: datetime) -> str:
    """Tell whether a whole backup of the last day is there; its content is compared too."""
    for note in sorted(folder.glob(f"*{manifest.END}"), reverse=True):
        try:
            found = manifest.of(note.with_name(note.name.removesuffix(manifest.END)))
        except manifest.UnfitManifest:
            continue
        if now - datetime.fromisoformat(found.made_at) < DAY:
            return OK
    return NOT_YET


def _space() -> Line:
    """Look at the disk of the database, or where that is elsewhere, of the backups."""
    sqlite = db.engine.dialect.name == "sqlite"
    named = Path(db.engine.url.database or ".").parent if sqlite else site.settings.backup_folder
    place = Path(named or ".").resolve()
    if not place.exists():
        return Line("space", CANNOT_TELL, {"left": "?"})
    left = shutil.disk_usage(place).free // 1_000_000
    return Line("space", OK if left >= ROOM else NOT_YET, {"left": left})


COMMANDS = (check,)
