"""Every page of the staff asks who is there; every page of a patient asks for their grant."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from clinic.web import guards
from clinic.web.guards import Policy
from tests.support import databases

Route = tuple[str, str, tuple[str, ...], Policy]

# Below /staff and open to anyone: what leads in, step by step, and out.
DOORS = {
    "security.factor",
    "security.forgot_password",
    "security.forgot_sent",
    "security.login",
    "security.logout",
    "security.recovery",
    "security.reset_link",
    "security.reset_password",
    "security.set_up",
}
PATIENTS = {guards.DRAFT: "/request", guards.STATUS: "/status"}
OPEN = (guards.PUBLIC, *PATIENTS)
FILLED = {"uuid:": "11111111-1111-4111-8111-111111111111", "": "anything"}


@pytest.fixture(scope="module")
def app() -> Iterator[Flask]:
    with databases.fresh_database("sqlite") as url, databases.running_app(url) as made:
        yield made


@pytest.fixture(scope="module")
def routes(app: Flask) -> list[Route]:
    return list(guards.routes(app))


def address(rule: str) -> str:
    """Fill the placeholders of a rule with an id and a word that nobody has."""
    parts = [
        FILLED["uuid:" if part.startswith("<uuid:") else ""] if part.startswith("<") else part
        for part in rule.split("/")
    ]
    return "/".join(parts)


def below(rule: str, prefix: str) -> bool:
    return rule == prefix or rule.startswith(f"{prefix}/")


def test_below_staff_only_the_doors_are_open_to_anyone(routes: list[Route]) -> None:
    open_there = {
        endpoint for endpoint, rule, _, policy in routes if below(rule, "/staff") and policy in OPEN
    }

    assert open_there == DOORS


def test_what_asks_for_staff_is_below_staff_where_their_sessions_are(routes: list[Route]) -> None:
    elsewhere = {
        endpoint
        for endpoint, rule, _, policy in routes
        if policy not in OPEN and not below(rule, "/staff")
    }

    assert elsewhere == set()


@pytest.mark.parametrize(("policy", "prefix"), PATIENTS.items(), ids=str)
def test_a_grant_opens_only_its_own_part(routes: list[Route], policy: Policy, prefix: str) -> None:
    found = {endpoint: rule for endpoint, rule, _, asked in routes if asked == policy}

    assert found
    assert {endpoint for endpoint, rule in found.items() if not below(rule, prefix)} == set()


def test_a_stranger_gets_behind_no_guard(app: Flask, routes: list[Route]) -> None:
    client = app.test_client()
    got_in = []

    for endpoint, rule, methods, policy in routes:
        if policy == guards.PUBLIC:
            continue
        for method in methods:
            answer = client.open(address(rule), method=method)
            # A form without a token is refused before anybody asks who sent it.
            doors = ("/staff/sign-in", "/request/closed", "/status/closed")
            turned = answer.status_code == 303 and answer.location.startswith(doors)
            if not turned and not (method == "POST" and answer.status_code == 400):
                got_in.append(f"{method} {endpoint}: {answer.status_code}")

    assert got_in == []


def test_no_form_is_exempt_from_its_token(app: Flask, routes: list[Route]) -> None:
    client = app.test_client()

    taken = [
        endpoint
        for endpoint, rule, methods, _ in routes
        if "POST" in methods and client.post(address(rule)).status_code != 400
    ]

    assert taken == []


@pytest.mark.proves("AZ-1")
def test_a_route_without_a_policy_is_refused_by_name(tmp_path: Path) -> None:
    with databases.running_app(f"sqlite:///{tmp_path / 'empty.sqlite3'}") as app:
        app.add_url_rule("/forgotten", endpoint="forgotten", view_func=lambda: "open to all")

        with pytest.raises(guards.NoPolicy, match="forgotten"):
            guards.check(app)
