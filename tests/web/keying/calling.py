"""A call: a browser of the staff, and the pages that are read out and filled in."""

from typing import Any

import time_machine
from flask import Flask
from sqlalchemy import select

from clinic.access import Actor, Role
from clinic.extensions import db
from clinic.models import Request
from tests.support.page import Page
from tests.support.scene import Scene
from tests.web.patient.walking import ABOUT, HEALTHY

CALLER = {**ABOUT, "name": "Cora Caller", "email": "", "channel": "phone", "source": "phone"}


class Call:
    """Somebody of the staff at a screen, with a caller on the line."""

    def __init__(self, app: Flask, clock: time_machine.Traveller) -> None:
        self.app, self.clock = app, clock
        self.client = app.test_client()
        self.scene = Scene()
        self.actor: Actor | None = None
        self.dana: Actor | None = None
        self.theo: Actor | None = None

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
        """Answer each topic as a healthy caller; arrive at the consent."""
        while "/history/" in page.path:
            page = self.answers_one(page)
        return page

    def answers_one(self, page: Page) -> Page:
        """Answer the topic of this page as a healthy caller."""
        return page.submit("Save and continue", HEALTHY[page.path.rpartition("/")[2]])

    def comes_to_check(self, **changed: Any) -> Page:
        """Go on to the check, with the consent that was heard."""
        page = self.answers(self.comes_to_history(**changed))
        return page.submit("Save and continue", {"agree": True})

    def sends(self, **changed: Any) -> Page:
        """Go all the way."""
        return self.comes_to_check(**changed).submit("Send my request")

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
