"""Changing the language anywhere, without losing what was typed."""

from __future__ import annotations

from collections.abc import Callable

from flask import make_response, request
from flask_babel import force_locale
from werkzeug.wrappers import Response

from clinic.extensions import site
from clinic.web import filters

YEAR = 365 * 24 * 3600
FIELD = "switch_language"


def wished() -> str | None:
    """Return the language that a button of this form asks for, if it was pressed."""
    code = request.form.get(FIELD, "")
    return code if code in filters.LANGUAGES else None


def chosen() -> bool:
    """Tell whether somebody chose a language in this browser before."""
    return request.cookies.get(filters.LANGUAGE_COOKIE, "") in filters.LANGUAGES


def redrawn(code: str, draw: Callable[[], str]) -> Response:
    """Draw the page again in another language, with all that was typed, and remember it."""
    with force_locale(code):
        return remember(make_response(draw()), code)


def remember(response: Response, code: str) -> Response:
    """Keep the choice of language in this browser."""
    response.set_cookie(
        filters.LANGUAGE_COOKIE,
        code,
        max_age=YEAR,
        secure=site.settings.secure,
        httponly=True,
        samesite="Lax",
    )
    return response
