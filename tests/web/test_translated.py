"""Every visible string is marked for translation: staff pages, public pages, errors, letters.

Every page is drawn in a made-up language (tests/support/pseudo.py). The pages of a patient's form
have the same in tests/web/patient/test_translated.py.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
import time_machine
import yaml
from bs4 import BeautifulSoup, Tag
from flask import Flask
from jinja2 import Environment, meta, nodes
from sqlalchemy import select

from clinic.access import Role
from clinic.commands import demo_clinic, demo_questions
from clinic.extensions import db
from clinic.models import Location
from clinic.queries import letter_texts
from clinic.screening import medicine_list, regions
from clinic.services import letters
from clinic.web import errors, filters, headers
from tests.support import databases, pseudo
from tests.support.clock import MONDAY_MORNING
from tests.support.page import Page
from tests.support.signing_in import hire, sign_in

TEMPLATES = Path(str(resources.files("clinic"))) / "templates"
DATA = Path(str(resources.files("clinic"))) / "screening" / "data"
JINJA = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
LETTERS = sorted(file.stem for file in (TEMPLATES / "email").glob("*.txt"))
DRAWN = sorted(str(file.relative_to(TEMPLATES)) for file in TEMPLATES.rglob("*.html"))
WIRING = "components/described_by.html"  # prints attributes alone
OF_THE_MARKUP = re.compile(r"{% block (?:page_class|main_class|scheme) %}.*?{% endblock %}")
SENTENCE = re.compile(r"[A-ZÀ-Ý][a-zà-ý]")  # how words for people begin; names in code do not
ENTRANCES = (
    "/",
    "/privacy",
    "/accessibility",
    "/request/",
    "/request/closed",
    "/request/check",
    "/status/closed",
    "/status/code",
    "/r/nothing",
    "/staff/sign-in",
    "/staff/code",
    "/staff/recovery-code",
    "/staff/set-up",
    "/staff/forgot",
    "/staff/forgot/sent",
    "/staff/reset/nothing",
    "/staff/new-password",
)
# What is read out to a patient stands in their language, not in that of who reads it.
ENDINGS = ("/sign-out", "/language", "/queue.json", "/asked")
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
SETTINGS = (
    "Fictional Needling Clinic",
    "De lunes a viernes, de 8 a. m. a 5 p. m.",
    "1 Example Street",
    "Springfield",
    *filters.LANGUAGES.values(),
    "Somebody",
    "Not answered.",  # of a finding's reason, which stays in the words that were signed off
)


@pytest.fixture
def empty_clinic() -> Iterator[Flask]:
    """A clinic whose Spanish is the made-up language."""
    with (
        time_machine.travel(MONDAY_MORNING, tick=False),
        databases.fresh_database("sqlite") as url,
        databases.running_app(url) as app,
        pseudo.spoken(app),
    ):
        yield app


@pytest.fixture
def clinic(empty_clinic: Flask) -> Flask:
    """The demo's clinic, with a request in each state that a page can show."""
    with empty_clinic.app_context():
        demo_clinic.load(datetime.now(UTC), say=lambda _said: None)
    return empty_clinic


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.LEAD_THERAPIST, Role.ADMIN])
def test_no_page_of_the_staff_holds_a_string_that_is_not_marked(clinic: Flask, role: Role) -> None:
    person = hire(clinic, role, email="somebody@example.com", name="Somebody")
    listener = pseudo.Listener(clinic, clinic.response_class, use_cookies=True)
    sign_in(listener, person)
    listener.listen((*SETTINGS, *_given(clinic)))

    pages = _opened(listener, "/staff/")
    for path, page in pages.items():
        _send_blank(listener, path, page)

    assert len(pages) > 5
    assert listener.heard == (), "\n".join(listener.heard)


def test_the_opening_hours_are_said_in_the_language_of_the_page(empty_clinic: Flask) -> None:
    client = empty_clinic.test_client()

    english = client.get("/privacy").text
    client.set_cookie(filters.LANGUAGE_COOKIE, "es")
    spanish = client.get("/privacy").text

    assert "Monday to Friday, 8 AM to 5 PM" in english
    assert "De lunes a viernes" not in english
    assert "De lunes a viernes, de 8 a. m. a 5 p. m." in spanish
    assert "Monday" not in spanish


@pytest.mark.parametrize("path", ENTRANCES)
def test_no_page_before_a_sign_in_holds_one(empty_clinic: Flask, path: str) -> None:
    listener = _listener(empty_clinic)

    page = BeautifulSoup(listener.get(path, follow_redirects=True).text, "html.parser")
    _send_blank(listener, path, page)

    assert listener.heard == (), "\n".join(listener.heard)


def test_no_step_of_a_first_sign_in_holds_one(empty_clinic: Flask) -> None:
    person = hire(empty_clinic, with_app=False)
    listener = _listener(empty_clinic)

    page = Page.get(listener, "/staff/sign-in")
    page = page.submit(pseudo.worded("Continue"), email=person.email, password="wrong")
    page = page.submit(pseudo.worded("Continue"), email=person.email, password=person.password)
    assert page.path == "/staff/set-up"
    page.submit(pseudo.worded("Finish set-up"), code="000000")

    assert listener.heard == (), "\n".join(listener.heard)


@pytest.mark.parametrize("status", errors.PAGES)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_no_error_page_holds_one(empty_clinic: Flask, status: int, method: str) -> None:
    chosen = {"Cookie": f"{filters.LANGUAGE_COOKIE}=es"}

    with empty_clinic.test_request_context("/", method=method, data={"a": "b"}, headers=chosen):
        text, drawn, _headers = errors.page(status)

    assert drawn == status
    assert pseudo.OPEN in text
    assert pseudo.outside(text, SETTINGS) == []


@pytest.mark.parametrize("said", [*headers.REFUSALS.values(), errors.FOREIGN_HOST])
def test_what_is_said_before_a_language_is_known_is_said_in_both(said: str) -> None:
    english, spanish = said.splitlines()

    assert "please" in english.lower()
    assert "por favor" in spanish.lower()


def test_each_letter_that_promises_a_code_tells_what_an_unproved_address_gets() -> None:
    texts = {
        kind: (TEMPLATES / "email" / f"{kind}.txt").read_text(encoding="utf-8") for kind in LETTERS
    }
    promising = {kind for kind in LETTERS if "asks for a code that we mail to you" in texts[kind]}

    silent = {
        kind for kind in promising if '{% include "parts/elsewhere.txt" %}' not in texts[kind]
    }

    # The one goes to proved addresses alone; the other says it in words of its own.
    assert silent == {"resume_link", "enquiry_request"}


@pytest.mark.parametrize("kind", LETTERS)
@pytest.mark.parametrize("filled", ["", "7", "phone"])
def test_no_letter_holds_one(empty_clinic: Flask, kind: str, filled: str) -> None:
    source = (TEMPLATES / "email" / f"{kind}.txt").read_text(encoding="utf-8")
    wanted = meta.find_undeclared_variables(JINJA.parse(source)) | {"address_proved"}

    with empty_clinic.app_context():
        context = dict.fromkeys(wanted - {"clinic_name", "clinic_phone", "base_url"}, filled)
        if kind == "desk_letter":  # its subject is words of the desk's own
            context["subject"] = pseudo.worded("Please call us")
        subject, body = letters.render(kind, "es", context)

    assert pseudo.OPEN in subject
    assert pseudo.OPEN in body
    allowed = re.compile(rf"{SETTINGS[0]}|http\S*|phone")
    assert [line for line in (subject, *body.splitlines()) if pseudo.left(line, allowed)] == []


@pytest.mark.parametrize("name", DRAWN)
def test_no_branch_of_a_template_holds_one(name: str) -> None:
    source = (TEMPLATES / name).read_text(encoding="utf-8")
    tree = JINJA.parse(source)
    pieces = JINJA.lex(OF_THE_MARKUP.sub("", source))
    written = "".join(text for _line, kind, text in pieces if kind == "data")

    held = pseudo.outside(f"<div{written}>" if name == WIRING else written)
    held += _sentences_as_arguments(tree)

    assert held == []


def test_a_string_that_nobody_marked_is_found_wherever_it_stands() -> None:
    marked, other = pseudo.worded("Marked"), "Forgotten"
    nested = pseudo.worded("a %(name)s") % {"name": marked}
    page = (
        f"<p>{marked} {other}</p><p>{marked}</p><a title='{other}'>{marked}</a>"
        f"<button data-busy='{other}'></button><p>{nested}</p>"
        f"<p>23 de noviembre de 2026, 9:00 a. m. (EST)</p><p>Known, {other}</p>"
        f"<p translate='no'>Not ours</p><bdi>Typed</bdi><meta name='description' content='{other}'>"
    )
    template = JINJA.parse(f"{{{{ button('{other}') }}}}{{{{ button(_('Marked')) }}}}")

    assert pseudo.outside(page, ["Known"]) == [other, f", {other}", other, other, other]
    assert list(_sentences_as_arguments(template)) == [other]


def _sentences_as_arguments(tree: nodes.Template) -> Iterator[str]:
    """Find words for people that a template hands on without marking them."""
    calls = [call for call in tree.find_all(nodes.Call) if isinstance(call.node, nodes.Name)]
    fine = {
        id(argument)
        for call in calls
        for argument in call.args
        if getattr(call.node, "name", "") in {"_", "ngettext", "cite"}
    }
    for one in tree.find_all(nodes.Const):
        if isinstance(one.value, str) and id(one) not in fine and SENTENCE.match(one.value):
            yield one.value


def _listener(app: Flask) -> pseudo.Listener:
    listener = pseudo.Listener(app, app.response_class, use_cookies=True)
    listener.listen(SETTINGS)
    return listener


def _opened(listener: pseudo.Listener, start: str) -> dict[str, BeautifulSoup]:
    """Open every page that links lead to; addresses that differ in a date alone count as one."""
    found: dict[str, BeautifulSoup] = {}
    to_open, known = [start], {start}
    while to_open:
        path = to_open.pop(0)
        response = listener.get(path, follow_redirects=True)
        found[path] = page = BeautifulSoup(response.text, "html.parser")
        for link in _links(path, page):
            kind = DATE.sub("", link)
            if kind not in known:
                known.add(kind)
                to_open.append(link)
    return found


def _links(path: str, page: BeautifulSoup) -> Iterator[str]:
    for link in page.find_all("a", href=True):
        parts = urlsplit(urljoin(path, str(link["href"])))
        if parts.path.startswith("/staff") and not parts.path.endswith(ENDINGS):
            yield parts.path + (f"?{parts.query}" if parts.query else "")


def _send_blank(listener: pseudo.Listener, path: str, page: BeautifulSoup) -> None:
    """Send each form of the page as somebody would who filled in nothing."""
    for form in page.find_all("form", method="post"):
        action = urlsplit(urljoin(path, str(form.get("action") or ""))).path
        if not action.endswith(ENDINGS):
            listener.post(action, data=_blank(form), follow_redirects=True)


def _blank(form: Tag) -> dict[str, str]:
    """Say what a browser sends of a form as it came, with every typed field emptied."""
    hidden = {
        str(field["name"]): str(field.get("value", ""))
        for field in form.select("input[type=hidden][name]")
    }
    typed = form.select("textarea[name], input[type=text][name], input[type=email][name]")
    chosen = {}
    for select_ in form.select("select[name]"):
        option = select_.select_one("option[selected]") or select_.option
        chosen[str(select_["name"])] = str(option["value"]) if option else ""
    return {**dict.fromkeys((str(one["name"]) for one in typed), ""), **chosen, **hidden}


def _given(app: Flask) -> Iterator[str]:
    """What people wrote into the demo, and the questionnaire with its rules in both languages."""
    for person in demo_clinic.PEOPLE.values():
        yield from (person.name, person.hopes)
    yield from ("Sam Example", demo_questions.WAITING)
    for _language, asked, told in demo_questions.PUBLISHED:
        yield from (asked, told)
    yield from (f"{{{mark}}}" for mark in letter_texts.MARKS)
    for _email, name, _role, licence in demo_clinic.STAFF:
        yield from (name, licence)
    with app.app_context():
        for place in db.session.scalars(select(Location)):
            yield from (place.name, place.legal_basis or "", place.address or "")
            yield from (place.zone, place.state)
    body = regions.shipped()
    for language in filters.LANGUAGES:
        yield from (body.label(region, language) for region in body.ids)
    for named in medicine_list.shipped().names.values():
        yield from (agent for agent, _group in named)
    for file in sorted(DATA.rglob("*.yaml")):
        yield from _texts(yaml.safe_load(file.read_text(encoding="utf-8")))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from _texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)
