"""The questions that ship: order, layout, languages, versions."""

import pytest

from clinic.screening import answers, conditions, questionnaire, rules
from clinic.screening.source import BrokenData
from tests.unit.screening.harmless import TODAY

ENGLISH, SPANISH = questionnaire.shipped("en"), questionnaire.shipped("es")
ASKED_ALONE = {
    "anticoagulant",
    "antiplatelet",
    "pregnancy",
    "surgery-recent",
    "lymph-node-removal",
    "bleeding-disorder",
    "cancer-current",
    "pacemaker-icd",
    "pneumothorax-history",
    "consent-unwilling",
}


def test_red_flags_come_before_the_rest_of_the_history() -> None:
    history = [question for question in ENGLISH.questions.values() if question.asked == "history"]

    assert history[0].item.startswith("rf-")


def test_what_is_grave_is_never_one_box_among_others() -> None:
    for question in ENGLISH.questions.values():
        if question.item in ASKED_ALONE or question.is_follow_up:
            assert not question.grouped, question.id
    assert ENGLISH.questions["diabetes"].grouped


def test_what_can_change_in_a_day_is_asked_again() -> None:
    again = {question.id for question in ENGLISH.questions.values() if question.again_on_day}

    assert {"rf-fever-infection", "pregnancy"} <= again


def test_the_request_itself_asks_age_regions_and_free_text() -> None:
    asked = {question.id for question in ENGLISH.questions.values() if question.asked == "request"}

    assert {"minor", "wanted_regions", "free_text.hopes", "free_text.anything-else"} <= asked


def test_both_languages_are_one_version() -> None:
    assert ENGLISH.hash == SPANISH.hash
    assert list(ENGLISH.questions) == list(SPANISH.questions)


def test_spanish_says_everything_and_says_it_in_spanish() -> None:
    for question in ENGLISH.questions.values():
        other = SPANISH.questions[question.id]
        assert other.text != question.text
        assert bool(other.hint) is bool(question.hint)
        assert other.slugs == question.slugs
    for english, spanish in zip(ENGLISH.sections, SPANISH.sections, strict=True):
        assert english.title != spanish.title


def test_every_item_with_words_for_patients_has_them_in_spanish() -> None:
    for item in rules.shipped_rules().items.values():
        assert set(item.patient.get("es", {})) == set(item.patient.get("en", {})), item.id
        assert ("es" in item.words) is ("en" in item.words), item.id


def test_patients_are_never_shouted_at() -> None:
    texts = [
        text
        for item in rules.shipped_rules().items.values()
        for words in item.patient.values()
        for text in words.values()
    ]
    texts += [question.text for question in ENGLISH.questions.values()]

    assert not any("!" in text or "¡" in text for text in texts)
    assert not any("book" in text.casefold() for text in texts)


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_stored_version_is_restored_as_it_was_worded(language: str) -> None:
    shipped = questionnaire.shipped(language)

    restored = questionnaire.from_document(shipped.to_document(), language)

    assert restored == shipped
    assert list(restored.questions) == list(shipped.questions)
    assert rules.from_document(rules.shipped_rules().to_document()) == rules.shipped_rules()


def test_a_stored_version_is_checked_when_it_is_read() -> None:
    with pytest.raises(BrokenData, match="not readable"):
        questionnaire.from_document("{", "en")
    with pytest.raises(BrokenData, match="no language"):
        questionnaire.from_document(ENGLISH.to_document(), "fr")


def test_follow_ups_are_asked_where_an_answer_calls_for_them() -> None:
    def asked(raw: dict[str, object]) -> list[str]:
        read = answers.read(raw, ENGLISH)
        return [one.id for one in questionnaire.asked(ENGLISH, "pregnancy", read, as_of=TODAY)]

    assert asked({}) == ["pregnancy"]
    assert asked({"pregnancy": "no"}) == [
        "pregnancy",
        "pregnancy.maybe",
        "trying-to-conceive",
        "postpartum",
    ]
    assert "pregnancy.weeks" in asked({"pregnancy": "not_sure"})
    assert asked({"pregnancy": "not_applicable"}) == ["pregnancy"]


def test_every_condition_can_be_told_as_data() -> None:
    told = [conditions.as_data(one.condition) for one in ENGLISH.questions.values()]

    assert {"question": "diabetes", "operator": "=", "answer": "yes"} in told
    assert {"age": "minor", "operator": "<", "answer": 18} in told


def test_the_settings_are_named_and_not_yet_verified() -> None:
    settings = rules.shipped_rules().settings

    assert settings["surgery-recent.hold-weeks"].value == 6
    assert settings["anticoagulant.inr-ceiling"].value == 3.0
    assert not any(setting.verified for setting in settings.values())
