"""The app on SQLite, somebody at the desk, and a clock that can be moved."""

from collections.abc import Iterator

import pytest
import time_machine
from flask import Flask

from tests.support import databases
from tests.support.clock import MONDAY_MORNING
from tests.support.signing_in import Person, hire


@pytest.fixture
def moving() -> Iterator[time_machine.Traveller]:
    """The clock of this process, standing at a fixed Monday morning until it is shifted."""
    with time_machine.travel(MONDAY_MORNING, tick=False) as traveller:
        yield traveller


@pytest.fixture
def small_app() -> Iterator[Flask]:
    """The app on SQLite alone, for what no other database could change."""
    with databases.fresh_database("sqlite") as url, databases.running_app(url) as app:
        yield app


@pytest.fixture
def fern(small_app: Flask, moving: time_machine.Traveller) -> Person:
    """Somebody at the front desk with an authenticator app."""
    return hire(small_app)
