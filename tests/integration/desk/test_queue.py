"""The queue: folders with counts, one total order in pages, and a search that cannot widen."""

from datetime import timedelta
from uuid import UUID

import pytest

from clinic.access import Actor, Refused, Role
from clinic.models import Request
from clinic.queries import queue
from clinic.queries.queue import Wish
from clinic.services import closing, triage
from tests.integration.desk.test_offering import booked, hold
from tests.support.scene import CANARY, Scene, stored, version_of

HOUR = timedelta(hours=1)


def pages(actor: Actor, wish: Wish) -> list[list[UUID]]:
    """Turn every page, forwards."""
    found, cursor = [], ""
    while True:
        page = queue.page(actor, Wish(**{**vars(wish), "cursor": cursor}))
        found.append([row.id for row in page.rows])
        if page.next is None:
            return found
        cursor = page.next


def names(actor: Actor, **wish: object) -> set[str | None]:
    return {row.name for row in queue.page(actor, Wish(**wish)).rows}  # type: ignore[arg-type]  # given by name


def test_the_most_urgent_comes_first_then_the_oldest_and_no_page_repeats_or_drops_one(
    scene: Scene, dana: Actor
) -> None:
    made = []
    for n in range(60):
        sent_at = scene.now - (n % 7) * HOUR  # many in the same instant
        urgent = n % 11 == 0
        made.append((not urgent, sent_at, scene.request(sent_at=sent_at, urgent_open=urgent)))

    turned = pages(dana, Wish())

    assert [len(page) for page in turned] == [25, 25, 10]
    assert [one for page in turned for one in page] == [
        key for _calm, _at, key in sorted(made, key=lambda one: (one[0], one[1], _stored(one[2])))
    ]


def _stored(key: UUID) -> str:
    return key.hex  # both databases order ids as their hex digits do


def test_going_back_shows_the_page_that_was_before(scene: Scene, dana: Actor) -> None:
    for n in range(55):
        scene.request(sent_at=scene.now - n * HOUR, urgent_open=n in (3, 30))
    first = queue.page(dana, Wish())
    second = queue.page(dana, Wish(cursor=first.next or ""))
    third = queue.page(dana, Wish(cursor=second.next or ""))

    back = queue.page(dana, Wish(cursor=third.previous or ""))
    start = queue.page(dana, Wish(cursor=back.previous or ""))

    assert (back.rows, start.rows) == (second.rows, first.rows)
    assert (first.previous, start.previous, third.next) == (None, None, None)


@pytest.mark.parametrize("cursor", ["!", "AAAA", "W10", "e30", "W251bGxd", "9" * 199, "\0"])
def test_a_cursor_that_was_made_up_begins_at_the_beginning(
    scene: Scene, dana: Actor, cursor: str
) -> None:
    scene.request()

    assert len(queue.page(dana, Wish(cursor=cursor)).rows) == 1


def test_each_folder_holds_what_it_says(
    scene: Scene, dana: Actor, drew: Actor, theo: Actor, place: UUID
) -> None:
    scene.request(name="Una Unassigned")
    mine = scene.request(name="Mia Mine")
    triage.claim(dana, scene.now, mine, seen=version_of(mine))
    scene.request(name="Ulf Urgent", urgent_open=True, level="urgent")
    scene.request(name="Rea Ready", cleared=True)
    waits = scene.request(name="Wim Waiting")
    triage.wait(
        drew, scene.now, waits, until=(scene.now + 48 * HOUR).date(), seen=version_of(waits)
    )
    offered = scene.request(name="Ole Offered", cleared=True)
    hold(scene, drew, offered, theo, place)
    done = scene.request(name="Bo Booked", cleared=True)
    scene_start = scene.now
    scene.now += 24 * HOUR
    booked(scene, drew, done, theo, place)
    scene.now = scene_start
    gone = scene.request(name="Cleo Closed")
    closing.close(drew, scene.now, gone, reason="spam", seen=version_of(gone))

    assert {name: names(dana, folder=name) for name in queue.FOLDERS if name != "open"} == {
        "unassigned": {"Una Unassigned", "Ulf Urgent", "Rea Ready"},
        "mine": {"Mia Mine"},
        "call_today": {"Ulf Urgent"},
        "review": {"Una Unassigned", "Mia Mine", "Ulf Urgent", "Wim Waiting"},
        "ready": {"Rea Ready"},
        "waiting": {"Wim Waiting"},
        "back": set(),
        "letters": set(),
        "offered": {"Ole Offered"},
        "booked": {"Bo Booked"},
        "closed": {"Cleo Closed"},
    }
    counted = queue.counts(dana).folders
    for name in queue.FOLDERS:
        assert counted[name] == len(names(dana, folder=name)), name


def test_the_mark_of_the_counts_changes_when_a_request_does(scene: Scene, dana: Actor) -> None:
    request_id = scene.request()
    before = queue.counts(dana).version

    assert queue.counts(dana).version == before
    triage.claim(dana, scene.now, request_id, seen=version_of(request_id))

    assert queue.counts(dana).version != before


def test_a_row_shows_a_level_as_an_act_and_nothing_that_was_answered(
    scene: Scene, dana: Actor
) -> None:
    for level in ("absolute", "site", "relative", "precaution", "none"):
        scene.request(level=level)
    scene.request(level="urgent", urgent_open=True)

    rows = queue.page(dana, Wish()).rows

    assert [row.action for row in rows] == ["call_today", *["review"] * 5]
    told = repr(rows)
    for word in (CANARY, "absolute", "site", "relative", "precaution"):
        assert word not in told


def test_filters_narrow_by_language_act_and_location(
    scene: Scene, dana: Actor, place: UUID
) -> None:
    scene.request(name="Ana Aqui", language="es", location_id=place)
    scene.request(name="Bea Both", language="es", urgent_open=True)
    scene.request(name="Cal Clear", cleared=True)

    assert names(dana, language="es") == {"Ana Aqui", "Bea Both"}
    assert names(dana, action="call_today") == {"Bea Both"}
    assert names(dana, action="review") == {"Ana Aqui"}
    assert names(dana, action="offer") == {"Cal Clear"}
    assert names(dana, action="none") == set()
    assert names(dana, location=place) == {"Ana Aqui"}
    assert names(dana, location=place, language="en") == set()


@pytest.mark.parametrize(
    "search",
    ["lucía", "LUCIA", "lucia prieto", "  prieto ", "ana@example.com", "(555) 555-0177", "REF"],
)
def test_a_patient_is_found_by_name_phone_email_or_reference(
    scene: Scene, dana: Actor, search: str
) -> None:
    scene.request(name="Somebody Else")
    wanted = scene.request(name="Ana Lucía Prieto", email="ana@example.com", phone="+15555550177")
    if search == "REF":
        search = stored(Request, wanted).reference.lower().replace("-", " ")

    assert names(dana, search=search) == {"Ana Lucía Prieto"}


def test_a_reference_finds_a_closed_request_too(scene: Scene, dana: Actor) -> None:
    request_id = scene.request(name="Cleo Closed")
    closing.close(dana, scene.now, request_id, reason="spam", seen=version_of(request_id))

    found = names(dana, search=stored(Request, request_id).reference)

    assert found == {"Cleo Closed"}


@pytest.mark.parametrize(
    "search",
    [
        "%",
        "_",
        "R%",
        "Rosa_Example",
        "' OR 1=1 --",
        "*",
        "\\",
        "\0",
        "R\0osa",
        "x" * 10_000,
        "%" * 200,
    ],
)
def test_no_search_widens_what_it_finds(scene: Scene, dana: Actor, search: str) -> None:
    for _ in range(3):
        scene.request()

    assert names(dana, search=search) == set()


def test_a_search_by_name_turns_pages_too(scene: Scene, dana: Actor) -> None:
    for n in range(70):
        scene.request(name=f"Rosa {n}" if n % 2 else f"Otto {n}", sent_at=scene.now + n * HOUR)

    turned = pages(dana, Wish(search="rosa"))

    assert [len(page) for page in turned] == [25, 10]
    assert len({one for page in turned for one in page}) == 35


@pytest.mark.proves("AZ-3")
def test_an_admin_sees_states_only_and_finds_nobody_by_name(scene: Scene) -> None:
    ada = scene.staff("Ada Admin", Role.ADMIN)
    request_id = scene.request(name="Rosa Example")

    row = queue.page(ada, Wish()).rows[0]
    assert (row.name, row.regions, row.desk_state) == (None, (), "new")
    for search in ("rosa", "rosa.example@example.com", "(555) 555-0142"):
        assert names(ada, search=search) == set()
    reference = stored(Request, request_id).reference
    assert len(queue.page(ada, Wish(search=reference)).rows) == 1


def test_patients_and_strangers_have_no_queue(scene: Scene) -> None:
    patient = scene.patient(scene.request())

    for ask in (lambda: queue.page(patient, Wish()), lambda: queue.counts(patient)):
        with pytest.raises(Refused):
            ask()
