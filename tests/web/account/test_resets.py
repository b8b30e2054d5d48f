"""A forgotten password is set anew by a mailed link: for half an hour, once, and never alone."""

import re
import time

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

from clinic.access import SYSTEM
from clinic.extensions import db
from clinic.models import Letter, Token
from clinic.services import staff
from clinic.web import entrance
from tests.support.clock import MONDAY_MORNING
from tests.support.page import Page
from tests.support.signing_in import CODE, Person, give_password, hire, sign_in

NEW = "seven slow otters knitting"


def ask(app: Flask, email: str) -> Page:
    """Ask for a link."""
    return Page.get(app.test_client(), "/staff/forgot").submit("Email me a link", {"Email": email})


def links(app: Flask) -> list[str]:
    """Return the paths of the links that were mailed, oldest first."""
    with app.app_context():
        letters = db.session.scalars(select(Letter).where(Letter.kind == "staff_reset"))
        bodies = [letter.body or "" for letter in sorted(letters, key=lambda one: one.queued_at)]
    return [match for body in bodies for match in re.findall(r"http://localhost(/\S+)", body)]


def set_password(app: Flask, path: str, password: str = NEW) -> Page:
    """Follow a link and choose a password."""
    page = Page.get(app.test_client(), path)
    if page.status != 200:
        return page
    return page.submit(
        "Set this password", {"New password": password, "New password again": password}
    )


@pytest.mark.proves("AUTH-3")
def test_a_link_sets_a_new_password_and_leaves_the_factor_to_be_asked(
    app: Flask, moving: time_machine.Traveller
) -> None:
    person, inside = hire(app), app.test_client()
    sign_in(inside, person)
    ask(app, person.email.upper())

    page = set_password(app, links(app)[0])
    person.password = NEW
    half = give_password(app.test_client(), person)
    half.submit("Sign in", {CODE: person.code()})

    assert "Your new password is set" in page.text
    assert half.path == "/staff/code"
    assert half.client.get("/staff/account").status_code == 200
    assert inside.get("/staff/account").status_code == 303


@pytest.mark.proves("ENU-1")
def test_known_and_unknown_addresses_get_the_same_answer_and_one_gets_a_letter(
    small_app: Flask, fern: Person
) -> None:
    gone = hire(small_app, email="gone@example.com", name="Gone Person")
    with small_app.app_context():
        staff.disable(SYSTEM, MONDAY_MORNING, gone.id)

    pages = [ask(small_app, email) for email in (fern.email, "nobody@example.com", gone.email, "x")]

    assert {page.status for page in pages} == {200}
    assert len({page.text for page in pages}) == 1
    assert len({page.heading for page in pages} | {"Check your email"}) == 1
    assert len(links(small_app)) == 1


def test_asking_takes_as_long_without_an_account(small_app: Flask, fern: Person) -> None:
    spent = []
    for email in (fern.email, "nobody@example.com"):
        with small_app.test_request_context("/staff/forgot", method="POST"):
            began = time.perf_counter()
            entrance.ask_reset(email)
            spent.append(time.perf_counter() - began)

    assert min(spent) >= entrance.RESET_TAKES


@pytest.mark.proves("ENU-3")
def test_every_dead_link_looks_the_same(app: Flask, moving: time_machine.Traveller) -> None:
    person, pages = hire(app), []

    def look(path: str) -> None:
        pages.append(Page.get(app.test_client(), path))

    ask(app, person.email)
    moving.shift(1)
    ask(app, person.email)
    revoked, used = links(app)
    look(revoked)
    set_password(app, used)
    look(used)
    moving.shift(1)
    ask(app, person.email)
    person.password = NEW
    sign_in(app.test_client(), person)
    killed_by_the_sign_in = links(app)[2]
    look(killed_by_the_sign_in)
    moving.shift(1)
    ask(app, person.email)
    moving.shift(30 * 60)
    expired = links(app)[3]
    look(expired)
    look("/staff/reset/made-up")
    look("/staff/new-password")

    assert [page.status for page in pages] == [404] * 6
    assert (
        len(
            {
                re.sub(r"[0-9a-f]{32,}|read out: <bdi>[^<]*", "", page.response.text)
                for page in pages
            }
        )
        == 1
    )


@pytest.mark.proves("TOK-2")
def test_a_link_lives_for_half_an_hour(
    small_app: Flask, fern: Person, moving: time_machine.Traveller
) -> None:
    ask(small_app, fern.email)
    moving.shift(30 * 60 - 1)

    assert "Your new password is set" in set_password(small_app, links(small_app)[0]).text


def test_looking_at_a_link_changes_nothing_and_takes_it_out_of_the_address(
    small_app: Flask, fern: Person
) -> None:
    ask(small_app, fern.email)
    path = links(small_app)[0]

    for _ in range(20):
        client = small_app.test_client()
        assert client.head(path).status_code == 303
        answer = client.get(path)
        assert answer.location == "/staff/new-password"
        assert client.get(answer.location).status_code == 200

    with small_app.app_context():
        tokens = db.session.scalars(select(Token)).all()
        assert [(token.used_at, token.revoked_at) for token in tokens] == [(None, None)]
        secret = path.rsplit("/", 1)[1]
        assert secret.encode() not in b"".join(token.fingerprint for token in tokens)
    assert "Your new password is set" in set_password(small_app, path).text


def test_a_link_that_died_while_its_page_was_open_sets_nothing(
    small_app: Flask, fern: Person
) -> None:
    ask(small_app, fern.email)
    path = links(small_app)[0]
    open_page = Page.get(small_app.test_client(), path)
    set_password(small_app, path)

    late = open_page.submit(
        "Set this password",
        {
            "New password": "nine lazy herons humming",
            "New password again": "nine lazy herons humming",
        },
    )

    assert late.status == 404
    fern.password = NEW
    assert give_password(small_app.test_client(), fern).path == "/staff/code"


def test_an_unfit_password_does_not_use_the_link_up(small_app: Flask, fern: Person) -> None:
    ask(small_app, fern.email)
    path = links(small_app)[0]

    refused = set_password(small_app, path, "too short")

    assert refused.status == 422
    assert "Your new password is set" in set_password(small_app, path).text


def test_five_letters_a_day_to_one_address_whoever_asks(
    small_app: Flask, fern: Person, moving: time_machine.Traveller
) -> None:
    answers = [ask(small_app, fern.email).status for _ in range(7)]
    unknown = [ask(small_app, "nobody@example.com").status for _ in range(7)]

    assert answers == unknown == [200] * 5 + [429] * 2
    with small_app.app_context():
        count = select(func.count()).select_from(Letter).where(Letter.kind == "staff_reset")
        assert db.session.scalar(count) == 5


def test_twenty_times_an_hour_from_one_network_address(small_app: Flask) -> None:
    answers = [ask(small_app, f"person{number}@example.com").status for number in range(22)]

    assert answers == [200] * 20 + [429] * 2
