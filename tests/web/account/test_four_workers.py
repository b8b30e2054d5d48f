"""What one worker is told, all know: an ended session, and how often a password was tried."""

import http.client
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest
from flask import Flask

from clinic.access import SYSTEM
from clinic.services import staff
from tests.support import databases
from tests.support.page import Page
from tests.support.server import AppServer, serving
from tests.support.signing_in import Person, hire, sign_in


@dataclass
class House:
    """Four workers, and the same app in this process over the same files."""

    app: Flask
    server: AppServer

    def ask(self, path: str, cookie: str, form: dict[str, str] | None = None) -> int:
        """Ask the server, on a connection of its own; return the status."""
        headers = {"Host": f"localhost:{self.server.port}", "Cookie": cookie, "Connection": "close"}
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        with closing(
            http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        ) as connection:
            body = urlencode(form) if form is not None else None
            connection.request("POST" if body else "GET", path, body, headers)
            answer = connection.getresponse()
            answer.read()
            return answer.status


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Four workers over one SQLite file and one file of limits."""
    folder = tmp_path_factory.mktemp("house")
    given = {"limits_url": f"sqlite-limits:///{folder}/limits.sqlite3"}
    with (
        databases.fresh_database("sqlite") as url,
        databases.running_app(url, **given) as app,
        serving(databases.environment(url, **given), workers=4, threads=2) as server,
    ):
        yield House(app, server)


def cookie_of(house: House, person: Person) -> str:
    """Sign in here and return the session's cookie."""
    client = house.app.test_client()
    sign_in(client, person)
    cookie = client.get_cookie("staff")
    return f"staff={cookie.value if cookie else ''}"


@pytest.mark.proves("SES-4")
def test_no_worker_answers_a_session_that_was_ended(house: House) -> None:
    person = hire(house.app)
    cookie = cookie_of(house, person)

    with ThreadPoolExecutor(8) as crowd:
        before = list(crowd.map(lambda _: house.ask("/staff/account", cookie), range(16)))
        during = [crowd.submit(house.ask, "/staff/account", cookie) for _ in range(25)]
        with house.app.app_context():
            staff.end_sessions(SYSTEM, datetime.now(UTC), person.id)
        after = list(crowd.map(lambda _: house.ask("/staff/account", cookie), range(40)))

    assert set(before) == {200}
    assert {answer.result() for answer in during} <= {200, 303}
    assert set(after) == {303}


@pytest.mark.proves("RL-2")
def test_four_workers_together_check_ten_passwords(house: House) -> None:
    person = hire(house.app, email="theo@example.com", name="Theo Therapist")
    client = house.app.test_client()
    token = Page.get(client, "/staff/sign-in").values["csrf_token"][0]
    visit = client.get_cookie("visit")
    assert visit is not None
    wrong = {"csrf_token": token, "email": person.email, "password": "not the one of fern"}

    def attempt(_number: int) -> int:
        return house.ask("/staff/sign-in", f"visit={visit.value}", wrong)

    with ThreadPoolExecutor(8) as crowd:
        answers = list(crowd.map(attempt, range(40)))

    assert sorted(answers) == [422] * 10 + [429] * 30
