"""``clinic erase``: removes one person's request, or question, from every table."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

import click
from flask import Flask

from clinic.access import NotThere
from clinic.commands import retention
from clinic.commands.operator import operator
from clinic.extensions import db, site
from clinic.services import erasing
from clinic.services.erasing import Erasable, OnHold


@click.command()
@click.argument("reference")
@click.option("--yes", is_flag=True, help="Do not ask; for scripts.")
@click.pass_obj
def erase(make_app: Callable[[], Flask], reference: str, yes: bool) -> None:  # noqa: FBT001 - click's way
    """Remove the request or question REFERENCE with all that belongs to it, for good.

    History, decisions, letters, visits and links go; the audit trail keeps opaque ids alone. The
    erasure is noted in the ledger (ERASURE_LEDGER), so that `clinic restore` does not bring the
    person back. What else seems to be of the same person is named, and erased one by one.
    """
    asked = retention.read(reference)
    with make_app().app_context():
        try:
            found = erasing.find(db.session(), operator(), asked)
        except NotThere:
            _stop("There is no request and no question with this reference.")
        except OnHold:
            _stop("This request is under a legal hold. Nothing was erased.")
        if not yes:
            _confirm(asked, found)
        now = datetime.now(UTC)
        erasing.note(Path(site.settings.erasure_ledger), found.id, now)
        try:
            rows = erasing.erase(operator(), now, found.id)
        except OnHold:
            _stop("This request is under a legal hold. Nothing was erased.")
        scrubbed = scrub()
    click.echo(f"Erased: {rows} rows of {asked}.")
    if not scrubbed:
        click.echo("Somebody was reading: the freed space is overwritten at the next checkpoint.")
    if found.others:
        click.echo("With the same phone, e-mail, or name and birth date there are left:")
        click.echo(f"  {' '.join(found.others)}")
    click.echo("Backups made before still hold it until they are too old.")


def scrub() -> bool:
    """Leave nothing of what was deleted in the log of SQLite, or for PostgreSQL's readers."""
    db.session.rollback()
    on_sqlite = db.engine.dialect.name == "sqlite"
    with closing(db.engine.raw_connection()) as borrowed:
        driver: Any = borrowed.driver_connection
        if on_sqlite:
            busy, *_ = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            return bool(busy == 0)
        driver.autocommit = True
        driver.execute("SET statement_timeout = 0")
        for table in erasing.tables():
            driver.execute(f'VACUUM "{table}"')
        borrowed.detach()
        driver.close()
    return True


def _confirm(reference: str, found: Erasable) -> None:
    click.echo(f"The {found.what} {reference} is '{found.state}'. Erasing cannot be taken back.")
    typed = click.prompt("Type the reference again to erase it", default="", show_default=False)
    if typed.strip().upper() != reference:
        _stop("That is not the reference. Nothing was erased.")


def _stop(problem: str) -> NoReturn:
    click.echo(f"clinic: {problem}", err=True)
    sys.exit(1)


COMMANDS = (erase,)
