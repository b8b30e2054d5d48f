"""The pages that anyone may find, in a real browser: nothing sticks out, no policy is broken."""

import pytest
from playwright.sync_api import Browser

from tests.support.browser import Width, visitor
from tests.support.open_clinic import OpenClinic

PATHS = ["/", "/evidence", "/team", "/prices", "/privacy", "/accessibility"]


@pytest.mark.parametrize(
    ("width", "language", "paths"), [("phone", "es-US", PATHS), ("desktop", "en-US", PATHS[:1])]
)
@pytest.mark.proves("HDR-2")
def test_each_page_that_anyone_may_find_is_whole(
    on_sqlite: OpenClinic, chromium: Browser, width: Width, language: str, paths: list[str]
) -> None:
    with visitor(chromium, on_sqlite.address, width=width, locale=language) as guest:
        for path in paths:
            guest.open(path)
            guest.check_page()

            assert guest.page.locator("html").get_attribute("lang") == language[:2]


def test_the_ways_on_this_page_lead_to_their_part_on_a_phone(
    on_sqlite: OpenClinic, chromium: Browser
) -> None:
    with visitor(chromium, on_sqlite.address, width="phone", javascript=False) as guest:
        page = guest.open("/")

        page.get_by_role("link", name="When to get help").click()

        assert page.get_by_role("heading", name="Get help right away").is_visible()
        assert page.locator("#get-help").evaluate("it => it.getBoundingClientRect().top") < 100
