"""The front desk at its screen: one app, whoever is told to sit there, every page linted."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from clinic.access import Actor, Role
from clinic.models import Request
from clinic.web import guards
from tests.support.clock import MONDAY_MORNING
from tests.support.page import LintingClient, Page
from tests.support.scene import Scene, stored

T = TypeVar("T")


@dataclass
class Screen:
    """A browser at the clinic, and the cast that may sit down at it."""

    app: Flask
    client: FlaskClient
    scene: Scene = field(default_factory=Scene)
    actor: Actor | None = None

    def now(self, what: Callable[..., T], *given: Any, **named: Any) -> T:
        """Do something to the clinic behind the browser's back."""
        with self.app.app_context():
            return what(*given, **named)

    def hire(self, name: str, role: Role) -> Actor:
        """Add a member of staff."""
        return self.now(self.scene.staff, name, role)

    def request(self, **values: Any) -> str:
        """Add a request; return its reference."""
        return self.reference(self.now(self.scene.request, **values))

    def reference(self, request_id: UUID) -> str:
        """Name a request as its address does."""
        return str(self.now(lambda: stored(Request, request_id).reference))

    def get(self, path: str) -> Page:
        """Open a page."""
        return Page.get(self.client, path)

    def open(self, reference: str) -> Page:
        """Open the page of a request."""
        return self.get(f"/staff/requests/{reference}")

    def read(self, what: Callable[[], T]) -> T:
        """Read what is stored."""
        return self.now(what)


@pytest.fixture
def screen(app: Flask) -> Iterator[Screen]:
    """A browser at which Dana of the front desk sits, over a clinic with a place and Theo."""
    app.test_client_class = LintingClient
    with time_machine.travel(MONDAY_MORNING, tick=False):
        screen = Screen(app, app.test_client())
        guards.identify_staff_with(app, lambda: screen.actor)
        screen.actor = screen.hire("Dana Desk", Role.FRONT_DESK)
        theo = screen.hire("Theo Therapist", Role.THERAPIST)
        place = screen.now(screen.scene.place)
        screen.now(screen.scene.hours, theo, place)
        yield screen
