"""A made-up clinic with many stored intakes, in a folder of its own.

They are sealed and hold their screening as patients' do, in requests that are closed, as most of
a clinic's are. The rest of a request's path is left out (its facts, its letters, its entries in
the trail), so that a hundred thousand are there within minutes.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from flask import Flask

from bench import intakes as drawn
from bench.intakes import AS_OF, ASKED
from clinic import config, contact
from clinic.access import SYSTEM, Actor, Role
from clinic.app import create_app
from clinic.commands import cores, demo_clinic
from clinic.commands.progress import Progress
from clinic.extensions import db, vault
from clinic.models import Intake, Request, RulesetDraft, ScreeningRecord
from clinic.screening import outcome, rules
from clinic.sealing import new_key
from clinic.services import rulesets, screenings
from clinic.services.rulesets import ItemChange
from clinic.services.transaction import Work, writes

NOW = datetime.combine(AS_OF, time(18), UTC)
A_PART = 500  # stored in one transaction
DRAFTED = (  # some move to a graver level, some to a milder one
    ItemChange("low-bmi", values={"low-bmi.slim": 26}),
    ItemChange("frailty", values={"frailty.note-from": 84}),
)


@dataclass(frozen=True)
class Clinic:
    """A clinic to measure: its app, the environment of its commands, and its lead therapist."""

    app: Flask
    environment: dict[str, str]
    lead: Actor


def settings(folder: Path) -> dict[str, str]:
    """Write the settings of a clinic in this folder, and return the environment that names them."""
    values = {
        "MODE": "demo",
        "PUBLIC_BASE_URL": "http://localhost:8000",
        "DATABASE_URL": f"sqlite:///{folder / 'clinic.sqlite3'}",
        "LIMITS_URL": f"sqlite-limits:///{folder / 'limits.sqlite3'}",
        "SECRET_KEY": secrets.token_urlsafe(48),
        "PASSWORD_SALT": secrets.token_urlsafe(48),
        "DATA_KEYS": f"k1:{new_key()}",
        "LOOKUP_KEY": new_key(),
        "AUDIT_KEY": new_key(),
        "CLINIC_NAME": "Willow Demo Clinic",
        "CLINIC_PHONE": "+1 206 555 0100",
        "ALERT_EMAIL": "alerts@example.com",
        "MAIL_FROM": "clinic@example.com",
        "SMTP_PORT": "9",
        "SMTP_SECURITY": "plain",
        "HASH_MEMORY_KIB": "19456",
    }
    file = folder / "settings.env"
    file.touch(mode=0o600)
    file.write_text("".join(f"{config.PREFIX}{name}={one}\n" for name, one in values.items()))
    return {**os.environ, config.FILE_VARIABLE: str(file)}


def clinic(folder: Path, count: int) -> Clinic:
    """Make a clinic with so many stored intakes; what ships is in force there."""
    environment = settings(folder)
    subprocess.run(
        [sys.executable, "-m", "clinic.app", "db", "upgrade"], env=environment, check=True
    )
    app = create_app(config.load(environment))
    with app.app_context():
        _, people, _ = demo_clinic.found(NOW - timedelta(days=1))
        _store(count)
    return Clinic(app, environment, people[Role.LEAD_THERAPIST])


def draft(clinic: Clinic) -> str:
    """Let the lead therapist draft a version that moves some; return its hash."""
    lead = clinic.lead
    with clinic.app.app_context():
        draft_id = rulesets.begin(lead, NOW, rulesets.FILES, key=secrets.token_hex(16))
        for number, change in enumerate(DRAFTED, start=1):
            rulesets.change(lead, NOW, draft_id, change, seen=number)
        return db.session.get_one(RulesetDraft, draft_id).hash


def _store(count: int) -> None:
    progress, done = Progress("Intakes stored"), 0
    parts = cores.parts(enumerate(intake for _, intake in drawn.intakes(count)), A_PART)
    for part in cores.each_in_order(_screened, parts, prepare=_prepare):
        _store_part(SYSTEM, NOW, part)
        db.session.remove()
        done += len(part)
        progress.at(done, count)


@dataclass(frozen=True)
class _Screened:
    """An intake and what came out, as a process hands them on."""

    number: int
    answers: dict[str, Any]
    level: str
    lapses_on: date | None
    result: str


def _prepare() -> None:
    rules.shipped_rules()


def _screened(part: Sequence[tuple[int, dict[str, Any]]]) -> list[_Screened]:
    ruleset, found = rules.shipped_rules(), []
    for number, answers in part:
        screening = outcome.screen(ASKED, ruleset, answers, as_of=AS_OF)
        lapses = [one.lapses_on for one in screening.findings if one.lapses_on]
        result, lapse = screening.as_bytes().decode(), min(lapses, default=None)
        found.append(_Screened(number, answers, screening.level.value, lapse, result))
    return found


@writes
def _store_part(work: Work, part: Sequence[_Screened]) -> None:
    screenings.keep_questionnaire(work, ASKED)
    requests = [_request(work, one) for one in part]
    intakes = [_intake(work, *pair) for pair in zip(requests, part, strict=True)]
    records = [_record(work, *pair) for pair in zip(intakes, part, strict=True)]
    for rows in (requests, intakes, records):  # each refers to those before
        work.session.add_all(rows)
        work.session.flush()


def _request(work: Work, one: _Screened) -> Request:
    address = f"patient-{one.number}@example.com"
    return Request(
        reference=contact.reference(one.number.to_bytes(contact.REFERENCE_RANDOM_BYTES)),
        created_at=work.now,
        sent_at=work.now,
        language=ASKED.language,
        desk_state="closed",
        closed_reason="no_reply",
        clinical_state="not_needed" if one.level in ("none", "precaution") else "needs_review",
        level=one.level,
        name=f"Sample Patient {one.number}",
        birth_date=one.answers["minor"],
        email=address,
        email_digest=vault.ring.digest("email", contact.email_key(address)),
        regions=one.answers["wanted_regions"],
    )


def _intake(work: Work, request: Request, one: _Screened) -> Intake:
    hopes = {"hopes": one.answers["free_text.hopes"]}
    plain = {key: value for key, value in one.answers.items() if key != "free_text.hopes"}
    return Intake(
        request_id=request.id,
        number=1,
        questionnaire_hash=ASKED.hash,
        language=ASKED.language,
        answered_by="patient",
        complete=True,
        answers={**plain, "free_text": hopes},
        sent_at=work.now,
    )


def _record(work: Work, intake: Intake, one: _Screened) -> ScreeningRecord:
    return ScreeningRecord(
        request_id=intake.request_id,
        intake_id=intake.id,
        ruleset_hash=rules.shipped_rules().hash,
        as_of=AS_OF,
        made_at=work.now,
        level=one.level,
        lapses_on=one.lapses_on,
        result=one.result,
    )
