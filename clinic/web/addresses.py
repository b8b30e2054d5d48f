"""Whole addresses of this site, and which of its pages a search engine may list."""

from __future__ import annotations

from flask import Flask, Response, request, url_for

from clinic.extensions import site
from clinic.web import filters

# Deny by default: what is not named here is not to be listed.
LISTED = (
    "public.landing",
    "public.evidence",
    "enquiries.published",
    "enquiries.write",
    "public.team",
    "public.prices",
    "public.privacy",
    "public.accessibility",
)
FILES = ("static", "public.sitemap", "public.robots", "public.icon")
CLOSED = ("/staff", "/request", "/status", "/r/")


def init_app(app: Flask) -> None:
    """Give the templates whole addresses, and tell search engines what not to list."""
    app.jinja_env.policies["json.dumps_kwargs"] = {"ensure_ascii": False}  # a third the bytes
    app.jinja_env.globals["whole"] = whole
    app.jinja_env.globals["whole_asset"] = whole_asset
    app.after_request(_keep_unlisted)


def whole(path: str) -> str:
    """Return the whole address of a path of this site, as patients use it."""
    return site.settings.public_base_url.rstrip("/") + path


def whole_asset(path: str) -> str:
    """Return the whole address of a static file with its hash."""
    return whole(filters.asset(path))


def listed() -> list[str]:
    """List the whole addresses that a search engine may list, the landing page first."""
    return [whole(url_for(endpoint)) for endpoint in LISTED]


def _keep_unlisted(response: Response) -> Response:
    shown = request.endpoint in (*LISTED, *FILES) and response.status_code == 200
    if not shown:
        response.headers["X-Robots-Tag"] = "noindex"
    return response
