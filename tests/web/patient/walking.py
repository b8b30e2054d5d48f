"""Somebody who walks through the patient's pages, with a browser of their own."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from babel.support import Translations
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import Client

import clinic
from clinic.extensions import db
from clinic.models import Draft, Intake, Letter, Request
from clinic.screening import pages, questionnaire
from clinic.screening.answers import Answers, read
from clinic.screening.pages import Group
from clinic.screening.questionnaire import Question, Questionnaire
from tests.support.page import Page
from tests.support.patients import Patient, mildest

FOLDER = Path(clinic.__file__ or "").parent / "translations"
ABOUT = {
    "name": "Ana Example",
    "birth_date-month": "1",
    "birth_date-day": "2",
    "birth_date-year": "1980",
    "answered_by": "patient",
    "phone": "555-555-0101",
    "email": "ana@example.com",
    "channel": "email",
    "language": "en",
}
GROWN, TODAY = Answers({"minor": date(1980, 1, 2)}), date(2026, 11, 22)
HEALTHY_ANSWERS = {"pregnancy": "not_applicable", "low-bmi.height": 66, "low-bmi.weight": 150}


def healthy(questions: Questionnaire) -> dict[str, dict[str, Any]]:
    """What a healthy adult fills in on each page, whatever questions there are."""
    answers, found = GROWN, dict[str, dict[str, Any]]()
    for page in pages.called_for(questions, GROWN, as_of=TODAY):
        found[page.id], answers = filled(questions, page.id, answers, HEALTHY_ANSWERS)
    return found


def filled(
    questions: Questionnaire, page_id: str, elsewhere: Answers, told: Mapping[str, object]
) -> tuple[dict[str, Any], Answers]:
    """What somebody fills in on a page, and all answers so far; what is not told is mild."""
    own = pages.own_questions(questions, page_id)
    known = elsewhere.without(one.id for one in own)
    while fresh := [
        one
        for one in own
        if one.id not in known and (one.id in told or not one.optional)
        if questionnaire.visible(one, known, as_of=TODAY)
    ]:
        given = {one.id: told.get(one.id, mildest(one)) for one in fresh}
        known = Answers({**known, **read(given, questions)})
    groups = [
        group
        for topic in pages.topics(questions, page_id)
        for group in pages.groups(questions, topic, known, as_of=TODAY)
        if group.ticked
    ]
    boxes = {one.id for group in groups for one in group.questions}
    fields: dict[str, Any] = {}
    for group in groups:
        fields |= _ticked(group, known)
    for one in own:
        if one.id in known and one.id not in boxes:
            fields |= _typed(one, known.plain(one.id))
    return fields, known


def _ticked(group: Group, known: Answers) -> dict[str, Any]:
    yes = [one.id for one in group.questions if known[one.id] == "yes"]
    unsure = [one.id for one in group.questions if known[one.id] == "not_sure"]
    doubt = {f"ticks-{group.id}-unsure": unsure} if unsure else {}
    some = ["some_not_sure"] if unsure else []
    return {f"ticks-{group.id}": [*yes, *some] or ["none"], **doubt}


def _typed(question: Question, value: Any) -> dict[str, Any]:
    if question.kind == "date" and value != "not_sure":
        parts = zip(("year", "month", "day"), value.split("-"), strict=True)
        return {f"{question.id}-{part}": typed for part, typed in parts}
    if value == "not_sure" and question.kind in ("date", "number"):
        return {f"{question.id}-unsure": True}
    if question.kind == "medicines":
        return {question.id: "\n".join(value)} if value else {f"{question.id}-unsure": True}
    if question.kind == "number":
        return {question.id: str(value)}
    return {question.id: value if value != [] else ["none"]}


def ticks(item: str) -> str:
    """The name of the boxes among which an item is one."""
    questions = questionnaire.shipped()
    topic = pages.topic_of(questions, questions.questions[item])
    for group in pages.groups(questions, topic, GROWN, as_of=TODAY):
        if group.ticked and item in {one.id for one in group.questions}:
            return f"ticks-{group.id}"
    raise LookupError(item)


def yes(item: str) -> dict[str, Any]:
    """A yes to a question, however it stands on its page."""
    try:
        return {ticks(item): [item]}
    except LookupError:
        return {item: "yes"}


def page_with(topic: str, **changed: Any) -> dict[str, Any]:
    """What a healthy adult fills in on the page of a topic, with some changes."""
    page = pages.page_of(questionnaire.shipped(), topic) or topic
    return {**HEALTHY[page], **changed}


HEALTHY = healthy(questionnaire.shipped())


class Walker:
    """One browser, and the pages that it has open."""

    def __init__(self, app: Flask, language: str = "en") -> None:
        self.app = app
        self.client: Client = app.test_client()
        self.client.set_cookie("language", language)
        self.language = language

    def get(self, path: str) -> Page:
        """Open a page."""
        return Page.get(self.client, path)

    def save(self, page: Page, fields: dict[str, Any] | None = None) -> Page:
        """Fill in a page and go on."""
        return page.submit(self.say("Save and continue"), fields or {})

    def begins(self, **changed: str) -> Page:
        """Say who asks; arrive at the page of places."""
        return self.save(self.get("/request/"), {**ABOUT, "language": self.language, **changed})

    def comes_to_history(self, **changed: str) -> Page:
        """Say who asks and where it hurts; arrive at the first page of it."""
        return self.save(self.begins(**changed), {"wanted_regions": ["neck", "shoulder-left"]})

    def answers(self, **changed: dict[str, Any]) -> Page:
        """Answer every page; arrive at the consent."""
        page = self.comes_to_history()
        while page.path.startswith("/request/history/"):
            here = page.path.rpartition("/")[2]
            page = self.save(page, changed.get(here, HEALTHY[here]))
        return page

    def comes_to_check(self, **changed: dict[str, Any]) -> Page:
        """Answer everything and agree; arrive at the check."""
        page = self.answers(**changed)
        return page.submit(self.say("Agree and continue"), {"agree": True})

    def sends(self, **changed: dict[str, Any]) -> Page:
        """Go all the way."""
        page = self.comes_to_check(**changed)
        return page.submit(self.say("Send my request"))

    def has_filled_in(self, **changed: Any) -> None:
        """Have a draft with every answer in this browser, made by the services alone."""
        with self.app.app_context():
            patient = self._patient(changed)
            patient.begins(datetime.now(UTC))
            patient.fills_in(datetime.now(UTC))
            db.session.remove()

    def is_at_the_check(self, **changed: Any) -> Page:
        """Have every page filled in and agreed to; look at the check."""
        with self.app.app_context():
            patient = self._patient(changed)
            patient.begins(datetime.now(UTC))
            patient.fills_in(datetime.now(UTC))
            patient.agrees(datetime.now(UTC))
            db.session.remove()
        return self.get("/request/check")

    def has_sent(self, **changed: Any) -> None:
        """Have sent a request from this browser, made by the services alone."""
        with self.app.app_context():
            self._patient(changed).asks(datetime.now(UTC))
            db.session.remove()

    def _patient(self, changed: dict[str, Any]) -> Patient:
        self.get("/request/")
        assert isinstance(self.client, FlaskClient)
        with self.client.session_transaction() as session:
            browser = session["browser"]
        about = {
            "name": ABOUT["name"],
            "phone": ABOUT["phone"],
            "email": ABOUT["email"],
            "regions": ("neck", "shoulder-left"),
        }
        return Patient(**{**about, "browser": browser, "language": self.language, **changed})

    def proves(self) -> Page:
        """Type the mailed code on the page that says the request was sent."""
        page = self.get("/request/sent").submit(self.say("Mail me a code"))
        return page.submit(self.say("Check the code"), code=self.code())

    def code(self) -> str:
        """The code in the newest letter."""
        found = re.search(r"^([0-9]{6})$", self.letters("code")[-1].body or "", re.MULTILINE)
        assert found, "no code in the letter"
        return found[1]

    def link(self, kind: str = "request_received") -> str:
        """The path of the link in the newest letter of a kind."""
        found = re.search(r"(/r/\S+)", self.letters(kind)[-1].body or "")
        assert found, "no link in the letter"
        return found[1]

    def letters(self, kind: str) -> list[Letter]:
        """The letters of a kind, oldest first."""
        return [one for one in self.rows(Letter) if one.kind == kind]

    def request(self) -> Request:
        """The newest request."""
        found: Request = self.rows(Request)[-1]
        return found

    def rows(self, model: Any) -> list[Any]:
        """Every row of a table, oldest first."""
        order = {
            Letter: "queued_at",
            Request: "created_at",
            Draft: "saved_at",
            Intake: "number",
        }.get(model)
        with self.app.app_context():
            query = select(model)
            if order:
                query = query.order_by(getattr(model, order))
            found = list(db.session.scalars(query))
            for row in found:
                db.session.refresh(row)
            db.session.expunge_all()
            return found

    def another_tab(self, client: Client) -> Client:
        """Give this browser's cookies to a client, so that it acts as one more of its tabs."""
        client._cookies = dict(self.client._cookies or {})  # noqa: SLF001 - tabs share them
        return client

    def elsewhere(self) -> "Walker":
        """Another browser."""
        return Walker(self.app, self.language)

    def say(self, words: str) -> str:
        """A string of the pages in this browser's language."""
        return Translations.load(FOLDER, [self.language]).gettext(words)
