"""``clinic db``: bring the schema up or down, and check what is stored against its facts."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import click
from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError
from flask import Flask
from sqlalchemy import create_engine, inspect, make_url, text
from sqlalchemy.pool import NullPool

from clinic import config
from clinic.extensions import db
from clinic.queries import revision
from clinic.services import bookkeeping

MakeApp = Callable[[], Flask]


def upgrade(url: str, target: str = "head") -> None:
    """Bring a database up to a revision, wholly or not at all."""
    _make_folder(url)
    command.upgrade(_alembic(url), target)


def downgrade(url: str, target: str) -> None:
    """Bring a database down to a revision, wholly or not at all."""
    command.downgrade(_alembic(url), target)


@click.group("db")
def database() -> None:
    """Bring the schema up or down, and check what is stored."""


@database.command("upgrade")
@click.argument("target", default="head")
def _upgrade(target: str) -> None:
    """Bring the schema up to the newest revision, or to TARGET."""
    url = config.load().database_url
    _or_exit(upgrade, url, target)
    click.echo(f"The schema is at revision {_present(url)}.")


@database.command("downgrade", context_settings={"ignore_unknown_options": True})
@click.argument("target")
@click.option("--yes", is_flag=True, help="Go ahead although this removes stored requests.")
def _downgrade(target: str, yes: bool) -> None:  # noqa: FBT001 - click's way
    """Bring the schema down to TARGET: a revision, a number of steps such as -1, or base."""
    url = config.load().database_url
    if target == "base" and not yes and _holds_requests(url):
        click.echo("This would remove every stored request. Add --yes to go ahead.", err=True)
        sys.exit(1)
    _or_exit(downgrade, url, target)
    click.echo(f"The schema is at revision {_present(url)}.")


@database.command("check")
@click.pass_obj
def _check(make_app: MakeApp) -> None:
    """Replay the facts of every request against its stored states; exit 1 at a difference."""
    with make_app().app_context():
        if revision.stored() != revision.expected():
            click.echo("The schema is not at this code's revision: run clinic db upgrade.")
            sys.exit(1)
        checked, differences = 0, 0
        for finding in bookkeeping.check(db.session()):
            checked += 1
            for problem in finding.problems:
                differences += 1
                click.echo(f"{finding.reference}: {problem}")
    click.echo(f"{checked} requests checked, {differences} differences.")
    sys.exit(1 if differences else 0)


def _or_exit(step: Callable[[str, str], None], url: str, target: str) -> None:
    try:
        step(url, target)
    except CommandError as error:
        click.echo(f"clinic: {error}", err=True)
        sys.exit(2)


def _alembic(url: str) -> Config:
    alembic = revision.scripts()
    alembic.attributes["url"] = url
    return alembic


def _make_folder(url: str) -> None:
    place = make_url(url)
    if place.get_backend_name() == "sqlite" and place.database not in (None, "", ":memory:"):
        Path(place.database or "").resolve().parent.mkdir(parents=True, exist_ok=True)


def _present(url: str) -> str:
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        if not inspect(connection).has_table(revision.TABLE):
            return "base"
        return connection.scalar(text("SELECT version_num FROM alembic_version")) or "base"


def _holds_requests(url: str) -> bool:
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        if not inspect(connection).has_table("request"):
            return False
        return connection.scalar(text("SELECT 1 FROM request LIMIT 1")) is not None


COMMANDS = (database,)
