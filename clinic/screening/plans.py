"""What the engine asks of each item, looked up once for a ruleset and a questionnaire.

Nothing here decides: it only spares the engine from finding the same things in each intake.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
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


@dataclass(frozen=True)
class Silence:
    """The answers to a question that say nothing of an item."""

    item: str
    answers: frozenset[str]


@dataclass(frozen=True)
class Plans:
    """The plan of every item, in the order of the items, and what makes an item speak.

    `silences` are by question; `expected` names the items of which a blank speaks, `from_list`
    those among them for which the list of medicines stands in. The rules that no answer chooses
    are tried always (`unbidden`), in each pass (`counting`), or where a medicine of a group is
    typed (`waiting`, by group).
    """

    by_item: Mapping[str, Plan]
    silences: Mapping[str, Silence]
    expected: frozenset[str]
    from_list: frozenset[str]
    unbidden: tuple[Rule, ...]
    counting: tuple[Rule, ...]
    waiting: Mapping[str, tuple[Rule, ...]]
    timed: frozenset[str]
    reading_medicines: frozenset[str]


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
    plans = _plans(
        {
            name: _plan(item, questionnaire, tuple(by_item.get(name, ())))
            for name, item in ruleset.items.items()
        }
    )
    while len(_KEPT) >= MOST_KEPT:
        _KEPT.pop(next(iter(_KEPT)), None)
    _KEPT[key] = (questionnaire, ruleset, plans)
    return plans


def _plans(by_item: Mapping[str, Plan]) -> Plans:
    every = by_item.values()
    mains = [plan for plan in every if plan.main is not None and plan.main.asked != "derived"]
    steady = [rule for plan in every if not plan.counting for rule in plan.free]
    waiting: dict[str, list[Rule]] = {}
    for rule in steady:
        for group in _waits_for(rule) or ():
            waiting.setdefault(group, []).append(rule)
    return Plans(
        by_item=by_item,
        silences=dict(_silences(every)),
        expected=frozenset(plan.item.id for plan in mains),
        from_list=frozenset(plan.item.id for plan in mains if plan.item.from_list),
        unbidden=tuple(rule for rule in steady if _waits_for(rule) is None),
        counting=tuple(rule for plan in every if plan.counting for rule in plan.free),
        waiting={group: tuple(rules) for group, rules in waiting.items()},
        timed=frozenset(plan.item.id for plan in every if plan.timed),
        reading_medicines=frozenset(plan.item.id for plan in every if plan.reads_medicines),
    )


def _waits_for(rule: Rule) -> frozenset[str] | None:
    return rule.when.waits_for() if rule.when is not None else None


def _silences(plans: Iterable[Plan]) -> Iterator[tuple[str, Silence]]:
    """The answers to each question that a rule may read; any to a follow-up says something."""
    for plan in plans:
        if plan.main is not None:
            yield plan.main.id, Silence(plan.item.id, plan.silent)
            for question in plan.own_deciding:
                yield question.id, Silence(plan.item.id, frozenset())


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
    return frozenset(question for rule in item.rules for question in rule.rests_on) - {item.id}
