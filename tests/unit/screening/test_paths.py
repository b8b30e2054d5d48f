"""Every way through the answers of an item ends in a rule."""

from dataclasses import replace

from clinic.screening import paths, questionnaire, rules

QUESTIONS, RULES = questionnaire.shipped(), rules.shipped_rules()


def test_no_way_through_the_answers_that_ship_ends_nowhere() -> None:
    assert list(paths.without_outcome(QUESTIONS, RULES)) == []


def test_a_way_that_ends_nowhere_is_named_with_its_answers() -> None:
    item = RULES.items["lung-disease"]
    left = tuple(rule for rule in item.rules if rule.id != "childhood-asthma")
    broken = replace(RULES, items={"lung-disease": replace(item, rules=left)})

    ((name, way),) = paths.without_outcome(QUESTIONS, broken)

    assert name == "lung-disease"
    assert "lung-disease.asthma = childhood" in way
