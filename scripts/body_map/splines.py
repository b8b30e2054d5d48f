"""Smooth curves through knots, and how an SVG writes them.

A point is a complex number, a curve four of them: ends and handles of a cubic Bezier. Handles are
laid by John Hobby's formula ("Smooth, easy to compute interpolating splines", 1986).
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Curve = tuple[complex, complex, complex, complex]


@dataclass(frozen=True)
class Knot:
    """A point that a curve goes through; named where curves meet, sharp where they break.

    ``into`` and ``out`` are directions in degrees: 0 to the right, 90 down.
    """

    at: complex
    name: str | None = None
    into: float | None = None
    out: float | None = None
    sharp: bool = False


def knot(
    x: float,
    y: float,
    name: str | None = None,
    *,
    into: float | None = None,
    out: float | None = None,
    along: float | None = None,
    sharp: bool = False,
) -> Knot:
    """Make a knot; ``along`` is its direction on both sides."""
    if along is not None:
        into = out = along
    broken = sharp or into is not None or out is not None
    return Knot(complex(x, y), name, into, out, broken)


def spline(knots: Sequence[Knot]) -> list[Curve]:
    """Lay curves through the knots, one from each to the next, on a grid of a tenth."""
    found: list[Curve] = []
    begins = 0
    while begins < len(knots) - 1:
        ends = begins + 1
        while ends < len(knots) - 1 and not knots[ends].sharp:
            ends += 1
        points = [one.at for one in knots[begins : ends + 1]]
        found += _smooth(points, knots[begins].out, knots[ends].into)
        begins = ends
    return [(rounded(a), rounded(b), rounded(c), rounded(d)) for a, b, c, d in found]


def backwards(curves: Iterable[Curve]) -> list[Curve]:
    """Run the same way from its end."""
    return [(d, c, b, a) for a, b, c, d in reversed(list(curves))]


def mirrored(curves: Iterable[Curve]) -> list[Curve]:
    """Draw the same on the other side of x = 0."""
    return [(_flip(a), _flip(b), _flip(c), _flip(d)) for a, b, c, d in curves]


def straight(start: complex, end: complex) -> list[Curve]:
    """Join two points by a line."""
    return [(start, start, end, end)]


def path(curves: Sequence[Curve], middle: float, *, closed: bool = True) -> str:
    """Write curves as the data of an SVG path whose x = 0 lies at ``middle``, as short as it goes.

    Ends lie on the grid, so that relative numbers are exact and neighbours stay identical.
    """
    begin = curves[0][0]
    written = "M" + _packed([middle + begin.real, begin.imag])
    command = ""
    for place, (start, leaves, arrives, end) in enumerate(curves):
        is_line = abs(leaves - start) < 0.05 and abs(arrives - end) < 0.05
        if is_line and closed and place == len(curves) - 1:
            break  # the closing draws it
        steps = [end - start] if is_line else [one - start for one in (leaves, arrives, end)]
        numbers = _packed([part for one in steps for part in (one.real, one.imag)])
        if command != (command := "l" if is_line else "c"):
            written += command
        elif not numbers.startswith("-"):
            written += " "
        written += numbers
    return written + ("Z" if closed else "")


def number(value: float) -> str:
    """Write a number of the grid as short as it goes: 12, -3.4, .5, 0."""
    text = f"{value:.1f}".removesuffix(".0")
    if text == "-0":
        return "0"
    return text.replace("0.", ".", 1) if text.lstrip("-").startswith("0.") else text


def rounded(point: complex) -> complex:
    """Put a point on the grid of a tenth."""
    return complex(round(point.real, 1), round(point.imag, 1))


def _flip(point: complex) -> complex:
    return complex(-point.real, point.imag)


def _packed(values: Iterable[float]) -> str:
    written = ""
    for text in map(number, values):
        written += text if not written or text.startswith("-") else " " + text
    return written


def _smooth(points: Sequence[complex], leaves: float | None, arrives: float | None) -> list[Curve]:
    last = len(points) - 1
    chords = [points[k + 1] - points[k] for k in range(last)]
    turns = [0.0] * (last + 1)
    for k in range(1, last):
        turns[k] = cmath.phase(chords[k] / chords[k - 1])
    angles = _angles(chords, turns, leaves, arrives)
    found = []
    for k, chord in enumerate(chords):
        out, into = angles[k], -turns[k + 1] - angles[k + 1]
        first = points[k] + cmath.exp(1j * out) * chord * _reach(out, into)
        second = points[k + 1] - cmath.exp(-1j * into) * chord * _reach(into, out)
        found.append((points[k], first, second, points[k + 1]))
    return found


def _angles(
    chords: Sequence[complex], turns: Sequence[float], leaves: float | None, arrives: float | None
) -> list[float]:
    """Solve for the angle between curve and chord at each point: a row a point, three diagonals."""
    last = len(chords)
    if last == 1 and leaves is None and arrives is None:
        return [0.0, 0.0]
    low, mid, up, right = ([0.0] * (last + 1) for _ in range(4))
    mid[0], mid[last] = 1.0, 1.0
    if leaves is None:
        up[0], right[0] = 1.0, -turns[1]
    else:
        right[0] = _turn(math.radians(leaves) - cmath.phase(chords[0]))
    for k in range(1, last):
        before, after = 1 / abs(chords[k - 1]), 1 / abs(chords[k])
        low[k], mid[k], up[k] = before, 2 * (before + after), after
        right[k] = -(2 * turns[k] * before + turns[k + 1] * after)
    if arrives is None:
        low[last] = 1.0
    else:
        right[last] = _turn(math.radians(arrives) - cmath.phase(chords[-1]))
    for k in range(1, last + 1):
        share = low[k] / mid[k - 1]
        mid[k] -= share * up[k - 1]
        right[k] -= share * right[k - 1]
    found = [0.0] * (last + 1)
    found[last] = right[last] / mid[last]
    for k in range(last - 1, -1, -1):
        found[k] = (right[k] - up[k] * found[k + 1]) / mid[k]
    return found


def _turn(angle: float) -> float:
    return (angle + math.pi) % (2 * math.pi) - math.pi


def _reach(out: float, into: float) -> float:
    """How long a handle is, measured by its chord: Hobby's velocity."""
    above = 2 + math.sqrt(2) * (math.sin(out) - math.sin(into) / 16) * (
        math.sin(into) - math.sin(out) / 16
    ) * (math.cos(out) - math.cos(into))
    below = 3 * (
        1 + (math.sqrt(5) - 1) / 2 * math.cos(out) + (3 - math.sqrt(5)) / 2 * math.cos(into)
    )
    return above / below
