"""Consent, age and communication: every branch of every item."""

from typing import Any

import pytest

from clinic.screening import questionnaire, rules
from clinic.screening.outcome import Level
from tests.unit.screening.harmless import BLANK, finding, level, screened

Changes = dict[str, Any]
HELPED = {"communication-needs": "yes", "communication-needs.signal": "yes"}
UNREAL = {"psychosis-acute": "yes", "psychosis-acute.safe": "yes"}

BRANCHES = [
    ("consent-unwilling", {"consent-unwilling": "yes"}, "none"),
    ("consent-unwilling", {"consent-unwilling": "no"}, "absolute"),
    ("consent-unwilling", {"consent-unwilling": "not_sure"}, "relative"),
    ("consent-unwilling", {"consent-unwilling": "prefer_not"}, "relative"),
    ("consent-unwilling", {"consent-unwilling": BLANK}, "relative"),
    ("consent-capacity", {"consent-capacity": "my-own"}, "none"),
    ("consent-capacity", {"consent-capacity": "someone-helps"}, "relative"),
    ("consent-capacity", {"consent-capacity": "someone-else"}, "absolute"),
    ("consent-capacity", {"consent-capacity": "not_sure"}, "absolute"),
    ("consent-capacity", {"consent-capacity": BLANK}, "absolute"),
    ("communication-needs", HELPED, "precaution"),
    ("communication-needs", {**HELPED, "communication-needs.signal": "no"}, "relative"),
    ("communication-needs", {**HELPED, "communication-needs.signal": "not_sure"}, "relative"),
    ("communication-needs", {**HELPED, "communication-needs.signal": BLANK}, "relative"),
    ("communication-needs", {"communication-needs": "not_sure"}, "precaution"),
    (
        "communication-needs",
        {"communication-needs": "not_sure", "communication-needs.signal": "no"},
        "relative",
    ),
    (
        "communication-needs",
        {"communication-needs": "not_sure", "communication-needs.signal": "not_sure"},
        "relative",
    ),
    ("communication-needs", {"communication-needs": BLANK}, "precaution"),
    ("frailty", {"frailty": "yes"}, "relative"),
    ("frailty", {"frailty": "not_sure"}, "relative"),
    ("frailty", {"frailty": BLANK}, "relative"),
    ("frailty", {"minor": "1946-11-22"}, "precaution"),  # eighty today
    ("frailty", {"minor": "1946-11-23"}, "none"),  # eighty tomorrow
    ("frailty", {"minor": "1946-11-22", "frailty": "yes"}, "relative"),
    ("intoxication", {"intoxication": "yes"}, "absolute"),
    ("intoxication", {"intoxication": "not_sure"}, "absolute"),
    ("intoxication", {"intoxication": BLANK}, "absolute"),
    ("severe-anxiety", {"severe-anxiety": "yes"}, "relative"),
    ("severe-anxiety", {"severe-anxiety": "not_sure"}, "relative"),
    ("severe-anxiety", {"severe-anxiety": BLANK}, "relative"),
    ("psychosis-acute", UNREAL, "absolute"),
    ("psychosis-acute", {"psychosis-acute": "not_sure"}, "absolute"),
    ("psychosis-acute", {"psychosis-acute": BLANK}, "absolute"),
    # whoever does not feel safe is asked about as in a crisis
    ("rf-crisis", UNREAL, "none"),
    ("rf-crisis", {**UNREAL, "psychosis-acute.safe": "no"}, "urgent"),
    ("rf-crisis", {**UNREAL, "psychosis-acute.safe": "not_sure"}, "urgent"),
    ("rf-crisis", {**UNREAL, "psychosis-acute.safe": BLANK}, "urgent"),
    ("rf-crisis", {"psychosis-acute": "not_sure", "psychosis-acute.safe": "no"}, "urgent"),
    ("rf-crisis", {"psychosis-acute": "not_sure", "psychosis-acute.safe": "not_sure"}, "urgent"),
    ("rf-crisis", {"psychosis-acute": "not_sure"}, "none"),
    ("rf-crisis", {"psychosis-acute": BLANK}, "none"),
]

HEARD = [
    ("I do not want needles", "consent-unwilling"),
    ("prefiero sin agujas", "consent-unwilling"),
    ("my caregiver fills this in", "consent-capacity"),
    ("tengo demencia", "consent-capacity"),
    ("I am deaf", "communication-needs"),
    ("necesito un intérprete", "communication-needs"),
    ("I can't speak English well", "communication-needs"),
    ("I keep falling", "frailty"),
    ("uso andador", "frailty"),
    ("I am still drunk", "intoxication"),
    ("ando crudo", "intoxication"),
    ("I get panic attacks", "severe-anxiety"),
    ("me dan ataques de ansiedad", "severe-anxiety"),
    ("I hear voices", "psychosis-acute"),
    ("tengo esquizofrenia", "psychosis-acute"),
]
NOT_HEARD = [
    ("I am a caregiver for my mother", "consent-capacity"),
    ("my father has dementia", "consent-capacity"),
    ("I have no panic attacks", "severe-anxiety"),
    ("my blood pressure is high right now", "intoxication"),
    ("I am seeing things improve", "psychosis-acute"),
    ("I walk my dog", "frailty"),
]


@pytest.mark.parametrize(("item", "changes", "expected"), BRANCHES)
def test_each_branch_comes_to_the_level_of_the_evidence(
    item: str, changes: Changes, expected: str
) -> None:
    assert level(changes, item) == expected


@pytest.mark.parametrize(("text", "item"), HEARD)
def test_words_of_an_item_hold_the_request(text: str, item: str) -> None:
    assert finding({"free_text": {"hopes": text}}, item).level is Level.RELATIVE


@pytest.mark.parametrize(("text", "item"), NOT_HEARD)
def test_words_that_only_look_like_it_do_not(text: str, item: str) -> None:
    assert level({"free_text": {"hopes": text}}, item) == "none"


def test_a_patient_of_eighty_who_is_not_frail_can_be_offered_needling() -> None:
    screening = screened({"minor": "1940-02-29"})

    assert screening.level is Level.PRECAUTION
    assert screening.regions["shoulder-left"].verdict == "care"


def test_who_does_not_feel_safe_gets_the_emergency_page_although_crisis_was_denied() -> None:
    found = finding({**UNREAL, "psychosis-acute.safe": "no", "rf-crisis": "no"}, "rf-crisis")

    assert found.urgency == "emergency"
    assert found.mismatch
    assert found.private


@pytest.mark.parametrize("item", ["severe-anxiety", "psychosis-acute", "rf-crisis"])
def test_what_is_about_mental_health_is_for_the_therapist_alone(item: str) -> None:
    assert finding({item: "yes"}, item).private
    assert all(question.private for question in questionnaire.shipped().of_item(item))


@pytest.mark.parametrize(
    "text",
    [
        "我有心脏起搏器",
        "허리가 아파요",
        "J'ai mal au genou",
        "tenho dor no joelho",
        "hindi ko alam ang sakit",
    ],
)
def test_what_is_typed_in_another_language_is_read_by_a_therapist(text: str) -> None:
    screening = screened({"free_text": {"hopes": text}})

    assert screening.level is Level.RELATIVE
    assert [one.id for one in screening.findings] == ["communication-needs"]


@pytest.mark.parametrize(
    "text",
    [
        "I want to run again, and see the café in Niño street",
        "me duele la espalda desde hace mucho tiempo",
        "β blocker 5 μg",
        "my therapist was Nguyễn Thị Lan",
        "less dolore",
    ],
)
def test_a_name_or_one_foreign_word_is_no_other_language(text: str) -> None:
    assert level({"free_text": {"hopes": text}}, "communication-needs") == "none"


def test_the_language_asked_for_may_be_named_in_its_own_letters() -> None:
    assert level({**HELPED, "communication-needs.which": "中文"}, "communication-needs") == (
        "precaution"
    )


def test_alcohol_and_drugs_are_asked_again_on_the_day() -> None:
    assert questionnaire.shipped().questions["intoxication"].again_on_day


def test_the_law_of_the_place_is_no_question_to_the_patient() -> None:
    law = rules.shipped_rules().items["jurisdiction"]

    assert law.without_rule
    assert law.rules == ()
    assert questionnaire.shipped().of_item("jurisdiction") == ()


def test_agreeing_to_needles_is_never_one_box_among_others() -> None:
    assert not questionnaire.shipped().questions["consent-unwilling"].grouped
