"""A call that was recorded by mistake is taken back by a fact of its own, for ten minutes."""

from datetime import date, timedelta
from itertools import product
from uuid import UUID

import pytest

from clinic.access import SYSTEM, Actor, NotThere, Refused, Role
from clinic.booking import lifecycle
from clinic.models import Act, Attempt, AuditEntry, Request
from clinic.queries import requests
from clinic.services import closing, contacting, offering, triage
from clinic.services.contacting import CannotUndo
from clinic.services.transaction import Work, writes
from tests.support.scene import PHONE, Scene, all_of, stored, version_of

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
WEDNESDAY = date(2026, 11, 25)
MINUTE = timedelta(minutes=1)


def called(
    scene: Scene, dana: Actor, request_id: UUID, outcome: str, *, next_try_on: date | None = None
) -> UUID:
    return triage.attempt(
        dana,
        scene.now,
        request_id,
        outcome=outcome,
        number=PHONE,
        next_try_on=next_try_on,
        seen=version_of(request_id),
        key=f"{request_id} {outcome} {version_of(request_id)}",
    )


def undo(scene: Scene, who: Actor, request_id: UUID, attempt_id: UUID) -> None:
    seen = version_of(request_id)
    contacting.undo(who, scene.now, request_id, attempt_id=attempt_id, seen=seen)


def standing(request_id: UUID) -> tuple[object, ...]:
    request = stored(Request, request_id)
    return (
        request.desk_state,
        request.reached_at,
        request.waiting_until,
        request.back_since,
        request.call_today,
    )


BEGINNINGS = ("new", "in_contact", "waiting", "ready_to_offer")


def test_after_an_undo_the_request_stands_as_it_did(scene: Scene, dana: Actor) -> None:
    scene.place()
    for start, (outcome, again) in product(
        BEGINNINGS, (("reached", None), ("voicemail", WEDNESDAY))
    ):
        request_id = _begun(scene, dana, start)
        before = standing(request_id)
        assert before[0] == start
        scene.now += MINUTE

        attempt_id = called(scene, dana, request_id, outcome, next_try_on=again)
        scene.now += 9 * MINUTE
        undo(scene, dana, request_id, attempt_id)

        assert standing(request_id) == before, (start, outcome)
        assert len(all_of(Attempt, id=attempt_id)) == 1  # it stays on record
        told = all_of(Act, request_id=request_id, act="take attempt back")
        assert [act.detail for act in told] == [{"attempt": attempt_id.hex}]
    assert len(all_of(AuditEntry, act="desk.take_attempt_back")) == 8


def _begun(scene: Scene, dana: Actor, start: str) -> UUID:
    request_id = scene.request(cleared=start == "ready_to_offer", call_today="own_words")
    if start == "in_contact":
        called(scene, dana, request_id, "reached")
    if start == "waiting":
        day = date(2026, 11, 30)
        triage.wait(dana, scene.now, request_id, until=day, seen=version_of(request_id))
    return request_id


def test_a_call_taken_back_has_reached_nobody(scene: Scene, dana: Actor) -> None:
    request_id = scene.request(level="urgent", urgent_open=True)
    attempt_id = called(scene, dana, request_id, "reached")
    assert _reached(scene, request_id)

    undo(scene, dana, request_id, attempt_id)

    assert not _reached(scene, request_id)
    assert stored(Request, request_id).call_today == "urgent"


@writes
def _told(work: Work, request_id: UUID) -> bool:
    return contacting.reached(work, request_id)


def _reached(scene: Scene, request_id: UUID) -> bool:
    return _told(SYSTEM, scene.now, request_id)


def test_an_undo_is_done_once_whatever_is_clicked(scene: Scene, dana: Actor) -> None:
    request_id = scene.request()
    attempt_id = called(scene, dana, request_id, "reached")

    for _ in range(3):
        undo(scene, dana, request_id, attempt_id)

    assert len(all_of(Act, request_id=request_id, act="take attempt back")) == 1


def test_after_ten_minutes_a_call_stands(scene: Scene, dana: Actor) -> None:
    request_id = scene.request()
    attempt_id = called(scene, dana, request_id, "reached")
    scene.now += lifecycle.UNDO_WITHIN + timedelta(seconds=1)

    with pytest.raises(CannotUndo) as told:
        undo(scene, dana, request_id, attempt_id)

    assert told.value.reason == "too_late"
    assert stored(Request, request_id).desk_state == "in_contact"


def test_what_was_built_on_a_call_keeps_it(scene: Scene, dana: Actor) -> None:
    request_id = scene.request(cleared=True)
    attempt_id = called(scene, dana, request_id, "reached")
    closing.close(dana, scene.now, request_id, reason="no_reply", seen=version_of(request_id))

    with pytest.raises(CannotUndo) as told:
        undo(scene, dana, request_id, attempt_id)

    assert told.value.reason == "moved_on"
    assert stored(Request, request_id).desk_state == "closed"


def test_nothing_gets_ready_for_needles_again_whose_clearance_ended_meanwhile(
    scene: Scene, dana: Actor
) -> None:
    scene.place()
    request_id = scene.request(cleared=True)
    attempt_id = called(scene, dana, request_id, "no_answer", next_try_on=WEDNESDAY)
    scene.end_clearance(request_id)

    undo(scene, dana, request_id, attempt_id)

    assert stored(Request, request_id).desk_state == "in_contact"


def test_only_an_attempt_of_this_very_request_is_taken_back(scene: Scene, dana: Actor) -> None:
    first, second = scene.request(), scene.request()
    attempt_id = called(scene, dana, first, "reached")

    with pytest.raises(NotThere):
        undo(scene, dana, second, attempt_id)


def test_who_does_not_work_requests_takes_nothing_back(scene: Scene, dana: Actor) -> None:
    request_id = scene.request()
    attempt_id = called(scene, dana, request_id, "reached")

    with pytest.raises(Refused):
        undo(scene, scene.staff("Ada Admin", Role.ADMIN), request_id, attempt_id)


def test_a_wrong_number_is_marked_until_a_call_to_it_ends_otherwise_or_it_is_corrected(
    scene: Scene, dana: Actor
) -> None:
    request_id = scene.request()
    reference = stored(Request, request_id).reference

    def marked() -> bool:
        known = requests.page(dana, reference).contact
        return known is not None and known.phone_wrong

    assert not marked()
    wrong = called(scene, dana, request_id, "wrong_number")
    assert marked()
    undo(scene, dana, request_id, wrong)
    assert not marked()
    scene.now += MINUTE
    called(scene, dana, request_id, "wrong_number")
    triage.correct_contact(
        dana,
        scene.now,
        request_id,
        phone="+15555550111",
        email=None,
        channel="phone",
        language="en",
        seen=version_of(request_id),
    )
    assert not marked()


def test_a_request_taken_up_early_says_what_it_waited_for(scene: Scene, dana: Actor) -> None:
    scene.place()
    request_id = scene.request()
    triage.wait(
        dana,
        scene.now,
        request_id,
        until=WEDNESDAY,
        because="away",
        words="Back from a trip on Tuesday.",
        seen=version_of(request_id),
    )

    triage.take_up(dana, scene.now, request_id, seen=version_of(request_id))

    request = stored(Request, request_id)
    assert (request.desk_state, request.waiting_until, request.back_since) == (
        "in_contact",
        None,
        None,
    )
    back = all_of(Act, request_id=request_id, act="come back")[0]
    assert (back.detail or {})["words"] == "Back from a trip on Tuesday."
    with pytest.raises(lifecycle.NoSuchMove):
        triage.take_up(dana, scene.now, request_id, seen=version_of(request_id))


def test_a_reason_to_wait_that_nobody_knows_is_refused(scene: Scene, dana: Actor) -> None:
    request_id = scene.request()

    with pytest.raises(lifecycle.NoSuchMove):
        triage.wait(
            dana,
            scene.now,
            request_id,
            until=WEDNESDAY,
            because="whatever",
            seen=version_of(request_id),
        )


def test_a_mistaken_call_made_ready_in_between_is_not_undone(scene: Scene, dana: Actor) -> None:
    request_id = scene.request()
    attempt_id = called(scene, dana, request_id, "reached")
    offering.make_ready(
        dana, scene.now, request_id, visit_kind="no_needles", seen=version_of(request_id)
    )

    with pytest.raises(CannotUndo):
        undo(scene, dana, request_id, attempt_id)
