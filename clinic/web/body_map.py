"""The drawn figure as templates read it; scripts/body_map draws it. Sides are the patient's own."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path

from clinic.screening import regions

FILE = Path(__file__).resolve().parents[1] / "static" / "data" / "body-map.json"


@dataclass(frozen=True)
class Shape:
    """One region's closed path in one view."""

    region: str
    path: str


@dataclass(frozen=True)
class View:
    """The body from the front or from behind: groups hold one shape, two sides, or two halves."""

    name: str
    middle: int
    outline: str
    groups: tuple[tuple[str, tuple[Shape, ...]], ...]  # the whole's id where its halves are drawn
    lines: str
    eyes: str


@cache
def views() -> tuple[View, ...]:
    """Both views, the front first."""
    figure = json.loads(FILE.read_text(encoding="utf-8"))
    return tuple(
        View(
            name=view["name"],
            middle=view["middle"],
            outline=view["outline"],
            groups=tuple(_groups(view["regions"])),
            lines=view["lines"],
            eyes=view["eyes"],
        )
        for view in figure["views"]
    )


def _groups(paths: Mapping[str, str]) -> Iterator[tuple[str, tuple[Shape, ...]]]:
    body = regions.shipped()
    for base, found in groupby(paths, key=lambda region: body.split(region)[0]):
        whole = base if body.kinds[base] == "halves" else ""
        yield whole, tuple(Shape(region, paths[region]) for region in found)
