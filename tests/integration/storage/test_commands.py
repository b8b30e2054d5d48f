"""The commands of the storage: their words and their exit codes."""

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy import update

from clinic.access import SYSTEM
from clinic.commands.audit import audit
from clinic.commands.database import database as db_commands
from clinic.commands.outbox import outbox as outbox_commands
from clinic.extensions import db
from clinic.models import Request
from clinic.queries import revision
from clinic.services import outbox
from tests.support import databases, full_house
from tests.support.clock import MONDAY_MORNING
from tests.support.full_house import queue
from tests.support.scene import Scene


@pytest.fixture
def shell(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """The app, and the environment that commands read."""
    url = app.config["SQLALCHEMY_DATABASE_URI"]
    for name, value in databases.environment(url).items():
        monkeypatch.setenv(name, value)
    with app.app_context():
        full_house.fill(Scene())
        db.session.remove()
    return app


def run(group: object, app: Flask, *words: str) -> Result:
    result = CliRunner().invoke(group, words, obj=lambda: app)  # type: ignore[arg-type]  # a group
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
    return result


def test_upgrade_says_where_it_got_to_and_works_twice(shell: Flask) -> None:
    for _ in range(2):
        result = run(db_commands, shell, "upgrade")

        assert (result.exit_code, result.output) == (
            0,
            f"The schema is at revision {revision.expected()}.\n",
        )


def test_downgrade_takes_a_step_and_asks_before_it_removes_requests(shell: Flask) -> None:
    step = run(db_commands, shell, "downgrade", "-1")
    refused = run(db_commands, shell, "downgrade", "base")
    agreed = run(db_commands, shell, "downgrade", "base", "--yes")
    empty = run(db_commands, shell, "downgrade", "base")

    before = f"{int(revision.expected()) - 1:04}"
    assert (step.exit_code, step.output) == (0, f"The schema is at revision {before}.\n")
    assert refused.exit_code == 1
    assert "Add --yes" in refused.output
    assert (agreed.exit_code, agreed.output) == (0, "The schema is at revision base.\n")
    assert empty.exit_code == 0


def test_an_unknown_revision_is_one_clear_line(shell: Flask) -> None:
    result = run(db_commands, shell, "upgrade", "nonsense")

    assert result.exit_code == 2
    assert result.output == "clinic: Can't locate revision identified by 'nonsense'\n"


def test_check_counts_and_names_the_differences(shell: Flask) -> None:
    clean = run(db_commands, shell, "check")
    with shell.app_context():
        db.session.execute(
            update(Request).where(Request.reference == "DRAFT2").values(clinical_state="cleared")
        )
        db.session.commit()

    found = run(db_commands, shell, "check")

    assert (clean.exit_code, clean.output) == (0, "2 requests checked, 0 differences.\n")
    assert found.exit_code == 1
    assert "DRAFT2: clinical is stored as cleared, its facts say needs_review" in found.output
    assert "2 requests checked, 1 differences." in found.output


def test_check_refuses_a_schema_of_another_revision(shell: Flask) -> None:
    run(db_commands, shell, "downgrade", "-1")

    result = run(db_commands, shell, "check")

    assert result.exit_code == 1
    assert "clinic db upgrade" in result.output


def test_the_trail_is_verified_against_a_head_kept_elsewhere(shell: Flask) -> None:
    head = run(audit, shell, "head").output.strip()

    whole = run(audit, shell, "verify", "--anchor", head)
    ahead = run(audit, shell, "verify", "--anchor", f"999:{'0' * 64}")
    nonsense = run(audit, shell, "verify", "--anchor", "nonsense")

    assert whole.exit_code == 0
    assert whole.output == f"The trail is whole: {head.split(':')[0]} entries.\n"
    assert ahead.exit_code == 1
    assert "broken at entry" in ahead.output
    assert nonsense.exit_code == 2


def test_the_outbox_is_counted_and_what_failed_is_listed(shell: Flask) -> None:
    with shell.app_context():
        [letter_id] = queue(SYSTEM, MONDAY_MORNING.replace(year=2020))
        leased = outbox.lease(SYSTEM, MONDAY_MORNING.replace(year=2020))
        assert leased is not None
        outbox.mark_refused(SYSTEM, MONDAY_MORNING, leased, code="smtp 550")

    result = run(outbox_commands, shell, "status")

    assert result.exit_code == 0
    assert "queued 1  sent 0  failed 1  dropped 0" in result.output
    assert f"failed  {letter_id}  test" in result.output
    assert "smtp 550" in result.output
    assert "@" not in result.output
