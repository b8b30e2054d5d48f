"""A lead therapist at the pages of the rules, on SQLite, with a clock that stands."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from clinic.access import SYSTEM, Actor, ActorKind, Role
from clinic.screening import rules
from clinic.services import trials
from tests.support import databases
from tests.support.clock import MONDAY_MORNING
from tests.support.page import LintingClient, Page
from tests.support.patients import Patient
from tests.support.rulesets import arrives, complete
from tests.support.scene import Scene
from tests.support.signing_in import Person, hire, sign_in

T = TypeVar("T")


@dataclass
class Desk:
    """A lead therapist's browser, and the clinic behind it."""

    app: Flask
    client: FlaskClient
    lena: Person
    clock: time_machine.Traveller

    @property
    def actor(self) -> Actor:
        """Be the lead therapist, in services called directly."""
        return Actor(ActorKind.STAFF, self.lena.id, frozenset({Role.LEAD_THERAPIST}), "Lena Lead")

    def get(self, path: str) -> Page:
        """Open a page."""
        return Page.get(self.client, path)

    def behind(self, what: Callable[..., T], *given: Any, **named: Any) -> T:
        """Do something to the clinic behind the browser's back."""
        with self.app.app_context():
            return what(*given, **named)

    def asks(self, **values: Any) -> Patient:
        """Let a patient ask for care."""
        patient = Patient(**values)
        self.behind(arrives, MONDAY_MORNING, patient)
        return patient

    def tries(self) -> None:
        """Let the worker go through whatever is to be tried."""
        while self.behind(trials.advance, SYSTEM, MONDAY_MORNING):
            pass


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """The lead therapist, signed in with both proofs a moment ago."""
    monkeypatch.setattr(rules, "shipped_rules", complete)
    with (
        time_machine.travel(MONDAY_MORNING, tick=False) as clock,
        databases.fresh_database("sqlite") as url,
        databases.running_app(url) as app,
    ):
        app.test_client_class = LintingClient
        client = app.test_client()
        lena = hire(app, Role.LEAD_THERAPIST, email="lena@example.com", name="Lena Lead")
        with app.app_context():
            Scene().place()
        assert sign_in(client, lena).status == 200
        yield Desk(app, client, lena, clock)
