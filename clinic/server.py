"""Gunicorn's configuration: ``gunicorn -c python:clinic.server "clinic.app:create_app()"``.

Threads hold slow clients apart from each other; a buffering proxy belongs in front on the
internet. The log is the app's own: gunicorn's would hold addresses and paths with tokens.
"""

from __future__ import annotations

import logging
import os
import socket
from contextlib import suppress
from typing import Any

import structlog
from gunicorn import glogging, util
from gunicorn.http import errors, wsgi
from gunicorn.workers.gthread import ThreadWorker

from clinic.extensions import site
from clinic.web import headers, logs

BROKEN = "500 Internal Server Error"
REFUSALS: dict[type[Exception], str] = {
    errors.InvalidResponseHeader: BROKEN,
    errors.LimitRequestLine: "414 URI Too Long",
    errors.LimitRequestHeaders: "431 Request Header Fields Too Large",
    errors.UnsupportedTransferCoding: "501 Not Implemented",
    errors.ParseException: "400 Bad Request",
}
REFUSED = b"This is no request that we can read. Please go back and try again."


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn is untyped
    """Answers what is no request as the app answers: our headers, none of the words that came.

    Gunicorn's own way repeats the broken line, a link's token with it, in the answer and the log.
    """

    def handle_error(self, req: Any, client: socket.socket, addr: Any, exc: Exception) -> None:
        """Refuse in one plain line, and log the kind of fault alone."""
        status = next((said for kind, said in REFUSALS.items() if isinstance(exc, kind)), BROKEN)
        kind, place = logs.describe((type(exc), exc, exc.__traceback__))
        structlog.get_logger().warning("no request", error=kind, where=place, status=status[:3])
        given = {
            "Connection": "close",
            "Content-Type": "text/plain; charset=utf-8",
            "Content-Length": str(len(REFUSED)),
            **headers.fixed(secure=site.settings.secure),
            "Cache-Control": "no-store",
        }
        lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in given.items())]
        with suppress(OSError):
            util.write_nonblock(client, "\r\n".join([*lines, "", ""]).encode("ascii") + REFUSED)


class Lines(logging.Handler):
    """Writes what gunicorn says as lines of our log: how grave and where, none of its words."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line; a fault is told by its type and place."""
        kind, place = logs.describe(record.exc_info)
        structlog.get_logger().log(
            record.levelno,
            "library",
            code=record.name,
            error=kind,
            where=place or f"{record.filename}:{record.lineno}",
        )


class Log(glogging.Logger):  # type: ignore[misc]  # gunicorn is untyped
    """Gunicorn's own log, in the form of ours also before there is an app."""

    def setup(self, cfg: Any) -> None:
        """Take gunicorn's settings, but not its way of writing."""
        super().setup(cfg)
        logs.configure("WARNING")
        self.error_log.handlers = [Lines()]


bind = os.environ.get("BIND", "127.0.0.1:8000")
workers = int(os.environ.get("WEB_WORKERS", "2"))
threads = int(os.environ.get("WEB_THREADS", "8"))
worker_class = Worker
timeout = 30
graceful_timeout = 20
keepalive = 5
accesslog = None
errorlog = "-"
logger_class = Log
loglevel = "warning"
limit_request_line = 4094
limit_request_fields = 60
limit_request_field_size = 8190

_given = wsgi.Response.default_headers


def _unnamed(response: wsgi.Response) -> list[str]:
    """Leave out the name of the server software; gunicorn has no setting for that."""
    return [line for line in _given(response) if not line.startswith("Server:")]


wsgi.Response.default_headers = _unnamed
