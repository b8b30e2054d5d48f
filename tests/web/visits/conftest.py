"""The day's visits at the screen, on SQLite."""

from collections.abc import Iterator

import pytest

from tests.support import databases
from tests.web.desk.conftest import screen

__all__ = ["screen"]


@pytest.fixture
def database() -> Iterator[str]:
    """The address of a fresh database on SQLite."""
    with databases.fresh_database("sqlite") as url:
        yield url
