"""What the clinic says of itself: its team, its prices, that it is closed, how it keeps data."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask

from clinic.access import SYSTEM, Role
from clinic.extensions import db
from clinic.models import User
from clinic.services.transaction import Work, writes
from tests.support import databases
from tests.support.page import Page
from tests.support.scene import Scene

Reader = Callable[..., Page]


@writes
def _introduce(work: Work, user_id: Any, *, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(work.session.get_one(User, user_id), name, value)


def member(app: Flask, name: str, **values: Any) -> None:
    with app.app_context():
        actor = Scene().staff(name, Role.THERAPIST)
        _introduce(SYSTEM, datetime.now(UTC), actor.id, values=values)
        db.session.remove()


@contextmanager
def clinic_that_says(**settings: Any) -> Iterator[Callable[..., Page]]:
    with databases.fresh_database("sqlite") as url, databases.running_app(url, **settings) as app:

        def opened(path: str, language: str = "en") -> Page:
            client = app.test_client()
            client.set_cookie("language", language)
            return Page.get(client, path)

        yield opened


def test_the_team_page_shows_who_is_to_be_shown_and_nobody_else(app: Flask, read: Reader) -> None:
    member(app, "Zoe Sample", shown_on_team=True, licence="PT 00002")
    member(app, "Abe Example", shown_on_team=True, licence="PT 00001", about="Likes stairs.")
    member(app, "Hidden Person", licence="PT 00003")
    member(app, "Gone Person", shown_on_team=True, active=False)

    page = read("/team")

    names = [one.get_text(strip=True) for one in page.soup.select("main h2")]
    assert names == ["Abe Example", "Zoe Sample"]
    assert "License: PT 00001" in page.text
    assert "Likes stairs." in page.text
    assert "example.com" not in page.response.text


def test_words_about_somebody_are_in_the_language_of_the_page(app: Flask, read: Reader) -> None:
    member(
        app, "Abe Example", shown_on_team=True, about="Likes stairs.", about_es="Sube escaleras."
    )
    member(app, "Zoe Sample", shown_on_team=True, about="Walks a lot.")

    text = read("/team", language="es").text

    assert "Sube escaleras." in text
    assert "Likes stairs." not in text
    assert "Walks a lot." in text


def test_prices_are_those_that_the_clinic_has_set() -> None:
    said = {
        "prices": "First visit: 100 | Later visits: 80",
        "prices_es": "Primera visita: 100",
        "insurance": "We send no bills to plans.",
    }

    with clinic_that_says(**said) as opened:
        english, spanish = opened("/prices").text, opened("/prices", "es").text

    assert "First visit: 100 Later visits: 80" in english
    assert "We send no bills to plans." in english
    assert "Primera visita: 100" in spanish
    assert "First visit" not in spanish
    assert "We send no bills" not in spanish


def test_prices_that_are_not_set_are_to_be_asked_for(read: Reader) -> None:
    text = read("/prices").text

    assert "Please call us. We will tell you what a visit costs before you agree to one." in text
    assert "(555) 555-0100" in text


@pytest.mark.parametrize("path", ["/", "/request/", "/status/closed", "/no-such-page"])
def test_that_the_clinic_is_closed_is_said_on_pages_for_patients(path: str) -> None:
    with clinic_that_says(closed_banner="Closed until Monday.") as opened:
        english, spanish = opened(path), opened(path, "es")

    assert "Closed until Monday." in english.text
    assert "Closed until Monday." in spanish.text  # no words in Spanish: better these than none
    assert spanish.soup.select(".closed-banner [lang=en]")


def test_a_closed_clinic_says_so_in_spanish_and_an_open_one_says_nothing() -> None:
    said = {"closed_banner": "Closed until Monday.", "closed_banner_es": "Cerrado hasta el lunes."}

    with clinic_that_says(**said) as opened:
        spanish = opened("/", "es").text

    assert "Cerrado hasta el lunes." in spanish
    assert "Closed until Monday." not in spanish
    with clinic_that_says() as opened:
        assert opened("/").soup.select(".closed-banner") == []


def test_the_privacy_notice_gives_the_times_that_are_in_force() -> None:
    times = {"draft_days": 12, "enquiry_days": 99, "outbox_days": 1, "draft_idle_minutes": 17}

    with clinic_that_says(request_years=7, **times) as opened:
        text, access = opened("/privacy").text, opened("/accessibility").text

    assert "What you started and did not send: 12 days." in text
    assert "Requests and health histories: 7 years after they are closed." in text
    assert "A question that was answered or closed: 99 days." in text
    assert "The words of an email to you: 1 day after it was sent." in text
    assert "until you have been away for 17 minutes." in text
    assert "our answer itself comes by email" in text
    assert "After 17 minutes without use" in access


def test_a_clinic_that_has_set_no_years_promises_none(read: Reader) -> None:
    assert "they are part of your health record. Call us to hear" in read("/privacy").text
