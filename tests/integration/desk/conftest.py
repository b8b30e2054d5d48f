"""The cast of the front desk's tests, on each kind of database."""

from uuid import UUID

import pytest
from flask import Flask

from clinic.access import Actor, Role
from tests.support.scene import Scene


@pytest.fixture
def scene(in_app: Flask) -> Scene:
    """An empty clinic."""
    assert in_app.testing
    return Scene()


@pytest.fixture
def dana(scene: Scene) -> Actor:
    """Dana works at the front desk."""
    return scene.staff("Dana Desk", Role.FRONT_DESK)


@pytest.fixture
def drew(scene: Scene) -> Actor:
    """Drew works at the front desk too."""
    return scene.staff("Drew Desk", Role.FRONT_DESK)


@pytest.fixture
def theo(scene: Scene) -> Actor:
    """Theo is a therapist."""
    return scene.staff("Theo Therapist", Role.THERAPIST)


@pytest.fixture
def place(scene: Scene, theo: Actor) -> UUID:
    """A location in New York where Theo works each day from 9 to 5."""
    location_id = scene.place()
    scene.hours(theo, location_id)
    return location_id
