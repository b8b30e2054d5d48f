"""What a lead therapist may change in a ruleset: figures, and rules that are not run.

Wording and logic come from the data files. Everything here makes a new version of its own hash.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from clinic.screening import rules, source
from clinic.screening.rules import Rule, Ruleset, Setting, SwitchedOff

FACTOR = 4  # a figure may become so many times larger or smaller; more is a slip of the hand
CAPS: Mapping[str, tuple[float, float]] = {
    "%": (0, 100),
    "INR": (1, 10),
    "days": (0, 3650),
    "hours": (0, 720),
    "kg/m2": (10, 60),
    "months": (0, 240),
    "weeks": (0, 520),
    "years": (0, 120),
    "°F": (95, 110),
}
WORDING = (
    "action",
    "disagreement",
    "order",
    "patient",
    "reason",
    "sources",
    "title",
    "without_rule",
)


@dataclass(frozen=True)
class Changes:
    """What a draft changes in the version that it was begun from."""

    values: Mapping[str, int | float] = field(default_factory=dict)
    verified: Mapping[str, bool] = field(default_factory=dict)
    off: Mapping[str, tuple[str, str]] = field(default_factory=dict)  # rule: code, reason
    on: tuple[str, ...] = ()  # rules that the version before had switched off

    def to_text(self) -> str:
        """The changes as one canonical JSON text."""
        off = {name: list(why) for name, why in self.off.items()}
        return source.canonical(
            {
                "values": dict(self.values),
                "verified": dict(self.verified),
                "off": off,
                "on": sorted(self.on),
            }
        )


@dataclass(frozen=True)
class Bounds:
    """Between what a figure may be set; a whole one stays whole."""

    least: float
    most: float
    whole: bool
    fixed: bool = False

    def allow(self, value: float) -> bool:
        """Whether a figure may have this value."""
        fits = self.least <= value <= self.most
        return fits and not self.fixed and (not self.whole or value == int(value))


@dataclass(frozen=True)
class SettingChange:
    """One figure of two versions."""

    name: str
    before: Setting | None
    after: Setting | None


@dataclass(frozen=True)
class Comparison:
    """What differs between two versions, in words that a page can show."""

    settings: tuple[SettingChange, ...]
    switched_off: tuple[SwitchedOff, ...]
    switched_on: tuple[SwitchedOff, ...]
    items_added: tuple[str, ...]
    items_removed: tuple[str, ...]
    items_changed: tuple[str, ...]
    lists_changed: bool

    @property
    def same(self) -> bool:
        """Whether both say the same."""
        return self == Comparison((), (), (), (), (), (), lists_changed=False)


class Unfit(ValueError):
    """A change that no version may make; names what it is about and what is wrong."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"{name}: {problem}")
        self.name, self.problem = name, problem


def read(text: str) -> Changes:
    """Read the changes of a draft back."""
    value = json.loads(text)
    return Changes(
        value["values"],
        value["verified"],
        {name: (str(why[0]), str(why[1])) for name, why in value["off"].items()},
        tuple(value["on"]),
    )


def apply(base: Ruleset, changes: Changes) -> Ruleset:
    """Make the version that a draft comes to, or raise Unfit; no change gives the base itself."""
    if not (changes.values or changes.verified or changes.off or changes.on):
        return base
    value = json.loads(base.document)
    places = {name: item for item in value["items"].values() for name in item.get("settings", {})}
    for name in (*changes.values, *changes.verified):
        if name not in places:
            raise Unfit(name, "unknown")
    for name, number in changes.values.items():
        present = places[name]["settings"][name]["value"]
        if number != present:
            if not bounds(base, name).allow(number):
                raise Unfit(name, "out_of_bounds")
            places[name]["settings"][name]["value"] = number
    for name, said in changes.verified.items():
        places[name]["settings"][name]["verified"] = said
    off = {**value.pop("switched_off", {}), **_off(base, changes)}
    left = {name: why for name, why in sorted(off.items()) if name not in changes.on}
    return rules.from_document(
        source.document({**value, **({"switched_off": left} if left else {})})
    )


def _off(base: Ruleset, changes: Changes) -> dict[str, dict[str, str]]:
    known = {rules.name_of(rule): rule for rule in every_rule(base)}
    found = {}
    for name, (code, reason) in changes.off.items():
        if name not in known or not rules.may_be_off(known[name]):
            raise Unfit(name, "always_on")
        if code not in rules.SWITCH_CODES or not reason.strip():
            raise Unfit(name, "reason_missing")
        found[name] = {"code": code, "reason": reason.strip()}
    return found


def every_rule(ruleset: Ruleset, item: str | None = None) -> tuple[Rule, ...]:
    """List the rules of a version, of one item if named, with those that are switched off."""
    running = [rule for one in ruleset.items.values() for rule in one.rules]
    every = [*running, *(one.rule for one in ruleset.switched_off.values())]
    return tuple(rule for rule in every if item is None or rule.item == item)


def bounds(ruleset: Ruleset, name: str) -> Bounds:
    """Between what a figure may be set: near the one that ships, and as its unit allows."""
    own = ruleset.settings[name]
    ships = rules.shipped_rules().settings.get(name, own)
    near, asked = ships.value, math.inf if ships.most is None else ships.most
    low, high = CAPS.get(own.unit, (0, math.inf))
    least, most = max(near / FACTOR, low), min(near * FACTOR, high, asked)
    whole = isinstance(near, int)
    if whole:
        least, most = math.ceil(least), math.floor(most)
    return Bounds(least, most, whole, fixed=name in fixed_settings(ruleset))


def fixed_settings(ruleset: Ruleset) -> frozenset[str]:
    """Name the figures of rules against which nobody may clear: no draft changes these."""
    return _fixed(ruleset.document)


@lru_cache(maxsize=8)
def _fixed(document: str) -> frozenset[str]:
    items = json.loads(document)["items"].values()
    return frozenset(
        name
        for item in items
        for rule in item.get("rules", ())
        if rule.get("binding")
        for name in _named(rule)
    )


def _named(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("setting"), str):
            yield value["setting"]
        for part in value.values():
            yield from _named(part)
    elif isinstance(value, list):
        for part in value:
            yield from _named(part)


def fits(ruleset: Ruleset) -> bool:
    """Whether the rules, but for figures and switches, are those that came with the questions."""
    return _logic(ruleset.document) == _logic(rules.shipped_rules().document)


@lru_cache(maxsize=8)
def _logic(document: str) -> str:
    """Digest what a document makes of answers, without its wording, figures and switches."""
    value = json.loads(document)
    items = {name: _item_logic(item) for name, item in value["items"].items()}
    spoken = {
        language: {
            name: {key: item[key] for key in rules.SPOKEN_KEYS if key in item}
            for name, item in found.items()
        }
        for language, found in value["translations"].items()
    }
    lists = {name: value[name] for name in ("regions", "words", "medicines")}
    return source.digest(source.canonical({"items": items, "spoken": spoken, **lists}))


def _item_logic(item: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in item.items() if key not in WORDING}
    kept["settings"] = sorted(item.get("settings", {}))
    kept["rules"] = [
        {key: value for key, value in rule.items() if key not in ("reason", "notes")}
        for rule in item.get("rules", ())
    ]
    return kept


def is_newer(edition: Ruleset, running: Ruleset) -> bool:
    """Whether the data files say something else than a version, its figures and switches apart."""
    return _edition(edition.document) != _edition(running.document)


@lru_cache(maxsize=8)
def _edition(document: str) -> str:
    """Digest all that a document says but for what a lead therapist may change."""
    value = json.loads(document)
    value.pop("switched_off", None)
    for item in value["items"].values():
        for name, setting in item.get("settings", {}).items():
            item["settings"][name] = {"unit": setting["unit"], "means": setting["means"]}
    return source.digest(source.canonical(value))


def carried(base: Ruleset, running: Ruleset) -> Changes:
    """What the running version had changed, as far as a newer edition still has it."""
    defaults = base.settings
    values = {
        name: one.value
        for name, one in running.settings.items()
        if name in defaults
        and one.value != defaults[name].value
        and bounds(base, name).allow(one.value)
    }
    verified = {
        name: one.verified
        for name, one in running.settings.items()
        if name in defaults
        and one.verified != defaults[name].verified
        and values.get(name, defaults[name].value) == one.value
    }
    known = {rules.name_of(rule): rule for rule in every_rule(base)}
    off = {
        name: (one.code, one.reason)
        for name, one in running.switched_off.items()
        if name in known and rules.may_be_off(known[name])
    }
    return Changes(values=values, verified=verified, off=off)


def compare(old: Ruleset, new: Ruleset) -> Comparison:
    """Say what differs between two versions; the order is that of names."""
    names = sorted({*old.settings, *new.settings})
    pairs = (SettingChange(name, old.settings.get(name), new.settings.get(name)) for name in names)
    return Comparison(
        settings=tuple(one for one in pairs if one.before != one.after),
        switched_off=_only(new, old),
        switched_on=_only(old, new),
        items_added=tuple(sorted(set(new.items) - set(old.items))),
        items_removed=tuple(sorted(set(old.items) - set(new.items))),
        items_changed=tuple(_changed_items(old, new)),
        lists_changed=_lists(old) != _lists(new),
    )


def _only(one: Ruleset, other: Ruleset) -> tuple[SwitchedOff, ...]:
    return tuple(
        found
        for name, found in sorted(one.switched_off.items())
        if other.switched_off.get(name) != found
    )


def _changed_items(old: Ruleset, new: Ruleset) -> Iterator[str]:
    before, after = _written(old), _written(new)
    for name in sorted(set(before) & set(after)):
        if before[name] != after[name]:
            yield name


def _written(ruleset: Ruleset) -> dict[str, dict[str, Any]]:
    """Each item as its document writes it, without figures."""
    items = json.loads(ruleset.document)["items"]
    return {
        name: {key: value for key, value in item.items() if key != "settings"}
        for name, item in items.items()
    }


def _lists(ruleset: Ruleset) -> str:
    value = json.loads(ruleset.document)
    return source.canonical([value[name] for name in ("regions", "words", "medicines")])
