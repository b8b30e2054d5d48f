"""Two versions side by side: everything is in one list, and the order of answers is nothing."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from clinic.screening import comparison, questionnaire
from clinic.screening.comparison import CHANGED, GONE, NEW, SAME, Comparison, Version
from tests.unit.screening.harmless import ASTHMA, intake, screened


def version(changes: Mapping[str, Any], **marks: Any) -> Version:
    """One version of the harmless history with some answers changed."""
    return Version(questionnaire.shipped(), {**intake(changes), **marks}, screened(changes))


def compared(before: Mapping[str, Any], after: Mapping[str, Any]) -> Comparison:
    """The comparison of two such versions."""
    return comparison.compare(version(before), version(after))


def test_the_same_answers_are_all_unchanged() -> None:
    found = compared({}, {})

    assert not found.differs
    assert {one.kind for one in found.answers} == {SAME}
    assert found.level_before is found.level_after


def test_a_finding_that_is_new_or_gone_says_so_and_the_gravest_comes_first() -> None:
    surgery = {"surgery-recent": "yes", "surgery-recent.date": "2026-11-10"}

    found = compared(surgery, {**ASTHMA, "anticoagulant": "yes"})

    assert [one.id for one in found.findings_that(GONE)] == ["surgery-recent"]
    assert "anticoagulant" in [one.id for one in found.findings_that(NEW)]
    ranks = [one.level.rank for one in found.findings]
    assert ranks == sorted(ranks, reverse=True)


def test_a_finding_that_stays_names_in_what_it_differs() -> None:
    before = {"lymph-node-removal": "yes", "lymph-node-removal.side": "left"}
    after = {"lymph-node-removal": "yes", "lymph-node-removal.side": "right"}

    (one,) = [row for row in compared(before, after).findings if row.id == "lymph-node-removal"]

    assert one.kind == CHANGED
    assert "regions" in one.parts


def test_answers_are_added_removed_and_changed_by_question() -> None:
    found = compared({"diabetes": "no", **ASTHMA}, {"diabetes": "not_sure"})

    kinds = {one.question_id: one.kind for one in found.answers}
    assert kinds["diabetes"] == CHANGED
    assert kinds["lung-disease.which"] == GONE
    back = compared({"diabetes": "not_sure"}, {"diabetes": "no", **ASTHMA})
    assert {one.question_id: one.kind for one in back.answers}["lung-disease.which"] == NEW


def test_the_medicines_are_compared_line_by_line() -> None:
    before = {"medicines": ["Lisinopril 10 mg", "Eliquis", "Eliquis"]}
    after = {"medicines": ["eliquis", "Metformin", "lisinopril  10 MG"]}

    lines = compared(before, after).medicines

    assert lines.new == ("Metformin",)
    assert lines.gone == ("Eliquis",)
    assert lines.same == ("eliquis", "lisinopril  10 MG")


def test_medicines_not_known_against_a_list_is_a_changed_answer_and_every_line_is_gone() -> None:
    known, unknown = version({"medicines": ["Eliquis"]}), version({})
    unsure = replace(unknown, answers={**unknown.answers, "medicines": "not_sure"})

    found = comparison.compare(known, unsure)

    assert "medicines" in [one.question_id for one in found.answers_that(CHANGED)]
    assert found.medicines.gone == ("Eliquis",)


def test_the_order_in_which_answers_or_regions_stand_changes_nothing() -> None:
    one = version({"wanted_regions": ["shoulder-left", "lower-back"]})
    turned = dict(
        reversed({**one.answers, "wanted_regions": ["lower-back", "shoulder-left"]}.items())
    )

    found = comparison.compare(one, replace(one, answers=turned))

    assert not found.differs
    assert [row.question_id for row in found.answers] == [
        row.question_id for row in comparison.compare(one, one).answers
    ]


def test_a_question_that_no_version_knows_is_shown_and_not_dropped() -> None:
    before = version({})
    after = replace(before, answers={**before.answers, "zz-unknown": "yes", "aa-unknown": "no"})

    found = comparison.compare(before, after)

    assert [one.question_id for one in found.answers][-2:] == ["aa-unknown", "zz-unknown"]
    assert {one.kind for one in found.answers[-2:]} == {NEW}


def test_a_question_that_was_worded_otherwise_says_so_though_the_answer_is_the_same() -> None:
    before = version({})
    known = before.questions.questions
    other = replace(known["diabetes"], text="Do you have sugar disease?")
    older = replace(before.questions, questions={**known, "diabetes": other})

    found = comparison.compare(replace(before, questions=older), before)

    reworded = {one.question_id: one.reworded for one in found.answers}
    assert reworded["diabetes"]
    assert not reworded["pregnancy"]


def test_our_own_marks_are_no_answers_and_each_box_of_words_is_one() -> None:
    before = version({}, _shown=["diabetes"], free_text={"hopes": "To run."})
    after = version({}, _shown=[], free_text={"hopes": "To walk."})

    found = comparison.compare(before, after)

    assert [one.question_id for one in found.answers_that(CHANGED)] == ["free_text.hopes"]


def test_a_wanted_region_that_is_new_or_judged_otherwise_is_named() -> None:
    before = {"wanted_regions": ["shoulder-left"]}
    after = {
        "wanted_regions": ["shoulder-left", "lower-back"],
        "lymph-node-removal": "yes",
        "lymph-node-removal.side": "left",
    }

    kinds = {one.region: one.kind for one in compared(before, after).regions}

    assert kinds == {"shoulder-left": CHANGED, "lower-back": NEW}


@pytest.mark.parametrize("changes", [{}, ASTHMA, {"medicines": ["Eliquis"]}])
def test_swapping_the_versions_swaps_new_and_gone_and_nothing_else(changes: Any) -> None:
    swapped = {NEW: GONE, GONE: NEW, CHANGED: CHANGED, SAME: SAME}

    there, back = compared({}, changes), compared(changes, {})

    assert {one.id: one.kind for one in back.findings} == {
        one.id: swapped[one.kind] for one in there.findings
    }
    assert {one.question_id: one.kind for one in back.answers} == {
        one.question_id: swapped[one.kind] for one in there.answers
    }
    assert (back.medicines.new, back.medicines.gone) == (
        there.medicines.gone,
        there.medicines.new,
    )
