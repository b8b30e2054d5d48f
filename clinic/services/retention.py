"""Deletes what has run out: drafts, closed requests, links, sessions, form keys, letters' words.

A dry run does the very same and then takes all of it back, so that it counts what a run would do.

A draft that was never sent has stopped or held nobody, so nothing of it has to be remembered. One
with an urgent answer became a request at once: that stays with its history, and the open answers
beside it stay too while somebody still has to look into them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import (
    ColumnElement,
    Delete,
    Update,
    and_,
    delete,
    func,
    not_,
    or_,
    select,
    update,
)
from sqlalchemy.engine import CursorResult

from clinic.access import Actor, ActorKind, Permission
from clinic.extensions import site
from clinic.models import (
    Act,
    Appointment,
    Draft,
    Idempotency,
    LegalHold,
    Letter,
    Request,
    StaffSession,
    Token,
)
from clinic.sealing import CannotBeRead
from clinic.services import erasing, forgetting
from clinic.services.transaction import Work, writes

REPLAY_DAYS = 30  # as long as a draft is kept, its form can be sent again
CODE_DAYS = 1  # for which the codes mailed to one address are counted
GRACE = timedelta(days=1)  # so that no save at the last moment meets the broom
OF_AGE = 18
GRANTS = ("draft_browser", "status_browser")
AT_A_TIME = 20  # requests that one transaction removes


class _TakenBack(Exception):
    def __init__(self, counts: Mapping[str, int]) -> None:
        super().__init__("a dry run")
        self.counts = counts


def clear_out(actor: Actor, now: datetime) -> int:
    """Delete some of what has run out; say how many requests went, for there may be more."""
    counts = _clear_out(actor, now, dry=False, at_a_time=AT_A_TIME)
    return counts["drafts"] + counts["requests"] + counts["enquiries"]


def run(actor: Actor, now: datetime) -> dict[str, int]:
    """Delete all that has run out, and count it by kind."""
    total: dict[str, int] = {}
    while True:
        counts = _clear_out(actor, now, dry=False, at_a_time=AT_A_TIME)
        total = {kind: total.get(kind, 0) + count for kind, count in counts.items()}
        if not any(counts.values()):
            return total


def dry_run(actor: Actor, now: datetime) -> dict[str, int]:
    """Count by kind what a run would delete now, and delete nothing."""
    try:
        return dict(_clear_out(actor, now, dry=True, at_a_time=None))
    except _TakenBack as taken_back:
        return dict(taken_back.counts)


@writes
def _clear_out(work: Work, *, dry: bool, at_a_time: int | None) -> Mapping[str, int]:
    if work.actor.kind is not ActorKind.SYSTEM:
        work.actor.require(Permission.MANAGE_SETTINGS)
    counts = {
        "drafts": _end_drafts(work, at_a_time),
        "requests": _end_closed(work, at_a_time),
        "enquiries": _end_questions(work, at_a_time),
        "tokens": _count(work, _spent_tokens(work)),
        "sessions": _count(work, delete(StaffSession).where(StaffSession.expires_at <= work.now)),
        "form_keys": _count(work, _old_form_keys(work)),
        "letters": _count(work, _old_letters(work)),
    }
    if dry:
        raise _TakenBack(counts)
    if any(counts.values()):
        work.audit("retention.cleared", "system", None, **counts)
    return counts


def _end_drafts(work: Work, at_a_time: int | None) -> int:
    over = and_(Draft.expires_at <= work.now - GRACE, not_(_held(Draft.request_id)))
    never_sent = (
        select(Request.id)
        .join(Draft, Draft.request_id == Request.id)
        .where(over, Request.desk_state == "draft")
        .order_by(Draft.expires_at, Request.id)
        .limit(at_a_time)
        .with_for_update(of=Request)
    )
    abandoned = work.session.scalars(never_sent).all()
    for request_id in abandoned:
        erasing.remove(work, request_id)
    looked_into = select(Request.id).where(Request.desk_state != "draft", not_(Request.urgent_open))
    leftover = delete(Draft).where(over, Draft.request_id.in_(looked_into))
    return len(abandoned) + _count(work, leftover)


def _end_closed(work: Work, at_a_time: int | None) -> int:
    """Remove closed requests after the years that the clinic has set; 0 keeps them all."""
    years = site.settings.request_years
    if years == 0:
        return 0
    last = _years_before(work.now, years)
    candidates = (
        select(Request)
        .where(
            Request.desk_state == "closed",
            not_(Request.urgent_open),
            not_(_held(Request.id)),
            select(func.max(Act.at)).where(Act.request_id == Request.id).scalar_subquery() <= last,
            ~select(Appointment.id)
            .where(Appointment.request_id == Request.id, Appointment.ends_at > last)
            .exists(),
        )
        .order_by(Request.created_at, Request.id)
        .with_for_update()
    )
    over = [one.id for one in work.session.scalars(candidates) if _was_of_age(one, last.date())]
    for request_id in over[:at_a_time]:
        erasing.remove(work, request_id)
    return len(over[:at_a_time])


def _was_of_age(request: Request, last: date) -> bool:
    """Tell whether the years count already: for somebody under age they begin at eighteen."""
    try:
        born = request.birth_date
    except CannotBeRead:
        return False
    if born is None:
        return True
    return _years_after(date.fromisoformat(born), OF_AGE) <= last


def _end_questions(work: Work, at_a_time: int | None) -> int:
    total = forgetting.purge_some(work)
    while at_a_time is None and (more := forgetting.purge_some(work)):
        total += more
    return total


def _spent_tokens(work: Work) -> Delete:
    """Choose the tokens that are over, but for two kinds that still have a use.

    A lapsed grant leads back to its draft by a code; the codes of a day are counted.
    """
    grants_go = work.now - timedelta(days=site.settings.draft_days)
    codes_go = work.now - timedelta(days=CODE_DAYS)
    still_of_use = or_(
        and_(Token.purpose.in_(GRANTS), Token.expires_at > grants_go),
        and_(Token.purpose == "code", Token.expires_at > codes_go),
    )
    return delete(Token).where(Token.expires_at <= work.now, not_(still_of_use))


def _old_form_keys(work: Work) -> Delete:
    return delete(Idempotency).where(Idempotency.at <= work.now - timedelta(days=REPLAY_DAYS))


def _old_letters(work: Work) -> Update:
    """Empty letters that went out or were given up; under a legal hold they keep their words."""
    over = func.coalesce(Letter.sent_at, Letter.queued_at)
    kept = timedelta(days=site.settings.outbox_days)
    return (
        update(Letter)
        .where(
            Letter.state != "queued",
            Letter.body_sealed.is_not(None),
            over <= work.now - kept,
            or_(Letter.request_id.is_(None), not_(_held(Letter.request_id))),
        )
        .values(recipient_sealed=None, subject_sealed=None, body_sealed=None, calendar_sealed=None)
    )


def _held(request_id: ColumnElement[object] | object) -> ColumnElement[bool]:
    return select(LegalHold.id).where(LegalHold.request_id == request_id).exists()


def _count(work: Work, statement: Delete | Update) -> int:
    result = work.session.execute(statement.execution_options(synchronize_session=False))
    return result.rowcount if isinstance(result, CursorResult) else 0


def _years_before(now: datetime, years: int) -> datetime:
    day = _years_after(now.astimezone(UTC).date(), -years)
    return datetime.combine(day, now.astimezone(UTC).timetz())


def _years_after(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February
        return day.replace(year=day.year + years, month=3, day=1)
