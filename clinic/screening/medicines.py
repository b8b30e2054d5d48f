"""Medicines as patients type them: names, brands, misspellings, doses, time and negation."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction
from functools import cached_property

from clinic.screening import dosage, timing, words
from clinic.screening.purposes import Purposes
from clinic.screening.spelling import Spelling
from clinic.screening.words import Cues, Tokens

UNRECOGNISED = "unrecognised"
ANTICOAGULANT = "anticoagulant"
SERIOUS = frozenset({ANTICOAGULANT, "antiplatelet", "unnamed-blood-thinner"})
# Never passed over where the spelling is nearer to something milder.
GRAVE = SERIOUS | {"cancer-medicine", "clotting-medicine", "platelet-raising", "immunosuppressant"}
UNNAMED = "unnamed-blood-thinner"
BLOOD_THINNING = frozenset({ANTICOAGULANT, "antiplatelet"})
PURPOSE = "medicine for"
UNKNOWN_NAME = "name not known, ends in"
LONGEST_NAME = 6
LONG_NAME = 8  # in a shorter one two letters amiss leave a doubt
RECENT_DAYS = 14


@dataclass(frozen=True)
class MedicineClass:
    """A class of medicines and what it means for the history.

    `row` is its row in the medicine table of the evidence.
    """

    id: str
    row: str
    item: str | None
    asks: tuple[str, ...]
    mismatch: str
    groups: frozenset[str]
    private: bool
    occasional_is_harmless: bool
    stopped_by_rule: bool
    explained_by_a_name: frozenset[str] = frozenset()

    @property
    def about(self) -> tuple[str, ...]:
        """The items that it belongs to; none where it is known and harmless."""
        return (self.item, *self.asks) if self.item else self.asks


@dataclass(frozen=True)
class Hit:
    """One medicine found in a line.

    `status` is current, now_and_then, stopped, past, family or negated; `days_since` is how many
    days ago the last dose was at least, where the line says so. Stopped two weeks ago or less, or
    nobody knows when, still counts as current. A `vague` one was spoken of without its name.
    """

    name: str
    agent: str
    medicine_class: MedicineClass
    status: str
    days_since: int | None = None
    daily_mg: Fraction | None = None
    exact: bool = True
    either: tuple[str, ...] = ()
    vague: bool = False

    @property
    def fires(self) -> bool:
        """Whether the patient takes it now, or stopped it so lately that it still counts."""
        if self.status == "stopped":
            return self.days_since is None or self.days_since <= RECENT_DAYS
        return self.status == "current"


@dataclass(frozen=True)
class Recognised:
    """What one typed line says; `unknown` holds the words that were not understood."""

    line: str
    hits: tuple[Hit, ...]
    unknown: tuple[str, ...] = ()

    @property
    def classes(self) -> frozenset[str]:
        """The classes of every medicine that counts."""
        return frozenset(hit.medicine_class.id for hit in self.hits if hit.fires)


class _Lines(dict[tuple[str, date | None], Recognised]):
    """Lines read before: reading is pure, so what it came to may be kept for a while."""

    MOST = 4096

    def keep(self, key: tuple[str, date | None], found: Recognised) -> None:
        """Keep one more, and forget the rest where there are too many."""
        if len(self) >= self.MOST:
            self.clear()
        self[key] = found


@dataclass(frozen=True)
class Formulary:
    """Every medicine that is known by name."""

    classes: Mapping[str, MedicineClass]
    names: Mapping[Tokens, tuple[tuple[str, str], ...]]
    look_alikes: Mapping[str, frozenset[str]]
    cues: Cues
    plain_words: frozenset[str] = field(repr=False)
    spelling: Spelling = field(repr=False)
    name_words: frozenset[str] = field(repr=False)
    sizes: Mapping[str, tuple[int, ...]] = field(repr=False)
    said: frozenset[Tokens] = field(repr=False)
    purposes: Purposes = field(repr=False)
    endings: tuple[tuple[str, str], ...]
    read: _Lines = field(default_factory=_Lines, repr=False, compare=False)

    @property
    def groups(self) -> frozenset[str]:
        """Every word by which a rule may name medicines."""
        named = {group for one in self.classes.values() for group in one.groups}
        return frozenset({*self.classes, *named, UNRECOGNISED})

    @cached_property
    def by_another_writer(self) -> Formulary:
        """The same where somebody else writes: "my son" or "my mother" may be the patient."""
        kinds = {**self.cues.kinds, "family": frozenset[Tokens]()}
        return replace(self, cues=Cues(kinds), read=_Lines())

    def recognise(self, line: str, *, as_of: date | None = None) -> Recognised:
        """Every medicine that a line names, and the words that name none."""
        found = self._remembered(line, None)
        dated = as_of is not None and any(hit.status == "stopped" for hit in found.hits)
        return self._remembered(line, as_of) if dated else found

    def _remembered(self, line: str, as_of: date | None) -> Recognised:
        found = self.read.get((line, as_of))
        if found is None:
            found = self._recognise(line, as_of)
            self.read.keep((line, as_of), found)
        return found

    def _recognise(self, line: str, as_of: date | None) -> Recognised:
        tokens = words.tokens(line)
        if not line.strip() or self.cues.says_nothing(tokens):
            return Recognised(line, ())
        hits: list[Hit] = []
        unknown: list[str] = []
        nameless = not self._has_proper_name(tokens)
        for clause in self._clauses(line, nameless=nameless):
            found, strange = self._clause(clause, as_of, nameless=nameless)
            hits += found
            unknown += strange
        if not hits and not unknown:
            unknown = [line.strip()]
        return Recognised(line, tuple(dict.fromkeys(hits)), tuple(dict.fromkeys(unknown)))

    def mentioned(self, text: str, *, as_of: date | None = None) -> tuple[Hit, ...]:
        """Medicines named exactly, or all but exactly, in a text about anything."""
        found = [
            hit
            for clause in self._clauses(text)
            for hit in self._clause(clause, as_of, strict=True)[0]
        ]
        return tuple(dict.fromkeys(found))

    def _has_proper_name(self, tokens: Tokens) -> bool:
        return any(not one.vague for one in self._exact(tokens)[0])

    def _clauses(self, line: str, *, nameless: bool = False) -> Iterator[Tokens]:
        """Clauses that name something; one that only tells of time belongs to the one before."""
        held: list[Tokens] = []
        for part in words.clauses(line):
            for clause in self.cues.split(part, self._exact(part)[1]):
                if held and not self._names_something(clause, nameless=nameless):
                    held[-1] = (*held[-1], *clause)
                else:
                    held.append(clause)
        yield from held

    def _names_something(self, clause: Tokens, *, nameless: bool) -> bool:
        if self._exact(clause)[0] or self.purposes.another(clause):
            return True
        if any(self._may_be_name(word) for word in clause):
            return True
        if nameless and self.purposes.bare(clause):
            return True
        return next(self.purposes.find(clause), None) is not None

    def _may_be_name(self, word: str) -> bool:
        letter = len(word) == 1 and word.isascii()
        return not letter and not _NUMBERED.match(word) and word not in self.plain_words

    def _clause(
        self,
        clause: Tokens,
        as_of: date | None,
        *,
        strict: bool = False,
        nameless: bool = False,
    ) -> tuple[list[Hit], list[str]]:
        found, used = self._exact(clause)
        if not strict:
            found += self._for_something(clause, used, nameless=nameless)
        strange: list[str] = []
        for index, word in enumerate(clause):
            if index in used or not self._may_be_name(word):
                continue
            near, sure = None, False
            if not self.cues.is_ordinary(word):
                near, sure = self._near(word, index, strict=strict)
            found += [near] if near else []
            strange += [] if sure else [word]
        if not found and not strange and self.purposes.another(clause):
            strange.append(" ".join(clause))
        found = sorted(self._not_explained(found, clause), key=lambda one: one.start)
        hits = [
            hit
            for one in found
            for hit in self._hits(one, clause, _window(one, found, clause), as_of)
        ]
        return hits, strange

    def _for_something(self, clause: Tokens, used: set[int], *, nameless: bool) -> list[_Named]:
        found: list[_Named] = []
        spans = list(self.purposes.find(clause, used))
        if nameless and not spans and (bare := self.purposes.bare(clause, used)):
            spans.append(bare)
        for start, end, meant in spans:
            said = " ".join(clause[start:end])
            agents = tuple((said, agent, medicine_class) for agent, medicine_class in meant)
            found.append(_Named(start, end, agents, exact=True, vague=True))
            used.update(range(start, end))
        return found

    def _not_explained(self, found: list[_Named], clause: Tokens) -> Iterator[_Named]:
        """All but words such as "heart pill" and "blood thinner" that a name beside them explains.

        Any name explains some of them; the others only a name that weighs something too.
        """
        for one in found:
            names = [other for other in found if not other.vague and _beside(one, other, clause)]
            if one.vague and names:
                weighty = any(not self._harmless(name) for name in names)
                thinner = any(self._in(name, BLOOD_THINNING) for name in names)
                if self._explained(one, weighty=weighty, thinner=thinner):
                    continue
            yield one

    def _explained(self, one: _Named, *, weighty: bool, thinner: bool) -> bool:
        if all(self._any_name_explains(agent, name) for _, agent, name in one.agents):
            return True
        if self._in(one, frozenset({UNNAMED})):
            return thinner
        return weighty and all(agent.startswith(PURPOSE) for _, agent, _ in one.agents)

    def _any_name_explains(self, agent: str, medicine_class: str) -> bool:
        listed = self.classes[medicine_class].explained_by_a_name
        return agent in listed or (bool(listed) and agent.startswith(PURPOSE))

    def _in(self, one: _Named, groups: frozenset[str]) -> bool:
        return any(self.classes[name].groups & groups for _, _, name in one.agents)

    def _harmless(self, one: _Named) -> bool:
        return not any(self.classes[name].about for _, _, name in one.agents)

    def _exact(self, clause: Tokens) -> tuple[list[_Named], set[int]]:
        """The names spelled rightly, longer ones first, and the places that they take."""
        found: list[_Named] = []
        used: set[int] = set()
        begun = [
            (index, self.sizes[word]) for index, word in enumerate(clause) if word in self.sizes
        ]
        if not begun:
            return found, used
        for size in range(LONGEST_NAME, 0, -1):
            for index, sizes in begun:
                span = range(index, index + size)
                if size not in sizes or span.stop > len(clause):
                    continue
                if clause[index : span.stop] in self.names and not used.intersection(span):
                    used.update(span)
                    name = " ".join(clause[index : span.stop])
                    found.append(self._named(index, span.stop, (name,), exact=True))
        return sorted(found, key=lambda one: one.start), used

    def _named(self, start: int, end: int, names: Iterable[str], *, exact: bool) -> _Named:
        found = {
            (name, agent, medicine_class)
            for name in names
            for agent, medicine_class in self.names[tuple(name.split())]
        }
        vague = all(tuple(name.split()) in self.said for name, _, _ in found)
        return _Named(start, end, tuple(sorted(found)), exact=exact, vague=vague)

    def _near(self, word: str, index: int, *, strict: bool) -> tuple[_Named | None, bool]:
        """What a word may be the misspelling of, and whether it is near enough to be sure."""
        names, sure = self._candidates(word, strict=strict)
        if names:
            return self._named(index, index + 1, names, exact=False), sure
        if not strict:
            for ending, medicine_class in self.endings:
                if word.endswith(ending) and len(word) > len(ending) + 2:
                    agents = ((word, f"{UNKNOWN_NAME} {ending}", medicine_class),)
                    return _Named(index, index + 1, agents, exact=False), False
        return None, False

    def _candidates(self, word: str, *, strict: bool) -> tuple[tuple[str, ...], bool]:
        close = self.spelling.close(word, strict=strict)
        alike = () if strict else self.spelling.alike(word)
        if not close:
            return alike, bool(alike)
        nearest = close[0][0]
        names = {name for distance, name in close if distance == nearest or self._grave(name)}
        sure = (
            nearest == 1
            or strict
            or any(len(name) >= LONG_NAME or name in alike for distance, name in close)
        )
        if sure:
            names |= {other for name in names for other in self.look_alikes.get(name, ())}
        return tuple(sorted(names)), sure

    def _grave(self, name: str) -> bool:
        return any(
            self.classes[medicine_class].groups & GRAVE for _, medicine_class in self.names[(name,)]
        )

    def _hits(
        self, named: _Named, clause: Tokens, window: slice, as_of: date | None
    ) -> Iterator[Hit]:
        several = len({name for _, _, name in named.agents}) > 1 and not named.exact
        either = tuple(dict.fromkeys(name for name, _, _ in named.agents)) if several else ()
        for name, agent, medicine_class in named.agents:
            hit = Hit(
                name,
                agent,
                self.classes[medicine_class],
                "current",
                exact=named.exact,
                either=either,
                vague=named.vague,
            )
            yield self._told(hit, clause, named, window, as_of)

    def _told(
        self, hit: Hit, clause: Tokens, named: _Named, window: slice, as_of: date | None
    ) -> Hit:
        """What a clause says of when, by whom and how much a medicine is taken."""
        before, about = clause[: named.start], clause[window]
        if self._is_anothers(before, clause[named.end : window.stop]):
            return replace(hit, status="family")
        past, denied = self._past(about), self.cues.negated(before, self.name_words)
        if past == "stopped" or (past == "once" and not denied):
            return replace(hit, status="stopped", days_since=timing.days_ago(about, as_of))
        if denied:  # "not at the moment" may well have been the case last week
            lately = past == "going on" and ANTICOAGULANT in hit.medicine_class.groups
            return replace(hit, status="stopped" if lately else "negated")
        if self.cues.among("occasion", about):
            if not hit.medicine_class.groups & SERIOUS:
                return replace(hit, status="past")
            return replace(hit, status="stopped", days_since=timing.days_ago(about, as_of))
        return self._taken(hit, about)

    def _is_anothers(self, before: Tokens, after: Tokens) -> bool:
        other = self.cues.of_somebody_else(before, self.name_words)
        return other and not self.cues.among("me_too", after)

    def _taken(self, hit: Hit, about: Tokens) -> Hit:
        if self.cues.among("now_and_then", about) and hit.medicine_class.occasional_is_harmless:
            return replace(hit, status="now_and_then")
        return replace(hit, daily_mg=dosage.daily_milligrams(about))

    def _past(self, about: Tokens) -> str:
        """Whether words say stopped, once taken, or going on (as in "never stopped")."""
        if self.cues.among("restarted", about):
            return "going on"
        if self.cues.among("no_more", about):
            return "stopped"
        about = self.cues.without("not_stopped", about)
        end = self.cues.last("stopped", about)
        if end >= 0:
            said = self.cues.among("negation", about[max(end - 4, 0) : end])
            return "going on" if said else "stopped"
        once = self.cues.among("once_taken", about) and not self.cues.among("ongoing", about)
        return "once" if once else ""


@dataclass(frozen=True)
class _Named:
    """Where in a clause a medicine is named, and as what: name, agent, class.

    A `vague` one is spoken of without its name.
    """

    start: int
    end: int
    agents: tuple[tuple[str, str, str], ...]
    exact: bool
    vague: bool = False


_BETWEEN = frozenset({
    "mg", "mcg", "g", "daily", "once", "twice", "bid", "er", "xr", "xl", "a", "the", "my", "as",
    "is", "called", "named", "diario", "diaria", "un", "una", "el", "la", "mi", "es", "como",
    "llamada", "llamado",
})  # fmt: skip


def _beside(said: _Named, name: _Named, clause: Tokens) -> bool:
    """Whether no more than a dose or "is called" stands between a name and what is said of it."""
    first, then = sorted((said, name), key=lambda one: one.start)
    between = clause[first.end : then.start]
    return all(word in _BETWEEN or _NUMBERED.match(word) for word in between)


def _window(named: _Named, every: list[_Named], clause: Tokens) -> slice:
    """The words about one medicine: up to the next one on either side, if words stand between.

    "Stopped aspirin in 2015 now on Eliquis" says nothing of stopping Eliquis.
    """
    start, end, left, right = named.start, named.end, 0, len(clause)
    for other in reversed([one for one in every if one.start < named.start]):
        if other.end < start:
            left = other.end
            break
        start = other.start
    for other in (one for one in every if one.start > named.start):
        if other.start > end:
            right = other.start
            break
        end = other.end
    return slice(left, right)


_NUMBERED = re.compile(r"^[\d/.-]+[a-z]{0,3}$")
