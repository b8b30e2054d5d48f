"""What a screening says of each part of the body, wanted or not, to be drawn and put in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from clinic.screening.levels import Level
from clinic.screening.outcome import Finding, Screening
from clinic.screening.regions import Body

AVOID, CARE, ALLOWED = "avoid", "care", "allowed"


@dataclass(frozen=True)
class Mark:
    """Regions of which the same holds: wanted or not, the verdict, and the findings behind it."""

    wanted: bool
    verdict: str
    because: tuple[str, ...]
    parts: frozenset[str]


def of(screening: Screening, body: Body) -> tuple[Mark, ...]:
    """Sort the parts of the body by what holds of them: the wanted first, the gravest first.

    A wanted part has the verdict of its region. Another one is avoided where a finding blocks it
    or holds needling everywhere, asks for care where a finding names it, and is left out else.
    """
    wanted = dict(_wanted(screening, body))
    others = {part: _other(part, screening.findings, body) for part in body.parts - wanted.keys()}
    found: dict[tuple[bool, str, tuple[str, ...]], set[str]] = {}
    for part, (verdict, because) in (wanted | others).items():
        if part in wanted or verdict != ALLOWED:
            found.setdefault((part in wanted, verdict, because), set()).add(part)
    marks = (Mark(*key, frozenset(parts)) for key, parts in found.items())
    return tuple(sorted(marks, key=lambda one: _order(one, body)))


Said = tuple[str, tuple[str, ...]]


def _wanted(screening: Screening, body: Body) -> Iterator[tuple[str, Said]]:
    for region, found in screening.regions.items():
        if region in body.order:
            for part in body.expand([region]):
                yield part, (found.verdict, found.because)


def _other(part: str, findings: Iterable[Finding], body: Body) -> Said:
    every = tuple(findings)
    for avoid in (
        [one.id for one in every if one.elsewhere >= Level.ABSOLUTE],  # for the whole person
        [one.id for one in every if part in _expand(one.blocked_regions, body)],
    ):
        if avoid:
            return AVOID, tuple(avoid)
    care = [one.id for one in every if part in _expand(one.about_regions or (), body)]
    return (CARE if care else ALLOWED), tuple(care)


def _expand(named: Iterable[str], body: Body) -> frozenset[str]:
    return body.expand(one for one in named if one in body.order)


def _order(mark: Mark, body: Body) -> tuple[bool, int, int]:
    gravity = (AVOID, CARE, ALLOWED).index(mark.verdict)
    return not mark.wanted, gravity, min(body.order[part] for part in mark.parts)
