"""``clinic outbox``: what waits to be mailed, and what could not be."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import click
from flask import Flask

from clinic.commands.operator import operator
from clinic.queries import outbox as letters


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


COMMANDS = (outbox,)
