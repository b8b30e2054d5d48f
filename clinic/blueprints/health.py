"""Is it up, and is it fit to serve? No versions and no counts for strangers."""

from __future__ import annotations

from flask import Blueprint, Response

from clinic.queries import health
from clinic.web import guards

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
@guards.public
def alive() -> Response:
    """Answer without asking the database."""
    return _answer(fit=True)


@blueprint.get("/readyz")
@guards.public
def ready() -> Response:
    """Answer 200 only if the database is there at the right revision and letters flow."""
    return _answer(fit=health.fit(guards.now()))


def _answer(*, fit: bool) -> Response:
    return Response("ok" if fit else "unavailable", 200 if fit else 503, mimetype="text/plain")
