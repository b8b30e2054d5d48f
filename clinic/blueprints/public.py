"""The pages that anyone may read, and the change of language."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from clinic.web import filters, guards, languages

blueprint = Blueprint("public", __name__)


@blueprint.get("/")
@guards.public
def landing() -> str:
    """Say honestly what dry needling is, and how to ask for an appointment."""
    return render_template("public/landing.html")


@blueprint.get("/privacy")
@guards.public
def privacy() -> str:
    """Say what happens with data."""
    return render_template("public/privacy.html")


@blueprint.get("/accessibility")
@guards.public
def accessibility() -> str:
    """Say how the pages can be used, and what to do where they cannot."""
    return render_template("public/accessibility.html")


@blueprint.post("/language")
@guards.public
def language() -> Response:
    """Change the language and go back to the page."""
    response = redirect(_own_path(request.form.get("next", "")), 303)
    code = request.form.get("language", "")
    return languages.remember(response, code) if code in filters.LANGUAGES else response


def _own_path(path: str) -> str:
    """Return a path of this site as it is, and the landing page for anything else."""
    plain = path.isascii() and path.isprintable() and "\\" not in path
    if plain and path.startswith("/") and not path.startswith("//"):
        return path
    return url_for("public.landing")
