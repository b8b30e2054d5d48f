"""What anyone may call is exactly this list; whatever joins it is argued for in a review."""

from pathlib import Path

from clinic.web import guards
from tests.support import databases

PUBLIC = {
    "health.alive",
    "health.ready",
    "public.accessibility",
    "public.evidence",
    "public.icon",
    "public.landing",
    "public.language",
    "public.prices",
    "public.privacy",
    "public.robots",
    "public.sitemap",
    "public.team",
    # Somebody asks a question, and anybody reads what the clinic has published.
    "enquiries.published",
    "enquiries.send",
    "enquiries.sent",
    "enquiries.write",
    # A request begins here; a draft that is closed is reopened by a mailed code.
    "request.begin",
    "request.closed",
    "request.hold",
    "request.leave",
    "request.mail_closed_code",
    "request.mail_held_code",
    "request.reopen",
    "request.reopen_held",
    "request.start",
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
    # The link of a letter, and the code that opens what it leads to.
    "status.closed",
    "status.code",
    "status.enter",
    "status.link",
    "status.mail_code",
}


def test_the_public_endpoints_are_exactly_those_listed(tmp_path: Path) -> None:
    with databases.running_app(f"sqlite:///{tmp_path / 'empty.sqlite3'}") as app:
        found = {
            endpoint for endpoint, _, _, policy in guards.routes(app) if policy == guards.PUBLIC
        }

    assert found == PUBLIC
