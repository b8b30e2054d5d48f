"""``clinic setup``: ask for what a new clinic still lacks, check each answer, and keep it at once.

Stop it at any time and run it again: what was answered is not asked twice.
"""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any, NoReturn

import click
from flask import Flask
from flask_babel import force_locale

from clinic import config, contact, effective
from clinic.access import Role
from clinic.booking.calendar import UnfitTime
from clinic.booking.place import LAWS
from clinic.commands import database
from clinic.commands.operator import operator
from clinic.config import Settings
from clinic.effective import UnfitValue
from clinic.extensions import site
from clinic.queries import places as kept
from clinic.queries import settings as stored
from clinic.queries import staff as accounts
from clinic.sealing import new_key
from clinic.services import availability, places, settings, staff
from clinic.services.staff import AddressTaken
from clinic.web import security

MakeApp = Callable[[], Flask]
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# Asked in this order; what has a default is offered.
MACHINE: Mapping[str, tuple[str, str]] = {
    "public_base_url": ("Address that patients use, such as https://clinic.example.com", ""),
    "database_url": ("Address of the database", Settings().database_url),
    "clinic_name": ("The clinic's name", ""),
    "clinic_phone": ("The clinic's phone number", ""),
    "alert_email": ("Where urgent alerts are mailed", ""),
    "mail_from": ("Sender of all letters", ""),
    "smtp_host": ("Host of the mail server", "127.0.0.1"),
    "smtp_port": ("Port of the mail server", "25"),
    "smtp_security": ("Encryption of mail: starttls, tls or plain", "starttls"),
}
SECRETS = ("secret_key", "password_salt", "data_keys", "lookup_key", "audit_key")
WORDS = {
    "clinic_address": "Postal address, lines parted by |",
    "clinic_hours": "Opening hours in words",
    "clinic_hours_es": "Opening hours in Spanish",
}


class Unfit(ValueError):
    """An answer cannot be; what to do stands in it."""


@dataclass(frozen=True)
class Answers:
    """Where answers come from: given beside the command, else typed."""

    given: Mapping[str, str]
    asks: bool

    def get(
        self,
        name: str,
        question: str,
        check: Callable[[str], Any],
        default: str | None = None,
        *,
        hidden: bool = False,
    ) -> Any:
        """Return a checked answer; an unfit one is asked again, or stops the command."""
        if name in self.given or not self.asks:
            return self._given(name, question, check, default)
        while True:
            typed: str = click.prompt(
                question, default=default, hide_input=hidden, confirmation_prompt=hidden
            )
            try:
                return check(typed)
            except Unfit as unfit:
                click.echo(f"  {unfit}", err=True)

    def _given(
        self, name: str, question: str, check: Callable[[str], Any], default: str | None
    ) -> Any:
        text = self.given.get(name, default)
        if text is None:
            _stop(f"still missing: {name} ({question}). Add --answer {name}=...")
        try:
            return check(text)
        except Unfit as unfit:
            _stop(f"{name}: {unfit}")


@click.command()
@click.option(
    "--file",
    type=click.Path(path_type=Path, dir_okay=False),
    help=f"Settings file to write or complete; else the one that {config.FILE_VARIABLE} names.",
)
@click.option(
    "--answer",
    "pairs",
    multiple=True,
    metavar="NAME=VALUE",
    help="Answer in advance; admin_password=- reads it from standard input.",
)
@click.option("--no-input", is_flag=True, help="Ask nothing: stop where an answer is missing.")
@click.pass_obj
def setup(make_app: MakeApp, file: Path | None, pairs: tuple[str, ...], *, no_input: bool) -> None:
    """Ask for what a new clinic still lacks, and keep each answer at once.

    Settings of the machine with new random keys, the database, the first admin, the first place
    and its opening hours. Stop with Ctrl-C and run it again: it goes on where it stood.
    """
    answers = Answers(_split(pairs), asks=not no_input)
    _settings_file(answers, file)
    database.upgrade(config.load().database_url)
    with make_app().app_context(), force_locale("en"):
        stored.refresh()
        for step in (_words, _admin, _place, _opening):
            step(answers, datetime.now(UTC))
    click.echo("Nothing is missing here. See what else is to do with: clinic check")


def _split(pairs: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if not sign:
            raise click.UsageError(f"--answer takes NAME=VALUE, not {pair!r}")
        found[name] = value
    return found


def _settings_file(answers: Answers, file: Path | None) -> None:
    """Complete the settings file: new random keys, and each answer on a line of its own."""
    named = file or config.settings_file()
    if named is None:
        config.load()  # the environment alone; unfit settings stop here, line by line
        return
    os.environ[config.FILE_VARIABLE] = str(named)
    if not named.exists():
        named.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(named, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    known = config.read_file(named)
    for name in SECRETS:
        if not _has(known, name):
            made = secrets.token_urlsafe(48) if name in SECRETS[:2] else new_key()
            _keep(named, known, name, f"k1:{made}" if name == "data_keys" else made)
    for name, (question, default) in MACHINE.items():
        if not _has(known, name):
            check = _checker(name, known)
            _keep(named, known, name, answers.get(name, question, check, default or None))


def _has(known: Mapping[str, str], name: str) -> bool:
    variable = config.PREFIX + name.upper()
    return variable in known or variable in os.environ


def _keep(file: Path, known: dict[str, str], name: str, value: str) -> None:
    variable = config.PREFIX + name.upper()
    with file.open("a", encoding="utf-8") as opened:
        opened.write(f"{variable}={value}\n")
    known[variable] = value


def _checker(name: str, known: Mapping[str, str]) -> Callable[[str], str]:
    """Check one setting of the machine by the rules of the start."""

    def check(text: str) -> str:
        plain = text.strip()
        if "\n" in plain or not plain.isprintable():
            raise Unfit("one line of plain text, please")
        if name in effective.EDITS:
            plain = str(_effective(name)(plain))
        values: dict[str, Any] = {
            item.name: known.get(config.PREFIX + item.name.upper(), item.default)
            for item in fields(Settings)
            if item.type == "str"
        }
        if name == "smtp_port":
            if not (plain.isascii() and plain.isdigit() and 0 < int(plain) < 65536):
                raise Unfit("a port is a number such as 587")
            return plain
        variable = config.PREFIX + name.upper()
        problems = config.problems_of(Settings(**{**values, name: plain}))
        for problem in problems:
            if problem.startswith(variable + " "):
                raise Unfit(problem.removeprefix(variable + " "))
        return plain

    return check


def _words(answers: Answers, now: datetime) -> None:
    rows = stored.group(operator(), "clinic")
    missing = [row.name for row in rows if row.name in WORDS and not row.value]
    for name in missing:
        value = answers.get(name, WORDS[name], _effective(name), "")
        if value:
            seen = stored.seen(stored.group(operator(), "clinic"))
            settings.change(operator(), now, "clinic", values={name: str(value)}, seen=seen)
    stored.refresh()


def _admin(answers: Answers, now: datetime) -> None:
    people = accounts.everybody(operator())
    if any(Role.ADMIN in one.roles for one in people if one.active):
        return
    click.echo(f"Nobody looks after {site.settings.clinic_name} yet: the first admin.")
    name = answers.get("admin_name", "Name", _text(120, needed=True))
    email = answers.get("admin_email", "Email", _email)
    password = answers.get("admin_password", "Password", _password, hidden=True)
    try:
        staff.create(
            operator(),
            now,
            email=email,
            name=name,
            roles=[Role.ADMIN],
            password_hash=security.hashed(password),
        )
    except AddressTaken:
        _stop("there is an account with this e-mail address already: clinic user change-role")
    click.echo(f"Made the account of {name}. The authenticator app is set up at sign-in.")


def _place(answers: Answers, now: datetime) -> None:
    if kept.every(operator()):
        return
    click.echo("Nobody can be seen anywhere yet: the first place.")
    given = {
        "zone": answers.get("place_zone", "Time zone, such as America/New_York", _zone),
        "state": answers.get("place_state", "US state, two letters", _state),
        "needling_law": answers.get("place_law", f"The law there: {', '.join(LAWS)}", _law),
        "legal_basis": answers.get("place_basis", "Statute or rule that says so", _text(1000), ""),
        "law_reviewed_on": answers.get(
            "place_reviewed", "Day on which a person checked that, ISO (empty: not yet)", _day, ""
        ),
        "law_review_by": answers.get("place_review_by", "Check it again by, ISO", _day, ""),
        "address": answers.get("place_address", "Address, as in letters", _text(300), ""),
    }
    name = answers.get("place_name", "Name of the place", _text(120, needed=True))
    availability.add_location(operator(), now, name, **given)


def _opening(answers: Answers, now: datetime) -> None:
    for place in kept.every(operator()):
        if place.hours or not place.given.active:
            continue
        click.echo(f"{place.given.name} has no opening hours yet.")
        days = answers.get(
            "opening_days", "Days, such as mon,tue,wed", _weekdays, "mon,tue,wed,thu,fri"
        )
        opens = answers.get("opening_from", "From", _time, "09:00")
        closes = answers.get("opening_until", "Until", _time, "17:00")
        try:
            places.open_hours(operator(), now, place.id, weekdays=days, opens=opens, closes=closes)
        except UnfitTime as error:
            _stop(str(error))


def _effective(name: str) -> Callable[[str], str]:
    def check(text: str) -> str:
        try:
            return str(effective.read(name, text))
        except UnfitValue as unfit:
            raise Unfit(f"this cannot be ({unfit.problem.replace('_', ' ')})") from unfit

    return check


def _text(limit: int, *, needed: bool = False) -> Callable[[str], str]:
    def check(text: str) -> str:
        if needed and not text.strip():
            raise Unfit("write something")
        try:
            return contact.clean_text(text.strip(), limit=limit)
        except contact.UnfitText as unfit:
            raise Unfit(f"this cannot be kept ({unfit.problem})") from unfit

    return check


def _email(text: str) -> str:
    try:
        return contact.email_key(text)
    except contact.UnfitEmail as unfit:
        raise Unfit("an address such as name@example.com") from unfit


def _password(text: str) -> str:
    if text == "-":  # given as an answer: a command line can be seen by others on the machine
        text = sys.stdin.readline(1000).rstrip("\r\n")
    problem = security.password_problem(text)
    if problem:
        raise Unfit(problem)
    return text


def _zone(text: str) -> str:
    try:
        availability.require_zone(text.strip())
    except UnfitTime as unfit:
        raise Unfit(str(unfit)) from unfit
    return text.strip()


def _state(text: str) -> str:
    state = text.strip().upper()
    if len(state) != 2 or not state.isalpha() or not state.isascii():
        raise Unfit("two letters, such as NY")
    return state


def _law(text: str) -> str:
    if text.strip() not in LAWS:
        raise Unfit(f"one of {', '.join(LAWS)}")
    return text.strip()


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip()) if text.strip() else None
    except ValueError as unread:
        raise Unfit("a day such as 2026-11-30") from unread


def _weekdays(text: str) -> tuple[int, ...]:
    named = [part.strip().lower() for part in text.split(",") if part.strip()]
    if not named or set(named) - set(DAYS):
        raise Unfit(f"days out of {', '.join(DAYS)}")
    return tuple(DAYS.index(name) for name in named)


def _time(text: str) -> time:
    try:
        return time.fromisoformat(text.strip())
    except ValueError as unread:
        raise Unfit("a time such as 09:00") from unread


def _stop(problem: str) -> NoReturn:
    click.echo(f"clinic: {problem}", err=True)
    sys.exit(1)


COMMANDS = (setup,)
