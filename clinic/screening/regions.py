"""Regions of the body, their sides, groups and neighbours.

Inside, every region is a *part*: a sided region with its side, a half of the trunk
(`chest-left`), or an unsided region. Outside, two halves are written as one (`chest`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property

from clinic.screening import source
from clinic.screening.source import Place

SIDES = ("left", "right")
LIMBS = ("arm", "leg")


class UnknownRegion(ValueError):
    """A word that names no region, group or side."""


@dataclass(frozen=True)
class Body:
    """One vocabulary of regions, as the data words it."""

    kinds: Mapping[str, str]
    labels: Mapping[str, Mapping[str, str]]
    side_labels: Mapping[str, Mapping[str, str]]
    groups: Mapping[str, tuple[str, ...]]
    neighbours: Mapping[str, frozenset[str]]
    order: Mapping[str, int] = field(repr=False)

    @property
    def ids(self) -> tuple[str, ...]:
        """Every id a patient may name, in body order; halves after their whole."""
        return tuple(self.order)

    @cached_property
    def parts(self) -> frozenset[str]:
        """Every smallest part of the body."""
        return frozenset(part for base in self.kinds for part in self._parts_of(base))

    @cached_property
    def _meanings(self) -> Mapping[tuple[str, str | None], tuple[str, ...]]:
        """The parts that each id means, by itself and where a side is known."""
        return {
            (region, side): self._parts_of(base, own or side)
            for region in self.order
            for base, own in (self.split(region),)
            for side in (None, *SIDES)
        }

    def _parts_of(self, base: str, side: str | None = None) -> tuple[str, ...]:
        if self.kinds[base] == "none":
            return (base,)
        return tuple(f"{base}-{one}" for one in SIDES if side in (None, one))

    def split(self, region: str) -> tuple[str, str | None]:
        """Base and side of an id; unknown words are refused."""
        if region in self.kinds:
            return region, None
        base, _, side = region.rpartition("-")
        if side in SIDES and self.kinds.get(base, "none") != "none":
            return base, side
        raise UnknownRegion(region)

    def expand(self, ids: Iterable[str], side: str | None = None) -> frozenset[str]:
        """The parts that ids mean; an id without a side means that of `side`, else both."""
        found: set[str] = set()
        for region in ids:
            meant = self._meanings.get((region, side))
            if meant is None:
                base, own = self.split(region)
                meant = self._parts_of(base, own or side)
            found.update(meant)
        return frozenset(found)

    def normalise(self, parts: Iterable[str]) -> tuple[str, ...]:
        """Parts as they are written outside: two halves of the trunk joined, in body order."""
        left = set(parts)
        found = set()
        for part in left:
            base, side = self.split(part)
            whole = self.kinds[base] == "halves" and {f"{base}-{s}" for s in SIDES} <= left
            found.add(base if whole or side is None else part)
        return tuple(sorted(found, key=self.order.__getitem__))

    def group(self, name: str, side: str | None = None) -> frozenset[str]:
        """The parts of a group, on one side where they have one."""
        if name not in self.groups:
            raise UnknownRegion(name)
        return self.expand(self.groups[name], side)

    def next_to(self, part: str) -> frozenset[str]:
        """The parts next to a region, on the same side where both have one."""
        base, side = self.split(part)
        return self.expand(self.neighbours[base], side)

    @property
    def limbs(self) -> frozenset[str]:
        """Every part of the arms and legs."""
        return frozenset().union(*(self.group(limb) for limb in LIMBS))

    def whole_limb(self, part: str) -> frozenset[str]:
        """The arm or leg that a part belongs to, on its side; elsewhere the part alone."""
        base, side = self.split(part)
        limb = self._limb_of(base)
        return self.group(limb, side) if limb else frozenset({part})

    def quarter(self, part: str) -> frozenset[str]:
        """The limb of a part with its quarter of the trunk; elsewhere the part and what is next."""
        base, side = self.split(part)
        limb = self._limb_of(base)
        return self.group(f"{limb}-quarter", side) if limb else self.next_to(part) | {part}

    def _limb_of(self, base: str) -> str | None:
        return next((limb for limb in LIMBS if base in self.groups[limb]), None)

    def label(self, region: str, language: str = "en") -> str:
        """The name of a region in a language."""
        base, side = self.split(region)
        name = self.labels[base][language]
        if side is None:
            return name
        return self.side_labels[side][language].format(region=name)


def read(place: Place) -> Body:
    """Understand the regions of a data file."""
    place.only("regions", "sides", "groups")
    kinds, labels = {}, {}
    for base, region in place.need("regions").entries():
        region.only("label", "es", "sides", "next")
        kinds[base] = region.need("sides").one_of("none", "halves", "sided")
        labels[base] = {"en": region.need("label").text(), "es": region.need("es").text()}
    side_labels = {
        side: {"en": words.need("label").text(), "es": words.need("es").text()}
        for side, words in place.need("sides").entries()
    }
    groups = {name: _known(kinds, ids) for name, ids in place.need("groups").entries()}
    return Body(kinds, labels, side_labels, groups, _neighbours(place, kinds), _order(kinds))


def _known(kinds: Mapping[str, str], place: Place) -> tuple[str, ...]:
    for region in place.each():
        if region.text() not in kinds:
            raise region.broken(f"the region '{region.value}' is unknown")
    return place.texts()


def _neighbours(place: Place, kinds: Mapping[str, str]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {base: set() for base in kinds}
    for base, region in place.need("regions").entries():
        for other in _known(kinds, region.need("next")):
            found[base].add(other)
            found[other].add(base)
    return {base: frozenset(others) for base, others in found.items()}


def _order(kinds: Mapping[str, str]) -> dict[str, int]:
    ids: list[str] = []
    for base, kind in kinds.items():
        ids += [base] if kind != "sided" else []
        ids += [f"{base}-{side}" for side in SIDES] if kind != "none" else []
    return {region: index for index, region in enumerate(ids)}


@cache
def shipped() -> Body:
    """The regions that ship with the product."""
    return read(source.read_general("regions")["regions"])


def label(region: str, language: str = "en") -> str:
    """The name of a region in a language."""
    return shipped().label(region, language)


def expand(ids: Iterable[str], side: str | None = None) -> frozenset[str]:
    """The smallest parts that ids mean; an id without a side means both sides."""
    return shipped().expand(ids, side)


def normalise(parts: Iterable[str]) -> tuple[str, ...]:
    """Regions as they are written outside, halves of the trunk joined, in body order."""
    return shipped().normalise(shipped().expand(parts))


def group(name: str, side: str | None = None) -> frozenset[str]:
    """The smallest parts of a group such as lung-field, arm or leg-quarter."""
    return shipped().group(name, side)


def next_to(region: str) -> frozenset[str]:
    """The smallest parts next to a region, on the same side where both have one."""
    return shipped().next_to(region)


def overlap(first: Iterable[str], second: Iterable[str]) -> frozenset[str]:
    """The smallest parts that both name."""
    return shipped().expand(first) & shipped().expand(second)
