"""The page in a browser: one sheet on paper, nothing for axe, and a keyboard's way through it."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser
from werkzeug.serving import make_server

from clinic.access import Role
from clinic.web import guards
from tests.support import databases
from tests.support.browser import Visitor, Width, visitor
from tests.support.patients import Patient
from tests.support.scene import Scene
from tests.web.therapist.conftest import DECIDE

SHEET = re.compile(rb"/Type\s*/Page[^s]")
ORDINARY = {
    "metal-allergy": "yes",
    "needle-phobia": "a-bit-nervous",
    "medicines": ["Tylenol when needed", "lisinopril 10 mg"],
}
FULL = {  # six findings, four medicines
    "diabetes": "yes",
    "metal-allergy": "yes",
    "needle-phobia": "very-scared",
    "anticoagulant": "not_sure",
    "medicines": [
        "Tylenol when needed",
        "lisinopril 10 mg",
        "metformin 500 mg twice a day",
        "fish oil",
    ],
}
GRAVE = {"anticoagulant": "no", "medicines": ["elaquis 5 mg", "zorblax for my bladder"]}


@pytest.fixture(scope="module")
def ways() -> Iterator[tuple[str, dict[str, str]]]:
    """A clinic that answers a browser, and the addresses of three histories in it."""
    with databases.fresh_database("sqlite") as url, databases.running_app(url) as app:
        with app.app_context():
            scene = Scene()
            theo = scene.staff("Theo Therapist", Role.THERAPIST)
            scene.place()
            patients = {
                "ordinary": Patient(answers=ORDINARY),
                "full": Patient(name="Fay Fuller", phone="(555) 555-0145", answers=FULL),
                "grave": Patient(name="Walt Madeup", phone="(555) 555-0143", answers=GRAVE),
                "urgent": Patient(
                    name="Sam Pretend", phone="(555) 555-0144", answers={"rf-chest-breath": "yes"}
                ),
            }
            for patient in patients.values():
                patient.asks(scene.now)
            paths = {name: f"/staff/review/{one.reference}" for name, one in patients.items()}
        guards.identify_staff_with(app, lambda: theo)
        server = make_server("127.0.0.1", 0, app, threaded=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://localhost:{server.port}", paths
        finally:
            server.shutdown()
            thread.join()


Ways = tuple[str, dict[str, str]]


@contextmanager
def at(
    chromium: Browser, ways: Ways, which: str, width: Width = "desktop", **how: Any
) -> Iterator[Visitor]:
    with visitor(chromium, ways[0], width=width, **how) as guest:
        guest.open(ways[1][which])
        yield guest


@pytest.mark.parametrize("which", ["ordinary", "full"])
@pytest.mark.parametrize("size", ["A4", "Letter"])
def test_a_history_as_most_are_prints_on_one_sheet(
    chromium: Browser, ways: Ways, size: str, which: str
) -> None:
    with at(chromium, ways, which) as guest:
        paper = guest.page.pdf(format=size)

    assert len(SHEET.findall(paper)) == 1


@pytest.mark.parametrize("which", ["ordinary", "grave", "urgent"])
@pytest.mark.parametrize(("width", "scheme"), [("phone", "light"), ("desktop", "dark")])
def test_axe_finds_nothing_and_nothing_sticks_out(
    chromium: Browser, ways: Ways, which: str, width: Width, scheme: str
) -> None:
    with at(chromium, ways, which, width, color_scheme=scheme) as guest:
        guest.check_page()
        guest.page.check("input[value='clear with limits']")
        guest.check_page()
        guest.page.click(f"text={DECIDE}")
        guest.page.wait_for_selector(".error-summary")
        guest.check_page()


def test_the_keyboard_comes_from_the_findings_to_the_decision(
    chromium: Browser, ways: Ways
) -> None:
    with at(chromium, ways, "grave") as guest:
        guest.page.focus("main")
        stops = []
        for _ in range(40):
            guest.page.keyboard.press("Tab")
            stops.append(
                guest.page.evaluate(
                    "document.activeElement.textContent.trim() || document.activeElement.name"
                )
            )
            if stops[-1] == DECIDE:
                break

    order = [stops.index(stop) for stop in ("Blood thinner", "Decide and sign", "decision", DECIDE)]
    assert order == sorted(order)
    assert "regions" not in stops  # what a decision does not need is not on the way


def test_what_a_decision_needs_appears_under_it(chromium: Browser, ways: Ways) -> None:
    with at(chromium, ways, "grave") as guest:
        assert not guest.page.is_visible("text=Regions that may be needled")
        guest.page.check("input[value='clear']")
        assert guest.page.is_visible("text=Regions that may be needled")
        guest.page.check("input[value='delay']")
        assert not guest.page.is_visible("text=Regions that may be needled")
        assert guest.page.is_visible("text=Look at it again on")
