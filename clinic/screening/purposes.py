"""Medicines without a name: what patients say that one is for, as in "the pill for my heart"."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass

from clinic.screening import words
from clinic.screening.source import Place
from clinic.screening.words import Tokens

LONGEST = 4
NEAR = 3


@dataclass(frozen=True)
class Purposes:
    """What medicines are for, and the words around it: forms (pill), links (for my), others."""

    forms: frozenset[str]
    links: frozenset[str]
    others: frozenset[str]
    meant: Mapping[Tokens, tuple[tuple[str, str], ...]]

    def find(
        self, clause: Tokens, used: Container[int] = ()
    ) -> Iterator[tuple[int, int, tuple[tuple[str, str], ...]]]:
        """Each place that speaks so of a medicine, and the classes that it may be of."""
        end = 0
        for index, word in enumerate(clause):
            if word not in self.forms or index < end:
                continue
            span = self._after(clause, index) or self._before(clause, index)
            if span is None or any(place in used for place in range(*span[:2])):
                continue
            end = span[1]
            yield span

    def bare(
        self, clause: Tokens, used: Container[int] = ()
    ) -> tuple[int, int, tuple[tuple[str, str], ...]] | None:
        """A clause that says no more than what for, as in "and one for my sugar"."""
        start = 0
        while start < len(clause) and self._leads(clause[start]):
            start += 1
        found = self.meant.get(clause[start:])
        if not found or any(place in used for place in range(len(clause))):
            return None
        return start, len(clause), found

    def _leads(self, word: str) -> bool:
        return word in self.links or word in self.others or word.isdigit()

    def another(self, clause: Tokens) -> bool:
        """Whether a clause begins with one more medicine, as in "and another pill at night"."""
        if not clause or clause[0] not in self.others:
            return False
        return any(word in self.forms for word in clause[1 : 1 + NEAR])

    def _after(
        self, clause: Tokens, index: int
    ) -> tuple[int, int, tuple[tuple[str, str], ...]] | None:
        start = index + 1
        while start < len(clause) and clause[start] in self.links:
            start += 1
        for size in range(LONGEST, 0, -1):
            found = self.meant.get(clause[start : start + size])
            if found and start + size <= len(clause):
                return index, start + size, found
        return None

    def _before(
        self, clause: Tokens, index: int
    ) -> tuple[int, int, tuple[tuple[str, str], ...]] | None:
        for size in range(min(LONGEST, index), 0, -1):
            found = self.meant.get(clause[index - size : index])
            if found:
                return index - size, index + 1, found
        return None


def read(place: Place | None, meant: Mapping[Tokens, tuple[tuple[str, str], ...]]) -> Purposes:
    """Understand the words around a purpose; without them, none is understood."""
    if place is None:
        return Purposes(frozenset(), frozenset(), frozenset(), meant)
    place.only("forms", "links", "others")
    forms, links, others = (
        frozenset(word for text in place.need(key).texts() for word in words.tokens(text))
        for key in ("forms", "links", "others")
    )
    return Purposes(forms, links, others, meant)
