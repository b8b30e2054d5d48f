"""The therapist's room: one browser, whoever sits at it, every page linted, the clock standing."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from clinic.access import Actor, Role
from clinic.web import guards
from tests.support.clock import MONDAY_MORNING
from tests.support.page import LintingClient, Page
from tests.support.patients import Patient
from tests.support.scene import Scene

T = TypeVar("T")
DECIDE, CLOSE = "Sign this decision", "Close the urgent flag"


@dataclass
class Room:
    """A browser at the clinic, and the cast that may sit down at it."""

    app: Flask
    client: FlaskClient
    scene: Scene = field(default_factory=Scene)
    actor: Actor | None = None
    now: datetime = MONDAY_MORNING
    cast: dict[str, Actor] = field(default_factory=dict)

    def behind(self, what: Callable[..., T], *given: Any, **named: Any) -> T:
        """Do something to the clinic, or read something, behind the browser's back."""
        with self.app.app_context():
            return what(*given, **named)

    def asks(self, **values: Any) -> Patient:
        """Let a patient ask for care."""
        patient = Patient(**values)
        self.behind(patient.asks, self.now)
        return patient

    def address(self, patient: Patient, more: str = "") -> str:
        """Name the page of a patient's history."""
        return f"/staff/review/{self.behind(lambda: patient.reference)}{more}"

    def open(self, patient: Patient) -> Page:
        """Open a history."""
        return Page.get(self.client, self.address(patient))


@pytest.fixture
def room(app: Flask) -> Iterator[Room]:
    """A room in which Theo sits, in a clinic with a colleague, a front desk and an admin."""
    app.test_client_class = LintingClient
    with time_machine.travel(MONDAY_MORNING, tick=False):
        room = Room(app, app.test_client())
        guards.identify_staff_with(app, lambda: room.actor)
        people = {
            "theo": ("Theo Therapist", Role.THERAPIST),
            "tess": ("Tess Therapist", Role.LEAD_THERAPIST),
            "dana": ("Dana Desk", Role.FRONT_DESK),
            "ada": ("Ada Admin", Role.ADMIN),
        }
        for who, (name, role) in people.items():
            room.cast[who] = room.behind(room.scene.staff, name, role)
        place = room.behind(room.scene.place)
        room.behind(room.scene.hours, room.cast["theo"], place)
        room.actor = room.cast["theo"]
        yield room
