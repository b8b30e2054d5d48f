"""Puts the drawing together: both views, each region a closed path, as the pages read it.

Left and right are the patient's own. The drawn half, x >= 0, is on the viewer's right: the
patient's left from the front, the patient's right from the back.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence

from scripts.body_map import drawing
from scripts.body_map.splines import (
    Curve,
    backwards,
    mirrored,
    number,
    path,
    spline,
    straight,
)

WIDTH, HEIGHT = 360, 484
MIDDLES = {"front": 90, "back": 270}  # where the middle of the body stands in each view
DRAWN = {"front": "left", "back": "right"}  # whose side the drawn half is
MIRRORED = {"front": "right", "back": "left"}

Edges = Mapping[tuple[str, str], list[Curve]]


def page() -> str:
    """The file that the pages read."""
    views = [_view(name, middle) for name, middle in MIDDLES.items()]
    figure = {"width": WIDTH, "height": HEIGHT, "views": views}
    return json.dumps(figure, indent=1) + "\n"


def _view(name: str, middle: int) -> dict[str, object]:
    half = spline(drawing.OUTLINE)
    return {
        "name": name,
        "middle": middle,
        "outline": path(half + backwards(mirrored(half)), middle),
        "regions": {region: path(curves, middle) for region, curves in _regions(name)},
        "lines": "".join(_lines(name, middle)),
        "eyes": "".join(
            f"M{number(middle - x)} {number(y)}h0M{number(middle + x)} {number(y)}h0"
            for x, y in drawing.EYES[name]
        ),
    }


def _regions(view: str) -> Iterator[tuple[str, list[Curve]]]:
    edges = _edges(view)
    for base, kind, nodes in drawing.REGIONS[view]:
        names = nodes.split()
        if kind == "mid":
            half = _chain(edges, names)
            yield base, half + backwards(mirrored(half))
            continue
        if kind == "side":
            loop = _chain(edges, [*names, names[0]])
        else:
            half = _chain(edges, names)
            loop = half + _closing(edges, names[-1], names[0], half)
        yield f"{base}-{MIRRORED[view]}", mirrored(loop)
        yield f"{base}-{DRAWN[view]}", loop


def _closing(edges: Edges, start: str, end: str, half: Sequence[Curve]) -> list[Curve]:
    """Close a loop by an edge where there is one, else along the middle of the body."""
    if {(start, end), (end, start)} & edges.keys():
        return _chain(edges, [start, end])
    return straight(half[-1][3], half[0][0])


def _chain(edges: Edges, names: Sequence[str]) -> list[Curve]:
    found: list[Curve] = []
    for start, end in itertools.pairwise(names):
        known = edges.get((start, end))
        found += backwards(edges[end, start]) if known is None else known
    return found


def _edges(view: str) -> Edges:
    found: dict[tuple[str, str], list[Curve]] = {}
    for contour in [drawing.OUTLINE, *drawing.SEAMS[view]]:
        run: list[Curve] = []
        start = contour[0].name or ""
        for curve, knot in zip(spline(contour), contour[1:], strict=True):
            run.append(curve)
            if knot.name:
                found[start, knot.name] = run
                run, start = [], knot.name
    return found


def _lines(view: str, middle: int) -> Iterator[str]:
    for kind, knots in drawing.DETAILS[view]:
        curves = spline(knots)
        yield path(curves, middle, closed=False)
        if kind == "pair":
            yield path(mirrored(curves), middle, closed=False)
