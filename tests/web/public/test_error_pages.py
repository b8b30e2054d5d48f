"""Each error page, met as people meet it: it says what to do, gives the number, keeps the words."""

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import Client, TestResponse

from clinic.access import Role
from clinic.extensions import db
from clinic.services.transaction import ChangedUnderneath
from clinic.web import guards, headers
from tests.support import databases
from tests.support.page import Page
from tests.support.signing_in import hire, sign_in
from tests.web.patient.walking import ABOUT

PHONE = "(555) 555-0100"
TYPED = "Ana Example"
Meeting = Callable[[Flask, Client], TestResponse]


@contextmanager
def open_clinic() -> Iterator[Flask]:
    with (
        databases.fresh_database("sqlite") as url,
        databases.running_app(url, starts_per_hour=2) as made,
    ):
        made.testing = False  # so that a fault becomes a page, as it does outside tests
        _plant_faults(made)
        with made.app_context(), db.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA busy_timeout=50")  # this one is used again below
        yield made


@pytest.fixture
def app() -> Iterator[Flask]:
    with open_clinic() as made:
        yield made


def _plant_faults(app: Flask) -> None:
    @guards.public
    def broken() -> Any:
        raise LookupError("a fault that nobody expected")

    @guards.public
    def late() -> Any:
        raise ChangedUnderneath

    app.add_url_rule("/broken", view_func=broken, methods=["POST"])
    app.add_url_rule("/late", view_func=late, methods=["POST"])


def filled(client: Client, **changed: str) -> dict[str, str]:
    form = Page.get(client, "/request/").form().fill({**ABOUT, **changed})
    return dict(form.data)


def forgets_the_token(_app: Flask, client: Client) -> TestResponse:
    return client.post("/request/", data={**filled(client), "csrf_token": "stale"})


def comes_from_another_site(_app: Flask, client: Client) -> TestResponse:
    sent = filled(client)
    return client.post("/request/", data=sent, headers={"Sec-Fetch-Site": "cross-site"})


def follows_a_dead_link(_app: Flask, client: Client) -> TestResponse:
    return client.get("/no-such-page")


def is_too_late(_app: Flask, client: Client) -> TestResponse:
    """Meet the page behind those that our forms have of their own for this."""
    return client.post("/late", data=filled(client))


def sends_too_much(_app: Flask, client: Client) -> TestResponse:
    long = b"name=" + b"a" * headers.MAX_BODY
    return client.post(
        "/request/",
        input_stream=BytesIO(long),
        content_length=len(long),
        content_type="application/x-www-form-urlencoded",
    )


def tries_too_often(app: Flask, client: Client) -> TestResponse:
    for before in (app.test_client(), app.test_client()):
        assert before.post("/request/", data=filled(before)).status_code == 303
    return client.post("/request/", data=filled(client))


def meets_a_fault(_app: Flask, client: Client) -> TestResponse:
    return client.post("/broken", data=filled(client))


def meets_a_locked_database(app: Flask, client: Client) -> TestResponse:
    sent = filled(client)
    with locked(app):
        return client.post("/request/", data=sent)


@contextmanager
def locked(app: Flask) -> Iterator[None]:
    other = sqlite3.connect(
        databases.sqlite_file(app.config["SQLALCHEMY_DATABASE_URI"]), isolation_level=None
    )
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.close()


MET: dict[int, tuple[Meeting, str]] = {
    400: (forgets_the_token, "Please send it once more"),
    403: (comes_from_another_site, "This page is not open to you"),
    404: (follows_a_dead_link, "We cannot find that page"),
    409: (is_too_late, "Something changed in the meantime"),
    413: (sends_too_much, "That was too much at once"),
    429: (tries_too_often, "Please wait a little"),
    500: (meets_a_fault, "Something went wrong on our side"),
    503: (meets_a_locked_database, "We are away for a moment"),
}
KEEPING = (400, 409, 429, 500, 503)
EACH = pytest.mark.parametrize("status", MET)


@cache
def met(status: int, language: str = "en") -> Page:
    """The page of a status as somebody meets it, met once for every test that looks at it."""
    with open_clinic() as app:
        client = app.test_client()
        client.set_cookie("language", language)
        return Page(client, MET[status][0](app, client))


@EACH
@pytest.mark.proves("HDR-1")
def test_an_error_page_is_the_clinics_own_and_says_what_to_do(status: int) -> None:
    page = met(status)

    assert page.status == status
    assert page.heading == MET[status][1]
    assert PHONE in page.text
    assert "Monday to Friday, 8 AM to 5 PM" in page.text
    assert page.soup.select("main a[href='tel:+15555550100']")
    counts = Counter(name.lower() for name, _ in page.response.headers)
    fixed = {name.lower() for name in (*headers.FIXED, "Cache-Control")}
    assert {name: counts[name] for name in fixed} == dict.fromkeys(fixed, 1)
    assert "fault that nobody expected" not in page.response.text


@EACH
def test_an_error_page_speaks_spanish(status: int) -> None:
    page = met(status, "es")

    assert page.status == status
    assert page.soup.html is not None
    assert page.soup.html["lang"] == "es"
    assert page.heading != MET[status][1]
    assert "De lunes a viernes" in page.text
    assert PHONE in page.text


@pytest.mark.parametrize("status", KEEPING)
@pytest.mark.proves("DUR-5")
def test_what_was_typed_comes_back_to_be_sent_again(status: int) -> None:
    page = met(status)

    again = dict(page.form("Send it again").data)
    assert again["name"] == TYPED
    assert {name: again[name] for name in ABOUT} == ABOUT
    assert again["csrf_token"] not in ("", "stale")


@pytest.mark.parametrize("status", sorted(set(MET) - set(KEEPING)))
def test_what_must_not_be_sent_again_offers_no_button(status: int) -> None:
    page = met(status)

    assert not page.has_button("Send it again")


def test_what_is_too_long_is_not_even_read(app: Flask) -> None:
    stream = BytesIO(b"a" * (headers.MAX_BODY + 1))

    answer = app.test_client().post("/request/", input_stream=stream)

    assert answer.status_code == 413
    assert stream.tell() == 0


def test_staff_of_another_role_are_told_whom_to_ask(app: Flask) -> None:
    client = app.test_client()
    desk = hire(app, Role.FRONT_DESK)
    sign_in(client, desk)

    page = Page.get(client, "/staff/settings")

    assert (page.status, page.heading) == (403, "This page is not open to you")
    assert "ask the person who looks after the accounts" in page.text


def test_what_breaks_before_there_is_a_page_still_gives_the_number(app: Flask) -> None:
    cut = app.test_client().post("/request/", environ_overrides={"CONTENT_LENGTH": "400"})

    assert (cut.status_code, cut.mimetype) == (400, "text/plain")
    assert PHONE in cut.text
