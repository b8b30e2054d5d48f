"""Guessing is slowed down, for one address, one account and everybody; nobody is shut out."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import ServiceUnavailable, TooManyRequests

from clinic.web import limits
from tests.support import databases
from tests.support.page import Page
from tests.support.signing_in import CODE, Person, give_password, hire, sign_in

WRONG = "not the password of fern"


def at(app: Flask, address: str) -> FlaskClient:
    """Return a browser at a network address."""
    client = app.test_client()
    client.environ_base["REMOTE_ADDR"] = address
    return client


def tries(client: FlaskClient, person: Person, times: int, password: str = WRONG) -> list[int]:
    """Type a password again and again; return what was answered."""
    return [give_password(client, person, password).status for _ in range(times)]


@pytest.mark.proves("RL-1")
def test_ten_tries_from_one_address_then_a_wait_and_no_more(
    app: Flask, moving: time_machine.Traveller
) -> None:
    person = hire(app)
    client = at(app, "198.51.100.7")

    answers = tries(client, person, 14)
    refused = give_password(client, person)  # the right one
    elsewhere = sign_in(at(app, "198.51.100.8"), person)
    moving.shift(5 * 60 + 1)
    later = give_password(client, person)

    assert answers == [422] * 10 + [429] * 4
    assert refused.status == 429
    assert 290 <= int(refused.response.headers["Retry-After"]) <= 301
    assert elsewhere.path != "/staff/sign-in"
    assert later.heading == "Enter a code from your app"


@pytest.mark.proves("RL-4")
def test_a_header_about_the_address_changes_nothing(small_app: Flask, fern: Person) -> None:
    client = at(small_app, "198.51.100.7")
    page = Page.get(client, "/staff/sign-in")
    data = {"csrf_token": page.values["csrf_token"][0], "email": fern.email, "password": WRONG}

    answers = [
        client.post(
            "/staff/sign-in", data=data, headers={"X-Forwarded-For": f"203.0.113.{number}"}
        ).status_code
        for number in range(12)
    ]

    assert answers == [422] * 10 + [429] * 2


def test_neighbours_in_one_ipv6_network_count_as_one(small_app: Flask, fern: Person) -> None:
    same = [at(small_app, f"2001:db8:1:1::{number:x}") for number in range(1, 13)]
    other = at(small_app, "2001:db8:1:2::1")

    answers = [tries(client, fern, 1)[0] for client in same]

    assert answers == [422] * 10 + [429] * 2
    assert tries(other, fern, 1) == [422]


@pytest.mark.proves("RL-1")
def test_strangers_wear_an_account_down_but_its_own_device_passes(
    small_app: Flask, fern: Person, moving: time_machine.Traveller
) -> None:
    own = at(small_app, "198.51.100.7")
    sign_in(own, fern)
    own.delete_cookie("staff")
    with small_app.test_request_context():
        for _ in range(99):  # and the sign-in above, when the device was not known yet
            limits.take(limits.SIGN_IN_ACCOUNT, fern.email)

    stranger = give_password(at(small_app, "203.0.113.9"), fern, WRONG)
    passes = give_password(own, fern)
    foreign = at(small_app, "198.51.100.7")
    cookie = own.get_cookie("device")
    assert cookie is not None
    foreign.set_cookie("device", f"{int(time.time())}-{'0' * 64}")

    assert stranger.status == 429
    assert passes.heading == "Enter a code from your app"
    assert give_password(foreign, fern).status == 429


def test_the_mark_of_a_device_is_good_for_its_own_account_alone(
    small_app: Flask, fern: Person
) -> None:
    other = hire(small_app, email="theo@example.com", name="Theo Therapist")
    client = at(small_app, "198.51.100.7")
    sign_in(client, other)
    client.delete_cookie("staff")
    with small_app.test_request_context():
        for _ in range(100):
            limits.take(limits.SIGN_IN_ACCOUNT, fern.email)

    assert give_password(client, fern).status == 429
    assert give_password(client, other).status == 200


def test_everybody_together_is_slowed_down(small_app: Flask, fern: Person) -> None:
    with small_app.test_request_context():
        for _ in range(1000):
            limits.take(limits.SIGN_IN_ALL)

    page = give_password(small_app.test_client(), fern)

    assert page.status == 429
    assert "Retry-After" in page.response.headers


@pytest.mark.proves("RL-1")
def test_five_wrong_codes_then_a_wait(app: Flask, moving: time_machine.Traveller) -> None:
    person, client = hire(app), app.test_client()
    page = give_password(client, person)

    answers = [page.submit("Sign in", {CODE: "000000"}).status for _ in range(5)]
    refused = page.submit("Sign in", {CODE: person.code()})
    elsewhere = give_password(at(app, "203.0.113.9"), person)

    assert answers == [422] * 5
    assert refused.status == 429
    assert 290 <= int(refused.response.headers["Retry-After"]) <= 301
    assert elsewhere.submit("Sign in", {CODE: person.code()}).status == 429


def test_codes_are_limited_by_hour_and_by_day(
    small_app: Flask, fern: Person, moving: time_machine.Traveller
) -> None:
    taken = []
    for _five_minutes in range(24 * 12 - 1):
        for _ in range(5):
            with small_app.test_request_context():
                try:
                    limits.take(limits.FACTOR, fern.id.hex)
                except TooManyRequests:
                    break
                taken.append(time.time())
        moving.shift(301)

    first = taken[0]
    assert sum(moment < first + 3600 for moment in taken) == 20
    assert sum(moment < first + 86400 for moment in taken) == 50


def test_a_success_forgets_the_tries_before_it(
    small_app: Flask, fern: Person, moving: time_machine.Traveller
) -> None:
    client = small_app.test_client()
    for _ in range(4):
        assert tries(client, fern, 3) == [422] * 3
        page = give_password(client, fern)
        assert [page.submit("Sign in", {CODE: "000000"}).status for _ in range(4)] == [422] * 4
        page.submit("Sign in", {CODE: fern.code()})
        assert client.get("/staff/account").status_code == 200
        client.delete_cookie("staff")
        moving.shift(31)


def test_proving_again_has_the_same_brake(
    small_app: Flask, fern: Person, moving: time_machine.Traveller
) -> None:
    client = small_app.test_client()
    sign_in(client, fern)
    page = Page.get(client, "/staff/verify")

    answers = [
        page.submit("Continue", {"Password": WRONG, CODE: "000000"}).status for _ in range(6)
    ]

    assert answers == [422] * 5 + [429]


@pytest.fixture
def without_store(tmp_path: Path) -> Iterator[tuple[Flask, Person]]:
    """An app whose limits can be counted nowhere: a folder lies where the file would be."""
    place = tmp_path / "limits.sqlite3"
    with (
        databases.fresh_database("sqlite") as url,
        databases.running_app(url, limits_url=f"sqlite-limits:///{place}") as app,
    ):
        person = hire(app)
        place.mkdir()
        yield app, person


def test_without_the_store_nobody_signs_in_and_the_answer_says_when_to_try_again(
    without_store: tuple[Flask, Person],
) -> None:
    app, person = without_store

    page = give_password(app.test_client(), person)

    assert page.status == 503
    assert page.response.headers["Retry-After"] == "5"


def test_without_the_store_what_patients_do_goes_on(without_store: tuple[Flask, Person]) -> None:
    app, _person = without_store

    with app.test_request_context():
        limits.take(limits.INTAKE_CLIENT, "198.51.100.7")
        limits.take(limits.CODE_ADDRESS, "rosa@example.com")
        with pytest.raises(ServiceUnavailable):
            limits.take(limits.FACTOR, "somebody")


def test_the_store_holds_no_address_and_no_email(
    tmp_path: Path, moving: time_machine.Traveller
) -> None:
    with (
        databases.fresh_database("sqlite") as url,
        databases.running_app(url, limits_url=f"sqlite-limits:///{tmp_path}/limits") as app,
    ):
        tries(at(app, "198.51.100.7"), hire(app), 3)

        kept = b"".join(file.read_bytes() for file in tmp_path.iterdir())

    assert b"sign-in, one account from one address" in kept
    assert b"198.51.100.7" not in kept
    assert b"fern" not in kept
