"""What people type: words without accents, clauses, and who or when a clause is about."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from clinic.screening.source import Place

Tokens = tuple[str, ...]
CUES = (
    "negation", "not_negation", "family", "self", "me_too", "carriers", "stopped", "not_stopped",
    "no_more", "once_taken", "ongoing", "restarted", "occasion", "now_and_then", "long_past",
    "present", "aches", "nothing", "nothing_words", "breaks", "filler", "ordinary",
    "emphasis", "of_another", "since_long", "happened", "i_am", "excepted",
)  # fmt: skip
LATER_CUES = frozenset({"emphasis", "of_another", "since_long", "happened", "i_am", "excepted"})
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}\b)")
_CLAUSES = re.compile(
    r"[,;:|!?&+\n\r\t\u2022\u00b7]+"  # stops and bullets
    r"|(?<!\bst)(?<!\bdr)\.(?!\d)"  # a full stop, but not in "St. John"
    r"|\s[-\u2013\u2014/]\s"  # a dash or a stroke between blanks
)
_TOKEN = re.compile(
    r"\d{4}-\d{2}-\d{2}|\d{1,2}/\d{1,2}/\d{2,4}|\d+(?:\.\d+)?"
    r"|[^\W\d_]{5,}(?=\d{2}|\d+ ?(?:mg|mcg|ml|iu|ui)\b)"  # "aspirin325mg"
    r"|[^\W\d_]+\d*"
)
REACH = 6


def plain(text: str) -> str:
    """Lower case, without accents and apostrophes."""
    text = re.sub(r"['\u2019`\u00b4]", "", text)
    if text.isascii():
        return text.lower()
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in parts if not unicodedata.combining(letter))


def tokens(text: str) -> Tokens:
    """The words and numbers of a text."""
    return tuple(_TOKEN.findall(_THOUSANDS.sub("", plain(text))))


def clauses(text: str) -> tuple[Tokens, ...]:
    """The parts of a text between its stops and commas, each as words and numbers."""
    parts = _CLAUSES.split(_THOUSANDS.sub("", plain(text)))
    return tuple(found for part in parts if (found := tokens(part)))


def find(words: Tokens, phrase: Tokens, start: int = 0) -> int:
    """Where a phrase begins among words, or -1."""
    size = len(phrase)
    for index in range(start, len(words) - size + 1):
        if words[index : index + size] == phrase:
            return index
    return -1


@dataclass(frozen=True)
class Cues:
    """Words that turn the meaning of a clause, by kind."""

    kinds: Mapping[str, frozenset[Tokens]]

    @cached_property
    def _begun(self) -> Mapping[str, Mapping[str, tuple[Tokens, ...]]]:
        """The cues of each kind by their first word, longest first."""
        found: dict[str, dict[str, list[Tokens]]] = {}
        for kind, cues in self.kinds.items():
            begun = found.setdefault(kind, {})
            for cue in sorted(cues, key=lambda one: (-len(one), one)):
                begun.setdefault(cue[0], []).append(cue)
        return {
            kind: {word: tuple(cues) for word, cues in begun.items()}
            for kind, begun in found.items()
        }

    def _places(self, kind: str, words: Tokens) -> Iterator[tuple[int, int]]:
        """Where cues of this kind stand among the words, from the left, longest first."""
        begun = self._begun[kind]
        for index, word in enumerate(words):
            for cue in begun.get(word, ()):
                if words[index : index + len(cue)] == cue:
                    yield index, index + len(cue)

    def among(self, kind: str, words: Sequence[str]) -> bool:
        """Whether the words hold a cue of this kind."""
        return next(self._places(kind, tuple(words)), None) is not None

    def last(self, kind: str, words: Sequence[str]) -> int:
        """Where the last cue of this kind ends among the words, or -1."""
        return max((end for _, end in self._places(kind, tuple(words))), default=-1)

    def is_ordinary(self, word: str) -> bool:
        """Whether a word is one of everyday language, and no misspelt name."""
        return (word,) in self.kinds["ordinary"]

    def says_nothing(self, words: Tokens) -> bool:
        """Whether words say that nothing is taken, and no more than that."""
        if words in self.kinds["nothing"]:
            return True
        empty = all((word,) in self.kinds["nothing_words"] for word in words)
        return empty and (self.among("negation", words) or self.among("nothing", words))

    def negated(self, before: Sequence[str], named: Container[str] = ()) -> bool:
        """Whether what follows these words is denied, `named` being words that lists are made of.

        Only where nothing between turns the meaning: "no side effects from it" denies no more
        than the side effects.
        """
        near = self.without("not_negation", tuple(before[-REACH:]))
        end = self.last("negation", near)
        return end >= 0 and self._carried(near[end:], named)

    def without(self, kind: str, words: Tokens) -> Tokens:
        """The words with a dash in place of each cue of a kind, the longer before the shorter."""
        found: list[str] = []
        after = 0
        for start, end in self._places(kind, words):
            if start >= after:
                found += (*words[after:start], "-")
                after = end
        return (*found, *words[after:])

    def of_somebody_else(self, before: Sequence[str], named: Container[str] = ()) -> bool:
        """Whether the words before speak of another person, and not of the writer after that."""
        other = self._last_other(tuple(before))
        if other < 0 or self.last("self", before) > other:
            return False
        between = tuple(before)[other:]
        belongs = self.last("of_another", between)
        return self._carried(between[max(belongs, 0) :], named)

    def _last_other(self, before: Tokens) -> int:
        """Where the last word for another person ends, or -1: "I am a mother" is the writer."""
        writer = {end for _, end in self._places("i_am", before)}
        return max(
            (end for start, end in self._places("family", before) if start not in writer),
            default=-1,
        )

    def excepted(self, rest: Tokens, following: Tokens) -> bool:
        """Whether an exception follows what was denied: "no pain, except when I climb stairs"."""
        near = rest[:REACH]
        if self.among("excepted", near):
            return True
        begun = (start for start, _ in self._places("excepted", following))
        return near == rest and next(begun, 1) == 0

    def without_emphasis(self, words: Tokens) -> Tokens:
        """The words without those of more or less and of a side, which no lay words hold."""
        within = {
            place for start, end in self._places("emphasis", words) for place in range(start, end)
        }
        return tuple(word for place, word in enumerate(words) if place not in within)

    def _carried(self, between: Tokens, named: Container[str]) -> bool:
        """Whether words carry a meaning on to what follows them, straight or along a list."""
        carriers = self.kinds["carriers"]
        if between and (between[-1],) not in carriers:
            return False
        return all((word,) in carriers or word in named for word in between)

    def _within_cues(self, words: Tokens) -> frozenset[int]:
        """Places inside a cue of several words, such as "now and then"."""
        return frozenset(
            place
            for start, end in self._places("now_and_then", words)
            for place in range(start, end)
        )

    def split(self, words: Tokens, whole: Container[int] = ()) -> tuple[Tokens, ...]:
        """A clause broken at words such as "but", except at places inside a `whole` name."""
        found: list[list[str]] = [[]]
        within = self._within_cues(words)
        for index, word in enumerate(words):
            if (word,) in self.kinds["breaks"] and index not in within and index not in whole:
                found.append([])
            else:
                found[-1].append(word)
        return tuple(tuple(part) for part in found if part)


def read_cues(place: Place) -> Cues:
    """Understand the cue words of a data file."""
    cues = place.need("cues")
    cues.only(*CUES)
    return Cues({kind: _phrases(_texts(cues, kind)) for kind in CUES})


def _texts(cues: Place, kind: str) -> Iterable[str]:
    """The cues of a kind; an older ruleset, kept as it was signed, lacks the later kinds."""
    return () if kind in LATER_CUES and not cues.has(kind) else cues.need(kind).texts()


def _phrases(texts: Iterable[str]) -> frozenset[Tokens]:
    return frozenset(found for text in texts if (found := tokens(text)))
