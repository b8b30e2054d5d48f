"""The desk during a call: one app on SQLite, whoever is told to sit there, every page linted."""

from collections.abc import Iterator

import pytest
import time_machine
from flask import Flask

from clinic.access import Role
from clinic.web import guards
from tests.support import databases
from tests.support.clock import MONDAY_MORNING
from tests.support.page import LintingClient
from tests.web.keying.calling import Call


@pytest.fixture
def small_app() -> Iterator[Flask]:
    """The app on SQLite alone, for what no other database could change."""
    with databases.fresh_database("sqlite") as url, databases.running_app(url) as app:
        yield app


@pytest.fixture
def call(small_app: Flask) -> Iterator[Call]:
    """A call that Dana of the front desk has on the line."""
    small_app.test_client_class = LintingClient
    with time_machine.travel(MONDAY_MORNING, tick=False) as clock:
        call = Call(small_app, clock)
        guards.identify_staff_with(small_app, lambda: call.actor)
        call.scene_at_work()
        call.theo = call.hire("Theo Therapist", Role.THERAPIST)
        call.actor = call.dana = call.hire("Dana Desk", Role.FRONT_DESK)
        yield call
