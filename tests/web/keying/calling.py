"""A call: a browser of the staff, and the pages that are read out and filled in."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import time_machine
from flask import Flask
from sqlalchemy import select

from clinic.access import ANYONE, Actor, Role
from clinic.extensions import db
from clinic.models import Request
from clinic.screening import questionnaire
from clinic.screening.questionnaire import Questionnaire
from clinic.services import keying
from clinic.services.drafting import About
from tests.support.clock import MONDAY_MORNING
from tests.support.page import Page
from tests.support.patients import Patient
from tests.support.scene import Scene
from tests.web.patient.walking import ABOUT, healthy

ASKED = healthy(questionnaire.without_private(questionnaire.shipped()))
CALLER = {**ABOUT, "name": "Cora Caller", "email": "", "channel": "phone", "source": "phone"}


@dataclass
class Caller(Patient):
    """Somebody on the line, whose answers a member of staff writes down."""

    by: Actor = ANYONE

    @property
    def actor(self) -> Actor:
        """Who writes."""
        return self.by

    def _questions(self) -> Questionnaire:
        """What a caller is asked; the rest is the therapist's."""
        return questionnaire.without_private(super()._questions())

    def starts(self, now: datetime, about: About) -> UUID:
        """Begin as the staff does."""
        return keying.begin(self.by, now, about=about, channel="phone", key=uuid4().hex)


class Call:
    """Somebody of the staff at a screen, with a caller on the line."""

    def __init__(self, app: Flask, clock: time_machine.Traveller) -> None:
        self.app, self.clock = app, clock
        self.client = app.test_client()
        self.scene = Scene()
        self.actor: Actor | None = None
        self.dana: Actor | None = None
        self.theo: Actor | None = None
        self.caller: Caller | None = None

    def scene_at_work(self) -> None:
        """Open a place."""
        with self.app.app_context():
            self.scene.place()
            db.session.remove()

    def hire(self, name: str, role: Role) -> Actor:
        """Add a member of staff."""
        with self.app.app_context():
            found = self.scene.staff(name, role)
            db.session.remove()
            return found

    def get(self, path: str) -> Page:
        """Open a page."""
        return Page.get(self.client, path)

    def begins(self, **changed: Any) -> Page:
        """Say who calls; arrive at the page of places."""
        page = self.get("/staff/").follow("New request by phone")
        return page.submit("Save and continue", {**CALLER, **changed})

    def comes_to_history(self, **changed: Any) -> Page:
        """Say who calls and where it hurts; arrive at the first topic."""
        return self.begins(**changed).submit("Save and continue", {"wanted_regions": ["neck"]})

    def answers(self, page: Page) -> Page:
        """Answer each page as a healthy caller; arrive at the consent."""
        while "/history/" in page.path:
            page = self.answers_one(page)
        return page

    def answers_one(self, page: Page) -> Page:
        """Answer this page as a healthy caller."""
        return page.submit("Save and continue", ASKED[page.path.rpartition("/")[2]])

    def sends(self) -> Page:
        """Go all the way, page by page."""
        page = self.answers(self.comes_to_history())
        return page.submit("Save and continue", {"agree": True}).submit("Send my request")

    def has_filled_in(self) -> None:
        """Have every answer of a call written down, by the services alone."""
        with self._on_the_line() as caller:
            caller.fills_in(MONDAY_MORNING)

    def is_at_the_check(self) -> Page:
        """Have every answer and the consent; look at the check."""
        with self._on_the_line() as caller:
            caller.fills_in(MONDAY_MORNING)
            caller.agrees(MONDAY_MORNING)
        return self.get(f"{self.path}/check")

    def has_sent(self) -> None:
        """Have sent a request during a call, by the services alone."""
        with self._on_the_line() as caller:
            caller.fills_in(MONDAY_MORNING)
            caller.sends(MONDAY_MORNING)

    def fills_in_again(self) -> Page:
        """Answer what is asked again, by the services alone; look at the check."""
        with self._on_the_line() as caller:
            caller.fills_in(MONDAY_MORNING)
        return self.get(f"{self.path}/check")

    @contextmanager
    def _on_the_line(self) -> Iterator[Caller]:
        """The caller whose answers Dana writes, who has said where it hurts."""
        with self.app.app_context():
            if self.caller is None:
                assert self.dana is not None
                self.caller = Caller(email=None, by=self.dana)
                self.caller.begins(MONDAY_MORNING)
            yield self.caller
            db.session.remove()

    def rows(self, model: Any) -> list[Any]:
        """Every row of a table, read anew."""
        with self.app.app_context():
            found = list(db.session.scalars(select(model)))
            for row in found:
                db.session.refresh(row)
            db.session.expunge_all()
            return found

    def request(self) -> Request:
        """The one request there is."""
        [found] = self.rows(Request)
        assert isinstance(found, Request)
        return found

    @property
    def path(self) -> str:
        """Where the pages of the one request stand."""
        return f"/staff/keying/{self.request().reference}"
