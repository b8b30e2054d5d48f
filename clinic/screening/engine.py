"""Running every rule over one intake: which fired, how gravely, and which regions they block."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, replace
from datetime import date

from clinic.screening import medicines, words
from clinic.screening import plans as planning
from clinic.screening.answers import plain
from clinic.screening.conditions import UNSURE, Agents, Dose, Takes, leaves
from clinic.screening.intake import MEDICINES, Intake, Mention, Said
from clinic.screening.levels import Level, raised, worst
from clinic.screening.plans import Plan, Plans
from clinic.screening.questionnaire import Question, visible
from clinic.screening.rules import Item, Route, Rule

_ONLY_UNSURE = tuple((one,) for one in UNSURE)
MISMATCH = "answers do not match"


@dataclass(frozen=True)
class Reading:
    """One way to read the answers to an item: as this answer, perhaps held to absolute."""

    answer: str
    intake: Intake
    capped: bool = False
    mismatch: bool = False


@dataclass(frozen=True)
class Fired:
    """One rule that fired, what it weighs outside its regions, and the parts that it blocks."""

    rule: Rule
    level: Level
    blocked: frozenset[str]
    about: frozenset[str] | None


@dataclass(frozen=True)
class Floor:
    """A level that an item has for a reason of its own, beside its rules."""

    level: Level
    reason: str
    because: tuple[tuple[str, object], ...]
    call_today: bool = False
    private: bool = False


@dataclass(frozen=True)
class Verdict:
    """What one item comes to on one day."""

    item: Item
    fired: tuple[Fired, ...]
    floors: tuple[Floor, ...]
    because: tuple[tuple[str, object], ...]
    mismatch: bool
    unanswered: bool
    private: bool
    raised: bool = False

    @property
    def elsewhere(self) -> Level:
        """The level that counts for a region that is not blocked."""
        level = worst((*(one.level for one in self.fired), *(one.level for one in self.floors)))
        return max(raised(level), Level.RELATIVE) if self.raised else level

    @property
    def blocked(self) -> frozenset[str]:
        """Every part that a fired rule blocks."""
        return frozenset().union(*(one.blocked for one in self.fired))

    @property
    def about(self) -> frozenset[str] | None:
        """The parts that a precaution names, or None where it is about the whole person."""
        if self.floors or self.raised:
            return None
        notes = [one.about for one in self.fired if one.level is Level.PRECAUTION]
        if not notes or None in notes:
            return None
        return frozenset().union(*(about for about in notes if about is not None))

    def level(self, wanted: frozenset[str]) -> Level:
        """The level that counts, given what is wanted."""
        if self.blocked & wanted:
            return max(self.elsewhere, Level.SITE)
        return self.elsewhere


@dataclass(frozen=True)
class Sent:
    """A route that an item took to another, perhaps only because its own answer is blank."""

    route: Route
    by: str
    capped: bool


Forced = Mapping[str, tuple[Sent, ...]]
Key = tuple[str, tuple[Sent, ...], tuple[tuple[str, int], ...]]


Known = dict[Key, Verdict | None]


@dataclass(frozen=True)
class Settled:
    """The verdicts on one day, and what each rests on, so that another day need not ask again."""

    found: Mapping[str, Verdict]
    known: Known


def verdicts(intake: Intake) -> dict[str, Verdict]:
    """The verdict on every item that fired, after routes, counts and raises have settled."""
    return dict(settled(intake).found)


def settled(intake: Intake, before: Settled | None = None) -> Settled:
    """The verdicts of an intake; what the day cannot change is taken from another day's."""
    plans = planning.of(intake.questionnaire, intake.ruleset)
    known = _still_true(before.known, plans, intake) if before else {}
    spoken_of = speaking(plans, intake)
    forced: dict[str, tuple[Sent, ...]] = {}
    counts: dict[str, int] = {}
    while True:
        counted = intake if counts == intake.counts else replace(intake, counts=counts)
        found = dict(_pass(counted, plans, spoken_of, forced, known))
        now_forced, now_counts = _joined(forced, _routes(found)), _most(counts, _counts(found))
        if now_forced == forced and now_counts == counts:
            return Settled(_raise(found), known)
        forced, counts = now_forced, now_counts


def _most(first: Mapping[str, int], second: Mapping[str, int]) -> dict[str, int]:
    """The larger count of each tag: like the routes they only grow, so that this ends."""
    return {tag: max(first.get(tag, 0), second.get(tag, 0)) for tag in sorted({*first, *second})}


def _still_true(known: Known, plans: Plans, intake: Intake) -> Known:
    """What was found out on another day, without what the passing of time may change."""
    turning = plans.timed
    if any(mention.last_dose is not None for mention in intake.mentions):
        turning = turning | plans.reading_medicines | intake.asked_by_medicine
    return {key: one for key, one in known.items() if key[0] not in turning}


def _joined(first: Forced, second: Forced) -> dict[str, tuple[Sent, ...]]:
    return {
        name: tuple(dict.fromkeys((*first.get(name, ()), *second.get(name, ()))))
        for name in sorted({*first, *second})
    }


def _pass(
    intake: Intake, plans: Plans, spoken_of: Set[str], forced: Forced, known: Known
) -> Iterator[tuple[str, Verdict]]:
    counts = tuple(sorted(intake.counts.items()))
    heard = {*spoken_of, *forced, *_items_that_may_fire(plans.counting, intake)}
    for name, plan in plans.by_item.items():
        if name not in heard:
            continue
        routes = forced.get(name, ())
        key = (name, routes, counts if plan.counting else ())
        if key not in known:
            known[key] = verdict_on(plan, intake, routes)
        if (found := known[key]) is not None:
            yield name, found


def speaking(plans: Plans, intake: Intake) -> set[str]:
    """The items of which an answer, a blank, a word or a medicine speaks; no other has a say."""
    answers = intake.answers.by_question
    blank = plans.expected.difference(answers)
    found = {*intake.spoken, *intake.asked_by_medicine}
    found |= blank - plans.from_list if MEDICINES in answers else blank
    for question, given in answers.items():
        silence = plans.silences.get(question)
        if silence is not None and given not in silence.answers:
            found.add(silence.item)
    found.update(_items_that_may_fire(plans.unbidden, intake))
    for group in intake.by_group:
        found.update(_items_that_may_fire(plans.waiting.get(group, ()), intake))
    return found


def _items_that_may_fire(rules: Iterable[Rule], intake: Intake) -> Iterator[str]:
    for rule in rules:
        if rule.when is None or rule.when.holds(intake) is not False:
            yield rule.item


def _routes(found: Mapping[str, Verdict]) -> dict[str, tuple[Sent, ...]]:
    routes: dict[str, list[Sent]] = {}
    for name, verdict in found.items():
        for one in verdict.fired:
            if one.rule.see is not None:
                sent = Sent(one.rule.see, name, verdict.unanswered)
                routes.setdefault(one.rule.see.item, []).append(sent)
    return {name: tuple(dict.fromkeys(sent)) for name, sent in routes.items()}


def _counts(found: Mapping[str, Verdict]) -> dict[str, int]:
    tagged = {
        (one.rule.tag, name)
        for name, verdict in found.items()
        for one in verdict.fired
        if one.rule.tag is not None
    }
    tags = {tag for tag, _ in tagged}
    return {tag: sum(1 for other, _ in tagged if other == tag) for tag in sorted(tags)}


def _raise(found: dict[str, Verdict]) -> dict[str, Verdict]:
    named = {
        item for verdict in found.values() for one in verdict.fired for item in one.rule.raises
    }
    return {
        name: replace(verdict, raised=True) if name in named else verdict
        for name, verdict in found.items()
    }


def verdict_on(plan: Plan, intake: Intake, routes: tuple[Sent, ...] = ()) -> Verdict | None:
    """The verdict on one item before any raise, or None where nothing fires."""
    item = plan.item
    readings = tuple(_readings(plan, intake, routes))
    free = tuple(_free(plan, intake))
    fired = [(reading, one) for reading in readings for one in _fire(item, reading)]
    floors = tuple(_floors(plan, intake))
    every = tuple(dict.fromkeys((*(one for _, one in fired), *free)))
    if not every and not floors:
        return None
    loud = [reading for reading, _ in fired]
    by_list = _denied(plan, intake) and any(_reads_list(one.rule) for one in free)
    return Verdict(
        item=item,
        fired=every,
        floors=floors,
        because=_because(plan, intake, routes, every, floors),
        mismatch=by_list
        or any(reading.mismatch for reading in loud)
        or any(floor.reason == MISMATCH for floor in floors),
        unanswered=bool(loud) and all(reading.capped for reading in loud) and not free,
        private=item.private
        or any(floor.private for floor in floors)
        or any(_private(item, intake)),
    )


def _reads_list(rule: Rule) -> bool:
    return MEDICINES in rule.reads


def _denied(plan: Plan, intake: Intake) -> bool:
    main = plan.main
    return main is not None and intake.value(main.id) in main.least


def _fire(item: Item, reading: Reading) -> Iterator[Fired]:
    for rule in item.rules:
        if reading.answer in rule.answers:
            fired = _try(rule, reading.intake)
            if fired is not None:
                yield (
                    replace(fired, level=min(fired.level, Level.ABSOLUTE))
                    if (reading.capped)
                    else fired
                )


def _free(plan: Plan, intake: Intake) -> Iterator[Fired]:
    for rule in plan.free:
        if (fired := _try(rule, intake)) is not None:
            yield fired


def _try(rule: Rule, intake: Intake) -> Fired | None:
    if rule.when is not None and rule.when.holds(intake) is False:
        return None
    blocked = intake.parts(rule.block)
    own = Level.PRECAUTION if rule.level is Level.SITE else rule.level
    level = worst((own, _missing_route(rule, intake)))
    about = blocked if rule.level is Level.SITE else None
    if rule.about is not None:
        about = intake.parts(rule.about)
    return Fired(rule, level, blocked, about) if level is not Level.NONE or blocked else None


def _missing_route(rule: Rule, intake: Intake) -> Level:
    """A route to an item that is still to come counts as "not sure": a therapist asks."""
    if rule.see is not None and rule.see.item not in intake.ruleset.items:
        return Level.RELATIVE
    return Level.NONE


def _readings(plan: Plan, intake: Intake, routes: tuple[Sent, ...]) -> Iterator[Reading]:
    main = plan.main
    if main is None:
        return
    given = intake.value(main.id)
    blank = given is None and main.asked != "derived" and _applies(main, intake)
    if isinstance(given, str):
        yield from _as(given, plan, main, intake)
    elif blank:
        yield from _blank(plan, main, intake)
    if plan.item.words_settle and (blank or given in UNSURE) and _is_named(plan, intake):
        yield from _as("yes", plan, main, intake)
    for sent in routes:
        for reading in _as(sent.route.answer, plan, main, intake):
            yield replace(reading, capped=sent.capped, mismatch=given in main.least)
    for slug in _spoken_for(plan, main, intake):
        yield Reading(slug, _read_as(slug, main, intake), mismatch=True)


def _applies(question: Question, intake: Intake) -> bool:
    """Whether the question concerns this patient; what is not known is no reason to skip it."""
    return question.condition is None or question.condition.holds(intake) is not False


def _is_named(plan: Plan, intake: Intake) -> bool:
    """Whether follow-ups or the patient's own words name the thing, its place or its side."""
    told = (one for one in plan.questions if one != plan.main and one.kind != "text")
    return bool(intake.said(plan.item)) or any(
        _says_something(one, intake) and intake.value(one.id) not in _ONLY_UNSURE for one in told
    )


def _read_as(slug: str, main: Question, intake: Intake) -> Intake:
    return intake.with_answers(intake.answers.with_value(main.id, slug))


def _as(answer: str, plan: Plan, main: Question, intake: Intake) -> Iterator[Reading]:
    """The readings of an answer; an unsure one without its own rule knows no follow-up."""
    if answer in plan.named or answer not in UNSURE:
        yield Reading(answer, _read_as(answer, main, intake))
    elif answer == "prefer_not" and "not_sure" in plan.named:
        yield Reading("not_sure", _read_as("not_sure", main, intake))
    else:
        yield from _unknown(plan, main, intake)


def _unknown(plan: Plan, main: Question, intake: Intake) -> Iterator[Reading]:
    follow_ups = [question.id for question in plan.questions]
    bare = intake.with_answers(intake.answers.without(follow_ups))
    for slug in main.slugs:
        if slug not in UNSURE and slug not in main.least:
            yield Reading(slug, _read_as(slug, main, bare))


def _blank(plan: Plan, main: Question, intake: Intake) -> Iterator[Reading]:
    if plan.item.from_list and MEDICINES in intake.answers:
        return
    offered = "not_sure" in main.slugs
    readings = _as("not_sure", plan, main, intake) if offered else _unknown(plan, main, intake)
    for reading in readings:
        yield replace(reading, capped=True)


def _spoken_for(plan: Plan, main: Question, intake: Intake) -> Iterator[str]:
    """Answers under which a follow-up is asked that was answered although it was not asked.

    Beside a "no" even "not sure" which side says that there is one.
    """
    denied = _denied(plan, intake)
    for question in plan.own_deciding:
        unsure_side = denied and question.kind == "side" and question.id in intake.answers
        if not unsure_side and not _says_something(question, intake):
            continue
        if visible(question, intake.answers, as_of=intake.as_of):
            continue
        for slug in main.slugs:
            read = _read_as(slug, main, intake)
            if slug not in UNSURE and visible(question, read.answers, as_of=intake.as_of):
                yield slug


def _says_something(question: Question, intake: Intake) -> bool:
    value = intake.value(question.id)
    nothing = () if question.kind == "side" else question.least  # a side always says something
    return value not in (None, (), *UNSURE, *nothing)


def _floors(plan: Plan, intake: Intake) -> Iterator[Floor]:
    yield from _asked_by_medicine(plan, intake)
    for said in intake.said(plan.item):
        yield _spoken(plan.item, said)


def _asked_by_medicine(plan: Plan, intake: Intake) -> Iterator[Floor]:
    """A "no" beside a medicine that speaks of the item."""
    if plan.main is None or not _denied(plan, intake):
        return
    for mention in _asking(plan.item, intake):
        if mention.hit is None or not mention.fires(intake.as_of):
            continue
        level = min(
            Level(mention.hit.medicine_class.mismatch), _as_yes(plan.item, plan.main, intake)
        )
        private = mention.hit.medicine_class.private
        yield Floor(level, MISMATCH, ((mention.question, mention.line),), private=private)


def _asking(item: Item, intake: Intake) -> tuple[Mention, ...]:
    return tuple(
        mention
        for mention in intake.mentions
        if mention.hit is not None and item.id in mention.hit.medicine_class.asks
    )


def _as_yes(item: Item, main: Question, intake: Intake) -> Level:
    answers = [slug for slug in main.slugs if slug not in UNSURE and slug not in main.least]
    return worst(
        max(one.level, one.rule.level, Level.SITE if one.blocked else Level.NONE)
        for slug in answers
        for one in _fire(item, Reading(slug, _read_as(slug, main, intake)))
    )


def _spoken(item: Item, said: Said) -> Floor:
    flagged = item.red_flag and words.tokens(said.words) not in item.mild_phrases
    return Floor(
        Level.ABSOLUTE if flagged else Level.RELATIVE,
        f"In the patient's own words: {said.words}",
        ((said.question, said.words),),
        call_today=flagged,
    )  # fmt: skip


def _private(item: Item, intake: Intake) -> Iterator[bool]:
    for rule in item.rules:
        if MEDICINES in rule.reads:
            for mention in _fired_mentions(rule, intake):
                yield mention.hit is not None and mention.hit.medicine_class.private


def _fired_mentions(rule: Rule, intake: Intake) -> Iterator[Mention]:
    for leaf in leaves(rule.when) if rule.when is not None else ():
        if isinstance(leaf, Takes | Agents | Dose):
            yield from intake.taken(leaf.group)


def _because(
    plan: Plan,
    intake: Intake,
    routes: Iterable[Sent],
    fired: Iterable[Fired],
    floors: Iterable[Floor],
) -> tuple[tuple[str, object], ...]:
    found = {
        (question, repr(value)): (question, value)
        for question, value in (
            *_asked_of(plan, intake, routes),
            *(ground for one in fired for ground in _grounds(one.rule, intake)),
            *(said for floor in floors for said in floor.because),
        )
    }
    return tuple(found[key] for key in sorted(found))


def _asked_of(plan: Plan, intake: Intake, routes: Iterable[Sent]) -> Iterator[tuple[str, object]]:
    main = plan.main
    if main is not None and (main.id in intake.answers or main.asked != "derived"):
        yield main.id, plain(intake.value(main.id))
    for sent in routes:
        yield sent.by, plain(intake.value(sent.by))


def _grounds(rule: Rule, intake: Intake) -> Iterator[tuple[str, object]]:
    for question in rule.rests_on:
        if question not in (MEDICINES, rule.item) and intake.value(question) is not None:
            yield question, plain(intake.value(question))
    for mention in _fired_mentions(rule, intake):
        yield mention.question, mention.line


def turning_days(intake: Intake, found: Mapping[str, Verdict]) -> tuple[date, ...]:
    """Days still to come on which a verdict may change by the passing of time alone."""
    days = {
        day
        for verdict in found.values()
        for rule in verdict.item.rules
        if rule.when is not None
        for day in rule.when.turns(intake)
    }
    recent = {
        mention.last_dose.toordinal() + medicines.RECENT_DAYS + 1
        for mention in intake.mentions
        if mention.last_dose is not None
    }
    days |= {date.fromordinal(day) for day in recent}
    return tuple(sorted(day for day in days if day > intake.as_of))
