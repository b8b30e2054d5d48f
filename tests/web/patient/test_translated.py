"""Every visible string of the patient's pages is marked for translation.

A made-up language wraps each marked string in brackets. What is left outside them on a page must
come from the questionnaire (which has its own Spanish), from the settings, or from the patient.
"""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from clinic.screening import questionnaire, rules
from clinic.services import consent
from tests.support import pseudo
from tests.web.patient.walking import ABOUT, HEALTHY, Walker, yes

OURS = (
    "Fictional Needling Clinic",
    "De lunes a viernes, de 8 a. m. a 5 p. m.",
    "1 Example Street",
    "Springfield",
    "English",
    "Español",
    "Ana Example",
    "ana@example.com",
    "a•••@e•••.com",
)


@pytest.fixture
def bracketed(small_app: Flask) -> Iterator[Flask]:
    """The app, whose Spanish is every marked English string in brackets."""
    with pseudo.spoken(small_app):
        yield small_app


@pytest.fixture
def ana(bracketed: Flask, moving: object) -> Walker:
    """Somebody who asks for care in the app of brackets."""
    return Walker(bracketed)


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
    ana.save(ana.comes_to_history(), yes("rf-chest-breath"))

    assert _faults(ana, "/request/stop") == []


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
    assert pseudo.OPEN in text, f"{where} is not in the language of brackets"
    return [f"{where}: {one}" for one in pseudo.outside(text, _data_words())]


def _data_words() -> tuple[str, ...]:
    """What a page may say without our catalogue."""
    spanish = questionnaire.shipped("es")
    found = {*OURS, ABOUT["phone"]}
    for question in spanish.questions.values():
        found |= {question.text, question.hint, *(choice.text for choice in question.choices)}
    for section in spanish.sections:
        found |= {section.title, section.intro, *(group.title for group in section.groups)}
    found |= {page.title for page in spanish.pages}
    found |= {spanish.body.label(region, "es") for region in spanish.body.ids}
    for part in consent.text("es").parts:
        found |= {part.title, *part.paragraphs}
    found |= set(_patient_texts())
    return tuple(sorted(found))


def _patient_texts() -> Iterator[str]:
    for item in rules.shipped_rules().items.values():
        yield from item.patient.get("es", {}).values()
