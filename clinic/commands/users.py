"""``clinic user``: make staff accounts, close them, end sessions, take a lost factor away.

The first account can be made here alone: there is none by default, and no page registers any.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import NoReturn
from uuid import UUID

import click
from flask import Flask
from flask_babel import force_locale

from clinic import contact
from clinic.access import Actor, NotThere, Role
from clinic.commands.operator import operator
from clinic.queries import staff as accounts
from clinic.services import staff
from clinic.services.staff import AddressTaken
from clinic.web import security

MakeApp = Callable[[], Flask]
ROLES = click.Choice([str(role) for role in Role])


@click.group()
def user() -> None:
    """Make and manage staff accounts."""


@user.command()
@click.option("--email", prompt=True, help="Where letters about the account go.")
@click.option("--name", prompt=True, help="As patients and colleagues read it.")
@click.option("--role", "roles", type=ROLES, multiple=True, help="May be given more than once.")
@click.option("--licence", default="", help="License to practice, printed under decisions.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@click.pass_obj
def create(
    make_app: MakeApp,
    *,
    email: str,
    name: str,
    roles: tuple[str, ...],
    licence: str,
    password_stdin: bool,
) -> None:
    """Make an account; its second factor is set up at the first sign-in."""
    chosen = roles or (click.prompt("Role", type=ROLES),)
    with make_app().app_context():
        address, spoken, licensed = _address(email), _text(name, 120), _text(licence, 120)
        if not spoken:
            _stop("The name is blank.")
        password = _password_from(password_stdin=password_stdin)
        with force_locale("en"):
            problem = security.password_problem(password)
        if problem:
            _stop(problem)
        try:
            staff.create(
                operator(),
                datetime.now(UTC),
                email=address,
                name=spoken,
                roles=[Role(role) for role in chosen],
                licence=licensed,
                password_hash=security.hashed(password),
            )
        except AddressTaken:
            _stop("There is an account with this e-mail address already.")
    click.echo(f"Made the account of {spoken}. The authenticator app is set up at sign-in.")


@user.command("list")
@click.pass_obj
def listing(make_app: MakeApp) -> None:
    """List every account with its roles and state."""
    with make_app().app_context():
        for member in accounts.everybody(operator()):
            state = "open" if member.active else "disabled"
            factor = "factor set" if member.has_factor else "no factor yet"
            roles = ",".join(member.roles)
            click.echo(f"{member.email:32} {roles:24} {state:9} {factor:14} {member.name}")


@user.command()
@click.argument("email")
@click.pass_obj
def disable(make_app: MakeApp, email: str) -> None:
    """Close an account and end its sessions."""
    _act(make_app, email, staff.disable)
    click.echo("The account is disabled and its sessions have ended.")


@user.command()
@click.argument("email")
@click.pass_obj
def enable(make_app: MakeApp, email: str) -> None:
    """Open a closed account again."""
    _act(make_app, email, staff.enable)
    click.echo("The account is open again.")


@user.command("end-sessions")
@click.argument("email")
@click.pass_obj
def end_sessions(make_app: MakeApp, email: str) -> None:
    """End every session of an account."""
    count = _act(make_app, email, staff.end_sessions)
    click.echo(f"Sessions ended: {count}.")


@user.command("reset-factor")
@click.argument("email")
@click.pass_obj
def reset_factor(make_app: MakeApp, email: str) -> None:
    """Take a lost second factor away; a new one is set up at the next sign-in."""
    _act(make_app, email, staff.reset_factor)
    click.echo("The second factor is removed and the sessions have ended.")


@user.command("change-role")
@click.argument("email")
@click.option("--role", "roles", type=ROLES, multiple=True, required=True)
@click.pass_obj
def change_role(make_app: MakeApp, email: str, roles: tuple[str, ...]) -> None:
    """Give an account other roles, and end its sessions."""
    with make_app().app_context():
        user_id = _find(email)
        chosen = [Role(role) for role in roles]
        staff.change_roles(operator(), datetime.now(UTC), user_id, roles=chosen)
    click.echo("The roles are changed and the sessions have ended.")


def _act(make_app: MakeApp, email: str, act: Callable[[Actor, datetime, UUID], object]) -> object:
    with make_app().app_context():
        return act(operator(), datetime.now(UTC), _find(email))


def _find(email: str) -> UUID:
    try:
        return accounts.by_email(operator(), _address(email)).id
    except NotThere:
        _stop("There is no account with this e-mail address.")


def _password_from(*, password_stdin: bool) -> str:
    if password_stdin:
        return sys.stdin.readline(1000).rstrip("\r\n")
    typed: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return typed


def _address(email: str) -> str:
    try:
        return contact.email_key(email)
    except contact.UnfitEmail:
        _stop("This is not an e-mail address that letters can be sent to.")


def _text(raw: str, limit: int) -> str:
    try:
        return contact.clean_text(raw, limit=limit)
    except contact.UnfitText as unfit:
        if unfit.problem == "blank":
            return ""
        _stop(f"The text cannot be kept: {unfit.problem}.")


def _stop(problem: str) -> NoReturn:
    click.echo(f"clinic: {problem}", err=True)
    sys.exit(1)


COMMANDS = (user,)
