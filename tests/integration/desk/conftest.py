"""The cast of the front desk's tests, on each kind of database."""

import pytest
from flask import Flask

from clinic.access import Actor, Role
from tests.support.scene import Scene


@pytest.fixture
def scene(in_app: Flask) -> Scene:  # noqa: ARG001 - the app's context is what it needs
    """An empty clinic."""
    return Scene()


@pytest.fixture
def dana(scene: Scene) -> Actor:
    """Dana works at the front desk."""
    return scene.staff("Dana Desk", Role.FRONT_DESK)


@pytest.fixture
def theo(scene: Scene) -> Actor:
    """Theo is a therapist."""
    return scene.staff("Theo Therapist", Role.THERAPIST)
