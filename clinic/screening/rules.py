"""The rules: what each item makes of its answers, as data that a therapist can read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property, lru_cache
from typing import Any

from clinic.screening import (
    conditions,
    lint,
    medicine_list,
    nearness,
    regions,
    source,
    words,
)
from clinic.screening.conditions import Condition, Regions
from clinic.screening.levels import Level
from clinic.screening.medicines import Formulary
from clinic.screening.nearness import Near, Nearness
from clinic.screening.regions import Body
from clinic.screening.source import BrokenData, Data, Place
from clinic.screening.words import Tokens

ITEM_RULE_KEYS = tuple(key for key in lint.ITEM_KEYS if key not in ("questions", "order"))
SPOKEN_KEYS = ("words", "mild_words", "words_except", "near", "near_except")
TRANSLATED_KEYS = ("patient", *SPOKEN_KEYS)
URGENCIES = ("emergency", "same_day")
FIGURE = re.compile(r"\{([a-z0-9.-]+)\}")
KEPT = 8  # versions that a process keeps understood
SWITCH_CODES = ("clinic_protocol", "evidence", "covered_elsewhere", "wrong_as_written")
# Items that stand for what nobody knows yet: without their rules it would count as "no".
UNKNOWN = ("blood-thinner-unknown", "medicine-not-recognised")


@dataclass(frozen=True)
class Setting:
    """A number that a lead therapist signs."""

    name: str
    value: int | float
    unit: str
    means: str
    verified: bool
    # How far the questions ask: more would find nobody. It bounds a draft and tells nothing else.
    most: int | float | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Route:
    """Another item that fires as if it had been answered so."""

    item: str
    answer: str


@dataclass(frozen=True)
class Rule:
    """One branch of an item: which answers choose it and what follows.

    Against a `binding` one no therapist may clear.
    """

    id: str
    item: str
    answers: tuple[str, ...]
    when: Condition | None
    level: Level
    block: tuple[Regions, ...]
    about: tuple[Regions, ...] | None
    reason: str
    notes: tuple[str, ...]
    see: Route | None
    raises: tuple[str, ...]
    tag: str | None
    binding: bool
    kept: bool = False  # no version may switch it off: it stands for what is not known

    @cached_property
    def reads(self) -> frozenset[str]:
        """The questions that its condition reads."""
        return self.when.questions() if self.when is not None else frozenset()

    @cached_property
    def rests_on(self) -> tuple[str, ...]:
        """The questions that its condition reads, and those that say what it blocks, in order."""
        places = {one for named in self.block for one in (named.answer, named.side) if one}
        return tuple(sorted(self.reads | places))


@dataclass(frozen=True)
class SwitchedOff:
    """A rule that a version does not run, and why a lead therapist decided so."""

    rule: Rule
    code: str
    reason: str


@dataclass(frozen=True)
class Item:
    """What one item means: its rules and the words that go with them.

    `words_settle`: who is not sure, but names the thing, its place or its side, has it.
    """

    id: str
    section: str
    title: str
    rules: tuple[Rule, ...]
    reason: str
    action: str
    sources: tuple[str, ...]
    source_notes: Mapping[str, str]
    disagreement: str
    without_rule: str
    red_flag: bool
    urgency: str | None
    private: bool
    from_list: bool
    patient: Mapping[str, Mapping[str, str]]
    words: Mapping[str, tuple[str, ...]]
    about_now: bool
    about_ever: bool
    about_event: bool
    mild_words: Mapping[str, tuple[str, ...]]
    words_settle: bool
    look_alikes: tuple[str, ...] = ()
    other_languages: Mapping[str, frozenset[str]] = field(default_factory=dict)
    near: Mapping[str, tuple[Near, ...]] = field(default_factory=dict)
    near_look_alikes: tuple[str, ...] = ()

    @cached_property
    def mild_phrases(self) -> frozenset[Tokens]:
        """Lay words of a red flag that speak of its milder branches alone."""
        return frozenset(words.tokens(one) for found in self.mild_words.values() for one in found)


@dataclass(frozen=True)
class Ruleset:
    """One version of the rules, with the settings it was signed for."""

    version: str
    hash: str
    complete: bool
    settings: Mapping[str, Setting]
    items: Mapping[str, Item]
    to_come: frozenset[str]
    sources: Mapping[str, str]
    body: Body = field(repr=False)
    formulary: Formulary = field(repr=False)
    document: str = field(repr=False)
    switched_off: Mapping[str, SwitchedOff] = field(default_factory=dict)

    @cached_property
    def phrases(self) -> tuple[tuple[str, Tokens], ...]:
        """The lay words of every item in every language, longest first."""
        found = {
            (name, words.tokens(phrase))
            for name, item in self.items.items()
            for phrases in (*item.words.values(), *item.mild_words.values())
            for phrase in phrases
        }
        return tuple(sorted(found, key=lambda one: (-len(one[1]), one)))

    @cached_property
    def _by_first_words(self) -> Mapping[Tokens, tuple[int, ...]]:
        """Where among the phrases those stand that begin with two words, or that are one word."""
        found: dict[Tokens, list[int]] = {}
        for place, (_, phrase) in enumerate(self.phrases):
            found.setdefault(phrase[:2], []).append(place)
        return {words: tuple(places) for words, places in found.items()}

    @cached_property
    def look_alikes(self) -> Mapping[str, tuple[Tokens, ...]]:
        """Phrases that hold lay words of an item and mean something else, by item."""
        return {
            name: tuple(words.tokens(phrase) for phrase in item.look_alikes)
            for name, item in self.items.items()
            if item.look_alikes
        }

    @cached_property
    def nearness(self) -> Nearness:
        """The words near each other of every item in every language."""
        return Nearness(
            tuple(
                (name, near)
                for name, item in self.items.items()
                for entries in item.near.values()
                for near in entries
            )
        )

    @cached_property
    def near_look_alikes(self) -> Mapping[str, tuple[Tokens, ...]]:
        """Phrases that hold a word of a group of an item and mean something else, by item."""
        return {
            name: tuple(words.tokens(phrase) for phrase in item.near_look_alikes)
            for name, item in self.items.items()
            if item.near_look_alikes
        }

    @cached_property
    def about_other_languages(self) -> tuple[Item, ...]:
        """The items of which a text in another language speaks."""
        return tuple(item for item in self.items.values() if item.other_languages)

    def phrases_in(self, said: Tokens) -> tuple[tuple[str, Tokens], ...]:
        """The lay phrases that stand among these words, longest first."""
        found: set[int] = set()
        for start in range(len(said)):
            for begun in (said[start : start + 1], said[start : start + 2]):
                for place in self._by_first_words.get(begun, ()):
                    phrase = self.phrases[place][1]
                    if said[start : start + len(phrase)] == phrase:
                        found.add(place)
        return tuple(self.phrases[place] for place in sorted(found))

    def to_document(self) -> str:
        """The canonical text from which `from_document` restores these rules."""
        return self.document

    def with_settings(self, changed: Mapping[str, int | float]) -> Ruleset:
        """A new version of these rules under other settings; its hash differs."""
        value = json.loads(self.document)
        for name, number in changed.items():
            item = next(
                (item for item in value["items"].values() if name in item.get("settings", {})), None
            )
            if item is None:
                raise BrokenData("settings", 0, f"there is no setting '{name}'")
            item["settings"][name]["value"] = number
        return from_document(source.document(value))


@cache
def shipped_rules() -> Ruleset:
    """The ruleset that ships with the product, with its default settings."""
    return from_data(source.shipped())


def from_data(data: Data) -> Ruleset:
    """Understand data files that were read; broken ones are refused by file and line."""
    lint.refuse(data)
    document = source.document(_document(data))
    return _build(
        _Files(
            {name: data.general[name] for name in source.GENERAL}, data.items, data.translations
        ),
        document,
    )


def from_document(document: str) -> Ruleset:
    """Restore a stored version exactly, whatever the files say now."""
    return _restored(document)


@lru_cache(maxsize=KEPT)
def _restored(document: str) -> Ruleset:
    """Read a document once in a while: a process meets few versions, and each many times."""
    place = _with_newer_keys(source.parse(document, "ruleset document"))
    translations = {
        language: dict(found.entries()) for language, found in place["translations"].entries()
    }
    general = {name: place[name] for name in source.GENERAL}
    files = _Files(general, dict(place["items"].entries()), translations, place.get("switched_off"))
    return _build(files, document)


def _with_newer_keys(place: Place) -> Place:
    """Read a document from before a kind of cue was known, or with a key that is no longer used."""
    words_of, known = place.need("words"), place.need("medicines")
    cues: dict[str, Any] = {kind: [] for kind in words.CUES}
    cues |= words_of.need("cues").mapping()
    classes = {
        name: {key: value for key, value in found.mapping().items() if key != "until_asked"}
        for name, found in known.need("classes").entries()
    }
    newer = {
        **place.mapping(),
        "words": {**words_of.mapping(), "cues": cues},
        "medicines": {**known.mapping(), "classes": classes},
    }
    return source.from_value(newer, place.file)


@dataclass(frozen=True)
class _Files:
    general: Mapping[str, Place]
    items: Mapping[str, Place]
    translations: Mapping[str, Mapping[str, Place]]
    switched_off: Place | None = None


def _document(data: Data) -> dict[str, Any]:
    items = {
        name: {key: item.value[key] for key in ITEM_RULE_KEYS if item.has(key)}
        for name, item in data.items.items()
    }
    translations = {
        language: {
            name: {key: item.value[key] for key in TRANSLATED_KEYS if item.has(key)}
            for name, item in found.items()
        }
        for language, found in data.translations.items()
    }
    general = {name: place.value for name, place in data.general.items()}
    return {"format": 1, **general, "items": items, "translations": translations}


def _build(files: _Files, document: str) -> Ruleset:
    body = regions.read(files.general["regions"])
    sources = {key: place.text() for key, place in files.general["sources"].entries()}
    settings = dict(_settings(files.items))
    items = {
        name: _filled(_item(name, place, files), place, settings)
        for name, place in sorted(files.items.items())
    }
    off = dict(_switched_off(files.switched_off, items)) if files.switched_off else {}
    digest = source.digest(document)
    edition = files.general["sections"].need("edition").text()
    to_come = _expected(files.general["sections"]) - set(items)
    return Ruleset(
        version=f"{edition}+{digest[:8]}",
        hash=digest,
        complete=not to_come,
        settings=settings,
        items={name: _without(item, off) for name, item in items.items()} if off else items,
        to_come=frozenset(to_come),
        sources=sources,
        body=body,
        formulary=medicine_list.read(files.general["medicines"], files.general["words"]),
        document=document,
        switched_off=off,
    )


def name_of(rule: Rule) -> str:
    """The name by which a rule is switched off."""
    return f"{rule.item}/{rule.id}"


def may_be_off(rule: Rule) -> bool:
    """Whether a version may leave this rule out: never what binds, what is urgent or unknown."""
    return not (rule.binding or rule.kept or rule.level is Level.URGENT or rule.item in UNKNOWN)


def _switched_off(place: Place, items: Mapping[str, Item]) -> Iterator[tuple[str, SwitchedOff]]:
    known = {name_of(rule): rule for item in items.values() for rule in item.rules}
    for name, said in place.entries():
        said.only("code", "reason")
        if name not in known or not may_be_off(known[name]):
            raise said.broken(f"'{name}' is no rule that may be switched off")
        code = said.need("code").one_of(*SWITCH_CODES)
        yield name, SwitchedOff(known[name], code, said.need("reason").text())


def _filled(item: Item, place: Place, settings: Mapping[str, Setting]) -> Item:
    """An item whose rules say the figures of this version, where their reasons name some."""

    def figure(named: re.Match[str]) -> str:
        if named[1] not in settings:
            raise place["rules"].broken(f"a reason names '{named[1]}', which is no setting")
        return f"{settings[named[1]].value:g}"

    found = (replace(one, reason=FIGURE.sub(figure, one.reason)) for one in item.rules)
    return replace(item, rules=tuple(found)) if item.rules else item


def _without(item: Item, off: Mapping[str, SwitchedOff]) -> Item:
    """An item without the rules that are switched off: they cannot fire, whatever comes."""
    return replace(item, rules=tuple(rule for rule in item.rules if name_of(rule) not in off))


def _expected(sections: Place) -> set[str]:
    return {
        name
        for section in sections.need("sections").each()
        if section.has("items")
        for name in section["items"].texts()
    }


def _settings(items: Mapping[str, Place]) -> Iterator[tuple[str, Setting]]:
    for item, place in sorted(items.items()):
        settings = place.get("settings")
        for name, setting in settings.entries() if settings else ():
            setting.only("value", "unit", "means", "verified", "most")
            if not name.startswith(f"{item}."):
                raise setting.broken(f"a setting of this item must be named '{item}.something'")
            yield (
                name,
                Setting(
                    name,
                    setting.need("value").number(),
                    setting.need("unit").text(),
                    setting.need("means").text(),
                    setting.need("verified").flag(),
                    setting["most"].number() if setting.has("most") else None,
                ),
            )


def _item(name: str, place: Place, files: _Files) -> Item:
    place.only(*lint.ITEM_KEYS)
    if place.need("item").text() != name:
        raise place["item"].broken(f"the file of '{name}' must say 'item: {name}'")
    urgency = place.get("urgency")
    about = place.get("words_about")
    return Item(
        id=name,
        section=place.need("section").text(),
        title=place.need("title").text(),
        rules=_rules(name, place["rules"]) if place.has("rules") else (),
        reason=_text(place, "reason"),
        action=_text(place, "action"),
        sources=tuple(_cited(place)),
        source_notes={key: note for key, note in _cited(place).items() if note},
        disagreement=_text(place, "disagreement"),
        without_rule=_text(place, "without_rule"),
        red_flag=_flag(place, "red_flag"),
        urgency=urgency.one_of(*URGENCIES) if urgency else None,
        private=_flag(place, "private"),
        from_list=_flag(place, "from_list"),
        patient=_patient(name, place, files),
        words=_lay_words(name, "words", place, files),
        about_now=about is not None and about.one_of("now", "ever", "event") != "ever",
        about_ever=about is not None and about.text() == "ever",
        about_event=about is not None and about.text() == "event",
        mild_words=_lay_words(name, "mild_words", place, files),
        words_settle=_flag(place, "words_settle"),
        look_alikes=tuple(_look_alikes(name, "words_except", place, files)),
        other_languages=dict(_other_languages(place)),
        near=dict(_near(name, place, files)),
        near_look_alikes=tuple(_look_alikes(name, "near_except", place, files)),
    )


def _text(place: Place, key: str) -> str:
    return place[key].text() if place.has(key) else ""


def _flag(place: Place, key: str) -> bool:
    return place[key].flag() if place.has(key) else False


def _cited(place: Place) -> dict[str, str]:
    """Each source of an item, with what was read there of it, where that is said."""
    return dict(lint.cited(place))


def _in_language(name: str, key: str, files: _Files) -> Iterator[tuple[str, Place]]:
    for language, found in files.translations.items():
        if name in found and found[name].has(key):
            yield language, found[name][key]


def _patient(name: str, place: Place, files: _Files) -> dict[str, dict[str, str]]:
    if not place.has("patient"):
        return {}
    found = {"en": {key: text.text() for key, text in place["patient"].entries()}}
    for language, texts in _in_language(name, "patient", files):
        found[language] = {key: text.text() for key, text in texts.entries()}
    return found


def _other_languages(place: Place) -> Iterator[tuple[str, frozenset[str]]]:
    if place.has("other_languages"):
        for language, marks in place["other_languages"].entries():
            yield language, frozenset(words.plain(mark) for mark in marks.texts())


def _near(name: str, place: Place, files: _Files) -> Iterator[tuple[str, tuple[Near, ...]]]:
    if place.has("near"):
        yield "en", nearness.read(place["near"])
    for language, found in _in_language(name, "near", files):
        yield language, nearness.read(found)


def _look_alikes(name: str, key: str, place: Place, files: _Files) -> Iterator[str]:
    if place.has(key):
        yield from place[key].texts()
    for _, phrases in _in_language(name, key, files):
        yield from phrases.texts()


def _lay_words(name: str, key: str, place: Place, files: _Files) -> dict[str, tuple[str, ...]]:
    found = {"en": place[key].texts()} if place.has(key) else {}
    for language, phrases in _in_language(name, key, files):
        found[language] = phrases.texts()
    return found


def _rules(item: str, place: Place) -> tuple[Rule, ...]:
    """Read the rules of an item; what stands for an unknown figure of it is always kept on.

    Where an item is a figure, such as an age, and its other rules take an unknown one as outside
    of them, the rule without that says what an unknown figure means.
    """
    found = tuple(_rule(item, rule) for rule in place.each())
    if any(rule.answers for rule in found) or not any(_presumes(rule) for rule in found):
        return found
    return tuple(rule if _presumes(rule) else replace(rule, kept=True) for rule in found)


def _presumes(rule: Rule) -> bool:
    leaves = conditions.leaves(rule.when) if rule.when is not None else ()
    return any(leaf.unknown is False for leaf in leaves)


def _rule(item: str, place: Place) -> Rule:
    place.only(*lint.RULE_KEYS)
    when, see, tag = place.get("when"), place.get("see"), place.get("tag")
    block, about = place.get("block"), place.get("about")
    level = place.get("level")
    return Rule(
        id=place.need("id").text(),
        item=item,
        answers=place["answer"].texts() if place.has("answer") else (),
        when=conditions.read(when) if when else None,
        level=_level(level) if level else _least(place),
        block=conditions.regions(block) if block else (),
        about=conditions.regions(about) if about else None,
        reason=_text(place, "reason"),
        notes=place["notes"].texts() if place.has("notes") else (),
        see=_route(see) if see else None,
        raises=place["raise"].texts() if place.has("raise") else (),
        tag=tag.text() if tag else None,
        binding=_flag(place, "binding"),
    )


def _level(place: Place) -> Level:
    return Level(place.one_of(*(level.value for level in Level)))


def _least(place: Place) -> Level:
    """A route keeps its own finding at least as a precaution."""
    if place.has("see") or place.has("raise"):
        return Level.PRECAUTION
    raise place.broken("a rule needs 'level', 'see' or 'raise'")


def _route(place: Place) -> Route:
    if isinstance(place.value, str):
        return Route(place.text(), "yes")
    place.only("item", "answer")
    return Route(place.need("item").text(), place.need("answer").text())
