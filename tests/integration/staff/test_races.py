"""Two requests at once: a code, a recovery code and a reset link are each spent by one of them."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from sqlalchemy import select

from clinic.access import SYSTEM, NotThere, Role
from clinic.extensions import db
from clinic.models import Letter, StaffSession
from clinic.services import factors, resets, staff, staff_sessions
from tests.support.clock import MONDAY_MORNING as NOW

RACERS = 8
SECRET = factors.new_secret(lambda count: b"\x07" * count)


def race(app: Flask, act: Callable[[], object]) -> list[object]:
    """Let several connections do the same thing at the same moment; return what each got."""
    start, got = threading.Barrier(RACERS), []

    def run() -> None:
        with app.app_context():
            start.wait()
            try:
                got.append(act())
            except NotThere:
                got.append(None)

    racers = [threading.Thread(target=run) for _ in range(RACERS)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    return got


def test_one_of_many_requests_spends_a_code_a_recovery_code_and_a_link(app: Flask) -> None:
    with app.app_context():
        user_id = staff.create(
            SYSTEM,
            NOW,
            email="fern@example.com",
            name="Fern Desk",
            roles=[Role.FRONT_DESK],
            password_hash="$argon2id$of-a-test",
        )
        window = factors.window(NOW)
        before = factors.code_of(SECRET, window - 1)
        recovery = factors.set_up(SYSTEM, NOW, user_id, secret=SECRET, code=before) or []
        resets.ask(SYSTEM, NOW, "fern@example.com", language="en")
        letters = db.session.scalars(select(Letter).where(Letter.kind == "staff_reset"))
        (body,) = [letter.body or "" for letter in letters]
        link = next(word for word in body.split() if word.startswith("http"))
        token = urlsplit(link).path.rsplit("/", 1)[1]

    code = factors.code_of(SECRET, window)
    codes = race(app, lambda: factors.spend_code(SYSTEM, NOW, user_id, code=code))
    used = race(app, lambda: factors.spend_recovery_code(SYSTEM, NOW, user_id, code=recovery[0]))
    spent = race(
        app,
        lambda: resets.spend(SYSTEM, NOW, token, password_hash="$argon2id$new", language="en"),
    )

    assert sorted(map(bool, codes)) == [False] * (RACERS - 1) + [True]
    assert sorted(map(bool, used)) == [False] * (RACERS - 1) + [True]
    assert sorted(map(bool, spent)) == [False] * (RACERS - 1) + [True]


def test_a_session_is_replaced_once_however_many_ask(app: Flask) -> None:
    with app.app_context():
        user_id = staff.create(
            SYSTEM,
            NOW,
            email="fern@example.com",
            name="Fern Desk",
            roles=[Role.FRONT_DESK],
            password_hash="$argon2id$of-a-test",
        )
        given: dict[str, Any] = {
            "data": {"values": "{}"},
            "expires_at": NOW + timedelta(hours=12),
            "device": "",
        }
        staff_sessions.begin(SYSTEM, NOW, user_id, **given)
        first = db.session.scalars(select(StaffSession.id)).one()

    made = race(app, lambda: staff_sessions.begin(SYSTEM, NOW, user_id, **given, replaces=first))

    assert sorted(map(bool, made)) == [False] * (RACERS - 1) + [True]
