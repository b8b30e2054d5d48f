"""What is wrong with the data files, said so that a therapist understands it.

An error refuses the data at start; a warning names what is still to come.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from clinic.screening import conditions, medicine_list, nearness, regions
from clinic.screening.conditions import (
    UNSURE,
    Age,
    Agents,
    Answered,
    Condition,
    Dose,
    Regions,
    Takes,
    Together,
)
from clinic.screening.levels import Level
from clinic.screening.medicines import Formulary
from clinic.screening.regions import Body, UnknownRegion
from clinic.screening.source import BrokenData, Data, Place
from clinic.screening.words import find, tokens

RULE_KEYS = (
    "id", "answer", "when", "level", "block", "about", "reason", "notes", "see", "raise", "tag",
    "binding",
)  # fmt: skip
ITEM_KEYS = (
    "item", "section", "order", "title", "private", "from_list", "red_flag", "urgency", "questions",
    "settings", "rules", "without_rule", "reason", "patient", "action", "sources", "disagreement",
    "words", "mild_words", "words_except", "words_about", "words_settle",
    "other_languages", "near", "near_except",
)  # fmt: skip
QUESTION_KEYS = (
    "text", "hint", "kind", "choices", "caution", "show", "asked", "alone", "private",
    "again_on_day", "unit", "minimum", "maximum", "max_length", "optional", "may_be_none",
    "at_place",
)  # fmt: skip
KINDS = ("choice", "choices", "date", "number", "text", "regions", "side", "medicines")
ASKED = ("history", "request", "derived")
LEVELS = tuple(level.value for level in Level)
NUMBERS, FLAGS = ("minimum", "maximum", "max_length"), ("alone", "private", "optional")
ORDERED_KINDS = ("choice", "date", "number")


@dataclass(frozen=True)
class Problem:
    """Something wrong, or still to come, at a place in the data."""

    severity: str
    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.severity}: {self.text}"


def refuse(data: Data) -> None:
    """Raise for the first error in the data."""
    for problem in problems(data):
        if problem.severity == "error":
            raise BrokenData(problem.file, problem.line, problem.text)


def problems(data: Data) -> Iterator[Problem]:
    """Every error and warning in the data."""
    try:
        yield from _Lint(data).problems()
    except BrokenData as error:
        yield Problem("error", error.file, error.line, error.problem)


def _error(place: Place, text: str) -> Problem:
    return Problem("error", place.file, place.line, text)


def _warning(place: Place, text: str) -> Problem:
    return Problem("warning", place.file, place.line, text)


@dataclass(frozen=True)
class _Asked:
    """One question as the files word it."""

    id: str
    item: str
    place: Place

    @property
    def kind(self) -> str:
        return str(self.place.value.get("kind", "choice"))

    @property
    def slugs(self) -> tuple[str, ...]:
        if self.kind == "side":
            return ("left", "right", "both", "not_sure")
        choices = self.place.get("choices")
        if choices is None:
            return ()
        return tuple(
            slug
            for choice in choices.each()
            for slug in (choice.value if isinstance(choice.value, dict) else (choice.text(),))
        )

    @property
    def worded(self) -> tuple[str, ...]:
        """The choices that have words of their own."""
        choices = self.place.get("choices")
        every = choices.each() if choices else ()
        return tuple(slug for one in every if isinstance(one.value, dict) for slug in one.value)

    @cached_property
    def show(self) -> Condition | None:
        found = self.place.get("show")
        return conditions.read(found) if found else None

    @property
    def least(self) -> tuple[str, ...]:
        caution = self.place.get("caution")
        if caution is None:
            return ("no",) if "no" in self.slugs else ()
        return next(iter(caution.each())).texts() if isinstance(caution.value, list) else ()


class _Lint:
    """One run over all files."""

    def __init__(self, data: Data) -> None:
        self.data = data
        self.body: Body = regions.read(data.general["regions"])
        self.formulary: Formulary = medicine_list.read(
            data.general["medicines"], data.general["words"]
        )
        self.sections = list(data.general["sections"].need("sections").each())
        expected = {
            name for one in self.sections if one.has("items") for name in one["items"].texts()
        }
        self.to_come = expected - set(data.items)
        self.questions = {
            question_id: _Asked(question_id, name, question)
            for name, item in data.items.items()
            for question_id, question in _entries(item, "questions")
        }
        self.settings = {
            setting for item in data.items.values() for setting, _ in _entries(item, "settings")
        }
        self.tags = {
            rule["tag"].text()
            for item in data.items.values()
            for rule in _rules(item)
            if rule.has("tag")
        }

    def problems(self) -> Iterator[Problem]:
        for section in self.sections:
            missing = [
                name
                for name in (section["items"].texts() if section.has("items") else ())
                if name in self.to_come
            ]
            if missing:
                where = section["items"]
                yield _warning(where, f"still to come in this section: {', '.join(missing)}")
        yield from self._pages()
        for name, item in self.data.items.items():
            yield from self._item(name, item)
        yield from self._medicines()
        yield from self._spare_translations()

    def _pages(self) -> Iterator[Problem]:
        """Each topic stands on one page, and each box in one group."""
        ids, seen = [one.need("id").text() for one in self.sections], set[str]()
        place = self.data.general["sections"]
        for page in place["pages"].each() if place.has("pages") else ():
            for topic in page.need("topics").each():
                if topic.text() not in ids:
                    yield _error(topic, f"there is no section '{topic.value}'")
                if topic.text() in seen:
                    yield _error(topic, f"the section '{topic.value}' stands on two pages")
                seen.add(topic.text())
            if len(page["topics"].texts()) > 1 and not page.has("title"):
                yield _error(page, "a page of several topics needs a title")
        for one in ids if place.has("pages") else ():
            if one not in seen:
                yield _error(place["pages"], f"the section '{one}' stands on no page")
        yield from self._groups()

    def _groups(self) -> Iterator[Problem]:
        seen = set[str]()
        for section in self.sections:
            for group in section["groups"].each() if section.has("groups") else ():
                for item in group.need("items").each():
                    if item.text() not in {*self.data.items, *self.to_come}:
                        yield _error(item, f"there is no item '{item.value}'")
                    if item.text() in seen:
                        yield _error(item, f"'{item.value}' stands in two groups")
                    seen.add(item.text())

    def _item(self, name: str, place: Place) -> Iterator[Problem]:
        place.only(*ITEM_KEYS)
        if place.need("section").text() not in {one.need("id").text() for one in self.sections}:
            yield _error(place["section"], f"there is no section '{place['section'].value}'")
        if place.need("item").text() != name:
            yield _error(place["item"], f"the file '{name}.yaml' must say 'item: {name}'")
        known = self.data.general["sources"].mapping()
        for key, _ in cited(place):
            if key not in known:
                yield _error(place["sources"], f"the source '{key}' is not in sources.yaml")
        if place.has("without_rule") and place.has("rules"):
            yield _error(place["without_rule"], "an item has rules or a reason why not, not both")
        for question_id, _ in _entries(place, "questions"):
            yield from self._question(self.questions[question_id])
        yield from self._rules(name, place)
        yield from _without_words(place)
        yield from self._exceptions(name, place)
        yield from self._near(name, place)
        yield from self._translations(name, place)

    def _exceptions(self, name: str, place: Place) -> Iterator[Problem]:
        """Exceptions that hold no lay word, so that they except nothing."""
        translated = (found.get(name) for found in self.data.translations.values())
        for file in (place, *(other for other in translated if other is not None)):
            kinds = [key for key in ("words", "mild_words") if file.has(key)]
            phrases = [tokens(text) for key in kinds for text in file[key].texts()]
            for exception in file["words_except"].each() if file.has("words_except") else ():
                if not any(find(tokens(exception.text()), phrase) >= 0 for phrase in phrases):
                    yield _error(exception, f"'{exception.text()}' holds none of the lay words")

    def _near(self, name: str, place: Place) -> Iterator[Problem]:
        """Groups that share a word, and exceptions that touch none of them."""
        translated = (found.get(name) for found in self.data.translations.values())
        for file in (place, *(other for other in translated if other is not None)):
            listed = list(file["near"].each()) if file.has("near") else []
            phrases = []
            for entry in listed:
                near = nearness.read_one(entry)
                phrases += [tokens(word) for group in near.groups for word in group]
                for word in nearness.shared(near):
                    yield _error(entry, f"'{word}' stands twice in these groups")
            for exception in file["near_except"].each() if file.has("near_except") else ():
                if not any(find(tokens(exception.text()), phrase) >= 0 for phrase in phrases):
                    yield _error(exception, f"'{exception.text()}' holds no word of the groups")

    def _question(self, asked: _Asked) -> Iterator[Problem]:
        _shape(asked.place)
        yield from _order(asked)
        if asked.show is not None:
            where = asked.place["show"]
            for leaf in conditions.leaves(asked.show):
                if not isinstance(leaf, Answered | Age):
                    yield _error(where, "only answers and age decide what is asked")
            yield from self._named(asked.show, where, f"the question '{asked.id}' is shown")
            if not self._reachable(asked, frozenset()):
                yield _error(where, f"the question '{asked.id}' can never be reached")
        if asked.id in self._deciding and self._unordered(asked):
            yield _error(
                asked.place, f"'{asked.id}' decides, so 'caution' must say which answers are graver"
            )

    @cached_property
    def _deciding(self) -> frozenset[str]:
        return frozenset(
            question
            for item in self.data.items.values()
            for rule in _rules(item)
            if rule.has("when")
            for question in conditions.read(rule["when"]).questions()
        )

    def _unordered(self, asked: _Asked) -> bool:
        if asked.kind not in ORDERED_KINDS or asked.place.has("caution"):
            return False
        return asked.kind != "choice" or not {"yes", "no"} <= set(asked.slugs)

    def _reachable(self, asked: _Asked, above: frozenset[str]) -> bool:
        if asked.id in above:
            return False
        return asked.show is None or self._possible(asked.show, above | {asked.id})

    def _possible(self, condition: Condition, above: frozenset[str]) -> bool:
        if isinstance(condition, Together):
            each = [self._possible(part, above) for part in condition.parts]
            return all(each) and not _clash(condition) if condition.every else any(each)
        return all(
            question in self.questions and self._reachable(self.questions[question], above)
            for question in condition.questions()
        )

    def _rules(self, name: str, place: Place) -> Iterator[Problem]:
        main, seen, answered = self.questions.get(name), set[str](), set[str]()
        for rule in _rules(place):
            rule.only(*RULE_KEYS)
            rule_id = rule.need("id").text()
            if rule_id in seen:
                yield _error(rule, f"there are two rules '{rule_id}'")
            seen.add(rule_id)
            answered |= set(rule["answer"].texts() if rule.has("answer") else ())
            yield from self._answers(rule, name, main)
            yield from self._rule(rule, f"the rule '{rule_id}'")
            level = rule["level"].one_of(*LEVELS) if rule.has("level") else ""
            if level == "urgent" and not place.has("urgency"):
                yield _error(rule["level"], "say 'urgency: emergency' or 'urgency: same_day'")
        yield from self._without_outcome(main, answered, _rules(place))

    def _answers(self, rule: Place, name: str, main: _Asked | None) -> Iterator[Problem]:
        for answer in rule["answer"].texts() if rule.has("answer") else ():
            if main is None or answer not in (*main.slugs, *UNSURE):
                yield _error(rule["answer"], f"'{answer}' is not an answer of '{name}'")

    def _without_outcome(
        self, main: _Asked | None, answered: set[str], rules: list[Place]
    ) -> Iterator[Problem]:
        if main is None or main.kind != "choice" or not rules:
            return
        for slug in main.slugs:
            if slug not in (*answered, *main.least, *UNSURE):
                yield _error(main.place, f"the answer '{slug}' leads to no rule")

    def _rule(self, rule: Place, said: str) -> Iterator[Problem]:
        for key in ("block", "about"):
            if rule.has(key):
                yield from self._regions(conditions.regions(rule[key]), rule[key])
        if rule.has("when"):
            condition = conditions.read(rule["when"])
            yield from self._named(condition, rule["when"], said)
            for leaf in conditions.leaves(condition):
                yield from self._leaf(leaf, rule["when"])
        for item in _sent_to(rule):
            if item in self.to_come:
                yield _warning(rule, f"{said} leads to '{item}', which is still to come")
            elif item not in self.data.items:
                yield _error(rule, f"{said} leads to '{item}', which there is not")

    def _leaf(self, leaf: Condition, place: Place) -> Iterator[Problem]:
        if isinstance(leaf, conditions.Wanted | conditions.Named):
            yield from self._regions(leaf.regions, place)
        group = getattr(leaf, "group", None)
        if group is not None and group not in self.formulary.groups:
            yield _error(place, f"there is no group of medicines '{group}'")
        if isinstance(leaf, conditions.Tagged) and leaf.tag not in self.tags:
            yield _error(place, f"no rule has the tag '{leaf.tag}'")
        for question, kind in _kinds(leaf):
            asked = self.questions.get(question)
            if asked is not None and asked.kind != kind:
                yield _error(place, f"'{question}' is not a {kind}")
        for setting in _settings(leaf):
            if setting not in self.settings:
                yield _error(place, f"there is no setting '{setting}'")

    def _regions(self, named: Iterable[Regions], place: Place) -> Iterator[Problem]:
        for one in named:
            try:
                self.body.expand(one.regions)
                if one.group:
                    self.body.group(one.group)
            except UnknownRegion as error:
                yield _error(place, f"the region '{error}' is unknown")
            for question, kind in ((one.answer, "regions"), (one.side, "side")):
                if question and getattr(self.questions.get(question), "kind", "") != kind:
                    yield _error(place, f"'{question}' is not a question about {kind}")

    def _named(self, condition: Condition, place: Place, said: str) -> Iterator[Problem]:
        for question in sorted(condition.questions()):
            if question in self.questions:
                continue
            if question.partition(".")[0] in self.to_come:
                yield _warning(
                    place, f"{said} by '{question}', which is still to come: counts as not sure"
                )
            else:
                yield _error(place, f"{said} by '{question}', which is not asked")
        for leaf in conditions.leaves(condition):
            if isinstance(leaf, Answered) and isinstance(leaf.answer, str):
                asked = self.questions.get(leaf.question)
                known = (*asked.slugs, *UNSURE) if asked else (leaf.answer,)
                if leaf.answer not in known:
                    yield _error(place, f"'{leaf.answer}' is not an answer of '{leaf.question}'")

    def _translations(self, name: str, place: Place) -> Iterator[Problem]:
        for language, found in self.data.translations.items():
            other = found.get(name)
            for question_id, question in _entries(place, "questions"):
                words = _at(other, "questions", question_id)
                yield from self._wording(question_id, question, words, language)
            for key, text in _entries(place, "patient"):
                if _at(other, "patient", key) is None:
                    yield _error(text, f"this text is not in '{language}'")
            for key in ("words", "mild_words", "near"):
                if place.has(key) and _at(other, key) is None:
                    yield _error(place[key], f"the lay words are not in '{language}'")

    def _wording(
        self, question_id: str, question: Place, words: Place | None, language: str
    ) -> Iterator[Problem]:
        for key in ("text", "hint"):
            if question.has(key) and _at(words, key) is None:
                yield _error(question[key], f"not in '{language}'")
        for slug in self.questions[question_id].worded:
            if _at(words, "choices", slug) is None:
                yield _error(question["choices"], f"the answer '{slug}' is not in '{language}'")

    def _spare_translations(self) -> Iterator[Problem]:
        for found in self.data.translations.values():
            for name, other in found.items():
                if name not in self.data.items:
                    yield _error(other, f"there is no item '{name}'")
                if other.need("item").text() != name:
                    yield _error(other["item"], f"the file '{name}.yaml' must say 'item: {name}'")
                for question_id, question in _entries(other, "questions"):
                    if question_id not in self.questions:
                        yield _error(question, f"there is no question '{question_id}'")

    def _medicines(self) -> Iterator[Problem]:
        place = self.data.general["medicines"]["classes"]
        for name, one in self.formulary.classes.items():
            yield from self._asked_by(one.about, place[name])
            if not one.row:
                yield _error(place[name], "'row' must say which row of the medicine table this is")
            if (
                one.item
                and one.item in self.data.items
                and not one.groups & self._groups_of(one.item)
            ):
                yield _error(place[name], f"no rule of '{one.item}' speaks of these medicines")
        yield from self._look_alikes()

    def _asked_by(self, about: Iterable[str], place: Place) -> Iterator[Problem]:
        for item in about:
            if item in self.to_come:
                yield _warning(place, f"these medicines ask '{item}', still to come")
            elif item not in self.data.items:
                yield _error(place, f"there is no item '{item}'")

    def _look_alikes(self) -> Iterator[Problem]:
        pairs = self.data.general["medicines"].get("look_alikes")
        for pair in pairs.each() if pairs else ():
            for written in pair.texts():
                if tokens(written) not in self.formulary.names:
                    yield _error(pair, f"there is no medicine '{written}'")

    def _groups_of(self, item: str) -> frozenset[str]:
        """The groups of medicines that the rules of an item name."""
        rules = self.data.items[item].get("rules")
        return frozenset(
            leaf.group
            for rule in (rules.each() if rules else ())
            if rule.has("when")
            for leaf in conditions.leaves(conditions.read(rule["when"]))
            if isinstance(leaf, Agents | Dose | Takes)
        )


def _shape(question: Place) -> None:
    """Refuse a question with unknown words in it."""
    question.only(*QUESTION_KEYS)
    for key, known in (("kind", KINDS), ("asked", ASKED)):
        if question.has(key):
            question[key].one_of(*known)
    for key in NUMBERS:
        if question.has(key):
            question[key].number()
    for key in FLAGS:
        if question.has(key):
            question[key].flag()


def _order(asked: _Asked) -> Iterator[Problem]:
    """Limits the wrong way round, and answers of which nobody says how grave they are."""
    low, high = asked.place.get("minimum"), asked.place.get("maximum")
    if low is not None and high is not None and low.number() > high.number():
        yield _error(low, "the minimum is above the maximum")
    caution = asked.place.get("caution")
    if caution is not None and isinstance(caution.value, list):
        ordered = {slug for tier in caution.each() for slug in tier.texts()}
        for slug in asked.slugs:
            if slug not in (*ordered, *UNSURE):
                yield _error(caution, f"'caution' does not say how grave '{slug}' is")


def _without_words(place: Place) -> Iterator[Problem]:
    """What a finding must say, and does not."""
    for key in ("reason", "action", "patient") if _rules(place) else ():
        if not place.has(key):
            yield _error(place["rules"], f"'{key}' is missing: a finding must say it")
    if place.has("mild_words") and not place.has("red_flag"):
        yield _error(place["mild_words"], "only beside the words of a red flag are some milder")
    if place.has("patient") and not place["patient"].has("default"):
        yield _error(place["patient"], "'default' is missing")


def _kinds(leaf: Condition) -> Iterator[tuple[str, str]]:
    """The kind that a question must have, to be compared so."""
    if isinstance(leaf, conditions.Since | Age):
        yield leaf.question, "date"
    elif isinstance(leaf, conditions.BodyMass):
        yield from ((leaf.height, "number"), (leaf.weight, "number"))
    elif isinstance(leaf, conditions.Named):
        yield leaf.question, "regions"
    elif isinstance(leaf, Answered) and leaf.operator in conditions.ORDERINGS:
        yield leaf.question, "number"


def cited(place: Place) -> Iterator[tuple[str, str]]:
    """Each source that an item names, and what was read there of it ("" where nothing is said)."""
    for source in place["sources"].each() if place.has("sources") else ():
        if isinstance(source.value, dict):
            yield from ((key, note.text()) for key, note in source.entries())
        else:
            yield source.text(), ""


def _entries(place: Place, key: str) -> Iterator[tuple[str, Place]]:
    found = place.get(key)
    if found is not None:
        yield from found.entries()


def _rules(place: Place) -> list[Place]:
    return list(place["rules"].each()) if place.has("rules") else []


def _at(place: Place | None, *path: str) -> Place | None:
    for key in path:
        if place is None or not place.has(key):
            return None
        place = place[key]
    return place


def _sent_to(rule: Place) -> tuple[str, ...]:
    see = rule.get("see")
    sent: tuple[str, ...] = ()
    if see is not None:
        sent = (see.text() if isinstance(see.value, str) else see.need("item").text(),)
    return (*sent, *(rule["raise"].texts() if rule.has("raise") else ()))


def _clash(condition: Together) -> bool:
    """Two different answers asked of one question at once."""
    wanted: dict[str, set[str]] = {}
    for leaf in condition.parts:
        if isinstance(leaf, Answered) and leaf.operator == "=" and isinstance(leaf.answer, str):
            wanted.setdefault(leaf.question, set()).add(leaf.answer)
    return any(len(answers) > 1 for answers in wanted.values())


def _settings(leaf: Condition) -> Iterator[str]:
    stopped = leaf.stopped[1] if isinstance(leaf, conditions.Takes) and leaf.stopped else None
    for amount in (getattr(leaf, "amount", None), getattr(leaf, "answer", None), stopped):
        if isinstance(amount, conditions.Amount) and amount.setting:
            yield amount.setting


def unsigned(data: Data) -> Mapping[str, Place]:
    """The settings that no lead therapist has verified."""
    return {
        name: setting
        for item in data.items.values()
        for name, setting in _entries(item, "settings")
        if not setting.need("verified").flag()
    }
