"""The names that the medicine box offers while a patient types: names alone, from the files."""

from __future__ import annotations

import json
from collections.abc import Iterator

from clinic.screening import source
from clinic.screening.source import Place

SHORTEST = 3


def names() -> tuple[str, ...]:
    """Every medicine that is known by name, as it is written, each once."""
    classes = source.read_general("medicines")["medicines"].need("classes")
    written = {name for _, found in classes.entries() for name in _named(found.get("names"))}
    return tuple(sorted(name for name in written if len(name) >= SHORTEST))


def page() -> str:
    """The file that browsers fetch once; it says nothing of what a name means."""
    return json.dumps(names(), ensure_ascii=False, separators=(",", ":")) + "\n"


def _named(listed: Place | None) -> Iterator[str]:
    for agent, others in listed.entries() if listed else ():
        yield agent
        yield from others.texts() if others.value else ()
