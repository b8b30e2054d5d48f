"""The queue as the front desk uses it: filters in the address, claim and release on the row."""

from datetime import timedelta

import pytest

from clinic.access import Role
from tests.support.scene import CANARY
from tests.web.desk.conftest import Screen


def test_a_request_is_claimed_and_released_on_its_row(screen: Screen) -> None:
    reference = screen.request(name="Rosa Example")

    claimed = screen.get("/staff/").submit(f"Claim {reference}")

    assert claimed.path == "/staff/"
    assert "This request is yours." in claimed.text
    assert "Dana Desk" in " ".join(one.get_text() for one in claimed.soup.select("tbody"))
    released = claimed.submit(f"Release {reference}")
    assert released.has_button(f"Claim {reference}")


def test_claiming_comes_back_to_the_queue_as_it_was_filtered(screen: Screen) -> None:
    reference = screen.request(name="Rosa Example", language="es")
    screen.request(name="Otto Other")

    queue = screen.get("/staff/?folder=unassigned&language=es&q=rosa")
    claimed = queue.submit(f"Claim {reference}")

    assert claimed.path == "/staff/?folder=unassigned&q=rosa&language=es"
    assert claimed.heading == "Requests"


@pytest.mark.proves("HDR-6")
def test_a_way_back_leads_nowhere_else(screen: Screen) -> None:
    reference = screen.request()
    page = screen.get("/staff/")
    form = page.form(f"Claim {reference}")
    form.data = [(k, v) for k, v in form.data if k != "back"]
    form.data.append(("back", "//evil.example.com/?folder=mine&next=https://evil.example.com"))

    claimed = form.submit()

    assert claimed.response.request.path == "/staff/"
    assert "evil" not in claimed.path


def test_the_filter_travels_in_the_address(screen: Screen) -> None:
    screen.request(name="Rosa Example", language="es")
    screen.request(name="Otto Other", language="en")

    found = screen.get("/staff/").submit("Search", language="Español", q="example")

    assert "language=es" in found.path
    assert "q=example" in found.path
    assert found.has_link("Rosa Example")
    assert not found.has_link("Otto Other")


def test_pages_are_turned_by_links(screen: Screen) -> None:
    for n in range(30):
        screen.request(name=f"Number {n:02}", sent_at=screen.scene.now - timedelta(hours=n))

    first = screen.get("/staff/")
    second = first.follow("Next page")

    assert first.has_link("Number 29")
    assert second.has_link("Number 00")
    assert second.follow("Previous page").has_link("Number 29")


def test_who_has_a_request_is_told_and_its_row_offers_no_claim(screen: Screen) -> None:
    reference = screen.request(name="Rosa Example")
    screen.get("/staff/").submit(f"Claim {reference}")
    screen.actor = screen.hire("Drew Desk", Role.FRONT_DESK)

    queue = screen.get("/staff/")

    assert "Dana Desk" in queue.text
    assert not queue.has_button(f"Claim {reference}")


@pytest.mark.proves("OUT-3")
def test_the_counts_are_numbers_and_nothing_else(screen: Screen) -> None:
    screen.request(name="Rosa Example")

    answer = screen.client.get("/staff/queue.json", headers={"X-Poll": "1"})

    told = answer.json or {}
    assert set(told) == {"version", "folders"}
    assert all(isinstance(count, int) for count in told["folders"].values())
    assert "Rosa" not in answer.text


def test_an_admin_sees_states_and_no_names(screen: Screen) -> None:
    reference = screen.request(name="Rosa Example")
    screen.actor = screen.hire("Ada Admin", Role.ADMIN)

    queue, page = screen.get("/staff/"), screen.open(reference)

    for seen in (queue, page):
        for hidden in ("Rosa", "555-0142", "rosa.example", "Lower back", "Not on Fridays", CANARY):
            assert hidden not in seen.response.text
        assert reference in seen.text
    assert "Needs review" in page.text
    assert not page.has_button("Claim")


def test_an_empty_folder_and_a_search_that_finds_nothing_say_so(screen: Screen) -> None:
    assert "Nobody is waiting here" in screen.get("/staff/?folder=mine").text
    screen.request()
    assert "Nothing fits" in screen.get("/staff/?q=nobody").text
    assert "too long" in screen.get("/staff/?q=" + "x" * 10_000).text


def test_addresses_that_make_no_sense_show_the_open_requests(screen: Screen) -> None:
    screen.request(name="Rosa Example")

    for query in ("folder=draft", "cursor=%00", "location=7", "action=urgent", "language=fr"):
        assert screen.get(f"/staff/?{query}").has_link("Rosa Example"), query


def test_a_search_that_is_no_text_is_refused(screen: Screen) -> None:
    assert screen.get("/staff/?q=%ED%A0%80").status == 400


def test_hostile_searches_are_harmless(screen: Screen) -> None:
    screen.request(name="Rosa Example")

    for text in (
        "%25",
        "_",
        "' OR 1=1 --",
        "%00",
        "R%00osa",
        "<script>",
        "%F0%9F%92%A9",
    ):
        found = screen.get(f"/staff/?q={text}")
        assert found.status == 200, text
        assert "<script>" not in found.response.text.replace("<script src", "")
        assert not found.has_link("Rosa Example") or "%00" in text
