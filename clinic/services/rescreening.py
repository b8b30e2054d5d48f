"""What newer rules do to open requests: each is screened anew; nothing graver stays cleared.

The worker looks for requests that the rules in force have not screened since they were put in
force. So it can stop at any point, finds what was sent meanwhile, and does nothing twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, Select, and_, exists, func, select
from sqlalchemy.orm import aliased

from clinic import in_force
from clinic.access import Actor, ActorKind, Permission, Refused
from clinic.booking.lifecycle import NEEDLING_ALLOWED, OPEN_DESK
from clinic.extensions import db
from clinic.in_force import Running
from clinic.models import Clearance, Intake, Request, RulesetVersion, ScreeningRecord
from clinic.screening import outcome
from clinic.screening.levels import Level
from clinic.screening.outcome import CALL_TODAY, Screening
from clinic.sealing import CannotBeRead
from clinic.services import alerts, clearances, needling, screenings, tracks, triage, trials
from clinic.services.transaction import Work, writes

A_PART = 20


def rescreen_due(actor: Actor, now: datetime) -> int:
    """Screen the next open requests by the rules that run now; return how many were."""
    query = due()
    if query is None:
        return 0
    found = db.session.scalars(query.order_by(Request.id)).all()
    return each_in_turn(found, lambda request_id: _rescreen(actor, now, request_id))


def each_in_turn(due: Iterable[UUID], screen: Callable[[UUID], bool]) -> int:
    """Screen a part of the requests that are due; return how many were."""
    done = 0
    for request_id in due:
        try:
            done += screen(request_id)
        except CannotBeRead as error:  # one broken row keeps nobody else waiting
            structlog.get_logger().error("not screened", request=request_id.hex, error=str(error))
        if done >= A_PART:
            break
    return done


def left(actor: Actor) -> int:
    """Count the open requests that the rules of now have still to screen."""
    actor.require(Permission.APPROVE_RULES)
    query = due()
    if query is None:
        return 0
    return db.session.scalar(select(func.count()).select_from(query.subquery())) or 0


def due() -> Select[UUID] | None:
    """Select the open requests that the rules of now have not screened; None if none ever ran."""
    since = db.session.execute(
        select(func.max(RulesetVersion.in_force_at), func.max(RulesetVersion.retired_at))
    ).one()
    moments = [one for one in since if one is not None]
    if not moments:
        return None
    screened = _screened_by(in_force.running(), max(moments))
    return select(Request.id).where(Request.desk_state.in_(OPEN_DESK), ~screened, _has_history())


def _has_history() -> ColumnElement[bool]:
    return exists().where(ScreeningRecord.request_id == Request.id)


def _screened_by(running: Running, since: datetime) -> ColumnElement[bool]:
    other = aliased(Intake)
    newest = (
        select(func.max(other.number))
        .where(other.request_id == Request.id)
        .correlate(Request)
        .scalar_subquery()
    )
    return exists().where(
        and_(
            ScreeningRecord.request_id == Request.id,
            ScreeningRecord.intake_id == Intake.id,
            Intake.number == newest,
            ScreeningRecord.ruleset_hash.in_([one.hash for one in running.every]),
            ScreeningRecord.made_at >= since,
        )
    )


@writes
def _rescreen(work: Work, request_id: UUID) -> bool:
    if work.actor.kind is not ActorKind.SYSTEM:
        raise Refused
    request = tracks.load(work, request_id)
    found = clearances.newest(work, request)
    if found is None or request.desk_state not in OPEN_DESK:
        return False
    intake, before = found
    known = outcome.from_json(before.result)
    record, screening = screenings.again(
        work, request, intake, as_of=triage.today(work, request), earlier=trials.earlier_of(before)
    )
    hashes = {"ruleset": record.ruleset_hash, "before": before.ruleset_hash}
    work.audit("request.screened_again", "request", request.id, **hashes)
    hold_clearance(work, request, intake, record, screening, cause="newer_rules", why="newer rules")
    tell_urgency(work, request, known, screening)
    return True


def hold_clearance(
    work: Work,
    request: Request,
    intake: Intake,
    record: ScreeningRecord,
    screening: Screening,
    *,
    cause: str,
    why: str,
) -> None:
    """End the live clearance where the new result is graver, or no rules may clear any more."""
    live = needling.live(work, request)
    if live is None or not _is_lost(work, live, intake, record, screening):
        return
    clearances.end(work, request, cause=cause)
    if request.clinical_state in NEEDLING_ALLOWED:
        clearances.ask_review(work, request, why=why)


def _is_lost(
    work: Work,
    live: Clearance,
    intake: Intake,
    record: ScreeningRecord,
    screening: Screening,
) -> bool:
    """Tell whether a clearance does not hold any more; one by a screening keeps its guard.

    One by a screening stands as long as there is nothing to review. One by a therapist falls
    where the result is graver than what they signed.
    """
    signed = outcome.from_json(work.session.get_one(ScreeningRecord, live.screening_id).result)
    graver = any(needling.is_new(one, signed, live.limits) for one in screening.findings)
    if live.origin == "screening":
        return graver or not clearances.needs_nobody(intake, record)
    return graver or screening.level > signed.level


def tell_urgency(work: Work, request: Request, before: Screening, after: Screening) -> None:
    """Alert where the newer screening finds something urgent that the older one did not."""
    if after.level is Level.URGENT and before.level is not Level.URGENT:
        if not request.urgent_open:
            alerts.sound(work, request)
        return
    known = {one.id for one in before.findings if one.urgency == CALL_TODAY}
    if any(one.urgency == CALL_TODAY and one.id not in known for one in after.findings):
        request.call_today = request.call_today or "own_words"
