"""A staff session is a row: the cookie says nothing, its end is the server's, and it is final."""

import base64
import hashlib
import json
import re
from datetime import UTC, datetime
from http.cookies import SimpleCookie

import pytest
import time_machine
from flask import Flask, Response, url_for
from flask.testing import FlaskClient
from sqlalchemy import select, text

from clinic.access import SYSTEM, Role
from clinic.extensions import db
from clinic.models import AuditEntry, Note, Request, StaffSession, User
from clinic.services import staff, staff_sessions
from clinic.web import sessions
from tests.support import databases
from tests.support.page import Page
from tests.support.scene import Scene, all_of, stored
from tests.support.signing_in import CODE, PASSWORD, Person, give_password, hire, sign_in

ACCOUNT, IN, OUT = "/staff/account", 200, 303


def session_id(client: FlaskClient) -> str:
    """Return what the browser holds."""
    cookie = client.get_cookie("staff")
    return cookie.value if cookie else ""


def holding(app: Flask, value: str) -> FlaskClient:
    """Return a browser that holds a session's id."""
    client = app.test_client()
    client.set_cookie("staff", value)
    return client


def rows(app: Flask) -> list[StaffSession]:
    """Return every session's row, oldest first."""
    with app.app_context():
        query = select(StaffSession).order_by(StaffSession.started_at, StaffSession.expires_at)
        found = list(db.session.scalars(query))
        db.session.expunge_all()
    return found


@pytest.mark.proves("SES-1")
def test_the_cookie_behind_https_has_every_flag_and_decodes_to_nothing(
    moving: time_machine.Traveller,
) -> None:
    with (
        databases.fresh_database("sqlite") as url,
        databases.running_app(url, public_base_url="https://localhost") as app,
    ):
        person, client = hire(app), app.test_client()
        page = client.get("/staff/sign-in", base_url="https://localhost")
        token = Page(client, page).values["csrf_token"][0]

        answer = client.post(
            "/staff/sign-in",
            data={"csrf_token": token, "email": person.email, "password": PASSWORD},
            base_url="https://localhost",
            headers={"Referer": "https://localhost/staff/sign-in"},
        )
        file_name = url.removeprefix("sqlite:///")

        set_cookies = answer.headers.getlist("Set-Cookie")
        lines = [line for line in set_cookies if line.startswith("__Host-staff=")]
        assert len(lines) == 1
        value = SimpleCookie(lines[0])["__Host-staff"].value
        flags = {flag.strip() for flag in lines[0].split(";")[1:]}
        assert flags == {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"}
        raw = base64.urlsafe_b64decode(value + "=")
        assert len(raw) == 32
        with app.app_context():
            db.session.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
        with open(file_name, "rb") as file:  # noqa: PTH123 - the bytes as they lie
            kept = file.read()
        assert hashlib.sha256(value.encode()).digest() in kept
        assert value.encode() not in kept
        assert raw not in kept
        visitor = [line for line in page.headers.getlist("Set-Cookie") if "__Host-visit=" in line]
        assert len(visitor) == 1


def test_the_visitors_cookie_holds_nothing_about_staff(small_app: Flask, fern: Person) -> None:
    client = small_app.test_client()
    sign_in(client, fern)
    client.get("/staff/sign-in")

    cookie = client.get_cookie("visit")

    assert cookie is not None
    payload = cookie.value.split(".")[0]
    plain = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)).decode()
    assert re.fullmatch(r'\{"csrf_token":"[0-9a-f]{40}"\}', plain)


@pytest.mark.parametrize("name", sorted(sessions.NEVER_IN_A_COOKIE))
def test_nothing_about_staff_is_ever_written_into_the_visitors_cookie(
    small_app: Flask, name: str
) -> None:
    client = small_app.test_client()

    with pytest.raises(sessions.Leak), client.session_transaction() as values:
        values[name] = "something"

    assert client.get_cookie("visit") is None


@pytest.mark.proves("SES-2")
def test_each_proof_gives_a_new_id_and_the_one_before_is_dead(
    app: Flask, moving: time_machine.Traveller
) -> None:
    person, client = hire(app), app.test_client()
    client.set_cookie("staff", "planted-by-somebody-else-0123456789abcdefgh")

    half_page = give_password(client, person)
    halfway = session_id(client)
    half_page.submit("Sign in", {CODE: person.code()})
    inside = session_id(client)

    assert len({halfway, inside, "planted-by-somebody-else-0123456789abcdefgh"}) == 3
    assert client.get(ACCOUNT).status_code == IN
    for dead in ("planted-by-somebody-else-0123456789abcdefgh", halfway):
        assert holding(app, dead).get(ACCOUNT).status_code == OUT
        assert holding(app, dead).get("/staff/code").status_code == OUT


def test_a_session_that_names_somebody_is_nobodys_until_the_factor_was_given(
    small_app: Flask, fern: Person
) -> None:
    client = small_app.test_client()
    give_password(client, fern)
    (row,) = rows(small_app)
    with small_app.app_context():
        mark = db.session.scalars(select(User.fs_uniquifier)).one()
        values = json.dumps({"_user_id": mark, "mark": mark, "stage": "password"})
        staff_sessions.keep(SYSTEM, datetime.now(UTC), row.id, data={"values": values}, seen=False)

    assert client.get(ACCOUNT).status_code == OUT


def test_a_session_ends_after_fifteen_minutes_without_use(
    small_app: Flask, fern: Person, moving: time_machine.Traveller
) -> None:
    client = small_app.test_client()
    sign_in(client, fern)

    moving.shift(14 * 60)
    before = client.get(ACCOUNT).status_code
    moving.shift(14 * 60)
    used = client.get(ACCOUNT).status_code
    moving.shift(16 * 60)
    after = client.get(ACCOUNT)

    assert (before, used, after.status_code) == (IN, IN, OUT)
    assert client.get_cookie("staff") is None


def test_asking_by_itself_does_not_keep_a_session_alive(
    small_app: Flask, fern: Person, moving: time_machine.Traveller
) -> None:
    client = small_app.test_client()
    sign_in(client, fern)

    answers = []
    for _minute in range(20):
        moving.shift(60)
        answers.append(client.get(ACCOUNT, headers={"X-Poll": "1"}).status_code)

    assert answers == [IN] * 14 + [OUT] * 6


def test_the_queue_that_refreshes_itself_does_not_keep_a_session_alive(
    small_app: Flask, fern: Person, moving: time_machine.Traveller
) -> None:
    client = small_app.test_client()
    sign_in(client, fern)
    with small_app.test_request_context():
        poll = url_for("desk.queue_counts")

    answers = []
    for _minute in range(20):
        moving.shift(60)
        answers.append(client.get(poll).status_code)

    assert answers == [IN] * 14 + [OUT] * 6


def test_staying_signed_in_by_the_button_keeps_it_alive(
    small_app: Flask, fern: Person, moving: time_machine.Traveller
) -> None:
    client = small_app.test_client()
    sign_in(client, fern)
    token = Page.get(client, ACCOUNT).values["csrf_token"][0]

    moving.shift(14 * 60)
    kept = client.post("/staff/account/keep", data={"csrf_token": token})
    moving.shift(14 * 60)

    assert kept.status_code == 204
    assert client.get(ACCOUNT).status_code == IN


def test_a_session_ends_after_twelve_hours_whatever_is_done(
    small_app: Flask, fern: Person, moving: time_machine.Traveller
) -> None:
    client = small_app.test_client()
    sign_in(client, fern)

    answers = []
    for _ten_minutes in range(73):
        moving.shift(10 * 60)
        answers.append(client.get(ACCOUNT).status_code)

    assert answers == [IN] * 71 + [OUT] * 2


def test_use_is_noted_once_a_minute_at_most(
    small_app: Flask, fern: Person, moving: time_machine.Traveller
) -> None:
    client = small_app.test_client()
    sign_in(client, fern)
    client.get(ACCOUNT)

    seen = set()
    for _ten_seconds in range(12):
        moving.shift(10)
        client.get(ACCOUNT)
        seen.add(rows(small_app)[-1].seen_at)

    assert len(seen) == 3  # at the start, after one minute, after two


def test_signing_out_ends_the_row_and_clears_the_browser(
    app: Flask, moving: time_machine.Traveller
) -> None:
    person, client = hire(app), app.test_client()
    sign_in(client, person)
    held = session_id(client)
    token = Page.get(client, ACCOUNT).values["csrf_token"][0]

    answer = client.post("/staff/sign-out", data={"csrf_token": token})

    assert answer.status_code == 303
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert client.get_cookie("staff") is None
    assert holding(app, held).get(ACCOUNT).status_code == OUT
    assert rows(app)[-1].ended_at == datetime.now(UTC)
    with app.app_context():
        last = select(AuditEntry.act).order_by(AuditEntry.number.desc()).limit(1)
        assert db.session.scalar(last) == "staff.signed_out"


@pytest.mark.parametrize("act", ["disable", "end_sessions", "change_roles", "reset_factor"])
@pytest.mark.proves("SES-4")
def test_what_an_admin_does_to_an_account_acts_on_the_next_request(
    app: Flask, moving: time_machine.Traveller, act: str
) -> None:
    person = hire(app)
    clients = [app.test_client() for _ in range(2)]
    for client in clients:
        sign_in(client, person)
    halfway = app.test_client()
    half_page = give_password(halfway, person)
    given = {"roles": [Role.THERAPIST]} if act == "change_roles" else {}

    with app.app_context():
        getattr(staff, act)(SYSTEM, datetime.now(UTC), person.id, **given)

    assert [client.get(ACCOUNT).status_code for client in clients] == [OUT, OUT]
    moving.shift(90)
    assert half_page.submit("Sign in", {CODE: person.code()}).status == 400
    assert halfway.get("/staff/code").location == "/staff/sign-in"
    assert halfway.get(ACCOUNT).status_code == OUT


def test_a_new_password_ends_the_other_sessions_and_gives_this_one_a_new_id(
    app: Flask, moving: time_machine.Traveller
) -> None:
    person, here, elsewhere = hire(app), app.test_client(), app.test_client()
    for client in (here, elsewhere):
        sign_in(client, person)
    before = session_id(here)

    page = Page.get(here, "/staff/account/password").submit(
        "Change my password",
        {
            "Present password": PASSWORD,
            "New password": "seven slow otters knitting",
            "New password again": "seven slow otters knitting",
        },
    )

    assert "Your password is changed" in page.text
    assert here.get(ACCOUNT).status_code == IN
    assert elsewhere.get(ACCOUNT).status_code == OUT
    assert holding(app, before).get(ACCOUNT).status_code == OUT


@pytest.mark.parametrize("path", [ACCOUNT, "/staff/account/app"], ids=["reads", "writes"])
def test_a_request_in_flight_does_not_bring_a_revoked_session_back(
    app: Flask, moving: time_machine.Traveller, path: str
) -> None:
    person = hire(app)
    armed: list[bool] = []

    @app.after_request
    def revoke(response: Response) -> Response:
        if armed:
            armed.clear()
            staff.end_sessions(SYSTEM, datetime.now(UTC), person.id)
        return response

    client = app.test_client()
    sign_in(client, person)
    held = session_id(client)

    moving.shift(61)
    armed.append(True)
    slow = client.get(path)

    assert slow.status_code == IN  # it began before
    assert client.get_cookie("staff") is None
    assert holding(app, held).get(ACCOUNT).status_code == OUT


def test_the_second_factor_in_flight_does_not_outlive_the_end_of_all_sessions(
    app: Flask, moving: time_machine.Traveller
) -> None:
    person = hire(app)
    armed: list[bool] = []

    @app.after_request
    def revoke(response: Response) -> Response:
        if armed:
            armed.clear()
            staff.end_sessions(SYSTEM, datetime.now(UTC), person.id)
        return response

    client = app.test_client()
    half_page = give_password(client, person)

    armed.append(True)
    half_page.submit("Sign in", {CODE: person.code()})

    assert client.get(ACCOUNT).status_code == OUT
    assert all(row.ended_at for row in rows(app))


def test_people_see_their_own_sessions_and_end_them(
    app: Flask, moving: time_machine.Traveller
) -> None:
    fern, other = hire(app), hire(app, email="theo@example.com", name="Theo Therapist")
    here, phone, stranger = (app.test_client() for _ in range(3))
    phone.environ_base["HTTP_USER_AGENT"] = "Mozilla/5.0 (iPhone) AppleWebKit Safari/604.1"
    for client, person in ((stranger, other), (phone, fern), (here, fern)):
        sign_in(client, person)
    theirs = rows(app)[1].id

    page = Page.get(here, ACCOUNT)
    token = page.values["csrf_token"][0]
    foreign = here.post(f"/staff/account/sessions/{theirs}/end", data={"csrf_token": token})
    after = page.submit("End")

    assert "Safari, iPhone" in page.text
    assert len(page.soup.select(".queue tbody tr")) == 2
    assert foreign.status_code == 404
    assert stranger.get(ACCOUNT).status_code == IN
    assert "That session has ended" in after.text
    assert phone.get(ACCOUNT).status_code == OUT
    assert here.get(ACCOUNT).status_code == IN


def test_all_other_sessions_end_at_once(small_app: Flask, fern: Person) -> None:
    here, there = small_app.test_client(), small_app.test_client()
    sign_in(there, fern)
    sign_in(here, fern)

    Page.get(here, ACCOUNT).submit("End all but this one")

    assert there.get(ACCOUNT).status_code == OUT
    assert here.get(ACCOUNT).status_code == IN


STALE = [
    ("POST", "/staff/account/password"),
    ("POST", "/staff/account/app"),
    ("POST", "/staff/account/recovery-codes/new"),
    ("POST", "/staff/account/sessions/end-others"),
    ("POST", "/staff/account/sessions/8d0d6a1c-5f1e-4a58-9a5e-0b1f3f0f7c11/end"),
    ("GET", "/staff/account/password"),
    ("GET", "/staff/account/app"),
]


def test_what_could_harm_the_account_asks_for_both_proofs_again_after_five_minutes(
    small_app: Flask, fern: Person, moving: time_machine.Traveller
) -> None:
    client = small_app.test_client()
    sign_in(client, fern)
    token = Page.get(client, ACCOUNT).values["csrf_token"][0]

    moving.shift(6 * 60)
    answers = [
        client.open(path, method=method, data={"csrf_token": token}) for method, path in STALE
    ]

    assert {answer.status_code for answer in answers} == {OUT}
    assert {answer.location.partition("=")[0] for answer in answers} == {"/staff/verify?next"}


def test_giving_both_proofs_again_leads_back(
    small_app: Flask, fern: Person, moving: time_machine.Traveller
) -> None:
    client = small_app.test_client()
    sign_in(client, fern)
    moving.shift(6 * 60)

    page = Page.get(client, "/staff/account/password")
    wrong = page.submit("Continue", {"Password": PASSWORD, CODE: "000000"})
    also_wrong = page.submit("Continue", {"Password": "wrong password here", CODE: fern.code()})
    right = page.submit("Continue", {"Password": PASSWORD, CODE: fern.code()})

    assert page.heading == "Is it still you?"
    assert wrong.errors == also_wrong.errors
    assert (wrong.status, also_wrong.status) == (422, 422)
    assert right.heading == "Change your password"


def test_another_app_takes_the_place_of_the_first(
    app: Flask, moving: time_machine.Traveller
) -> None:
    person, here, elsewhere = hire(app), app.test_client(), app.test_client()
    for client in (here, elsewhere):
        sign_in(client, person)
    before = person.code()
    moving.shift(60)

    page = Page.get(here, "/staff/account/app")
    shown = page.soup.select_one("details .reference")
    assert shown is not None
    person.secret = shown.get_text("", strip=True).replace(" ", "")
    codes = page.submit("Finish set-up", {CODE: person.code()})

    assert codes.heading == "Keep your recovery codes"
    assert elsewhere.get(ACCOUNT).status_code == OUT
    moving.shift(60)
    half = give_password(app.test_client(), person)
    assert half.submit("Sign in", {CODE: before}).status == 422
    half.submit("Sign in", {CODE: person.code()})
    assert half.client.get(ACCOUNT).status_code == IN


@pytest.mark.proves("CSRF-3")
def test_a_note_typed_into_a_session_that_ended_is_kept_after_signing_in_again(
    small_app: Flask, fern: Person, moving: time_machine.Traveller
) -> None:
    with small_app.app_context():
        scene = Scene()
        scene.place()
        reference = stored(Request, scene.request()).reference
    client = small_app.test_client()
    sign_in(client, fern)
    form = Page.get(client, f"/staff/requests/{reference}").form("Keep this note")
    form = form.fill({"note-body": "Call after ten."})
    moving.shift(16 * 60)

    refused = form.submit("Keep this note")
    assert refused.status == 400
    assert "You were signed out." in refused.text
    assert refused.soup.find("a", href="/staff/sign-in", target="_blank")
    sign_in(client, fern)  # in the other window
    asked_once_more = refused.submit("Send it again")
    page = asked_once_more.submit("Send it again")

    assert "Call after ten." in page.text
    with small_app.app_context():
        assert [note.body for note in all_of(Note)] == ["Call after ten."]
