"""Which known names a misspelt word may be, by its letters and by its sound."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from rapidfuzz import process
from rapidfuzz.distance import OSA

FURTHEST = 2
SHORTEST = 5
ENDS = 2  # so many letters at one end or the other outlive any one slip

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


@dataclass(frozen=True)
class Spelling:
    """Names of one word, found by words that are spelled nearly so or sound alike."""

    by_length: Mapping[int, tuple[str, ...]]
    by_sound: Mapping[str, tuple[str, ...]]
    by_beginning: Mapping[str, tuple[str, ...]]
    by_ending: Mapping[str, tuple[str, ...]]

    def close(self, word: str, *, strict: bool = False) -> tuple[tuple[int, str], ...]:
        """Names within reach of a word, each with its distance, nearest first."""
        near = process.extract(
            word,
            self._like_at_an_end(word) if strict else self.by_length.get(len(word), ()),
            scorer=OSA.distance,
            processor=None,
            score_cutoff=1 if strict else FURTHEST,
            limit=None,
        )
        reached = ((int(far), name) for name, far, _ in near if far <= _reach(word, name, strict))
        return tuple(sorted(reached))

    def _like_at_an_end(self, word: str) -> frozenset[str]:
        """Names that begin or end as a word does: all that one slip may have made it of."""
        return frozenset(
            (*self.by_beginning.get(word[:ENDS], ()), *self.by_ending.get(word[-ENDS:], ()))
        )

    def alike(self, word: str) -> tuple[str, ...]:
        """Names that sound the same and are not spelled altogether otherwise."""
        heard = self.by_sound.get(sound(word), ()) if len(word) >= SHORTEST else ()
        return tuple(name for name in heard if OSA.distance(word, name) <= max(len(name) // 3, 2))


def _reach(word: str, name: str, strict: bool) -> int:  # noqa: FBT001 - one private caller
    if len(name) > SHORTEST and len(word) >= SHORTEST:
        return 1 if strict else FURTHEST
    return 1 if len(name) == SHORTEST and len(word) >= SHORTEST - 1 and not strict else 0


def read(names: Iterable[str]) -> Spelling:
    """Make names findable; those of fewer than five letters must be spelled exactly."""
    known = sorted({name for name in names if len(name) >= SHORTEST})
    longest = max(map(len, known), default=0)
    return Spelling(
        {
            length: tuple(name for name in known if abs(len(name) - length) <= FURTHEST)
            for length in range(SHORTEST - 1, longest + FURTHEST + 1)
        },
        _by(known, sound),
        _by(known, lambda name: name[:ENDS]),
        _by(known, lambda name: name[-ENDS:]),
    )


def _by(names: Iterable[str], key: Callable[[str], str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(key(name), []).append(name)
    return {said: tuple(alike) for said, alike in found.items()}
