"""A ruleset said in plain English, for the therapist who signs it.

Every condition is said with the ids of its questions and the words of its answers, so that a
reader can hold each sentence against the question above it. Unknown is said only where it does
not count as "could be so", which is what it counts as everywhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from clinic.screening.conditions import (
    Age,
    Agents,
    Amount,
    Answered,
    BodyMass,
    Condition,
    Dose,
    Named,
    Regions,
    Since,
    Tagged,
    Takes,
    Together,
    Wanted,
)
from clinic.screening.questionnaire import Question, Questionnaire
from clinic.screening.regions import Body
from clinic.screening.rules import Rule, Setting

COMPARED = {
    "=": "is", "!=": "is not", ">": "over", ">=": "at least", "<": "under", "<=": "up to",
}  # fmt: skip
OFTEN = {"=": "exactly", "!=": "not exactly", ">": "more than", ">=": "at least", "<": "fewer than",
         "<=": "at most"}  # fmt: skip
WIDENED = {
    "limb": " with the whole limb",
    "quarter": " with the whole limb and its quarter of the trunk (outside a limb, the next ones)",
}
COUNTS = {True: "counts as so", False: "does not count"}
UNSURE = {"not_sure": "not sure", "prefer_not": "prefer not to say", "yes": "yes", "no": "no",
          "not_applicable": "does not apply"}  # fmt: skip


@dataclass(frozen=True)
class Teller:
    """Says conditions, regions and rules with the words of one questionnaire and its settings."""

    questionnaire: Questionnaire
    settings: Mapping[str, Setting]
    body: Body

    def condition(self, condition: Condition) -> str:
        """A condition as one clause; nested ones stand in brackets."""
        if isinstance(condition, Together):
            if condition.every:
                return " and ".join(self._inner(part) for part in condition.parts)
            return " or ".join(self._alternatives(condition.parts))
        said = TELLERS[type(condition)](self, condition)
        return said + _if_unknown(condition)

    def _alternatives(self, parts: Iterable[Condition]) -> Iterator[str]:
        """The parts of an "or"; answers to one question, one after the other, are said as one."""
        for asked, found in groupby(parts, key=_asked):
            first, *others = found
            if asked is None or not others:
                yield from (self._inner(part) for part in (first, *others))
                continue
            question = self.questionnaire.questions.get(asked[0])
            answers = (one.answer for one in others if isinstance(one, Answered))
            more = [f'"{_answer(str(answer), question)}"' for answer in answers]
            bare = TELLERS[Answered](self, first)
            yield " or ".join((bare, *more)) + _if_unknown(first)

    def _inner(self, condition: Condition) -> str:
        said = self.condition(condition)
        return f"({said})" if isinstance(condition, Together) else said

    def rule(self, rule: Rule) -> str:
        """When a rule fires: the answers to its item that choose it, and what else must hold."""
        main = self.questionnaire.questions.get(rule.item)
        answers = " or ".join(f'"{_answer(slug, main)}"' for slug in rule.answers)
        when = self.condition(rule.when) if rule.when is not None else ""
        if answers and when:
            return f"{answers}, and {when}"
        return answers or when or "always"

    def regions(self, named: Iterable[Regions]) -> str:
        """The regions that a rule names."""
        return "; ".join(self._regions(one) for one in named)

    def _regions(self, named: Regions) -> str:
        if named.group is not None:
            said = f"the group {named.group}"
        elif named.answer is not None:
            said = f"the regions of `{named.answer}`"
        else:
            said = ", ".join(named.regions)
        side = f" on the side of `{named.side}` (both if not known)" if named.side else ""
        near = " and the next ones" if named.neighbours else ""
        near += WIDENED[named.widen] if named.widen else ""
        return f"{said}{near}{side}"

    def amount(self, amount: Amount) -> str:
        """A number, with the name of the setting that holds it."""
        if amount.setting is None:
            return f"{amount.number:g}"
        return f"{self.settings[amount.setting].value:g} [`{amount.setting}`]"

    def answered(self, one: Answered) -> str:
        """An answer compared."""
        question = f"`{one.question}`"
        if one.operator == "exists":
            return f"{question} is {'known' if one.answer else 'not known'}"
        if isinstance(one.answer, Amount):
            return f"{question} {COMPARED[one.operator]} {self.amount(one.answer)}"
        asked = self.questionnaire.questions.get(one.question)
        verb = "does not name" if one.operator == "!=" else "names"
        several = asked is not None and asked.kind == "choices"
        verb = verb if several else COMPARED[one.operator]
        return f'{question} {verb} "{_answer(str(one.answer), asked)}"'

    def since(self, one: Since) -> str:
        """Time since a date."""
        return (
            f"`{one.question}` is {COMPARED[one.operator]} {self.amount(one.amount)} {one.unit} ago"
        )

    def age(self, one: Age) -> str:
        """Full years by a date of birth."""
        return (
            f"age by `{one.question}` is {COMPARED[one.operator]} {self.amount(one.amount)} years"
        )

    def body_mass(self, one: BodyMass) -> str:
        """Body-mass index."""
        index = f"the body-mass index of `{one.height}` and `{one.weight}`"
        if isinstance(one.amount, bool):
            return f"{index} is {'known' if one.amount else 'not known'}"
        return f"{index} is {COMPARED[one.operator]} {self.amount(one.amount)}"

    def takes(self, one: Takes) -> str:
        """A medicine in the patient's words."""
        if one.stopped is None:
            return f"a medicine of the group {one.group} is typed"
        operator, amount, unit = one.stopped
        span = f"{COMPARED[operator]} {self.amount(amount)} {unit} ago"
        return f"a medicine of the group {one.group} is typed as stopped {span}"

    def agents(self, one: Agents) -> str:
        """How many different medicines."""
        many = f"{OFTEN[one.operator]} {self.amount(one.amount)}"
        return f"{many} medicines of the group {one.group} are typed or ticked in `{one.ticked}`"

    def dose(self, one: Dose) -> str:
        """A daily dose."""
        return (
            f"the daily dose of {one.group} is {COMPARED[one.operator]} "
            f"{self.amount(one.amount)} mg"
        )

    def wanted(self, one: Wanted) -> str:
        """A wanted region."""
        return f"a wanted region lies in {self.regions(one.regions)}"

    def named(self, one: Named) -> str:
        """An answer about regions that names one of these."""
        return f"`{one.question}` names a region of {self.regions(one.regions)}"

    def tagged(self, one: Tagged) -> str:
        """A count of items."""
        return f"{OFTEN[one.operator]} {self.amount(one.amount)} items fire as {one.tag}"


TELLERS: Mapping[type[Condition], Callable[[Teller, Any], str]] = {
    Answered: Teller.answered,
    Since: Teller.since,
    Age: Teller.age,
    BodyMass: Teller.body_mass,
    Takes: Teller.takes,
    Agents: Teller.agents,
    Dose: Teller.dose,
    Wanted: Teller.wanted,
    Named: Teller.named,
    Tagged: Teller.tagged,
}


def _asked(condition: Condition) -> tuple[str, bool | None, bool | None] | None:
    """What answers that can be said as one have in common, or None for another condition."""
    if not isinstance(condition, Answered) or not isinstance(condition.answer, str):
        return None
    same = condition.question, condition.unknown, condition.blank
    return same if condition.operator == "=" else None


def _if_unknown(condition: Condition) -> str:
    said = []
    if isinstance(condition, Answered) and condition.blank is not None:
        said.append(f"blank {COUNTS[condition.blank]}")
    if condition.unknown is not None:
        said.append(f"not known {COUNTS[condition.unknown]}")
    return f" ({', '.join(said)})" if said else ""


def _answer(slug: str, question: Question | None) -> str:
    if question is not None:
        for choice in question.choices:
            if choice.slug == slug:
                return choice.text
    return UNSURE.get(slug, slug)
