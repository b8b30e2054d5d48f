"""The body map: picture and list in step, and left and right the patient's own all the way.

The place of a tap is told by the viewer: from the front, the patient's right is on the left.
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from flask import Flask
from playwright.sync_api import Browser, Locator, Page
from sqlalchemy import select
from werkzeug.serving import make_server

from clinic.access import Actor, Role
from clinic.extensions import db
from clinic.models import Draft
from clinic.web import guards
from tests.support import databases
from tests.support.browser import Visitor, visitor
from tests.support.patients import Patient
from tests.support.scene import Scene

FRONT, BACK, ABOVE, WIDTH = 90, 270, 46, 360  # middles, what stands above the head, the drawing
LIT, UNLIT = "rgb(31, 90, 80)", "rgb(248, 227, 208)"


@dataclass
class Small:
    """A small clinic that answers a browser."""

    app: Flask
    address: str
    theo: Actor

    def stored(self) -> Draft:
        """The newest draft."""
        db.session.rollback()
        return db.session.scalars(select(Draft).order_by(Draft.saved_at.desc())).first() or Draft()


@pytest.fixture(scope="module")
def clinic() -> Iterator[Small]:
    """Lend the clinic."""
    with databases.fresh_database("sqlite") as url, databases.running_app(url) as app:
        with app.app_context():
            scene = Scene()
            theo = scene.staff("Theo Therapist", Role.THERAPIST)
            scene.place()
        server = make_server("127.0.0.1", 0, app, threaded=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield Small(app, f"http://localhost:{server.port}", theo)
        finally:
            server.shutdown()
            thread.join()


def comes_to_the_picture(guest: Visitor) -> Page:
    """Say who asks, and come to the page that asks where it hurts."""
    page = guest.open("/request/")
    page.fill("[name=name]", "Rita Example")
    for part, typed in (("month", "4"), ("day", "2"), ("year", "1980")):
        page.fill(f"[name=birth_date-{part}]", typed)
    page.check("[name=answered_by][value=patient]")
    page.fill("[name=phone]", "212 555 0149")
    page.fill("[name=email]", "rita@example.com")
    page.check("[name=channel][value=email]")
    page.click("#step .button-primary")
    page.wait_for_url("**/request/where")
    return page


def taps(page: Page, x: float, y: float) -> None:
    """Touch the drawing where its own units say."""
    page.locator(".body-map").scroll_into_view_if_needed()
    box = page.locator(".body-map").bounding_box()
    assert box is not None
    unit = box["width"] / WIDTH
    page.mouse.click(box["x"] + x * unit, box["y"] + (y + ABOVE) * unit)


def ticked(page: Page) -> list[str]:
    boxes = page.locator("[name=wanted_regions]:checked")
    return [str(boxes.nth(place).get_attribute("value")) for place in range(boxes.count())]


def shape(page: Page, view: str, region: str) -> Locator:
    return page.locator(f'[data-view={view}] path[data-region="{region}"]')


def colour(page: Page, view: str, region: str) -> str:
    return str(shape(page, view, region).evaluate("(one) => getComputedStyle(one).fill"))


def middle(place: Locator) -> float:
    box = place.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2


def answers_the_rest(clinic: Small, wanted: list[str]) -> Patient:
    """See what the page about places stored, and answer all other pages as a healthy adult."""
    with clinic.app.app_context():
        draft = clinic.stored()
        assert draft.answers["wanted_regions"] == wanted
        patient = Patient(name="Rita Example", request_id=draft.request_id)
        assert not patient.fills_in(datetime.now(UTC))
    return patient


def test_a_tap_on_the_viewers_left_shoulder_is_the_patients_right_all_the_way(
    chromium: Browser, clinic: Small
) -> None:
    with visitor(chromium, clinic.address, width="phone") as guest:
        page = comes_to_the_picture(guest)
        said = page.locator(".body-said")
        assert said.inner_text() == "Nothing chosen yet"

        taps(page, FRONT - 52, 115)
        assert ticked(page) == ["shoulder-right"]
        assert said.inner_text() == "Chosen: Shoulder, right"
        taps(page, BACK - 15, 200)
        assert ticked(page) == ["lower-back-left", "shoulder-right"]
        guest.check_page()
        taps(page, BACK - 15, 200)
        assert ticked(page) == ["shoulder-right"]

        page.click("#step .button-primary")
        page.wait_for_url("**/history/**")
        rita = answers_the_rest(clinic, wanted=["shoulder-right"])
        page.goto(f"{clinic.address}/request/check")
        assert "Shoulder, right" in page.inner_text("main")
        assert "Shoulder, left" not in page.inner_text("main")

    with clinic.app.app_context():
        rita.sends(datetime.now(UTC))
        path = f"/staff/review/{rita.reference}"
    guards.identify_staff_with(clinic.app, lambda: clinic.theo)
    with visitor(chromium, clinic.address, width="phone") as guest:
        page = guest.open(path)
        words = page.locator(".body-words").inner_text()
        assert "Shoulder, right" in words
        assert "left" not in words
        marked = page.locator("[data-view=front] [data-mark]")
        assert marked.count() == 1
        assert middle(marked) < middle(shape(page, "front", "head")) - 20


def test_the_list_lights_up_the_picture_and_the_picture_ticks_the_nearest_place(
    chromium: Browser, clinic: Small
) -> None:
    with visitor(chromium, clinic.address) as guest:
        page = comes_to_the_picture(guest)

        page.focus("[value=knee-left]")
        page.keyboard.press("Space")
        assert colour(page, "front", "knee-left") == colour(page, "back", "knee-left") == LIT
        assert colour(page, "front", "knee-right") == UNLIT
        assert middle(shape(page, "front", "knee-left")) > middle(shape(page, "front", "head"))
        assert page.locator(".body-said").inner_text() == "Chosen: Knee, left"
        page.keyboard.press("Space")
        assert ticked(page) == []
        assert colour(page, "front", "knee-left") == UNLIT

        taps(page, FRONT + 73, 120)  # beside the arm
        assert ticked(page) == ["shoulder-left"]
        taps(page, FRONT, 90)
        assert ticked(page) == ["neck-front", "shoulder-left"]
        taps(page, FRONT - 70, 440)  # beside the leg, further off than a finger is wide
        assert len(ticked(page)) == 2
        guest.check_page()


def test_without_script_the_list_still_lights_up_the_picture(
    chromium: Browser, clinic: Small
) -> None:
    with visitor(chromium, clinic.address, javascript=False) as guest:
        page = comes_to_the_picture(guest)

        page.check("[value=hip-right]")

        assert colour(page, "front", "hip-right") == LIT
        assert "Tap the picture" not in page.inner_text("main")
        guest.check_page()
