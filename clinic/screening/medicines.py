"""Medicines as patients type them: names, brands, misspellings, doses, time and negation."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction
from functools import cache

from rapidfuzz.distance import OSA

from clinic.screening import source, timing, words
from clinic.screening.source import Place
from clinic.screening.words import Cues, Tokens

UNRECOGNISED = "unrecognised"
NOT_ASKED_YET = {
    "absolute": "not-asked-yet-absolute",
    "relative": "not-asked-yet",
    "precaution": "not-asked-yet-precaution",
}
SPECIAL = (UNRECOGNISED, *NOT_ASKED_YET.values())
ANTICOAGULANT = "anticoagulant"
SERIOUS = frozenset({ANTICOAGULANT, "antiplatelet", "unnamed-blood-thinner"})
# Never passed over where the spelling is nearer to something milder.
GRAVE = SERIOUS | {"cancer-medicine", "clotting-medicine", "platelet-raising", "immunosuppressant"}
LONGEST_NAME = 6
RECENT_DAYS = 14
CLASS_KEYS = (
    "row", "item", "ask", "mismatch", "until_asked", "groups", "private", "occasional_is_harmless",
    "stopped_by_rule", "names", "said",
)  # fmt: skip


@dataclass(frozen=True)
class MedicineClass:
    """A class of medicines and what it means for the history.

    `row` is its row in the medicine table of the evidence; `until_asked` is what it weighs while
    an item that it belongs to is still to come.
    """

    id: str
    row: str
    item: str | None
    asks: tuple[str, ...]
    mismatch: str
    until_asked: str
    groups: frozenset[str]
    private: bool
    occasional_is_harmless: bool
    stopped_by_rule: bool

    @property
    def about(self) -> tuple[str, ...]:
        """The items that it belongs to; none where it is known and harmless."""
        return (self.item, *self.asks) if self.item else self.asks


@dataclass(frozen=True)
class Hit:
    """One medicine found in a line.

    `status` is current, now_and_then, stopped, past, family or negated; `days_since` is how many
    days ago the last dose was at least, where the line says so. Stopped two weeks ago or less, or
    nobody knows when, still counts as current.
    """

    name: str
    agent: str
    medicine_class: MedicineClass
    status: str
    days_since: int | None = None
    daily_mg: Fraction | None = None
    exact: bool = True
    either: tuple[str, ...] = ()

    @property
    def harmless(self) -> bool:
        """Known, and nothing to ask about."""
        return not self.medicine_class.about

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


@dataclass(frozen=True)
class Formulary:
    """Every medicine that is known by name."""

    classes: Mapping[str, MedicineClass]
    names: Mapping[Tokens, tuple[tuple[str, str], ...]]
    look_alikes: Mapping[str, frozenset[str]]
    cues: Cues
    plain_words: frozenset[str] = field(repr=False)
    single: tuple[str, ...] = field(repr=False)
    sounds: Mapping[str, tuple[str, ...]] = field(repr=False)
    name_words: frozenset[str] = field(repr=False)

    @property
    def groups(self) -> frozenset[str]:
        """Every word by which a rule may name medicines."""
        named = {group for one in self.classes.values() for group in one.groups}
        return frozenset({*self.classes, *named, *SPECIAL})

    def recognise(self, line: str, *, as_of: date | None = None) -> Recognised:
        """Every medicine that a line names, and the words that name none."""
        if not line.strip() or self.cues.says_nothing(words.tokens(line)):
            return Recognised(line, ())
        hits: list[Hit] = []
        unknown: list[str] = []
        for clause in self._clauses(line):
            found, strange = self._clause(clause, as_of)
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

    def _clauses(self, line: str) -> Iterator[Tokens]:
        """Clauses that name something; one that only tells of time belongs to the one before."""
        held: list[Tokens] = []
        for part in words.clauses(line):
            for clause in self.cues.split(part, self._exact(part)[1]):
                if held and not self._names_something(clause):
                    held[-1] = (*held[-1], *clause)
                else:
                    held.append(clause)
        yield from held

    def _names_something(self, clause: Tokens) -> bool:
        if self._exact(clause)[0]:
            return True
        return any(self._may_be_name(word) for word in clause)

    def _may_be_name(self, word: str) -> bool:
        letter = len(word) == 1 and word.isascii()
        return not letter and not _NUMBERED.match(word) and word not in self.plain_words

    def _clause(
        self, clause: Tokens, as_of: date | None, *, strict: bool = False
    ) -> tuple[list[Hit], list[str]]:
        found, used = self._exact(clause)
        strange: list[str] = []
        for index, word in enumerate(clause):
            if index in used or not self._may_be_name(word):
                continue
            near = self._near(word, strict=strict)
            found += [_Named(index, index + 1, near, exact=False)] if near else []
            strange += [] if near else [word]
        found.sort(key=lambda one: one.start)
        hits = [
            hit
            for one in found
            for hit in self._hits(one, clause, _window(one, found, clause), as_of)
        ]
        return hits, strange

    def _exact(self, clause: Tokens) -> tuple[list[_Named], set[int]]:
        found: list[_Named] = []
        used: set[int] = set()
        for size in range(min(LONGEST_NAME, len(clause)), 0, -1):
            for index in range(len(clause) - size + 1):
                span = set(range(index, index + size))
                if clause[index : index + size] in self.names and not span & used:
                    used |= span
                    name = " ".join(clause[index : index + size])
                    found.append(_Named(index, index + size, (name,), exact=True))
        return sorted(found, key=lambda one: one.start), used

    def _near(self, word: str, *, strict: bool) -> tuple[str, ...]:
        close = [
            (distance, name)
            for name in self.single
            if (distance := OSA.distance(word, name, score_cutoff=2)) <= _reach(word, name, strict)
        ]
        if not close and not strict and len(word) >= 5:
            return self._alike(word)
        nearest = min((distance for distance, _ in close), default=0)
        names = {name for distance, name in close if distance == nearest or self._grave(name)}
        for _, name in close:
            names |= self.look_alikes.get(name, frozenset())
        return tuple(sorted(names))

    def _alike(self, word: str) -> tuple[str, ...]:
        """Names that sound the same and are not spelled altogether otherwise."""
        heard = self.sounds.get(sound(word), ())
        return tuple(name for name in heard if OSA.distance(word, name) <= max(len(name) // 2, 3))

    def _grave(self, name: str) -> bool:
        return any(
            self.classes[medicine_class].groups & GRAVE for _, medicine_class in self.names[(name,)]
        )

    def _hits(
        self, named: _Named, clause: Tokens, window: slice, as_of: date | None
    ) -> Iterator[Hit]:
        agents = {
            (name, agent, medicine_class)
            for name in named.names
            for agent, medicine_class in self.names[tuple(name.split())]
        }
        several = len({medicine_class for _, _, medicine_class in agents}) > 1 and not named.exact
        for name, agent, medicine_class in sorted(agents):
            hit = Hit(
                name,
                agent,
                self.classes[medicine_class],
                "current",
                exact=named.exact,
                either=named.names if several else (),
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
        return replace(hit, daily_mg=daily_milligrams(about))

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
    """Where in a clause a medicine is named, and as what."""

    start: int
    end: int
    names: tuple[str, ...]
    exact: bool


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
_AMOUNT = re.compile(r"^\d+(?:\.\d+)?$")
_YEAR = re.compile(r"^(?:19|20)\d{2}$")
_TIMES_MARK = re.compile(r"^x(\d)$")
_UNITS = {
    "mg": 1, "mgs": 1, "milligram": 1, "milligrams": 1, "miligramo": 1, "miligramos": 1,
    "g": 1000, "gram": 1000, "grams": 1000, "gramo": 1000, "gramos": 1000,
}  # fmt: skip
LEAST_BARE_STRENGTH = 50  # a number without a unit: below, it counts tablets or days
_TABLET = frozenset({
    "tablet", "tablets", "tab", "tabs", "pill", "pills", "cap", "caps", "capsule", "capsules",
    "pastilla", "pastillas", "tableta", "tabletas", "comprimido", "comprimidos", "capsula",
    "capsulas", "aspirin", "aspirins", "aspirina", "aspirinas", "baby", "low",
})  # fmt: skip
_EACH_DAY = frozenset({
    "daily", "a", "per", "each", "every", "al", "por", "cada", "diaria", "diarias", "diario",
    "diarios",
})  # fmt: skip
_NO_STRENGTH = _TABLET | frozenset({
    "x", "times", "time", "day", "days", "week", "weeks", "month", "months", "year", "years",
    "hours", "vez", "veces", "dia", "dias", "semana", "semanas", "mes", "meses", "ano", "anos",
    "horas", "iu", "ui", "units", "ml", "mcg",
})  # fmt: skip
_COUNTS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "un": 1, "una": 1, "dos": 2, "tres": 3, "cuatro": 4,
}  # fmt: skip
_TIMES = (
    (("twice",), 2), (("bid",), 2), (("two", "times"), 2), (("2", "times"), 2), (("2", "x"), 2),
    (("dos", "veces"), 2), (("2", "veces"), 2), (("12", "hours"), 2), (("12", "horas"), 2),
    (("12h",), 2), (("8h",), 3), (("6h",), 4),
    (("tid",), 3), (("three", "times"), 3), (("3", "times"), 3), (("tres", "veces"), 3),
    (("3", "veces"), 3), (("8", "hours"), 3), (("8", "horas"), 3), (("qid",), 4),
    (("four", "times"), 4), (("4", "times"), 4), (("cuatro", "veces"), 4), (("6", "hours"), 4),
)  # fmt: skip
_LOW = (("baby",), ("low", "dose"), ("babyaspirin",), ("dosis", "baja"), ("infantil",))


def daily_milligrams(about: Tokens) -> Fraction | None:
    """Milligrams a day that the words about a medicine state at most, or None where none do."""
    strengths = [found for index in range(len(about)) if (found := _strength(about, index))]
    if not strengths and any(words.find(about, low) >= 0 for low in _LOW):
        strengths = [Fraction(81)]
    if not strengths:
        return None
    return sum(strengths, Fraction(0)) * _tablets(about) * _times(about)


def _strength(about: Tokens, index: int) -> Fraction | None:
    word, follow = about[index], about[index + 1] if index + 1 < len(about) else ""
    if not _AMOUNT.match(word):
        return None
    if follow in _UNITS:
        return Fraction(word) * _UNITS[follow]
    bare = Fraction(word) >= LEAST_BARE_STRENGTH and not _YEAR.match(word)
    return Fraction(word) if bare and follow not in _NO_STRENGTH else None


def _tablets(about: Tokens) -> int:
    """How many at a time, where a small number stands before tablets, or "a day", or at the end."""
    counts = [1]
    for index, word in enumerate(about):
        follow = about[index + 1] if index + 1 < len(about) else ""
        marked = _TIMES_MARK.match(word)
        if marked:
            counts.append(int(marked[1]))
        elif follow in _TABLET | _EACH_DAY or not follow:
            counts.append(_COUNTS.get(word, int(word) if word.isdigit() and int(word) < 10 else 1))
    return max(counts)


def _times(about: Tokens) -> int:
    return max((count for cue, count in _TIMES if words.find(about, cue) >= 0), default=1)


def _reach(word: str, name: str, strict: bool) -> int:  # noqa: FBT001 - one private caller
    if len(name) >= 6 and len(word) >= 5:
        return 1 if strict else 2
    return 1 if len(name) == 5 and len(word) >= 4 and not strict else 0


_SOUNDS = tuple(
    (re.compile(written), heard)
    for written, heard in (
        ("ph", "f"), ("ck", "k"), ("c(?=[eiy])", "s"), ("qu|kw|[cq]", "k"), ("x", "ks"),
        ("z", "s"), ("ll|y", "i"), ("v", "b"), ("g(?=[ei])", "j"), ("h", ""), ("w", "u"),
        ("[aeiou]+(?!^)", "a"),
    )
)  # fmt: skip


def sound(word: str) -> str:
    """How a word sounds, roughly, to English and Spanish ears: consonants and its first letter."""
    for written, heard in _SOUNDS:
        word = written.sub(heard, word)
    return word[:1] + re.sub(r"(.)\1+", r"\1", word[1:].replace("a", ""))


def read(place: Place, cue_words: Place) -> Formulary:
    """Understand the medicines of a data file."""
    place.only("classes", "look_alikes")
    cues = words.read_cues(cue_words)
    classes: dict[str, MedicineClass] = {}
    names: dict[Tokens, list[tuple[str, str]]] = {}
    for name, found in place.need("classes").entries():
        classes[name] = _class(name, found)
        for agent, written in _written(found):
            names.setdefault(words.tokens(written), []).append((agent, name))
    single = tuple(sorted(name[0] for name in names if len(name) == 1 and len(name[0]) >= 5))
    look_alikes = _look_alikes(place.get("look_alikes"), names)
    return Formulary(
        classes,
        {written: tuple(dict.fromkeys(agents)) for written, agents in names.items()},
        look_alikes,
        cues,
        frozenset(word for kind in cues.kinds.values() for cue in kind for word in cue),
        single,
        _by_sound(single),
        frozenset(name[0] for name in names if len(name) == 1),
    )


def _written(place: Place) -> Iterator[tuple[str, str]]:
    """Each medicine of a class, by each of its names and by what patients say instead."""
    for key in ("names", "said"):
        listed = place.get(key)
        for agent, others in listed.entries() if listed else ():
            for written in (agent, *(others.texts() if others.value else ())):
                yield agent, written


def _class(name: str, place: Place) -> MedicineClass:
    place.only(*CLASS_KEYS)
    item, asks, groups = place.get("item"), place.get("ask"), place.get("groups")
    return MedicineClass(
        id=name,
        row=place["row"].text() if place.has("row") else "",
        item=item.text() if item else None,
        asks=asks.texts() if asks else (),
        mismatch=_weight(place.get("mismatch")),
        until_asked=_weight(place.get("until_asked")),
        groups=frozenset({name, *(groups.texts() if groups else ())}),
        private=place["private"].flag() if place.has("private") else False,
        occasional_is_harmless=place.has("occasional_is_harmless")
        and place["occasional_is_harmless"].flag(),
        stopped_by_rule=place.has("stopped_by_rule") and place["stopped_by_rule"].flag(),
    )


def _weight(place: Place | None) -> str:
    return place.one_of(*NOT_ASKED_YET) if place else "relative"


def _look_alikes(place: Place | None, names: Iterable[Tokens]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    known = set(names)
    for pair in place.each() if place else ():
        pair_names = [one for one in pair.texts() if words.tokens(one) in known]
        for one in pair_names:
            found.setdefault(one, set()).update(pair_names)
    return {one: frozenset(others) for one, others in found.items()}


def _by_sound(names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(sound(name), []).append(name)
    return {heard: tuple(sorted(alike)) for heard, alike in found.items()}


@cache
def shipped() -> Formulary:
    """The medicines that ship with the product."""
    data = source.read_general("medicines", "words")
    return read(data["medicines"], data["words"])


def recognise(line: str, *, as_of: date | None = None) -> Recognised:
    """What one typed line says of medicines; nothing in it is dropped."""
    return shipped().recognise(line, as_of=as_of)
