"""More caution in never means less caution out."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinic.screening import outcome, rules
from clinic.screening.outcome import EarlierAnswer, Level, Screening
from tests.property.screening.intakes import (
    ASKED,
    TODAY,
    Intake,
    Step,
    beginnings,
    intakes,
    stepped,
    steps,
)

RULES = rules.shipped_rules()
BEGINNINGS = list(beginnings())
TOLD = ("neck", "abdomen", "knee-left", "warfarin, stopped in 2015", "aspirin 325 mg twice a day")


def screened(intake: Intake) -> Screening:
    return outcome.screen(ASKED, RULES, intake, as_of=TODAY)


def assert_not_less_cautious(before: Screening, after: Screening, step: Step) -> None:
    body = RULES.body
    told = f"{step}: {before.as_json()} became {after.as_json()}"
    assert after.level >= before.level, told
    items = {finding.item for finding in before.findings}
    assert items <= {finding.item for finding in after.findings}, told
    assert body.expand(before.blocked_regions) <= body.expand(after.blocked_regions), told


@settings(max_examples=150)
@given(intakes(), st.data())
def test_a_more_cautious_answer_never_lowers_anything(intake: Intake, data: st.DataObject) -> None:
    possible = list(steps(intake))
    if not possible:
        return
    step = data.draw(st.sampled_from(possible))

    before, after = screened(intake), screened(stepped(intake, step))

    assert_not_less_cautious(before, after, step)


def neighbours() -> dict[str, frozenset[str]]:
    """The items whose rules speak of one another: by questions, routes, raises and tags."""
    linked: dict[str, set[str]] = {name: {name} for name in RULES.items}
    for name, item in RULES.items.items():
        for rule in item.rules:
            read = rule.when.questions() if rule.when else frozenset()
            named = {ASKED.questions[one].item for one in read if one in ASKED.questions}
            routes = {rule.see.item} if rule.see else set()
            for other in (named | routes | set(rule.raises)) & set(RULES.items):
                linked[name].add(other)
                linked[other].add(name)
    tagged = {name for name, item in RULES.items.items() if any(rule.tag for rule in item.rules)}
    for name in tagged:
        linked[name] |= tagged
    return {name: frozenset(others) for name, others in linked.items()}


NEIGHBOURS = neighbours()


def test_every_single_step_from_the_harmless_intake_keeps_caution() -> None:
    intake = BEGINNINGS[0]
    before = screened(intake)

    for step in steps(intake):
        assert_not_less_cautious(before, screened(stepped(intake, step)), step)


@pytest.mark.parametrize("name", sorted(RULES.items))
def test_every_single_step_from_a_mild_answer_keeps_caution(name: str) -> None:
    for intake in (one for one in BEGINNINGS if differs_in(one, name)):
        before = screened(intake)
        for step in steps(intake):
            if ASKED.questions[step.question].item in NEIGHBOURS[name] or is_told(step):
                assert_not_less_cautious(before, screened(stepped(intake, step)), step)


def is_told(step: Step) -> bool:
    """Whether a step adds one of a few regions and medicines, which any item may read."""
    added = step.to if isinstance(step.to, list) else []
    return bool(added) and step.question in ("medicines", "wanted_regions") and added[-1] in TOLD


def differs_in(intake: Intake, name: str) -> bool:
    """Whether this beginning is about an item: another answer to it than the harmless one."""
    return name in intake and intake[name] != BEGINNINGS[0].get(name)


@settings(max_examples=40)
@given(intakes(), st.data())
def test_two_steps_in_a_row_keep_caution(intake: Intake, data: st.DataObject) -> None:
    for _ in range(2):
        possible = list(steps(intake))
        if not possible:
            return
        step = data.draw(st.sampled_from(possible))
        after = stepped(intake, step)
        assert_not_less_cautious(screened(intake), screened(after), step)
        intake = after


@settings(max_examples=40)
@given(intakes())
def test_an_incomplete_ruleset_clears_nobody(intake: Intake) -> None:
    half = replace(RULES, complete=False)

    screening = outcome.screen(ASKED, half, intake, as_of=TODAY)

    assert not screening.bookable


@settings(max_examples=40)
@given(intakes())
def test_nobody_is_bookable_above_a_precaution(intake: Intake) -> None:
    whole = replace(RULES, complete=True)

    screening = outcome.screen(ASKED, whole, intake, as_of=TODAY)

    assert not screening.bookable or screening.level <= Level.PRECAUTION


@settings(max_examples=40)
@given(intakes())
def test_a_blocked_or_held_region_is_never_allowed(intake: Intake) -> None:
    screening = screened(intake)

    blocked = RULES.body.expand(screening.blocked_regions)
    for region, found in screening.regions.items():
        if RULES.body.expand([region]) & blocked or screening.level >= Level.ABSOLUTE:
            assert found.verdict == "avoid"


@settings(max_examples=40)
@given(intakes(), st.sampled_from(sorted(ASKED.questions)))
def test_an_earlier_graver_answer_that_differs_is_always_found(intake: Intake, asked: str) -> None:
    earlier = EarlierAnswer(asked, "something else", Level.URGENT, "changed")

    screening = outcome.screen(ASKED, RULES, intake, as_of=TODAY, earlier=[earlier])

    assert screening.level >= Level.ABSOLUTE
    assert any(finding.id.endswith(".changed") for finding in screening.findings)
