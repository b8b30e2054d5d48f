"""The cast of the visits' tests, on SQLite; what the databases decide is in test_visit_races."""

from collections.abc import Iterator

import pytest

from tests.integration.desk.conftest import dana, drew, place, scene, theo
from tests.support import databases

__all__ = ["dana", "drew", "place", "scene", "theo"]


@pytest.fixture
def database() -> Iterator[str]:
    """The address of a fresh database on SQLite."""
    with databases.fresh_database("sqlite") as url:
        yield url
