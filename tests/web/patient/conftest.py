"""The app, a clock that can be moved, and somebody who walks through the patient's pages."""

from collections.abc import Iterator

import pytest
import time_machine
from flask import Flask

from tests.support import databases
from tests.support.clock import MONDAY_MORNING
from tests.web.patient.walking import Walker


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
def ana(small_app: Flask, moving: time_machine.Traveller) -> Walker:
    """Somebody who asks for care, in English, on SQLite."""
    return Walker(small_app)


@pytest.fixture
def ana_on_both(app: Flask, moving: time_machine.Traveller) -> Walker:
    """The same on each kind of database."""
    return Walker(app)
