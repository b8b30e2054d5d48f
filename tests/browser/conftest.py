"""One clinic at work for each kind of database, and browser windows for its cast."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any, TypeVar

import pytest
from playwright.sync_api import Browser

from tests.browser.navigators import Desk, Navigator, Therapist
from tests.support import open_clinic
from tests.support.browser import visitor
from tests.support.open_clinic import OpenClinic

N = TypeVar("N", bound=Navigator)
Seat = Callable[..., Any]


@pytest.fixture(scope="session")
def on_sqlite() -> Iterator[OpenClinic]:
    """A clinic on SQLite, whose staff sign in for the first time."""
    with open_clinic.running("sqlite", with_apps=False) as clinic:
        yield clinic


@pytest.fixture(scope="session")
def on_postgresql() -> Iterator[OpenClinic]:
    """The same on PostgreSQL."""
    with open_clinic.running("postgresql", with_apps=False) as clinic:
        yield clinic


@pytest.fixture
def seat(chromium: Browser) -> Iterator[Seat]:
    """Give somebody a browser window of their own: seat(Patient, clinic, width=..., ...)."""
    with ExitStack() as windows:

        def sit(kind: type[N], clinic: OpenClinic, **how: Any) -> N:
            own = {name: how.pop(name) for name in ("width", "javascript") if name in how}
            window = windows.enter_context(visitor(chromium, clinic.address, **own))
            if kind is Desk:
                how.setdefault("who", clinic.staff["desk"])
            if kind is Therapist:
                how.setdefault("who", clinic.staff["therapist"])
            return kind(window, clinic, **how)

        yield sit
