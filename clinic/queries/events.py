"""Everything that happened to a request, as rows for its timeline.

Never an answer, a condition or a finding: a screening and a decision show as events with their
outcome, clinical notes do not show at all.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby
from uuid import UUID

from sqlalchemy import select

from clinic.access import ActorKind
from clinic.booking import lifecycle, mail
from clinic.booking.lifecycle import Track
from clinic.extensions import db
from clinic.models import (
    Act,
    Attempt,
    AuditEntry,
    Intake,
    Letter,
    Note,
    PhoneEntry,
    Request,
    ScreeningRecord,
)

# Told by rows of their own, with more to say.
UNTOLD = {(Track.DESK, "try contact"), (Track.DESK, "reach"), (Track.DESK, "send")}
UNTOLD |= {(Track.DESK, f"back to {where}") for where in ("new", "contact", "waiting", "ready")}
UNTOLD |= {(track, "start") for track in Track} | {(Track.APPOINTMENT, "hold")}
NEWER_RULES, DATE_PASSED = "newer rules", "date passed"
BY_A_DAY = (DATE_PASSED, "delay is over", "no answer")
SHOWN_PARTS = ("until", "because", "reason")
READINGS = {
    "code.accepted": "patient",
    "history.opened": "history",
    "alert.acknowledged": "alert taken up",
    "alert.escalated": "alert escalated",
    "alert.closed": "alert closed",
    "request.screened_again": NEWER_RULES,
}


@dataclass(frozen=True)
class Event:
    """One thing that happened: a kind and its words' parts, no sentence."""

    at: datetime
    kind: str
    code: str
    by: str | None = None
    text: str | None = None
    parts: dict[str, str] = field(default_factory=dict)
    position: int = 0


def of(request: Request, names: dict[UUID, str], *, sees: bool) -> tuple[Event, ...]:
    """List everything that happened, the newest first; notes and calls for who may see them."""
    found = [*_acts(request, names, sees=sees), *_intakes(request), *_screenings(request)]
    found += [*_letters(request, sees=sees), *_readings(request, names)]
    found += [*_skipped(request), *_keyed(request, names)]
    if sees:
        found += [*_attempts(request, names), *_notes(request, names)]
    found.sort(key=lambda one: (one.at, one.position, one.kind), reverse=True)
    return tuple(_told_once(found))


def _acts(request: Request, names: dict[UUID, str], *, sees: bool) -> Iterator[Event]:
    query = select(Act).where(Act.request_id == request.id).order_by(Act.position)
    for act in db.session.scalars(query):
        if (act.track, act.act) in UNTOLD:
            continue
        # Details of clinical acts stay with the therapists; the outcome is the act itself.
        detail = (act.detail or {}) if act.track == Track.DESK else {}
        shown = (*SHOWN_PARTS, "words") if sees else SHOWN_PARTS
        parts = {key: str(detail[key]) for key in shown if key in detail}
        parts |= _why(act)
        yield Event(
            act.at,
            act.track,
            act.act,
            by=done_by(act, names),
            parts={"to": act.to_state, "actor": act.actor_kind, **parts},
            position=act.position,
        )


def _why(act: Act) -> dict[str, str]:
    """Say that a day brought it back, where one did; other reasons stay with the therapists."""
    why = str((act.detail or {}).get("why", "")) if act.track == Track.CLINICAL else ""
    return {"why": why} if why in BY_A_DAY else {}


def done_by(act: Act, names: dict[UUID, str]) -> str | None:
    """Name the member of staff who did an act; None for the patient and the clockwork."""
    return names.get(act.actor_id) if act.actor_kind == ActorKind.STAFF and act.actor_id else None


def _intakes(request: Request) -> Iterator[Event]:
    query = select(Intake.sent_at, Intake.number, Intake.answered_by).where(
        Intake.request_id == request.id
    )
    for sent_at, number, answered_by in db.session.execute(query):
        yield Event(sent_at, "intake", answered_by, parts={"number": str(number)})


def _screenings(request: Request) -> Iterator[Event]:
    query = select(ScreeningRecord.made_at).where(ScreeningRecord.request_id == request.id)
    for made_at in db.session.scalars(query):
        yield Event(made_at, "screening", "made")


def _attempts(request: Request, names: dict[UUID, str]) -> Iterator[Event]:
    query = select(Attempt).where(Attempt.request_id == request.id)
    gone = taken_back(request)
    for tried in db.session.scalars(query):
        parts = {"number": tried.number or ""}
        parts |= {"mistaken": "yes"} if tried.id in gone else {}
        if tried.next_try_on is not None:
            parts["next"] = tried.next_try_on.isoformat()
        yield Event(tried.at, "attempt", tried.outcome, by=names.get(tried.by_id), parts=parts)


def _notes(request: Request, names: dict[UUID, str]) -> Iterator[Event]:
    query = select(Note).where(Note.request_id == request.id, Note.kind == "desk")
    for note in db.session.scalars(query):
        yield Event(note.at, "note", "desk", by=names.get(note.by_id), text=note.body)


def _letters(request: Request, *, sees: bool) -> Iterator[Event]:
    query = select(Letter).where(Letter.request_id == request.id)
    for letter in db.session.scalars(query):
        by_phone = letter.state == "dropped" and letter.last_error == mail.TOLD_BY_PHONE
        state = mail.TOLD_BY_PHONE if by_phone else letter.state
        subject = letter.subject if sees and letter.kind == "desk_letter" else None
        at = letter.sent_at or letter.queued_at
        yield Event(at, "letter", state, text=subject, parts={"letter": letter.kind})


def _skipped(request: Request) -> Iterator[Event]:
    """Tell which letters had no address to go to, so that the patient is told by phone."""
    query = select(AuditEntry.at, AuditEntry.detail, AuditEntry.number).where(
        AuditEntry.subject_id == request.id, AuditEntry.act == "letter.skipped"
    )
    for at, detail, number in db.session.execute(query):
        kind = json.loads(detail)["kind"]
        yield Event(at, "letter", "skipped", parts={"letter": kind}, position=number)


def _keyed(request: Request, names: dict[UUID, str]) -> Iterator[Event]:
    """Tell who wrote the answers for the patient, and how they came: call, paper, at the desk."""
    query = select(PhoneEntry).where(PhoneEntry.request_id == request.id)
    for entry in db.session.scalars(query):
        yield Event(entry.started_at, "keyed", entry.channel, by=names.get(entry.by_id))


def _readings(request: Request, names: dict[UUID, str]) -> Iterator[Event]:
    """Tell when the patient opened the page by a mailed code, and when staff read the history."""
    known = AuditEntry.subject_id == request.id, AuditEntry.act.in_(READINGS)
    for entry in db.session.scalars(select(AuditEntry).where(*known)):
        code = READINGS[entry.act]
        if code == NEWER_RULES and json.loads(entry.detail).get("why") == DATE_PASSED:
            code = DATE_PASSED
        by = names.get(entry.actor_id) if entry.actor_id else None
        yield Event(entry.at, "read", code, by=by, position=entry.number)


def _told_once(events: Iterable[Event]) -> Iterator[Event]:
    """Tell once how often one person read the history in a row; the trail keeps each time."""
    for (kind, code, by), alike in groupby(events, key=lambda one: (one.kind, one.code, one.by)):
        rows = list(alike)
        if (kind, code) == ("read", "history") and by and len(rows) > 1:
            yield replace(rows[0], parts={"times": str(len(rows))})
        else:
            yield from rows


def taken_back(request: Request) -> frozenset[UUID]:
    """Name the attempts that were recorded by mistake: they count for nothing."""
    query = select(Act).where(Act.request_id == request.id, Act.act == lifecycle.TAKEN_BACK)
    return frozenset(UUID(hex=(act.detail or {})["attempt"]) for act in db.session.scalars(query))
