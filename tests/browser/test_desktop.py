"""The pages of the staff on a wide screen, in every state that they have."""

from datetime import UTC, datetime
from typing import Any

import pytest

from clinic.models import Request
from tests.browser.conftest import Seat
from tests.browser.navigators import Desk, Staff, Therapist
from tests.support.open_clinic import OpenClinic
from tests.support.patients import Patient as Walkin
from tests.support.scene import stored

GRAVE = {
    "anticoagulant": "yes",
    "anticoagulant.which": ["warfarin"],
    "diabetes": "yes",
    "pregnancy": "not_sure",
    "medicines": ["coumadin 5 mg", "something for my nerves", "little white ones"],
}
WIDTHS: tuple[Any, ...] = ("desktop", "phone")


@pytest.fixture
def reference(on_sqlite: OpenClinic) -> str:
    """A request with grave answers, made by the services."""
    with on_sqlite.app.app_context():
        walkin = Walkin(name="Wanda Walkin", email="wanda@example.com", answers=GRAVE)
        request_id = walkin.asks(datetime.now(UTC))
        return str(stored(Request, request_id).reference)


@pytest.mark.parametrize("width", WIDTHS)
def test_the_desk_sees_each_of_its_pages_whole(
    on_sqlite: OpenClinic, seat: Seat, reference: str, width: str
) -> None:
    desk = seat(Desk, on_sqlite, width=width)
    desk.signs_in()
    for path in ("", "?folder=closed", "?q=nobody+of+this+name", "?find=1", "calendar/", "account"):
        desk.opens(f"/staff/{path}")
    desk.opens(f"/staff/requests/{reference}")
    desk.unfolds("Wait until a day")
    desk.unfolds("Close this request")
    desk.looks()

    desk.presses("Close it")

    assert desk.page.locator(".error-summary a").count() == 1
    desk.writes("attempt-number", "12")
    desk.presses("Reached")
    assert desk.page.locator(".error-summary a").count() == 1
    desk.opens(f"/staff/requests/{reference}/offer?kind=needling")
    assert "No time can be offered" in desk.said
    desk.opens(f"/staff/requests/{reference}/contact")
    desk.writes("phone", "nothing")
    desk.presses("Save the details")
    assert desk.page.locator(".error-summary a").count() == 1
    desk.opens(f"/staff/requests/{reference}/letters?text=please_call")
    desk.writes("body", "About your warfarin.")
    desk.presses("See it before it goes out")
    assert desk.page.locator(".error-summary a").count() == 1
    desk.writes("body", "Please call us.")
    desk.presses("See it before it goes out")
    assert "This is how it will go out" in desk.said
    desk.opens(f"/staff/review/{reference}")
    assert "403" not in desk.heading
    assert "Wanda" not in desk.page.content()


@pytest.mark.parametrize("width", WIDTHS)
def test_the_therapist_sees_findings_and_errors_whole(
    on_sqlite: OpenClinic, seat: Seat, reference: str, width: str
) -> None:
    therapist = seat(Therapist, on_sqlite, width=width)
    therapist.signs_in()
    therapist.reads(reference)
    assert "something for my nerves" in therapist.said
    assert "Not recogni" in therapist.said

    therapist.presses("Sign this decision")

    assert therapist.page.locator(".error-summary a").count() >= 1
    therapist.signs(
        "delay",
        "Until the INR is known.",
    )
    assert therapist.page.locator(".error-summary").count() == 1
    assert therapist.page.locator("[name=reason]").input_value() == "Until the INR is known."
    therapist.presses("Add a clinical note")
    assert therapist.page.locator(".error-summary a").count() == 1


def test_an_admin_sees_states_and_no_names(
    on_sqlite: OpenClinic, seat: Seat, reference: str
) -> None:
    admin = seat(Staff, on_sqlite, who=on_sqlite.staff["admin"])
    admin.signs_in()

    for path in ("", f"requests/{reference}", "calendar/", "account"):
        admin.opens(f"/staff/{path}")
        assert "Wanda" not in admin.page.content()


def test_a_wrong_password_and_a_wrong_code_are_told_in_words(
    on_sqlite: OpenClinic, seat: Seat
) -> None:
    stranger = seat(Staff, on_sqlite, width="phone", who=on_sqlite.staff["lead"])
    stranger.opens("/staff/")
    stranger.writes("email", "lena@example.com")
    stranger.writes("password", "not the right one at all")

    stranger.presses("Continue", within="main")

    assert stranger.page.locator(".error-summary a").count() == 1
    stranger.opens("/staff/forgot")
    stranger.opens("/no-such-page")
    assert stranger.page.locator("h1").count() == 1
