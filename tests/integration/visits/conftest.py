"""The cast of the visits' tests, on SQLite; what the databases decide is in test_visit_races."""

from collections.abc import Iterator
from uuid import UUID

import pytest

from tests.integration.desk.conftest import dana, drew, scene, theo
from tests.support import databases
from tests.support.scene import Scene

__all__ = ["dana", "drew", "scene", "theo"]


@pytest.fixture
def database() -> Iterator[str]:
    """The address of a fresh database on SQLite."""
    with databases.fresh_database("sqlite") as url:
        yield url


@pytest.fixture
def place(scene: Scene) -> UUID:
    """A location in New York; hours are posted only where a test looks for free times."""
    return scene.place()
