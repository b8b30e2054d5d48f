"""Every route of the app for every member of the cast, each signed in or let in as people are."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select
from werkzeug.test import Client

from clinic.access import Actor, ActorKind, Role
from clinic.extensions import db
from clinic.models import Appointment, Offer, Request
from clinic.services import offering
from clinic.web import guards
from tests.support import databases, full_house
from tests.support.clock import MONDAY_MORNING
from tests.support.page import Page
from tests.support.scene import Scene, stored, version_of
from tests.support.signing_in import Person, hire, sign_in
from tests.web.patient.walking import HEALTHY, Walker

CANARY = "zitherquill"  # in every answer of Ana's that takes text
NAME, OTHER = "Quorinda", "Benvolio"
STAFF = {Role.FRONT_DESK, Role.THERAPIST, Role.LEAD_THERAPIST, Role.ADMIN}
CARE, KEEPERS = STAFF - {Role.ADMIN}, STAFF - {Role.FRONT_DESK}
CLINICIANS = {Role.THERAPIST, Role.LEAD_THERAPIST}
ANYONE, DRAFT, STATUS = "anyone", "own draft", "own status page"
# Written out by hand from the clinic's rules, not read off the code that is judged by it.
CELLS: dict[str, Any] = {
    "static": ANYONE,
    "public.": ANYONE,
    "health.": ANYONE,
    "security.": ANYONE,
    "security.verify": STAFF,
    "request.": DRAFT,
    "request.start": ANYONE,
    "request.begin": ANYONE,
    "request.closed": ANYONE,
    "request.reopen": ANYONE,
    "request.mail_closed_code": ANYONE,
    "request.hold": ANYONE,
    "request.mail_held_code": ANYONE,
    "request.reopen_held": ANYONE,
    "request.leave": ANYONE,
    "returning.": DRAFT,
    "status.": ANYONE,
    "status.overview": STATUS,
    "status.accept": STATUS,
    "status.decline": STATUS,
    "status.withdraw": STATUS,
    "appointment.": STATUS,
    "account.": STAFF,
    "desk.": CARE,
    "desk.queue": STAFF,
    "desk.queue_counts": STAFF,
    "desk.request_page": STAFF,
    "keying.": CARE,
    "offers.": CARE,
    "letters.": CARE,
    "visits.": CARE,
    "visits.correct": CLINICIANS,
    "visits.correct_page": CLINICIANS,
    "visits.patient_words": CLINICIANS,
    "calendars.": KEEPERS,
    "calendars.overview": STAFF,
    "settings.": {Role.ADMIN},
    "places.": {Role.ADMIN},
    "texts.": {Role.ADMIN},
    "users.": {Role.ADMIN},
    "rulesets.": {Role.LEAD_THERAPIST},
    "missed.": {Role.LEAD_THERAPIST},
    "therapist.": CLINICIANS,
    "comparing.": CLINICIANS,
    "asking.": CLINICIANS,
    "asked.": STATUS,
    "enquiries.": ANYONE,
    "enquiry_desk.": CARE,
    "enquiry_desk.close_urgent": CLINICIANS,
    "alerts.": STAFF,
    "alerts.acknowledge": CARE,  # who takes one up calls the patient
    "confirming.": STATUS,
}
CLINICAL = ("therapist.", "comparing.", "asking.", "missed.")  # pages with answers
LAST = ("request.leave", "security.logout")  # end what the other calls need
CHANGES_BY_READING = {"audit_entry", "audit_head", "staff_session"}
Route = tuple[str, str, str]


@dataclass
class Clinic:
    """One request of Ana's with an offer, and a browser for each member of the cast."""

    app: Flask
    reference: str
    offer: Offer
    visit: Appointment
    cast: dict[str, Client]
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def routes(self) -> list[Route]:
        """List (endpoint, method, address), addresses those of Ana's own things."""
        found = [
            (endpoint, method, self._address(rule))
            for endpoint, rule, methods, _ in guards.routes(self.app)
            for method in methods
        ]
        return sorted(found, key=lambda route: (route[0] in LAST, route))

    def call(self, who: str, method: str, address: str) -> Any:
        """Call a route as somebody, with that browser's own token."""
        client = self.cast[who]
        if method == "GET":
            return client.get(address)
        return client.post(address, data={"csrf_token": self._token(who, address), "seen": "-7"})

    def _token(self, who: str, address: str) -> str:
        """The token of the page that a person would come from: staff and visitors differ."""
        staff = who in list(STAFF) and address.startswith("/staff")
        key = f"{who} {staff}"
        if key not in self.tokens:
            page = Page.get(self.cast[who], "/staff/account" if staff else "/request/")
            self.tokens[key] = page.values["csrf_token"][0]
        return self.tokens[key]

    def _address(self, rule: str) -> str:
        known = {
            "reference": self.reference,
            "offer_id": str(self.offer.id),
            "appointment_id": str(self.visit.id),
            "section": "medicines",
            "visit_kind": "no_needles",
            "filename": "css/site.css",
        }
        return re.sub(r"<(?:\w+:)?(\w+)>", lambda part: known.get(part[1]) or str(uuid4()), rule)


@pytest.fixture
def clinic() -> Iterator[Clinic]:
    with (
        time_machine.travel(MONDAY_MORNING, tick=False) as clock,
        databases.fresh_database("sqlite") as url,
        databases.running_app(url) as app,
    ):
        cast = {role.value: app.test_client() for role in STAFF}
        people = {
            role: hire(app, role, email=f"{role}@example.com", name=f"Somebody {role}")
            for role in sorted(STAFF)
        }
        ana, ben = _patients(app)
        offer, visit = _offered(app, people)
        for role, person in people.items():
            assert sign_in(cast[role.value], person).status == 200
        clock.shift(timedelta(minutes=2))
        patients = {"stranger": app.test_client(), "ana": ana.client, "ben": ben.client}
        request = ana.rows(Request)[0]
        yield Clinic(app, request.reference, offer, visit, {**patients, **cast})


def _patients(app: Flask) -> tuple[Walker, Walker]:
    """Ana sent her request and proved her address; Ben is still writing."""
    ana = Walker(app)
    typed = {**HEALTHY["medicines"], "medicines": CANARY, "medicines-unsure": False}
    filled = {**HEALTHY, "medicines": typed}
    page = ana.save(
        ana.begins(name=f"{NAME} Example"),
        {"wanted_regions": ["lower-back-left"], "free_text.hopes": CANARY},
    )
    while page.path.startswith("/request/history/"):
        page = ana.save(page, filled[page.path.rpartition("/")[2]])
    page.submit("Agree and continue", {"agree": True}).submit("Send my request")
    ana.proves()
    ben = Walker(app)
    ben.comes_to_history(name=f"{OTHER} Example", email="ben@example.com", phone="555-555-0102")
    return ana, ben


def _offered(app: Flask, people: dict[Role, Person]) -> tuple[Offer, Appointment]:
    desk = Actor(ActorKind.STAFF, people[Role.FRONT_DESK].id, frozenset({Role.FRONT_DESK}), "Desk")
    theo = Actor(ActorKind.STAFF, people[Role.THERAPIST].id, frozenset({Role.THERAPIST}), "Theo")
    now = datetime.now(UTC)
    with app.app_context():
        request_id: UUID = db.session.scalars(
            select(Request.id).where(Request.sent_at.is_not(None))
        ).one()
        scene = Scene(now, users={people[Role.THERAPIST].id: theo})
        place = scene.place()
        scene.clear(request_id)
        offer_id = offering.offer(
            desk,
            now,
            request_id,
            therapist_id=people[Role.THERAPIST].id,
            location_id=place,
            starts_at=now + timedelta(days=2),
            visit_kind="needling",
            seen=version_of(request_id),
            key="the one offer",
        )
        offer = stored(Offer, offer_id)
        visit = db.session.scalars(select(Appointment)).one()
        db.session.refresh(offer)
        db.session.expunge_all()
        return offer, visit


def cell(endpoint: str) -> Any:
    """Who may call an endpoint: its own line, else that of its blueprint."""
    return CELLS.get(endpoint, CELLS.get(endpoint.partition(".")[0] + "."))


def refused(answer: Any, door: str) -> bool:
    """Whether somebody was sent to a door; what a form held may wait for its code meanwhile."""
    if answer.status_code == 307:
        return bool(answer.location.startswith("/request/hold"))
    return bool(answer.status_code == 303 and answer.location.startswith(door))


def lets_in(endpoint: str, answer: Any) -> bool:
    """Whether the view itself answered; health may say that it is unwell."""
    if cell(endpoint) == ANYONE:
        return bool(answer.status_code < 500 or endpoint == "health.ready")
    return bool(answer.status_code < 500 and answer.status_code != 403) and not refused(
        answer, "/staff/sign-in"
    )


@pytest.mark.proves("AZ-1")
def test_every_route_has_a_cell_and_no_cell_is_left_over(clinic: Clinic) -> None:
    endpoints = {endpoint for endpoint, _, _ in clinic.routes}

    assert {one for one in endpoints if cell(one) is None} == set()
    blueprints = {one.partition(".")[0] + "." for one in endpoints}
    assert set(CELLS) <= endpoints | blueprints


@pytest.mark.proves("AZ-3", "AZ-4")
def test_every_role_gets_what_is_its_own_and_no_data_of_the_rest(clinic: Clinic) -> None:
    wrong = []

    for role in sorted(STAFF):
        for endpoint, method, address in clinic.routes:
            answer = clinic.call(role.value, method, address)
            allowed = cell(endpoint)
            if not isinstance(allowed, set) and allowed != ANYONE:
                fits = refused(answer, "/request/closed" if allowed == DRAFT else "/status/closed")
            elif allowed == ANYONE or role in allowed:
                fits = lets_in(endpoint, answer)
            else:
                fits = answer.status_code == 403
            hidden = role not in CLINICIANS or not endpoint.startswith(CLINICAL)
            if not fits or (hidden and CANARY in answer.text + str(answer.headers)):
                wrong.append(f"{role} {method} {endpoint}: {answer.status_code}")
            if role is Role.ADMIN and NAME in answer.text:
                wrong.append(f"{role} {method} {endpoint}: shows a name")

    assert wrong == [], "\n".join(wrong)


@pytest.mark.parametrize("who", ["stranger", "ben", "ana"])
@pytest.mark.proves("AZ-4")
def test_patients_and_strangers_get_behind_no_door_of_others(clinic: Clinic, who: str) -> None:
    wrong = []
    own = {"stranger": set(), "ben": {DRAFT}, "ana": {DRAFT, STATUS}}[who]

    for endpoint, method, address in clinic.routes:
        answer = clinic.call(who, method, address)
        allowed = cell(endpoint)
        doors = {DRAFT: "/request/closed", STATUS: "/status/closed"}
        if isinstance(allowed, set):
            fits = refused(answer, "/staff/sign-in")
        elif allowed == ANYONE or allowed in own:
            fits = lets_in(endpoint, answer)
        else:
            fits = refused(answer, doors[allowed])
        shown = {"ana": OTHER, "ben": NAME, "stranger": f"{NAME}|{OTHER}"}[who]
        leaks = bool(re.search(shown, answer.text + str(answer.headers)))
        leaks = leaks or (who != "ana" and CANARY in answer.text)
        if not fits or leaks:
            wrong.append(f"{who} {method} {endpoint}: {answer.status_code}")

    assert wrong == [], "\n".join(wrong)


@pytest.mark.proves("AZ-2")
def test_knowing_the_id_of_anothers_offer_opens_nothing(clinic: Clinic) -> None:
    ben = Walker(clinic.app)
    ben.client = clinic.cast["ben"]
    page = ben.get("/request/history/red-flags")
    while page.path.startswith("/request/history/"):
        page = ben.save(page, HEALTHY[page.path.rpartition("/")[2]])
    page.submit("Agree and continue", {"agree": True}).submit("Send my request")
    ben.proves()
    before = hashes(clinic)

    offer = f"/status/offers/{clinic.offer.id}"
    answers = [
        clinic.call("ben", "POST", f"{offer}/accept/{clinic.visit.id}"),
        clinic.call("ben", "POST", f"{offer}/decline"),
        clinic.call("ben", "POST", f"/status/offers/{uuid4()}/decline"),
    ]

    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert len({re.sub("read out: <bdi>[^<]*", "", answer.text) for answer in answers}) == 1
    assert hashes(clinic) == before


@pytest.mark.proves("CSRF-1")
def test_reading_every_page_as_everybody_changes_no_table(clinic: Clinic) -> None:
    before = hashes(clinic)

    for who in clinic.cast:
        for _endpoint, method, address in clinic.routes:
            if method == "GET":
                clinic.cast[who].get(address)
                clinic.cast[who].head(address)

    assert hashes(clinic) == before


def hashes(clinic: Clinic) -> dict[str, str]:
    """A digest of every column but those of tables in which reading itself is written down."""
    with clinic.app.app_context():
        return {
            column: digest
            for column, digest in full_house.digests().items()
            if column.partition(".")[0] not in CHANGES_BY_READING
        }
