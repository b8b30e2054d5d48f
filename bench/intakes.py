"""Intakes to measure with: drawn from the questionnaire that ships, the same each time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random
from typing import Any

from clinic.screening import answers, questionnaire
from clinic.screening.questionnaire import Question

AS_OF = date(2026, 11, 22)
ASKED = questionnaire.shipped()
KINDS = ("healthy", "medicines", "one thing", "several")
LINES = (
    "lisinopril 10 mg once a day", "atorvastatin 20mg at night", "levothyroxine 50 mcg",
    "metformin 500 twice a day", "Tylenol as needed", "omeprazol 20 mg en ayunas", "amlodipine 5",
    "losartán 50 mg", "vitamin D 2000 IU", "Advil most days", "sertraline 50mg", "birth control",
    "elaquis 5mg", "cumadin", "baby aspirin", "humera every two weeks", "gabapentina 300",
    "my mother takes warfarin", "prednisone, stopped in 2015", "plavics 75", "the clot pill",
)  # fmt: skip
HOPES = (
    "I want to lift my granddaughter again without pain in my shoulder.",
    "Run a half marathon in spring.",
    "Dormir toda la noche sin que me duela el cuello.",
    "Less headaches at work, I sit at a desk all day.",
    "",
)


def intakes(count: int, seed: int = 7) -> Iterator[tuple[str, dict[str, Any]]]:
    """That many intakes, each with its kind."""
    draw = Random(seed)
    for _ in range(count):
        kind = draw.choices(KINDS, weights=(5, 3, 3, 2))[0]
        yield kind, _intake(kind, draw)


def _intake(kind: str, draw: Random) -> dict[str, Any]:
    found: dict[str, Any] = {
        question.id: question.least[0]
        for question in ASKED.questions.values()
        if question.least and not question.is_follow_up and question.asked != "derived"
    }
    born = AS_OF - timedelta(days=draw.randint(19 * 365, 85 * 365))
    found |= {
        "minor": born.isoformat(),
        "pregnancy.maybe": "no",
        "wanted_regions": draw.sample(ASKED.body.ids, draw.randint(1, 3)),
        "medicines": [] if kind == "healthy" else draw.sample(LINES, draw.randint(1, 6)),
        "free_text.hopes": draw.choice(HOPES),
        "low-bmi.height": draw.randint(60, 75),
        "low-bmi.weight": draw.randint(120, 240),
    }
    items = [one for one in ASKED.questions.values() if one.id == one.item and one.kind == "choice"]
    many = {"one thing": 1, "several": 5}.get(kind, 0)
    for question in draw.sample(items, many):
        unsettling = [slug for slug in question.slugs if slug in ("yes", "not_sure")]
        found[question.id] = draw.choice(unsettling or list(question.slugs))
        found |= _follow_ups(question.item, found, draw)
    return found


def _follow_ups(item: str, found: dict[str, Any], draw: Random) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for question in ASKED.of_item(item):
        read = answers.read({**found, **given}, ASKED)
        if question.is_follow_up and questionnaire.visible(question, read, as_of=AS_OF):
            given[question.id] = _value(question, draw)
    return given


def _value(question: Question, draw: Random) -> Any:
    if question.kind in ("choice", "side"):
        return draw.choice(question.slugs)
    fixed: dict[str, Any] = {
        "choices": draw.sample(question.slugs, 1) if question.slugs else [],
        "date": (AS_OF - timedelta(days=draw.randint(1, 300))).isoformat(),
        "regions": draw.sample(ASKED.body.ids, 1),
        "medicines": [],
        "text": "About two years ago.",
    }
    return fixed.get(question.kind, question.minimum or 1)
