"""The one live clearance of a request: what makes it, what ends it, and what follows.

It is made by a signed review, or by a screening that found nothing to review. It ends by its
last day, by a newer history whose result differs, by a graver answer of the same person in another
request, by withdrawal or by a newer decision. Whatever
ends it takes its offers back and puts its visits on "call today" in the same transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.orm import aliased

from clinic import in_force
from clinic.access import Actor, ActorKind, Refused
from clinic.booking import calendar
from clinic.booking.lifecycle import OPEN_DESK, Track
from clinic.extensions import db, site
from clinic.models import Clearance, Intake, Request, Review, ScreeningRecord
from clinic.screening import outcome, regions
from clinic.screening.conditions import UNSURE
from clinic.screening.levels import Level
from clinic.services import awaiting, offering, screenings, tracks, triage
from clinic.services.transaction import Work, writes

NOTHING_FOUND = "find nothing to review"


@dataclass(frozen=True)
class Limits:
    """Where, how and on which days a clearance allows needles."""

    regions: Sequence[str]
    first: date
    last: date
    technique: Sequence[str] = ()
    positions: Sequence[str] = ()

    def as_kept(self) -> dict[str, list[str]]:
        """The limits as a row keeps them sealed; the dates have columns of their own."""
        return {
            "regions": list(regions.normalise(self.regions)),
            "technique": sorted(set(self.technique)),
            "positions": sorted(set(self.positions)),
        }


def newest(work: Work, request: Request) -> tuple[Intake, ScreeningRecord] | None:
    """Return the newest intake of a request with its newest screening, if it has one."""
    query = (
        select(Intake, ScreeningRecord)
        .join(ScreeningRecord, ScreeningRecord.intake_id == Intake.id)
        .where(Intake.request_id == request.id)
        .order_by(Intake.number.desc(), ScreeningRecord.made_at.desc(), ScreeningRecord.id)
    )
    found = work.session.execute(query.limit(1)).first()
    return (found[0], found[1]) if found is not None else None


def given_on(work: Work, request: Request, intake: Intake) -> date:
    """Return the day on which an intake was sent, by the calendar of its clinic."""
    return calendar.visit_on(intake.sent_at, triage.zone_of(work, request))


def last_day(work: Work, request: Request, intake: Intake, days: int) -> date:
    """Return the day so many days after an intake was sent."""
    return given_on(work, request, intake) + timedelta(days=days)


# --- Made (called inside other services) -----------------------------------------------------


def by_review(work: Work, request: Request, review: Review, limits: Limits) -> Clearance:
    """Clear a request under the limits that a therapist has signed."""
    return _make(
        work,
        request,
        Clearance(
            request_id=request.id,
            origin="review",
            intake_id=review.intake_id,
            screening_id=review.screening_id,
            review_id=review.id,
            valid_from=limits.first,
            valid_until=limits.last,
            limits=limits.as_kept(),
            made_at=work.now,
        ),
    )


def by_screening(
    work: Work, request: Request, intake: Intake, record: ScreeningRecord
) -> Clearance | None:
    """Clear the wanted regions and no others, if there is nothing to review; else do nothing."""
    if not nothing_to_review(request, intake, record):
        return None
    wanted = _wanted(intake.answers)
    today = triage.today(work, request)
    last = last_day(work, request, intake, site.settings.clearance_days)
    limits = Limits(wanted, first=today, last=last)
    clearance = Clearance(
        request_id=request.id,
        origin="screening",
        intake_id=intake.id,
        screening_id=record.id,
        valid_from=limits.first,
        valid_until=limits.last,
        limits=limits.as_kept(),
        made_at=work.now,
    )
    detail = {"screening": record.id.hex, "clearance": clearance.id.hex}
    tracks.move(work, request, Track.CLINICAL, NOTHING_FOUND, detail=detail)
    return _make(work, request, clearance)


def nothing_to_review(request: Request, intake: Intake, record: ScreeningRecord) -> bool:
    """Tell whether a first screening clears by itself: everything here must hold at once."""
    if not tracks.can(request, Track.CLINICAL, NOTHING_FOUND) or request.urgent_open:
        return False
    return needs_nobody(intake, record)


def needs_nobody(intake: Intake, record: ScreeningRecord) -> bool:
    """Tell whether rules that may clear have found nothing to review in a whole history."""
    running = in_force.running()
    if not (running.clears and running.ruleset.hash == record.ruleset_hash):
        return False
    if not intake.complete or intake.trail or not _wanted(intake.answers):
        return False
    screening = outcome.from_json(record.result)
    contradicted = any(finding.mismatch for finding in screening.findings)
    return screening.bookable and screening.level <= Level.PRECAUTION and not contradicted


def _wanted(answers: Mapping[str, object]) -> list[str]:
    """List the regions that are named; none if that is not sure."""
    named = answers.get("wanted_regions")
    found = [str(region) for region in named] if isinstance(named, Iterable) else []
    return [] if set(found) & set(UNSURE) else found


def _make(work: Work, request: Request, clearance: Clearance) -> Clearance:
    work.session.add(clearance)
    work.session.flush()
    work.audit("clearance.made", "clearance", clearance.id, origin=clearance.origin)
    offering.clearance_made(work, request)
    return clearance


# --- Ended (called inside other services) ----------------------------------------------------


def end(work: Work, request: Request, *, cause: str) -> bool:
    """End the live clearance and what stands on it; tell whether there was one."""
    query = select(Clearance).where(
        Clearance.request_id == request.id, Clearance.ended_at.is_(None)
    )
    clearance = work.session.scalars(query.with_for_update()).one_or_none()
    if clearance is None:
        return False
    clearance.ended_at, clearance.ended_by = work.now, cause
    work.session.flush()
    work.audit("clearance.ended", "clearance", clearance.id, cause=cause)
    offering.clearance_ended(work, request)
    return True


def ask_review(work: Work, request: Request, *, why: str) -> None:
    """Put a request before a therapist; a day that an earlier decision set is void."""
    tracks.move(work, request, Track.CLINICAL, "need review", detail={"why": why})
    request.not_before = None


# --- What dates do ---------------------------------------------------------------------------


def lapse_due(actor: Actor, now: datetime) -> int:
    """End each clearance whose last day is over where it counts; return how many ended."""
    due = (
        select(Clearance.request_id)
        .where(Clearance.ended_at.is_(None), Clearance.valid_until < calendar.latest_day(now))
        .order_by(Clearance.valid_until, Clearance.id)
    )
    return sum(_lapse(actor, now, found) for found in db.session.scalars(due).all())


def wake_delayed(actor: Actor, now: datetime) -> int:
    """Bring each delayed request back on the day that was set; return how many came back."""
    due = (
        select(Request.id)
        .where(
            Request.clinical_state == "delayed",
            Request.desk_state.in_(OPEN_DESK),
            Request.not_before <= calendar.latest_day(now),
        )
        .order_by(Request.not_before, Request.id)
    )
    return sum(_wake(actor, now, found) for found in db.session.scalars(due).all())


def end_overtaken(actor: Actor, now: datetime) -> int:
    """End each clearance whose patient has answered graver in another request; return how many.

    Until this has come by, the guard of each visit refuses needles by itself.
    """
    asked, other = aliased(ScreeningRecord), aliased(Request)
    newer = aliased(ScreeningRecord)
    pairs = (
        select(Clearance.request_id, asked.level, newer.level)
        .join(Request, Request.id == Clearance.request_id)
        .join(asked, asked.id == Clearance.screening_id)
        .join(other, and_(other.id != Request.id, screenings.one_person(Request, other)))
        .join(newer, and_(newer.request_id == other.id, newer.made_at > Clearance.made_at))
        .where(Clearance.ended_at.is_(None))
        .order_by(Clearance.request_id)
        .distinct()
    )
    found = db.session.execute(pairs).all()
    graver = dict.fromkeys(row[0] for row in found if Level(row[2]) > Level(row[1]))
    return sum(_overtake(actor, now, request_id) for request_id in graver)


@writes
def _lapse(work: Work, request_id: UUID) -> bool:
    _require_clockwork(work)
    request = tracks.load(work, request_id)
    query = select(Clearance.valid_until).where(
        Clearance.request_id == request.id, Clearance.ended_at.is_(None)
    )
    last = work.session.scalar(query)
    if last is None or last >= triage.today(work, request):
        return False
    end(work, request, cause="date")
    ask_review(work, request, why="lapsed")
    return True


@writes
def _overtake(work: Work, request_id: UUID) -> bool:
    _require_clockwork(work)
    request = tracks.load(work, request_id)
    if not end(work, request, cause="graver_elsewhere"):
        return False
    ask_review(work, request, why="graver elsewhere")
    return True


@writes
def _wake(work: Work, request_id: UUID) -> bool:
    _require_clockwork(work)
    request = tracks.load(work, request_id)
    day = request.not_before
    if request.clinical_state != "delayed" or day is None or day > triage.today(work, request):
        return False
    ask_review(work, request, why="delay is over")
    request.back_since = work.now
    awaiting.back_to_reviewer(work, request)
    return True


def _require_clockwork(work: Work) -> None:
    if work.actor.kind is not ActorKind.SYSTEM:
        raise Refused
