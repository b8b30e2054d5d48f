"""Keeps the translations: extract every marked string, update each catalogue, compile it.

    python scripts/catalogues.py            write what is new; name what wants a translation
    python scripts/catalogues.py --check    write nothing; exit 1 and name each fault

The English string is the key, so a changed sentence is a new string: its old translation is not
guessed at, it is asked for again. Dates and line numbers are left out of the files, so that two
runs over the same code write the same bytes.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
CLINIC = ROOT / "clinic"
FOLDER = CLINIC / "translations"
LANGUAGES = ("es",)
METHODS = [("**.py", "python"), ("templates/**.html", "jinja2"), ("templates/**.txt", "jinja2")]
# A template that cannot be read is an error, never a page without strings.
OPTIONS = {"templates/**.html": {"silent": "false"}, "templates/**.txt": {"silent": "false"}}
SINGLE, PLURAL = (1,), (1, 2)
KEYWORDS = {"_": None, "gettext": None, "lazy_gettext": None, "ngettext": PLURAL}
SAME = "Same in the translation."  # stands above a string that needs no other words
PLACEHOLDER = re.compile(r"%(?:\(\w+\))?[#0\- +]*[\d.]*[a-zA-Z%]|%")
UNKEPT = re.compile(
    r'^"(?:POT-Creation-Date|PO-Revision-Date|Last-Translator|Language-Team|Report-Msgid-Bugs-To'
    r"|Project-Id-Version|Generated-By): .*\n",
    re.MULTILINE,
)
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)  # a compiled file holds no date of its own


def template(package: Path = CLINIC) -> Catalog:
    """Collect every marked string of the package, each with the files that use it."""
    found = Catalog(
        header_comment="# The strings of Needlepoint. Written by scripts/translations.",
        charset="utf-8",
        fuzzy=False,
    )
    strings = extract_from_dir(package, METHODS, OPTIONS, keywords=KEYWORDS)
    for file, _line, message, _comments, context in sorted(strings, key=lambda one: one[:2]):
        place = (Path("clinic", file).as_posix(), 0)
        found.add(message, locations=[place], context=context)
    return found


def po_text(catalogue: Catalog) -> str:
    """Write a catalogue as text, without dates and line numbers."""
    written = BytesIO()
    write_po(written, catalogue, width=100, ignore_obsolete=True, include_lineno=False)
    return UNKEPT.sub("", written.getvalue().decode())


def mo_bytes(catalogue: Catalog) -> bytes:
    """Compile a catalogue; the same strings give the same bytes."""
    catalogue.creation_date = catalogue.revision_date = EPOCH
    written = BytesIO()
    write_mo(written, catalogue)
    return written.getvalue()


def po_file(language: str, folder: Path = FOLDER) -> Path:
    """Name the file in which a language is translated by hand."""
    return folder / language / "LC_MESSAGES" / "messages.po"


def read(language: str, folder: Path = FOLDER) -> Catalog:
    """Read the catalogue of a language; one that is not there yet is empty."""
    file = po_file(language, folder)
    if not file.is_file():
        return Catalog(locale=language, charset="utf-8", fuzzy=False)
    with file.open("rb") as opened:
        return read_po(opened, locale=language)


def updated(language: str, strings: Catalog, folder: Path = FOLDER) -> Catalog:
    """Take over the strings as they are now; nothing is guessed, what is gone is dropped."""
    catalogue = read(language, folder)
    catalogue.update(strings, no_fuzzy_matching=True)
    return catalogue


def write(strings: Catalog, folder: Path = FOLDER) -> None:
    """Write the template, and each language's catalogue and compiled file."""
    _put(folder / "messages.pot", po_text(strings).encode())
    for language in LANGUAGES:
        catalogue = updated(language, strings, folder)
        _put(po_file(language, folder), po_text(catalogue).encode())
        _put(po_file(language, folder).with_suffix(".mo"), mo_bytes(catalogue))


def problems(strings: Catalog, folder: Path = FOLDER) -> Iterator[str]:
    """Name each file that is not current, and each string whose translation is not good."""
    if _stored(folder / "messages.pot") != po_text(strings).encode():
        yield "messages.pot is not what the code says"
    for language in LANGUAGES:
        file = po_file(language, folder)
        if _stored(file) != po_text(updated(language, strings, folder)).encode():
            yield f"{language}: messages.po is not in step with the strings"
        stored = read(language, folder)
        if _stored(file.with_suffix(".mo")) != mo_bytes(stored):
            yield f"{language}: messages.mo was not made from this messages.po"
        yield from unfit(updated(language, strings, folder))


def unfit(catalogue: Catalog) -> Iterator[str]:
    """Name each string that is not translated, or not faithfully."""
    for message in catalogue:
        if message.id:
            for fault in _faults(message, catalogue.num_plurals):
                yield f"{catalogue.locale}: {fault}: {_forms(message.id)[0]!r}"


def main(arguments: list[str]) -> int:
    """Write the catalogues, or check them; return the exit code."""
    parser = argparse.ArgumentParser(description="Keep the translations in step with the code.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if stale")
    check = parser.parse_args(arguments).check
    strings = template()
    if not check:
        write(strings)
    found = list(problems(strings))
    for problem in found:
        print(problem, file=sys.stderr)
    if found and check:
        print("run: scripts/translations, and translate what it names", file=sys.stderr)
    return 1 if found else 0


def _faults(message: Message, plurals: int) -> Iterator[str]:
    sources, targets = _forms(message.id), _forms(message.string)
    if message.fuzzy:
        yield "marked as fuzzy"
    if not all(text.strip() for text in targets) or len(targets) != _wanted(message, plurals):
        yield "not translated"
        return
    # One thing may be said without its number, as the English singular may.
    kept = {str(_placeholders(sources[-1]))}
    first = kept | {str(_placeholders(sources[0]))}
    said = [str(_placeholders(text)) for text in targets]
    if said[0] not in first or not set(said[1:]) <= kept:
        yield "other placeholders than the English"
    if any(_edges(text) != _edges(sources[0]) for text in targets):
        yield "begins or ends with other white space than the English"
    if targets[0] == sources[0] and SAME not in message.user_comments:
        yield f"left in English (if it is meant so, write above it: # {SAME})"
    if any(mark in text for mark in "!¡" for text in targets):
        yield "has an exclamation mark"


def _wanted(message: Message, plurals: int) -> int:
    return plurals if isinstance(message.id, (tuple, list)) else 1


def _forms(text: str | tuple[str, ...] | list[str] | None) -> tuple[str, ...]:
    return (text or "",) if isinstance(text, str | None) else tuple(text)


def _placeholders(text: str) -> list[str]:
    return sorted(PLACEHOLDER.findall(text))


def _edges(text: str) -> tuple[str, str]:
    bare = text.strip()
    start = text.index(bare)
    return text[:start], text[start + len(bare) :]


def _stored(file: Path) -> bytes:
    return file.read_bytes() if file.is_file() else b""


def _put(file: Path, content: bytes) -> None:
    if _stored(file) != content:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        print(f"wrote {file.relative_to(ROOT) if file.is_relative_to(ROOT) else file}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
