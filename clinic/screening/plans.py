"""What the engine asks of each item, looked up once for a ruleset and a questionnaire.

Nothing here decides: it only spares the engine from finding the same things in each intake.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from clinic.screening.conditions import (
    UNSURE,
    Age,
    Agents,
    Condition,
    Dose,
    Since,
    Tagged,
    Takes,
    leaves,
)
from clinic.screening.questionnaire import Question, Questionnaire
from clinic.screening.rules import Item, Rule, Ruleset

MOST_KEPT = 16
MEDICINE_LEAVES = (Takes, Agents, Dose)


@dataclass(frozen=True)
class Plan:
    """One item with its questions and what its rules read.

    `silent` are answers that lead to no rule; `own_deciding` its follow-ups that rules read;
    `timed` says that the day alone may change its verdict, `counting` that tags may.
    """

    item: Item
    main: Question | None
    questions: tuple[Question, ...]
    named: frozenset[str]
    silent: frozenset[str]
    free: tuple[Rule, ...]
    own_deciding: tuple[Question, ...]
    reads_medicines: bool
    timed: bool
    counting: bool


Plans = Mapping[str, Plan]
_KEPT: dict[tuple[int, int], tuple[Questionnaire, Ruleset, Plans]] = {}


def of(questionnaire: Questionnaire, ruleset: Ruleset) -> Plans:
    """The plan of every item, in the order of the items."""
    key = (id(questionnaire), id(ruleset))
    kept = _KEPT.get(key)
    if kept is not None and kept[0] is questionnaire and kept[1] is ruleset:
        return kept[2]
    by_item: dict[str, list[Question]] = {}
    for question in questionnaire.questions.values():
        by_item.setdefault(question.item, []).append(question)
    plans = {
        name: _plan(item, questionnaire, tuple(by_item.get(name, ())))
        for name, item in ruleset.items.items()
    }
    while len(_KEPT) >= MOST_KEPT:
        _KEPT.pop(next(iter(_KEPT)), None)
    _KEPT[key] = (questionnaire, ruleset, plans)
    return plans


def _plan(item: Item, questionnaire: Questionnaire, questions: tuple[Question, ...]) -> Plan:
    main = questionnaire.questions.get(item.id)
    if main is not None and main.kind != "choice":
        main = None
    named = frozenset(slug for rule in item.rules for slug in rule.answers)
    slugs = main.slugs if main is not None else ()
    found = [leaf for condition in _conditions(item, questions) for leaf in leaves(condition)]
    deciding = _deciding(item)
    return Plan(
        item=item,
        main=main,
        questions=questions,
        named=named,
        silent=frozenset(slugs) - named - frozenset(UNSURE),
        free=tuple(rule for rule in item.rules if not rule.answers),
        own_deciding=tuple(question for question in questions if question.id in deciding),
        reads_medicines=any(isinstance(leaf, MEDICINE_LEAVES) for leaf in found),
        timed=any(_is_timed(leaf) for leaf in found),
        counting=any(isinstance(leaf, Tagged) for leaf in found),
    )


def _conditions(item: Item, questions: tuple[Question, ...]) -> tuple[Condition, ...]:
    shown = (question.condition for question in questions)
    when = (rule.when for rule in item.rules)
    return tuple(condition for condition in (*when, *shown) if condition is not None)


def _is_timed(leaf: Condition) -> bool:
    return isinstance(leaf, Since | Age) or (isinstance(leaf, Takes) and leaf.stopped is not None)


def _deciding(item: Item) -> frozenset[str]:
    conditions = frozenset().union(
        *(rule.when.questions() for rule in item.rules if rule.when is not None)
    )
    blocks = {
        question
        for rule in item.rules
        for named in rule.block
        for question in (named.answer, named.side)
        if question is not None
    }
    return frozenset((conditions | blocks) - {item.id})
