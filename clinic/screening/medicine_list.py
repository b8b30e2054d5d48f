"""The list of medicines as it stands in a data file, and as it ships."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from datetime import date
from functools import cache

from clinic.screening import purposes, source, spelling, words
from clinic.screening.medicines import PURPOSE, Formulary, MedicineClass, Recognised
from clinic.screening.source import Place
from clinic.screening.words import Cues, Tokens

MISMATCHES = ("absolute", "relative", "precaution")
CLASS_KEYS = (
    "row", "item", "ask", "mismatch", "groups", "private", "occasional_is_harmless",
    "stopped_by_rule", "names", "said", "purposes", "explained_by_a_name",
)  # fmt: skip


def read(place: Place, cue_words: Place) -> Formulary:
    """Understand the medicines of a data file."""
    place.only("classes", "look_alikes", "around_purposes", "endings")
    cues = words.read_cues(cue_words)
    classes: dict[str, MedicineClass] = {}
    names: dict[Tokens, list[tuple[str, str]]] = {}
    meant: dict[Tokens, list[tuple[str, str]]] = {}
    proper: set[Tokens] = set()
    for name, found in place.need("classes").entries():
        classes[name] = _class(name, found)
        for key in ("names", "said"):
            for agent, written in _written(found.get(key)):
                names.setdefault(words.tokens(written), []).append((agent, name))
                if key == "names":
                    proper.add(words.tokens(written))
        for purpose in found["purposes"].texts() if found.has("purposes") else ():
            meant.setdefault(words.tokens(purpose), []).append((f"{PURPOSE} {purpose}", name))
    sizes: dict[str, set[int]] = {}
    for tokens in names:
        sizes.setdefault(tokens[0], set()).add(len(tokens))
    look_alikes = _look_alikes(place.get("look_alikes"), names)
    return Formulary(
        classes,
        {written: tuple(dict.fromkeys(agents)) for written, agents in names.items()},
        look_alikes,
        cues,
        _plain_words(cues) | _harmless_purposes(meant, classes),
        spelling.read(name[0] for name in names if len(name) == 1),
        frozenset(name[0] for name in names if len(name) == 1),
        {word: tuple(sorted(found)) for word, found in sizes.items()},
        frozenset(set(names) - proper),
        purposes.read(
            place.get("around_purposes"), {key: tuple(found) for key, found in meant.items()}
        ),
        _endings(place.get("endings"), classes),
    )


def _plain_words(cues: Cues) -> frozenset[str]:
    """Words that name no medicine and say nothing of one that anybody must read."""
    return frozenset(
        word
        for kind, phrases in cues.kinds.items()
        if kind != "ordinary"
        for phrase in phrases
        for word in phrase
    )


def _harmless_purposes(
    meant: Mapping[Tokens, list[tuple[str, str]]], classes: Mapping[str, MedicineClass]
) -> frozenset[str]:
    """What harmless medicines are for, as in "eye drops for glaucoma"."""
    return frozenset(
        word
        for purpose, agents in meant.items()
        if not any(classes[name].about for _, name in agents)
        for word in purpose
    )


def _written(listed: Place | None) -> Iterator[tuple[str, str]]:
    """Each medicine of a class, by each of its names or by what patients say instead."""
    for agent, others in listed.entries() if listed else ():
        for written in (agent, *(others.texts() if others.value else ())):
            yield agent, written


def _endings(place: Place | None, classes: Container[str]) -> tuple[tuple[str, str], ...]:
    """Endings by which a generic name tells its class though nobody listed it, longest first."""
    found: list[tuple[str, str]] = []
    for name, endings in place.entries() if place else ():
        if name not in classes:
            raise endings.broken(f"there is no class of medicines '{name}'")
        found += [(ending, name) for ending in endings.texts()]
    return tuple(sorted(found, key=lambda one: (-len(one[0]), one)))


def _class(name: str, place: Place) -> MedicineClass:
    place.only(*CLASS_KEYS)
    item, asks, groups = place.get("item"), place.get("ask"), place.get("groups")
    return MedicineClass(
        id=name,
        row=place["row"].text() if place.has("row") else "",
        item=item.text() if item else None,
        asks=asks.texts() if asks else (),
        mismatch=_mismatch(place.get("mismatch")),
        groups=frozenset({name, *(groups.texts() if groups else ())}),
        private=place["private"].flag() if place.has("private") else False,
        occasional_is_harmless=place.has("occasional_is_harmless")
        and place["occasional_is_harmless"].flag(),
        stopped_by_rule=place.has("stopped_by_rule") and place["stopped_by_rule"].flag(),
        explained_by_a_name=_explained_by_a_name(place),
    )


def _explained_by_a_name(place: Place) -> frozenset[str]:
    listed = place.get("explained_by_a_name")
    return frozenset(listed.texts()) if listed else frozenset()


def _mismatch(place: Place | None) -> str:
    return place.one_of(*MISMATCHES) if place else "relative"


def _look_alikes(place: Place | None, names: Iterable[Tokens]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    known = set(names)
    for pair in place.each() if place else ():
        pair_names = [one for one in pair.texts() if words.tokens(one) in known]
        for one in pair_names:
            found.setdefault(one, set()).update(pair_names)
    return {one: frozenset(others) for one, others in found.items()}


@cache
def shipped() -> Formulary:
    """The medicines that ship with the product."""
    data = source.read_general("medicines", "words")
    return read(data["medicines"], data["words"])


def recognise(line: str, *, as_of: date | None = None) -> Recognised:
    """What one typed line says of medicines; nothing in it is dropped."""
    return shipped().recognise(line, as_of=as_of)
