"""A small WSGI wrapper around everything that is answered, static files included.

It sets each security header exactly once, refuses bodies whose length is not given or does not
match, hands none on that is too long, and keeps the name of the server software to itself.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

import structlog

from clinic.web import logs

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

MAX_BODY = 256 * 1024
CSP = (
    "default-src 'none'; "
    "script-src 'self'; "
    "style-src 'self'; "
    "img-src 'self'; "
    "font-src 'self'; "
    "connect-src 'self'; "
    "manifest-src 'self'; "
    "form-action 'self'; "
    "base-uri 'none'; "
    "frame-ancestors 'none'"
)
FIXED = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "same-origin",  # Flask-WTF refuses https posts without any referrer
}
NOT_TEXT = "needlepoint.not_text"  # in the environ: the form or the query is not UTF-8
TOO_LONG = "needlepoint.too_long"  # in the environ: the body was too long and is not handed on
HSTS = "max-age=31536000; includeSubDomains"
HASHED = re.compile(r"\.[0-9a-f]{8,}\.[a-z0-9]+$")
KEEPABLE = ("200", "206", "304")
# Said before there is an app that knows the language of the page: in both.
REFUSALS = {
    "411 Length Required": (
        "Please send the form from a browser.\nPor favor, envíe el formulario desde un navegador."
    ),
    "400 Bad Request": (
        "The form did not arrive whole. Please go back and send it again.\n"
        "El formulario no llegó completo. Por favor, vuelva atrás y envíelo otra vez."
    ),
    "500 Internal Server Error": (
        "Something went wrong on our side. Please try again later.\n"
        "Algo salió mal de nuestro lado. Por favor, inténtelo más tarde."
    ),
}
Headers = list[tuple[str, str]]


class Shield:
    """Wraps the whole app; see the module's docstring for what it promises."""

    def __init__(self, app: WSGIApplication, *, secure: bool, phone: Callable[[], str]) -> None:
        self.app, self.secure, self.phone = app, secure, phone

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        """Answer one request."""

        def shielded(status: str, headers: Headers, exc_info: Any = None) -> Callable[..., Any]:
            return start(status, self._headers(environ, status, headers), exc_info)

        refusal = _take_body(environ)
        if refusal is not None:
            return self._refuse(refusal, shielded)
        try:
            return self.app(environ, shielded)
        except Exception:  # noqa: BLE001 - the last one who can answer; nothing was sent yet
            kind, place = logs.describe(sys.exc_info())
            structlog.get_logger().error("no error page", status=500, error=kind, where=place)
            return self._refuse("500 Internal Server Error", shielded)

    def _refuse(self, status: str, start: Callable[..., Any]) -> Iterable[bytes]:
        body = f"{REFUSALS[status]}\n{self.phone()}\n".encode()
        length = str(len(body))
        start(status, [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", length)])
        return [body]

    def _headers(self, environ: WSGIEnvironment, status: str, given: Headers) -> Headers:
        own = {**fixed(secure=self.secure), "Cache-Control": _cache(environ, status)}
        drop = {name.lower() for name in own} | {"server", "x-powered-by"}
        return [pair for pair in given if pair[0].lower() not in drop] + list(own.items())


def fixed(*, secure: bool) -> dict[str, str]:
    """List the headers that every answer carries."""
    return {**FIXED, "Strict-Transport-Security": HSTS} if secure else dict(FIXED)


def _cache(environ: WSGIEnvironment, status: str) -> str:
    """Let a file that carries its hash be kept; an answer that it is missing never is."""
    path = environ.get("PATH_INFO", "")
    if path.startswith("/static/") and status[:3] in KEEPABLE:
        versioned = HASHED.search(path) or environ.get("QUERY_STRING", "").startswith("v=")
        if versioned:
            return "public, max-age=31536000, immutable"
    return "no-store"


def _take_body(environ: WSGIEnvironment) -> str | None:
    """Read the body and compare its length; a dropped connection must not store half a form."""
    if "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower():
        return "411 Length Required"
    given = environ.get("CONTENT_LENGTH") or "0"
    if not given.isascii() or not given.isdigit():
        return "400 Bad Request"
    length = int(given)
    environ[TOO_LONG] = length > MAX_BODY
    if environ[TOO_LONG]:  # the app answers with a page; what was sent is not even read
        environ["CONTENT_LENGTH"], length = "0", 0
    body = environ["wsgi.input"].read(length) if length else b""
    if len(body) != length:
        return "400 Bad Request"
    environ["wsgi.input"] = BytesIO(body)
    environ[NOT_TEXT] = not _is_text(environ, body)
    return None


def _is_text(environ: WSGIEnvironment, body: bytes) -> bool:
    """Tell whether form and query are UTF-8; the form parser would put in other characters."""
    query = environ.get("QUERY_STRING", "").encode("latin-1", "replace")
    if environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        body = unquote_to_bytes(body)
    try:
        return bool((unquote_to_bytes(query) + b"&" + body).decode("utf-8"))
    except UnicodeDecodeError:
        return False
