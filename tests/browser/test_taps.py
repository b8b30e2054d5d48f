"""How many pages and taps it takes to be asked everything: counted, printed, and held."""

import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from html import unescape
from typing import Any

import pytest
from playwright.sync_api import Locator
from werkzeug.test import Client, TestResponse

from clinic.screening import questionnaire
from clinic.screening.answers import Answers
from tests.browser.conftest import Seat
from tests.browser.hands import Pointer
from tests.browser.navigators import Patient
from tests.support.open_clinic import OpenClinic
from tests.web.patient.walking import ABOUT, GROWN, HEALTHY_ANSWERS, filled

MOST_PAGES, MOST_TAPS = 14, 60
PROMISE = "You can finish in about ten minutes."
NEEDLES = {"needle-phobia": "very-scared", "needle-phobia.fainted": "yes"}
TYPICAL: Mapping[str, Mapping[str, object]] = {
    "on aspirin": {
        "antiplatelet": "yes",
        "antiplatelet.which": ["aspirin"],
        "antiplatelet.dose": 81,
        "medicines": ["Aspirin 81 mg"],
    },
    "a knee replacement": {
        "joint-replacement": "yes",
        "joint-replacement.regions": ["knee-left"],
        "joint-replacement.date": "2019-05-01",
    },
    "pregnant": {
        "pregnancy": "yes",
        "pregnancy.weeks": 20,
        "medicines": ["Prenatal vitamins"],
    },
    "diabetic": {
        "diabetes": "yes",
        "diabetes.a1c": 7.1,
        "diabetes.problems": [],
        "medicines": ["Metformin 500 mg", "Lisinopril 10 mg"],
    },
    "on Eliquis": {
        "anticoagulant": "yes",
        "anticoagulant.which": ["apixaban"],
        "medicines": ["Eliquis 5 mg twice a day"],
    },
    "breast cancer with nodes": {
        "lymph-node-removal": "yes",
        "lymph-node-removal.place": ["armpit"],
        "lymph-node-removal.extent": "many",
        "cancer-history": "yes",
        "cancer-history.type": "other",
        "cancer-history.signs": [],
        "radiation-area": "yes",
        "radiation-area.regions": ["chest"],
    },
    "asthma, and smokes": {
        "lung-disease": "yes",
        "lung-disease.which": ["asthma"],
        "lung-disease.asthma": "mild",
        "smoking": "yes",
        "medicines": ["Albuterol inhaler"],
    },
    "a pacemaker": {
        "pacemaker-icd": "yes",
        "pacemaker-icd.side": "left",
        "pacemaker-icd.date": "2021-03-01",
        "medicines": ["Metoprolol 25 mg"],
    },
    "anxious about needles": {**NEEDLES, "severe-anxiety": "yes", "fainting": "yes"},
    "surgery a month ago": {
        "surgery-recent": "yes",
        "surgery-recent.kind": "other",
        "surgery-recent.regions": ["shoulder-right"],
        "surgery-recent.date": "2026-10-20",
        "medicines": ["Acetaminophen"],
    },
}


@dataclass
class Counting(Pointer):
    """A finger that counts what it does."""

    taps: int = 0

    def write(self, field: Locator, text: str) -> None:
        """Put a text into a field."""
        self.taps += 1
        super().write(field, text)

    def choose(self, box: Locator) -> None:
        """Choose one answer or tick one box."""
        self.taps += 1
        super().choose(box)

    def press(self, button: Locator) -> None:
        """Press a button."""
        self.taps += 1
        super().press(button)


def test_a_healthy_adult_is_asked_everything_in_14_pages_and_60_taps(
    on_sqlite: OpenClinic, seat: Seat, capsys: pytest.CaptureFixture[str]
) -> None:
    hands = Counting()
    patient = seat(
        Patient, on_sqlite, width="phone", hands=hands, thorough=False, name="Hanna Healthy",
        email="hanna.healthy@example.com", phone="212 555 0149",
    )  # fmt: skip
    seen: list[str] = []

    patient.opens("/request/")
    assert PROMISE in patient.said
    while patient.path != "/request/sent":
        seen.append(patient.path)
        assert f"Step {len(seen)} of " in patient.said
        _answers_mildly(patient)
    seen.append(patient.path)

    _tell(capsys, [_line("a healthy adult", len(seen), hands.taps)])
    assert len(seen) == len(set(seen)) <= MOST_PAGES
    assert hands.taps <= MOST_TAPS


def _answers_mildly(patient: Patient) -> None:
    """Fill in what the page asks, as a healthy woman, and go on."""
    if patient.path == "/request/":
        patient.writes("name", patient.name)
        patient.writes_date("birth_date", "4", "2", "1980")
        patient.chooses("answered_by", "patient")
        patient.writes("phone", patient.phone)
        patient.writes("email", patient.email)
        patient.chooses("channel", "email")
    elif patient.path == "/request/where":
        patient.chooses("wanted_regions", "knee-left")
    elif patient.path == "/request/check":
        patient.sends()
        return
    else:
        patient.answers_page({})
    patient.goes_on()


@dataclass
class Walk:
    """Somebody who fills in page after page over a real connection, and counts."""

    client: Client
    told: Mapping[str, object]
    pages: int = 0
    taps: int = 0
    answers: Answers = field(default_factory=lambda: GROWN)

    def goes(self) -> None:
        """Go all the way, from who asks to the page that says that it was sent."""
        path = self._saves("/request/", {k: v for k, v in ABOUT.items() if k != "language"})
        path = self._saves(path, {"wanted_regions": ["knee-left"]})
        while path.startswith("/request/history/"):
            questions, here = questionnaire.shipped(), path.rpartition("/")[2]
            fields, self.answers = filled(questions, here, self.answers, self.told)
            path = self._saves(path, fields)
        path = self._saves(path, {"agree": "y"})
        assert self._saves(path, {}, to="/request/send") == "/request/sent"
        self.pages += 1

    def _saves(self, path: str, fields: Mapping[str, Any], to: str = "") -> str:
        page = self.client.get(path).text
        for name in fields:
            assert f'name="{name}"' in page, f"{path} does not ask {name}"
        self.pages += 1
        self.taps += _taps(fields) + 1
        answer = self.client.post(to or path, data={**_hidden(page), **_sent(fields)})
        return _next(answer, path)


def _taps(fields: Mapping[str, Any]) -> int:
    """How many boxes are tapped and fields typed to fill this in; a line typed counts as one."""
    return sum(
        len(value) if isinstance(value, list) else 1 + str(value).count("\n")
        for value in fields.values()
    )


def _hidden(page: str) -> dict[str, str]:
    form = page[page.index('<form id="s') :]
    found = re.findall(r'<input type="hidden" name="([a-z_]+)" value="([^"]*)"', form)
    return {"language": "en", **{name: unescape(value) for name, value in found}}


def _sent(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: "y" if value is True else value for name, value in fields.items()}


def _next(answer: TestResponse, path: str) -> str:
    assert answer.status_code == 303, (path, answer.status, re.findall("#[^>]*>[^<]*", answer.text))
    return str(answer.location)


def test_ten_typical_histories_take_a_few_taps_more(
    on_sqlite: OpenClinic, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = []
    for name, told in TYPICAL.items():
        walk = Walk(on_sqlite.client(), {**HEALTHY_ANSWERS, **told})

        walk.goes()

        lines.append(_line(name, walk.pages, walk.taps))
        assert walk.pages <= MOST_PAGES, name
        assert walk.answers.as_json().items() >= {k: v for k, v in told.items() if v}.items()
    _tell(capsys, lines)


def _line(name: str, pages: int, fields: int) -> str:
    return f"{name:26} {pages} pages, {fields} taps or typed fields\n"


def _tell(capsys: pytest.CaptureFixture[str], lines: Iterable[str]) -> None:
    with capsys.disabled():
        sys.stdout.write("\n" + "".join(lines))
