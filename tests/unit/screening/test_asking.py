"""Some questions asked again: which come along, what stays as it was, what is asked anew."""

from dataclasses import replace
from datetime import date

import pytest

from clinic.screening import asking, pages, placed, questionnaire
from clinic.screening.answers import Answers, read
from tests.unit.screening.harmless import ASTHMA, TODAY, intake

EN = questionnaire.shipped()


def test_every_question_that_can_be_asked_again_brings_its_follow_ups_and_no_others() -> None:
    for question in asking.askable(EN):
        own = asking.own_ids(EN, [question.id])
        others = {EN.questions[one].item for one in own} - {question.item}
        assert question.id in own
        assert not any(pages.stands_here(EN.questions[one]) is False for one in own)
        assert all(EN.questions[one].is_follow_up for one in own if one != question.id), others


def test_the_page_asks_each_question_by_itself_with_what_its_answer_opens() -> None:
    topic = asking.only(EN, ["lung-disease", "diabetes"])

    first = pages.groups(topic, asking.ASKED, Answers({}), as_of=TODAY)
    assert {group.questions[0].id for group in first} == {"lung-disease", "diabetes"}
    assert not any(group.ticked for group in first)
    asthma = read({"lung-disease": "yes", "diabetes": "no"}, topic)
    assert "lung-disease.which" in {one.id for one in asking.missing(topic, asthma, as_of=TODAY)}


def test_all_other_answers_are_carried_over_with_their_marks() -> None:
    before = {
        **intake(ASTHMA),
        "free_text": {"hopes": "To run."},
        "_shown": ["diabetes", "metal-allergy"],
        "_left": ["pregnancy"],
        "_confirmed": {"diabetes": "2026-10-01", "metal-allergy": "2026-10-01"},
        "old-question": "yes",
    }

    after = asking.carried_over(EN, before, ["diabetes"], {"diabetes": "not_sure"}, as_of=TODAY)

    assert after["diabetes"] == "not_sure"
    assert after["free_text.hopes"] == "To run."
    assert after["_shown"] == ["metal-allergy"]
    assert "_left" not in after  # it was left, and stands answered in this history
    assert after["_confirmed"] == {"metal-allergy": "2026-10-01"}
    assert after["old-question"] == "yes"
    same = {key for key in before if not key.startswith(("_", "free_text"))} - {"diabetes"}
    assert {key: after[key] for key in same} == {key: before[key] for key in same}


def test_what_the_new_answer_no_longer_calls_for_is_left_out() -> None:
    after = asking.carried_over(
        EN, intake(ASTHMA), ["lung-disease"], {"lung-disease": "no"}, as_of=TODAY
    )

    assert after["lung-disease"] == "no"
    assert "lung-disease.which" not in after


def test_a_question_left_blank_is_blank_and_not_the_answer_of_before() -> None:
    after = asking.carried_over(EN, intake(ASTHMA), ["lung-disease"], {}, as_of=TODAY)

    assert "lung-disease" not in after


@pytest.mark.parametrize("item", ["rf-chest-breath", "rf-fever-infection", "pregnancy"])
def test_what_may_change_in_a_day_is_asked_without_the_answer_of_before(item: str) -> None:
    assert asking.asked_anew(EN.questions[item], EN)
    assert not asking.asked_anew(EN.questions["diabetes"], EN)


def test_a_day_in_the_future_calls_for_what_it_calls_for_then() -> None:
    child = {**intake({}), "minor": "2010-01-01"}

    grown = asking.carried_over(EN, child, ["diabetes"], {"diabetes": "no"}, as_of=date(2030, 1, 1))

    assert "minor.guardian-name" not in grown


def test_answers_are_shown_again_unless_they_may_change_in_a_day_or_were_asked_otherwise() -> None:
    stored = {**intake(ASTHMA), "free_text": {"hopes": "To run."}, "_shown": ["diabetes"]}

    same = asking.reusable(EN, EN, stored)

    assert same["lung-disease.which"] == ["asthma"]
    assert not {"rf-chest-breath", "pregnancy", "free_text.hopes", "_shown", "minor"} & set(same)
    older = replace(EN.questions["lung-disease"], text="Do you have bad lungs?")
    then = replace(EN, questions={**EN.questions, "lung-disease": older})
    assert not {"lung-disease", "lung-disease.which"} & set(asking.reusable(then, EN, stored))
    assert asking.reusable(then, EN, stored)["diabetes"] == "no"
    gone = {key: one for key, one in EN.questions.items() if key != "diabetes"}
    assert "diabetes" not in asking.reusable(replace(EN, questions=gone), EN, stored)


def test_what_was_said_of_a_place_holds_for_that_place_and_no_other() -> None:
    assert not placed.moved(["neck", "chest"], ["neck"])
    assert not placed.moved(["chest"], ["chest-left"])
    assert not placed.moved(None, None)
    assert placed.moved(["chest-left"], ["chest"])
    assert placed.moved(["neck"], ["neck", "jaw"])
    assert placed.moved(["neck"], ["not_sure"])
    assert placed.moved(["neck"], [])  # none named counts as every place
