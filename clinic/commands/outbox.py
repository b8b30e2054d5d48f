"""``clinic outbox``: what waits to be mailed, and what could not be."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import click
from flask import Flask

from clinic.commands.operator import operator
from clinic.queries import outbox as letters
from clinic.services import outbox as letter_box


@click.group()
def outbox() -> None:
    """See what waits to be mailed."""


@outbox.command()
@click.pass_obj
def status(make_app: Callable[[], Flask]) -> None:
    """Count the letters by state and list those that failed."""
    with make_app().app_context():
        found = letters.status(operator(), datetime.now(UTC))
    click.echo("  ".join(f"{state} {count}" for state, count in found.counts.items()))
    if found.counts["queued"]:
        minutes = int(found.oldest_wait.total_seconds() // 60)
        click.echo(f"The oldest queued letter has waited for {minutes} minutes.")
    for letter in found.failed:
        click.echo(
            f"failed  {letter.id}  {letter.kind}  queued {letter.queued_at:%Y-%m-%d %H:%M} UTC"
            f"  tries {letter.tries}  {letter.last_error}"
        )


@outbox.command()
@click.pass_obj
def retry(make_app: Callable[[], Flask]) -> None:
    """Queue again what failed while the mail server was away.

    Letters that the server refused for good stay failed: somebody has to call. So do codes, and
    letters to an address that has been corrected since; the request's page can send those anew.
    """
    with make_app().app_context():
        again = letter_box.queue_failed_again(operator(), datetime.now(UTC))
        left = len(letters.status(operator(), datetime.now(UTC)).failed)
    click.echo(f"Queued again: {again}. Still failed: {left}.")


COMMANDS = (outbox,)
