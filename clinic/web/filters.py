"""What every template can use: the clinic, the language, assets with their hash, times."""

from __future__ import annotations

import hashlib
import re
from datetime import date, datetime
from functools import cache, lru_cache
from pathlib import Path
from types import SimpleNamespace

from flask import Flask, Response, request, url_for
from flask_babel import format_date, get_locale
from jinja2 import StrictUndefined
from jinja2.ext import Extension

from clinic import contact
from clinic.booking import calendar
from clinic.config import Settings
from clinic.extensions import site
from clinic.web import body_map, guards

STATIC = Path(__file__).resolve().parent.parent / "static"
LANGUAGES = {"en": "English", "es": "Español"}
LANGUAGE_COOKIE = "language"
CONTROLS = bytes({*range(32), 127} - set(b"\t\n\r"))
INDENT = re.compile(r"^[ \t]+", re.MULTILINE)
LATE_CONTROLS = re.compile(rb"\xc2[\x80-\x9f]")  # C1, as UTF-8 writes it


def init_app(app: Flask) -> None:
    """Make the templates strict and give them what they all need."""
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.add_extension(Lean)
    app.jinja_env.globals["asset"] = asset
    app.jinja_env.globals["body_views"] = body_map.views
    app.jinja_env.filters["spoken"] = spoken
    app.jinja_env.filters["day_in_words"] = day_in_words
    app.context_processor(_shared)
    app.after_request(_without_controls)


def select_language() -> str:
    """Choose the language of this page: the chosen one, else the browser's wish."""
    chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    offered = site.settings.languages_offered
    if chosen in offered:
        return chosen
    return request.accept_languages.best_match(offered, default="en") or "en"


def language() -> str:
    """Return the language of this page as ``en`` or ``es``."""
    locale = get_locale()
    return locale.language if locale and locale.language in LANGUAGES else "en"


def asset(path: str) -> str:
    """Return the address of a static file with its hash, so that it can be kept for a year."""
    return url_for("static", filename=path, v=_hash(path))


def spoken(instant: datetime, zone: str) -> str:
    """Say an instant in words in the location's zone, with the zone."""
    return calendar.spoken(instant, zone, language())


def day_in_words(day: date) -> str:
    """Say a day with its year in the language of the page."""
    said: str = format_date(day, "long")
    return said


class Lean(Extension):
    """Leaves out the space that indents a template's source: pages travel unpacked."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        """Begin each line with its first word; the lines stay, so that an error names its own."""
        return INDENT.sub("", source)


def _without_controls(response: Response) -> Response:
    """Leave out the control characters of a refused form that is drawn again: HTML has none."""
    if response.mimetype == "text/html" and not response.direct_passthrough:
        body = response.get_data()
        clean = LATE_CONTROLS.sub(b"", body.translate(None, CONTROLS))
        if clean != body:
            response.set_data(clean)
    return response


@cache
def _hash(path: str) -> str:
    return hashlib.sha256((STATIC / path).read_bytes()).hexdigest()[:12]


@lru_cache(maxsize=8)
def _clinic(settings: Settings, language: str) -> SimpleNamespace:
    number = contact.phone(settings.clinic_phone)
    says_closed = language == "es" and bool(settings.closed_banner_es)  # else the English words
    return SimpleNamespace(
        name=settings.clinic_name,
        phone_display=number.display,
        phone_href=f"tel:{number.e164}",
        opening_text=settings.clinic_hours_es if language == "es" else settings.clinic_hours,
        address_lines=[line for line in settings.clinic_address.split("|") if line],
        closed_banner=settings.closed_banner_es if says_closed else settings.closed_banner,
        closed_banner_language="es" if says_closed else "en",
    )


def _shared() -> dict[str, object]:
    return {
        "clinic": _clinic(site.settings, language()),
        "language": language(),
        "languages": {code: LANGUAGES[code] for code in site.settings.languages_offered},
        "actor": guards.actor(),
        "now_year": guards.now().year,
    }
