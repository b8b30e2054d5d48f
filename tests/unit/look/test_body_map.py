"""The drawn body: every region, no gap, and left and right the patient's own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from clinic.screening import regions
from clinic.web import body_map
from clinic.web.body_map import Shape, View
from scripts.body_map import figure

CSS = Path(body_map.__file__).parents[1] / "static" / "css" / "site.css"
LIT = re.compile(r'\.regions:has\(\[value="([\w-]+)"\]:checked\) path\[data-region="([\w-]+)"\]')
TOKEN = re.compile(r"[MclhZ]|-?(?:\d+\.\d+|\.\d+|\d+)")
STEPS = 8  # straight pieces of a curve
# Whose side is on the viewer's left: from the front the patient's right, as in a photograph.
VIEWERS_LEFT = {"front": "right", "back": "left"}
Point = tuple[float, float]


def points(path: str) -> list[Point]:
    """Follow one closed path of the figure: M, relative c and l, Z."""
    found: list[Point] = []
    x = y = 0.0
    command = ""
    numbers: list[float] = []
    for token in TOKEN.findall(path):
        if token.isalpha():
            command, numbers = token, []
            continue
        numbers.append(float(token))
        if len(numbers) < {"M": 2, "l": 2, "c": 6}[command]:
            continue
        if command == "c":
            found += [_on_curve((x, y), numbers, step / STEPS) for step in range(1, STEPS)]
        moved = (0.0, 0.0) if command == "M" else (x, y)
        x, y = moved[0] + numbers[-2], moved[1] + numbers[-1]
        found.append((x, y))
        numbers = []
    return found


def _on_curve(start: Point, steps: list[float], t: float) -> Point:
    a, b, c = 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t * t, t**3
    return (
        start[0] + a * steps[0] + b * steps[2] + c * steps[4],
        start[1] + a * steps[1] + b * steps[3] + c * steps[5],
    )


def holds(around: list[Point], point: Point) -> bool:
    x, y = point
    crossings = 0
    for (ax, ay), (bx, by) in zip(around, around[1:] + around[:1], strict=True):
        if (ay > y) != (by > y) and x < ax + (y - ay) * (bx - ax) / (by - ay):
            crossings += 1
    return crossings % 2 == 1


def shapes(view: View) -> Iterator[Shape]:
    for _whole, found in view.groups:
        yield from found


def on_the_wrong_side(view: View) -> list[str]:
    """Name each sided shape that is not wholly on its patient's side of the body's middle."""
    found = []
    for shape in shapes(view):
        _base, side = regions.shipped().split(shape.region)
        across = [x - view.middle for x, _y in points(shape.path)]
        if side is None:
            wrong = abs(min(across) + max(across)) > 0.2
        elif side == VIEWERS_LEFT[view.name]:
            wrong = max(across) > 0.1
        else:
            wrong = min(across) < -0.1
        if wrong:
            found.append(shape.region)
    return found


def mirrored(view: View) -> View:
    """The same figure in a mirror: each shape on the place of its other side."""
    paths = {shape.region: shape.path for shape in shapes(view)}
    swap = {"left": "right", "right": "left"}

    def other(region: str) -> str:
        base, side = regions.shipped().split(region)
        return region if side is None else f"{base}-{swap[side]}"

    return replace(view, groups=(("", tuple(Shape(one, paths[other(one)]) for one in paths)),))


VIEWS = [pytest.param(view, id=view.name) for view in body_map.views()]


def test_the_committed_figure_is_what_the_drawing_says() -> None:
    assert body_map.FILE.read_text(encoding="utf-8") == figure.page()


def test_both_views_together_show_every_region_and_none_twice() -> None:
    drawn = [[shape.region for shape in shapes(view)] for view in body_map.views()]

    assert set(drawn[0]) | set(drawn[1]) == regions.shipped().parts
    assert all(len(one) == len(set(one)) == 30 for one in drawn)


def test_a_box_lights_up_the_region_of_its_own_name_and_there_is_one_for_each() -> None:
    lit = LIT.findall(CSS.read_text(encoding="utf-8"))

    assert [box for box, region in lit if box != region] == []
    assert sorted(box for box, _region in lit) == sorted(regions.shipped().parts)


@pytest.mark.parametrize("view", VIEWS)
def test_left_and_right_are_the_patients_own(view: View) -> None:
    assert on_the_wrong_side(view) == []


@pytest.mark.parametrize("view", VIEWS)
def test_a_mirrored_figure_is_seen_shape_by_shape(view: View) -> None:
    sided = {one.region for one in shapes(view) if regions.shipped().split(one.region)[1]}

    assert set(on_the_wrong_side(mirrored(view))) == sided


@pytest.mark.parametrize("view", VIEWS)
def test_the_two_halves_of_the_trunk_stand_in_one_group(view: View) -> None:
    grouped = {whole: [one.region for one in found] for whole, found in view.groups if whole}

    assert (
        set(grouped)
        == {"front": {"chest", "ribs"}, "back": {"upper-back", "ribs", "lower-back"}}[view.name]
    )
    assert all(sorted(found) == [f"{w}-left", f"{w}-right"] for w, found in grouped.items())


@pytest.mark.parametrize("view", VIEWS)
def test_every_place_of_the_body_lies_in_one_region(view: View) -> None:
    outline = points(view.outline)
    drawn = [points(shape.path) for shape in shapes(view)]
    across = [(view.middle - 86 + 7 * i + 0.37, 7 * j + 0.41) for i in range(25) for j in range(69)]

    inside = {point: holds(outline, point) for point in across}
    covers = {point: sum(holds(shape, point) for shape in drawn) for point in across}

    assert sum(inside.values()) > 400
    assert [point for point in across if covers[point] != inside[point]] == []


@pytest.mark.parametrize("view", VIEWS)
def test_no_region_is_too_small_to_hit(view: View) -> None:
    for shape in shapes(view):
        across, down = zip(*points(shape.path), strict=True)
        assert min(max(across) - min(across), max(down) - min(down)) >= 16, shape.region
