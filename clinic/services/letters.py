"""Renders letters: neutral by default, no condition, no answer, a first name at most.

A letter is a text template ``email/<kind>.txt`` whose first line is the subject. It gets the
clinic's name, phone and address from the settings and whatever its caller passes; a name that
the template uses and nobody passed is an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources

from babel.support import NullTranslations, Translations
from jinja2 import Environment, PackageLoader, StrictUndefined

from clinic import contact
from clinic.extensions import site


class UnfitLetter(ValueError):
    """The rendered subject has a line break or is empty."""


def render(kind: str, language: str, context: Mapping[str, object]) -> tuple[str, str]:
    """Return the subject and the body of one letter in one language."""
    settings = site.settings
    text = (
        _environment(language)
        .get_template(f"{kind}.txt")
        .render(
            clinic_name=settings.clinic_name,
            clinic_phone=contact.phone(settings.clinic_phone).display,
            base_url=settings.public_base_url.rstrip("/"),
            **context,
        )
    )
    subject, _, body = text.partition("\n")
    subject = subject.strip()
    if not subject or not subject.isprintable():
        raise UnfitLetter(kind)
    return subject, body.strip() + "\n"


@cache
def _environment(language: str) -> Environment:
    environment = Environment(
        loader=PackageLoader("clinic", "templates/email"),
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        autoescape=False,  # noqa: S701 - letters are plain text, never HTML
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.install_gettext_translations(  # type: ignore[attr-defined]  # added by the extension
        _translations(language), newstyle=True
    )
    return environment


def _translations(language: str) -> NullTranslations:
    catalogues = resources.files("clinic") / "translations"
    return Translations.load(str(catalogues), [language])
