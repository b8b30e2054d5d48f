"""``clinic check`` is honest: 0 only where all is in order, and each line can turn it red."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy import text

from clinic.access import SYSTEM, Actor, ActorKind, Role
from clinic.booking import calendar
from clinic.commands import backup, check
from clinic.commands.operator import operator
from clinic.extensions import db, site
from clinic.models import Letter, OpeningHours, RulesetVersion
from clinic.queries import readiness, settings
from clinic.screening import rules
from clinic.services import outbox
from clinic.services.transaction import Work, writes
from tests.support import databases
from tests.support.scene import NEW_YORK, Scene
from tests.support.signing_in import hire
from tests.support.smtp_sink import PERMANENT, SmtpSink

NOW = datetime.now(UTC)
SHIPPED = rules.shipped_rules()
COMPLETE = replace(SHIPPED, complete=True)


def run(app: Flask, *words: str) -> Result:
    return CliRunner().invoke(check.check, words, obj=lambda: app)


def line(result: Result, words: str) -> str:
    """The line about something: how it stands."""
    (found,) = [row for row in result.output.splitlines() if words in row and row[0] != " "]
    return found[:12].strip()


@contextmanager
def clinic(smtp: SmtpSink, folder: Path, **changed: Any) -> Iterator[Flask]:
    """A clinic in which everything is in order, but for the rules that ship."""
    given = {
        "smtp_port": smtp.port,
        "backup_folder": str(folder),
        "restore_rehearsed_on": NOW.date().isoformat(),
        **changed,
    }
    with databases.fresh_database("sqlite") as url, databases.running_app(url, **given) as app:
        hire(app, Role.ADMIN, email="ada@example.com", name="Ada Admin")
        lena = hire(app, Role.LEAD_THERAPIST, email="lena@example.com", name="Lena Lead")
        with app.app_context():
            scene, today = Scene(now=NOW), calendar.visit_on(NOW, NEW_YORK)
            place = scene.place(law_reviewed_on=today, law_review_by=today + timedelta(days=300))
            lead = frozenset({Role.LEAD_THERAPIST})
            scene.hours(Actor(ActorKind.STAFF, lena.id, lead), place)
            opening = {"weekday": 0, "opens": time(9), "closes": time(17)}
            _write(SYSTEM, NOW, OpeningHours(location_id=place, **opening))
            _send_letter(SYSTEM, NOW)
            db.session.remove()
        yield app


@writes
def _write(work: Work, row: Any) -> None:
    work.session.add(row)


@writes
def _send_letter(work: Work) -> None:
    given = {"to": "a@example.com", "language": "en", "reference": "NP-0000-0000"}
    outbox.enqueue(work, "urgent_alert", dedupe_key="x", **given)  # type: ignore[arg-type]  # all text
    for letter in work.session.query(Letter):
        letter.state, letter.sent_at = "sent", work.now


def test_all_is_in_order_but_for_rules_that_are_not_complete(
    smtp: SmtpSink, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = {"mode": "production", "public_base_url": "https://clinic.example.com"}
    with clinic(smtp, tmp_path, **live, hash_memory_kib=19456) as app:
        CliRunner().invoke(backup.backup, ["--folder", str(tmp_path)], obj=lambda: app)

        shipped = run(app)
        monkeypatch.setattr(rules, "shipped_rules", lambda: COMPLETE)
        draft = run(app)
        with app.app_context():
            _write(SYSTEM, NOW, _in_force())
        complete = run(app, "--mail", "ada@example.com")

    assert SHIPPED.complete or line(shipped, "Screening rules complete") == "not yet"
    assert line(draft, "Screening rules approved") == "not yet"
    assert (shipped.exit_code, draft.exit_code) == (1, 1)
    assert complete.exit_code == 0, complete.output
    assert "not yet" not in complete.output
    assert [letter.recipients for letter in smtp.letters] == [("ada@example.com",)]


def _in_force() -> RulesetVersion:
    return RulesetVersion(
        hash=COMPLETE.hash, version="test", document="{}", complete=True, state="in_force",
        stored_at=NOW, approved_name="Lena Lead", approved_at=NOW,
    )  # fmt: skip


FAULTS = {
    "admin": ["UPDATE user SET active = 0 WHERE email LIKE 'ada%'"],
    "lead": ["UPDATE user SET active = 0 WHERE email LIKE 'lena%'"],
    "factors": ["UPDATE user SET tf_totp_secret_sealed = NULL WHERE email LIKE 'ada%'"],
    "therapist_hours": ["DELETE FROM weekly_hours", "UPDATE user SET active = 0"],
    "places": ["UPDATE location SET active = 0"],
    "law": [
        "UPDATE location SET law_reviewed_on = NULL",
        "UPDATE location SET law_reviewed_on = '2999-01-01'",
        "UPDATE location SET law_review_by = NULL",
        "UPDATE location SET law_review_by = '2020-01-01'",
    ],
    "opening": ["DELETE FROM opening_hours"],
    "failed_letters": ["UPDATE letter SET state = 'failed'"],
    "worker": ["UPDATE letter SET state = 'queued', due_at = '2020-01-01 00:00:00'"],
}


def test_each_fault_turns_its_own_line(smtp: SmtpSink, tmp_path: Path) -> None:
    found: dict[str, list[str]] = {}

    with clinic(smtp, tmp_path) as app, app.app_context():
        before = _states()
        for key, statements in FAULTS.items():
            for statement in statements:
                db.session.execute(text(statement))
                found.setdefault(key, []).append(_states()[key])
                db.session.rollback()

    assert {before[key] for key in FAULTS} == {"ok"}
    assert found == {key: ["not_yet"] * len(faults) for key, faults in FAULTS.items()}


def _states() -> dict[str, str]:
    db.session.expire_all()
    return {line.key: line.state for line in readiness.look(operator(), NOW)}


def test_a_quiet_day_does_not_show_that_the_worker_lives(smtp: SmtpSink, tmp_path: Path) -> None:
    with clinic(smtp, tmp_path) as app, app.app_context():
        db.session.execute(text("UPDATE letter SET sent_at = '2020-01-01 00:00:00'"))
        state = _states()["worker"]
        db.session.rollback()

    assert state == "cannot_tell"


def test_what_the_machine_lacks_is_told(smtp: SmtpSink, tmp_path: Path) -> None:
    lacking = {"backup_folder": "", "restore_rehearsed_on": "", "clinic_hours": "", "smtp_port": 1}
    with clinic(smtp, tmp_path, **lacking) as app:
        result = run(app)
    with clinic(smtp, tmp_path, restore_rehearsed_on="2020-01-01") as app:
        old = run(app)

    assert line(result, "Production mode") == "not yet"
    assert line(result, "https") == "not yet"
    assert line(result, "Mail server") == "not yet"
    assert line(result, "Address and opening") == "not yet"
    assert line(result, "Backup younger") == "cannot tell"
    assert line(result, "Restore rehearsed") == "cannot tell"
    assert (line(old, "Backup younger"), line(old, "Restore rehearsed")) == ("not yet", "not yet")
    assert (result.exit_code, old.exit_code) == (1, 1)


def test_a_stored_setting_that_cannot_be_read_is_named(smtp: SmtpSink, tmp_path: Path) -> None:
    with clinic(smtp, tmp_path) as app:
        with app.app_context(), db.engine.begin() as raw:
            row = "('offer_hours', 'soon', 1, '2026-01-01 00:00:00')"
            raw.execute(
                text(f"INSERT INTO clinic_setting (name, value, version, changed_at) VALUES {row}")  # noqa: S608 - a fixed row
            )
        with app.app_context():
            settings.refresh()
        result = run(app)
        assert site.in_force.problems

    assert line(result, "Stored settings") == "not yet"
    assert "offer_hours" in result.output


def test_a_refused_test_letter_is_told_with_the_servers_code(
    smtp: SmtpSink, tmp_path: Path
) -> None:
    smtp.next_letters(PERMANENT)
    with clinic(smtp, tmp_path) as app:
        result = run(app, "--mail", "nobody@example.com")

    assert line(result, "Test letter") == "not yet"
    assert "smtp 550" in result.output


def test_a_backup_that_was_cut_does_not_count(smtp: SmtpSink, tmp_path: Path) -> None:
    with clinic(smtp, tmp_path) as app:
        CliRunner().invoke(backup.backup, ["--folder", str(tmp_path)], obj=lambda: app)
        whole = run(app)
        (copy,) = tmp_path.glob("*.sqlite3")
        copy.write_bytes(copy.read_bytes()[:-1])
        cut = run(app)

    assert (line(whole, "Backup younger"), line(cut, "Backup younger")) == ("ok", "not yet")


def test_a_database_without_tables_is_one_line_and_no_traceback(
    smtp: SmtpSink, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path}/empty.sqlite3"
    with databases.running_app(url, smtp_port=smtp.port) as app:
        result = run(app)

    assert line(result, "Database at this version") == "not yet"
    assert result.exit_code == 1
    assert "clinic db upgrade" in result.output
