"""The cast of a call, on SQLite unless a test asks for each kind of database."""

from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest
from flask import Flask

from clinic.access import Actor, Role
from clinic.services import keying
from tests.integration.keying.about import CALLER
from tests.support import databases
from tests.support.scene import Scene


@pytest.fixture(params=["sqlite"])
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    """A fresh database; ``on_both`` asks for one of each kind."""
    with databases.fresh_database(request.param) as url:
        yield url


@pytest.fixture
def scene(in_app: Flask) -> Scene:
    """An empty clinic with a place."""
    assert in_app.testing
    scene = Scene()
    scene.place()
    return scene


@pytest.fixture
def dana(scene: Scene) -> Actor:
    """Dana works at the front desk."""
    return scene.staff("Dana Desk", Role.FRONT_DESK)


@pytest.fixture
def entry_id(scene: Scene, dana: Actor) -> UUID:
    """A request that Dana has begun during a call."""
    return keying.begin(dana, scene.now, about=CALLER, channel="phone", key=uuid4().hex)
