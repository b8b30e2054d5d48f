"""A therapist's decisions: signed on the newest history, they clear a request or say why not.

Needling may be offered only under the clearance that a decision makes (see clearances). A
decision on a history that is not the newest any more is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from clinic import contact
from clinic.access import NotThere, Permission
from clinic.booking.lifecycle import Track
from clinic.extensions import site
from clinic.models import Intake, Location, Note, Request, Review, ScreeningRecord
from clinic.screening import asking, neutral, outcome, questionnaire, regions
from clinic.screening.levels import Level
from clinic.screening.outcome import Finding, Screening
from clinic.services import (
    alerts,
    awaiting,
    clearances,
    idempotency,
    offering,
    outbox,
    tokens,
    tracks,
    triage,
)
from clinic.services.clearances import Limits
from clinic.services.transaction import ChangedUnderneath, Work, writes

CLEAR, CLEAR_WITH_LIMITS, DELAY = "clear", "clear with limits", "delay"
ASK = "ask for more"
CLEARING = (CLEAR, CLEAR_WITH_LIMITS)
DECISIONS = (*CLEARING, ASK, DELAY, "refer", "offer other care")
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
LONGEST_CLEARANCE = timedelta(days=366)
LONGEST_WAIT = timedelta(days=90)  # for an answer of the patient


class CannotDecide(Exception):
    """The decision does not fit: one code that says what to do, and the field that it is about.

    ``finding`` names the finding where it is about the override of one.
    """

    def __init__(self, problem: str, field_name: str = "decision", finding: str = "") -> None:
        super().__init__(problem)
        self.problem, self.field_name, self.finding = problem, field_name, finding


@dataclass(frozen=True)
class Override:
    """Why needling is right although one finding asks for caution."""

    finding: str
    code: str | None
    reason: str


@dataclass(frozen=True)
class Decision:
    """What a therapist signs. Limits count where it clears; a day to wait for where it delays.

    ``reason_code`` and ``reason`` override a finding where it is one alone; several have an
    override each. A question, and topics or single questions to answer again, go with asking for
    more, which waits until a day.
    """

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
    overrides: Sequence[Override] = ()
    question: str = field(default="", repr=False)
    sections: Sequence[str] = ()
    asked: Sequence[str] = ()
    answer_by: date | None = None

    @property
    def clears(self) -> bool:
        """Whether it allows needling."""
        return self.decision in CLEARING


@dataclass(frozen=True)
class _Case:
    """What is decided on: the newest history of a request and its screening."""

    intake: Intake
    record: ScreeningRecord
    screening: Screening


@writes
def decide(work: Work, request_id: UUID, *, signed: Decision, seen: int, key: str) -> UUID:
    """Sign a decision on the newest history, once whatever is clicked; return the review's id.

    Raises CannotDecide, or ChangedUnderneath if the page showed something older.
    """
    work.actor.require(Permission.DECIDE)
    request = triage.sent(work, request_id)
    body = {"request": request_id, **asdict(signed)}
    made = idempotency.made_before(work, key, "decision", body)
    if made is not None:
        return made
    case = _case(work, request, signed, seen=seen)
    limits = _limits(work, request, case, signed) if signed.clears else None
    _check_delay(work, request, signed)
    _check_question(work, request, signed)
    review = _sign(work, request, case, signed, limits)
    clearances.end(work, request, cause="decision")
    tracks.move(work, request, Track.CLINICAL, signed.decision, detail={"review": review.id.hex})
    request.not_before = _first_day(work, request, signed)
    awaiting.looked_at(work, request)
    if review.decision == ASK and review.valid_until is not None:
        awaiting.begin(work, request, until=review.valid_until)
    if limits is not None:
        if request.call_today == "clearance_ended":
            request.call_today = None  # unless a visit does not fit the new one
        clearances.by_review(work, request, review, limits)
    else:
        offering.call_about_visits(work, request)  # a call before this decision did not end them
    _tell_patient(work, request, review)
    idempotency.remember(work, key, "decision", body, review.id)
    return review.id


@writes
def withdraw(work: Work, request_id: UUID, *, reason: str, seen: int) -> None:
    """Withdraw the live clearance and say why; the request needs a new decision."""
    work.actor.require(Permission.DECIDE)
    request = triage.sent(work, request_id)
    _require_seen(request, seen)
    if len(reason.strip()) < LEAST_REASON:
        raise CannotDecide("withdrawal_reason_missing", "why")
    if not clearances.end(work, request, cause="withdrawal"):
        raise CannotDecide("no_live_clearance")
    _note(work, request, reason)
    clearances.ask_review(work, request, why="withdrawal")


@writes
def close_urgent(work: Work, request_id: UUID, *, note: str, seen: int) -> None:
    """Close an urgent flag after a recorded call that reached the patient, or with a note."""
    work.actor.require(Permission.DECIDE)
    request = triage.sent(work, request_id)
    _require_seen(request, seen)
    if not request.urgent_open:
        raise CannotDecide("not_urgent", "note")
    if not alerts.reached_since(work, request) and len(note.strip()) < LEAST_REASON:
        raise CannotDecide("call_or_note_missing", "note")
    request.urgent_open = False
    alerts.close(work, request)
    if request.call_today == "urgent":
        request.call_today = None
    offering.call_about_visits(work, request)  # what stopped the patient may have ended them
    if note.strip():
        _note(work, request, note)
    work.audit("urgent.closed", "request", request.id)


@writes
def add_note(work: Work, request_id: UUID, *, body_text: str, key: str) -> UUID:
    """Add a clinical note, which only therapists read."""
    work.actor.require(Permission.SEE_HISTORY)
    request = triage.sent(work, request_id)
    body = {"request": request_id, "body": body_text}
    made = idempotency.made_before(work, key, "clinical note", body)
    if made is not None:
        return made
    note_id = _note(work, request, body_text)
    idempotency.remember(work, key, "clinical note", body, note_id)
    return note_id


# --- What is decided on ----------------------------------------------------------------------


def _case(work: Work, request: Request, signed: Decision, *, seen: int) -> _Case:
    named = work.session.get(Intake, signed.intake_id)
    if named is None or named.request_id != request.id:
        raise NotThere
    _require_seen(request, seen)
    found = clearances.newest(work, request)
    if found is None:
        raise CannotDecide("no_history")
    intake, record = found
    if intake.id != named.id:
        raise ChangedUnderneath
    return _Case(intake, record, outcome.from_json(record.result))


def _require_seen(request: Request, seen: int) -> None:
    if request.version != seen:
        raise ChangedUnderneath


# --- What may be signed ----------------------------------------------------------------------


def _limits(work: Work, request: Request, case: _Case, signed: Decision) -> Limits:
    """Return the limits of a decision that clears, or raise CannotDecide."""
    if request.urgent_open:
        raise CannotDecide("close_urgent_first")
    if _prohibited(work, request):
        raise CannotDecide("prohibited_here")
    if any(finding.binding for finding in case.screening.findings):
        raise CannotDecide("guardian_consent_missing")
    _check_places(signed)
    _check_named_so(case, signed)
    _check_override(case.screening, signed)
    first, last = _days(work, request, case.intake, signed)
    return Limits(signed.regions, first, last, signed.technique, signed.positions)


def _prohibited(work: Work, request: Request) -> bool:
    """Tell whether needling is prohibited where the visit would be, whoever decides."""
    query = select(Location.needling_law)
    if request.location_id is not None:
        query = query.where(Location.id == request.location_id)
    else:
        query = query.where(Location.active)
    laws = set(work.session.scalars(query))
    return laws == {"prohibited"}


def _check_places(signed: Decision) -> None:
    if not signed.regions:
        raise CannotDecide("regions_missing", "regions")
    if not set(signed.regions) <= set(regions.shipped().ids):
        raise CannotDecide("regions_unknown", "regions")
    if not (set(signed.technique) <= set(TECHNIQUES) and set(signed.positions) <= set(POSITIONS)):
        raise CannotDecide("limits_unknown", "technique")


def _check_named_so(case: _Case, signed: Decision) -> None:
    """Hold a decision to its name, since the desk and the patient read no more than that."""
    narrower = bool(_wanted(case) - regions.expand(signed.regions))
    limited = narrower or bool(signed.technique or signed.positions)
    dated = bool(signed.not_before or signed.valid_until)
    if signed.decision == CLEAR and limited:
        raise CannotDecide("limits_without_name")
    if signed.decision == CLEAR_WITH_LIMITS and not (limited or dated):
        raise CannotDecide("limits_missing", "technique")


def _wanted(case: _Case) -> frozenset[str]:
    """The parts that the patient named; none where they named no place."""
    named = case.intake.answers.get("wanted_regions") or ()
    known = [region for region in named if region in regions.shipped().order]
    return regions.expand(known)


def overridden(screening: Screening, chosen: Sequence[str]) -> tuple[Finding, ...]:
    """List the findings that clearing these regions would override, the gravest first."""
    wanted = regions.expand(chosen)
    return tuple(
        finding
        for finding in screening.findings
        if finding.level >= Level.RELATIVE or regions.expand(finding.blocked_regions) & wanted
    )


def _check_override(screening: Screening, signed: Decision) -> None:
    """Ask for a coded reason and a sentence for each finding that asks for caution."""
    found = overridden(screening, signed.regions)
    if len(found) == 1 and not signed.overrides:
        _check_one(signed.reason_code, signed.reason, found[0].id)
        return
    said = {one.finding: one for one in signed.overrides}
    for finding in found:
        one = said.get(finding.id, Override(finding.id, None, ""))
        _check_one(one.code, one.reason, finding.id)


def _check_one(code: str | None, reason: str, finding: str) -> None:
    if code not in OVERRIDE_CODES:
        raise CannotDecide("reason_code_missing", "reason_code", finding)
    if len(reason.strip()) < LEAST_REASON:
        raise CannotDecide("reason_missing", "reason", finding)


def _days(work: Work, request: Request, intake: Intake, signed: Decision) -> tuple[date, date]:
    """Return the first and the last day: within the life of the history, unless named longer.

    For a visit after the life of the history the patient confirms it first (see needling).
    """
    today = triage.today(work, request)
    latest = clearances.last_day(work, request, intake, site.settings.intake_days)
    first = max(today, signed.not_before or today)
    last = signed.valid_until or latest
    if first > latest:
        raise CannotDecide("history_too_old", "not_before")
    if last > clearances.given_on(work, request, intake) + LONGEST_CLEARANCE:
        raise CannotDecide("too_long", "valid_until")
    if last < first:
        raise CannotDecide("dates_do_not_fit", "valid_until")
    return first, last


def _check_delay(work: Work, request: Request, signed: Decision) -> None:
    if signed.decision not in DECISIONS:
        raise CannotDecide("decision_unknown")
    if signed.decision != DELAY:
        return
    if signed.not_before is None or signed.not_before <= triage.today(work, request):
        raise CannotDecide("not_before_missing", "not_before")


def _check_question(work: Work, request: Request, signed: Decision) -> None:
    if signed.decision != ASK:
        return
    by = signed.answer_by
    if by is not None and not _waits_so_long(triage.today(work, request), by):
        raise CannotDecide("answer_by_unfit", "answer_by")
    if signed.asked:
        _check_asked(signed)
        return
    if len(signed.question.strip()) < LEAST_REASON:
        raise CannotDecide("question_missing", "question")
    known = {section.id for section in questionnaire.shipped().sections}
    if not set(signed.sections) <= known:
        raise CannotDecide("sections_unknown", "sections")


def _waits_so_long(today: date, by: date) -> bool:
    return today < by <= today + LONGEST_WAIT


def _check_asked(signed: Decision) -> None:
    """Single questions are known ones; a note beside them tells nobody of a condition."""
    known = {one.id for one in asking.askable(questionnaire.shipped())}
    if not set(signed.asked) <= known:
        raise CannotDecide("questions_unknown", "asked")
    if neutral.telling(signed.question, apart_from=site.settings.clinic_name):
        raise CannotDecide("note_telling", "question")


def _first_day(work: Work, request: Request, signed: Decision) -> date | None:
    """Return the first day for needles, if the decision sets one that is still to come."""
    named = signed.not_before if signed.clears or signed.decision == DELAY else None
    return named if named is not None and named > triage.today(work, request) else None


# --- What is kept ----------------------------------------------------------------------------


def _sign(
    work: Work, request: Request, case: _Case, signed: Decision, limits: Limits | None
) -> Review:
    review = Review(
        request_id=request.id,
        intake_id=case.intake.id,
        screening_id=case.record.id,
        decision=signed.decision,
        reason_code=signed.reason_code if limits else None,
        reason=signed.reason.strip() or None,
        limits=_kept(signed, limits),
        valid_from=limits.first if limits else signed.not_before,
        valid_until=limits.last if limits else _answer_by(work, request, signed),
        signed_name=work.actor.name,
        signed_by_id=_signer(work),
        signed_at=work.now,
    )
    work.session.add(review)
    work.session.flush()
    if signed.note.strip():
        _note(work, request, signed.note)
    work.audit("review.signed", "review", review.id, decision=signed.decision)
    return review


def _answer_by(work: Work, request: Request, signed: Decision) -> date | None:
    """Return the day on which a request comes back though nobody has answered."""
    if signed.decision != ASK:
        return None
    days = timedelta(days=max(1, site.settings.answer_days))
    return signed.answer_by or triage.today(work, request) + days


def _kept(signed: Decision, limits: Limits | None) -> dict[str, Any] | None:
    """Write what is signed beside the reason: limits, overrides, or what the patient is asked."""
    if signed.decision == ASK:
        said = {"question": signed.question.strip(), "sections": list(signed.sections)}
        return {**said, **({"asked": list(signed.asked)} if signed.asked else {})}
    if limits is None:
        return None
    overrides = [asdict(one) for one in signed.overrides if one.code]
    return {**limits.as_kept(), **({"overrides": overrides} if overrides else {})}


def _tell_patient(work: Work, request: Request, review: Review) -> None:
    """Mail that there is something to see or to answer, in words that name nothing."""
    if review.decision in CLEARING:
        return
    kind = "more_information" if review.decision == ASK else "decision_made"
    if not request.email:
        outbox.skip(work, kind, request.id)
        return
    outbox.enqueue(
        work,
        kind,
        to=request.email,
        language=request.language,
        dedupe_key=f"{request.id.hex}:{kind}:{review.id.hex}",
        request_id=request.id,
        first_name=contact.first_name(request.name or ""),
        link=tokens.issue_link(work, request),
    )


def _signer(work: Work) -> UUID:
    if work.actor.id is None:
        raise CannotDecide("nobody_signed_in")
    return work.actor.id


def _note(work: Work, request: Request, text: str) -> UUID:
    if not text.strip():
        raise CannotDecide("note_missing", "body")
    note = Note(
        request_id=request.id,
        kind="clinical",
        body=text.strip(),
        at=work.now,
        by_id=_signer(work),
    )
    work.session.add(note)
    work.session.flush()
    work.audit("note.written", "request", request.id, kind="clinical")
    return note.id
