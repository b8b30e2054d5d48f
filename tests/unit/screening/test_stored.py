"""What earlier releases stored is read by this one, whole or at least in its own words."""

import json

import pytest

from clinic.screening import questionnaire, rules, source, stored
from tests.support.kept_versions import RELEASES, kept

BROKEN = ("", "{", "{}", "[]", "null", '{"items": []}', '{"items": {"a": 3}, "words": 1}')


@pytest.mark.parametrize("release", RELEASES)
def test_a_kept_ruleset_is_read_whole_under_its_own_hash(release: str) -> None:
    document = kept(release, "rules")

    read = stored.read_rules(document, source.digest(document))

    assert read.whole
    assert read.ruleset.hash == source.digest(document)
    assert read.ruleset.items["pregnancy"].title
    assert read.ruleset.to_document() == document


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("release", RELEASES)
def test_a_kept_questionnaire_is_read_whole_in_both_languages(release: str, language: str) -> None:
    document = kept(release, "questions")

    read = stored.read_questions(document, source.digest(document), language)

    assert read.whole
    assert read.questions.hash == source.digest(document)
    assert read.questions.questions["pregnancy"].text


def test_the_kept_release_without_me_too_lacks_it_indeed() -> None:
    cues = json.loads(kept("format-1-before-me-too", "rules"))["words"]["cues"]

    assert "me_too" not in cues
    assert "me_too" in json.loads(kept("format-1", "rules"))["words"]["cues"]


@pytest.mark.parametrize("document", BROKEN)
def test_what_cannot_be_read_at_all_stops_nobody_from_reading_the_rest(document: str) -> None:
    asked = stored.read_questions(document, "d" * 64, "es")
    ruled = stored.read_rules(document, "d" * 64)

    assert (asked.whole, ruled.whole) == (False, False)
    assert (asked.questions.hash, ruled.ruleset.hash) == ("d" * 64, "d" * 64)
    assert not ruled.ruleset.complete


def test_a_questionnaire_of_a_format_to_come_keeps_its_own_words() -> None:
    value = json.loads(questionnaire.shipped().to_document())
    for item in value["items"].values():
        for question in item.get("questions", {}).values():
            question["a_key_of_later"] = True

    read = stored.read_questions(json.dumps(value), "d" * 64, "es")

    assert not read.whole
    for question_id, question in questionnaire.shipped("es").questions.items():
        kept_one = read.questions.questions[question_id]
        assert kept_one.text == question.text
        assert kept_one.choices == question.choices


def test_a_ruleset_of_a_format_to_come_keeps_its_titles_and_clears_nobody() -> None:
    value = json.loads(rules.shipped_rules().to_document())
    for item in value["items"].values():
        item["a_key_of_later"] = True

    read = stored.read_rules(json.dumps(value), "d" * 64)

    titles = {name: item.title for name, item in rules.shipped_rules().items.items()}
    assert {name: item.title for name, item in read.ruleset.items.items()} == titles
    assert read.ruleset.sources == rules.shipped_rules().sources
    assert not read.ruleset.complete
