"""What stands on which page of a history, read off the questionnaire that ships."""

import json
from collections.abc import Iterator
from datetime import date
from itertools import product
from typing import Any

import pytest

from clinic.screening import pages, questionnaire
from clinic.screening.answers import Answers
from clinic.screening.pages import Group
from clinic.screening.questionnaire import Question, visible

TODAY = date(2026, 11, 22)
SHIPPED = questionnaire.shipped()
GROWN, YOUNG = Answers({"minor": date(1980, 5, 5)}), Answers({"minor": date(2012, 5, 5)})
NEVER_A_BOX = (
    "anticoagulant",
    "bleeding-disorder",
    "pregnancy",
    "cancer-current",
    "pacemaker-icd",
    "surgery-recent",
    "pneumothorax-history",
    "lymph-node-removal",
)
MOST_BOXES = 10


def _groups() -> list[Group]:
    return [
        group
        for page in pages.called_for(SHIPPED, GROWN, as_of=TODAY)
        for topic in page.topics
        for group in pages.groups(SHIPPED, topic.id, GROWN, as_of=TODAY)
        if group.ticked
    ]


def _follow_ups() -> list[tuple[Question, tuple[Question, ...]]]:
    """Each question that depends on others of its page, with those."""
    every = [pages.own_questions(SHIPPED, page.id) for page in SHIPPED.pages]
    found = [(one, pages.parents(one, page)) for page in every for one in page]
    return [(question, above) for question, above in found if above]


def test_red_flags_come_first_whoever_answers() -> None:
    for answers in (GROWN, Answers({"minor": date(2016, 5, 5)}), Answers({})):
        first = pages.called_for(SHIPPED, answers, as_of=TODAY)[0]

        assert first.topics[0].id == "red-flags"


def test_every_question_of_the_history_stands_on_one_page() -> None:
    placed = [
        question.id for page in SHIPPED.pages for question in pages.own_questions(SHIPPED, page.id)
    ]

    expected = {key for key, one in SHIPPED.questions.items() if pages.stands_here(one)}
    assert set(placed) == expected
    assert len(placed) == len(expected)


@pytest.mark.parametrize("question_id", NEVER_A_BOX)
def test_what_decides_most_is_asked_for_itself(question_id: str) -> None:
    assert SHIPPED.questions[question_id].condition is None
    assert question_id not in {one.id for group in _groups() for one in group.questions}


def test_no_group_is_so_long_that_it_is_ticked_past() -> None:
    for group in _groups():
        assert len(group.questions) <= MOST_BOXES, group.id


def test_a_box_stands_for_a_yes_that_is_graver_than_the_no() -> None:
    for group in _groups():
        for question in group.questions:
            assert "no" in question.least, question.id
            assert "yes" not in question.least, question.id


def test_a_group_that_may_be_withheld_offers_that_in_each_of_its_questions() -> None:
    withheld = [group for group in _groups() if group.may_be_withheld]

    assert [one.id for group in withheld for one in group.questions] == ["hiv", "hepatitis"]
    assert all(group.private for group in withheld)


def test_a_box_has_no_question_under_its_no() -> None:
    boxes = {one.id for group in _groups() for one in group.questions}
    for question, above in _follow_ups():
        page = pages.own_questions(SHIPPED, _page_of(question))
        place = pages.opening(question, page, GROWN, as_of=TODAY)
        assert place is not None
        if above[-1].id in boxes:
            assert set(place.values) <= {"yes", "not_sure"}, question.id


def test_a_question_that_is_called_for_shows_on_the_page() -> None:
    for question, _above in _follow_ups():
        page = pages.own_questions(SHIPPED, _page_of(question))
        elsewhere = YOUNG if question.section == "request" else GROWN
        place = pages.opening(question, page, elsewhere, as_of=TODAY)
        assert place is not None
        assert place.values or not place.parent.slugs, question.id
        under = {(place.parent.id, slug) for slug in place.values}
        shown = 0
        for given in _ways(_everything_above(question, page), elsewhere):
            if visible(question, Answers({**elsewhere, **given}), as_of=TODAY):
                shown += 1
                assert under & _said(given), question.id
                assert not place.openers or set(place.openers) & _said(given), question.id
        assert shown, question.id


def test_a_question_under_one_of_several_boxes_stands_under_that_box() -> None:
    page = pages.own_questions(SHIPPED, "medicines")

    place = pages.opening(SHIPPED.questions["antiplatelet.dose"], page, GROWN, as_of=TODAY)

    assert place is not None
    assert (place.parent.id, place.values) == ("antiplatelet.which", ("aspirin",))


def _everything_above(question: Question, page: tuple[Question, ...]) -> tuple[Question, ...]:
    above = {one.id: one for one in pages.parents(question, page)}
    for one in list(above.values()):
        above |= {higher.id: higher for higher in _everything_above(one, page)}
    return tuple(one for one in page if one.id in above)


def _ways(above: tuple[Question, ...], elsewhere: Answers) -> Iterator[dict[str, Any]]:
    """Every way in which questions can be answered that are asked one after the other."""
    for chosen in product(*((None, *one.slugs) for one in above)):
        given = {
            one.id: (slug,) if one.kind == "choices" else slug
            for one, slug in zip(above, chosen, strict=True)
            if slug is not None
        }
        answers = Answers({**elsewhere, **given})
        if all(one.id not in given or visible(one, answers, as_of=TODAY) for one in above):
            yield given


def _said(given: dict[str, Any]) -> set[tuple[str, str]]:
    return {
        (key, slug)
        for key, value in given.items()
        for slug in (value if isinstance(value, tuple) else (value,))
    }


def test_whom_pregnancy_does_not_concern_is_asked_nothing_more_of_it() -> None:
    page = pages.own_questions(SHIPPED, _page_of(SHIPPED.questions["pregnancy"]))
    about = [
        one for one in page if one.section == "pregnancy" or one.item == "rf-pregnancy-warning"
    ]
    answers = Answers({**GROWN, "pregnancy": "not_applicable"})

    assert [one.id for one in about if visible(one, answers, as_of=TODAY)] == ["pregnancy"]


@pytest.mark.parametrize("answer", ["yes", "no", "not_sure"])
def test_the_warning_signs_of_pregnancy_are_asked_of_everybody_else(answer: str) -> None:
    answers = Answers({**GROWN, "pregnancy": answer})

    assert visible(SHIPPED.questions["rf-pregnancy-warning"], answers, as_of=TODAY)


def test_kinds_of_medicine_are_asked_beside_the_list_and_keep_their_topic() -> None:
    moved = SHIPPED.questions["immunosuppressant-medicine"]

    assert moved.section == "immunity"
    assert pages.topic_of(SHIPPED, moved) == "medicines"
    assert moved.id not in pages.own_ids(SHIPPED, "immunity")


def test_a_version_without_pages_gives_each_topic_one() -> None:
    document = json.loads(SHIPPED.to_document())
    del document["sections"]["pages"]

    old = questionnaire.from_document(json.dumps(document))

    assert [page.topics for page in old.pages] == [(one.id,) for one in old.sections]


def test_staff_who_write_for_a_patient_find_no_private_question_on_a_page() -> None:
    asked = questionnaire.without_private(SHIPPED)

    found = [one for page in asked.pages for one in pages.own_questions(asked, page.id)]

    assert found
    assert not any(one.private for one in found)


def _page_of(question: Question) -> str:
    return pages.page_of(SHIPPED, pages.topic_of(SHIPPED, question)) or ""
