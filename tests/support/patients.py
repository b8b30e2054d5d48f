"""Made-up patients who ask for care through the services, page by page, as a browser would."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import select

from clinic import contact
from clinic.access import ANYONE, Actor, ActorKind
from clinic.extensions import db
from clinic.models import Draft, Intake, Request
from clinic.screening import answers as reading
from clinic.screening import pages, questionnaire
from clinic.screening.questionnaire import Question
from clinic.services import drafting, submission
from clinic.services.drafting import About, Given

ZONE = ZoneInfo("America/New_York")  # of the scene's location


@dataclass
class Patient:
    """One patient; a question that is not named gets the answer that raises no caution."""

    name: str = "Rosa Example"
    born: date = date(1980, 4, 2)
    phone: str = "(555) 555-0142"
    email: str | None = "rosa.example@example.com"
    language: str = "en"
    regions: tuple[str, ...] = ("lower-back", "shoulder-left")
    hopes: str = "To lift my bag again."
    answered_by: str = "patient"
    guardian: str | None = None
    answers: Mapping[str, object] = field(default_factory=dict)
    browser: str = field(default_factory=lambda: uuid4().hex)
    request_id: UUID | None = None

    @property
    def actor(self) -> Actor:
        """This patient, on their own request."""
        return Actor(ActorKind.PATIENT, request_id=self.request_id)

    @property
    def reference(self) -> str:
        """The reference of this patient's request."""
        db.session.rollback()
        return db.session.get_one(Request, self.request_id).reference

    def asks(self, now: datetime) -> UUID:
        """Go all the way, and return the request's id; an urgent answer stops half way."""
        request_id = self.begins(now)
        if not self.fills_in(now):
            self.sends(now)
        return request_id

    def begins(self, now: datetime) -> UUID:
        """Say who asks, and where it hurts."""
        about = About(
            name=self.name,
            birth_date=self.born,
            phone=contact.phone(self.phone).stored,
            email=self.email,
            channel="email" if self.email else "phone",
            answered_by=self.answered_by,
            language=self.language,
            guardian=self.guardian,
        )
        self.request_id = self.starts(now, about)
        drafting.save_where(
            self.actor,
            now,
            self.request_id,
            given=Given({"wanted_regions": list(self.regions), "free_text.hopes": self.hopes}),
            wishes={"days": ["monday"], "parts": ["morning"]},
            **self._how(),
        )
        return self.request_id

    def starts(self, now: datetime, about: About) -> UUID:
        """Begin the request, in a browser of their own."""
        return drafting.start(ANYONE, now, about=about, browser=self.browser, key=uuid4().hex)

    def fills_in(self, now: datetime) -> bool:
        """Answer each page in turn; tell whether an urgent answer stopped the draft."""
        done: set[str] = set()
        while True:
            today = now.astimezone(ZONE).date()
            found = pages.called_for(self._questions(), self._given(), as_of=today)
            page = next((one.id for one in found if one.id not in done), None)
            if page is None:
                return False
            done.add(page)
            if self.answers_page(now, page):
                return True

    def answers_page(self, now: datetime, page_id: str) -> bool:
        """Answer one page of the history; tell whether that stopped the draft."""
        questions, today = self._questions(), now.astimezone(ZONE).date()
        page: dict[str, Any] = {}
        own = pages.own_questions(questions, page_id)
        elsewhere = self._given().without(one.id for one in own).as_json()
        while True:
            known = reading.read({**elsewhere, **page}, questions)
            asked = [one for one in own if questionnaire.visible(one, known, as_of=today)]
            fresh = [one for one in asked if one.id not in page]
            fresh = [one for one in fresh if one.id in self.answers or not one.optional]
            if not fresh:
                break
            page |= {one.id: self.answers.get(one.id, mildest(one)) for one in fresh}
        return drafting.save_answers(
            self.actor,
            now,
            self._id(),
            page=page_id,
            given=Given({key: value for key, value in page.items() if value is not None}),
            **self._how(),
        )

    def takes_it_back(self, now: datetime) -> None:
        """Say on the stop page that the urgent answer was a mistake."""
        drafting.chose_by_mistake(self.actor, now, self._id(), browser=self.browser)

    def agrees(self, now: datetime) -> None:
        """Agree to the use of the data."""
        drafting.agree(self.actor, now, self._id(), language=self.language, browser=self.browser)

    def sends(self, now: datetime) -> None:
        """Agree to the use of the data, and send."""
        self.agrees(now)
        submission.send(self.actor, now, self._id(), key=uuid4().hex, **self._how())

    def _id(self) -> UUID:
        if self.request_id is None:
            raise ValueError("this patient has asked for nothing yet")
        return self.request_id

    def _questions(self) -> questionnaire.Questionnaire:
        return questionnaire.shipped(self.language)

    def _draft(self) -> Draft:
        db.session.rollback()
        return db.session.scalars(select(Draft).filter_by(request_id=self.request_id)).one()

    def _given(self) -> reading.Answers:
        stored = self._draft().answers
        plain = {key: value for key, value in stored.items() if not key.startswith("_")}
        return reading.read(plain, self._questions())

    def _how(self) -> dict[str, Any]:
        return {
            "seen": self._draft().version,
            "language": self.language,
            "browser": self.browser,
        }


def newest_intake(request_id: UUID | None) -> Intake:
    """Read the newest history of a request."""
    db.session.rollback()
    query = select(Intake).filter_by(request_id=request_id).order_by(Intake.number.desc())
    intake = db.session.scalars(query).first()
    if intake is None:
        raise ValueError("there is no history yet")
    return intake


def mildest(question: Question) -> object:
    """Answer a question as a healthy adult would."""
    if question.kind == "choice":
        return (question.least or question.slugs)[0]
    fixed: dict[str, object] = {
        "choices": list(question.slugs[:1]),
        "date": "2026-09-01",
        "text": "About a month",
        "regions": ["knee-left"],
        "side": "left",
        "medicines": [],
    }
    numbers = {"low-bmi.height": 68, "low-bmi.weight": 160}
    return fixed.get(question.kind, numbers.get(question.id, question.minimum or 1))
