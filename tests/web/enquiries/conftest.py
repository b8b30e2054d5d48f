"""The public pages and the front desk's, over one clinic on SQLite, the clock standing."""

from collections.abc import Iterator

import pytest
import time_machine

from clinic.access import Role
from clinic.web import guards
from tests.support import databases
from tests.support.clock import MONDAY_MORNING
from tests.support.page import Page
from tests.web.desk.conftest import Screen
from tests.web.patient.walking import Walker

QUESTION = {
    "name": "Quorinda Example",
    "email": "quorinda@example.com",
    "phone": "555-555-0177",
    "question": "What does a first visit cost?",
}


class Asker(Walker):
    """Somebody with a browser of their own who asks a question."""

    def asks(self, **changed: str | bool) -> Page:
        """Fill in the form and send it."""
        return self.get("/ask").submit(self.say("Send my question"), {**QUESTION, **changed})


@pytest.fixture
def screen() -> Iterator[Screen]:
    """A browser at which Dana of the front desk sits."""
    with (
        time_machine.travel(MONDAY_MORNING, tick=False),
        databases.fresh_database("sqlite") as url,
        databases.running_app(url) as app,
    ):
        screen = Screen(app, app.test_client())
        guards.identify_staff_with(app, lambda: screen.actor)
        screen.actor = screen.hire("Dana Desk", Role.FRONT_DESK)
        screen.now(screen.scene.place)
        yield screen


@pytest.fixture
def asker(screen: Screen) -> Asker:
    """Somebody who has a question."""
    return Asker(screen.app)
