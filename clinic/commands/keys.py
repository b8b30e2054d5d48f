"""``clinic keys``: make a key, see which key seals what, and seal everything anew."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

import click
from flask import Flask

from clinic import config
from clinic.commands.operator import operator
from clinic.commands.progress import Progress
from clinic.config import UnfitSettings
from clinic.extensions import db, vault
from clinic.sealing import new_key
from clinic.services import rotating

MakeApp = Callable[[], Flask]


@click.group()
def keys() -> None:
    """Make and change the keys that seal patients' data.

    To change the key: put a new one in front in NEEDLEPOINT_DATA_KEYS, restart web and worker,
    run `clinic keys rotate`, see with `clinic keys status` that the old one seals nothing, and
    keep the old one until no backup needs it any more.
    """


@keys.command()
@click.option("--bare", is_flag=True, help="The key alone, without an id before it.")
def new(bare: bool) -> None:  # noqa: FBT001 - click's way
    """Print one new random key. It is kept nowhere: copy it into the settings."""
    click.echo(new_key() if bare else f"{_free_id()}:{new_key()}")


@keys.command()
@click.pass_obj
def status(make_app: MakeApp) -> None:
    """Count the rows that each key seals; exit 1 if a key is missing from the settings."""
    with make_app().app_context():
        counted = rotating.rows_by_key(db.session())
        ring = vault.ring
    for key_id in [*ring.keys, *sorted(set(counted) - set(ring.keys))]:
        tables = counted.get(key_id, {})
        said = "seals new values" if key_id == ring.current else "old"
        if key_id not in ring.keys:
            said = "NOT IN THE SETTINGS: these rows cannot be read"
        click.echo(f"{key_id:16} {sum(tables.values()):8} rows  {said}")
        for table, rows in sorted(tables.items()):
            click.echo(f"  {table:22} {rows:8}")
    sys.exit(1 if set(counted) - set(ring.keys) else 0)


@keys.command()
@click.pass_obj
def rotate(make_app: MakeApp) -> None:
    """Seal everything anew with the first key of the settings.

    Web and worker may run, once they were restarted with the new key in front. If this is
    stopped half-way, run it again: it goes on where it stood.
    """
    with make_app().app_context():
        total, current = rotating.left(db.session()), vault.ring.current
        click.echo(f"{total} rows are to be sealed anew with key {current}.")
        progress = Progress("Rows sealed anew")
        unreadable: list[str] = []
        done = 0
        for table in rotating.tables():
            after: UUID | None = None
            while True:
                step = rotating.step(operator(), datetime.now(UTC), table, after)
                done, after = done + step.rows, step.last
                unreadable += [f"{table} {row_id}" for row_id in step.unreadable]
                progress.at(done, total)
                if after is None:
                    break
        rest = rotating.left(db.session())
    for row in unreadable:
        click.echo(f"cannot be read: {row}", err=True)
    if rest:
        click.echo(f"{done} rows done, {rest} still hold another key. Run this again.", err=True)
        sys.exit(1)
    click.echo(f"{done} rows done. Key {current} seals everything.")
    click.echo("Keep the old key in the settings until no backup needs it any more.")


def _free_id() -> str:
    """Name the next key: one more than the highest number in the settings."""
    try:
        known = config.load().data_keys
    except UnfitSettings:  # the very first key is made before there are settings
        known = ""
    numbers = [int(number) for number in re.findall(r"(?:^|,)\s*k(\d{1,6}):", known)]
    return f"k{max(numbers, default=0) + 1}"


COMMANDS = (keys,)
