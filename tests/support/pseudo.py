"""A made-up language in which every marked string stands in brackets, its letters accented.

What a page says outside the brackets was not marked for translation, unless it is something that
somebody typed, a date, or text that has a translation of its own (the questionnaire, the consent).
The made-up language takes the place of Spanish, so that dates and the questionnaire are as there.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from io import BytesIO
from typing import Any
from unittest import mock

from babel import Locale
from babel.messages.catalog import Catalog
from babel.support import NullTranslations, Translations
from bs4 import BeautifulSoup
from bs4.element import NavigableString
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from clinic.extensions import babel
from clinic.services import letters
from clinic.web import filters
from scripts import catalogues
from tests.support.page import REDIRECTIONS

OPEN, CLOSE = "\u27e6", "\u27e7"  # two brackets that no text of ours has
ACCENTED = str.maketrans("aeiouyncAEIOUYNC", "áéíóúýñçÁÉÍÓÚÝÑÇ")
MARKED = re.compile(f"{OPEN}[^{OPEN}{CLOSE}]*{CLOSE}")
WORD = re.compile(r"[^\W\d_]{2,}")
ATTRIBUTES = ("alt", "aria-label", "aria-description", "label", "placeholder", "title")
SCRIPTED = re.compile(r"data-(?:busy|.*-(?:text|label|word|words|message))$")
SILENT = ("script", "style", "template", "svg")
TYPED = ("bdi", "textarea", "code")  # these hold what somebody typed, or what a machine reads
NOT_OURS = '[translate="no"]'


def worded(text: str) -> str:
    """Say a marked string in the made-up language; its placeholders stay."""
    parts = re.split(f"({catalogues.PLACEHOLDER.pattern})", text)
    accented = (part if part[:1] == "%" else part.translate(ACCENTED) for part in parts)
    return OPEN + "".join(accented) + CLOSE


@contextmanager
def spoken(app: Flask) -> Iterator[None]:
    """Let every page and letter in Spanish speak the made-up language instead."""
    compiled = _compiled()

    loads = Translations.load  # WTForms has a catalogue of its own

    def load(folder: str, locales: list[Locale], domain: str | None = None) -> NullTranslations:
        ours = domain in {None, "messages"} and [str(one) for one in locales] == ["es"]
        return Translations(BytesIO(compiled)) if ours else loads(folder, locales, domain)

    with app.app_context():
        kept = babel.domain_instance.cache  # what pages loaded, kept for the whole run
    try:
        with mock.patch.object(Translations, "load", load):
            kept.clear()
            letters._environment.cache_clear()  # noqa: SLF001 - what letters loaded
            yield
    finally:
        kept.clear()
        letters._environment.cache_clear()  # noqa: SLF001 - as above


@cache
def _compiled() -> bytes:
    made = Catalog(locale="es")
    for message in catalogues.template():
        if isinstance(message.id, str):
            if message.id:
                made.add(message.id, worded(message.id))
        else:
            made.add(message.id, tuple(map(worded, message.id)))
    return catalogues.mo_bytes(made)


class Listener(FlaskClient):
    """A browser that, told to listen, reads the made-up language and notes what is beside it."""

    known: tuple[str, ...] | None = None
    heard: tuple[str, ...] = ()

    def listen(self, known: tuple[str, ...]) -> None:
        """Read the made-up language from now on, and let the known texts pass."""
        self.set_cookie(filters.LANGUAGE_COOKIE, "es")
        self.known = known

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        """Send a request, and listen to the page that comes back."""
        response = super().open(*args, **kwargs)
        drawn = response.mimetype == "text/html" and response.status_code not in REDIRECTIONS
        if drawn and self.known is not None:
            where = f"{response.request.method} {response.request.path} ({response.status_code})"
            said = outside(response.text, self.known)
            said += [] if OPEN in response.text else ["not in the made-up language"]
            self.heard += tuple(f"{where}: {one}" for one in said)
        return response


def outside(html: str, known: Iterable[str] = ()) -> list[str]:
    """List what a page says outside the brackets that is not among the known texts."""
    soup = BeautifulSoup(html, "html.parser")
    for tag in soup.select(NOT_OURS):
        tag.decompose()
    left = _ear(tuple(known))
    return [one for text in _said(soup) if (one := left(text))]


def left(text: str, allowed: re.Pattern[str] | None = None) -> str:
    """Take away what is marked, known, or a date; say what is left, if there is a word in it."""
    count = 1
    while count:
        text, count = MARKED.subn(" ", text)
    text = " ".join(text.split())
    text = _values().sub(" ", text)
    text = allowed.sub(" ", text) if allowed else text
    return " ".join(text.split()) if WORD.search(text) else ""


def _said(soup: BeautifulSoup) -> Iterator[str]:
    for text in soup.find_all(string=True):
        if type(text) is NavigableString and not _silent(text):  # a comment is of another type
            yield str(text)
    for tag in soup.find_all(True):
        for name, value in tag.attrs.items():
            if name in ATTRIBUTES or SCRIPTED.match(name):
                yield str(value)
    for tag in soup.select("input[type=submit][value], meta[name=description]"):
        yield str(tag.get("value") or tag.get("content") or "")


def _silent(text: NavigableString) -> bool:
    return any(parent.name in (*SILENT, *TYPED) for parent in text.parents)


@cache
def _ear(known: tuple[str, ...]) -> Callable[[str], str]:
    """Hear with these texts known; pages repeat most of what they say."""
    allowed = _allowed(known)
    return cache(lambda text: left(text, allowed))


def _allowed(known: tuple[str, ...]) -> re.Pattern[str] | None:
    """Match any known text as a whole; what a text leaves open between braces may be anything."""
    pieces = {
        " ".join(piece.split())
        for text in known
        for piece in re.split(r"\{[^{}]*\}", text)
        if WORD.search(piece)
    }
    longest_first = sorted(pieces, key=len, reverse=True)
    joined = "|".join(re.escape(piece) for piece in longest_first)
    return re.compile(rf"(?<!\w)(?:{joined})(?!\w)") if joined else None


@cache
def _values() -> re.Pattern[str]:
    spanish = Locale("es")
    days = "|".join(spanish.days["format"]["wide"].values())
    months = "|".join(spanish.months["format"]["wide"].values())
    day = rf"(?:(?:{days}) )?[0-9]{{1,2}} de (?:{months}) de [0-9]{{4}}"
    clock = r"[0-9]{1,2}:[0-9]{2}(?:\s[ap]\.\sm\.)?(?: \([A-Z]{3,4}\))?"
    short = rf"[0-9]{{1,2}} (?:{'|'.join(spanish.months['format']['abbreviated'].values())})"
    reference, email = "[A-Z0-9]{4}-[A-Z0-9]{4}", r"\S+@\S+"
    return re.compile(rf"(?<!\w)(?:{day}|{clock}|{short}|{reference}|{email})(?!\w)")
