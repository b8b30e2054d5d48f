"""Whatever goes wrong, what was typed comes back, and nothing is stored twice."""

import re
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from threading import Barrier
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient

from clinic.models import Draft, Intake, Letter, Request
from tests.support.page import Page
from tests.web.patient.walking import ABOUT, Walker, page_with, ticks

RACERS = 20
BOXES = ticks("rf-chest-breath")
CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
HOSTILE = (
    "\x00",
    "a\x00b",
    "\x07bell",
    "\x1b[31m",
    "\ud800",
    "<script>alert(1)</script>",
    "{{ 7*7 }}",
    "'; DROP TABLE request; --",
    "\u202egnp.exe",
    "A" * 5000,
    "e\u0301" * 200,
    "\u00e9\u00f1\U0001f600",
    "../../etc/passwd",
    "%00%0d%0aSet-Cookie: x=1",
    "a\r\nBcc: evil@example.com",
)


def test_a_double_click_on_the_first_page_makes_one_request(ana_on_both: Walker) -> None:
    form = ana_on_both.get("/request/").form("Save and continue").fill(ABOUT)

    answers = _race(ana_on_both, "/request/", form.data)

    assert {status for status, _location in answers} == {303}
    assert len(ana_on_both.rows(Request)) == 1
    assert len(ana_on_both.rows(Draft)) == 1


@pytest.mark.proves("CON-4")
def test_twenty_clicks_on_send_send_once_and_show_the_same(ana_on_both: Walker) -> None:
    form = ana_on_both.is_at_the_check().form("Send my request")

    answers = _race(ana_on_both, "/request/send", form.data)

    assert answers == [(303, "/request/sent")] * RACERS
    assert len(ana_on_both.rows(Intake)) == 1
    assert [letter.kind for letter in ana_on_both.rows(Letter)] == ["request_received"]


@pytest.mark.proves("CON-4")
def test_the_same_key_with_another_content_is_a_conflict(ana: Walker) -> None:
    form = ana.is_at_the_check().form("Send my request")
    form.submit("Send my request")
    data = [(name, "1" if name == "seen" else value) for name, value in form.data]

    response = ana.client.post("/request/send", data=_listed(data))

    assert response.status_code == 409
    assert len(ana.rows(Intake)) == 1


def test_two_tabs_send_one_request(ana: Walker) -> None:
    first = ana.is_at_the_check().form("Send my request")
    second = ana.get("/request/check").form("Send my request")

    first_page, second_page = first.submit("Send my request"), second.submit("Send my request")

    assert first_page.heading == second_page.heading == "We have your request"
    assert len(ana.rows(Intake)) == 1


def test_the_first_form_sent_again_with_another_content_shows_both(ana: Walker) -> None:
    form = ana.get("/request/").form("Save and continue").fill(ABOUT)
    form.submit("Save and continue")

    again = form.fill({"name": "Ana Maria Example"}).submit("Save and continue")

    assert again.status == 409
    assert "Ana Example" in again.text
    assert "Ana Maria Example" in again.text
    again.submit("Keep what I just sent")
    assert len(ana.rows(Request)) == 1
    assert ana.request().name == "Ana Maria Example"


@pytest.mark.proves("CON-4")
def test_a_stale_tab_gets_both_texts_and_either_can_be_kept(ana_on_both: Walker) -> None:
    ana = ana_on_both
    stale = ana.begins().form("Save and continue")
    fresh = ana.get("/request/where")
    fresh.submit(
        "Save and continue", {"wanted_regions": ["neck"], "free_text.hopes": "To lift my bag"}
    )

    page = stale.fill({"wanted_regions": ["head"], "free_text.hopes": "To sleep all night"}).submit(
        "Save and continue"
    )

    assert page.status == 409
    assert "To lift my bag" in page.text
    assert "To sleep all night" in page.text
    [draft] = ana.rows(Draft)
    assert draft.answers["free_text.hopes"] == "To lift my bag"
    page.submit("Keep what I just sent")
    [draft] = ana.rows(Draft)
    assert draft.answers["free_text.hopes"] == "To sleep all night"
    assert draft.answers["wanted_regions"] == ["head"]


def test_a_double_click_on_a_page_is_no_conflict(ana: Walker) -> None:
    form = ana.begins().form("Save and continue").fill({"wanted_regions": ["neck"]})

    first, second = form.submit("Save and continue"), form.submit("Save and continue")

    assert first.status == second.status == 200
    assert first.path == second.path


@pytest.mark.proves("CSRF-3")
def test_an_expired_token_gives_every_field_back(ana: Walker) -> None:
    form = ana.get("/request/").form("Save and continue").fill(ABOUT)
    data = [(name, "stale" if name == "csrf_token" else value) for name, value in form.data]

    refused = Page(ana.client, ana.client.post("/request/", data=_listed(data)))

    assert refused.status == 400
    for name, value in form.data:
        if name != "csrf_token":
            assert value in refused.values[name], name
    again = refused.form(_first_button(refused)).submit()
    assert again.heading == "Where it hurts"
    assert len(ana.rows(Request)) == 1


@pytest.mark.proves("CSRF-3")
def test_a_form_that_closed_meanwhile_is_saved_after_the_code(
    ana: Walker, moving: time_machine.Traveller
) -> None:
    form = (
        ana.begins()
        .form("Save and continue")
        .fill({"wanted_regions": ["neck"], "free_text.hopes": "To lift my bag"})
    )
    moving.shift(31 * 60)

    refused = ana.client.post("/request/where", data=_listed(form.data))
    assert refused.status_code == 307
    held = Page(ana.client, ana.client.post(refused.headers["Location"], data=_listed(form.data)))
    unknown = ana.elsewhere()  # a browser that has lost all that told us whose form it is
    token = unknown.get("/request/").values["csrf_token"][:1]
    data = {**_listed(form.data), "csrf_token": token}
    lost = Page(unknown.client, unknown.client.post(refused.headers["Location"], data=data))
    assert ("free_text.hopes", "To lift my bag") in lost.form("Save it and go on").data
    coded = held.submit("Mail me a code")
    wrong = coded.submit("Go on with my request", code="000000" if ana.code() != "000000" else "1")
    assert wrong.status == 422
    opened = wrong.submit("Go on with my request", code=ana.code())
    page = opened.submit("Save it and go on")

    assert page.path == "/request/history/red-flags"
    [draft] = ana.rows(Draft)
    assert draft.answers["free_text.hopes"] == "To lift my bag"


@pytest.mark.proves("DUR-7")
def test_a_draft_shows_every_saved_page_again_later(
    ana: Walker, moving: time_machine.Traveller
) -> None:
    page = ana.comes_to_history()
    ana.save(page, page_with("red-flags"))
    moving.shift(3600)

    closed = ana.get("/request/check")
    assert closed.path == "/request/closed"
    page = closed.submit("Mail me a code").submit("Go on with my request", code=ana.code())

    assert page.path == "/request/check"
    assert "Back or side of the neck" in page.text
    assert ana.get("/request/history/red-flags").values[BOXES] == ["none"]


@pytest.mark.proves("IN-3")
def test_hostile_text_is_kept_or_refused_beside_its_field_and_never_an_error_of_ours(
    ana_on_both: Walker,
) -> None:
    ana = ana_on_both
    ana.begins()
    fields = {
        "/request/": ["name", "birth_date-day", "phone", "email", "guardian", "channel"],
        "/request/where": ["free_text.hopes", "times", "wanted_regions", "days"],
        "/request/history/red-flags": [BOXES, f"{BOXES}-unsure", "rf-chest-breath.where"],
        "/request/history/medicines": ["medicines"],
        "/request/history/chest-lungs": ["low-bmi.height", "lung-disease"],
        "/request/history/surgery": ["surgery-recent.date-year", "surgery-recent.regions"],
    }
    tab = ana.another_tab(FlaskClient(ana.app, ana.app.response_class, use_cookies=True))
    for path, names in fields.items():
        form = ana.get(path).form("Save and continue")
        for name, text in product(names, HOSTILE):
            data = [(key, value) for key, value in form.data if key != name]
            body = urlencode([*data, (name, text)], errors="surrogatepass")
            kind = "application/x-www-form-urlencoded"
            response = tab.post(path, data=body, content_type=kind)
            assert response.status_code in {200, 303, 400, 409, 422}, (path, name, text)
            assert not CONTROLS.search(response.text), (path, name, text)
            assert "<script>alert" not in response.text


def test_a_refused_page_that_holds_hostile_text_is_a_page_like_any_other(ana: Walker) -> None:
    for text in HOSTILE:
        if text == "\ud800":
            continue  # the page helper types text, and half a character is none
        page = ana.get("/request/").submit("Save and continue", {**ABOUT, "phone": text})

        assert page.status == 422
        assert "phone" in page.errors


def test_a_key_that_is_missing_makes_nothing(ana: Walker) -> None:
    form = ana.get("/request/").form("Save and continue").fill(ABOUT)
    data = [pair for pair in form.data if pair[0] != "idempotency_key"]

    response = ana.client.post("/request/", data=_listed(data))

    assert response.status_code == 400
    assert ana.rows(Request) == []


def test_get_and_head_change_nothing(ana: Walker) -> None:
    ana.is_at_the_check()
    before = _state(ana)

    for path in ("/", "/request/", "/request/where", "/request/check", "/request/later",
                 "/request/stop", "/request/sent", "/status/", "/status/closed"):  # fmt: skip
        ana.client.get(path)
        ana.client.head(path)

    assert _state(ana) == before


def _state(walker: Walker) -> list[Any]:
    return [(row.id, row.version) for model in (Request, Draft) for row in walker.rows(model)]


def _race(walker: Walker, path: str, data: list[tuple[str, str]]) -> list[tuple[int, str | None]]:
    """Send the same form from many threads at once, each with this browser's cookies."""
    start = Barrier(RACERS)

    def send(app: Flask) -> tuple[int, str | None]:
        client = walker.another_tab(app.test_client())
        start.wait()
        response = client.post(path, data=_listed(data))
        return response.status_code, response.headers.get("Location")

    with ThreadPoolExecutor(RACERS) as pool:
        return list(pool.map(send, [walker.app] * RACERS))


def _listed(pairs: list[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


def _first_button(page: Page) -> str:
    soup: BeautifulSoup = page.soup
    button = soup.select_one("main form button")
    assert button is not None
    return " ".join(button.get_text().split())
