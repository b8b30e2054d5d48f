"""What is heard in a clause: lay words of an item, said of the writer and of now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from clinic.screening import timing, words
from clinic.screening.nearness import Met, Nearness
from clinic.screening.rules import Ruleset
from clinic.screening.words import Cues, Tokens

NAMED = "+"  # stands for a word of a lay phrase, which no typed word is
NEAR = 4  # so many words around a phrase still date it
# These break a list, and yet stand between words near each other: "trouble with my bladder".
TOGETHER = frozenset({"with", "con", "mas"})
Spans = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Writing:
    """By what rules and cues a text is read, and when and by whom it was written."""

    ruleset: Ruleset
    cues: Cues
    as_of: date
    age: int | None

    def is_mild(self, item: str, phrase: Tokens) -> bool:
        """Whether words speak of the milder branches of a red flag alone."""
        return phrase in self.ruleset.items[item].mild_phrases


def heard(whole: Tokens, following: Tokens, writing: Writing) -> Iterator[tuple[str, Tokens]]:
    """The items of which a clause speaks, each with the words that do.

    Words near each other are heard for an item whose phrases are not.
    """
    fewer = writing.cues.without_emphasis(whole)
    ways = (whole,) if fewer == whole else (whole, fewer)
    told = [one for way in ways for one in _heard_in(way, following, writing)]
    yield from told
    graver = {item for item, phrase in told if not writing.is_mild(item, phrase)}
    for way in ways:
        for item, phrase in _heard_near(way, following, writing, frozenset(graver)):
            graver.add(item)
            yield item, phrase


def _heard_in(whole: Tokens, following: Tokens, writing: Writing) -> Iterator[tuple[str, Tokens]]:
    ruleset, cues = writing.ruleset, writing.cues
    near = ruleset.phrases_in(whole)
    if not near:
        return
    alike = tuple((item, one) for item, _ in near for one in ruleset.look_alikes.get(item, ()))
    for clause in cues.split(whole, _within(whole, near + alike)):
        past, named = _is_past(clause, writing), _named(clause, near)
        spans = _spans(clause, near)
        for item, phrase in near:
            if _is_over(item, clause, phrase, writing, past=past):
                continue
            except_in = ruleset.look_alikes.get(item, ())
            no_denial = _holds_denied(item, clause, (whole, following), phrase, writing)
            if _says(clause, phrase, named, spans, except_in, cues, no_denial=no_denial):
                yield item, phrase


def _heard_near(
    whole: Tokens, following: Tokens, writing: Writing, heard: frozenset[str]
) -> Iterator[tuple[str, Tokens]]:
    """The items of which words near each other speak, each once by the closest words."""
    nearness, cues = writing.ruleset.nearness, writing.cues
    if not nearness.begins(whole):
        return
    phrases = writing.ruleset.phrases_in(whole)
    joined = _within(whole, phrases) | _joined(whole)
    clauses = [(one, nearness.met(one, across=False)) for one in cues.split(whole, joined)]
    for clause, every in (*clauses, (whole, nearness.met(whole, across=True))):
        past = bool(every) and _is_past(clause, writing)
        marked = _marked(clause, phrases, every, nearness)
        spans = _spans(clause, phrases) if every else ()
        for met in every:
            said = clause[met.start : met.end]
            if met.item in heard or _is_over(met.item, clause, said, writing, past=past):
                continue
            free = _holds_denied(met.item, clause, (whole, following), said, writing)
            if _says_near(clause, met, marked, spans, writing, no_denial=free):
                heard |= {met.item}
                yield met.item, said


def _joined(whole: Tokens) -> frozenset[int]:
    return frozenset(place for place, word in enumerate(whole) if word in TOGETHER)


def _marked(
    clause: Tokens,
    phrases: tuple[tuple[str, Tokens], ...],
    every: tuple[Met, ...],
    nearness: Nearness,
) -> Tokens:
    """The clause with a mark in place of each word of a phrase or of a group that met here."""
    met = {one.item for one in every}
    within = frozenset().union(*(nearness.named(clause, item) for item in met))
    return tuple(
        NAMED if place in within else word for place, word in enumerate(_named(clause, phrases))
    )


def _says_near(
    clause: Tokens, met: Met, marked: Tokens, spans: Spans, writing: Writing, *, no_denial: bool
) -> bool:
    """Whether a clause says words near each other of the writer; "no" between them denies them."""
    cues, alike = writing.cues, writing.ruleset.near_look_alikes.get(met.item, ())
    begins = min((start for start, stop in spans if start <= met.start < stop), default=met.start)
    before = cues.without_emphasis(marked[:begins])
    denied = any(
        cues.negated(cues.without_emphasis(part), (NAMED,))
        for part in (before, *(marked[end:start] for (_, end), (start, _) in pairwise(met.places)))
    )
    others = cues.of_somebody_else(before, (NAMED,)) and not cues.among(
        "self", clause[met.start : met.end]
    )
    return not ((denied and not no_denial) or others or _touches(clause, met.places, alike))


def _touches(clause: Tokens, places: Spans, alike: tuple[Tokens, ...]) -> bool:
    """Whether a phrase that means something else holds any of the words."""
    return any(
        start < index + len(phrase) and index < stop
        for phrase in alike
        if (index := words.find(clause, phrase)) >= 0
        for start, stop in places
    )


def _is_over(item: str, clause: Tokens, phrase: Tokens, writing: Writing, *, past: bool) -> bool:
    """Whether an item is about now and its words in this clause are about what is long over."""
    about = writing.ruleset.items[item]
    return about.about_now and (
        past
        or ((about.about_event or not about.red_flag) and _since_long_ago(clause, phrase, writing))
    )


def _holds_denied(
    item: str, clause: Tokens, told: tuple[Tokens, Tokens], phrase: Tokens, writing: Writing
) -> bool:
    """Whether words count though denied, by their clause or the next one.

    What is so "not any more" was so once, and what "except when" follows is so at times.
    """
    ever = writing.ruleset.items[item].about_ever
    return (ever and writing.cues.among("no_more", clause)) or _is_at_times(
        *told, phrase, writing.cues
    )


def _is_at_times(whole: Tokens, following: Tokens, phrase: Tokens, cues: Cues) -> bool:
    """Whether an exception follows a phrase, in its clause or at the beginning of the next one."""
    index = words.find(whole, phrase)
    return index >= 0 and cues.excepted(whole[index + len(phrase) :], following)


def _named(clause: Tokens, near: tuple[tuple[str, Tokens], ...]) -> Tokens:
    """The clause with a mark in place of each word of a phrase: "no" carries over a whole one."""
    within = _within(clause, near)
    return tuple(NAMED if place in within else word for place, word in enumerate(clause))


def _is_past(clause: Tokens, writing: Writing) -> bool:
    """Whether a clause tells of what is long over: "since 2019" does not."""
    cues, as_of, age = writing.cues, writing.as_of, writing.age
    told = timing.long_past(clause, as_of, age) or cues.among("long_past", clause)
    since = cues.among("since_long", clause) or timing.years_past(clause)
    happened = "ago" in clause or cues.among("happened", clause)
    return (told or (since and happened)) and not cues.among("present", clause)


def _since_long_ago(clause: Tokens, phrase: Tokens, writing: Writing) -> bool:
    """Whether a clause dates something from what is long over: "since my surgery in 2015"."""
    cues = writing.cues
    index = words.find(clause, phrase)
    if index < 0 or cues.last("ongoing", clause[max(0, index - NEAR) : index]) < 0:
        return False
    after = cues.without("aches", clause[index + len(phrase) :][:NEAR])
    rest = cues.without("aches", cues.without("ongoing", clause))
    return _is_past(after, writing) and not cues.among("present", rest)


def _within(whole: Tokens, near: tuple[tuple[str, Tokens], ...]) -> frozenset[int]:
    """Places inside a phrase, such as the "and" of "swollen and red"."""
    return frozenset(
        place
        for _, phrase in near
        if (index := words.find(whole, phrase)) >= 0
        for place in range(index, index + len(phrase))
    )


def _spans(clause: Tokens, near: tuple[tuple[str, Tokens], ...]) -> Spans:
    """From where to where each phrase stands in a clause."""
    found: dict[tuple[int, int], None] = {}
    for _, phrase in near:
        index = words.find(clause, phrase)
        while index >= 0:
            found[index, index + len(phrase)] = None
            index = words.find(clause, phrase, index + 1)
    return tuple(found)


def _says(  # noqa: PLR0917 - all that is known of one clause
    clause: Tokens,
    phrase: Tokens,
    named: Tokens,
    spans: Spans,
    alike: tuple[Tokens, ...],
    cues: Cues,
    *,
    no_denial: bool,
) -> bool:
    """Whether a clause says a phrase of the writer; what denies "back surgery" denies "surgery"."""
    index = words.find(clause, phrase)
    while index >= 0:
        end = index + len(phrase)
        before = named[: min(start for start, stop in spans if start <= index and stop >= end)]
        if not (
            (not no_denial and cues.negated(before, (NAMED,)))
            or (cues.of_somebody_else(before, (NAMED,)) and not cues.among("self", phrase))
            or _inside(clause, range(index, end), alike)
        ):
            return True
        index = words.find(clause, phrase, index + 1)
    return False


def _inside(clause: Tokens, places: range, alike: tuple[Tokens, ...]) -> bool:
    """Whether words stand inside a longer phrase that means something else."""
    for phrase in alike:
        index = words.find(clause, phrase)
        while index >= 0:
            if index <= places.start and places.stop <= index + len(phrase):
                return True
            index = words.find(clause, phrase, index + 1)
    return False
