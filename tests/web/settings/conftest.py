"""An admin at the settings, on SQLite, with a clock that stands until it is moved."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from clinic.access import Actor, ActorKind, Role
from tests.support import databases
from tests.support.clock import MONDAY_MORNING
from tests.support.page import Page
from tests.support.scene import Scene
from tests.support.signing_in import Person, hire, sign_in

T = TypeVar("T")


@dataclass
class Office:
    """An admin's browser, and the clinic behind it."""

    app: Flask
    client: FlaskClient
    ada: Person
    clock: time_machine.Traveller
    scene: Scene

    @property
    def actor(self) -> Actor:
        """Be the admin, in services called directly."""
        return Actor(ActorKind.STAFF, self.ada.id, frozenset({Role.ADMIN}), "Ada Admin")

    def get(self, path: str) -> Page:
        """Open a page."""
        return Page.get(self.client, path)

    def now(self, what: Callable[..., T], *given: Any, **named: Any) -> T:
        """Do something to the clinic behind the browser's back."""
        with self.app.app_context():
            return what(*given, **named)


@pytest.fixture
def office() -> Iterator[Office]:
    """The admin, signed in with both proofs."""
    with (
        time_machine.travel(MONDAY_MORNING, tick=False) as clock,
        databases.fresh_database("sqlite") as url,
        databases.running_app(url) as app,
    ):
        client = app.test_client()
        ada = hire(app, Role.ADMIN, email="ada@example.com", name="Ada Admin")
        assert sign_in(client, ada).status == 200
        yield Office(app, client, ada, clock, Scene())
