"""JSON log lines in UTC with an allow-list of keys: nothing that a person typed gets through."""

from __future__ import annotations

import logging
import sys
import time
import traceback
from types import TracebackType

import structlog
from flask import Flask, Response, g, request

from clinic.extensions import site
from clinic.web import guards

ALLOWED = frozenset(
    {
        "event", "level", "timestamp", "trace", "method", "endpoint", "status", "milliseconds",
        "error", "where", "actor", "count", "number", "hash", "letter", "code", "job",
    }
)  # fmt: skip
Event = structlog.typing.EventDict


def allow_list(_logger: object, _method: str, event: Event) -> Event:
    """Drop every key that is not on the list."""
    return {key: value for key, value in event.items() if key in ALLOWED}


class ForeignHandler(logging.Handler):
    """Turns other libraries' records into our lines: their logger, never their words."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line with the logger's name and, for an error, its type and place."""
        kind, place = describe(record.exc_info)
        structlog.get_logger().log(
            record.levelno, "library", code=record.name, error=kind, where=place
        )


def describe(
    info: tuple[type[BaseException], BaseException, TracebackType | None]
    | tuple[None, None, None]
    | None,
) -> tuple[str | None, str | None]:
    """Name an exception's type and its place in the code, without any value in it."""
    if not info or info[0] is None:
        return None, None
    frames = traceback.extract_tb(info[2])
    place = " < ".join(f"{f.filename.rsplit('/', 1)[-1]}:{f.lineno}" for f in reversed(frames[-6:]))
    return info[0].__name__, place


def configure(level: str) -> None:
    """Set up the log for one process."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            allow_list,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.handlers = [ForeignHandler()]
    root.setLevel(logging.WARNING)


def init_app(app: Flask) -> None:
    """Log one line for each request: endpoint and status, no address and no query."""
    configure(site.settings.log_level)
    app.logger.handlers = []

    @app.before_request
    def begin() -> None:
        g.began = time.monotonic()

    @app.after_request
    def end(response: Response) -> Response:
        structlog.get_logger().info(
            "request",
            trace=guards.trace(),
            method=request.method,
            endpoint=request.endpoint,
            status=response.status_code,
            milliseconds=round((time.monotonic() - g.get("began", time.monotonic())) * 1000),
        )
        return response
