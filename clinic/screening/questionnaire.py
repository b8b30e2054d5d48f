"""The questions: what is asked, in which order and under which condition, in each language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from clinic.screening import conditions, lint, regions, source
from clinic.screening.conditions import Condition, Value
from clinic.screening.regions import Body
from clinic.screening.source import BrokenData, Data, Place

if TYPE_CHECKING:
    from clinic.screening.answers import Answers

DIRECTIONS = ("higher", "lower", "later", "earlier", "more")
SIDE_SLUGS = ("left", "right", "both", "not_sure")
LANGUAGES = ("en", "es")
ITEM_QUESTION_KEYS = ("item", "section", "order", "title", "private", "from_list", "questions")


@dataclass(frozen=True)
class Choice:
    """One answer that can be picked."""

    slug: str
    text: str


@dataclass(frozen=True)
class Question:
    """One question as it is worded in one language.

    `caution` lists answers from the least to the most cautious, or names the direction in
    which a number, date or list grows more cautious; "not sure" and blank stand above the
    least, and have no order with the others.
    """

    id: str
    item: str
    section: str
    text: str
    hint: str
    kind: str
    choices: tuple[Choice, ...]
    condition: Condition | None
    caution: tuple[tuple[str, ...], ...] | str
    asked: str
    grouped: bool
    private: bool
    again_on_day: bool
    unit: str | None
    minimum: int | float | None
    maximum: int | float | None
    max_length: int | None
    is_follow_up: bool
    optional: bool = False
    may_be_none: bool = False
    at_place: bool = False  # about the place that is to be treated

    @property
    def on_the_day(self) -> bool:
        """Whether it is to be asked again at a visit: it changes in a day, or a medicine is new."""
        return self.again_on_day or self.kind == "medicines"

    @cached_property
    def slugs(self) -> tuple[str, ...]:
        """The slugs that may be picked."""
        return tuple(choice.slug for choice in self.choices)

    @cached_property
    def least(self) -> tuple[str, ...]:
        """The answers that raise no caution."""
        return self.caution[0] if isinstance(self.caution, tuple) and self.caution else ()


@dataclass(frozen=True)
class TickGroup:
    """Items that stand together as boxes to tick, under a heading of their own."""

    id: str
    title: str
    items: tuple[str, ...]


@dataclass(frozen=True)
class Section:
    """One topic of the history, in the order in which topics are asked.

    `asked_ids` are the questions that are asked with it: its own, but for those that stand in a
    group of another topic, and those of other topics that stand in its groups.
    """

    id: str
    title: str
    intro: str
    question_ids: tuple[str, ...]
    complete: bool
    to_come: tuple[str, ...] = ()
    asked_ids: tuple[str, ...] = ()
    groups: tuple[TickGroup, ...] = ()


@dataclass(frozen=True)
class SharedPage:
    """Topics that are asked on one page; its id is that of the first."""

    id: str
    title: str
    topics: tuple[str, ...]


@dataclass(frozen=True)
class Questionnaire:
    """One version of the questions, worded in one language."""

    version: str
    hash: str
    language: str
    sections: tuple[Section, ...]
    questions: Mapping[str, Question]
    body: Body = field(repr=False)
    document: str = field(repr=False)
    pages: tuple[SharedPage, ...] = ()

    def to_document(self) -> str:
        """The canonical text from which `from_document` restores every language."""
        return self.document

    def section(self, section_id: str) -> Section:
        """The section with this id."""
        return next(section for section in self.sections if section.id == section_id)

    def in_language(self, language: str) -> Questionnaire:
        """The same version in another language."""
        return self if language == self.language else from_document(self.document, language)

    @cached_property
    def required(self) -> Mapping[Condition | None, frozenset[str]]:
        """The questions that may not stay open, by the condition under which they are asked."""
        found: dict[Condition | None, set[str]] = {}
        for question in self.questions.values():
            if not question.optional and question.asked != "derived":
                found.setdefault(question.condition, set()).add(question.id)
        return {condition: frozenset(ids) for condition, ids in found.items()}

    def of_item(self, item: str) -> tuple[Question, ...]:
        """The questions of one item, its own first."""
        return tuple(question for question in self.questions.values() if question.item == item)


@cache
def shipped(language: str = "en") -> Questionnaire:
    """The questionnaire that ships with the product."""
    return from_data(source.shipped(), language)


def from_data(data: Data, language: str = "en") -> Questionnaire:
    """Understand data files that were read; broken ones are refused by file and line."""
    lint.refuse(data)
    return _build(_Files.of(data), source.document(_document(data)), language)


def from_document(document: str, language: str = "en") -> Questionnaire:
    """Restore a stored version exactly, whatever the files say now."""
    value = source.parse(document, "questionnaire document")
    return _build(_Files.of_document(value), document, language)


def asked(
    questionnaire: Questionnaire, section_id: str, answers: Answers, *, as_of: date
) -> tuple[Question, ...]:
    """The questions of a section that these answers call for, in order."""
    ids = questionnaire.section(section_id).question_ids
    return tuple(
        questionnaire.questions[question_id]
        for question_id in ids
        if visible(questionnaire.questions[question_id], answers, as_of=as_of)
    )


def without_private(questionnaire: Questionnaire) -> Questionnaire:
    """The same version without what only therapists may ask, for staff who write for a patient."""
    kept = {key: one for key, one in questionnaire.questions.items() if not one.private}
    sections = tuple(
        replace(
            section,
            question_ids=tuple(one for one in section.question_ids if one in kept),
            asked_ids=tuple(one for one in section.asked_ids if one in kept),
        )
        for section in questionnaire.sections
    )
    return replace(questionnaire, questions=kept, sections=sections)


def visible(question: Question, answers: Answers, *, as_of: date) -> bool:
    """Whether the answers so far call for this question."""
    if question.asked == "derived":
        return False
    if question.condition is None:
        return True
    return question.condition.holds(_Asking(answers, as_of)) is True


def is_complete(questionnaire: Questionnaire, answers: Answers, *, as_of: date) -> bool:
    """Whether every question that is called for has an answer, but for the optional ones."""
    given, asking = answers.by_question.keys(), _Asking(answers, as_of)
    return all(
        ids <= given or (condition is not None and condition.holds(asking) is not True)
        for condition, ids in questionnaire.required.items()
    )


@dataclass(frozen=True)
class _Asking:
    """The situation in which only answers and the day are known."""

    answers: Answers
    as_of: date

    def value(self, question: str) -> Value | None:
        return self.answers.by_question.get(question)

    def unit(self, question: str) -> str | None:
        return None

    def setting(self, name: str) -> int | float:
        raise LookupError(name)

    def wants(self, regions: tuple[conditions.Regions, ...]) -> bool:
        return False

    def names(self, question: str, regions: tuple[conditions.Regions, ...]) -> bool | None:
        return None

    def medicines(self, group: str) -> tuple[conditions.Taken, ...]:
        return ()

    def tagged(self, tag: str) -> int:
        return 0


@dataclass(frozen=True)
class _Files:
    """The parts of the data that the questionnaire is made of."""

    sections: Place
    words: Place
    regions: Place
    items: Mapping[str, Place]
    translations: Mapping[str, Mapping[str, Place]]

    @classmethod
    def of(cls, data: Data) -> _Files:
        general = data.general
        return cls(
            general["sections"], general["words"], general["regions"], data.items, data.translations
        )

    @classmethod
    def of_document(cls, place: Place) -> _Files:
        translations = {
            language: dict(place["translations"][language].entries())
            for language in place["translations"].mapping()
        }
        return cls(
            place["sections"],
            place["words"],
            place["regions"],
            dict(place["items"].entries()),
            translations,
        )


def _document(data: Data) -> dict[str, Any]:
    items = {
        name: {key: item.value[key] for key in ITEM_QUESTION_KEYS if item.has(key)}
        for name, item in data.items.items()
    }
    translations = {
        language: {
            name: {"questions": item.value["questions"]}
            for name, item in found.items()
            if item.has("questions")
        }
        for language, found in data.translations.items()
    }
    general = {name: data.general[name].value for name in ("sections", "words", "regions")}
    return {"format": 1, **general, "items": items, "translations": translations}


def _build(files: _Files, document: str, language: str) -> Questionnaire:
    if language not in LANGUAGES:
        raise BrokenData("questionnaire", 0, f"there is no language '{language}'")
    body = regions.read(files.regions)
    words = _words(files.words, language)
    section_ids = [section.need("id").text() for section in files.sections.need("sections").each()]
    found: dict[str, Question] = {}
    for name in _in_order(files.items, section_ids):
        reader = _Wording(name, files, language, words)
        for question in reader.questions(section_ids):
            found[question.id] = question
    digest = source.digest(document)
    version = f"{files.sections.need('edition').text()}+{digest[:8]}"
    sections = _with_groups(
        tuple(
            _section(place, found.values(), files, language)
            for place in files.sections["sections"].each()
        ),
        found.values(),
    )
    ordered = {
        question_id: found[question_id]
        for section in sections
        for question_id in section.question_ids
    }
    pages = tuple(_pages(files.sections, sections, language))
    return Questionnaire(version, digest, language, sections, ordered, body, document, pages)


def _words(place: Place, language: str) -> dict[str, str]:
    return {
        slug: words.need(language).text() for slug, words in place.need("common_answers").entries()
    }


def _in_order(items: Mapping[str, Place], section_ids: list[str]) -> list[str]:
    def key(name: str) -> tuple[int, int, str]:
        place = items[name]
        section = place.need("section").one_of(*section_ids)
        order = place.get("order")
        return section_ids.index(section), order.whole() if order else 100, name

    return sorted(items, key=key)


def _section(place: Place, questions: Iterable[Question], files: _Files, language: str) -> Section:
    place.only("id", "title", "intro", "es", "items", "groups")
    words = place if language == "en" else place.need(language)
    section_id = place["id"].text()
    intro = words.get("intro")
    expected = place.get("items")
    to_come = tuple(
        name for name in (expected.texts() if expected else ()) if name not in files.items
    )
    ids = tuple(question.id for question in questions if question.section == section_id)
    return Section(
        section_id,
        words.need("title").text(),
        intro.text() if intro else "",
        ids,
        not to_come,
        to_come,
        groups=tuple(_groups(place, language)),
    )


def _groups(place: Place, language: str) -> Iterable[TickGroup]:
    for group in place["groups"].each() if place.has("groups") else ():
        group.only("id", "title", "es", "items")
        title, items = _title(group, language), group.need("items").texts()
        yield TickGroup(group.need("id").text(), title, items)


def _with_groups(
    sections: tuple[Section, ...], questions: Iterable[Question]
) -> tuple[Section, ...]:
    """Say which questions are asked with each topic: a group may hold items of another one."""
    moved = {
        item: section.id for section in sections for group in section.groups for item in group.items
    }
    asked: dict[str, list[str]] = {section.id: [] for section in sections}
    for question in sorted(
        questions, key=lambda one: moved.get(one.item, one.section) != one.section
    ):
        asked[moved.get(question.item, question.section)].append(question.id)
    return tuple(replace(section, asked_ids=tuple(asked[section.id])) for section in sections)


def _pages(place: Place, sections: Iterable[Section], language: str) -> Iterable[SharedPage]:
    """The pages as the data lay them out; a version without pages gives each topic its own."""
    if not place.has("pages"):
        yield from (SharedPage(one.id, one.title, (one.id,)) for one in sections)
        return
    titles = {section.id: section.title for section in sections}
    for page in place["pages"].each():
        page.only("title", "es", "topics")
        topics = tuple(topic.one_of(*titles) for topic in page.need("topics").each())
        title = _title(page, language) if page.has("title") else titles[topics[0]]
        yield SharedPage(topics[0], title, topics)


def _title(place: Place, language: str) -> str:
    return (place if language == "en" else place.need(language)).need("title").text()


@dataclass(frozen=True)
class _Wording:
    """Reads the questions of one item in one language."""

    item: str
    files: _Files
    language: str
    words: Mapping[str, str]

    def questions(self, section_ids: list[str]) -> Iterable[Question]:
        place = self.files.items[self.item]
        section = place.need("section").one_of(*section_ids)
        questions = place.get("questions")
        for question_id, question in questions.entries() if questions else ():
            yield self._question(question_id, question, section)

    def _question(self, question_id: str, place: Place, section: str) -> Question:
        place.only(*lint.QUESTION_KEYS)
        if question_id != self.item and not question_id.startswith(f"{self.item}."):
            raise place.broken(f"'{question_id}' must be '{self.item}' or '{self.item}.something'")
        kind = place["kind"].one_of(*lint.KINDS) if place.has("kind") else "choice"
        slugs = _slugs(place, kind)
        show = place.get("show")
        asked_on = place["asked"].one_of(*lint.ASKED) if place.has("asked") else "history"
        item = self.files.items[self.item]
        private = _flag(place, "private") or _flag(item, "private")
        return Question(
            id=question_id,
            item=self.item,
            section=section,
            text=self._said(question_id, place, "text"),
            hint=self._said(question_id, place, "hint") if place.has("hint") else "",
            kind=kind,
            choices=tuple(
                Choice(slug, self._choice(question_id, slug, text)) for slug, text in slugs.items()
            ),
            condition=conditions.read(show) if show else None,
            caution=_caution(place, kind, tuple(slugs)),
            asked=asked_on,
            grouped=_grouped(
                place,
                tuple(slugs),
                plain=question_id == self.item and kind == "choice" and asked_on == "history",
            ),
            private=private,
            again_on_day=_flag(place, "again_on_day"),
            unit=place["unit"].text() if place.has("unit") else None,
            minimum=place["minimum"].number() if place.has("minimum") else None,
            maximum=place["maximum"].number() if place.has("maximum") else None,
            max_length=place["max_length"].whole() if place.has("max_length") else None,
            is_follow_up=question_id != self.item and show is not None,
            optional=_flag(place, "optional"),
            may_be_none=_flag(place, "may_be_none"),
            at_place=_flag(place, "at_place"),
        )

    def _translated(self, question_id: str) -> Place | None:
        item = self.files.translations.get(self.language, {}).get(self.item)
        questions = item.get("questions") if item else None
        return questions.get(question_id) if questions else None

    def _said(self, question_id: str, place: Place, key: str) -> str:
        if self.language == "en":
            return place.need(key).text()
        translated = self._translated(question_id)
        if translated is None:
            raise place.broken(f"'{question_id}' has no wording in '{self.language}'")
        return translated.need(key).text()

    def _choice(self, question_id: str, slug: str, place: Place | None) -> str:
        if place is None:
            if slug not in self.words:
                raise self.files.items[self.item].broken(f"the answer '{slug}' has no words")
            return self.words[slug]
        if self.language == "en":
            return place.text()
        translated = self._translated(question_id)
        if translated is None or not translated.has("choices"):
            raise place.broken(f"the answers of '{question_id}' are not in '{self.language}'")
        return translated["choices"].need(slug).text()


def _slugs(place: Place, kind: str) -> dict[str, Place | None]:
    if kind == "side":
        return dict.fromkeys(SIDE_SLUGS)
    if kind not in ("choice", "choices"):
        return {}
    found: dict[str, Place | None] = {}
    for choice in place.need("choices").each():
        if isinstance(choice.value, dict):
            found.update(dict(choice.entries()))
        else:
            found[choice.text()] = None
    return found


def _caution(place: Place, kind: str, slugs: tuple[str, ...]) -> tuple[tuple[str, ...], ...] | str:
    given = place.get("caution")
    if given is None:
        if kind in ("choices", "regions", "medicines"):
            return "more"
        return (("no",), ("yes",)) if {"yes", "no"} <= set(slugs) else ()
    if isinstance(given.value, str):
        return given.one_of(*DIRECTIONS)
    tiers = tuple(tier.texts() for tier in given.each())
    for tier, slugs_of in zip(given.each(), tiers, strict=True):
        for slug in slugs_of:
            if slug not in slugs:
                raise tier.broken(f"'{slug}' is not an answer of this question")
    return tiers


def _flag(place: Place, key: str) -> bool:
    found = place.get(key)
    return found.flag() if found else False


def _grouped(place: Place, slugs: tuple[str, ...], *, plain: bool) -> bool:
    """Whether the question may be one box among others: "yes" is its one answer of caution."""
    known = {"yes", "no", "not_sure", "prefer_not", "not_applicable"}
    if not plain or not {"yes", "no"} <= set(slugs) <= known or _flag(place, "alone"):
        return False
    caution = _caution(place, "choice", slugs)
    return bool(caution) and "no" in caution[0]
