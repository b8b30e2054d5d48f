"""Members of staff with a password and an app, and their way in through the pages."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from secrets import token_bytes
from time import sleep
from uuid import UUID

from flask import Flask
from werkzeug.test import Client

from clinic.access import SYSTEM, Role
from clinic.services import factors, staff
from clinic.web import security
from tests.support.page import Page

PASSWORD = "eleven purple geese dancing"
CODE = "Code from your app"


@dataclass
class Person:
    """Somebody of the staff, with what they know and what they carry."""

    id: UUID
    email: str
    password: str = PASSWORD
    secret: str = ""
    window: int = 0

    def code(self) -> str:
        """Read a code off the app that was not used yet (two fit into any moment)."""
        self.window = max(factors.window(datetime.now(UTC)), self.window + 1)
        return factors.code_of(self.secret, self.window)

    def code_in_time(self) -> str:
        """The same by the real clock: wait until this code is let in."""
        code = self.code()
        while factors.window(datetime.now(UTC)) + factors.DRIFT < self.window:
            sleep(0.2)
        return code


def hire(
    app: Flask,
    *roles: Role,
    email: str = "fern@example.com",
    name: str = "Fern Desk",
    with_app: bool = True,
) -> Person:
    """Make an account, by default with its authenticator app in place."""
    now = datetime.now(UTC)
    with app.app_context():
        user_id = staff.create(
            SYSTEM,
            now,
            email=email,
            name=name,
            roles=roles or (Role.FRONT_DESK,),
            password_hash=security.hashed(PASSWORD),
        )
        person = Person(user_id, email)
        if with_app:
            person.secret = factors.new_secret(token_bytes)
            earlier = now - timedelta(minutes=5)
            code = factors.code_of(person.secret, factors.window(earlier))
            factors.set_up(SYSTEM, earlier, user_id, secret=person.secret, code=code)
    return person


def give_password(client: Client, person: Person, password: str | None = None) -> Page:
    """Type e-mail and password on the sign-in page."""
    page = Page.get(client, "/staff/sign-in")
    return page.submit("Continue", {"Email": person.email, "Password": password or person.password})


def sign_in(client: Client, person: Person) -> Page:
    """Sign in with both proofs and arrive where staff begin."""
    return give_password(client, person).submit("Sign in", {CODE: person.code()})
