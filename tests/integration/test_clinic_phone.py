"""The clinic's phone number stands on every page and in every letter, so it has to be one."""

import pytest

from clinic.config import UnfitSettings
from clinic.extensions import db
from clinic.services import letters
from tests.support import databases


@pytest.mark.parametrize("typed", ["soon", "12", "555-0100 or 555-0101"])
def test_the_app_does_not_start_with_a_number_that_nobody_can_dial(typed: str) -> None:
    with (
        databases.fresh_database("sqlite") as url,
        pytest.raises(UnfitSettings, match="CLINIC_PHONE"),
        databases.running_app(url, clinic_phone=typed),
    ):
        pass


def test_letters_write_it_as_the_pages_do() -> None:
    with (
        databases.fresh_database("sqlite") as url,
        databases.running_app(url, clinic_phone="+1 555 555 0100") as app,
        app.app_context(),
    ):
        _subject, body = letters.render("code", "en", {"code": "123456", "minutes": 10})
        page = app.test_client().get("/").get_data(as_text=True)
        db.session.remove()

    assert "(555) 555-0100" in body
    assert "(555) 555-0100" in page
    assert "+1 555" not in body
