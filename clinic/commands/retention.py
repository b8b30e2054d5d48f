"""``clinic retention`` and ``clinic hold``: what goes when its time is over, and what must stay."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import NoReturn

import click
from flask import Flask

from clinic import contact
from clinic.access import NotThere
from clinic.commands.operator import operator
from clinic.contact import UnfitText
from clinic.extensions import site
from clinic.services import erasing
from clinic.services import retention as clearing

MakeApp = Callable[[], Flask]
KINDS = {
    "drafts": "drafts that were never sent",
    "requests": "closed requests",
    "enquiries": "settled questions",
    "tokens": "links, codes and browsers' grants",
    "sessions": "staff sessions",
    "form_keys": "keys of sent forms",
    "letters": "letters emptied of their words",
}


@click.group()
def retention() -> None:
    """Delete what has run out. The worker does this by itself, every hour."""


@retention.command()
@click.option("--dry-run", is_flag=True, help="Only count what a run would delete now.")
@click.pass_obj
def run(make_app: MakeApp, dry_run: bool) -> None:  # noqa: FBT001 - click's way
    """Delete what has run out, and say how much of each kind.

    Requests under a legal hold stay. Old backups go with `clinic backup --folder`.
    """
    with make_app().app_context():
        act = clearing.dry_run if dry_run else clearing.run
        counts = act(operator(), datetime.now(UTC))
        years = site.settings.request_years
    for kind, count in counts.items():
        click.echo(f"{count:8}  {KINDS[kind]}")
    if years == 0:
        click.echo("Closed requests are kept: no number of years is set (REQUEST_YEARS).")
    click.echo("A dry run: nothing was deleted." if dry_run else "Done.")


@click.group()
def hold() -> None:
    """Keep a request as it is, for a court or an authority: a legal hold."""


@hold.command()
@click.argument("reference")
@click.option("--reason", prompt=True, help="Who asked for it, and when. Stored sealed.")
@click.pass_obj
def place(make_app: MakeApp, reference: str, reason: str) -> None:
    """Keep the request REFERENCE, whatever its age; it cannot be erased either."""
    with make_app().app_context():
        try:
            words = contact.clean_text(reason, limit=500)
            erasing.hold(operator(), datetime.now(UTC), read(reference), reason=words)
        except UnfitText:
            _stop("A hold needs a reason of up to 500 characters.")
        except NotThere:
            _stop("There is no request with this reference.")
    click.echo("The request is on hold: it stays until `clinic hold lift`.")


@hold.command()
@click.argument("reference")
@click.pass_obj
def lift(make_app: MakeApp, reference: str) -> None:
    """End the legal hold of the request REFERENCE."""
    with make_app().app_context():
        try:
            lifted = erasing.lift(operator(), datetime.now(UTC), read(reference))
        except NotThere:
            _stop("There is no request with this reference.")
    if not lifted:
        _stop("This request is not on hold.")
    click.echo("The hold is lifted.")


def read(reference: str) -> str:
    """Read a reference as somebody types it; one that cannot be is a wrong use (exit 2)."""
    found = contact.parse_reference(reference)
    if found is None:
        raise click.BadParameter("this is no reference of a request; one looks like ABCD-EFGH")
    return found


def _stop(problem: str) -> NoReturn:
    click.echo(f"clinic: {problem}", err=True)
    sys.exit(1)


COMMANDS = (retention, hold)
