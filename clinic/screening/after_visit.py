"""What patients report after a visit: the list, what they are told, and how often it happens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from clinic.screening import lint, source
from clinic.screening.questionnaire import LANGUAGES
from clinic.screening.rules import URGENCIES
from clinic.screening.source import Place

CLASSES = ("minor", "significant", "urgent")
KEYS = (
    "id", "class", "urgency", "by_staff", "report", "frequency", "told", "staff", "unverified",
    "sources",
)  # fmt: skip


@dataclass(frozen=True)
class AfterVisit:
    """One thing that may be reported after a visit.

    minor is logged, significant has a therapist call the same day, urgent shows its advice at
    once. `report` and `told` are worded in each language; `by_staff` is reported by staff alone.
    """

    id: str
    kind: str
    urgency: str | None
    by_staff: bool
    report: Mapping[str, str]
    frequency: str
    told: Mapping[str, str]
    staff: str
    unverified: str
    sources: Mapping[str, str]


@cache
def shipped() -> tuple[AfterVisit, ...]:
    """The list that ships with the product, in the order of its file."""
    files = source.read_general("after_visit", "sources")
    return read(files["after_visit"], files["sources"])


def read(place: Place, known: Place) -> tuple[AfterVisit, ...]:
    """Understand the list; a source that `known` does not have is refused."""
    return tuple(_items(place, known))


def _items(place: Place, known: Place) -> Iterator[AfterVisit]:
    seen: set[str] = set()
    for item in place.need("items").each():
        item.only(*KEYS)
        one = _item(item)
        if one.id in seen:
            raise item.broken(f"'{one.id}' is there twice")
        for key in one.sources:
            if not known.has(key):
                raise item["sources"].broken(f"the source '{key}' is not in sources.yaml")
        seen.add(one.id)
        yield one


def _item(place: Place) -> AfterVisit:
    kind = place.need("class").one_of(*CLASSES)
    if (kind == "urgent") is not place.has("urgency"):
        raise place.broken("say 'urgency' where the class is urgent, and nowhere else")
    return AfterVisit(
        id=place.need("id").text(),
        kind=kind,
        urgency=place["urgency"].one_of(*URGENCIES) if place.has("urgency") else None,
        by_staff=place.has("by_staff") and place["by_staff"].flag(),
        report=_worded(place.need("report")),
        frequency=place.need("frequency").text(),
        told=_worded(place.need("told")),
        staff=place.need("staff").text(),
        unverified=place["unverified"].text() if place.has("unverified") else "",
        sources=dict(lint.cited(place)),
    )


def _worded(place: Place) -> dict[str, str]:
    return {language: place.need(language).text() for language in LANGUAGES}
