"""Who may not open a history gets no part of it: not by address, not by form, not by fault."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from clinic.models import Note, Request, Review
from tests.support.deaf_trail import deaf_trail
from tests.support.page import Page
from tests.support.patients import Patient
from tests.support.scene import all_of
from tests.web.therapist.conftest import DECIDE, Room

CANARY = "quetzalcoatl"
ACTS = ("", "/withdraw", "/urgent", "/notes")


def guarded(room: Room) -> Patient:
    """A patient whose every answer can be told when it is seen."""
    return room.asks(
        name="Quinta Example",
        hopes=CANARY,
        answers={"anticoagulant": "yes", "medicines": [CANARY]},
    )


def token(room: Room) -> str:
    """A token that this browser's forms carry, from a page that anybody may open."""
    page = Page.get(room.client, "/")
    return str(page.soup.select_one("input[name=csrf_token]")["value"])  # type: ignore[index]  # there is one on each page


def shown(room: Room, answer: object) -> bool:
    """Tell whether anything of the history got out."""
    text = str(getattr(answer, "text", "")) + str(getattr(answer, "headers", ""))
    words = (CANARY, "Blood thinner", "blood thinner", "Quinta", "Lower back")
    return any(word in text for word in words)


@pytest.mark.parametrize("who", ["dana", "ada"])
@pytest.mark.proves("AZ-4")
def test_the_desk_and_the_admin_are_refused_without_a_word_of_it(room: Room, who: str) -> None:
    patient = guarded(room)
    before = room.behind(lambda: all_of(Request)[0].version)
    room.actor = room.cast[who]
    csrf_token = token(room)

    answers = [room.client.get(room.address(patient)), room.client.head(room.address(patient))]
    answers += [
        room.client.post(room.address(patient, act), data={"csrf_token": csrf_token})
        for act in ACTS
    ]

    assert {answer.status_code for answer in answers} == {403}
    assert not [answer for answer in answers if shown(room, answer)]
    assert room.behind(lambda: all_of(Request)[0].version) == before
    assert room.behind(all_of, Review) == room.behind(all_of, Note) == []


def test_who_is_not_signed_in_is_sent_to_the_door(room: Room) -> None:
    patient = guarded(room)
    room.actor = None

    answers = [room.client.get(room.address(patient))]
    csrf_token = token(room)
    answers += [
        room.client.post(room.address(patient, act), data={"csrf_token": csrf_token})
        for act in ACTS
    ]

    assert {answer.status_code for answer in answers} == {303}
    assert all("/staff/sign-in" in answer.headers["Location"] for answer in answers)
    assert not [answer for answer in answers if shown(room, answer)]


@pytest.mark.proves("CSRF-1")
def test_a_form_without_its_token_does_nothing(room: Room) -> None:
    patient = guarded(room)
    page = room.open(patient)
    given = {name: values[0] for name, values in page.values.items() if name != "csrf_token"}

    answers = [
        room.client.post(room.address(patient, act), data={**given, "decision": "refer"})
        for act in ACTS
    ]

    assert {answer.status_code for answer in answers} == {400}
    assert room.behind(all_of, Review) == room.behind(all_of, Note) == []


def test_what_is_not_there_looks_like_what_may_not_be_known(room: Room) -> None:
    draft = Patient(name="Quinta Example", hopes=CANARY)
    room.behind(draft.begins, room.now)
    address = room.address(draft)
    csrf_token = token(room)

    for unknown in (address, "/staff/review/AAAA-AAAA", "/staff/review/%00", "/staff/review/1"):
        answers = [room.client.get(unknown)]
        answers += [
            room.client.post(unknown + act, data={"csrf_token": csrf_token}) for act in ACTS
        ]
        assert {answer.status_code for answer in answers} == {404}, unknown
        assert not [answer for answer in answers if shown(room, answer)]


@pytest.mark.proves("AZ-2")
def test_the_history_of_another_request_cannot_be_smuggled_into_a_form(room: Room) -> None:
    patient, other = guarded(room), room.asks(name="Ned Nobody", phone="(555) 555-0177")
    theirs = room.open(other).values["intake_id"]

    form = room.open(patient).form(DECIDE).fill({"decision": "See a doctor first"})
    form.data = [(name, theirs[0] if name == "intake_id" else value) for name, value in form.data]

    page = form.submit(DECIDE)

    assert page.status == 404
    assert room.behind(all_of, Review) == []


@pytest.mark.proves("AZ-6")
def test_fields_that_are_nobodys_to_send_change_nothing(room: Room) -> None:
    patient = room.asks()
    page = room.open(patient)
    form = page.form(DECIDE)
    form.fill({"decision": "See a doctor first"})
    form.data += [
        ("clinical_state", "cleared"), ("signed_name", "Nobody"), ("signed_by_id", "1"),
        ("state", "in_force"), ("level", "none"), ("urgent_open", "1"), ("origin", "screening"),
    ]  # fmt: skip

    form.submit(DECIDE)

    (signed,), (request,) = room.behind(all_of, Review), room.behind(all_of, Request)
    assert (signed.decision, signed.signed_name) == ("refer", "Theo Therapist")
    assert (request.clinical_state, request.urgent_open) == ("referred", False)


@pytest.mark.proves("AUD-2")
def test_a_history_whose_opening_cannot_be_written_down_is_not_shown(room: Room) -> None:
    patient = guarded(room)
    page = room.open(patient)
    assert CANARY in page.text

    with _deaf(room):
        seen = room.client.get(room.address(patient))
        refused = page.submit(DECIDE, decision="Clear for needling")  # would be drawn again

    assert (seen.status_code, refused.status) == (503, 503)
    assert not shown(room, seen)
    assert not shown(room, refused.response)
    assert room.open(patient).status == 200


@contextmanager
def _deaf(room: Room) -> Iterator[None]:
    with room.app.app_context(), deaf_trail():
        yield
