"""What anyone may call is exactly this list; whatever joins it is argued for in a review."""

from pathlib import Path

from clinic.web import guards
from tests.support import databases

PUBLIC = {
    "health.alive",
    "health.ready",
    # Signing in, up to and with the second factor, and the way back after a lost password.
    "security.factor",
    "security.forgot_password",
    "security.forgot_sent",
    "security.login",
    "security.logout",
    "security.recovery",
    "security.reset_link",
    "security.reset_password",
    "security.set_up",
    "static",
}


def test_the_public_endpoints_are_exactly_those_listed(tmp_path: Path) -> None:
    with databases.running_app(f"sqlite:///{tmp_path / 'empty.sqlite3'}") as app:
        found = {
            endpoint for endpoint, _, _, policy in guards.routes(app) if policy == guards.PUBLIC
        }

    assert found == PUBLIC
