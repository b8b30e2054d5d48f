"""The clinic's own words for the letters that the desk writes; an admin keeps them.

A letter names no condition and no medicine, whoever words it, and each mark in braces is one that
can be filled in: else a patient would read the brace.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from sqlalchemy import select

from clinic import effective
from clinic.access import NotThere, Permission
from clinic.extensions import site
from clinic.models import LetterText
from clinic.screening import neutral
from clinic.services import transaction
from clinic.services.transaction import ChangedUnderneath, Work, writes

BRACES = re.compile(r"\{([^{}\n]*)\}|([{}])")
transaction.tell("letter_text", ChangedUnderneath)


class UnknownMark(ValueError):
    """A mark in braces that nothing can be filled in for, and the line where it stands."""

    def __init__(self, mark: str, line: int) -> None:
        super().__init__(mark)
        self.mark, self.line = mark, line


class TooTelling(ValueError):
    """The words give something away of a patient's health."""

    def __init__(self, words: tuple[str, ...]) -> None:
        super().__init__(", ".join(words))
        self.words = words


@writes
def change(
    work: Work,
    kind: str,
    language: str,
    *,
    subject: str,
    body: str,
    marks: Collection[str],
    seen: int,
) -> None:
    """Store the clinic's words for a letter, or raise UnknownMark or TooTelling."""
    work.actor.require(Permission.MANAGE_SETTINGS)
    row = _locked(work, kind, language)
    _require_seen(row, seen)
    _require_known(f"{subject}\n{body}", marks)
    telling = neutral.telling(f"{subject}\n{body}", apart_from=site.settings.clinic_name)
    if telling:
        raise TooTelling(telling)
    if row is None:
        row = LetterText(kind=kind, language=language)
        work.session.add(row)
    row.subject, row.body = subject, body
    row.changed_at, row.changed_by_id = work.now, work.actor.id
    work.audit("letter_text.changed", "letter_text", row.id, names=[f"{kind}.{language}"])


@writes
def reset(work: Work, kind: str, language: str, *, seen: int) -> None:
    """Go back to the words that ship with the product."""
    work.actor.require(Permission.MANAGE_SETTINGS)
    row = _locked(work, kind, language)
    if row is None:
        raise NotThere
    _require_seen(row, seen)
    work.session.delete(row)
    work.audit("letter_text.reset", "letter_text", row.id, names=[f"{kind}.{language}"])


def _locked(work: Work, kind: str, language: str) -> LetterText | None:
    query = select(LetterText).filter_by(kind=kind, language=language).with_for_update()
    return work.session.scalars(query).one_or_none()


def _require_seen(row: LetterText | None, seen: int) -> None:
    if seen != (effective.mark((row.subject, row.body)) if row else 0):
        raise ChangedUnderneath


def _require_known(text: str, marks: Collection[str]) -> None:
    for number, line in enumerate(text.splitlines()):
        for found in BRACES.finditer(line):
            mark = found[1] if found[1] is not None else found[2]
            if mark not in marks:
                raise UnknownMark(mark, number)
