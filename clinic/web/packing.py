"""Gzips style sheets, scripts and drawings on their way out, so that a first view stays small.

Pages are never compressed: a secret beside typed text could be guessed from the length.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PACKED = (".css", ".js", ".json", ".svg")
Headers = list[tuple[str, str]]


class Packing:
    """Wraps the app; answers below ``prefix`` are gzipped for browsers that take it."""

    def __init__(self, app: WSGIApplication, prefix: str = "/static/") -> None:
        self.app, self.prefix = app, prefix

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        path = environ.get("PATH_INFO", "")
        if not (path.startswith(self.prefix) and path.endswith(PACKED)):
            return self.app(environ, start)
        return self._pack(environ, start)

    def _pack(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        seen: list[Any] = []

        written: list[bytes] = []

        def hold(status: str, headers: Headers, exc_info: Any = None) -> Callable[..., object]:
            seen[:] = [status, headers, exc_info]
            return written.append  # WSGI's old way to send

        rest = _whole(self.app(environ, hold))
        body = b"".join([*written, rest])
        status, headers, exc_info = seen
        if _wants(environ) and status.startswith("200"):
            body = _gzipped(body)
            headers = _without(headers, "content-length", "etag", "vary", "accept-ranges")
            headers += [("Content-Encoding", "gzip"), ("Content-Length", str(len(body)))]
            headers += [("Vary", "Accept-Encoding")]
        start(status, headers, exc_info)
        return [body]


def _wants(environ: WSGIEnvironment) -> bool:
    return environ["REQUEST_METHOD"] == "GET" and "gzip" in environ.get("HTTP_ACCEPT_ENCODING", "")


def _whole(chunks: Iterable[bytes]) -> bytes:
    try:
        return b"".join(chunks)
    finally:
        close = getattr(chunks, "close", None)
        if close:
            close()


@lru_cache(maxsize=32)
def _gzipped(body: bytes) -> bytes:
    return gzip.compress(body, mtime=0)


def _without(headers: Headers, *names: str) -> Headers:
    return [pair for pair in headers if pair[0].lower() not in names]
