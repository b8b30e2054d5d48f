"""Nobody reaches a staff page without both proofs, and no answer tells who has an account."""

import re

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

from clinic.access import SYSTEM, Role
from clinic.extensions import db
from clinic.models import AuditEntry, User
from clinic.services import staff
from clinic.web import guards, security
from tests.support import databases
from tests.support.clock import MONDAY_MORNING
from tests.support.page import Page
from tests.support.signing_in import CODE, Person, give_password, hire, sign_in

LOCKED = (guards.MEMBER.name, "staff who may")


def staff_routes(app: Flask) -> list[tuple[str, str]]:
    """List (method, path) of every route that only staff may call, ids filled in."""
    filled = {"uuid": "8d0d6a1c-5f1e-4a58-9a5e-0b1f3f0f7c11", "string": "x"}
    found = []
    for _endpoint, rule, methods, policy in guards.routes(app):
        if policy.name.startswith(LOCKED):
            path = re.sub(
                r"<(?:(\w+):)?\w+>", lambda kind: filled.get(kind[1] or "string", "1"), rule
            )
            found += [(method, path) for method in methods]
    return found


def acts(app: Flask) -> list[str]:
    """List the acts of the audit trail in order."""
    with app.app_context():
        query = select(AuditEntry.act).order_by(AuditEntry.number)
        return list(db.session.scalars(query))


@pytest.mark.proves("AUTH-1")
def test_a_fresh_clinic_has_no_account_and_no_way_to_register(small_app: Flask) -> None:
    client = small_app.test_client()

    paths = ["/register", "/login", "/admin", "/staff/register", "/staff/login", "/staff/tf-setup"]
    answers = [client.get(path).status_code for path in paths]
    page = Page.get(client, "/staff/sign-in").submit(
        "Continue", {"Email": "admin@example.com", "Password": "admin"}
    )

    assert answers == [404] * len(paths)
    assert page.status == 422
    with small_app.app_context():
        assert db.session.scalar(select(func.count()).select_from(User)) == 0


def test_the_first_sign_in_sets_up_the_app_and_shows_recovery_codes_once(
    app: Flask, moving: time_machine.Traveller
) -> None:
    person = hire(app, Role.THERAPIST, with_app=False)
    client = app.test_client()

    set_up = give_password(client, person)
    shown = set_up.soup.select_one("details .reference")
    assert shown is not None
    person.secret = shown.get_text("", strip=True).replace(" ", "")
    codes = set_up.submit("Finish set-up", {CODE: person.code()})
    again = Page.get(client, "/staff/account/recovery-codes")
    kept = codes.submit("I have kept them")
    later = Page.get(client, "/staff/account/recovery-codes")

    assert set_up.path == "/staff/set-up"
    assert set_up.soup.select_one(".qr-code svg path") is not None
    assert codes.heading == again.heading == "Keep your recovery codes"
    assert len(codes.soup.select(".code-list li")) == 10
    assert kept.path.startswith("/staff")
    assert later.path == "/staff/account"
    assert acts(app)[-4:] == [
        "staff.password_accepted",
        "staff.factor_set",
        "letter.queued",
        "staff.signed_in",
    ]


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("app_is", ["set", "missing"])
@pytest.mark.proves("AUTH-3")
def test_a_password_alone_opens_no_staff_page(
    small_app: Flask, moving: time_machine.Traveller, role: Role, app_is: str
) -> None:
    client = small_app.test_client()
    page = give_password(client, hire(small_app, role, with_app=app_is == "set"))
    token = page.values["csrf_token"][0]

    answers = [
        client.open(path, method=method, data={"csrf_token": token})
        for method, path in staff_routes(small_app)
    ]

    assert len(answers) > 8
    assert {answer.status_code for answer in answers} == {303}
    assert {answer.location.partition("?")[0] for answer in answers} == {"/staff/sign-in"}


def test_both_proofs_open_the_account(app: Flask, moving: time_machine.Traveller) -> None:
    person, client = hire(app), app.test_client()

    sign_in(client, person)
    page = Page.get(client, "/staff/account")

    assert page.status == 200
    assert page.heading == "Your account"
    assert "Fern Desk" in page.text
    assert acts(app)[-3:] == ["staff.password_accepted", "staff.factor_accepted", "staff.signed_in"]


@pytest.mark.proves("AUTH-3")
def test_a_code_is_good_once(app: Flask, moving: time_machine.Traveller) -> None:
    person, thief = hire(app), app.test_client()
    code = person.code()
    give_password(app.test_client(), person).submit("Sign in", {CODE: code})

    replayed = give_password(thief, person).submit("Sign in", {CODE: code})

    assert replayed.status == 422
    assert "used before" in replayed.errors["code"]
    assert thief.get("/staff/account").status_code == 303
    assert acts(app)[-1] == "staff.factor_refused"


@pytest.mark.parametrize(
    "typed",
    ["000000", "12345", "1234567", "abcdef", "\u0661\u0662\u0663\u0664\u0665\u0666", "", " "],
)
def test_a_wrong_code_is_refused(small_app: Flask, fern: Person, typed: str) -> None:
    page = give_password(small_app.test_client(), fern).submit("Sign in", {CODE: typed})

    assert page.status == 422
    assert page.path == "/staff/code"


def test_a_recovery_code_is_good_once_and_is_told_by_mail(
    small_app: Flask, moving: time_machine.Traveller
) -> None:
    person, client = hire(small_app, with_app=False), small_app.test_client()
    set_up = give_password(client, person)
    shown = set_up.soup.select_one("details .reference")
    assert shown is not None
    person.secret = shown.get_text("", strip=True).replace(" ", "")
    codes = set_up.submit("Finish set-up", {CODE: person.code()}).soup.select(".code-list li")
    code = codes[3].get_text(strip=True)
    other = small_app.test_client()

    half = Page.get(other, "/staff/account").submit(
        "Continue", {"Email": person.email, "Password": person.password}
    )
    first = half.follow("Use a recovery code")
    inside = first.submit("Sign in", {"Recovery code": code.upper().replace("-", " ")})
    second = give_password(small_app.test_client(), person).follow("Use a recovery code")
    refused = second.submit("Sign in", {"Recovery code": code})

    assert "You used a recovery code" in inside.text
    assert refused.status == 422
    assert "letter.queued" in acts(small_app)
    assert acts(small_app)[-1] == "staff.recovery_refused"


@pytest.mark.proves("ENU-1")
def test_unknown_disabled_and_wrong_look_the_same(
    small_app: Flask, moving: time_machine.Traveller
) -> None:
    fern = hire(small_app)
    gone = hire(small_app, email="gone@example.com", name="Gone Person")
    with small_app.app_context():
        staff.disable(SYSTEM, MONDAY_MORNING, gone.id)
    tries = [
        (fern.email, "not the password of fern"),
        ("nobody@example.com", "not the password of fern"),
        (gone.email, gone.password),
        ("not an address", "not the password of fern"),
    ]

    pages = [
        Page.get(small_app.test_client(), "/staff/sign-in").submit(
            "Continue", {"Email": email, "Password": password}
        )
        for email, password in tries
    ]

    assert {page.status for page in pages} == {422}
    assert len({plain(page, email) for page, (email, _) in zip(pages, tries, strict=True)}) == 1
    names = [sorted(key for key, _value in page.response.headers) for page in pages]
    assert all(name == names[0] for name in names)


def plain(page: Page, email: str) -> str:
    """Return the page without what differs by nature: the token and what was typed."""
    token = page.values["csrf_token"][0]
    text = page.response.text.replace(token, "").replace(email, "")
    return text.replace(page.response.headers["Content-Length"], "")


def test_the_trail_holds_no_address_that_was_typed(small_app: Flask, fern: Person) -> None:
    give_password(small_app.test_client(), fern, "wrong password of fern")
    Page.get(small_app.test_client(), "/staff/sign-in").submit(
        "Continue", {"Email": "quetzal@example.com", "Password": "wrong password"}
    )

    with small_app.app_context():
        rows = db.session.execute(select(AuditEntry)).scalars().all()
        trail = " ".join(f"{row.act} {row.detail} {row.trace}" for row in rows)
        failed = [row.subject_id for row in rows if row.act == "staff.sign_in_failed"]
    assert failed == [fern.id, None]
    assert "@" not in trail
    assert "quetzal" not in trail


@pytest.mark.proves("AUTH-4")
def test_hashes_are_argon2id_and_are_made_anew_when_the_setting_rises() -> None:
    with databases.fresh_database("sqlite") as url:
        with databases.running_app(url) as app, time_machine.travel(MONDAY_MORNING, tick=False):
            person = hire(app)
            before = stored_hash(app, person)
        with (
            databases.running_app(url, hash_memory_kib=2048) as app,
            time_machine.travel(MONDAY_MORNING, tick=False),
        ):
            sign_in(app.test_client(), person)
            after = stored_hash(app, person)

    assert before.startswith("$argon2id$v=19$m=1024,t=3,p=4$")
    assert after.startswith("$argon2id$v=19$m=2048,t=3,p=4$")


def stored_hash(app: Flask, person: Person) -> str:
    """Return the hash as it is kept."""
    with app.app_context():
        return db.session.scalar(select(User.password).where(User.id == person.id)) or ""


def test_the_whole_password_counts(small_app: Flask) -> None:
    with small_app.app_context():
        long = "".join(chr(97 + number % 26) for number in range(100))
        kept = User(password=security.hashed(long + " and more"))

        assert security.is_password(kept, long + " and more")
        assert not security.is_password(kept, long + " and less")


OFF_SITE = [
    "//e.example", "///e.example", "////e.example", "/\\e.example", "\\\\e.example",
    "/\t/e.example", "https://e.example", "http://e.example", "https:e.example",
    "https:/e.example", "HTTPS://e.example", "javascript:alert(1)", "data:text/html,x",
    "//e.example/staff", "/staff@e.example", "/staff:80@e.example", "@e.example", "e.example",
    "/e.example", "/", "staff", "/staff//e.example", "/staff/..//e.example", "/staff/../e",
    "/staff\\..\\e", "/staff/%09/e", "%09//e.example", "/%09/e.example", "%2f%2fe.example",
    "/staff%2f..", "\x00//e.example", " //e.example", "/staff e", "/staff\r\nLocation: //e",
    "/staff\u2028e", "\uff0f\uff0fe.example", "/staff?next=//e.example", "/staff#//e.example",
    "?//e.example", "/staffe.example", "/staff;//e.example", "//staff", "\u200b//e.example",
    "/staff\n",
]  # fmt: skip


@pytest.mark.proves("HDR-6")
def test_no_address_leads_away_after_signing_in(
    small_app: Flask, fern: Person, moving: time_machine.Traveller
) -> None:
    with small_app.test_request_context():
        home = security.home()
    arrived = {}

    for target in OFF_SITE:
        client = small_app.test_client()
        form = Page(client, client.get("/staff/sign-in", query_string={"next": target})).form(
            "Continue"
        )
        form.data.append(("next", target))
        half = form.fill({"Email": fern.email, "Password": fern.password}).submit("Continue")
        token = half.values["csrf_token"][0]
        answer = client.post("/staff/code", data={"csrf_token": token, "code": fern.code()})
        arrived[target] = (answer.status_code, answer.location)
        moving.shift(31)

    assert len(arrived) >= 40
    assert set(arrived.values()) == {(303, home)}


def test_a_path_of_our_own_is_kept_through_both_steps(small_app: Flask, fern: Person) -> None:
    client = small_app.test_client()

    page = Page.get(client, "/staff/account/password?from=mail")
    page = page.submit("Continue", {"Email": fern.email, "Password": fern.password})
    page = page.submit("Sign in", {CODE: fern.code()})

    assert page.path == "/staff/account/password?from=mail"


@pytest.mark.proves("CSRF-1")
def test_no_form_works_without_its_token(small_app: Flask, fern: Person) -> None:
    client = small_app.test_client()
    sign_in(client, fern)
    known = {"email": fern.email, "password": fern.password, "code": fern.code()}
    posts = [
        (endpoint, rule.replace("<uuid:session_id>", str(fern.id)))
        for endpoint, rule, methods, _policy in guards.routes(small_app)
        if endpoint.startswith(("security.", "account.")) and "POST" in methods
    ]

    answers = {
        (endpoint, kind): client.post(path, **sent).status_code
        for endpoint, path in posts
        for kind, sent in {
            "bare": {"data": known},
            "foreign": {"data": {**known, "csrf_token": "IjEi.aaaaaa.bbbb"}},
            "json": {"json": known},
        }.items()
    }

    assert len(answers) >= 36
    assert set(answers.values()) == {400}
    assert client.get("/staff/account").status_code == 200


@pytest.mark.proves("OUT-3")
def test_asking_for_json_gives_no_more_than_the_page(small_app: Flask, fern: Person) -> None:
    client = small_app.test_client()

    answer = client.get("/staff/sign-in", headers={"Accept": "application/json"})
    token = client.get(f"/staff/account?auth_token={fern.secret}")

    assert answer.mimetype == "text/html"
    assert token.status_code == 303
