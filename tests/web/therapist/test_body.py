"""The body on the therapist's page: each thing that the picture shows is said beside it."""

from tests.support.page import Page
from tests.web.therapist.conftest import Room

JOINTS = {
    "joint-replacement": "yes",
    "joint-replacement.regions": ["knee-left", "hip-right"],
    "joint-replacement.date": "2020-09-01",
    "joint-replacement.infection": "no",
}


def marks(page: Page) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for shape in page.soup.select("path[data-mark]"):
        found.setdefault(str(shape["data-mark"]), set()).add(str(shape["data-region"]))
    return found


def test_what_is_wanted_blocked_and_both_is_drawn_and_named_with_its_reason(room: Room) -> None:
    patient = room.asks(answers=JOINTS, regions=("knee-left", "chest"))

    page = room.open(patient)

    assert marks(page) == {
        "wanted-avoid": {"knee-left"},
        "wanted": {"chest-left", "chest-right"},
        "avoid": {"hip-right", "buttock-right"},
    }
    for said in (
        "Wanted and blocked: Knee, left , because of Replaced joint",
        "Wanted and allowed: Chest",
        "Blocked, not wanted: Buttock, right; Hip, right , because of Replaced joint",
    ):
        assert said.replace(" ,", ",") in page.text.replace(" ,", ",")
