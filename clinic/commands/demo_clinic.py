"""The people, places and requests of the demo clinic, all plainly made up.

Everything is made by the same services that the pages call, at earlier instants, so that the
demo holds no state that a clinic could not reach.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask_security import hash_password

from clinic import contact, effective
from clinic.access import ANYONE, Actor, ActorKind, Role
from clinic.commands import demo_questions
from clinic.queries import demo as stored
from clinic.screening import answers as reading
from clinic.screening import pages, questionnaire
from clinic.services import (
    availability,
    closing,
    drafting,
    factors,
    moving,
    offering,
    places,
    review,
    rulesets,
    staff,
    submission,
    triage,
)
from clinic.services.drafting import About, Given
from clinic.services.review import ASK, Decision

ZONE = "America/Los_Angeles"
COMMAND = Actor(ActorKind.COMMAND, trace="demo")
STAFF = (
    ("desk@example.com", "Dana Desk", Role.FRONT_DESK, ""),
    ("therapist@example.com", "Theo Therapist", Role.THERAPIST, "PT 00001 (demo)"),
    ("lead@example.com", "Lena Lead", Role.LEAD_THERAPIST, "PT 00002 (demo)"),
    ("admin@example.com", "Ada Admin", Role.ADMIN, ""),
)


@dataclass(frozen=True)
class Person:
    """One made-up patient and what they answer; whatever is not named is the mildest answer."""

    name: str
    number: int  # the last two digits of a 555-01xx number
    area: int = 206
    born: date = date(1984, 5, 17)
    language: str = "en"
    email: bool = True
    regions: tuple[str, ...] = ("lower-back",)
    hopes: str = "To sit through a working day again."
    answers: Mapping[str, object] = field(default_factory=dict)

    @property
    def address(self) -> str | None:
        """Where letters go, if this person has an address; the demo's own are first names."""
        if not self.email:
            return None
        own = self.name.split()[0].lower()
        return f"{own if self.area == 206 else f'{own}.{self.area}.{self.number:02}'}@example.com"

    @property
    def phone(self) -> str:
        """A number that is set apart for stories."""
        return contact.phone(f"{self.area} 555 01{self.number:02}").stored


PEOPLE = {
    "draft": Person("Rosa Example", 11),
    "new": Person("Ana Sample", 12, regions=("neck", "shoulder-right")),
    "thinner": Person(
        "Walt Madeup",
        13,
        born=date(1951, 2, 3),
        hopes="To turn my head when I drive.",
        regions=("neck",),
        answers={
            "anticoagulant": "yes",
            "anticoagulant.which": ["apixaban"],
            "anticoagulant.stopped": "no",
            "medicines": ["Eliquis 5 mg twice a day"],
        },
    ),
    "spanish": Person(
        "Lupe Ejemplo",
        14,
        born=date(1993, 9, 9),
        language="es",
        hopes="Cargar a mi hijo sin dolor.",
        answers={"pregnancy": "not_sure"},
    ),
    "urgent": Person("Sam Pretend", 15, answers={"rf-chest-breath": "yes"}),
    "ready": Person("Dee Placeholder", 16, regions=("shoulder-left",)),
    "offered": Person("Max Mockup", 17, regions=("buttock-right", "lower-back")),
    "booked": Person("Pat Notreal", 18, regions=("lower-leg-left",)),
    "waiting": Person("Kim Fiction", 19),
    "closed": Person("Lee Invented", 20),
    "delayed": Person("Ned Nobody", 21, email=False, answers={"surgery-recent": "yes"}),
    "reached": Person("Bea Sham", 23, regions=("elbow-right", "forearm-right")),
    "limits": Person(
        "Hal Feigned", 24, regions=("upper-back-left",), answers={"metal-allergy": "not_sure"}
    ),
    "more": Person("Ivy Imagined", 25, answers={"lung-disease": "not_sure"}),
    "other": Person("Jon Dummy", 26, answers={"needle-phobia": "very-scared"}),
    "cancelled": Person("Mia Makebelieve", 27, regions=("knee-left",)),
    "referred": Person("Una Unreal", 22, answers={"diabetes": "yes", "diabetes.a1c": "not_sure"}),
}

AGES = {  # how long ago each was begun
    "draft": timedelta(hours=2),
    "new": timedelta(hours=3),
    "thinner": timedelta(days=1),
    "spanish": timedelta(hours=5),
    "urgent": timedelta(minutes=25),
    "ready": timedelta(days=2),
    "offered": timedelta(days=1, hours=2),
    "booked": timedelta(days=3),
    "waiting": timedelta(days=2, hours=4),
    "closed": timedelta(days=4),
    "delayed": timedelta(days=1, hours=6),
    "referred": timedelta(days=1, hours=8),
    "reached": timedelta(hours=7),
    "limits": timedelta(days=1, hours=3),
    "more": timedelta(hours=9),
    "other": timedelta(hours=11),
    "cancelled": timedelta(days=2, hours=6),
}
LONG_AGO = timedelta(days=14)  # the rules were approved before anybody asked
DECISIONS = {
    "ready": "clear",
    "delayed": "delay",
    "referred": "refer",
    "limits": "clear with limits",
    "more": "ask for more",
    "other": "offer other care",
}


def load(now: datetime, *, say: Callable[[str], None]) -> dict[str, dict[str, str]]:
    """Fill an empty database; return the sign-ins, or nothing if the demo is there already."""
    if stored.has_staff():
        return {}
    say("Loading the demo clinic ...")
    sign_ins, people, place = found(now)
    Requests(now, people, place).make()
    demo_questions.load(now, people[Role.FRONT_DESK])
    return sign_ins


def found(now: datetime) -> tuple[dict[str, dict[str, str]], dict[Role, Actor], UUID]:
    """Found a made-up clinic in an empty database: its staff, how they sign in, its place."""
    sign_ins = {}
    people: dict[Role, Actor] = {}
    for email, name, role, licence in STAFF:
        password = "-".join(secrets.token_hex(2) for _ in range(4))
        people[role] = _employ(now, email, name, role, licence=licence, password=password)
        sign_ins[email] = {"role": str(role), "password": password}
    _approve_rules(now - LONG_AGO, people[Role.LEAD_THERAPIST])
    return sign_ins, people, _open_places(now, people)


def _approve_rules(at: datetime, lead: Actor) -> None:
    """Let the made-up lead therapist sign the rules that ship and put them in force."""
    draft_id = rulesets.begin(lead, at, rulesets.FILES, key=secrets.token_hex(16))
    digest = rulesets.approve(lead, at, draft_id, seen=1)
    rulesets.put_in_force(lead, at, digest, seen="")


def _employ(
    now: datetime, email: str, name: str, role: Role, *, licence: str, password: str
) -> Actor:
    user_id = staff.create(
        COMMAND,
        now,
        email=email,
        name=name,
        roles=(role,),
        licence=licence,
        password_hash=hash_password(password),
    )
    if licence:
        _introduce(now, user_id, name, licence)
    secret = factors.new_secret(secrets.token_bytes)
    before = now - timedelta(minutes=5)  # so that the present code is still to be used
    code = factors.code_of(secret, factors.window(before))
    factors.set_up(COMMAND, before, user_id, secret=secret, code=code)
    return Actor(ActorKind.STAFF, user_id, frozenset({role}), name, trace="demo")


def _introduce(now: datetime, user_id: UUID, name: str, licence: str) -> None:
    """Show somebody on the team page, plainly made up."""
    staff.describe(
        COMMAND,
        now,
        user_id,
        name=name,
        licence=licence,
        about="Made up for this demo: works with sore backs, necks and shoulders.",
        about_es="De mentira, para esta demostración: atiende espaldas, cuellos y hombros.",
        shown_on_team=True,
        seen=effective.mark((name, licence, "", "", False)),
    )


def _open_places(now: datetime, people: Mapping[Role, Actor]) -> UUID:
    admin = people[Role.ADMIN]
    today = now.astimezone(ZoneInfo(ZONE)).date()
    place = availability.add_location(
        admin,
        now,
        "Willow Demo Clinic, Springfield",
        zone=ZONE,
        state="WA",
        needling_law="permitted",
        legal_basis="Chapter 198, Laws of 2023; WAC 246-915-390. Check with the state board.",
        address="1 Example Street, Springfield, WA",
        phone="+12065550100",
        law_reviewed_on=today,
        law_review_by=today + timedelta(days=365),
    )
    places.open_hours(admin, now, place, weekdays=tuple(range(5)), opens=time(8), closes=time(18))
    for role in (Role.THERAPIST, Role.LEAD_THERAPIST):
        for weekday in range(5):
            therapist = people[role].id
            if therapist is not None:
                availability.add_hours(
                    admin,
                    now,
                    therapist,
                    location_id=place,
                    weekday=weekday,
                    opens=time(9),
                    closes=time(16 if role is Role.THERAPIST else 12),
                )
    return place


@dataclass
class Requests:
    """Brings each made-up request to its state."""

    now: datetime
    people: Mapping[Role, Actor]
    place: UUID
    persons: Mapping[str, Person] = field(default_factory=lambda: PEOPLE)

    def __post_init__(self) -> None:
        self.desk, self.therapist = self.people[Role.FRONT_DESK], self.people[Role.THERAPIST]

    def make(self) -> None:
        """Bring one request to each state that the pages can show."""
        for which, age in AGES.items():
            self.bring(which, self.now - age)

    def bring(self, which: str, at: datetime) -> None:
        """Bring one made-up request, begun at an earlier instant, to the state of its name."""
        if which in DECISIONS:
            self._decided(which, at, DECISIONS[which])
            return
        ways: dict[str, Callable[[str, datetime], UUID]] = {
            "draft": self._begun,
            "spanish": self._claimed,
            "reached": self._reached,
            "offered": self._offered,
            "booked": self._booked,
            "waiting": self._waits,
            "closed": self._closed,
            "cancelled": self._cancelled,
        }
        ways.get(which, self._send)(which, at)

    def _begun(self, which: str, at: datetime) -> UUID:
        return self._start(self.persons[which], at)

    def _start(self, person: Person, at: datetime) -> UUID:
        email = person.address
        about = About(
            name=person.name,
            birth_date=person.born,
            phone=person.phone,
            email=email,
            channel="email" if email else "phone",
            answered_by="patient",
            language=person.language,
        )
        return drafting.start(
            ANYONE, at, about=about, browser=_browser(person), key=secrets.token_hex(16)
        )

    def _send(self, which: str, at: datetime) -> UUID:
        person = self.persons[which]
        request_id = self._start(person, at)
        filling = _Filling(person, request_id, at)
        filling.where()
        for page in filling.pages():
            if filling.history(page):
                return request_id  # stopped by an urgent answer, and on top of the queue
        filling.send()
        return request_id

    def _seen(self, request_id: UUID) -> int:
        return stored.version_of(request_id)

    def _claimed(self, which: str, at: datetime) -> UUID:
        request_id = self._send(which, at)
        later = at + timedelta(minutes=40)
        triage.claim(self.desk, later, request_id, seen=self._seen(request_id))
        triage.attempt(
            self.desk,
            later,
            request_id,
            outcome="voicemail",
            number=stored.phone_of(request_id),
            seen=self._seen(request_id),
            key=secrets.token_hex(16),
        )
        return request_id

    def _reached(self, which: str, at: datetime) -> UUID:
        request_id = self._claimed(which, at)
        triage.attempt(
            self.desk,
            at + timedelta(hours=1),
            request_id,
            outcome="reached",
            number=stored.phone_of(request_id),
            seen=self._seen(request_id),
            key=secrets.token_hex(16),
        )
        return request_id

    def _cancelled(self, which: str, at: datetime) -> UUID:
        request_id = self._booked(which, at)
        visit = stored.visit_of(request_id)
        moving.cancel(self.desk, at + timedelta(hours=5), visit.id, seen=visit.version)
        return request_id

    def _decided(self, which: str, at: datetime, decision: str) -> UUID:
        request_id = self._send(which, at)
        later = at + timedelta(hours=2)
        signed = Decision(
            decision=decision,
            intake_id=stored.intake_of(request_id),
            reason_code="asked_again",
            reason="Spoke with the patient by phone and went through each answer.",
            regions=self.persons[which].regions,
            technique=("superficial_only",) if decision == "clear with limits" else (),
            positions=("lying_down",) if decision == "clear with limits" else (),
            not_before=self._day(24) if decision == "delay" else None,
            question="If you do not know, please ask your doctor." if decision == ASK else "",
            asked=("lung-disease",) if decision == ASK else (),
        )
        review.decide(
            self.therapist,
            later,
            request_id,
            signed=signed,
            seen=self._seen(request_id),
            key=secrets.token_hex(16),
        )
        return request_id

    def _cleared(self, which: str, at: datetime) -> UUID:
        return self._decided(which, at, "clear")

    def _offered(self, which: str, at: datetime) -> UUID:
        request_id = self._cleared(which, at)
        therapist = self.therapist.id
        if therapist is None:
            raise RuntimeError("the demo's therapist has no account")
        # Read back on the phone, so that the link in the letter leads to the offered time.
        triage.confirm_address(
            self.desk, at + timedelta(hours=3), request_id, seen=self._seen(request_id)
        )
        self._offer(request_id, which, at + timedelta(hours=3), therapist)
        return request_id

    def _offer(self, request_id: UUID, which: str, at: datetime, therapist: UUID) -> None:
        offering.offer(
            self.desk,
            at,
            request_id,
            therapist_id=therapist,
            location_id=self.place,
            starts_at=self._free_time(which),
            visit_kind="needling",
            seen=self._seen(request_id),
            key=secrets.token_hex(16),
        )

    def _free_time(self, which: str) -> datetime:
        return self._morning({"offered": 4, "booked": 3}.get(which, 5))

    def _booked(self, which: str, at: datetime) -> UUID:
        request_id = self._offered(which, at)
        later = at + timedelta(hours=4)
        offer = stored.open_offer_of(request_id)
        offering.accept(
            self.desk, later, offer.id, appointment_id=offer.appointment_id, seen=offer.version
        )
        return request_id

    def _waits(self, which: str, at: datetime) -> UUID:
        request_id = self._claimed(which, at)
        later = at + timedelta(hours=1)
        triage.wait(self.desk, later, request_id, until=self._day(5), seen=self._seen(request_id))
        return request_id

    def _closed(self, which: str, at: datetime) -> UUID:
        request_id = self._claimed(which, at)
        later = at + timedelta(hours=1)
        closing.close(self.desk, later, request_id, reason="no_reply", seen=self._seen(request_id))
        return request_id

    def _day(self, days: int) -> date:
        return self.now.astimezone(ZoneInfo(ZONE)).date() + timedelta(days=days)

    def _morning(self, days: int) -> datetime:
        day = self._day(days)
        while day.weekday() > 4:
            day += timedelta(days=1)
        return datetime.combine(day, time(9 + days % 3), ZoneInfo(ZONE)).astimezone(UTC)


@dataclass
class _Filling:
    """Fills in one request page by page, as its patient would."""

    person: Person
    request_id: UUID
    at: datetime
    given: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.actor = Actor(ActorKind.PATIENT, request_id=self.request_id, trace="demo")
        self.questions = questionnaire.shipped(self.person.language)
        self.today = self.at.astimezone(ZoneInfo(ZONE)).date()
        self.given["minor"] = self.person.born.isoformat()

    def where(self) -> None:
        regions = list(self.person.regions)
        self.given["wanted_regions"] = regions
        drafting.save_where(
            self.actor,
            self.at,
            self.request_id,
            given=Given({"wanted_regions": regions, "free_text.hopes": self.person.hopes}),
            wishes={"days": ["monday", "wednesday"], "parts": ["morning"]},
            **self._how(),
        )

    def pages(self) -> list[str]:
        found = pages.called_for(self.questions, self._read(), as_of=self.today)
        return [page.id for page in found]

    def history(self, page_id: str) -> bool:
        page: dict[str, object] = {}
        while missing := self._missing(page_id):
            for question in missing:
                page[question.id] = self.person.answers.get(question.id, _mildest(question))
            self.given |= page
        return drafting.save_answers(
            self.actor,
            self.at,
            self.request_id,
            page=page_id,
            given=Given(page),
            **self._how(),
        )

    def _missing(self, page_id: str) -> list[questionnaire.Question]:
        return [
            question
            for topic in pages.topics(self.questions, page_id)
            for question in pages.missing(self.questions, topic, self._read(), as_of=self.today)
        ]

    def send(self) -> None:
        drafting.agree(
            self.actor,
            self.at,
            self.request_id,
            language=self.person.language,
            browser=_browser(self.person),
        )
        submission.send(
            self.actor, self.at, self.request_id, key=secrets.token_hex(16), **self._how()
        )

    def _read(self) -> reading.Answers:
        return reading.read(self.given, self.questions)

    def _how(self) -> dict[str, Any]:
        return {
            "seen": stored.draft_version_of(self.request_id),
            "language": self.person.language,
            "browser": _browser(self.person),
        }


def _mildest(question: questionnaire.Question) -> object:
    """Answer a question as a healthy adult would."""
    if question.kind == "choice":
        return (question.least or question.slugs)[0]
    fixed: dict[str, object] = {
        "choices": [] if question.may_be_none else "not_sure",
        "date": "2026-09-01",
        "text": "About a month",
        "regions": ["knee-left"],
        "side": "left",
        "medicines": [],
    }
    numbers = {"low-bmi.height": 68, "low-bmi.weight": 160}
    return fixed.get(question.kind, numbers.get(question.id, question.minimum or 1))


def _browser(person: Person) -> str:
    return f"demo-{person.area}-{person.number}"
