"""The page for sign-off says all that runs, and nothing of the whole list is left out."""

from dataclasses import replace

import pytest

from clinic.screening import after_visit, plainly, questionnaire, rules, sign_off, source
from clinic.screening.conditions import Condition, Together
from clinic.screening.source import BrokenData

QUESTIONS, RULES = questionnaire.shipped(), rules.shipped_rules()
PAGE = sign_off.shipped_page()


def test_every_id_of_the_whole_list_has_a_rule_or_a_reason_why_not() -> None:
    assert sign_off.unanswered_for() == ()


def test_the_whole_list_has_ninety_nine_items_and_twenty_four_after_a_visit() -> None:
    listed = source.read_general("whole_list")["whole_list"]

    items = [name for _, place in listed["items"].entries() for name in place.texts()]

    assert len(set(items)) == len(items) == 99
    assert len(set(listed["after_visit"].texts())) == 24
    assert len(set(listed["medicines"].texts())) == 34


def test_every_question_rule_setting_and_source_stands_on_the_page() -> None:
    for question in QUESTIONS.questions.values():
        assert f"- `{question.id}`: **{question.text}**" in PAGE
    for item in RULES.items.values():
        assert f"### `{item.id}`: {item.title}\n" in PAGE
        for rule in item.rules:
            assert f"| `{rule.id}` | " in PAGE
        for text in (item.reason, item.action, item.disagreement):
            assert text in PAGE
        for said in (*item.words.values(), *item.mild_words.values()):
            assert f":** {', '.join(said)}\n" in PAGE
    for name in RULES.settings:
        assert f"| `{name}` | " in PAGE
    for key, citation in RULES.sources.items():
        assert f"- {key}: {citation}\n" in PAGE


def test_words_near_each_other_stand_on_the_page_group_by_group() -> None:
    entries = [
        one for item in RULES.items.values() for found in item.near.values() for one in found
    ]

    assert entries
    for near in entries:
        assert " with ".join(f"({', '.join(group)})" for group in near.groups) in PAGE


def test_a_medicine_class_is_told_with_its_groups_so_that_a_rule_can_be_followed_to_names() -> None:
    line = next(one for one in PAGE.splitlines() if one.startswith("| `factor-xa-inhibitor`"))

    assert "| anticoagulant | apixaban, " in line
    assert "`anticoagulant`, by its rules on medicines" in line
    assert "its rules say how long after a stop" in line


def test_a_setting_that_is_changed_is_said_in_the_rules_that_read_it() -> None:
    changed = RULES.with_settings({"surgery-recent.hold-weeks": 8})

    page = sign_off.page(QUESTIONS, changed)

    assert "under 8 [`surgery-recent.hold-weeks`] weeks ago" in page
    assert "under 6 [`surgery-recent.hold-weeks`] weeks ago" in PAGE


def test_an_item_whose_rules_are_taken_away_is_missed() -> None:
    item = replace(RULES.items["diabetes"], rules=())

    assert not item.without_rule
    assert "diabetes" in sign_off.unanswered_for(replace(RULES, items={"diabetes": item}))


def test_each_report_after_a_visit_is_worded_in_both_languages_and_cites_its_sources() -> None:
    for one in after_visit.shipped():
        assert one.report["en"] != one.report["es"]
        assert one.told["en"] != one.told["es"]
        assert one.sources
        assert (one.kind == "urgent") is (one.urgency is not None)


def test_a_report_whose_source_is_unknown_is_refused() -> None:
    files = source.read_general("after_visit", "sources")
    first = files["after_visit"]["items"][0].value

    with pytest.raises(BrokenData, match=r"is not in sources\.yaml"):
        after_visit.read(
            source.from_value({"items": [{**first, "sources": ["NOBODY"]}]}, "planted"),
            files["sources"],
        )


def test_every_kind_of_condition_can_be_said_in_words() -> None:
    kinds = set(Condition.__subclasses__()) - {Together}

    assert kinds == set(plainly.TELLERS)


def test_answers_to_one_question_are_said_as_one() -> None:
    assert '`lymph-node-removal.place` names "Armpit" or "Somewhere else" |' in PAGE
    assert (
        '`lymphedema.infection` is "Yes" or "Not sure" or "prefer not to say" '
        "(not known does not count)" in PAGE
    )
    assert '`supplement-bleeding` is "Yes" (blank does not count)' in PAGE


def test_the_page_says_what_stands_alone_and_what_may_be_left_unticked() -> None:
    def facts(question: str) -> str:
        return PAGE.split(f"- `{question}`: **")[1].split("\n- `")[0].split("\n\n")[0]

    assert "a question of its own" in facts("pregnancy")
    assert "a question of its own" not in facts("lymphedema")
    assert "a box in a group" in facts("lymphedema")
    assert "none of them may fit" in facts("cancer-history.signs")


def test_own_knowledge_is_marked_wherever_it_is_cited() -> None:
    assert "- **Sources:** OWN (own knowledge, [unverified])\n" in PAGE
    assert "| OWN (own knowledge, [unverified]) |" in PAGE
