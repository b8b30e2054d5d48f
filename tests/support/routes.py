"""Lets the thousand apps of a run compile each route once: most of an app's start is that.

What a route compiles to depends on what it says alone; the apps themselves are still made anew.
"""

from collections.abc import Callable
from typing import Any

from werkzeug.routing import Rule

Build = Callable[..., tuple[str, str]]
_COMPILE: Callable[..., Build] = vars(Rule)["_compile_builder"]
_kept: dict[tuple[object, ...], Build] = {}


def compile_once() -> None:
    """Keep what each route compiles to, for the rest of this run."""
    setattr(Rule, "_compile_builder", _compiled)  # noqa: B010 - a method of the library's class


def _compiled(rule: Rule, append_unknown: bool = True) -> Build:  # noqa: FBT001, FBT002 - its shape
    said: dict[str, Any] = vars(rule)
    key = (tuple(said["_trace"]), repr(rule.defaults), append_unknown)
    if key not in _kept:
        _kept[key] = _COMPILE(rule, append_unknown)
    return _kept[key]
