"""``clinic user``: the first account comes from here, and whoever typed it is in the trail."""

import getpass
from collections.abc import Iterator

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy import select

from clinic.commands.users import user
from clinic.extensions import db
from clinic.models import AuditEntry, User
from tests.support import databases

PASSWORD = "eleven purple geese dancing"


@pytest.fixture
def small_app() -> Iterator[Flask]:
    """The app on SQLite alone."""
    with databases.fresh_database("sqlite") as url, databases.running_app(url) as app:
        yield app


def run(app: Flask, *arguments: str, typed: str = "") -> Result:
    """Run the command over an app."""
    return CliRunner().invoke(user, arguments, input=typed, obj=lambda: app)


def create(app: Flask, email: str = "Ada@Example.com", password: str = PASSWORD) -> Result:
    """Make an account with the password on standard input."""
    given = ("--email", email, "--name", "Ada Admin", "--role", "admin", "--role", "therapist")
    return run(app, "create", *given, "--password-stdin", typed=f"{password}\n")


def test_an_account_is_made_and_the_trail_names_who_did_it(small_app: Flask) -> None:
    result = create(small_app)

    assert result.exit_code == 0, result.output
    with small_app.app_context():
        made = db.session.scalars(select(User)).one()
        entry = db.session.scalars(select(AuditEntry)).one()
    assert (made.email, made.display_name) == ("ada@example.com", "Ada Admin")
    assert (made.password or "").startswith("$argon2id$")
    assert (entry.act, entry.actor_kind) == ("user.created", "command")
    assert entry.trace == f"command:{getpass.getuser()}"


def test_what_is_missing_is_asked_for(small_app: Flask) -> None:
    typed = f"theo@example.com\nTheo Therapist\ntherapist\n{PASSWORD}\n{PASSWORD}\n"

    result = run(small_app, "create", typed=typed)

    assert result.exit_code == 0, result.output
    assert PASSWORD not in result.output
    assert "theo@example.com" in run(small_app, "list").output


@pytest.mark.parametrize(
    ("email", "password", "reason"),
    [
        ("ada@example.com", "too short", "15 characters or more"),
        ("ada@example.com", "passwordpassword", "too common"),
        ("not an address", PASSWORD, "not an e-mail address"),
        ("a@example.com, b@example.com", PASSWORD, "not an e-mail address"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(
    small_app: Flask, email: str, password: str, reason: str
) -> None:
    result = create(small_app, email, password)

    assert result.exit_code == 1
    assert reason in result.output
    assert len(result.output.strip().splitlines()) == 1
    with small_app.app_context():
        assert db.session.scalars(select(User)).all() == []


def test_the_same_address_twice_is_refused(small_app: Flask) -> None:
    create(small_app)

    again = create(small_app, "ADA@example.com")

    assert again.exit_code == 1
    assert "already" in again.output


def test_each_act_on_an_account_is_done_and_written_down(small_app: Flask) -> None:
    create(small_app)

    results = [
        run(small_app, "end-sessions", "ada@example.com"),
        run(small_app, "reset-factor", "ada@example.com"),
        run(small_app, "change-role", "ada@example.com", "--role", "front_desk"),
        run(small_app, "disable", "ada@example.com"),
        run(small_app, "enable", "ada@example.com"),
    ]

    assert [result.exit_code for result in results] == [0] * 5
    with small_app.app_context():
        acts = list(db.session.scalars(select(AuditEntry.act).order_by(AuditEntry.number)))
        kinds = set(db.session.scalars(select(AuditEntry.actor_kind)))
    assert acts == [
        "user.created",
        "staff.sessions_ended",
        "staff.factor_removed",
        "letter.queued",
        "user.roles",
        "user.disabled",
        "user.enabled",
    ]
    assert kinds == {"command"}


def test_an_unknown_account_is_said_to_be_unknown(small_app: Flask) -> None:
    for act in ("disable", "enable", "end-sessions", "reset-factor"):
        result = run(small_app, act, "nobody@example.com")
        assert (result.exit_code, result.output.strip()) == (
            1,
            "clinic: There is no account with this e-mail address.",
        )
