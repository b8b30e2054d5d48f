"""A session that ends while somebody is at work: what they typed stays, and nobody reads it."""

from tests.browser.conftest import Seat
from tests.browser.navigators import Desk
from tests.support.open_clinic import OpenClinic

TYPED = "Cora Caller-Example"
TOO_LONG = 16 * 60_000


def test_a_session_that_ends_takes_nothing_that_was_typed(
    on_sqlite: OpenClinic, seat: Seat
) -> None:
    desk = seat(Desk, on_sqlite)
    desk.signs_in()
    desk.page.clock.install()
    desk.opens("/staff/keying/new")

    with desk.page.expect_navigation():  # nothing was typed: the page is left
        desk.page.clock.run_for(TOO_LONG)
    assert desk.path == "/staff/"

    desk.opens("/staff/keying/new")
    desk.page.locator("#name").press_sequentially(TYPED)
    desk.page.clock.run_for(TOO_LONG)

    dialog = desk.page.locator("dialog.session")
    assert dialog.get_by_role("heading", name="You were signed out").is_visible()
    assert not dialog.get_by_role("button", name="Stay signed in").is_visible()
    assert desk.path == "/staff/keying/new"
    desk.page.keyboard.press("Escape")
    desk.page.keyboard.press("Escape")
    dialog.wait_for(state="visible")  # it comes back: it covers what may be a patient's

    again = desk.page.context.new_page()
    again.goto(f"{on_sqlite.address}/staff/")
    dialog.wait_for(state="hidden")
    assert desk.page.locator("#name").input_value() == TYPED
