"""One intake on one day: what conditions and rules may ask of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cached_property

from clinic.screening import dates, hearing, languages, medicines, words
from clinic.screening.answers import Answers
from clinic.screening.conditions import UNSURE, Regions, Taken, Value
from clinic.screening.hearing import Writing
from clinic.screening.medicines import Formulary, Hit
from clinic.screening.questionnaire import Questionnaire
from clinic.screening.rules import Item, Ruleset
from clinic.screening.words import Cues

MEDICINES = "medicines"
WANTED = "wanted_regions"
BORN = "minor"
ADULT = 18
CAPACITY, OWN = "consent-capacity", "my-own"  # who decides, and the patient alone
# Medicines that matter wherever they are named, not only in the list.
ANYWHERE = frozenset({"anticoagulant", "antiplatelet", "unnamed-blood-thinner"})
# Those that matter wherever they are named by their right name.
BY_NAME = frozenset({
    "cancer-medicine", "clotting-medicine", "copd-inhaler", "heart-medicine", "hormone-therapy",
    "immunosuppressant", "insulin", "platelet-lowering", "steroid-tablet",
})  # fmt: skip


@dataclass(frozen=True)
class Mention:
    """A medicine named in an answer, or words in the list that name none."""

    question: str
    line: str
    hit: Hit | None
    unknown: str = ""
    last_dose: date | None = None

    def fires(self, day: date) -> bool:
        """Whether it counts as taken on a day."""
        if self.hit is None:
            return True
        if self.hit.status == "stopped" and not self.hit.medicine_class.stopped_by_rule:
            recent = timedelta(days=medicines.RECENT_DAYS)
            return self.last_dose is None or day - self.last_dose <= recent
        return self.hit.status == "current"

    def groups(self, ruleset: Ruleset) -> frozenset[str]:
        """The groups by which a rule may name it; a therapist reads one that no item asks about."""
        if self.hit is None:
            return frozenset({medicines.UNRECOGNISED})
        known = self.hit.medicine_class
        if all(item in ruleset.items for item in known.about):
            return known.groups
        return known.groups | {medicines.UNRECOGNISED}


@dataclass(frozen=True)
class Said:
    """Lay words of an item, found in something the patient typed."""

    question: str
    words: str


@dataclass(frozen=True)
class Intake:
    """Answers on a day, under a questionnaire and a ruleset; `counts` are the tags fired so far."""

    questionnaire: Questionnaire
    ruleset: Ruleset
    answers: Answers
    as_of: date
    mentions: tuple[Mention, ...]
    spoken: Mapping[str, tuple[Said, ...]]
    by_group: Mapping[str, tuple[Mention, ...]] = field(default_factory=dict, repr=False)
    asked_by_medicine: frozenset[str] = frozenset()
    counts: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(
        cls, questionnaire: Questionnaire, ruleset: Ruleset, answers: Answers, as_of: date
    ) -> Intake:
        """Read what was typed, as of the day on which the intake is screened."""
        formulary = _formulary(ruleset, answers, as_of)
        found = tuple(dict.fromkeys(_mentions(questionnaire, formulary, answers, as_of)))
        spoken = _spoken(
            questionnaire, ruleset, formulary.cues, answers, as_of, counted=_counted(found)
        )
        return cls(
            questionnaire, ruleset, answers, as_of, found, spoken,
            by_group=_by_group(found, ruleset), asked_by_medicine=_asked(found),
        )  # fmt: skip

    def at(self, day: date) -> Intake:
        """The same intake on another day."""
        return replace(self, as_of=day)

    def with_answers(self, answers: Answers) -> Intake:
        """The same intake with other answers to choices; the medicines stay as read."""
        return replace(self, answers=answers)

    def value(self, question: str) -> Value | None:
        """The answer given, or None where there is none."""
        return self.answers.by_question.get(question)

    def unit(self, question: str) -> str | None:
        """The unit in which a number is asked."""
        found = self.questionnaire.questions.get(question)
        return found.unit if found else None

    def setting(self, name: str) -> int | float:
        """The number that a clinic signed for."""
        return self.ruleset.settings[name].value

    def tagged(self, tag: str) -> int:
        """How many items fired a rule with this tag."""
        return self.counts.get(tag, 0)

    def taken(self, group: str) -> tuple[Mention, ...]:
        """The mentions of a group of medicines that may count."""
        return self.by_group.get(group, ())

    def medicines(self, group: str) -> tuple[Taken, ...]:
        """What the typed lines say of a group of medicines."""
        if group not in self.by_group:
            return ()
        return tuple(
            Taken(
                agent=mention.hit.agent if mention.hit else mention.unknown,
                line=mention.line,
                current=mention.fires(self.as_of),
                last_dose=mention.last_dose,
                daily_mg=mention.hit.daily_mg if mention.hit else None,
            )
            for mention in self.taken(group)
        )

    @cached_property
    def wanted(self) -> frozenset[str]:
        """The parts wanted; every part where none is named."""
        named = self.answers.get(WANTED)
        if not isinstance(named, tuple) or set(named) & set(UNSURE):
            return self.ruleset.body.parts
        return self.ruleset.body.expand(named)

    def wants(self, regions: tuple[Regions, ...]) -> bool:
        """Whether a wanted region lies in these."""
        return bool(self.parts(regions) & self.wanted)

    def names(self, question: str, regions: tuple[Regions, ...]) -> bool | None:
        """Whether an answer names a region that lies in these, or None where it is not known."""
        given = self.answers.get(question)
        if not isinstance(given, tuple):
            return None
        unsure = bool(set(given) & set(UNSURE))
        meant = self.ruleset.body.expand(region for region in given if region not in UNSURE)
        return True if meant & self.parts(regions) else (None if unsure else False)

    def parts(self, regions: Iterable[Regions]) -> frozenset[str]:
        """The parts that a rule names; an answer that is not known means every part."""
        return frozenset().union(*(self._parts(named) for named in regions))

    def _parts(self, named: Regions) -> frozenset[str]:
        body, side = self.ruleset.body, self._side(named.side)
        if named.group is not None:
            found = body.group(named.group, side)
        elif named.answer is not None:
            found = self._answered(named)
        else:
            found = body.expand(named.regions, side)
        if named.neighbours:
            found = found.union(*(body.next_to(part) for part in found))
        if named.widen == "limb":
            # Not known which: every limb, for no other part can be meant.
            return body.limbs if found == body.parts else _union(map(body.whole_limb, found))
        return _union(map(body.quarter, found)) if named.widen == "quarter" else found

    def _side(self, question: str | None) -> str | None:
        side = self.answers.get(question) if question else None
        return side if isinstance(side, str) and side in ("left", "right") else None

    def _answered(self, named: Regions) -> frozenset[str]:
        """The parts that an answer names; with a side that does not match, those of both."""
        body, given = self.ruleset.body, self.answers.get(named.answer or "")
        if not isinstance(given, tuple) or set(given) & set(UNSURE):
            return body.parts
        found = body.expand(given, self._side(named.side))
        if named.side is None or named.side not in self.answers:
            return found
        return found | body.expand(
            (body.split(region)[0] for region in given), self._side(named.side)
        )

    def said(self, item: Item) -> tuple[Said, ...]:
        """Where the patient's own words speak of an item that no tick speaks of."""
        return self.spoken.get(item.id, ())


def _union(parts: Iterable[frozenset[str]]) -> frozenset[str]:
    return frozenset().union(*parts)


def _by_group(mentions: tuple[Mention, ...], ruleset: Ruleset) -> dict[str, tuple[Mention, ...]]:
    found: dict[str, list[Mention]] = {}
    for mention in mentions:
        if mention.hit is None or mention.hit.status in ("current", "stopped"):
            for group in mention.groups(ruleset):
                found.setdefault(group, []).append(mention)
    return {group: tuple(every) for group, every in found.items()}


def _asked(mentions: tuple[Mention, ...]) -> frozenset[str]:
    """The items that a medicine speaks of."""
    return frozenset(
        item
        for mention in mentions
        if mention.hit is not None
        for item in mention.hit.medicine_class.asks
    )


def _typed(questionnaire: Questionnaire, answers: Answers) -> Iterator[tuple[str, str]]:
    """Everything the patient typed freely, by question."""
    for question_id, value in answers.by_question.items():
        kind = questionnaire.questions[question_id].kind
        if kind == "text" and isinstance(value, str):
            yield question_id, value
        elif kind == "medicines" and isinstance(value, tuple):
            yield from ((question_id, line) for line in sorted(set(value)))


def _counted(mentions: tuple[Mention, ...]) -> frozenset[tuple[str, str, str]]:
    """Lines in which the patient's own medicine speaks for an item: question, line and item.

    The words of that item beside it ("Zoloft, an antidepressant") say no more than its name,
    and its name is read with the time that the line gives.
    """
    return frozenset(
        (mention.question, mention.line, mention.hit.medicine_class.item)
        for mention in mentions
        if mention.hit is not None
        and mention.hit.medicine_class.item
        and mention.hit.status not in ("family", "negated")
    )


def _spoken(
    questionnaire: Questionnaire,
    ruleset: Ruleset,
    cues: Cues,
    answers: Answers,
    as_of: date,
    *,
    counted: frozenset[tuple[str, str, str]],
) -> dict[str, tuple[Said, ...]]:
    """The lay words of each item that stand in the text of another one, by item."""
    found: dict[str, dict[Said, None]] = {}
    writing = Writing(ruleset, cues, as_of, _age(answers, as_of))
    for question_id, text in _typed(questionnaire, answers):
        own = questionnaire.questions[question_id].item
        clauses = words.clauses(text)
        for whole, following in zip(clauses, (*clauses[1:], ()), strict=False):
            for item, phrase in hearing.heard(whole, following, writing):
                if item != own and (question_id, text, item) not in counted:
                    found.setdefault(item, {})[Said(question_id, " ".join(phrase))] = None
        for item in _in_other_language(text, ruleset):
            if item != own:
                found.setdefault(item, {})[Said(question_id, text)] = None
    return {item: tuple(said) for item, said in found.items()}


def _in_other_language(text: str, ruleset: Ruleset) -> Iterator[str]:
    """The items of which a text speaks by being in another language."""
    said = words.tokens(text)
    for item in ruleset.about_other_languages:
        if languages.is_other(said, item.other_languages):
            yield item.id


def _age(answers: Answers, as_of: date) -> int | None:
    """The age of the patient, or None where it is not known."""
    born = answers.get(BORN)
    return dates.age_on(born, as_of) if isinstance(born, date) else None


def _formulary(ruleset: Ruleset, answers: Answers, as_of: date) -> Formulary:
    """How to read what is typed: of a child or of whom somebody helps, another may write."""
    age = _age(answers, as_of)
    alone = age is not None and age >= ADULT and answers.get(CAPACITY, OWN) == OWN
    return ruleset.formulary if alone else ruleset.formulary.by_another_writer


def _mentions(
    questionnaire: Questionnaire, formulary: Formulary, answers: Answers, as_of: date
) -> Iterator[Mention]:
    for question_id, value in answers.by_question.items():
        kind = questionnaire.questions[question_id].kind
        if kind == "medicines" and isinstance(value, tuple):
            for line in sorted(set(value)):
                yield from _listed(question_id, line, formulary, as_of)
        elif kind == "text" and isinstance(value, str):
            for hit in formulary.mentioned(value, as_of=as_of):
                if _counts_anywhere(hit):
                    yield Mention(question_id, value, hit, last_dose=_last_dose(hit, as_of))


def _counts_anywhere(hit: Hit) -> bool:
    groups = hit.medicine_class.groups
    return bool(groups & ANYWHERE) or (hit.exact and not hit.vague and bool(groups & BY_NAME))


def _listed(question_id: str, line: str, formulary: Formulary, as_of: date) -> Iterator[Mention]:
    if line in UNSURE:
        return
    found = formulary.recognise(line, as_of=as_of)
    for hit in found.hits:
        yield Mention(question_id, line, hit, last_dose=_last_dose(hit, as_of))
    for unknown in found.unknown:
        yield Mention(question_id, line, None, unknown)


def _last_dose(hit: Hit, as_of: date) -> date | None:
    return None if hit.days_since is None else as_of - timedelta(days=hit.days_since)
