"""Whether every way through the answers of an item ends in a rule.

A way that ends nowhere reads as "nothing found" although nobody decided so; a rule of level none
says that somebody did.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from clinic.screening import answers as reading
from clinic.screening import dates
from clinic.screening import plans as planning
from clinic.screening.answers import Answers
from clinic.screening.conditions import UNSURE, Since, Value, leaves
from clinic.screening.intake import Intake
from clinic.screening.plans import Plan
from clinic.screening.questionnaire import Question, Questionnaire, visible
from clinic.screening.rules import Ruleset

DAY = date(2026, 11, 22)  # any will do: only the time between counts
FREE = ("text", "medicines")


def without_outcome(questionnaire: Questionnaire, ruleset: Ruleset) -> Iterator[tuple[str, str]]:
    """Each item with a way that ends in no rule, and the first such way in words."""
    for name, plan in planning.of(questionnaire, ruleset).by_item.items():
        if plan.main is None or not plan.item.rules:
            continue
        way = next(_lost(plan, plan.main, questionnaire, ruleset), None)
        if way is not None:
            said = ", ".join(f"{key} = {reading.plain(value)}" for key, value in way.items())
            yield name, said


def _lost(
    plan: Plan, main: Question, questionnaire: Questionnaire, ruleset: Ruleset
) -> Iterator[Mapping[str, Value]]:
    for slug in main.slugs:
        if slug in main.least or slug in UNSURE:
            continue
        for way in _ways(plan, ruleset, Answers({main.id: slug}), 0):
            intake = Intake.of(questionnaire, ruleset, way, DAY)
            if not any(_ends(plan, intake, slug)):
                yield way.by_question


def _ends(plan: Plan, intake: Intake, slug: str) -> Iterator[bool]:
    for rule in plan.item.rules:
        if slug in rule.answers:
            yield rule.when is None or rule.when.holds(intake) is not False


def _ways(plan: Plan, ruleset: Ruleset, so_far: Answers, place: int) -> Iterator[Answers]:
    """Every way to answer the deciding follow-ups that are asked, one answer of each kind."""
    if place == len(plan.own_deciding):
        yield so_far
        return
    question = plan.own_deciding[place]
    asked = question.kind not in FREE and visible(question, so_far, as_of=DAY)
    for value in _values(question, plan, ruleset) if asked else (None,):
        given = so_far if value is None else so_far.with_value(question.id, value)
        yield from _ways(plan, ruleset, given, place + 1)


def _values(question: Question, plan: Plan, ruleset: Ruleset) -> tuple[Value, ...]:
    if question.kind in ("choice", "side"):
        return question.slugs
    if question.kind == "choices":
        none = ((),) if question.may_be_none else ()
        return (*((slug,) for slug in question.slugs), *none)
    if question.kind == "date":
        return tuple(_days(question, plan, ruleset))
    if question.kind == "number":
        return (question.minimum or 0, question.maximum or 1)
    return (("knee-left",),)


def _days(question: Question, plan: Plan, ruleset: Ruleset) -> Iterator[date]:
    """A day on each side of every span that the rules of the item name."""
    yield DAY
    for rule in plan.item.rules:
        for leaf in leaves(rule.when) if rule.when is not None else ():
            if isinstance(leaf, Since) and leaf.question == question.id:
                name, number = leaf.amount.setting, leaf.amount.number
                span = int(ruleset.settings[name].value if name else number)
                mark = dates.add(DAY, -span, leaf.unit)
                yield from (mark, date.fromordinal(mark.toordinal() - 3))
