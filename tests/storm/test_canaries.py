"""A whole journey whose every typed value can be told apart; none is found where it is kept."""

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url
from werkzeug.test import Client

from tests.support import databases, open_clinic
from tests.support.open_clinic import OpenClinic
from tests.support.page import Page
from tests.support.search import found
from tests.support.signing_in import PASSWORD, sign_in
from tests.web.patient.walking import HEALTHY, Walker, page_with

PERSON = {
    "name": "Quorinda Vexfield",
    "birth_date-month": "11",
    "birth_date-day": "13",
    "birth_date-year": "1957",
    "phone": "(212) 555-0187",
    "email": "quorinda.vexfield@example.com",
}
ANSWERS = {
    "free_text.hopes": "to carry the zitherquill upstairs",
    "free_text.anything-else": "my marmosetto bites me at night",
    "medicines": "warfarin from Dr. Bramblewick",
    "lymph-node-removal.when": "the winter of the gloomfather",
}
TIMES = "never during my glockenspiel hour"
SECOND_PHONE, SECOND_EMAIL = "(212) 555-0188", "vexfield.anew@example.com"
DESK_NOTE = "rings twice because of the parrotdoor"
REASON = "The specialist wrote about the thimbleroot."
CLINICAL_NOTE = "Winces when the humblespoon is mentioned."
TOPICS: dict[str, dict[str, Any]] = {
    **HEALTHY,
    "medicines": page_with(
        "medicines", **{"medicines": ANSWERS["medicines"], "medicines-unsure": False}
    ),
    "heart": {
        **page_with("heart"),
        "lymph-node-removal": "yes",
        "lymph-node-removal.extent": "many",
        "lymph-node-removal.when": ANSWERS["lymph-node-removal.when"],
        "lymph-node-removal.place": ["armpit"],
        "lymph-node-removal.side": "left",
    },
}


@dataclass
class Journey:
    """One request gone all the way, and everything that was typed or handed out on it."""

    clinic: OpenClinic
    reference: str = ""
    secrets: list[str] = field(default_factory=list)
    desk: Client | None = None

    @property
    def typed(self) -> list[str]:
        """Every value, also in the form in which it is kept."""
        values = [PERSON["name"], PERSON["phone"], PERSON["email"], TIMES, *ANSWERS.values()]
        values += [SECOND_PHONE, SECOND_EMAIL, DESK_NOTE, REASON, CLINICAL_NOTE]
        values += ["Quorinda", "Vexfield", "Bramblewick", "zitherquill", "marmosetto"]
        values += ["1957-11-13", "+12125550187", "2125550188", PASSWORD]
        values += [person.secret for person in self.clinic.staff.values()]
        return values + self.secrets


@pytest.fixture(scope="module", params=databases.KINDS)
def journey(request: pytest.FixtureRequest) -> Iterator[Journey]:
    with databases.fresh_database(request.param) as url:
        if request.param == "postgresql":
            _log_every_statement(url)
        with open_clinic.running_on(url, log_level="DEBUG") as clinic:
            whole = Journey(clinic)
            _asks(whole)
            _is_worked_on(whole)
            _decides_and_accepts(whole)
            yield whole


def _asks(journey: Journey) -> None:
    walker = Walker(journey.clinic.app)
    walker.client = journey.clinic.client()
    page = walker.begins(**PERSON)
    where = {
        "wanted_regions": ["knee-left"],
        "times": TIMES,
        "free_text.hopes": ANSWERS["free_text.hopes"],
        "free_text.anything-else": ANSWERS["free_text.anything-else"],
    }
    page = walker.save(page, where)
    while page.path.startswith("/request/history/"):
        page = walker.save(page, TOPICS[page.path.rpartition("/")[2]])
    sent = page.submit("Agree and continue", {"agree": True}).submit("Send my request")
    assert sent.heading == "We have your request", sent.text
    mailed = sent.submit("Mail me a code")
    proved = mailed.submit("Check the code", code=journey.clinic.code(PERSON["email"]))
    found_reference = re.search(r"[0-9A-Z]{4}-[0-9A-Z]{4}", proved.text)
    assert found_reference is not None
    journey.reference = found_reference.group()
    for letter in journey.clinic.smtp.to(PERSON["email"]):
        journey.secrets += [link.rpartition("/")[2] for link in letter.links if "/r/" in link]
    assert journey.secrets
    visit = walker.client.get_cookie("visit")
    assert visit is not None
    journey.secrets.append(visit.value)


def _is_worked_on(journey: Journey) -> None:
    client = journey.clinic.client()
    sign_in(client, journey.clinic.staff["desk"])
    held = client.get_cookie("staff")
    assert held is not None
    journey.secrets.append(held.value)
    page = Page.get(client, f"/staff/requests/{journey.reference}").submit("Claim")
    page = page.submit("Reached", {"attempt-number": SECOND_PHONE})
    page = page.submit("Keep this note", {"note-body": DESK_NOTE})
    changed = page.follow("Correct details").submit(
        "Save the details", {"phone": SECOND_PHONE, "email": SECOND_EMAIL}
    )
    page = changed.submit("Address read back and right")
    assert page.status == 200, page.text
    Page.get(client, "/staff/", query_string={"q": "Quorinda Vexfield"})
    journey.desk = client


def _decides_and_accepts(journey: Journey) -> None:
    client = journey.clinic.client()
    sign_in(client, journey.clinic.staff["therapist"])
    page = Page.get(client, f"/staff/review/{journey.reference}")
    assert "Bramblewick" in page.text
    page = page.submit("Add a clinical note", {"body": CLINICAL_NOTE})
    each = [name for name in page.values if name.startswith("overrides-")]
    page = page.submit(
        "Sign this decision",
        {
            **{name: "specialist_agreed" for name in each if name.endswith("-code")},
            **{name: REASON for name in each if name.endswith("-reason")},
            "decision": "clear",
            "reason": REASON,
            **({} if each else {"grounds": "specialist_agreed"}),
            "regions": ["knee-left"],
        },
    )
    assert "In force" in page.text, page.errors
    theo, place = journey.clinic.staff["therapist"].id, journey.clinic.place_id
    assert journey.desk is not None
    offer = Page.get(
        journey.desk,
        f"/staff/requests/{journey.reference}/offer",
        query_string={"therapist": str(theo), "location": str(place), "kind": "needling"},
    )
    times = offer.soup.find_all("input", {"name": "starts"})
    held = offer.submit("Hold and offer", {"starts": str(times[-1]["value"])})
    assert held.submit("Patient says yes").status == 200
    journey.clinic.letter(SECOND_EMAIL, "your appointment is confirmed")


def _log_every_statement(url: str) -> None:
    name = make_url(url).database
    with psycopg.connect(_plain(url), autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {name} SET log_statement = 'all'".encode())
        connection.execute(f"ALTER DATABASE {name} SET log_error_verbosity = 'verbose'".encode())


def _plain(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def places(journey: Journey) -> dict[str, bytes]:
    """Everything in which the clinic leaves bytes behind."""
    url, environment = journey.clinic.url, journey.clinic.server.environment
    limits = Path(environment["NEEDLEPOINT_LIMITS_URL"].partition(":///")[2])
    folders = [limits.with_name(limits.name + end) for end in ("", "-wal", "-shm")]
    if url.startswith("sqlite"):
        file = databases.sqlite_file(url)
        folders += sorted(file.parent.iterdir())
    else:
        folders += _server_files(url)
    kept = {str(path): path.read_bytes() for path in folders if path.is_file()}
    return {**kept, "the log": journey.clinic.logs().encode()}


def _server_files(url: str) -> list[Path]:
    with psycopg.connect(_plain(url), autocommit=True) as connection:
        connection.execute("CHECKPOINT")
        row = connection.execute("SHOW data_directory").fetchone()
    assert row is not None
    data = Path(row[0])
    assert data.is_dir(), "the server's files cannot be read from here"
    oid = _oid(url)
    return [*(data / "base" / oid).iterdir(), *(data / "pg_wal").iterdir(), data.parent / "log"]


def _oid(url: str) -> str:
    with psycopg.connect(_plain(url)) as connection:
        query = "SELECT oid FROM pg_database WHERE datname = current_database()"
        row = connection.execute(query).fetchone()
    assert row is not None
    return str(row[0])


@pytest.mark.proves("CRY-1", "LOG-1")
def test_nothing_that_was_typed_can_be_found_where_it_is_kept(journey: Journey) -> None:
    kept = places(journey)

    assert len(kept) >= 4
    plain = [place for place, content in kept.items() if found("Main Street", content)]
    assert plain, "looked in the wrong place: not even the plain name of the location is there"
    left = [
        f"{value!r} in {place}"
        for place, content in kept.items()
        for value in journey.typed
        if found(value, content)
    ]
    assert left == []


@pytest.mark.proves("CRY-7")
def test_no_key_can_be_found_where_things_are_kept_or_shown(journey: Journey) -> None:
    server, client = journey.clinic.server, journey.clinic.client()
    kept = places(journey)
    kept["a page that is not there"] = client.get("/no-such-page").data
    kept["the command lines"] = b"".join(
        Path(f"/proc/{number}/cmdline").read_bytes() for number in server.worker_ids()
    )
    names = ("DATA_KEYS", "LOOKUP_KEY", "AUDIT_KEY", "SECRET_KEY", "PASSWORD_SALT")
    values = [server.environment[f"NEEDLEPOINT_{name}"].rpartition(":")[2] for name in names]
    keys = [base64.b64decode(value) for value in values[:3]]

    assert [place for place, held in kept.items() for value in values if found(value, held)] == []
    assert [place for place, held in kept.items() for key in keys if key in held] == []
    assert [
        place for place, held in kept.items() for key in keys if key.hex().encode() in held
    ] == []


@pytest.mark.proves("MAIL-5")
def test_letters_hold_no_answer_and_no_more_than_a_first_name(journey: Journey) -> None:
    letters = journey.clinic.smtp.letters
    assert len(letters) >= 4

    private = [*ANSWERS.values(), "Vexfield", "Bramblewick", TIMES, DESK_NOTE, REASON]
    private += [CLINICAL_NOTE, "warfarin", "lymph", "Theo Therapist"]
    said = [f"{letter.subject}\n{letter.text}\n{letter.html}" for letter in letters]
    assert [word for word in private for text in said if word.lower() in text.lower()] == []


@pytest.mark.proves("AZ-5")
def test_the_front_desk_is_shown_no_answer_on_any_of_its_pages(journey: Journey) -> None:
    assert journey.desk is not None
    request = f"/staff/requests/{journey.reference}"
    paths = ["/staff/", "/staff/queue.json", "/staff/?folder=booked", "/staff/?q=Quorinda"]
    paths += [request, f"{request}/contact", f"{request}/offer", "/staff/calendar/"]
    paths += [f"/staff/review/{journey.reference}", "/staff/account"]

    for path in paths:
        answer = journey.desk.get(path)
        text = answer.text + json.dumps(dict(answer.headers))
        private = [*ANSWERS.values(), "warfarin", "Bramblewick", "armpit", REASON, CLINICAL_NOTE]
        assert [word for word in private if word.lower() in text.lower()] == [], path
    assert journey.desk.get(f"/staff/review/{journey.reference}").status_code == 403


@pytest.mark.proves("AUD-4")
def test_the_trail_is_whole_and_holds_no_content(journey: Journey) -> None:
    verified = journey.clinic.command("audit", "verify")
    checked = journey.clinic.command("db", "check")

    assert (verified.returncode, verified.stderr) == (0, "")
    assert checked.returncode == 0, checked.stdout + checked.stderr
