"""What a monitor asks, and what a stranger learns from it: one word."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import text, update

from clinic import sealing
from clinic.access import SYSTEM
from clinic.extensions import db
from clinic.models import Letter
from clinic.services import outbox
from clinic.services.transaction import Work, writes
from tests.support import databases


@writes
def _a_letter(work: Work) -> None:
    outbox.enqueue(
        work,
        "code",
        to="ana@example.com",
        language="en",
        dedupe_key="health",
        code="123456",
        minutes=10,
    )


def late_letter(app: Flask) -> None:
    _a_letter(SYSTEM, datetime.now(UTC))
    db.session.execute(update(Letter).values(due_at=datetime.now(UTC) - timedelta(minutes=6)))
    db.session.commit()


def other_revision(app: Flask) -> None:
    db.session.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    db.session.commit()


def no_database(app: Flask) -> None:
    db.session.remove()
    db.engine.dispose()
    file = databases.sqlite_file(app.config["SQLALCHEMY_DATABASE_URI"])
    file.unlink()
    Path(file).mkdir()  # nothing can be opened there, and nothing is made in its place


def lost_keys(app: Flask) -> None:
    _a_letter(SYSTEM, datetime.now(UTC))
    lost = sealing.read_ring(f"k9:{sealing.new_key()}", sealing.new_key(), sealing.new_key())
    sealed = lost.seal(b"ana@example.com", label="letter.recipient", row=uuid4())
    db.session.execute(update(Letter).values(recipient_sealed=sealed))
    db.session.commit()


@pytest.mark.proves("HEA-1")
@pytest.mark.parametrize("breaking", [late_letter, other_revision, no_database, lost_keys])
def test_whatever_is_broken_it_says_unavailable_and_stays_alive(
    breaking: Callable[[Flask], None],
) -> None:
    with databases.fresh_database("sqlite") as url, databases.running_app(url) as app:
        visitor = app.test_client()
        fit = visitor.get("/readyz")

        with app.app_context():
            breaking(app)
        unfit = visitor.get("/readyz")
        alive = visitor.get("/healthz")

    assert (fit.status_code, fit.text) == (200, "ok")
    assert (unfit.status_code, unfit.text) == (503, "unavailable")
    assert (alive.status_code, alive.text) == (200, "ok")
