"""Conditions in the vocabulary of FHIR `enableWhen`, and what needling needs beside it.

A condition is true, false or unknown (None). Unknown comes from a blank, "not sure", or a
question that the form does not have yet; `all` and `any` carry it on as Kleene's logic does.
A leaf may say what unknown counts as (`unknown: false` where an item names an unknown branch),
or what a blank alone counts as (`blank: false` where another question settles a blank).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Protocol

from clinic.screening import dates
from clinic.screening.source import Place

Value = str | int | float | date | tuple[str, ...]
UNSURE = ("not_sure", "prefer_not")
OPERATORS = ("exists", "=", "!=", ">", "<", ">=", "<=")
ORDERINGS = (">", "<", ">=", "<=")
UNITS = ("days", "weeks", "months", "years")
POUND, INCH = Fraction("0.45359237"), Fraction("0.0254")
METRES = {"cm": Fraction(1, 100), "m": Fraction(1), "in": INCH}
KILOGRAMS = {"kg": Fraction(1), "lb": POUND}
PER_SQUARE_METRE = {
    (weight, height): kilograms / metres**2
    for weight, kilograms in KILOGRAMS.items()
    for height, metres in METRES.items()
}
OLDEST = 120
WIDER = ("limb", "quarter")


class Situation(Protocol):
    """What a condition may ask about an intake at a moment."""

    @property
    def as_of(self) -> date:
        """The day of the screening."""

    def value(self, question: str) -> Value | None:
        """The answer given, or None where there is none."""

    def unit(self, question: str) -> str | None:
        """The unit in which a number is asked."""

    def setting(self, name: str) -> int | float:
        """The number that a clinic signed for."""

    def wants(self, regions: tuple[Regions, ...]) -> bool:
        """Whether a wanted region lies in these; none named counts as every region."""

    def names(self, question: str, regions: tuple[Regions, ...]) -> bool | None:
        """Whether an answer names a region that lies in these, or None where it names none."""

    def medicines(self, group: str) -> tuple[Taken, ...]:
        """What the typed lines say of a group of medicines."""

    def tagged(self, tag: str) -> int:
        """How many items fired a rule with this tag."""


@dataclass(frozen=True)
class Taken:
    """One agent that the patient takes or took."""

    agent: str
    line: str
    current: bool
    last_dose: date | None = None
    daily_mg: Fraction | None = None


@dataclass(frozen=True)
class Regions:
    """Regions named by a rule: fixed, a group, or those of an answer; perhaps widened.

    `widen` takes each to its whole limb, or to the limb with its quarter of the trunk.
    """

    regions: tuple[str, ...] = ()
    group: str | None = None
    answer: str | None = None
    side: str | None = None
    neighbours: bool = False
    widen: str | None = None


@dataclass(frozen=True)
class Amount:
    """A number written in a rule, or the name of a setting that holds it."""

    number: int | float = 0
    setting: str | None = None

    def of(self, situation: Situation) -> int | float:
        """The number that counts in this ruleset."""
        return self.number if self.setting is None else situation.setting(self.setting)

    def exactly(self, situation: Situation) -> Fraction | int:
        """The same number as it is written, to compare with."""
        return exact(self.of(situation))


@dataclass(frozen=True)
class Condition(ABC):
    """Something that may hold of an intake."""

    unknown: bool | None = field(default=None, kw_only=True)

    def holds(self, situation: Situation) -> bool | None:
        """True, false, or None for unknown."""
        known = self._holds(situation)
        return self.unknown if known is None else known

    @abstractmethod
    def _holds(self, situation: Situation) -> bool | None:
        """Say what is known, before the reading of the unknown."""

    def questions(self) -> frozenset[str]:
        """Every question that the condition reads."""
        return frozenset()

    def waits_for(self) -> frozenset[str] | None:
        """Groups of which a medicine must be typed, else it is false; None where none need be."""
        return None

    def turns(self, situation: Situation) -> frozenset[date]:
        """Days on which the condition may change by the passing of time alone."""
        return frozenset()


@dataclass(frozen=True)
class Together(Condition):
    """Several conditions, all or any of which must hold."""

    parts: tuple[Condition, ...]
    every: bool

    def _holds(self, situation: Situation) -> bool | None:
        known: bool | None = self.every
        for part in self.parts:
            one = part.holds(situation)
            if one is None:
                known = None
            elif one is not self.every:
                return one
        return known

    def questions(self) -> frozenset[str]:
        """Every question that any part reads."""
        return frozenset().union(*(part.questions() for part in self.parts))

    def waits_for(self) -> frozenset[str] | None:
        """Those of one part where all must hold, those of every part where any may."""
        found = [part.waits_for() for part in self.parts]
        named = [groups for groups in found if groups is not None]
        if self.every:
            return min(named, key=len, default=None)
        return frozenset().union(*named) if len(named) == len(found) else None

    def turns(self, situation: Situation) -> frozenset[date]:
        """The days of every part."""
        return frozenset().union(*(part.turns(situation) for part in self.parts))


@dataclass(frozen=True)
class Answered(Condition):
    """An answer compared with a value: FHIR's question, operator, answer."""

    question: str
    operator: str
    answer: str | bool | Amount
    blank: bool | None = None

    def holds(self, situation: Situation) -> bool | None:
        """True, false, or None for unknown; a blank may count as one of them."""
        value = situation.value(self.question)
        if value is None and self.blank is not None:
            return self.blank
        known = self._compared(value, situation)
        return self.unknown if known is None else known

    def _holds(self, situation: Situation) -> bool | None:
        return self._compared(situation.value(self.question), situation)

    def _compared(self, value: Value | None, situation: Situation) -> bool | None:
        known = value is not None and not _unsure(value)
        if self.operator == "exists":
            return known is self.answer
        if value is not None and self.answer in UNSURE:
            return _equal(value, str(self.answer)) is (self.operator == "=")
        if value is None or not known:
            return None
        if isinstance(self.answer, Amount):
            return _numbers(value, self.operator, self.answer.exactly(situation))
        same = _equal(value, str(self.answer))
        if not same and isinstance(value, tuple) and set(value) & set(UNSURE):
            return None
        return same is (self.operator == "=")

    def questions(self) -> frozenset[str]:
        """The question compared."""
        return frozenset({self.question})


def _unsure(value: Value) -> bool:
    """Whether a value says "not sure" or "rather not", and nothing beside it."""
    if isinstance(value, tuple):
        return bool(value) and set(value) <= set(UNSURE)
    return value in UNSURE


def _equal(value: Value, answer: str) -> bool:
    return answer in value if isinstance(value, tuple) else value == answer


def _numbers(value: Value, operator: str, limit: Fraction | int) -> bool | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return compare(exact(value), operator, limit)


def exact(number: int | float) -> Fraction | int:
    """A number as it is written: 18.4 is eighteen and four tenths."""
    return number if isinstance(number, int) else Fraction(str(number))


def compare(left: Fraction | int, operator: str, right: Fraction | int) -> bool:
    """Compare two exact numbers."""
    if operator == "=":
        return left == right
    if operator == "!=":
        return left != right
    if operator == "<":
        return left < right
    if operator == "<=":
        return left <= right
    return left > right if operator == ">" else left >= right


@dataclass(frozen=True)
class Since(Condition):
    """The time passed since a date that was answered, against days, weeks, months or years."""

    question: str
    operator: str
    amount: Amount
    unit: str

    def _holds(self, situation: Situation) -> bool | None:
        mark, start = self._mark(situation), situation.value(self.question)
        if mark is None or (isinstance(start, date) and start > situation.as_of):
            return None  # a day that is still to come is no day on which something was
        return _passed(situation.as_of, self.operator, mark)

    def _mark(self, situation: Situation) -> date | None:
        start = situation.value(self.question)
        if not isinstance(start, date):
            return None
        return dates.add(start, int(self.amount.of(situation)), self.unit)

    def questions(self) -> frozenset[str]:
        """The question that holds the date."""
        return frozenset({self.question})

    def turns(self, situation: Situation) -> frozenset[date]:
        """The day on which the span ends."""
        return _turn(self._mark(situation), self.operator)


def _passed(day: date, operator: str, mark: date) -> bool:
    return compare(day.toordinal(), operator, mark.toordinal())


def _turn(mark: date | None, operator: str) -> frozenset[date]:
    if mark is None or mark == date.max:
        return frozenset()
    return frozenset({mark if operator in ("<", ">=") else mark + dates.ONE_DAY})


@dataclass(frozen=True)
class Age(Condition):
    """Full years of age by a date of birth; over 120 counts as not known."""

    question: str
    operator: str
    amount: Amount

    def _holds(self, situation: Situation) -> bool | None:
        born_on = situation.value(self.question)
        if not isinstance(born_on, date):
            return None
        age = dates.age_on(born_on, situation.as_of)
        if age > OLDEST:
            return None
        return compare(age, self.operator, self.amount.exactly(situation))

    def questions(self) -> frozenset[str]:
        """The question that holds the date of birth."""
        return frozenset({self.question})

    def turns(self, situation: Situation) -> frozenset[date]:
        """The birthday that decides."""
        born_on = situation.value(self.question)
        if not isinstance(born_on, date):
            return frozenset()
        years = int(self.amount.of(situation)) + (self.operator in ("<=", ">"))
        return frozenset({dates.add(born_on, years, "years")})


@dataclass(frozen=True)
class BodyMass(Condition):
    """Body-mass index in kg/m2, exact and never rounded."""

    height: str
    weight: str
    operator: str
    amount: Amount | bool

    def _holds(self, situation: Situation) -> bool | None:
        index = self._index(situation)
        if isinstance(self.amount, bool):
            return (index is not None) is self.amount
        if index is None:
            return None
        return compare(index, self.operator, self.amount.exactly(situation))

    def _index(self, situation: Situation) -> Fraction | None:
        height, weight = situation.value(self.height), situation.value(self.weight)
        if not isinstance(height, int | float) or not isinstance(weight, int | float):
            return None
        if height <= 0:
            return None
        units = (situation.unit(self.weight) or "kg", situation.unit(self.height) or "m")
        return Fraction(exact(weight), exact(height) ** 2) * PER_SQUARE_METRE[units]

    def questions(self) -> frozenset[str]:
        """The questions of height and weight."""
        return frozenset({self.height, self.weight})


@dataclass(frozen=True)
class Takes(Condition):
    """A medicine of a group among the typed lines: now, or stopped so long ago."""

    group: str
    stopped: tuple[str, Amount, str] | None = None

    def _holds(self, situation: Situation) -> bool | None:
        taken = situation.medicines(self.group)
        if self.stopped is None:
            return any(one.current for one in taken)
        known = [self._stopped(one, situation) for one in taken if not one.current]
        return True if True in known else (None if None in known else False)

    def _stopped(self, one: Taken, situation: Situation) -> bool | None:
        mark = self._mark(one, situation)
        if mark is None or self.stopped is None:
            return None
        return _passed(situation.as_of, self.stopped[0], mark)

    def _mark(self, one: Taken, situation: Situation) -> date | None:
        if one.last_dose is None or self.stopped is None:
            return None
        _, amount, unit = self.stopped
        return dates.add(one.last_dose, int(amount.of(situation)), unit)

    def questions(self) -> frozenset[str]:
        """The medicine list."""
        return frozenset({"medicines"})

    def waits_for(self) -> frozenset[str]:
        """The group itself."""
        return frozenset({self.group})

    def turns(self, situation: Situation) -> frozenset[date]:
        """The days on which a stopped medicine stops counting."""
        if self.stopped is None:
            return frozenset()
        marks = [self._mark(one, situation) for one in situation.medicines(self.group)]
        return frozenset().union(*(_turn(mark, self.stopped[0]) for mark in marks))


@dataclass(frozen=True)
class Agents(Condition):
    """How many different medicines of a group are typed or ticked."""

    group: str
    ticked: str
    operator: str
    amount: Amount

    def _holds(self, situation: Situation) -> bool | None:
        typed = {one.agent for one in situation.medicines(self.group) if one.current}
        ticks = situation.value(self.ticked)
        named = set(ticks) - set(UNSURE) if isinstance(ticks, tuple) else set()
        enough = compare(len(typed | named), self.operator, int(self.amount.of(situation)))
        if enough:
            return True
        unsure = not isinstance(ticks, tuple) or bool(set(ticks) & set(UNSURE))
        return None if unsure else False

    def questions(self) -> frozenset[str]:
        """The medicine list and the ticks."""
        return frozenset({"medicines", self.ticked})


@dataclass(frozen=True)
class Dose(Condition):
    """The daily dose, in milligrams, of a medicine that is typed."""

    group: str
    operator: str
    amount: Amount

    def _holds(self, situation: Situation) -> bool | None:
        known = [
            None
            if one.daily_mg is None
            else compare(one.daily_mg, self.operator, self.amount.exactly(situation))
            for one in situation.medicines(self.group)
            if one.current
        ]
        return True if True in known else (None if None in known else False)

    def questions(self) -> frozenset[str]:
        """The medicine list."""
        return frozenset({"medicines"})

    def waits_for(self) -> frozenset[str]:
        """The group itself."""
        return frozenset({self.group})


@dataclass(frozen=True)
class Wanted(Condition):
    """A wanted region lies in the regions named; none wanted counts as every region."""

    regions: tuple[Regions, ...]

    def _holds(self, situation: Situation) -> bool | None:
        return situation.wants(self.regions)

    def questions(self) -> frozenset[str]:
        """The wanted regions, and the answers that say which regions are meant."""
        return frozenset({"wanted_regions"}) | _asked_for(self.regions)


@dataclass(frozen=True)
class Named(Condition):
    """An answer about regions names one that lies in the regions given."""

    question: str
    regions: tuple[Regions, ...]

    def _holds(self, situation: Situation) -> bool | None:
        return situation.names(self.question, self.regions)

    def questions(self) -> frozenset[str]:
        """The question about regions."""
        return frozenset({self.question}) | _asked_for(self.regions)


def _asked_for(regions: tuple[Regions, ...]) -> frozenset[str]:
    return frozenset(
        question
        for named in regions
        for question in (named.answer, named.side)
        if question is not None
    )


@dataclass(frozen=True)
class Tagged(Condition):
    """How many items fired a rule that carries a tag."""

    tag: str
    operator: str
    amount: Amount

    def _holds(self, situation: Situation) -> bool | None:
        return compare(situation.tagged(self.tag), self.operator, self.amount.exactly(situation))


def read(place: Place) -> Condition:
    """Understand one condition of a data file."""
    keys = place.mapping()
    for kind, reader in _READERS.items():
        if kind in keys:
            return reader(place)
    raise place.broken(f"a condition begins with one of: {', '.join(_READERS)}")


def _unknown(place: Place) -> bool | None:
    found = place.get("unknown")
    return None if found is None else found.flag()


def _together(place: Place) -> Condition:
    place.only("all", "any")
    if len(place.mapping()) != 1:
        raise place.broken("write 'all' or 'any', not both")
    every = place.has("all")
    parts = tuple(read(part) for part in place["all" if every else "any"].each())
    return Together(parts, every)


def _answered(place: Place) -> Condition:
    place.only("question", "operator", "answer", "unknown", "blank")
    question, operator = place["question"].text(), place.need("operator").one_of(*OPERATORS)
    answer = place.need("answer")
    wanted: str | bool | Amount
    if operator == "exists":
        wanted = answer.flag()
    elif operator in ORDERINGS or isinstance(answer.value, int | float | dict):
        wanted = amount(answer)
    else:
        wanted = answer.text()
    blank = place.get("blank")
    return Answered(
        question, operator, wanted, blank.flag() if blank else None, unknown=_unknown(place)
    )


def amount(place: Place) -> Amount:
    """Understand a number, or the name of a setting."""
    if isinstance(place.value, dict):
        place.only("setting")
        return Amount(setting=place.need("setting").text())
    return Amount(place.number())


def _ordering(place: Place) -> tuple[str, Amount]:
    operator = place.need("operator").one_of(*ORDERINGS, "=", "!=")
    return operator, amount(place.need("answer"))


def _since(place: Place) -> Condition:
    place.only("since", "operator", "answer", "unit", "unknown")
    operator, span = _span(place)
    unit = place.need("unit").one_of(*UNITS)
    return Since(place["since"].text(), operator, span, unit, unknown=_unknown(place))


def _span(place: Place) -> tuple[str, Amount]:
    return place.need("operator").one_of(*ORDERINGS), amount(place.need("answer"))


def _age(place: Place) -> Condition:
    place.only("age", "operator", "answer", "unknown")
    operator, years = _span(place)
    return Age(place["age"].text(), operator, years, unknown=_unknown(place))


def _body_mass(place: Place) -> Condition:
    place.only("body-mass-index", "operator", "answer", "unknown")
    of = place["body-mass-index"]
    of.only("height", "weight")
    height, weight = of.need("height").text(), of.need("weight").text()
    operator = place.need("operator").one_of(*ORDERINGS, "exists")
    answer = place.need("answer")
    limit: Amount | bool = answer.flag() if operator == "exists" else amount(answer)
    return BodyMass(height, weight, operator, limit, unknown=_unknown(place))


def _takes(place: Place) -> Condition:
    place.only("medicine", "stopped", "unknown")
    stopped = place.get("stopped")
    if stopped is None:
        return Takes(place["medicine"].text(), unknown=_unknown(place))
    stopped.only("operator", "answer", "unit")
    operator, span = _span(stopped)
    when = (operator, span, stopped.need("unit").one_of(*UNITS))
    return Takes(place["medicine"].text(), when, unknown=_unknown(place))


def _agents(place: Place) -> Condition:
    place.only("medicines-of", "ticked", "operator", "answer", "unknown")
    group, ticked = place["medicines-of"].text(), place.need("ticked").text()
    return Agents(group, ticked, *_ordering(place), unknown=_unknown(place))


def _dose(place: Place) -> Condition:
    place.only("daily-milligrams", "operator", "answer", "unknown")
    return Dose(place["daily-milligrams"].text(), *_ordering(place), unknown=_unknown(place))


def _wanted(place: Place) -> Condition:
    place.only("wanted", "unknown")
    return Wanted(regions(place["wanted"]), unknown=_unknown(place))


def _named(place: Place) -> Condition:
    place.only("named", "in", "unknown")
    return Named(place["named"].text(), regions(place.need("in")), unknown=_unknown(place))


def _tagged(place: Place) -> Condition:
    place.only("items-tagged", "operator", "answer")
    return Tagged(place["items-tagged"].text(), *_ordering(place))


def regions(place: Place) -> tuple[Regions, ...]:
    """Understand the regions that a rule names."""
    return tuple(_regions(part) for part in place.each())


def _regions(place: Place) -> Regions:
    place.only("regions", "group", "answer", "side", "next", "widen")
    if len({"regions", "group", "answer"} & set(place.mapping())) != 1:
        raise place.broken("name one of: regions, group, answer")
    fixed, group, answer = place.get("regions"), place.get("group"), place.get("answer")
    side, neighbours, widen = place.get("side"), place.get("next"), place.get("widen")
    return Regions(
        regions=fixed.texts() if fixed else (),
        group=group.text() if group else None,
        answer=answer.text() if answer else None,
        side=side.text() if side else None,
        neighbours=neighbours.flag() if neighbours else False,
        widen=widen.one_of(*WIDER) if widen else None,
    )


_READERS = {
    "all": _together,
    "any": _together,
    "question": _answered,
    "since": _since,
    "age": _age,
    "body-mass-index": _body_mass,
    "medicine": _takes,
    "medicines-of": _agents,
    "daily-milligrams": _dose,
    "wanted": _wanted,
    "named": _named,
    "items-tagged": _tagged,
}


def leaves(condition: Condition) -> tuple[Condition, ...]:
    """Every condition inside, without the `all` and `any` around them."""
    if isinstance(condition, Together):
        return tuple(leaf for part in condition.parts for leaf in leaves(part))
    return (condition,)


def as_data(condition: Condition | None) -> Mapping[str, object] | None:
    """A display condition as plain data, for the command line and a reader."""
    if condition is None:
        return None
    if isinstance(condition, Together):
        return {"all" if condition.every else "any": [as_data(part) for part in condition.parts]}
    if isinstance(condition, Answered):
        answer = condition.answer
        plain = answer.setting or answer.number if isinstance(answer, Amount) else answer
        return {"question": condition.question, "operator": condition.operator, "answer": plain}
    if isinstance(condition, Age):
        return {
            "age": condition.question,
            "operator": condition.operator,
            "answer": condition.amount.setting or condition.amount.number,
        }
    raise TypeError(f"{type(condition).__name__} does not decide what is asked")
