"""A clinic that is asked questions, on SQLite unless a test asks for both kinds of database."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask

from clinic.access import ANYONE, Actor, Role
from clinic.services import enquiries
from tests.support import databases
from tests.support.scene import Scene

NAME, EMAIL, PHONE = "Quorinda Example", "quorinda@example.com", "+15555550177"
WORDS = "What does a first visit cost?"
Asks = Callable[..., UUID]


@pytest.fixture
def small_app() -> Iterator[Flask]:
    """The app on SQLite with its context pushed."""
    with (
        databases.fresh_database("sqlite") as url,
        databases.running_app(url) as app,
        app.app_context(),
    ):
        yield app


@pytest.fixture
def scene(small_app: Flask) -> Scene:
    """An empty clinic."""
    assert small_app.testing
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
def ask(scene: Scene) -> Asks:
    """Let somebody ask a question."""
    return lambda **values: asks(scene, **values)


def asks(scene: Scene, *, key: str = "", browser: str = "browser", **values: Any) -> UUID:
    """Send one question; what is not told is plainly fictional."""
    given = {
        "name": NAME,
        "email": EMAIL,
        "phone": PHONE,
        "words": WORDS,
        "language": "en",
        "may_publish": False,
        **values,
    }
    return enquiries.send(
        ANYONE,
        scene.now,
        question=enquiries.Question(**given),
        browser=browser,
        key=key or uuid4().hex,
    )
