"""What a day does to an open request: a finding grows milder by its date, so it is screened anew.

The newest screening names the first such day. When it comes, the stored answers are screened as
of that day, and a request that waits for a therapist goes back to who had it before. Nothing is
cleared by a day: that stays a decision.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import aliased

from clinic.access import Actor, ActorKind, Refused
from clinic.booking import calendar
from clinic.booking.lifecycle import OPEN_DESK
from clinic.extensions import db
from clinic.models import Request, ScreeningRecord
from clinic.screening import outcome
from clinic.services import awaiting, clearances, rescreening, screenings, tracks, triage, trials
from clinic.services.transaction import Work, writes

WHY = "date passed"


def screen_due(actor: Actor, now: datetime) -> int:
    """Screen the next open requests anew of which a finding lapses by now; return how many."""
    newer = aliased(ScreeningRecord)
    overtaken = (
        select(newer.id)
        .where(
            newer.request_id == ScreeningRecord.request_id,
            newer.made_at > ScreeningRecord.made_at,
        )
        .exists()
    )
    due = (
        select(ScreeningRecord.request_id)
        .join(Request, Request.id == ScreeningRecord.request_id)
        .where(
            ScreeningRecord.lapses_on <= calendar.latest_day(now),
            ScreeningRecord.lapses_on > ScreeningRecord.as_of,
            Request.desk_state.in_(OPEN_DESK),
            ~overtaken,
        )
        .order_by(ScreeningRecord.request_id)
        .distinct()
    )
    found = db.session.scalars(due).all()
    return rescreening.each_in_turn(found, lambda request_id: _screen(actor, now, request_id))


@writes
def _screen(work: Work, request_id: UUID) -> bool:
    if work.actor.kind is not ActorKind.SYSTEM:
        raise Refused
    request = tracks.load(work, request_id)
    found, today = clearances.newest(work, request), triage.today(work, request)
    if found is None or request.desk_state not in OPEN_DESK:
        return False
    intake, before = found
    if before.lapses_on is None or not before.as_of < before.lapses_on <= today:
        return False
    known = outcome.from_json(before.result)
    record, screening = screenings.again(
        work, request, intake, as_of=today, earlier=trials.earlier_of(before)
    )
    work.audit("request.screened_again", "request", request.id, why=WHY)
    waits, cleared = _waits_for_a_therapist(work, request), request.clinical_state
    rescreening.hold_clearance(
        work, request, intake, record, screening, cause="date_passed", why=WHY
    )
    rescreening.tell_urgency(work, request, known, screening)
    if waits and screenings.differs(known, screening):
        clearances.ask_review(work, request, why=WHY)
    elif request.clinical_state == cleared:
        return True
    request.back_since = work.now
    awaiting.back_to_reviewer(work, request)
    return True


def _waits_for_a_therapist(work: Work, request: Request) -> bool:
    """Whether a therapist looks at it next; the day that one has set for that stays theirs."""
    if request.clinical_state == "delayed":
        return request.not_before is None or request.not_before <= triage.today(work, request)
    return request.clinical_state == "needs_review"
