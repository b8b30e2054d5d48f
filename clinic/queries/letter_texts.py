"""The words of the letters that the desk writes: the clinic's own where it has some, else ours.

A text holds marks such as ``{clinic_name}``, which are filled in before anybody sees it. What is
asked for here is the clinic's and no patient's, so that it needs no actor.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources

from sqlalchemy import select

from clinic import effective
from clinic.extensions import db
from clinic.models import LANGUAGES, LetterText

KINDS = ("tried_to_call", "please_call", "one_more_thing", "directions")
MARKS = ("clinic_name", "clinic_phone", "reference", "places")
_MARK = re.compile(r"\{([^{}\n]*)\}")


@dataclass(frozen=True)
class Text:
    """One letter's subject and body in one language, with its marks; whether it is ours."""

    subject: str
    body: str
    ours: bool


def text(kind: str, language: str) -> Text:
    """Return the clinic's own words for a letter, or ours where it has none."""
    query = select(LetterText.subject, LetterText.body).where(
        LetterText.kind == kind, LetterText.language == language
    )
    stored = db.session.execute(query).one_or_none()
    return Text(stored.subject, stored.body, ours=False) if stored else ours(kind, language)


def seen(kind: str, language: str) -> int:
    """Give the mark of the clinic's own words as they stand, 0 where ours are used."""
    stored = text(kind, language)
    return 0 if stored.ours else effective.mark((stored.subject, stored.body))


def ours(kind: str, language: str) -> Text:
    """Return the words that ship with the product; raise KeyError for a letter that is none."""
    if kind not in KINDS or language not in LANGUAGES:
        raise KeyError(kind, language)
    file = resources.files("clinic") / "templates" / "texts" / f"{kind}.{language}.txt"
    subject, _, body = file.read_text(encoding="utf-8").partition("\n")
    return Text(subject.strip(), body.strip(), ours=True)


def fill(words: str, values: Mapping[str, str]) -> str:
    """Put values in place of the marks; a mark without a value stays as it was written."""
    return _MARK.sub(lambda mark: values.get(mark[1], mark[0]), words)


def unknown_marks(words: str) -> tuple[str, ...]:
    """List what stands in braces and is none of the marks, in the order written."""
    return tuple(dict.fromkeys(mark for mark in _MARK.findall(words) if mark not in MARKS))
