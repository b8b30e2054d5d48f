"""One history under two rulesets: whether it would move, and from which level to which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from clinic.screening import outcome, questionnaire, rules
from clinic.screening.outcome import EarlierAnswer
from clinic.screening.questionnaire import Questionnaire
from clinic.screening.rules import Ruleset


@dataclass(frozen=True)
class Stored:
    """A stored history: what to screen, as of which day, with which earlier answers."""

    request: str
    number: int
    answers: Mapping[str, Any]
    as_of: date
    earlier: Sequence[EarlierAnswer] = ()


@dataclass(frozen=True)
class Move:
    """A history that two rulesets judge differently."""

    request: str
    number: int
    before: str
    after: str
    bookable_before: bool
    bookable_after: bool

    def as_row(self) -> list[Any]:
        """The move as a list, to be stored."""
        before, after = self.bookable_before, self.bookable_after
        return [self.request, self.number, self.before, self.after, before, after]


@dataclass
class Totals:
    """How many moved from which level to which, and how many may be booked no more or anew."""

    moved: dict[tuple[str, str], int]
    no_longer_bookable: int = 0
    newly_bookable: int = 0

    def add(self, move: Move) -> None:
        """Count one more."""
        if move.before != move.after:
            pair = (move.before, move.after)
            self.moved[pair] = self.moved.get(pair, 0) + 1
        self.no_longer_bookable += move.bookable_before and not move.bookable_after
        self.newly_bookable += move.bookable_after and not move.bookable_before


def from_row(row: Sequence[Any]) -> Move:
    """Restore a move that was stored."""
    request, number, before, after, bookable_before, bookable_after = row
    return Move(request, number, before, after, bookable_before, bookable_after)


def run(questions: Questionnaire, old: Ruleset, new: Ruleset, kept: Stored) -> Move | None:
    """Screen a history by both; None where level and what may be booked stay the same."""
    before, after = (
        outcome.screen(questions, ruleset, kept.answers, as_of=kept.as_of, earlier=kept.earlier)
        for ruleset in (old, new)
    )
    same = (before.level, before.bookable) == (after.level, after.bookable)
    if same:
        return None
    return Move(
        kept.request,
        kept.number,
        before.level.value,
        after.level.value,
        before.bookable,
        after.bookable,
    )


@dataclass(frozen=True)
class Pair:
    """Two rulesets as documents, which another process can read."""

    old: str
    new: str

    def run(self, part: Sequence[Stored]) -> tuple[int, list[Move]]:
        """Screen some histories by both; return how many, and those that would move."""
        asked, old, new = questionnaire.shipped(), _read(self.old), _read(self.new)
        found = (run(asked, old, new, kept) for kept in part)
        return len(part), [move for move in found if move is not None]

    def prepare(self) -> None:
        """Read the data once in a process of its own."""
        questionnaire.shipped()
        _read(self.old)
        _read(self.new)


@cache
def _read(document: str) -> Ruleset:
    shipped = rules.shipped_rules()
    return shipped if shipped.document == document else rules.from_document(document)
