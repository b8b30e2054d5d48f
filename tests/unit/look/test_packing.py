"""Style sheets, scripts and drawings travel gzipped; pages never do."""

from __future__ import annotations

import gzip

import pytest
from werkzeug.test import Client
from werkzeug.wrappers import Request, Response

from clinic.web.packing import Packing

BODY = b"a { color: red }\n" * 50


@Request.application
def answer(request: Request) -> Response:
    status = 404 if "missing" in request.path else 200
    return Response(BODY, status=status, headers={"ETag": '"one"', "Content-Type": "text/css"})


def fetch(path: str, *, encoding: str = "gzip, br", method: str = "GET") -> Response:
    client = Client(Packing(answer))
    return client.open(path, method=method, headers={"Accept-Encoding": encoding})


@pytest.mark.parametrize("path", ["/static/css/site.css", "/static/js/site.js", "/static/a.svg"])
def test_a_text_file_is_gzipped_and_says_so(path: str) -> None:
    reply = fetch(path)

    assert reply.headers["Content-Encoding"] == "gzip"
    assert reply.headers["Vary"] == "Accept-Encoding"
    assert int(reply.headers["Content-Length"]) == len(reply.data) < len(BODY)
    assert "ETag" not in reply.headers
    assert gzip.decompress(reply.data) == BODY


@pytest.mark.parametrize(
    ("path", "encoding", "method"),
    [
        ("/request/start", "gzip", "GET"),
        ("/site.css", "gzip", "GET"),
        ("/static/fonts/a.woff2", "gzip", "GET"),
        ("/static/css/site.css", "identity", "GET"),
        ("/static/css/missing.css", "gzip", "GET"),
        ("/static/css/site.css", "gzip", "HEAD"),
    ],
)
def test_everything_else_passes_untouched(path: str, encoding: str, method: str) -> None:
    reply = fetch(path, encoding=encoding, method=method)

    assert "Content-Encoding" not in reply.headers
    assert reply.headers["ETag"] == '"one"'
    assert reply.data == (b"" if method == "HEAD" else BODY)
