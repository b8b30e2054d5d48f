"""What a trial has found: totals for whoever signs rules, and who would move, by reference."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from uuid import UUID

from sqlalchemy import select

from clinic.access import Actor, NotThere, Permission
from clinic.extensions import db
from clinic.models import Request, RulesetTrial, RulesetTrialPart
from clinic.queries import rulesets
from clinic.queries.rulesets import TrialRow
from clinic.screening import trial
from clinic.screening.levels import Level
from clinic.screening.trial import Move, Totals

A_PAGE = 100


@dataclass(frozen=True)
class MoveCount:
    """So many histories would move from one level to another."""

    before: str
    after: str
    count: int
    graver: bool


@dataclass(frozen=True)
class Found:
    """A trial with its totals so far."""

    row: TrialRow
    graver: tuple[MoveCount, ...]
    milder: tuple[MoveCount, ...]
    no_longer_bookable: int
    newly_bookable: int
    cleared: bool  # it ended so long ago that what it found is not kept any more


@dataclass(frozen=True)
class MovedRow:
    """One history that would move; its reference is empty where the request was erased."""

    reference: str
    number: int
    before: str
    after: str
    bookable_before: bool
    bookable_after: bool
    state: str


@dataclass(frozen=True)
class Named:
    """Some of those who would move, the gravest change first."""

    row: TrialRow
    moved: tuple[MovedRow, ...]
    previous_after: int | None
    next_after: int | None


def found(actor: Actor, trial_id: UUID) -> Found:
    """Return a trial with its totals, which name nobody; or raise NotThere."""
    row = _trial(actor, trial_id)
    totals = Totals({})
    for move in _moves(trial_id):
        totals.add(move)
    counts = [
        MoveCount(before, after, count, Level(after) > Level(before))
        for (before, after), count in sorted(totals.moved.items(), key=_gravest_change)
    ]
    return Found(
        row,
        tuple(one for one in counts if one.graver),
        tuple(one for one in counts if not one.graver),
        totals.no_longer_bookable,
        totals.newly_bookable,
        cleared=not row.under_way and row.done > 0 and not _is_kept(trial_id),
    )


def _is_kept(trial_id: UUID) -> bool:
    query = select(RulesetTrialPart.id).where(RulesetTrialPart.trial_id == trial_id)
    return db.session.scalars(query.limit(1)).first() is not None


def named(actor: Actor, trial_id: UUID, *, after: int = 0) -> Named:
    """Return who would move, by reference; whoever calls this has had it written down."""
    row = _trial(actor, trial_id)
    shown, count = _gravest_first(trial_id, after)
    ids = {UUID(hex=move.request) for move in shown}
    query = select(Request.id, Request.reference, Request.desk_state).where(Request.id.in_(ids))
    known = {one.id: one for one in db.session.execute(query)}
    moved = []
    for move in shown:
        of = known.get(UUID(hex=move.request))
        moved.append(
            MovedRow(
                of.reference if of else "",
                move.number,
                move.before,
                move.after,
                move.bookable_before,
                move.bookable_after,
                of.desk_state if of else "",
            )
        )
    upto = after + len(shown)
    return Named(
        row,
        tuple(moved),
        previous_after=max(0, after - A_PAGE) if after else None,
        next_after=upto if shown and upto < count else None,
    )


def _gravest_first(trial_id: UUID, after: int) -> tuple[list[Move], int]:
    """Return a page of moves in their order, and how many there are; no more are held at once."""
    counts = Counter(_kind(move) for move in _moves(trial_id))
    kinds = sorted(counts, key=_gravity)
    places = dict(zip(kinds, accumulate((counts[kind] for kind in kinds), initial=0), strict=False))
    page: dict[int, Move] = {}
    for move in _moves(trial_id):
        place = places.get(_kind(move))
        if place is None:  # a part that was added since
            continue
        places[_kind(move)] = place + 1
        if after <= place < after + A_PAGE:
            page[place] = move
    return [page[place] for place in sorted(page)], counts.total()


def _kind(move: Move) -> tuple[str, str, bool]:
    return move.before, move.after, move.bookable_after


def _gravity(kind: tuple[str, str, bool]) -> tuple[int, int, int, bool]:
    """Sort by: graver, bookable otherwise, milder; then the gravest level, the longest way."""
    before, after, bookable = Level(kind[0]), Level(kind[1]), kind[2]
    way = 0 if after > before else 1 if after == before else 2
    return way, -after.rank, before.rank, bookable


def _trial(actor: Actor, trial_id: UUID) -> TrialRow:
    actor.require(Permission.APPROVE_RULES)
    row = db.session.get(RulesetTrial, trial_id)
    if row is None:
        raise NotThere
    return rulesets.trial_row(row)


def _moves(trial_id: UUID) -> Iterator[Move]:
    query = select(RulesetTrialPart).where(RulesetTrialPart.trial_id == trial_id)
    for part in db.session.scalars(query.order_by(RulesetTrialPart.position)).yield_per(20):
        for row in part.moves:
            yield trial.from_row(row)
        db.session.expunge(part)


def _gravest_change(one: tuple[tuple[str, str], int]) -> tuple[int, int]:
    (before, after), _ = one
    return -Level(after).rank, Level(before).rank
