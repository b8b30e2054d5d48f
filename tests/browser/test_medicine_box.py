"""The medicine box: names are offered as a patient types, by keyboard and by touch."""

import mimetypes
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import render_template_string
from playwright.sync_api import Browser, Page, Route
from wtforms import Form, TextAreaField

from clinic.web import headers
from tests.support import databases
from tests.support.browser import Visitor, visitor

STATIC = Path(headers.__file__).parents[1] / "static"
SITE = "http://localhost"
PAGE = """
{%- from "components/medicine_box.html" import medicine_box -%}
<!doctype html><html lang="en"><head>
<meta name="viewport" content="width=device-width"><title>Medicines</title>
<link rel="stylesheet" href="{{ asset('css/site.css') }}">
<script src="{{ asset('js/site.js') }}" defer></script>
<script src="{{ asset('js/history.js') }}" defer></script></head>
<body><main class="wrap narrow"><h1>Your medicines</h1><form class="ask" method="post">
{{ medicine_box(form.medicines, names=asset("data/medicine-names.json")) }}
</form></main></body></html>
"""


class Medicines(Form):
    """One box."""

    medicines = TextAreaField("Which medicines do you take?")


@pytest.fixture(scope="module")
def box_page(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The box on a page of its own, as the app draws it."""
    empty = tmp_path_factory.mktemp("box") / "empty.sqlite3"
    with databases.running_app(f"sqlite:///{empty}") as app, app.test_request_context("/"):
        return render_template_string(PAGE, form=Medicines())


@pytest.fixture(params=["phone", "desktop"])
def patient(
    request: pytest.FixtureRequest, chromium: Browser, box_page: str
) -> Iterator[tuple[Visitor, list[str]]]:
    """Somebody in front of the box, and what her browser asked the site for."""
    asked: list[str] = []

    def answer(route: Route) -> None:
        path = urlsplit(route.request.url).path
        asked.append(route.request.url)
        policy = {"Content-Security-Policy": headers.CSP}
        if path == "/":
            route.fulfill(body=box_page, content_type="text/html; charset=utf-8", headers=policy)
        else:
            file = STATIC / path.removeprefix("/static/")
            kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
            route.fulfill(body=file.read_bytes(), content_type=kind)

    with visitor(chromium, SITE, width=request.param) as guest:
        guest.page.route("**/*", answer)
        guest.open("/")
        yield guest, asked


def types(page: Page, text: str) -> None:
    page.get_by_label("Which medicines do you take?").press_sequentially(text)


def offered(page: Page) -> list[str]:
    page.get_by_role("option").first.wait_for()
    return page.get_by_role("option").all_inner_texts()


def test_a_name_is_taken_by_keyboard_by_touch_or_not_at_all(
    patient: tuple[Visitor, list[str]],
) -> None:
    guest, asked = patient
    page = guest.page
    box = page.get_by_label("Which medicines do you take?")

    types(page, "eliq")
    assert offered(page) == ["Eliquis"]
    assert "Names found: 1." in page.get_by_role("status").inner_text()
    guest.check_page()
    box.press("ArrowDown")
    pointed = box.get_attribute("aria-activedescendant")
    assert page.locator(f"#{pointed}").get_attribute("aria-selected") == "true"
    box.press("Enter")
    assert box.input_value() == "Eliquis"

    types(page, " 5 mg\nacido fol")
    assert offered(page) == ["Ácido fólico"]
    page.get_by_role("option").click()
    assert box.input_value() == "Eliquis 5 mg\nÁcido fólico"

    types(page, "\nlisin")
    offered(page)
    box.press("Escape")
    assert page.get_by_role("option").count() == 0
    types(page, "op")
    offered(page)
    box.press("Enter")  # none was pointed at: the line stays as it was typed
    assert box.input_value() == "Eliquis 5 mg\nÁcido fólico\nlisinop\n"

    assert not [url for url in asked if "eliq" in url or "lisin" in url]
