"""Stored versions of the questions and rules, read as far as they can be read.

A version is kept for ever, and the program that reads it grows newer. Where it cannot be read
whole, the stored words are still shown: a therapist reads what was asked, answered and found,
and is told that something is missing. Nobody is screened by a version that is not whole.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from clinic.screening import lint, questionnaire, regions, rules
from clinic.screening.questionnaire import SIDE_SLUGS, Choice, Question, Questionnaire, Section
from clinic.screening.rules import Item, Ruleset
from clinic.screening.source import BrokenData

UNREAD = (BrokenData, LookupError, TypeError, ValueError, AttributeError)
ENGLISH = "en"


@dataclass(frozen=True)
class KeptQuestions:
    """A stored questionnaire, and whether it could be read whole."""

    questions: Questionnaire
    whole: bool


@dataclass(frozen=True)
class KeptRules:
    """A stored ruleset, and whether it could be read whole."""

    ruleset: Ruleset
    whole: bool


def read_questions(document: str, digest: str, language: str) -> KeptQuestions:
    """Read a stored questionnaire; where it is not readable, at least its stored words."""
    try:
        return KeptQuestions(questionnaire.from_document(document, language), whole=True)
    except UNREAD:
        return KeptQuestions(_words_only(document, digest, language), whole=False)


def read_rules(document: str, digest: str) -> KeptRules:
    """Read a stored ruleset; where it is not readable, at least its titles and sources."""
    try:
        return KeptRules(rules.from_document(document), whole=True)
    except UNREAD:
        return KeptRules(_titles_only(document, digest), whole=False)


# --- What is left of the questions -----------------------------------------------------------


def _words_only(document: str, digest: str, language: str) -> Questionnaire:
    value = _parsed(document)
    found = {one.id: one for one in _questions(value, language)}
    sections = tuple(
        Section(name, title, "", ids, complete=False)
        for name, title in _topics(value, language).items()
        if (ids := tuple(one.id for one in found.values() if one.section == name))
    )
    listed = {question_id for section in sections for question_id in section.question_ids}
    questions = {key: one for key, one in found.items() if key in listed}
    return Questionnaire(
        digest[:8], digest, language, sections, questions, regions.shipped(), document
    )


def _questions(value: Mapping[str, object], language: str) -> Iterator[Question]:
    for name, item in _mappings(value.get("items")):
        translated = _mapping(_mapping(_mapping(value.get("translations")).get(language)).get(name))
        for question_id, place in _mappings(item.get("questions")):
            other = _mapping(_mapping(translated.get("questions")).get(question_id))
            words = place if language == ENGLISH else {**place, **other}
            yield _question(
                question_id,
                name,
                item=item,
                place=place,
                words=words,
                common=_common(value, language),
            )


def _question(
    question_id: str,
    name: str,
    *,
    item: Mapping[str, object],
    place: Mapping[str, object],
    words: Mapping[str, object],
    common: Mapping[str, str],
) -> Question:
    """A question with its words alone: it asks nobody anything, and chooses no rule."""
    kind = place.get("kind", "choice")
    private = bool(place.get("private") or item.get("private"))
    return Question(
        id=question_id,
        item=name,
        section=str(item.get("section", "")),
        text=_text(words.get("text")) or question_id,
        hint="",
        kind=str(kind) if kind in lint.KINDS else "text",
        choices=tuple(_choices(place, words, common)),
        condition=None,
        caution=(),
        asked="derived",
        grouped=False,
        private=private,
        again_on_day=False,
        unit=_text(place.get("unit")) or None,
        minimum=None,
        maximum=None,
        max_length=None,
        is_follow_up=question_id != name,
    )


def _choices(
    place: Mapping[str, object], words: Mapping[str, object], common: Mapping[str, str]
) -> Iterator[Choice]:
    translated = _mapping(words.get("choices"))
    listed = place.get("choices", SIDE_SLUGS if place.get("kind") == "side" else ())
    for one in listed if isinstance(listed, list | tuple) else ():
        own = one.items() if isinstance(one, dict) else ((str(one), common.get(str(one), "")),)
        for slug, text in own:
            yield Choice(str(slug), _text(translated.get(slug)) or _text(text) or str(slug))


def _common(value: Mapping[str, object], language: str) -> dict[str, str]:
    answers = _mapping(_mapping(value.get("words")).get("common_answers"))
    return {slug: _text(words.get(language)) for slug, words in _mappings(answers)}


def _topics(value: Mapping[str, object], language: str) -> dict[str, str]:
    sections = _mapping(value.get("sections")).get("sections")
    found = {}
    for one in sections if isinstance(sections, list) else ():
        place = _mapping(one)
        words = place if language == ENGLISH else _mapping(place.get(language))
        found[str(place.get("id"))] = _text(words.get("title")) or _text(place.get("title"))
    return found


# --- What is left of the rules ---------------------------------------------------------------


def _titles_only(document: str, digest: str) -> Ruleset:
    """The titles and sources of a ruleset; medicines are recognised by the list of today."""
    value = _parsed(document)
    return Ruleset(
        version=digest[:8],
        hash=digest,
        complete=False,
        settings={},
        items={name: _item(name, item) for name, item in _mappings(value.get("items"))},
        to_come=frozenset(),
        sources={key: _text(said) for key, said in _mapping(value.get("sources")).items()},
        body=regions.shipped(),
        formulary=rules.shipped_rules().formulary,
        document=document,
    )


def _item(name: str, place: Mapping[str, object]) -> Item:
    return Item(
        id=name,
        section=_text(place.get("section")),
        title=_text(place.get("title")) or name,
        rules=(),
        reason=_text(place.get("reason")),
        action=_text(place.get("action")),
        sources=(),
        source_notes={},
        disagreement=_text(place.get("disagreement")),
        without_rule="",
        red_flag=bool(place.get("red_flag")),
        urgency=None,
        private=bool(place.get("private")),
        from_list=False,
        patient={},
        words={},
        about_now=False,
        about_ever=False,
        about_event=False,
        mild_words={},
        words_settle=False,
    )


def _parsed(document: str) -> dict[str, object]:
    try:
        return _mapping(json.loads(document))
    except ValueError:
        return {}


def _mapping(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def _mappings(value: object) -> Iterator[tuple[str, dict[str, object]]]:
    for key, one in _mapping(value).items():
        yield str(key), _mapping(one)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
