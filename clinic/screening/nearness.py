"""Groups of words that tell of an item where they stand near each other, in any order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise, product

from clinic.screening import words
from clinic.screening.source import Place
from clinic.screening.words import Tokens

GAP = 6  # so many other words at most between one and the next
FEWEST, MOST = 2, 3
ACROSS = "across"
Group = tuple[str, ...]
Span = tuple[int, int]


@dataclass(frozen=True)
class Near:
    """One word of each group; `across` also where "and" or "but" stands between them."""

    groups: tuple[Group, ...]
    across: bool = False


@dataclass(frozen=True)
class Met:
    """Where a word of every group stands in a clause, from the left."""

    item: str
    places: tuple[Span, ...]

    @property
    def start(self) -> int:
        """Where the first of them begins."""
        return self.places[0][0]

    @property
    def end(self) -> int:
        """Where the last of them ends."""
        return self.places[-1][1]


@dataclass(frozen=True)
class _Entry:
    item: str
    across: bool
    anchor: Mapping[str, tuple[Tokens, ...]]
    others: tuple[Mapping[str, tuple[Tokens, ...]], ...]
    reach: int


@dataclass(frozen=True)
class Nearness:
    """The groups of every item, found by the first words of their shortest group."""

    entries: tuple[tuple[str, Near], ...]

    @cached_property
    def _begun(self) -> Mapping[str, tuple[_Entry, ...]]:
        found: dict[str, list[_Entry]] = {}
        for item, near in self.entries:
            entry = _entry(item, near)
            for word in entry.anchor:
                found.setdefault(word, []).append(entry)
        return {word: tuple(entries) for word, entries in found.items()}

    def begins(self, said: Tokens) -> bool:
        """Whether every group of an entry may have a word here: most clauses hold none."""
        return any(
            not any(group.keys().isdisjoint(said) for group in entry.others)
            for word in self._begun.keys() & said
            for entry in self._begun[word]
        )

    def met(self, said: Tokens, *, across: bool) -> tuple[Met, ...]:
        """Where groups meet among these words, the closest first."""
        found = {
            Met(entry.item, places): None
            for index, word in enumerate(said)
            for entry in self._begun.get(word, ())
            if entry.across is across
            for places in _meetings(entry, said, index)
        }
        return tuple(sorted(found, key=lambda one: (one.end - one.start, one.start, one.item)))

    def named(self, said: Tokens, item: str) -> frozenset[int]:
        """Places of every word of the groups of an item, near another or not."""
        return frozenset(
            place
            for name, near in self.entries
            if name == item
            for group in near.groups
            for span in _spans(_by_first_word(map(words.tokens, group)), said, range(len(said)))
            for place in range(*span)
        )


def _entry(item: str, near: Near) -> _Entry:
    groups = sorted(near.groups, key=lambda group: (len(group), group))
    begun = [_by_first_word(map(words.tokens, group)) for group in groups]
    longest = max(len(words.tokens(one)) for group in groups for one in group)
    return _Entry(item, near.across, begun[0], tuple(begun[1:]), (GAP + longest) * len(begun[1:]))


def _by_first_word(phrases: Iterable[Tokens]) -> dict[str, tuple[Tokens, ...]]:
    found: dict[str, list[Tokens]] = {}
    for phrase in phrases:
        found.setdefault(phrase[0], []).append(phrase)
    return {word: tuple(begun) for word, begun in found.items()}


def _meetings(entry: _Entry, said: Tokens, index: int) -> Iterator[tuple[Span, ...]]:
    """Where every other group has a word near that of the shortest group at this place."""
    anchors = list(_spans(entry.anchor, said, range(index, index + 1)))
    if not anchors:
        return
    around = range(max(0, index - entry.reach), min(len(said), index + entry.reach + 1))
    others = [list(_spans(group, said, around)) for group in entry.others]
    for spans in product(anchors, *others):
        places = tuple(sorted(spans))
        if all(0 <= after[0] - before[1] <= GAP for before, after in pairwise(places)):
            yield places


def _spans(group: Mapping[str, tuple[Tokens, ...]], said: Tokens, where: range) -> Iterator[Span]:
    for start in where:
        for phrase in group.get(said[start], ()):
            if said[start : start + len(phrase)] == phrase:
                yield start, start + len(phrase)


def read(place: Place) -> tuple[Near, ...]:
    """Understand the groups of a data file."""
    return tuple(read_one(one) for one in place.each())


def read_one(place: Place) -> Near:
    """Understand one list of groups."""
    across = isinstance(place.value, dict)
    if across:
        place.only(ACROSS)
    listed = place.need(ACROSS) if across else place
    if not isinstance(listed.value, list) or not FEWEST <= len(listed.value) <= MOST:
        raise listed.broken("two or three groups of words belong here")
    return Near(tuple(group.texts() for group in listed.each()), across)


def shared(near: Near) -> Sequence[str]:
    """The words that stand in more than one group, or twice in one."""
    every = [words.tokens(one) for group in near.groups for one in group]
    return sorted({" ".join(one) for one in every if every.count(one) > 1})
