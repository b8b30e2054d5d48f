"""``clinic audit``: prove that nobody changed the trail, and print what to keep elsewhere."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable

import click
from flask import Flask

from clinic.extensions import db
from clinic.services import audit as trail


def _anchor(
    _context: click.Context, _option: click.Parameter, value: str | None
) -> tuple[int, bytes] | None:
    if value is None:
        return None
    read = re.fullmatch(r"([0-9]{1,18}):([0-9a-f]{64})", value)
    if read is None:
        raise click.BadParameter("an anchor looks as `clinic audit head` prints it: COUNT:HASH")
    return int(read[1]), bytes.fromhex(read[2])


@click.group()
def audit() -> None:
    """Check the audit trail."""


@audit.command()
@click.option(
    "--anchor",
    metavar="COUNT:HASH",
    callback=_anchor,
    help="A head kept elsewhere; finds a cut tail too.",
)
@click.pass_obj
def verify(make_app: Callable[[], Flask], anchor: tuple[int, bytes] | None) -> None:
    """Walk the chain; exit 1 and name the first bad entry if there is one."""
    with make_app().app_context():
        session = db.session()
        fault = trail.verify(session, anchor=anchor)
        count, _ = trail.head_of(session) if fault is None else (0, b"")
    if fault is not None:
        click.echo(f"The trail is broken at entry {fault.number}: {fault.problem}.")
        sys.exit(1)
    click.echo(f"The trail is whole: {count} entries.")


@audit.command()
@click.pass_obj
def head(make_app: Callable[[], Flask]) -> None:
    """Print COUNT:HASH of the newest entry, to be kept away from this machine."""
    with make_app().app_context():
        count, last = trail.head_of(db.session())
    click.echo(f"{count}:{last.hex()}")


COMMANDS = (audit,)
