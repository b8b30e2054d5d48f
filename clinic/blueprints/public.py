"""The pages that anyone may read, what search engines ask for, and the change of language."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Answer

from clinic.extensions import site
from clinic.queries import team as team_queries
from clinic.web import (
    addresses,
    filters,
    guards,
    languages,
    short_answers,
    sources,
    structured,
)

blueprint = Blueprint("public", __name__)


@blueprint.get("/")
@guards.public
def landing() -> str:
    """Say honestly what dry needling is, and how to ask for a consultation."""
    return render_template(
        "public/landing.html",
        answers=short_answers,
        sources=sources.SOURCES,
        structured=structured.landing,
        places=team_queries.places(),
    )


@blueprint.get("/evidence")
@guards.public
def evidence() -> str:
    """Give the sizes that studies found, as they put them."""
    cited = {key: sources.SOURCES[key] for key in sources.SIZES}
    return render_template("public/evidence.html", sources=cited)


@blueprint.get("/team")
@guards.public
def team() -> str:
    """Say who works here, with licences."""
    colleagues = team_queries.shown(filters.language())
    return render_template("public/team.html", colleagues=colleagues)


@blueprint.get("/prices")
@guards.public
def prices() -> str:
    """Say what a visit costs, as the clinic has set it."""
    return render_template(
        "public/prices.html", prices=_lines("prices"), insurance=_lines("insurance")
    )


@blueprint.get("/privacy")
@guards.public
def privacy() -> str:
    """Say what happens with data."""
    settings = site.settings
    return render_template(
        "public/privacy.html",
        idle_minutes=settings.draft_idle_minutes,
        draft_days=settings.draft_days,
        question_days=settings.enquiry_days,
        letter_days=settings.outbox_days,
        link_days=settings.link_days,
        request_years=settings.request_years,
        backup_days=settings.backup_days,
    )


@blueprint.get("/accessibility")
@guards.public
def accessibility() -> str:
    """Say how the pages can be used, and what to do where they cannot."""
    return render_template(
        "public/accessibility.html", idle_minutes=site.settings.draft_idle_minutes
    )


@blueprint.get("/sitemap.xml")
@guards.public
def sitemap() -> Response:
    """List the pages that a search engine may list."""
    text = render_template("public/sitemap.xml", listed=addresses.listed())
    return Response(text, mimetype="application/xml")


@blueprint.get("/robots.txt")
@guards.public
def robots() -> Response:
    """Ask search engines to stay out of what is somebody's own."""
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in addresses.CLOSED), ""]
    lines.append(f"Sitemap: {addresses.whole(url_for('public.sitemap'))}")
    return Response("\n".join(lines) + "\n", mimetype="text/plain")


@blueprint.get("/favicon.ico")
@guards.public
def icon() -> Answer:
    """Lead to the small picture what asks for it without looking at a page."""
    return redirect(filters.asset("img/favicon.ico"), 308)


@blueprint.post("/language")
@guards.public
def language() -> Answer:
    """Change the language and go back to the page."""
    response = redirect(_own_path(request.form.get("next", "")), 303)
    code = request.form.get("language", "")
    return languages.remember(response, code) if code in filters.LANGUAGES else response


def _lines(name: str) -> list[str]:
    """Return a setting of several lines in the language of the page."""
    own = f"{name}_es" if filters.language() == "es" else name
    return [line.strip() for line in getattr(site.settings, own).split("|") if line.strip()]


def _own_path(path: str) -> str:
    """Return a path of this site as it is, and the landing page for anything else."""
    plain = path.isascii() and path.isprintable() and "\\" not in path
    if plain and path.startswith("/") and not path.startswith("//"):
        return path
    return url_for("public.landing")
