"""A therapist's decisions, and the clearances that follow from them.

A decision is signed on the newest intake and its newest screening. Needling may be offered only
under the clearance that a decision makes; whatever ends a clearance takes its offers back and
puts its appointments on "call today" in the same transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from clinic.access import Permission
from clinic.booking.lifecycle import Track
from clinic.extensions import site
from clinic.models import (
    Attempt,
    Clearance,
    Intake,
    Location,
    Note,
    Request,
    Review,
    ScreeningRecord,
)
from clinic.screening import regions
from clinic.screening.levels import Level
from clinic.screening.outcome import Screening
from clinic.services import offering, tracks
from clinic.services.transaction import ChangedUnderneath, Work, writes

CLEARING = ("clear", "clear with limits")
OVERRIDE_CODES = (
    "asked_again",
    "prescriber_agreed",
    "specialist_agreed",
    "result_seen",
    "away_from_blocked_regions",
    "benefit_outweighs",
)
TECHNIQUES = ("no_electrical_stimulation", "superficial_only", "few_needles", "uncoated_needles")
POSITIONS = ("lying_down", "not_face_down", "side_lying")
LEAST_REASON = 10  # letters: a sentence, not a dash


class CannotDecide(Exception):
    """The decision does not fit: one line that says what to do."""

    def __init__(self, problem: str, field_name: str = "decision") -> None:
        super().__init__(problem)
        self.problem, self.field_name = problem, field_name


@dataclass(frozen=True)
class Decision:
    """What a therapist signs."""

    decision: str
    intake_id: UUID
    reason_code: str | None = None
    reason: str = ""
    regions: Sequence[str] = ()
    technique: Sequence[str] = ()
    positions: Sequence[str] = ()
    not_before: date | None = None
    valid_until: date | None = None
    note: str = field(default="", repr=False)


@writes
def decide(work: Work, request_id: UUID, *, signed: Decision, seen: int) -> UUID:
    """Sign a decision on the newest intake; return the review's id, or raise CannotDecide."""
    work.actor.require(Permission.DECIDE)
    request = tracks.load(work, request_id, seen=seen)
    intake, screening = newest(work, request)
    if intake.id != signed.intake_id:
        raise ChangedUnderneath
    today = day_at(work, request)
    if signed.decision in CLEARING:
        _check_override(request, Screening.from_json(screening.result), signed)
    if signed.decision == "delay" and (signed.not_before is None or signed.not_before <= today):
        raise CannotDecide("not_before_missing", "not_before")
    review = _sign(work, request, intake, screening, signed)
    _end_live(work, request, ended_by="decision")
    tracks.move(work, request, Track.CLINICAL, signed.decision, detail={"review": review.id.hex})
    request.not_before = signed.not_before
    if signed.decision in CLEARING:
        _clear(work, request, intake, screening, review=review, signed=signed, today=today)
        if request.call_today == "clearance_ended":
            request.call_today = None
    return review.id


@writes
def withdraw(work: Work, request_id: UUID, *, seen: int) -> None:
    """Withdraw the live clearance; the request needs a new decision."""
    work.actor.require(Permission.DECIDE)
    request = tracks.load(work, request_id, seen=seen)
    if not _end_live(work, request, ended_by="withdrawal"):
        raise CannotDecide("no_live_clearance")
    tracks.move(work, request, Track.CLINICAL, "need review", detail={"why": "withdrawal"})


@writes
def close_urgent(work: Work, request_id: UUID, *, note: str, seen: int) -> None:
    """Close an urgent flag after a recorded call that reached the patient, or with a note."""
    work.actor.require(Permission.DECIDE)
    request = tracks.load(work, request_id, seen=seen)
    if not request.urgent_open:
        raise CannotDecide("not_urgent")
    if not _reached_since_urgent(work, request) and len(note.strip()) < LEAST_REASON:
        raise CannotDecide("call_or_note_missing", "note")
    request.urgent_open = False
    if request.call_today == "urgent":
        request.call_today = None
    if note.strip():
        _note(work, request, note)
    work.audit("urgent.closed", "request", request.id)


@writes
def add_note(work: Work, request_id: UUID, *, body_text: str) -> UUID:
    """Add a clinical note, which only therapists read."""
    work.actor.require(Permission.SEE_HISTORY)
    return _note(work, tracks.load(work, request_id), body_text)


@writes
def lapse_due(work: Work) -> int:
    """End the clearances whose last day is over; their requests need review again."""
    query = select(Clearance).where(Clearance.ended_at.is_(None)).order_by(Clearance.id)
    ended = 0
    for clearance in work.session.scalars(query).all():
        request = tracks.load(work, clearance.request_id)
        if clearance.valid_until >= day_at(work, request):
            continue
        _end_live(work, request, ended_by="date")
        tracks.move(work, request, Track.CLINICAL, "need review", detail={"why": "lapsed"})
        ended += 1
    return ended


@writes
def wake_delayed(work: Work) -> int:
    """Bring delayed requests back for review on the day that the therapist set."""
    query = select(Request.id).where(
        Request.clinical_state == "delayed", Request.not_before.is_not(None)
    )
    woken = 0
    for request_id in work.session.scalars(query.order_by(Request.id)).all():
        request = tracks.load(work, request_id)
        if request.not_before is None or request.not_before > day_at(work, request):
            continue
        tracks.move(work, request, Track.CLINICAL, "need review", detail={"why": "delay over"})
        request.back_since = work.now
        woken += 1
    return woken


def newest(work: Work, request: Request) -> tuple[Intake, ScreeningRecord]:
    """Return the newest intake and its newest screening, or raise CannotDecide."""
    intake = work.session.scalars(
        select(Intake).where(Intake.request_id == request.id).order_by(Intake.number.desc())
    ).first()
    if intake is None:
        raise CannotDecide("no_history")
    screening = work.session.scalars(
        select(ScreeningRecord)
        .where(ScreeningRecord.intake_id == intake.id)
        .order_by(ScreeningRecord.made_at.desc(), ScreeningRecord.id)
    ).first()
    if screening is None:
        raise CannotDecide("no_screening")
    return intake, screening


def intake_changed(work: Work, request: Request) -> None:
    """End the live clearance because a newer intake gave another result."""
    _end_live(work, request, ended_by="newer_intake")


def day_at(work: Work, request: Request) -> date:
    """Return today's date at the request's location, or at the clinic's first one."""
    return work.now.astimezone(zone_of(work, request)).date()


def zone_of(work: Work, request: Request) -> ZoneInfo:
    """Return the zone of the request's location, or of the clinic's first one."""
    query = select(Location.zone).order_by(Location.active.desc(), Location.name, Location.id)
    if request.location_id is not None:
        query = query.where(Location.id == request.location_id)
    zone = work.session.scalars(query).first()
    return ZoneInfo(zone or "UTC")


def _check_override(request: Request, screening: Screening, signed: Decision) -> None:
    if request.urgent_open:
        raise CannotDecide("close_urgent_first")
    if any(not finding.overridable for finding in screening.findings):
        raise CannotDecide("guardian_consent_missing")
    if not signed.regions:
        raise CannotDecide("regions_missing", "regions")
    if not set(signed.regions) <= set(regions.shipped().ids):
        raise CannotDecide("regions_unknown", "regions")
    if screening.level < Level.RELATIVE:
        return
    if signed.reason_code not in OVERRIDE_CODES:
        raise CannotDecide("reason_code_missing", "reason_code")
    if len(signed.reason.strip()) < LEAST_REASON:
        raise CannotDecide("reason_missing", "reason")


def _sign(
    work: Work, request: Request, intake: Intake, screening: ScreeningRecord, signed: Decision
) -> Review:
    if work.actor.id is None:
        raise CannotDecide("nobody_signed_in")
    review = Review(
        request_id=request.id,
        intake_id=intake.id,
        screening_id=screening.id,
        decision=signed.decision,
        reason_code=signed.reason_code,
        reason=signed.reason.strip() or None,
        limits=_limits(signed),
        valid_from=signed.not_before,
        valid_until=signed.valid_until,
        signed_name=work.actor.name,
        signed_by_id=work.actor.id,
        signed_at=work.now,
    )
    work.session.add(review)
    work.session.flush()
    if signed.note.strip():
        _note(work, request, signed.note)
    work.audit("review.signed", "review", review.id, decision=signed.decision)
    return review


def _clear(
    work: Work,
    request: Request,
    intake: Intake,
    screening: ScreeningRecord,
    *,
    review: Review,
    signed: Decision,
    today: date,
) -> None:
    first = max(today, signed.not_before or today)
    sent_on = intake.sent_at.astimezone(zone_of(work, request)).date()
    latest = sent_on + timedelta(days=site.settings.intake_days)
    last = min(signed.valid_until or latest, latest)
    if last < first:
        raise CannotDecide("dates_do_not_fit", "valid_until")
    clearance = Clearance(
        request_id=request.id,
        origin="review",
        intake_id=intake.id,
        screening_id=screening.id,
        review_id=review.id,
        valid_from=first,
        valid_until=last,
        limits=_limits(signed),
        made_at=work.now,
    )
    work.session.add(clearance)
    work.session.flush()
    work.audit("clearance.made", "clearance", clearance.id, request=request.id.hex)
    offering.clearance_made(work, request)


def _end_live(work: Work, request: Request, *, ended_by: str) -> bool:
    query = select(Clearance).where(
        Clearance.request_id == request.id, Clearance.ended_at.is_(None)
    )
    clearance = work.session.scalars(query.with_for_update()).first()
    if clearance is None:
        return False
    clearance.ended_at, clearance.ended_by = work.now, ended_by
    work.session.flush()
    work.audit("clearance.ended", "clearance", clearance.id, cause=ended_by)
    offering.clearance_ended(work, request)
    return True


def _limits(signed: Decision) -> dict[str, list[str]]:
    return {
        "regions": sorted(set(signed.regions)),
        "technique": sorted(set(signed.technique)),
        "positions": sorted(set(signed.positions)),
    }


def _note(work: Work, request: Request, text: str) -> UUID:
    if work.actor.id is None:
        raise CannotDecide("nobody_signed_in")
    if not text.strip():
        raise CannotDecide("note_missing", "note")
    note = Note(
        request_id=request.id, kind="clinical", body=text.strip(), at=work.now, by_id=work.actor.id
    )
    work.session.add(note)
    work.audit("note.added", "note", note.id, kind="clinical", request=request.id.hex)
    return note.id


def _reached_since_urgent(work: Work, request: Request) -> bool:
    raised_at = work.session.scalar(
        select(ScreeningRecord.made_at)
        .where(ScreeningRecord.request_id == request.id, ScreeningRecord.level == "urgent")
        .order_by(ScreeningRecord.made_at.desc())
        .limit(1)
    )
    query = select(Attempt.id).where(Attempt.request_id == request.id, Attempt.outcome == "reached")
    if raised_at is not None:
        query = query.where(Attempt.at >= raised_at)
    return work.session.scalars(query.limit(1)).first() is not None
