"""The settings in force: those of the start, with what an admin changed laid over them. Pure.

What a page stores is text; it is read here, by the same rules for a form, for the database and
for `clinic check`. A stored value that cannot be read is left out, never half-used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, replace
from datetime import date
from zlib import crc32

from clinic import contact
from clinic.config import Edit, Settings

LANGUAGES = ("en", "es")
LONGEST_LINE = 200
LONGEST_LINES = 2000


class UnfitValue(ValueError):
    """A setting cannot have this value; the problem is a word, the bounds go with it."""

    def __init__(self, problem: str, low: int = 0, high: int = 0) -> None:
        super().__init__(problem)
        self.problem, self.low, self.high = problem, low, high


EDITS: Mapping[str, Edit] = {
    item.name: item.metadata["edit"]
    for item in fields(Settings)
    if item.metadata["edit"] is not None
}


def group(name: str) -> tuple[str, ...]:
    """List the settings of one group, in the order in which they are declared."""
    return tuple(key for key, edit in EDITS.items() if edit.group == name)


def read(name: str, text: str) -> str | int:
    """Read the text of one setting, or raise UnfitValue; KeyError if no page may change it."""
    edit = EDITS[name]
    plain = text.strip()
    if not plain and edit.kind != "number":
        if edit.needed:
            raise UnfitValue("blank")
        return ""
    return _READERS[edit.kind](plain, edit)


def lay_over(start: Settings, stored: Mapping[str, str]) -> tuple[Settings, dict[str, str]]:
    """Return the settings in force, and name -> problem of each stored value that is left out."""
    values: dict[str, str | int] = {}
    problems: dict[str, str] = {}
    for name, text in stored.items():
        try:
            values[name] = read(name, text)
        except KeyError:
            problems[name] = "unknown"
        except UnfitValue as unfit:
            problems[name] = unfit.problem
    return replace(start, **values), problems  # type: ignore[arg-type]  # each value has its field's type


def mark(values: Iterable[object]) -> int:
    """Give a number that changes with the values, for what carries no count of its changes."""
    return crc32(repr(list(values)).encode())


def _line(text: str, _edit: Edit) -> str:
    return _clean(text, LONGEST_LINE)


def _lines(text: str, _edit: Edit) -> str:
    typed = [line.strip() for part in text.splitlines() for line in part.split("|")]
    joined = "|".join(_clean(line, LONGEST_LINE) for line in typed if line)
    if len(joined) > LONGEST_LINES:
        raise UnfitValue("too_long", high=LONGEST_LINES)
    return joined


def _clean(text: str, limit: int) -> str:
    try:
        return contact.clean_text(text, limit=limit)
    except contact.UnfitText as unfit:
        raise UnfitValue(unfit.problem, high=limit) from unfit


def _phone(text: str, _edit: Edit) -> str:
    try:
        return contact.phone(text).display
    except contact.UnfitPhone as unfit:
        raise UnfitValue("no_phone") from unfit


def _emails(text: str, _edit: Edit) -> str:
    found: list[str] = []
    for raw in text.replace("\n", ",").replace(";", ",").split(","):
        if not raw.strip():
            continue
        try:
            address = contact.email_key(raw)
        except contact.Unfit as unfit:
            raise UnfitValue("no_email") from unfit
        if address not in found:
            found.append(address)
    if not found:
        raise UnfitValue("blank")
    return ",".join(found)


def _number(text: str, edit: Edit) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > 6:
        raise UnfitValue("no_number", edit.low, edit.high)
    number = int(text)
    if not edit.low <= number <= edit.high:
        raise UnfitValue("out_of_bounds", edit.low, edit.high)
    if number % edit.step:
        raise UnfitValue("off_step", edit.low, edit.high)
    return number


def _date(text: str, _edit: Edit) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as unread:
        raise UnfitValue("no_date") from unread


def _languages(text: str, _edit: Edit) -> str:
    chosen = {part.strip() for part in text.split(",") if part.strip()}
    if chosen - set(LANGUAGES):
        raise UnfitValue("no_language")
    return ",".join(code for code in LANGUAGES if code in chosen | {"en"})


_READERS: Mapping[str, Callable[[str, Edit], str | int]] = {
    "line": _line,
    "lines": _lines,
    "phone": _phone,
    "emails": _emails,
    "number": _number,
    "date": _date,
    "languages": _languages,
}
