"""What holds for every item: blank, not sure, contradictions, regions, earlier answers, time."""

from datetime import date
from typing import Any

import pytest

from clinic.screening import outcome, questionnaire, rules
from clinic.screening.outcome import EarlierAnswer, Level
from tests.unit.screening.harmless import (
    ASTHMA,
    BLANK,
    HARMLESS,
    TODAY,
    finding,
    intake,
    level,
    screened,
)

Changes = dict[str, Any]
NODES: Changes = {
    "lymph-node-removal": "yes",
    "lymph-node-removal.place": ["armpit"],
    "lymph-node-removal.side": "left",
}


def test_a_blank_form_is_held_and_never_urgent() -> None:
    screening = outcome.screen(
        questionnaire.shipped(), rules.shipped_rules(), {}, as_of=TODAY, earlier=()
    )

    assert screening.level is Level.ABSOLUTE
    assert not screening.bookable
    assert set(screening.as_json()["regions"].values()) == {"avoid"}


FROM_LIST = {name for name, item in rules.shipped_rules().items.items() if item.from_list}


@pytest.mark.parametrize("question", sorted(set(HARMLESS) - {"low-bmi.height", "low-bmi.weight"}))
@pytest.mark.parametrize("unsure", [BLANK, None, "", "not_sure", "prefer_not"])
def test_no_question_can_be_left_open_without_a_finding(question: str, unsure: object) -> None:
    if question in FROM_LIST and unsure in (BLANK, None, ""):
        assert screened({question: unsure, "medicines": []}).finding(question) is None
        assert screened({question: unsure, "medicines": BLANK}).finding(question) is not None
        return
    if (question, unsure) == ("hiv", "prefer_not"):  # standard precautions apply to all
        assert screened({question: unsure}).finding(question) is None
        return
    if question in ("wanted_regions", "medicines") and unsure == "":
        unsure = BLANK

    assert screened({question: unsure}).level >= Level.PRECAUTION


@pytest.mark.parametrize(
    ("changes", "item", "expected"),
    [
        ({"diabetes.problems": ["sores"]}, "diabetes", "relative"),
        ({"metal-allergy.severity": "severe"}, "metal-allergy", "absolute"),
        ({"surgery-recent.date": "2026-11-01"}, "surgery-recent", "absolute"),
        ({"anticoagulant.which": ["warfarin"]}, "anticoagulant", "absolute"),
        ({"pregnancy.weeks": 10}, "pregnancy", "absolute"),
        ({"lung-disease.which": ["copd"]}, "lung-disease", "site"),
    ],
)
def test_a_no_beside_a_follow_up_that_speaks_of_a_yes_does_not_match(
    changes: Changes, item: str, expected: str
) -> None:
    found = finding(changes, item)

    assert found.level.value == expected
    assert found.mismatch


@pytest.mark.parametrize(
    "changes",
    [
        {"diabetes.problems": []},
        {"diabetes.unstable": "no"},
        {"metal-allergy.needles": "no"},
        {"anticoagulant.prescriber-agreed": "yes"},
        {"rf-chest-breath.worse": "yes"},  # decides nothing
    ],
)
def test_a_harmless_follow_up_beside_a_no_is_no_contradiction(changes: Changes) -> None:
    assert screened(changes).findings == ()


def test_a_blocked_region_that_is_wanted_makes_the_level_site() -> None:
    screening = screened(NODES)

    assert screening.level is Level.SITE
    assert screening.as_json()["regions"] == {"shoulder-left": "avoid"}


@pytest.mark.parametrize("wanted", [[], BLANK, "not_sure", ["not_sure"]])
def test_no_wanted_region_counts_as_every_region(wanted: object) -> None:
    screening = screened({**NODES, "wanted_regions": wanted})

    assert screening.level is Level.SITE
    assert screening.as_json()["regions"]["knee-left"] == "care"  # neck-front is wanted, too
    assert screening.as_json()["regions"]["shoulder-left"] == "avoid"


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (["chest-right"], {"chest-right": "allowed"}),
        (["chest-left"], {"chest-left": "avoid"}),
        (["chest"], {"chest": "avoid"}),
        (["chest-left", "chest-right"], {"chest": "avoid"}),
    ],
)
def test_a_half_of_the_trunk_is_judged_by_itself(
    wanted: list[str], expected: dict[str, str]
) -> None:
    assert screened({**NODES, "wanted_regions": wanted}).as_json()["regions"] == expected


def test_two_blocked_halves_are_written_as_one() -> None:
    both = screened({**NODES, "lymph-node-removal.side": "both"})

    assert "chest" in both.blocked_regions
    assert "chest-left" not in both.blocked_regions


def test_a_precaution_over_the_lungs_leaves_other_regions_allowed() -> None:
    changes = {"low-bmi.weight": 150, "wanted_regions": ["shoulder-left", "knee-left"]}

    regions = screened(changes).as_json()["regions"]

    assert regions == {"shoulder-left": "care", "knee-left": "allowed"}


def test_a_precaution_about_the_whole_person_asks_for_care_everywhere() -> None:
    regions = screened({"needle-phobia": "a-bit-nervous"}).as_json()["regions"]

    assert regions == {"shoulder-left": "care"}


def test_anything_absolute_means_no_needle_anywhere() -> None:
    screening = screened({"needle-phobia": "very-scared", "wanted_regions": ["knee", "neck"]})

    assert set(screening.as_json()["regions"].values()) == {"avoid"}
    assert screening.regions["neck"].because == ("needle-phobia",)


def test_precautions_do_not_add_up() -> None:
    changes = {"needle-phobia": "a-bit-nervous", "metal-allergy": "not_sure"}

    assert screened(changes).level is Level.PRECAUTION


def test_findings_stand_gravest_first() -> None:
    screening = screened({**NODES, "rf-chest-breath": "yes", "needle-phobia": "a-bit-nervous"})

    assert [found.level.value for found in screening.findings] == ["urgent", "site", "precaution"]


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        (("yes", Level.URGENT), "no", "absolute"),
        (("not_sure", Level.ABSOLUTE), "no", "relative"),
        (("not_sure", Level.RELATIVE), "no", "relative"),
        (("yes", Level.PRECAUTION), "no", "none"),
        (("yes", Level.URGENT), "yes", "none"),
        (("yes", Level.URGENT), BLANK, "absolute"),
    ],
)
def test_an_answer_that_held_the_request_stays_on_record(
    before: tuple[str, Level], now: object, expected: str
) -> None:
    earlier = EarlierAnswer("rf-chest-breath", before[0], before[1], "changed")

    screening = screened({"rf-chest-breath": now}, earlier=(earlier,))

    found = screening.finding("rf-chest-breath.changed")
    assert (found.level.value if found else "none") == expected


def test_a_milder_answer_than_in_another_request_is_relative() -> None:
    earlier = EarlierAnswer("diabetes", "yes", Level.RELATIVE, "other-request")

    found = screened({}, earlier=(earlier,)).finding("diabetes.changed")

    assert found is not None
    assert found.level is Level.RELATIVE
    assert found.item == "diabetes"
    assert found.answers() == {"diabetes": ["no", "yes"]}


def test_an_answer_as_grave_as_in_another_request_is_no_finding() -> None:
    earlier = EarlierAnswer("diabetes", "not_sure", Level.RELATIVE, "other-request")

    assert screened({"diabetes": "yes"}, earlier=(earlier,)).finding("diabetes.changed") is None


@pytest.mark.parametrize(
    ("now", "changed"), [(["Eliquis", "Tylenol"], False), (["Tylenol"], True), ([], True)]
)
def test_a_medicine_taken_off_the_list_is_a_changed_answer(
    now: list[str],
    changed: bool,  # noqa: FBT001 - a column
) -> None:
    earlier = EarlierAnswer("medicines", ["Eliquis"], Level.ABSOLUTE, "changed")

    screening = screened({"medicines": now}, earlier=(earlier,))

    assert (screening.finding("medicines.changed") is not None) is changed


@pytest.mark.parametrize("kind", ["changed", "other-request"])
@pytest.mark.parametrize(
    ("question", "before", "now", "stands"),
    [
        ("medicines", "Plavix", ["metformin", "Plavix"], True),
        ("medicines", "Plavix", ["plavix 75 mg daily"], True),
        ("medicines", "zorblax 20", ["zorblax, 2 a day"], True),
        ("medicines", "Plavix", ["metformin"], False),
        ("medicines", "Eliquis", ["Eliquis, stopped in 2015"], False),
        ("medicines", "aspirin 325 mg", ["aspirin 81 mg"], False),
        ("medicines", "aspirin 81 mg", ["aspirin 325 mg"], True),
        ("medicines", "zorblax 20", [], False),
        ("medicines", "not_sure", [], False),
        ("free_text.hopes", "chest pain", "less chest pain when I run", True),
        ("free_text.hopes", "chest pain", "no chest pain", False),
        ("free_text.hopes", "I take Eliquis", "still on Eliquis", True),
        ("free_text.hopes", "I take Eliquis", "to run", False),
    ],
)
def test_what_was_typed_before_stands_while_nothing_is_taken_back(
    question: str, before: object, now: object, *, stands: bool, kind: str
) -> None:
    earlier = EarlierAnswer(question, before, Level.ABSOLUTE, kind)

    screening = screened({question: now}, earlier=(earlier,))

    changed = screening.finding(f"{question.partition('.')[0]}.changed")
    assert (changed is None) is stands
    assert stands or (changed is not None and changed.private)


@pytest.mark.parametrize("kind", ["changed", "other-request"])
def test_a_no_that_stood_beside_a_medicine_may_be_corrected(kind: str) -> None:
    earlier = EarlierAnswer("antiplatelet", "no", Level.RELATIVE, kind)
    corrected = {"antiplatelet": "yes", "antiplatelet.which": ["clopidogrel"]}

    assert screened(corrected, earlier=(earlier,)).finding("antiplatelet.changed") is None


def test_a_milder_answer_than_an_urgent_one_of_another_request_is_absolute() -> None:
    earlier = EarlierAnswer("rf-chest-breath", "yes", Level.URGENT, "other-request")

    found = screened({}, earlier=(earlier,)).finding("rf-chest-breath.changed")

    assert found is not None
    assert found.level is Level.ABSOLUTE


def test_earlier_answers_are_part_of_what_is_stored() -> None:
    earlier = EarlierAnswer("rf-chest-breath", "yes", Level.URGENT, "changed")

    with_it, without = screened({}, earlier=(earlier,)), screened({})

    assert with_it.earlier == (earlier,)
    assert with_it.as_bytes() != without.as_bytes()
    assert outcome.from_json(with_it.as_bytes()) == with_it


SURGERY: Changes = {
    "surgery-recent": "yes",
    "surgery-recent.kind": "other",
    "surgery-recent.regions": ["knee-left"],
    "surgery-recent.date": "2026-11-02",
    "surgery-recent.healed": "yes",
    "surgery-recent.blood-thinner": "no",
}


@pytest.mark.parametrize(
    ("visit_on", "cleared_from", "expected"),
    [
        (date(2027, 3, 3), None, "absolute"),  # now counts as well
        (date(2027, 3, 3), date(2026, 12, 14), "none"),
        (date(2026, 12, 20), date(2026, 12, 14), "relative"),
        (date(2026, 12, 13), date(2026, 12, 14), "absolute"),  # before that day
    ],
)
def test_now_and_the_visit_both_count(
    visit_on: date, cleared_from: date | None, expected: str
) -> None:
    screening = outcome.screen_at_visit(
        questionnaire.shipped(),
        rules.shipped_rules(),
        intake(SURGERY),
        now_on=TODAY,
        visit_on=visit_on,
        cleared_from=cleared_from,
    )

    assert screening.level.value == expected


def test_a_minor_of_the_visit_is_an_adult_then_but_not_now() -> None:
    screening = outcome.screen_at_visit(
        questionnaire.shipped(),
        rules.shipped_rules(),
        intake({"minor": "2008-12-01"}),
        now_on=TODAY,
        visit_on=date(2026, 12, 2),
    )

    assert screening.level is Level.ABSOLUTE


@pytest.mark.parametrize("now", ["not_sure", "yes", BLANK])
@pytest.mark.parametrize("weeks", [BLANK, 8, 20, 45])
def test_from_no_a_more_cautious_answer_on_pregnancy_unblocks_nothing(
    weeks: object, now: object
) -> None:
    could_be = {
        "pregnancy.maybe": "not_sure",
        "pregnancy.weeks": weeks,
        "pregnancy.high-risk": "no",
    }

    before, after = screened(could_be), screened({**could_be, "pregnancy": now})

    body = rules.shipped_rules().body
    assert body.expand(before.blocked_regions) <= body.expand(after.blocked_regions)


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_finding_has_words_for_the_patient(language: str) -> None:
    ruleset = rules.shipped_rules()
    changes = {**NODES, **ASTHMA, **SURGERY, "diabetes": "yes", "pregnancy": "yes"}
    earlier = EarlierAnswer("rf-chest-breath", "yes", Level.URGENT, "changed")
    screening = screened(
        {**changes, "medicines": ["Eliquis", "Plavix", "clot pill", "zorblax", "sertraline"]},
        earlier=(earlier,),
    )

    texts = [outcome.patient_text(found, ruleset, language) for found in screening.findings]

    assert len(texts) > 8
    assert all(texts)


def test_an_urgent_fever_is_told_as_an_emergency_in_both_languages() -> None:
    ruleset = rules.shipped_rules()
    found = finding({"rf-fever-infection": "yes"}, "rf-fever-infection")

    assert outcome.patient_text(found, ruleset, "en") == (
        "Please call 911 or go to an emergency room now."
    )
    assert outcome.patient_text(found, ruleset, "es").startswith("Llame al 911")


def test_other_settings_make_another_version() -> None:
    shipped = rules.shipped_rules()

    stricter = shipped.with_settings({"diabetes.a1c-limit": 7})

    assert stricter.hash != shipped.hash
    sugar = {
        "diabetes": "yes",
        "diabetes.a1c": 7.5,
        "diabetes.problems": [],
        "diabetes.unstable": "no",
    }
    screening = outcome.screen(questionnaire.shipped(), stricter, intake(sugar), as_of=TODAY)
    assert screening.level is Level.RELATIVE
    assert level(sugar, "diabetes") == "precaution"


def test_the_answer_is_exactly_what_the_command_line_promises() -> None:
    told = screened(NODES).as_json()

    assert set(told) == {"level", "findings", "blocked_regions", "regions", "bookable", "ruleset"}
    assert set(told["ruleset"]) == {"version", "hash", "complete"}
    assert set(told["findings"][0]) == {
        "id",
        "level",
        "because",
        "blocked_regions",
        "lapses_on",
        "sources",
    }


def test_a_route_that_a_later_pass_takes_back_still_counts_and_the_passes_end() -> None:
    answers = {"dvt-history.blood-thinner": "yes"}

    screening = outcome.screen(questionnaire.shipped(), rules.shipped_rules(), answers, as_of=TODAY)

    found = screening.finding("anticoagulant")
    assert found is not None
    assert found.level is Level.ABSOLUTE


def test_what_changes_in_a_day_and_new_medicines_are_asked_again_at_the_visit() -> None:
    questions = questionnaire.shipped().questions.values()

    again = {question.item for question in questions if question.on_the_day}

    assert again == {
        "intoxication",
        "rf-chest-breath",
        "rf-fever-infection",
        "infection-current",
        "skin-infection-wound",
        "medicines",
        "pregnancy",
    }
