"""Trials: a version run over the stored histories beside the one that runs, in the worker.

A trial goes on a part at a time, in the order of the primary key, so that memory stays small and
it can be stopped and taken up again. Who would move is sealed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Select, delete, func, select
from sqlalchemy.orm import Session, aliased, load_only

from clinic import in_force
from clinic.access import Actor, ActorKind, NotThere, Permission, Refused
from clinic.extensions import db
from clinic.models import (
    Intake,
    RulesetDraft,
    RulesetTrial,
    RulesetTrialPart,
    RulesetVersion,
    ScreeningRecord,
)
from clinic.screening import questionnaire, trial
from clinic.screening.levels import Level
from clinic.screening.outcome import EarlierAnswer
from clinic.screening.trial import Stored
from clinic.services import rulesets, screenings, transaction
from clinic.services.transaction import ChangedUnderneath, Work, writes

A_PART = 50
KEPT = timedelta(days=30)  # how long it is kept who would have moved
UNDER_WAY = ("waiting", "running")

# Of two workers that try the same part, one finds it there.
transaction.tell("ruleset_trial_part", ChangedUnderneath)


@writes
def begin(work: Work, digest: str, *, every: bool) -> UUID:
    """Try a version against the one that runs; one that is under way is not begun twice."""
    work.actor.require(Permission.APPROVE_RULES)
    old = rulesets.running_hash(work)
    _keep(work, digest)
    if work.session.get(RulesetVersion, digest) is None:
        raise NotThere
    query = select(RulesetTrial).where(
        RulesetTrial.old_hash == old,
        RulesetTrial.new_hash == digest,
        RulesetTrial.every_intake == every,
        RulesetTrial.state.in_(UNDER_WAY),
    )
    known = work.session.scalars(query).first()
    if known is not None:
        return known.id
    if work.actor.id is None:
        raise Refused
    count = select(func.count()).select_from(histories(every=every).subquery())
    begun = RulesetTrial(
        old_hash=old,
        new_hash=digest,
        every_intake=every,
        total=work.session.scalar(count) or 0,
        started_at=work.now,
        started_by_id=work.actor.id,
    )
    work.session.add(begun)
    work.session.flush()
    work.audit("ruleset_trial.begun", "ruleset_trial", begun.id, old=old, new=digest)
    return begun.id


@writes
def cancel(work: Work, trial_id: UUID) -> None:
    """Stop a trial; what it has found so far stays to be read."""
    work.actor.require(Permission.APPROVE_RULES)
    found = _locked(work, trial_id)
    if found.state in UNDER_WAY:
        found.state, found.ended_at = "cancelled", work.now
        work.audit("ruleset_trial.cancelled", "ruleset_trial", found.id)


@writes
def go_on(work: Work, trial_id: UUID) -> None:
    """Take a trial that was stopped up again where it stood."""
    work.actor.require(Permission.APPROVE_RULES)
    found = _locked(work, trial_id)
    if found.state in ("cancelled", "failed"):
        found.state, found.ended_at = "waiting", None
        work.audit("ruleset_trial.resumed", "ruleset_trial", found.id)


@writes
def open_names(work: Work, trial_id: UUID) -> None:
    """Write down that somebody reads who would move, before anything is shown."""
    work.actor.require(Permission.APPROVE_RULES)
    found = _locked(work, trial_id)
    work.audit("ruleset_trial.opened", "ruleset_trial", found.id)


def advance(actor: Actor, now: datetime) -> int:
    """Try the next part of the oldest trial that is under way; return how many histories."""
    query = select(RulesetTrial).where(RulesetTrial.state.in_(UNDER_WAY))
    oldest = query.order_by(RulesetTrial.started_at, RulesetTrial.id).limit(1)
    found = db.session.scalars(oldest).one_or_none()
    if found is None:
        return 0
    trial_id, position, upto, every = found.id, found.parts, found.upto, found.every_intake
    old, new = in_force.version(found.old_hash), in_force.version(found.new_hash)
    if not (old.whole and new.whole):
        _end(actor, now, trial_id, state="failed")
        return 0
    stored = list(read(db.session(), histories(every=every), after=upto, most=A_PART))
    questions, moves = questionnaire.shipped(), []
    for _, kept in stored:
        moved = trial.run(questions, old.ruleset, new.ruleset, kept)
        if moved is not None:
            moves.append(moved.as_row())
    if not stored:
        _end(actor, now, trial_id, state="done")
        return 0
    try:
        _add_part(actor, now, trial_id, position, moves=moves, last=stored[-1][0], read=len(stored))
    except ChangedUnderneath:
        return 0  # another worker was faster
    return len(stored)


def forget_old(actor: Actor, now: datetime) -> int:
    """Clear who would have moved out of trials that ended long ago; return how many."""
    query = (
        select(RulesetTrialPart.trial_id)
        .join(RulesetTrial, RulesetTrial.id == RulesetTrialPart.trial_id)
        .where(RulesetTrial.ended_at < now - KEPT)
        .distinct()
    )
    return sum(_forget(actor, now, found) for found in db.session.scalars(query).all())


@writes
def _forget(work: Work, trial_id: UUID) -> bool:
    _require_clockwork(work)
    work.session.execute(delete(RulesetTrialPart).where(RulesetTrialPart.trial_id == trial_id))
    work.audit("ruleset_trial.cleared", "ruleset_trial", trial_id)
    return True


def histories(*, every: bool) -> Select[UUID]:
    """Select the newest intake of each request, or all of them."""
    if every:
        return select(Intake.id)
    other = aliased(Intake)
    newest = (
        select(func.max(other.number))
        .where(other.request_id == Intake.request_id)
        .scalar_subquery()
    )
    return select(Intake.id).where(Intake.number == newest)


def read(
    session: Session, chosen: Select[UUID], *, after: UUID | None, most: int
) -> Iterator[tuple[UUID, Stored]]:
    """Read the next histories by primary key, as they were screened last."""
    query = chosen.with_only_columns(Intake).order_by(Intake.id).limit(most)
    intakes = session.scalars(query if after is None else query.where(Intake.id > after)).all()
    records = _newest_records(session, [intake.id for intake in intakes])
    for intake in intakes:
        record = records.get(intake.id)
        yield (
            intake.id,
            Stored(
                request=intake.request_id.hex,
                number=intake.number,
                answers=screenings.readable(intake.answers, questionnaire.shipped()),
                as_of=record.as_of if record else intake.sent_at.date(),
                earlier=earlier_of(record),
            ),
        )
    session.expunge_all()  # nothing was changed, and memory stays small


def _newest_records(session: Session, intake_ids: Sequence[UUID]) -> dict[UUID, ScreeningRecord]:
    """Find the newest screening of each intake; what came out of it is not read."""
    needed = (ScreeningRecord.intake_id, ScreeningRecord.as_of, ScreeningRecord.earlier_sealed)
    query = (
        select(ScreeningRecord)
        .where(ScreeningRecord.intake_id.in_(intake_ids))
        .order_by(ScreeningRecord.made_at, ScreeningRecord.id.desc())
        .options(load_only(*needed, raiseload=True))
    )
    return {record.intake_id: record for record in session.scalars(query)}


def earlier_of(record: ScreeningRecord | None) -> Sequence[EarlierAnswer]:
    """The earlier answers that a screening was given, which are part of its input."""
    return tuple(
        EarlierAnswer(one["question"], one["value"], Level(one["level"]), one["kind"])
        for one in (record.earlier if record else None) or ()
    )


@writes
def _add_part(
    work: Work,
    trial_id: UUID,
    position: int,
    *,
    moves: list[list[object]],
    last: UUID,
    read: int,
) -> None:
    _require_clockwork(work)
    found = _locked(work, trial_id)
    if found.state not in UNDER_WAY or found.parts != position:
        raise ChangedUnderneath
    found.state, found.parts, found.upto = "running", position + 1, last
    found.done += read
    part = RulesetTrialPart(trial_id=trial_id, position=position + 1, moves=moves)
    work.session.add(part)


@writes
def _end(work: Work, trial_id: UUID, *, state: str) -> None:
    _require_clockwork(work)
    found = _locked(work, trial_id)
    if found.state in UNDER_WAY:
        found.state, found.ended_at = state, work.now
        work.audit(f"ruleset_trial.{state}", "ruleset_trial", found.id)


def _keep(work: Work, digest: str) -> None:
    """Store the version that is tried, where it is a draft that nobody has stored yet."""
    query = select(RulesetDraft).where(RulesetDraft.hash == digest, RulesetDraft.ended_at.is_(None))
    draft = work.session.scalars(query.limit(1)).first()
    if draft is not None:
        screenings.keep_ruleset(work, rulesets.draft_ruleset(draft))


def _locked(work: Work, trial_id: UUID) -> RulesetTrial:
    query = select(RulesetTrial).where(RulesetTrial.id == trial_id).with_for_update()
    found = work.session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if found is None:
        raise NotThere
    return found


def _require_clockwork(work: Work) -> None:
    if work.actor.kind is not ActorKind.SYSTEM:
        raise Refused
