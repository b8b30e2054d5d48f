"""Skin, lumps, cancer and radiation: each branch, the regions it closes and the urgent text."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from clinic.screening import outcome, rules
from tests.unit.screening.harmless import finding, level, screened

Changes = Mapping[str, Any]
HERE, THERE = ["shoulder-left"], ["knee-right"]
WOUND = {
    "skin-infection-wound": "yes",
    "skin-infection-wound.spreading": "no",
    "skin-infection-wound.regions": THERE,
}
PATCHES = {
    "psoriasis-eczema": "yes",
    "psoriasis-eczema.active": "yes",
    "psoriasis-eczema.regions": THERE,
}
SCAR = {"keloid": "yes", "keloid.scar": "yes", "keloid.regions": THERE}
INK = {"tattoo": "yes", "tattoo.new": "yes", "tattoo.regions": HERE, "tattoo.date": "2026-11-20"}
PAST = {"cancer-history": "yes", "cancer-history.type": "other", "cancer-history.signs": []}
SIMPLE = {**PAST, "cancer-history.type": "simple-skin"}
ALL = "all"

# item, what is answered, the level for the left shoulder, the regions that no needle may enter
CASES: list[tuple[str, Changes, str, object]] = [
    ("skin-infection-wound", {"skin-infection-wound": "no"}, "none", []),
    ("skin-infection-wound", WOUND, "precaution", THERE),
    ("skin-infection-wound", {**WOUND, "skin-infection-wound.regions": HERE}, "site", HERE),
    ("skin-infection-wound", {**WOUND, "skin-infection-wound.regions": None}, "site", ALL),
    ("skin-infection-wound", {**WOUND, "skin-infection-wound.spreading": "yes"}, "urgent", THERE),
    (
        "skin-infection-wound",
        {**WOUND, "skin-infection-wound.spreading": "not_sure"},
        "urgent",
        THERE,
    ),
    ("skin-infection-wound", {**WOUND, "skin-infection-wound.spreading": None}, "urgent", THERE),
    ("skin-infection-wound", {"skin-infection-wound": "not_sure"}, "site", ALL),
    ("skin-infection-wound", {**WOUND, "skin-infection-wound": "not_sure"}, "precaution", THERE),
    (
        "skin-infection-wound",
        {
            **WOUND,
            "skin-infection-wound": "not_sure",
            "skin-infection-wound.spreading": "yes",
        },
        "urgent",
        THERE,
    ),
    ("skin-infection-wound", {"skin-infection-wound": None}, "site", ALL),
    ("psoriasis-eczema", {"psoriasis-eczema": "no"}, "none", []),
    ("psoriasis-eczema", PATCHES, "none", THERE),
    ("psoriasis-eczema", {**PATCHES, "psoriasis-eczema.regions": HERE}, "site", HERE),
    ("psoriasis-eczema", {**PATCHES, "psoriasis-eczema.regions": None}, "site", ALL),
    (
        "psoriasis-eczema",
        {"psoriasis-eczema": "yes", "psoriasis-eczema.active": "no"},
        "none",
        [],
    ),
    ("psoriasis-eczema", {"psoriasis-eczema": "yes"}, "site", ALL),
    (
        "psoriasis-eczema",
        {"psoriasis-eczema": "yes", "psoriasis-eczema.active": "not_sure"},
        "site",
        ALL,
    ),
    ("psoriasis-eczema", {"psoriasis-eczema": "not_sure"}, "site", ALL),
    (
        "psoriasis-eczema",
        {"psoriasis-eczema": "not_sure", "psoriasis-eczema.regions": THERE},
        "precaution",
        THERE,
    ),
    ("psoriasis-eczema", {"psoriasis-eczema": None}, "site", ALL),
    ("keloid", {"keloid": "no"}, "none", []),
    ("keloid", {"keloid": "yes", "keloid.scar": "no"}, "precaution", []),
    ("keloid", SCAR, "precaution", THERE),
    ("keloid", {**SCAR, "keloid.regions": HERE}, "site", HERE),
    ("keloid", {"keloid": "yes"}, "site", ALL),
    ("keloid", {"keloid": "yes", "keloid.scar": "not_sure"}, "site", ALL),
    ("keloid", {"keloid": "not_sure"}, "precaution", []),
    ("keloid", {"keloid": None}, "precaution", []),
    ("tattoo", {"tattoo": "no"}, "none", []),
    ("tattoo", INK, "site", HERE),
    ("tattoo", {**INK, "tattoo.regions": THERE}, "precaution", THERE),
    ("tattoo", {"tattoo": "yes", "tattoo.new": "no"}, "none", []),
    ("tattoo", {**INK, "tattoo.new": "not_sure", "tattoo.date": None}, "site", HERE),
    ("tattoo", {**INK, "tattoo.date": "2026-10-12"}, "site", HERE),
    ("tattoo", {**INK, "tattoo.date": "2026-10-11"}, "none", []),
    ("tattoo", {"tattoo": "yes"}, "site", ALL),
    ("tattoo", {"tattoo": "not_sure"}, "site", ALL),
    ("tattoo", {"tattoo": None}, "site", ALL),
    ("unknown-lump", {"unknown-lump": "no"}, "none", []),
    ("unknown-lump", {"unknown-lump": "yes", "unknown-lump.regions": THERE}, "relative", THERE),
    ("unknown-lump", {"unknown-lump": "yes", "unknown-lump.regions": HERE}, "site", HERE),
    ("unknown-lump", {"unknown-lump": "yes"}, "site", ALL),
    ("unknown-lump", {"unknown-lump": "not_sure"}, "relative", []),
    ("unknown-lump", {"unknown-lump": None}, "relative", []),
    ("cancer-current", {"cancer-current": "no"}, "none", []),
    ("cancer-current", {"cancer-current": "yes"}, "absolute", []),
    ("cancer-current", {"cancer-current": "not_sure"}, "absolute", []),
    ("cancer-current", {"cancer-current": None}, "absolute", []),
    ("cancer-history", {"cancer-history": "no"}, "none", []),
    ("cancer-history", PAST, "relative", []),
    ("cancer-history", SIMPLE, "precaution", []),
    ("cancer-history", {**PAST, "cancer-history.type": "not_sure"}, "relative", []),
    ("cancer-history", {**PAST, "cancer-history.type": None}, "relative", []),
    ("cancer-history", {**SIMPLE, "cancer-history.signs": ["constant-pain"]}, "urgent", []),
    ("cancer-history", {**PAST, "cancer-history.signs": ["weight-loss"]}, "urgent", []),
    ("cancer-history", {**PAST, "cancer-history.signs": ["night-pain"]}, "urgent", []),
    ("cancer-history", {**PAST, "cancer-history.signs": ["not_sure"]}, "urgent", []),
    ("cancer-history", {**PAST, "cancer-history.signs": None}, "urgent", []),
    ("cancer-history", {"cancer-history": "not_sure"}, "relative", []),
    (
        "cancer-history",
        {"cancer-history": "not_sure", "cancer-history.signs": ["night-pain"]},
        "urgent",
        [],
    ),
    ("cancer-history", {"cancer-history": None}, "relative", []),
    ("radiation-area", {"radiation-area": "no"}, "none", []),
    ("radiation-area", {"radiation-area": "yes", "radiation-area.regions": HERE}, "site", HERE),
    (
        "radiation-area",
        {"radiation-area": "not_sure", "radiation-area.regions": THERE},
        "precaution",
        THERE,
    ),
    ("radiation-area", {"radiation-area": "yes"}, "site", ALL),
    ("radiation-area", {"radiation-area": "not_sure"}, "site", ALL),
    ("radiation-area", {"radiation-area": None}, "site", ALL),
]


@pytest.mark.parametrize(("item", "changes", "expected", "blocked"), CASES)
def test_a_branch_comes_to_its_level_and_its_regions(
    item: str, changes: Changes, expected: str, blocked: object
) -> None:
    found = screened(changes).finding(item)

    assert (found.level.value if found else "none") == expected
    closed = list(found.blocked_regions) if found else []
    assert closed == (
        list(rules.shipped_rules().body.normalise(PARTS)) if blocked == ALL else blocked
    )


PARTS = rules.shipped_rules().body.parts


@pytest.mark.parametrize(
    ("changes", "item", "words"),
    [
        ({**WOUND, "skin-infection-wound.spreading": "yes"}, "skin-infection-wound", "today"),
        ({**PAST, "cancer-history.signs": ["weight-loss"]}, "cancer-history", "today"),
    ],
)
def test_the_urgent_text_sends_to_a_doctor_today_and_not_to_911(
    changes: Changes, item: str, words: str
) -> None:
    found = finding(changes, item)

    english = outcome.patient_text(found, rules.shipped_rules(), "en")
    spanish = outcome.patient_text(found, rules.shipped_rules(), "es")

    assert found.urgency == "same_day"
    assert english.startswith("Please call your doctor or go to urgent care today.")
    assert spanish.startswith("Llame a su médico o vaya hoy a un centro de atención urgente.")
    assert words in english
    assert "911" not in english + spanish


def test_a_milder_branch_keeps_its_milder_text() -> None:
    text = outcome.patient_text(finding(PAST, "cancer-history"), rules.shipped_rules(), "en")

    assert text == "Thanks. A therapist will ask a little more before we plan needling."


def test_a_blank_question_is_never_urgent_even_beside_its_follow_ups() -> None:
    changes = {"cancer-history": None, "cancer-history.signs": ["weight-loss"]}

    assert level({"skin-infection-wound": None}, "skin-infection-wound") == "site"
    assert level(changes, "cancer-history") == "urgent"  # that answer was given


def test_a_new_tattoo_lapses_on_the_day_it_is_six_weeks_old() -> None:
    assert finding(INK, "tattoo").lapses_on == date(2027, 1, 1)
    assert level(INK, "tattoo", as_of=date(2026, 12, 31)) == "site"
    assert level(INK, "tattoo", as_of=date(2027, 1, 1)) == "none"


def test_patches_elsewhere_leave_a_healthy_adult_clean() -> None:
    assert screened(PATCHES).level.value == "none"
    assert "knee-right" in screened(PATCHES).blocked_regions


@pytest.mark.parametrize(
    ("text", "item", "expected", "call"),
    [
        ("I had breast cancer in 2010", "cancer-history", "relative", None),
        ("tuve leucemia de niña", "cancer-history", "relative", None),
        ("I worry my cancer is back", "cancer-history", "absolute", "call_today"),
        ("creo que me volvió el cáncer", "cancer-history", "absolute", "call_today"),
        ("I have cancer in my hip", "cancer-current", "relative", None),
        ("a rash on my back", "skin-infection-wound", "relative", None),
        ("my rash is spreading fast", "skin-infection-wound", "absolute", "call_today"),
        ("tengo culebrilla", "skin-infection-wound", "relative", None),
        ("la herida está infectada", "skin-infection-wound", "absolute", "call_today"),
    ],
)
def test_mild_words_of_a_red_flag_are_reviewed_and_grave_ones_are_called(
    text: str, item: str, expected: str, call: str | None
) -> None:
    found = finding({"free_text": {"hopes": text}}, item)

    assert found.level.value == expected
    assert found.urgency == call
