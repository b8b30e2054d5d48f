"""Every visible string of the patient's pages is marked for translation.

A made-up language wraps each marked string in brackets. What is left outside them on a page must
come from the questionnaire (which has its own Spanish), from the settings, or from the patient.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from bs4 import BeautifulSoup, Comment
from flask import Flask
from flask.testing import FlaskClient

from clinic.screening import questionnaire, rules
from clinic.services import consent
from scripts.catalogues import template
from tests.web.patient.walking import ABOUT, HEALTHY, Walker

OPEN, CLOSE = "\u27e6", "\u27e7"
ATTRIBUTES = ("aria-label", "title", "alt", "placeholder", "data-busy")
SILENT = ("script", "style", "title", "noscript")
OURS = (
    "Fictional Needling Clinic",
    "Monday to Friday, 8 AM to 5 PM",
    "1 Example Street",
    "Springfield",
    "English",
    "Español",
    "Ana Example",
    "ana@example.com",
    "a•••@e•••.com",
)


@pytest.fixture
def pseudo(small_app: Flask, tmp_path: Path) -> Iterator[Flask]:
    """The app, whose Spanish is every marked English string in brackets."""
    catalogue = Catalog(locale="es")
    for message in template():
        if not message.id:
            continue
        if isinstance(message.id, tuple):
            words: str | tuple[str, ...] = tuple(f"{OPEN}{part}{CLOSE}" for part in message.id)
        else:
            words = f"{OPEN}{message.id}{CLOSE}"
        catalogue.add(message.id, words, context=message.context)
    folder = tmp_path / "es" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    with (folder / "messages.mo").open("wb") as file:
        write_mo(file, catalogue)
    with small_app.app_context():
        config = small_app.extensions["babel"]
        config.translation_directories = [str(tmp_path)]
        read_before = config.instance.domain_instance.cache  # shared by every app of the run
        read_before.clear()
    yield small_app
    read_before.clear()


@pytest.fixture
def ana(pseudo: Flask, moving: object) -> Walker:
    """Somebody who asks for care in the app of brackets."""
    return Walker(pseudo)


def test_the_pages_of_the_form_hold_no_string_outside_the_catalogue(ana: Walker) -> None:
    faults: list[str] = []

    faults += _faults(ana, "/request/")
    faults += _posted(ana, "/request/", {})
    ana.begins()
    faults += _faults(ana, "/request/where")
    faults += _posted(ana, "/request/where", {})
    page = ana.save(ana.get("/request/where"), {"wanted_regions": ["neck"]})
    while page.path.startswith("/request/history/"):
        faults += _faults(ana, page.path)
        faults += _posted(ana, page.path, {})
        page = ana.save(page, HEALTHY[page.path.rpartition("/")[2]])
    faults += _faults(ana, "/request/consent")
    faults += _posted(ana, "/request/consent", {})
    page.submit("Agree and continue", {"agree": True})
    for path in ("/request/check", "/request/later", "/request/later?coded=1"):
        faults += _faults(ana, path)
    faults += _posted(ana, "/request/where", {"wanted_regions": "head", "seen": "1"})

    assert faults == []


def test_the_pages_after_it_hold_none_either(ana: Walker) -> None:
    faults: list[str] = []

    ana.sends()
    faults += _faults(ana, "/request/sent")
    faults += _faults(ana.elsewhere(), "/request/closed")
    faults += _faults(ana.elsewhere(), "/r/nothing")
    ana.proves()
    faults += _faults(ana, "/status/")
    other = ana.elsewhere()
    other.get(ana.link())
    faults += _faults(other, "/status/closed")
    faults += _faults(other, "/status/code")

    assert faults == []


def test_the_stop_page_holds_none_either(ana: Walker) -> None:
    ana.save(ana.comes_to_history(), {"ticks": ["rf-chest-breath"]})

    assert _faults(ana, "/request/stop") == []


def test_a_string_that_is_not_marked_is_found() -> None:
    page = f"<html><body><main><p>{OPEN}Marked{CLOSE}</p><p>Forgotten</p></main></body></html>"

    assert list(_outside(page, ())) == ["Forgotten"]


def _faults(walker: Walker, path: str) -> list[str]:
    return _judge(path, _spanish(walker).get(path, follow_redirects=True).text)


def _posted(walker: Walker, path: str, data: dict[str, str]) -> list[str]:
    token = walker.get(path).values["csrf_token"][0]
    client = _spanish(walker)
    text = client.post(path, data={"csrf_token": token, **data}, follow_redirects=True).text
    return _judge(f"POST {path}", text)


def _spanish(walker: Walker) -> FlaskClient:
    """The same browser, reading the language of brackets; the lint of pages knows real ones."""
    client = FlaskClient(walker.app, walker.app.response_class, use_cookies=True)
    walker.another_tab(client)
    client.set_cookie("language", "es")
    return client


def _judge(where: str, text: str) -> list[str]:
    assert OPEN in text, f"{where} is not in the language of brackets"
    return [f"{where}: {one}" for one in _outside(text, _data_words())]


def _outside(text: str, known: tuple[str, ...]) -> Iterator[str]:
    body = BeautifulSoup(text, "html5lib").body
    assert body is not None
    parts = [
        str(node)
        for node in body.find_all(string=True)
        if not isinstance(node, Comment) and node.parent and node.parent.name not in SILENT
    ]
    parts += [str(tag[name]) for name in ATTRIBUTES for tag in body.select(f"[{name}]")]
    for part in parts:
        left = re.sub(f"{OPEN}[^{CLOSE}]*{CLOSE}", " ", part)
        for word in known:
            left = left.replace(word, " ")
        left = re.sub(r"[A-Z0-9]{4}-[A-Z0-9]{4}", " ", left)  # a reference
        left = re.sub(r"\b[0-9]{1,2} de [a-z]+ de [0-9]{4}", " ", left)  # a date
        if re.search(r"[^\W\d_]", left):
            yield " ".join(left.split())


def _data_words() -> tuple[str, ...]:
    """What a page may say without our catalogue, the longest first."""
    spanish = questionnaire.shipped("es")
    found = {*OURS, ABOUT["phone"]}
    for question in spanish.questions.values():
        found |= {question.text, question.hint, *(choice.text for choice in question.choices)}
    for section in spanish.sections:
        found |= {section.title, section.intro}
    found |= {spanish.body.label(region, "es") for region in spanish.body.ids}
    for part in consent.text("es").parts:
        found |= {part.title, *part.paragraphs}
    found |= set(_patient_texts())
    return tuple(sorted((one for one in found if one), key=len, reverse=True))


def _patient_texts() -> Iterator[str]:
    for item in rules.shipped_rules().items.values():
        yield from item.patient.get("es", {}).values()
