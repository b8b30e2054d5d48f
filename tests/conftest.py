"""What every tier can ask for: a clock, real servers, a fresh database of either kind, the app."""

from collections.abc import Iterator

import pytest
from flask import Flask
from hypothesis import Phase, settings
from playwright.sync_api import Browser

from tests.support import browser, databases, smtp_sink
from tests.support.clock import FixedClock
from tests.support.postgres import Postgres
from tests.support.smtp_sink import SmtpSink

# The same examples every time: a red test stays red until the code is mended.
# Looking for what a failure has in common takes minutes and says little more.
settings.register_profile(
    "steady",
    derandomize=True,
    deadline=None,
    max_examples=100,
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
)
settings.load_profile("steady")


@pytest.fixture
def clock() -> FixedClock:
    """A clock that stands at a fixed Monday morning."""
    return FixedClock()


@pytest.fixture
def smtp() -> Iterator[SmtpSink]:
    """A mail sink on a free port of this machine."""
    with smtp_sink.running() as sink:
        yield sink


@pytest.fixture(scope="session")
def postgres_server() -> Postgres:
    """The one PostgreSQL of this run."""
    return databases.server()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One headless Chromium for the run."""
    with browser.chromium() as opened:
        yield opened


@pytest.fixture(params=databases.KINDS)
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a fresh database at the newest revision; each test runs on both kinds."""
    with databases.fresh_database(request.param) as url:
        yield url


@pytest.fixture
def both_databases() -> Iterator[dict[str, str]]:
    """The addresses of one fresh database of each kind, for tests that compare the two."""
    with (
        databases.fresh_database("sqlite") as sqlite,
        databases.fresh_database("postgresql") as postgresql,
    ):
        yield {"sqlite": sqlite, "postgresql": postgresql}


@pytest.fixture
def app(database: str) -> Iterator[Flask]:
    """The app over a fresh database, with no context pushed: each request gets its own."""
    with databases.running_app(database) as app:
        yield app


@pytest.fixture
def in_app(app: Flask) -> Iterator[Flask]:
    """The same app with its context pushed, for services and queries called directly."""
    with app.app_context():
        yield app
