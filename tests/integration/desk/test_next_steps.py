"""What each request asks of the clinic next, and that what asks for nothing stands last."""

from datetime import timedelta
from uuid import UUID

import pytest

from clinic.access import SYSTEM, Actor, Role
from clinic.booking.lifecycle import Track
from clinic.models import Appointment
from clinic.queries import queue
from clinic.queries.queue import Wish
from clinic.services import availability, moving, outbox, tracks, triage
from clinic.services.transaction import Work, writes
from tests.integration.desk.test_offering import WEDNESDAY, booked, hold
from tests.support.scene import Scene, person, stored, version_of

HOUR = timedelta(hours=1)
pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@writes
def decided(work: Work, request_id: UUID, *, act: str) -> None:
    tracks.move(work, tracks.load(work, request_id), Track.CLINICAL, act)


@writes
def a_letter_failed(work: Work, request_id: UUID) -> str:
    outbox.enqueue(
        work,
        "offer_ended",
        to="rosa.example@example.com",
        language="en",
        dedupe_key=request_id.hex,
        request_id=request_id,
        first_name="",
        link="https://clinic.example/r/abc",
    )
    return "queued"


def fail(scene: Scene, request_id: UUID) -> None:
    """Let the mail server turn a letter about a request down for good."""
    a_letter_failed(SYSTEM, scene.now, request_id)
    leased = outbox.lease(SYSTEM, scene.now)
    assert leased is not None
    assert outbox.mark_refused(SYSTEM, scene.now, leased, code="smtp 550")


DECISIONS = {
    "delay": "no_needles",
    "offer other care": "no_needles",
    "refer": "doctor",
    "ask for more": "answer",
    "clear": "offer",
    "need review": "review",
}


def test_every_decision_leaves_the_desk_something_to_read(scene: Scene, dana: Actor) -> None:
    request_id = scene.request()

    for act, asked in DECISIONS.items():
        decided(SYSTEM, scene.now, request_id, act=act)
        assert queue.page(dana, Wish()).rows[0].action == asked, act
        assert queue.action_of(dana, request_id) == asked
        assert len(queue.page(dana, Wish(action=asked)).rows) == 1


def test_who_cannot_answer_by_a_link_is_asked_by_phone(scene: Scene, dana: Actor) -> None:
    without = scene.request(email=None, email_proved_at=None, channel="phone")
    unproved = scene.request(email_proved_at=None)

    for request_id in (without, unproved):
        decided(SYSTEM, scene.now, request_id, act="ask for more")
        assert queue.action_of(dana, request_id) == "ask"


def test_times_held_for_who_has_no_email_are_a_call_to_make_until_one_reached_them(
    scene: Scene, dana: Actor, theo: Actor, place: UUID
) -> None:
    by_letter, by_phone = scene.request(cleared=True), scene.request(cleared=True, email=None)
    hold(scene, dana, by_letter, theo, place)
    hold(scene, dana, by_phone, theo, place, starts_at=scene.now + WEDNESDAY + HOUR)
    assert queue.action_of(dana, by_letter) == "none"
    assert queue.action_of(dana, by_phone) == "tell"
    assert [row.id for row in queue.page(dana, Wish(action="tell")).rows] == [by_phone]

    for outcome, asked in (("voicemail", "tell"), ("reached", "none")):
        triage.attempt(
            dana,
            scene.now,
            by_phone,
            outcome=outcome,
            number="+13125550142",
            seen=version_of(by_phone),
            key=outcome,
        )
        assert queue.action_of(dana, by_phone) == asked, outcome


def test_call_today_holds_every_request_that_asks_for_a_call_whatever_the_reason(
    scene: Scene, dana: Actor
) -> None:
    wanted = []
    for why in ("urgent", "own_words", "clearance_ended", "visit_does_not_fit", "anything new"):
        wanted.append(scene.request())
        _ask_for_call(SYSTEM, scene.now, wanted[-1], why=why)
    scene.request()

    found = queue.page(dana, Wish(folder="call_today")).rows

    assert {row.id for row in found} == set(wanted)
    assert {row.action for row in found} == {"call_today"}
    assert queue.counts(dana).folders["call_today"] == len(wanted)


@writes
def _ask_for_call(work: Work, request_id: UUID, *, why: str) -> None:
    tracks.load(work, request_id).call_today = why


def test_who_has_a_time_on_days_that_are_closed_later_is_to_be_called(
    scene: Scene, dana: Actor, theo: Actor, place: UUID
) -> None:
    lena = scene.staff("Lena Lead", Role.LEAD_THERAPIST)
    scene.hours(lena, place)
    offered, visit, before, elses = (scene.request(cleared=True) for _ in range(4))
    hold(scene, dana, offered, theo, place)
    visit_id = booked(scene, dana, visit, theo, place, starts_at=scene.now + WEDNESDAY + HOUR)
    booked(scene, dana, before, theo, place, starts_at=scene.now + WEDNESDAY / 2)
    booked(scene, dana, elses, lena, place)
    wednesday = (scene.now + WEDNESDAY).date()

    availability.add_closure(
        theo, scene.now, wednesday, wednesday + 3 * WEDNESDAY, therapist_id=person(theo)
    )

    called = {row.id for row in queue.page(dana, Wish(folder="call_today")).rows}
    assert called == {offered, visit}
    version = stored(Appointment, visit_id).version
    moving.cancel(dana, scene.now, visit_id, seen=version, reason="therapist_away")
    assert queue.action_of(dana, visit) == "offer"
    assert queue.action_of(dana, offered) == "call_today"


def test_a_failed_letter_is_work_in_a_folder_of_its_own(scene: Scene, dana: Actor) -> None:
    calm, request_id = scene.request(), scene.request()
    before = queue.counts(dana)

    fail(scene, request_id)

    assert [row.id for row in queue.page(dana, Wish(folder="letters")).rows] == [request_id]
    counts = queue.counts(dana)
    assert (before.folders["letters"], counts.folders["letters"]) == (0, 1)
    assert counts.version != before.version
    assert queue.action_of(dana, calm) == "review"


def test_what_asks_for_nothing_stands_behind_what_does_on_every_page(
    scene: Scene, dana: Actor, theo: Actor, place: UUID
) -> None:
    idle = scene.request(sent_at=scene.now, cleared=True)
    booked(scene, dana, idle, theo, place)
    for _ in range(26):
        scene.request(sent_at=scene.now)

    first = queue.page(dana, Wish())
    second = queue.page(dana, Wish(cursor=first.next or ""))

    turned = [row.id for row in (*first.rows, *second.rows)]
    assert len(set(turned)) == 27
    assert turned[-1] == idle
    assert queue.page(dana, Wish(cursor=second.previous or "")).rows == first.rows


def test_what_came_back_from_waiting_says_so(scene: Scene, dana: Actor) -> None:
    request_id = scene.request(cleared=True)
    until = scene.now.date().replace(day=25)
    triage.wait(dana, scene.now, request_id, until=until, seen=version_of(request_id))
    assert queue.action_of(dana, request_id) == "none"

    triage.bring_back(SYSTEM, scene.now.replace(day=26))

    assert queue.action_of(dana, request_id) == "back"
