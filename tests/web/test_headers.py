"""Every answer carries each security header exactly once; half a body is never worked on."""

import re
import socket
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, redirect, request
from structlog.testing import capture_logs
from werkzeug.test import EnvironBuilder

from clinic.web import filters, guards, headers
from tests.support import databases
from tests.support.server import AppServer, serving

ONCE = {
    "Content-Security-Policy": headers.CSP,
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cache-Control": "no-store",
}
FORM = "application/x-www-form-urlencoded"


@dataclass
class Answer:
    """What a server would send, every header line of it."""

    status: int
    lines: list[tuple[str, str]]
    body: bytes

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.lines if key.lower() == name.lower()]


def ask(app: Flask, environ: dict[str, Any]) -> Answer:
    """Call the whole wrapped app as a server does, and keep duplicate headers apart."""
    told: list[tuple[str, list[tuple[str, str]]]] = []

    def start(status: str, lines: list[tuple[str, str]], _exc_info: Any = None) -> Any:
        told.append((status, list(lines)))
        return lambda _data: None

    chunks = app(environ, start)
    body = b"".join(chunks)
    if hasattr(chunks, "close"):
        chunks.close()
    status, lines = told[-1]
    return Answer(int(status.split()[0]), lines, body)


def environ(method: str, path: str, **more: Any) -> dict[str, Any]:
    return EnvironBuilder(
        path=path, method=method, base_url="http://localhost", **more
    ).get_environ()


def posted(path: str, body: bytes, **changed: str) -> dict[str, Any]:
    """A form post whose headers may lie about its body."""
    return {
        **environ("POST", path, data=b"", content_type=FORM),
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": BytesIO(body),
        **changed,
    }


def add_pages_that_answer_otherwise(app: Flask) -> None:
    """A redirect and a fault, which no page of ours makes for everybody."""

    @guards.public
    def elsewhere() -> Any:
        answer = redirect("/healthz", 303)
        answer.headers["Cache-Control"] = "public, max-age=60"
        answer.headers["X-Powered-By"] = "something"
        answer.headers["Server"] = "something"
        return answer

    @guards.public
    def broken() -> Any:
        raise LookupError("a fault that nobody expected")

    app.add_url_rule("/elsewhere", view_func=elsewhere)
    app.add_url_rule("/broken", view_func=broken)


@pytest.fixture
def app() -> Iterator[Flask]:
    with databases.fresh_database("sqlite") as url, databases.running_app(url) as made:
        made.testing = False  # so that a fault becomes a page, as it does outside tests
        add_pages_that_answer_otherwise(made)
        yield made


ANSWERS = [
    (200, "GET", "/healthz"),
    (200, "HEAD", "/healthz"),
    (200, "OPTIONS", "/healthz"),
    (200, "GET", "/static/css/site.css"),
    (303, "GET", "/elsewhere"),
    (404, "GET", "/no-such-page"),
    (404, "GET", "/static/no-such-file.css"),
    (405, "POST", "/healthz"),
    (405, "TRACE", "/healthz"),
    (500, "GET", "/broken"),
]


@pytest.mark.parametrize(("status", "method", "path"), ANSWERS)
@pytest.mark.proves("HDR-1")
def test_every_answer_carries_each_header_exactly_once(
    app: Flask, status: int, method: str, path: str
) -> None:
    answer = ask(app, environ(method, path))

    assert answer.status == status
    assert {name: answer.all(name) for name in ONCE} == {
        name: [value] for name, value in ONCE.items()
    }


def test_where_even_the_error_page_cannot_be_drawn_a_plain_line_is_answered(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cannot_draw(*_args: Any, **_values: Any) -> str:
        raise LookupError("a fault in the template")

    monkeypatch.setattr("clinic.web.errors.render_template", cannot_draw)

    answer = ask(app, environ("GET", "/broken"))

    assert (answer.status, answer.body[:20]) == (500, b"Something went wrong")
    assert {name: answer.all(name) for name in ONCE} == {
        name: [value] for name, value in ONCE.items()
    }


def test_an_error_page_has_a_short_id_to_read_out_that_is_in_the_log(app: Flask) -> None:
    with capture_logs() as lines:
        page = ask(app, environ("GET", "/no-such-page")).body.decode()

    shown = re.search(r"read out: <bdi>([^<]*)</bdi>", page)
    assert shown is not None
    assert re.fullmatch(r"(\w{4}-){2}\w{4}", shown[1])
    assert [line["trace"] for line in lines if line["event"] == "request"] == [shown[1]]


def test_a_method_that_is_not_taken_is_answered_with_those_that_are(app: Flask) -> None:
    answer = ask(app, environ("POST", "/healthz", data=b""))

    assert answer.status == 405
    assert answer.all("Allow") == ["GET, HEAD, OPTIONS"]


@pytest.mark.parametrize(
    ("status", "changed"),
    [
        (411, {"HTTP_TRANSFER_ENCODING": "chunked"}),
        (413, {"CONTENT_LENGTH": str(headers.MAX_BODY + 1)}),
        (400, {"CONTENT_LENGTH": "200"}),
    ],
)
@pytest.mark.proves("HDR-1")
def test_a_refused_body_is_answered_with_each_header_exactly_once(
    app: Flask, status: int, changed: dict[str, str]
) -> None:
    answer = ask(app, posted("/healthz", b"a=1", **changed))

    assert answer.status == status
    assert {name: answer.all(name) for name in ONCE} == {
        name: [value] for name, value in ONCE.items()
    }
    assert answer.all("Content-Length") == [str(len(answer.body))]


@pytest.mark.parametrize(
    "host", ["evil.example.org", "localhost.evil.example.org", "127.0.0.1", ""]
)
@pytest.mark.parametrize("path", ["/healthz", "/no-such-page", "/staff/"])
@pytest.mark.proves("HDR-5")
def test_a_foreign_host_is_refused_and_not_repeated(app: Flask, host: str, path: str) -> None:
    answer = ask(app, {**environ("GET", path), "HTTP_HOST": host, "SERVER_NAME": "0.0.0.0"})

    assert answer.status == 400
    assert {name: answer.all(name) for name in ONCE} == {
        name: [value] for name, value in ONCE.items()
    }
    assert answer.all("Location") == []
    assert b"example.org" not in answer.body


@pytest.mark.parametrize(("status", "method", "path"), ANSWERS)
def test_no_answer_names_the_software(app: Flask, status: int, method: str, path: str) -> None:
    answer = ask(app, environ(method, path))

    assert answer.status == status
    assert answer.all("Server") == answer.all("X-Powered-By") == []
    assert b"Werkzeug" not in answer.body
    assert b"Traceback" not in answer.body


def test_no_header_is_sent_twice(app: Flask) -> None:
    for _, method, path in ANSWERS:
        counts = Counter(name.lower() for name, _ in ask(app, environ(method, path)).lines)

        assert [name for name, count in counts.items() if count > 1 and name != "vary"] == []


@pytest.mark.proves("HDR-2")
def test_the_policy_lets_nothing_in_but_our_own() -> None:
    policy = dict(part.strip().split(" ", 1) for part in headers.CSP.split(";"))

    assert policy["default-src"] == "'none'"
    assert policy["form-action"] == "'self'"
    assert policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert {word for words in policy.values() for word in words.split()} == {"'none'", "'self'"}


def test_encryption_is_insisted_on_exactly_where_the_clinic_is_reached_by_it(app: Flask) -> None:
    with (
        databases.fresh_database("sqlite") as url,
        databases.running_app(url, public_base_url="https://localhost") as encrypted,
    ):
        there = ask(encrypted, environ("GET", "/healthz")).all("Strict-Transport-Security")
        missing = ask(encrypted, environ("GET", "/no-such-page")).all("Strict-Transport-Security")

    assert there == missing == ["max-age=31536000; includeSubDomains"]
    assert ask(app, environ("GET", "/healthz")).all("Strict-Transport-Security") == []


@pytest.mark.proves("HDR-1")
def test_only_a_file_that_is_there_and_carries_its_hash_may_be_kept(app: Flask) -> None:
    with app.test_request_context():
        address = filters.asset("css/site.css")

    kept = ask(app, environ("GET", address)).all("Cache-Control")
    missing = ask(app, environ("GET", "/static/css/none.css?v=0123456789ab"))

    assert kept == ["public, max-age=31536000, immutable"]
    assert missing.status == 404
    assert missing.all("Cache-Control") == ["no-store"]


@pytest.mark.parametrize("encoding", ["chunked", "Chunked", "gzip, chunked"])
@pytest.mark.proves("IN-1")
def test_a_body_of_unknown_length_is_refused_before_it_is_read(app: Flask, encoding: str) -> None:
    given = posted("/elsewhere", b"a=1", HTTP_TRANSFER_ENCODING=encoding)

    answer = ask(app, given)

    assert answer.status == 411
    assert given["wsgi.input"].tell() == 0


@pytest.mark.proves("IN-1")
def test_a_body_that_is_too_long_is_refused_before_it_is_read(app: Flask) -> None:
    given = posted("/elsewhere", b"a" * (headers.MAX_BODY + 1))

    answer = ask(app, given)

    assert answer.status == 413
    assert given["wsgi.input"].tell() == 0


@pytest.mark.parametrize("body", [b"", b"a=1", b"a=1&b=2"])
def test_a_body_that_ends_before_its_length_is_refused(app: Flask, body: bytes) -> None:
    answer = ask(app, posted("/elsewhere", body, CONTENT_LENGTH=str(len(body) + 1)))

    assert answer.status == 400


@pytest.mark.parametrize("length", ["-1", "1e3", "twelve", "+5", "\N{SUPERSCRIPT TWO}", "0x10"])
def test_a_length_that_is_none_is_refused(app: Flask, length: str) -> None:
    answer = ask(app, posted("/elsewhere", b"a=1", CONTENT_LENGTH=length))

    assert answer.status == 400


def test_a_body_of_the_greatest_length_arrives_whole(app: Flask) -> None:
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False  # this form comes from no page

    @guards.public
    def measure() -> str:
        return str(len(request.get_data()))

    app.add_url_rule("/measure", view_func=measure, methods=["POST"])

    answer = ask(app, posted("/measure", b"a" * headers.MAX_BODY))

    assert (answer.status, answer.body) == (200, str(headers.MAX_BODY).encode())


# --- The same behind a real server: the bytes as they arrive -------------------------------


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppServer]:
    folder: Path = tmp_path_factory.mktemp("limits")
    with databases.fresh_database("sqlite") as url:
        settings = databases.environment(
            url, limits_url=f"sqlite-limits:///{folder / 'limits.sqlite3'}"
        )
        settings["GUNICORN_CMD_ARGS"] = "--config python:clinic.server"
        with serving(settings, workers=1) as running:
            yield running


def raw(server: AppServer, head: str, body: bytes) -> tuple[int, str]:
    """Send these bytes, hang up our side, and read what comes back."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as line:
        line.sendall(head.replace("\n", "\r\n").encode() + b"\r\n\r\n" + body)
        line.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: line.recv(65536), b""))
    top = answer.split(b"\r\n\r\n", 1)[0].decode("latin-1")
    return int(top.split()[1]), top


HEAD = f"POST /healthz HTTP/1.1\nHost: localhost\nConnection: close\nContent-Type: {FORM}\n"


def test_a_dropped_connection_stores_nothing_behind_a_real_server(server: AppServer) -> None:
    status, head = raw(server, HEAD + "Content-Length: 400", b"name=Ana&half-a-hist")

    assert status == 400
    assert head.count("Content-Security-Policy:") == 1


@pytest.mark.proves("IN-1")
def test_a_chunked_form_is_refused_behind_a_real_server(server: AppServer) -> None:
    status, head = raw(server, HEAD + "Transfer-Encoding: chunked", b"3\r\na=1\r\n0\r\n\r\n")

    assert status == 411
    assert head.count("Content-Security-Policy:") == 1


NO_REQUESTS = [
    (400, "GET /r/a-token-that-nobody-logs"),
    (400, "GET /r/a-token-that-nobody-logs HTTP/9.1\nHost: localhost"),
    (400, "GET /healthz HTTP/1.1\nHost: localhost\nA token that nobody logs: 1"),
    (400, HEAD + "Content-Length: a-token-that-nobody-logs"),
    (414, f"GET /r/a-token-that-nobody-logs{'a' * 5000} HTTP/1.1\nHost: localhost"),
    (431, f"GET /healthz HTTP/1.1\nHost: localhost\nCookie: {'a' * 9000}"),
]


@pytest.mark.parametrize(("expected", "lines"), NO_REQUESTS)
@pytest.mark.proves("HDR-1")
def test_what_is_no_request_is_refused_with_our_headers_and_not_repeated(
    server: AppServer, expected: int, lines: str
) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as line:
        line.sendall(lines.replace("\n", "\r\n").encode() + b"\r\n\r\n")
        answer = b"".join(iter(lambda: line.recv(65536), b"")).decode("latin-1")

    assert int(answer.split()[1]) == expected
    assert {name: answer.count(f"{name}: {value}\r\n") for name, value in ONCE.items()} == (
        dict.fromkeys(ONCE, 1)
    )
    assert "nobody" not in answer
    assert "nobody" not in server.log.read_text()


@pytest.mark.proves("IN-1")
def test_a_giant_body_is_refused_by_its_length_behind_a_real_server(server: AppServer) -> None:
    status, _ = raw(server, HEAD + "Content-Length: 10485760", b"a" * 1000)

    assert status == 413


def test_the_real_server_does_not_name_itself(server: AppServer) -> None:
    status, head = raw(server, "GET /healthz HTTP/1.1\nHost: localhost\nConnection: close", b"")

    assert status == 200
    assert "server:" not in head.lower()


@pytest.mark.parametrize(
    "typed",
    [b"name=%FF%FE", b"name=%C3%28", b"name=%ED%A0%80", b"name=%C0%AF"],
    ids=["no utf-8", "cut short", "surrogate", "overlong"],
)
def test_a_form_that_is_no_text_is_refused_and_given_back(app: Flask, typed: bytes) -> None:
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False  # this form comes from no page

    answer = app.test_client().post(
        "/request/",
        data=typed + b"&hopes=kept%20words",
        content_type="application/x-www-form-urlencoded",
    )

    assert answer.status_code == 400
    assert "Some letters could not be read" in answer.text
    assert "kept words" in answer.text


def test_a_query_that_is_no_text_is_refused(app: Flask) -> None:
    answer = app.test_client().get("/?next=%FF")

    assert answer.status_code == 400


def test_text_in_any_script_passes(app: Flask) -> None:
    answer = app.test_client().get("/?q=%C3%B1%F0%9F%8C%BF%D8%B9")

    assert answer.status_code == 200
