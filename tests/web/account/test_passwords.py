"""A password is long and not common; nothing else is asked of it, and refusing one is quick."""

import time

import pytest
import time_machine
from flask import Flask

from clinic.web import security
from clinic.web.passwords import is_common
from tests.support.page import Page
from tests.support.signing_in import PASSWORD, Person, give_password, sign_in

FIELDS = ("Present password", "New password", "New password again")
LONG = "".join(chr(97 + (7 * number) % 26) + str(number % 10) for number in range(80))


def change(app: Flask, person: Person, new: str) -> Page:
    """Sign in and try to set a password."""
    client = app.test_client()
    sign_in(client, person)
    page = Page.get(client, "/staff/account/password")
    return page.submit("Change my password", dict(zip(FIELDS, (PASSWORD, new, new), strict=True)))


@pytest.mark.parametrize(
    "new",
    [
        pytest.param(LONG[:15], id="15"),
        pytest.param(LONG[:64], id="64"),
        pytest.param(LONG[:128], id="128"),
        pytest.param("aller guten Dinge", id="letters only"),
        pytest.param("ñandú überquert Straße", id="accents"),
        pytest.param("鍵の鍵の私の犬は毎朝よく走る川", id="japanese"),
        pytest.param("sieben 🦊🦊 und eine Gans", id="emoji"),
    ],
)
def test_any_long_password_is_taken(small_app: Flask, fern: Person, new: str) -> None:
    page = change(small_app, fern, new)

    assert "Your password is changed" in page.text
    fern.password = new
    assert give_password(small_app.test_client(), fern).path == "/staff/code"


@pytest.mark.parametrize(
    ("new", "reason"),
    [
        (LONG[:14], "15 characters or more"),
        (LONG[:129], "128 characters or fewer"),
        ("123456789987654321", "too common"),
        ("PasswordPassword", "too common"),
        ("!!!!!password!!!!!", "too common"),
        ("abababababababab", "too common"),
        ("fern@example.com", "without your name"),
        ("Fictional Needling Clinic", "without your name"),
    ],
)
def test_an_unfit_password_is_refused_with_its_reason(
    small_app: Flask, fern: Person, new: str, reason: str
) -> None:
    page = change(small_app, fern, new)

    assert page.status == 422
    assert reason in page.errors["password"]
    assert give_password(small_app.test_client(), fern).path == "/staff/code"


def test_two_different_entries_and_a_wrong_present_password_are_refused(
    small_app: Flask, fern: Person, moving: time_machine.Traveller
) -> None:
    client = small_app.test_client()
    sign_in(client, fern)
    page = Page.get(client, "/staff/account/password")

    differ = page.submit(
        "Change my password", dict(zip(FIELDS, (PASSWORD, LONG[:20], LONG[:21]), strict=True))
    )
    wrong = page.submit(
        "Change my password",
        dict(zip(FIELDS, ("not my password", LONG[:20], LONG[:20]), strict=True)),
    )

    assert differ.errors == {"again": "The two passwords differ. Type the new one twice."}
    assert wrong.errors == {"present": "This is not your present password."}


def test_ten_megabytes_are_refused_at_once(small_app: Flask, fern: Person) -> None:
    huge = "a" * 10_000_000
    with small_app.test_request_context():
        began = time.process_time()
        problem = security.password_problem(huge)
        right = security.is_password(None, huge)
        spent = time.process_time() - began

    posted = small_app.test_client().post(
        "/staff/sign-in", data={"email": fern.email, "password": huge}
    )

    assert problem == "Use 128 characters or fewer."
    assert not right
    assert spent < 0.1
    assert posted.status_code == 413


@pytest.mark.parametrize(
    "password",
    ["password", "1234567890", "qwertyuiop", "letmein", "password1234567890", "dragon" * 3],
)
def test_common_passwords_are_known_offline(password: str) -> None:
    assert is_common(password)


def test_a_few_words_are_not_common() -> None:
    assert not is_common("correct purple horse battery")
    assert not is_common("eleven purple geese dancing")
