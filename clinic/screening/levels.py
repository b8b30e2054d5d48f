"""How grave a finding is, and the order between the grades."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum


class Level(Enum):
    """A grade of caution; `rank` orders them, `urgent` highest."""

    URGENT = "urgent"
    ABSOLUTE = "absolute"
    SITE = "site"
    RELATIVE = "relative"
    PRECAUTION = "precaution"
    NONE = "none"

    @property
    def rank(self) -> int:
        """5 for urgent down to 0 for none."""
        return _RANK[self]

    def __lt__(self, other: Level) -> bool:
        return self.rank < other.rank

    def __le__(self, other: Level) -> bool:
        return self.rank <= other.rank

    def __gt__(self, other: Level) -> bool:
        return self.rank > other.rank

    def __ge__(self, other: Level) -> bool:
        return self.rank >= other.rank


_RANK = {level: rank for rank, level in enumerate(reversed(Level))}
_STEPS = (Level.NONE, Level.PRECAUTION, Level.RELATIVE, Level.ABSOLUTE)


def worst(levels: Iterable[Level]) -> Level:
    """The gravest of the levels, or none when there are none."""
    return max(levels, key=lambda level: level.rank, default=Level.NONE)


def raised(level: Level) -> Level:
    """One step graver, ending at absolute; site and urgent are never the result of a raise."""
    if level >= Level.ABSOLUTE:
        return level
    if level is Level.SITE:
        return Level.ABSOLUTE
    return _STEPS[_STEPS.index(level) + 1]
