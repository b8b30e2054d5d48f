"""Submits while the workers are killed: what was acknowledged must be stored, once."""

import random
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.client import HTTPException
from typing import Any, TypeVar
from urllib.parse import urlencode
from uuid import UUID

from flask.sessions import SecureCookieSessionInterface
from sqlalchemy import func, select
from werkzeug.test import Client

from clinic.extensions import db
from clinic.models import (
    Act,
    AuditEntry,
    Consent,
    Draft,
    Idempotency,
    Intake,
    Letter,
    Request,
    ScreeningRecord,
)
from tests.support.open_clinic import OpenClinic
from tests.support.page import Form, Page
from tests.support.patients import Patient

CLIENTS = 8
GIVE_UP_SECONDS = 240
RECEIVED, SEND = "request_received", "Send my request"
SEE_OTHER = 303
T = TypeVar("T")


class Told(Exception):
    """The clinic answered something that it should not."""


@dataclass
class Storm:
    """What the storm did, and what the clients were told."""

    acknowledged: dict[UUID, str] = field(default_factory=dict)
    kills: int = 0
    broken: int = 0
    refused: Counter[int] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    seconds: float = 0


def write_drafts(clinic: OpenClinic, number: int) -> list[Patient]:
    """Write requests up to the last page, each in a browser of its own."""
    now = datetime.now(UTC)
    patients = []
    with clinic.app.app_context():
        for n in range(number):
            patient = Patient(name=f"Sam Storm {n}", email=f"storm{n}@example.com")
            patient.begins(now)
            patient.fills_in(now)
            patient.agrees(now)
            patients.append(patient)
    return patients


def rage(clinic: OpenClinic, patients: list[Patient], *, seed: int, acks: tuple[int, int]) -> Storm:
    """Send all requests by several clients; kill every worker after so many answers, again."""
    storm, began = Storm(), time.monotonic()
    lock, over = threading.Lock(), threading.Event()
    killer = threading.Thread(target=_kill, args=(clinic, storm, over, seed, acks), daemon=True)
    killer.start()
    try:
        with ThreadPoolExecutor(CLIENTS) as pool:
            list(pool.map(lambda one: _send(clinic, one, storm, lock), patients))
    finally:
        over.set()
        killer.join()
    clinic.server.wait_until_healthy()
    storm.seconds = time.monotonic() - began
    return storm


def faults(clinic: OpenClinic, patients: Iterable[Patient], storm: Storm) -> list[str]:
    """Compare what was promised with what is stored; each difference is one line."""
    found = list(storm.wrong)
    with clinic.app.app_context():
        db.session.rollback()
        for patient in patients:
            found += _faults_of(patient, storm)
        sent = db.session.scalar(select(func.count()).where(Request.sent_at.is_not(None)))
        if sent != len(storm.acknowledged):
            found.append(f"{sent} requests are sent, {len(storm.acknowledged)} were acknowledged")
        if db.engine.dialect.name == "sqlite":
            answer = db.session.connection().exec_driver_sql("PRAGMA integrity_check").scalar()
            found += [] if answer == "ok" else [f"integrity_check: {answer}"]
    verified = clinic.command("audit", "verify")
    if verified.returncode:
        found.append(f"the trail: {verified.stdout} {verified.stderr}")
    checked = clinic.command("db", "check")
    if checked.returncode:
        found.append(f"the states: {checked.stdout} {checked.stderr}")
    return found


def _faults_of(patient: Patient, storm: Storm) -> list[str]:
    request_id = _id(patient)
    if request_id not in storm.acknowledged:
        return [f"{patient.name} was never answered"]
    request = db.session.get_one(Request, request_id)
    if request.reference not in storm.acknowledged[request_id]:
        return [f"{patient.name} was shown another reference"]
    audit = select(func.count()).where(AuditEntry.subject_id == request_id)
    mine = {
        "intakes": _count(Intake, request_id=request_id),
        "screenings": _count(ScreeningRecord, request_id=request_id),
        "consents": _count(Consent, request_id=request_id),
        "letters": _count(Letter, request_id=request_id, kind=RECEIVED),
        "facts": _count(Act, request_id=request_id, track="desk", act="send"),
        "entries": db.session.scalar(audit.where(AuditEntry.act == "desk.send")),
        "keys": _count(Idempotency, purpose="send", made_id=request_id),
        "drafts left": _count(Draft, request_id=request_id) + 1,
    }
    return [f"{patient.name}: {count} {what}" for what, count in mine.items() if count != 1]


def _count(table: Any, **values: object) -> int:
    query = select(func.count()).select_from(table).filter_by(**values)
    return int(db.session.scalar(query) or 0)


def _kill(
    clinic: OpenClinic, storm: Storm, over: threading.Event, seed: int, acks: tuple[int, int]
) -> None:
    dice = random.Random(seed)  # noqa: S311 - a storm that can be had again, not a secret
    while not over.is_set():
        target = len(storm.acknowledged) + dice.randint(*acks)
        while len(storm.acknowledged) < target and not over.wait(0.005):
            pass
        over.wait(dice.uniform(0, 0.08))
        if not over.is_set():
            clinic.server.kill_workers()
            storm.kills += 1


def _send(clinic: OpenClinic, patient: Patient, storm: Storm, lock: threading.Lock) -> None:
    client = clinic.client()
    client.set_cookie("visit", cookie(clinic, patient.browser))
    try:
        form = _until_answered(storm, lambda: _form(client))
        for _ in range(2):  # the second press is the finger that did not wait
            _until_answered(storm, lambda: _press(client, form, storm))
        shown = _until_answered(storm, lambda: _read(client))
    except Told as wrong:
        storm.wrong.append(f"{patient.name}: {wrong}")
        return
    with lock:
        storm.acknowledged[_id(patient)] = shown


def cookie(clinic: OpenClinic, browser: str) -> str:
    """Sign the cookie of a browser, as the app does."""
    interface = clinic.app.session_interface
    assert isinstance(interface, SecureCookieSessionInterface)
    serializer = interface.get_signing_serializer(clinic.app)
    assert serializer is not None
    return str(serializer.dumps({"browser": browser, "_permanent": True}))


def _until_answered(storm: Storm, ask: Callable[[], T]) -> T:
    give_up = time.monotonic() + GIVE_UP_SECONDS
    while time.monotonic() < give_up:
        try:
            return ask()
        except (OSError, HTTPException):
            storm.broken += 1
            time.sleep(0.05)
    raise Told("nobody answered any more")


def _form(client: Client) -> Form:
    page = Page.get(client, "/request/check")
    _raise_for(page.status)
    return page.form(SEND)


def _press(client: Client, form: Form, storm: Storm) -> None:
    headers = {"Referer": form.page.address}
    kind = "application/x-www-form-urlencoded"
    body = urlencode(form.data)
    answer = client.post("/request/send", data=body, content_type=kind, headers=headers)
    if answer.status_code != SEE_OTHER:
        storm.refused[answer.status_code] += 1
    _raise_for(answer.status_code)
    if not str(answer.location).endswith("/request/sent"):
        raise Told(f"{answer.status_code}, sent on to {answer.location}")


def _read(client: Client) -> str:
    page = Page.get(client, "/request/sent")
    _raise_for(page.status)
    found = re.search(r"[0-9A-Z]{4}-[0-9A-Z]{4}", page.text)
    if found is None:
        raise Told(f"no reference on {page.path} ({page.status})")
    return found.group()


def _raise_for(status: int) -> None:
    """A server that is ill may be asked again; any other refusal is an answer."""
    if status >= 500:
        raise HTTPException(str(status))
    if status >= 400:
        raise Told(f"answered {status}")


def _id(patient: Patient) -> UUID:
    assert patient.request_id is not None
    return patient.request_id
