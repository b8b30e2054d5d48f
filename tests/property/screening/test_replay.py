"""A screening can be had again: for any intake, byte for byte, in any order of answers."""

from datetime import timedelta
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from clinic.screening import answers, outcome, questionnaire, rules
from tests.property.screening.intakes import ASKED, TODAY, Intake, intakes

RULES = rules.shipped_rules()
STORED_RULES = rules.from_document(RULES.to_document())
STORED_QUESTIONS = questionnaire.from_document(ASKED.to_document(), "es")


@settings(max_examples=40)
@given(intakes())
def test_stored_versions_replay_to_the_same_bytes(intake: Intake) -> None:
    first = outcome.screen(ASKED, RULES, intake, as_of=TODAY)

    again = outcome.screen(STORED_QUESTIONS, STORED_RULES, intake, as_of=TODAY)

    assert again.as_bytes() == first.as_bytes()


@settings(max_examples=40)
@given(intakes())
def test_a_stored_screening_is_restored_exactly(intake: Intake) -> None:
    first = outcome.screen(ASKED, RULES, intake, as_of=TODAY)

    restored = outcome.from_json(first.as_bytes())

    assert restored == first
    assert restored.as_bytes() == first.as_bytes()


@settings(max_examples=40)
@given(intakes(), st.randoms(use_true_random=False))
def test_the_order_of_answers_changes_nothing(intake: Intake, shuffle: Random) -> None:
    keys = list(intake)
    shuffle.shuffle(keys)
    mixed = {}
    for key in keys:
        value = intake[key]
        mixed[key] = shuffle.sample(value, len(value)) if isinstance(value, list) else value

    first = outcome.screen(ASKED, RULES, intake, as_of=TODAY)
    second = outcome.screen(ASKED, RULES, mixed, as_of=TODAY)

    assert second.as_bytes() == first.as_bytes()


@settings(max_examples=40)
@given(intakes())
def test_answers_read_back_from_json_are_the_same(intake: Intake) -> None:
    read = answers.read(intake, ASKED)

    assert answers.read(read.as_json(), ASKED) == read


@settings(max_examples=40)
@given(intakes())
def test_a_finding_stays_until_the_day_on_which_it_lapses(intake: Intake) -> None:
    now = outcome.screen(ASKED, RULES, intake, as_of=TODAY)

    for finding in now.findings:
        assert finding.lapses_on is None or finding.lapses_on >= TODAY + timedelta(days=1)


@settings(max_examples=40)
@given(st.text(max_size=200))
def test_any_text_at_all_can_be_screened(text: str) -> None:
    intake = {"medicines": [text], "free_text": {"hopes": text}}

    screening = outcome.screen(ASKED, RULES, intake, as_of=TODAY)

    assert screening.findings
