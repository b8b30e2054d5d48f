"""Whether needles may be used at a visit: the guards that hold for each way into one.

The database refuses an ended clearance, a visit outside its dates and a prohibited state by
triggers of its own. Limits are sealed, so that they are held here alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import or_, select

from clinic import in_force
from clinic.booking import calendar
from clinic.extensions import site
from clinic.models import Clearance, Intake, Location, Request, ScreeningRecord
from clinic.screening import outcome, questionnaire, regions
from clinic.screening.levels import Level
from clinic.screening.outcome import Finding, Screening
from clinic.services import screenings
from clinic.services.transaction import Work, tell

REASONS = (
    "urgent_open",
    "prohibited_here",
    "not_cleared",
    "before_its_dates",
    "after_its_dates",
    "other_therapist",
    "no_region_left",
    "region_not_cleared",
    "history_too_old",
    "result_differs",
)


class NotCleared(Exception):
    """Needles may not be used at this visit, or no visit may be offered yet; reason is a code."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


tell("needling_needs_live_clearance", lambda: NotCleared("not_cleared"))
tell("needling_prohibited_here", lambda: NotCleared("prohibited_here"))


@dataclass(frozen=True)
class Visit:
    """A visit as it would be: with whom, where, and on which day there."""

    therapist_id: UUID
    location: Location
    visit_on: date
    kind: str


def clearance_for(work: Work, request: Request, visit: Visit) -> Clearance | None:
    """Return the live clearance a visit stands on (None without needles), or raise NotCleared."""
    if request.urgent_open:
        raise NotCleared("urgent_open")
    if visit.kind != "needling":
        return None
    if visit.location.needling_law == "prohibited":
        raise NotCleared("prohibited_here")
    clearance = live(work, request)
    if clearance is None:
        raise NotCleared("not_cleared")
    _hold_dates(clearance, visit.visit_on)
    _hold_limits(clearance.limits, visit)
    _hold_age(work, clearance, visit)
    _hold_result(work, clearance, visit)
    _hold_person(work, request, clearance)
    return clearance


def live(work: Work, request: Request) -> Clearance | None:
    """Return the request's one live clearance, locked against being ended meanwhile."""
    query = (
        select(Clearance)
        .where(Clearance.request_id == request.id, Clearance.ended_at.is_(None))
        .with_for_update(read=True)
    )
    return work.session.scalars(query).one_or_none()


def _hold_dates(clearance: Clearance, visit_on: date) -> None:
    if visit_on < clearance.valid_from:
        raise NotCleared("before_its_dates")
    if visit_on > clearance.valid_until:
        raise NotCleared("after_its_dates")


def _hold_limits(limits: dict[str, object], visit: Visit) -> None:
    therapists = limits.get("therapists")
    if therapists and str(visit.therapist_id) not in _texts(therapists):
        raise NotCleared("other_therapist")
    if not _texts(limits.get("regions")):
        raise NotCleared("no_region_left")


def _texts(listed: object) -> list[str]:
    return [str(one) for one in listed] if isinstance(listed, Iterable) else []


def _hold_age(work: Work, clearance: Clearance, visit: Visit) -> None:
    intake, _record = _confirmed(work, clearance)
    given_on = calendar.visit_on(intake.sent_at, visit.location.zone)
    if (visit.visit_on - given_on).days > site.settings.intake_days:
        raise NotCleared("history_too_old")


def _confirmed(work: Work, clearance: Clearance) -> tuple[Intake, ScreeningRecord]:
    """Return the newest history that confirms the one a clearance was made for, or that one.

    A newer one whose result differs has ended the clearance; so a whole one here confirms it.
    """
    counts = or_(Intake.complete, Intake.id == clearance.intake_id)
    query = (
        select(Intake, ScreeningRecord)
        .join(ScreeningRecord, ScreeningRecord.intake_id == Intake.id)
        .where(Intake.request_id == clearance.request_id, counts)
        .order_by(Intake.number.desc(), ScreeningRecord.made_at.desc(), ScreeningRecord.id)
    )
    intake, record = work.session.execute(query.limit(1)).one()
    return intake, record


def _hold_result(work: Work, clearance: Clearance, visit: Visit) -> None:
    """Screen as of now and as of the visit; refuse what the clearance was not made for."""
    record = work.session.get_one(ScreeningRecord, clearance.screening_id)
    known = outcome.from_json(record.result)
    for found in _screened(work, clearance, visit):
        if clearance.origin == "screening" and found.level > Level.PRECAUTION:
            raise NotCleared("result_differs")
        if any(is_new(one, known, clearance.limits) for one in found.findings):
            raise NotCleared("result_differs")


def _hold_person(work: Work, request: Request, clearance: Clearance) -> None:
    """Refuse where the same person has answered graver in another request since it was made."""
    signed = work.session.get_one(ScreeningRecord, clearance.screening_id)
    level, since = Level(signed.level), clearance.made_at
    if screenings.graver_elsewhere(work, request, since=since, than=level):
        raise NotCleared("result_differs")


def _screened(work: Work, clearance: Clearance, visit: Visit) -> tuple[Screening, ...]:
    """Screen the history anew: the graver of now and the visit, and the visit by itself.

    Two results may be equally grave and yet not the same, so all are held against what was signed.
    """
    intake, record = _confirmed(work, clearance)
    earlier = outcome.from_json(record.result).earlier
    questions, found = questionnaire.shipped(), []
    answers = screenings.readable(intake.answers, questions)
    for ruleset in in_force.running().every:
        graver = outcome.screen_at_visit(
            questions,
            ruleset,
            answers,
            now_on=calendar.visit_on(work.now, visit.location.zone),
            visit_on=visit.visit_on,
            earlier=earlier,
            cleared_from=clearance.valid_from if clearance.origin == "review" else None,
        )
        at_visit = outcome.screen(
            questions, ruleset, answers, as_of=visit.visit_on, earlier=earlier
        )
        found += [graver, at_visit]
    return tuple(found)


def is_new(finding: Finding, known: Screening, limits: dict[str, object]) -> bool:
    """Tell whether a finding is graver, or blocks more of what is cleared, than when signed."""
    before = known.finding(finding.id)
    if finding.level > Level.PRECAUTION:
        if before is None or finding.level > before.level:
            return True
        more = set(finding.rules) - set(before.rules)  # such as a test result grown too old
        if more and finding.level == before.level:
            return True
    blocked = regions.expand(finding.blocked_regions)
    blocked -= regions.expand(before.blocked_regions if before else ())
    return bool(blocked & regions.expand(_texts(limits.get("regions"))))
