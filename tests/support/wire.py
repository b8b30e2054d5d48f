"""A test client whose requests travel over a real connection to a real server.

Werkzeug's client talks to any WSGI application; this one passes each request on. A connection that
breaks raises OSError or HTTPException, as it would in a browser.
"""

from collections.abc import Iterable
from contextlib import closing
from http.client import HTTPConnection
from typing import TYPE_CHECKING

from werkzeug.test import Client

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PATIENCE = 60
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding"}


def client(port: int, *, patience: float = PATIENCE) -> Client:
    """Make a client with cookies of its own for the server on a port of this machine."""
    return Client(_passing_on(port, patience))


def _passing_on(port: int, patience: float) -> "WSGIApplication":
    def application(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        path = environ["REQUEST_URI"]
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        with closing(HTTPConnection("127.0.0.1", port, timeout=patience)) as connection:
            connection.request(environ["REQUEST_METHOD"], path, body, _headers(environ))
            answer = connection.getresponse()
            content = answer.read()
        headers = [
            (key, value) for key, value in answer.getheaders() if key.lower() not in HOP_BY_HOP
        ]
        start_response(f"{answer.status} {answer.reason}", headers)
        return [content]

    return application


def _headers(environ: "WSGIEnvironment") -> dict[str, str]:
    sent = {
        name.removeprefix("HTTP_").replace("_", "-"): str(value)
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    if environ.get("CONTENT_TYPE"):
        sent["Content-Type"] = environ["CONTENT_TYPE"]
    return sent
