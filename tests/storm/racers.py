"""Fifty windows of the front desk that want the same time in the same instant."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier
from typing import TypeVar

from werkzeug.test import Client

from clinic.access import Role
from clinic.models import Appointment, Letter, Offer, Request, SlotAtom
from tests.support.open_clinic import OpenClinic
from tests.support.page import Form, Page
from tests.support.scene import Scene, all_of, stored
from tests.support.signing_in import hire, sign_in

RACERS, DESKS = 50, 5
ATOMS = 9  # five-minute pieces of one visit
TAKEN = "That time is taken"
T = TypeVar("T")


def at_once(*acts: Callable[[], T]) -> list[T]:
    """Do everything in the same instant."""
    start = Barrier(len(acts))

    def run(act: Callable[[], T]) -> T:
        start.wait(timeout=60)
        return act()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def windows(clinic: OpenClinic) -> list[Client]:
    """Sign in several people at the desk, each with several windows of one session."""
    opened = []
    for n in range(DESKS):
        person = hire(clinic.app, Role.FRONT_DESK, email=f"desk{n}@example.com", name=f"Desk {n}")
        client = clinic.client()
        assert sign_in(client, person).heading == "Requests"
        held = client.get_cookie("staff")
        assert held is not None
        for _ in range(RACERS // DESKS):
            window = clinic.client()
            window.set_cookie("staff", held.value)
            opened.append(window)
    return opened


def race_for_the_last_slot(clinic: OpenClinic, opened: list[Client]) -> list[Page]:
    """Let each window offer the last time on the list to a patient of its own, all at once."""
    with clinic.app.app_context():
        scene = Scene(datetime.now(UTC), number=1000 * len(all_of(Request)))
        references = [
            stored(Request, scene.request(cleared=True, location_id=clinic.place_id)).reference
            for _ in opened
        ]
    theo, place = clinic.staff["therapist"].id, clinic.place_id
    where = {"therapist": str(theo), "location": str(place), "kind": "needling"}

    def fill(window: Client, reference: str) -> Form:
        page = Page.get(window, f"/staff/requests/{reference}/offer", query_string=where)
        times = page.soup.find_all("input", {"name": "starts"})
        form = page.form("Hold and offer")
        return form.fill({"starts": str(times[-1]["value"])})

    with ThreadPoolExecutor(8) as pool:
        forms = list(pool.map(fill, opened, references))
    assert len({dict(form.data)["starts"] for form in forms}) == 1
    pages: list[Page] = at_once(*(form.submit for form in forms))
    return pages


def faults(clinic: OpenClinic, pages: list[Page], *, rounds: int = 1) -> list[str]:
    """Compare what everybody was told, and what is stored, with one winner a round."""
    found = []
    ended = Counter(page.status for page in pages)
    if ended != {200: 1, 409: RACERS - 1}:
        found.append(f"answers: {dict(ended)}")
    told = {page.heading for page in pages if page.status != 200}
    if told != {TAKEN}:
        found.append(f"the losers were told {told}")
    with clinic.app.app_context():
        kept = {
            "offers": len(all_of(Offer)),
            "visits": len(all_of(Appointment)),
            "letters": len(all_of(Letter, kind="offer")),
            "pieces of time": len(all_of(SlotAtom)) / ATOMS,
        }
    return found + [f"{count} {what}" for what, count in kept.items() if count != rounds]
