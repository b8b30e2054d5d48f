"""Gunicorn's configuration: ``gunicorn -c python:clinic.server "clinic.app:create_app()"``.

Threads hold slow clients apart from each other; a buffering proxy belongs in front on the
internet. The log is the app's own: gunicorn's would hold addresses and paths with tokens.
"""

from __future__ import annotations

import os

from gunicorn.http import wsgi

bind = os.environ.get("BIND", "127.0.0.1:8000")
workers = int(os.environ.get("WEB_WORKERS", "2"))
threads = int(os.environ.get("WEB_THREADS", "8"))
worker_class = "gthread"
timeout = 30
graceful_timeout = 20
keepalive = 5
accesslog = None
errorlog = "-"
loglevel = "warning"
limit_request_line = 4094
limit_request_fields = 60
limit_request_field_size = 8190

_given = wsgi.Response.default_headers


def _unnamed(response: wsgi.Response) -> list[str]:
    """Leave out the name of the server software; gunicorn has no setting for that."""
    return [line for line in _given(response) if not line.startswith("Server:")]


wsgi.Response.default_headers = _unnamed
