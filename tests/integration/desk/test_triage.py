"""Who works a request, who was reached, what it waits for, and how it ends."""

from datetime import date, timedelta
from uuid import UUID

import pytest

from clinic.access import SYSTEM, Actor, NotThere, Refused, Role
from clinic.booking.lifecycle import NoSuchMove
from clinic.models import Act, Attempt, AuditEntry, Letter, Note, Request, Token
from clinic.services import closing, outbox, tokens, tracks, triage
from clinic.services.idempotency import OtherBody
from clinic.services.transaction import ChangedUnderneath, Work, writes
from clinic.services.triage import ClaimedByOther, UrgentOpen
from tests.support.scene import EMAIL, PHONE, Scene, all_of, stored, version_of

TOMORROW = date(2026, 11, 24)


def test_a_claimed_request_says_by_whom_and_is_released_again(scene: Scene, dana: Actor) -> None:
    request_id = scene.request()

    triage.claim(dana, scene.now, request_id, seen=version_of(request_id))
    assert stored(Request, request_id).claimed_by_id == dana.id
    triage.release(dana, scene.now, request_id, seen=version_of(request_id))

    assert stored(Request, request_id).claimed_by_id is None


def test_acting_on_what_somebody_else_works_asks_to_take_over_first(
    scene: Scene, dana: Actor, drew: Actor
) -> None:
    request_id = scene.request()
    triage.claim(dana, scene.now, request_id, seen=version_of(request_id))

    with pytest.raises(ClaimedByOther) as told:
        triage.wait(drew, scene.now, request_id, until=TOMORROW, seen=version_of(request_id))
    assert (told.value.by, told.value.since) == ("Dana Desk", scene.now)
    assert stored(Request, request_id).desk_state == "new"

    triage.wait(
        drew, scene.now, request_id, until=TOMORROW, seen=version_of(request_id), take_over=True
    )
    assert stored(Request, request_id).claimed_by_id == drew.id


def test_acting_on_what_nobody_works_claims_it(scene: Scene, dana: Actor) -> None:
    request_id = scene.request()

    triage.wait(dana, scene.now, request_id, until=TOMORROW, seen=version_of(request_id))

    assert stored(Request, request_id).claimed_by_id == dana.id


def test_an_act_on_a_page_that_is_stale_changes_nothing(scene: Scene, dana: Actor) -> None:
    request_id = scene.request()
    seen = version_of(request_id)
    triage.claim(dana, scene.now, request_id, seen=seen)

    with pytest.raises(ChangedUnderneath):
        closing.close(dana, scene.now, request_id, reason="spam", seen=seen)

    assert stored(Request, request_id).desk_state == "new"


def attempt(
    scene: Scene, dana: Actor, request_id: UUID, outcome: str, *, next_try_on: date | None = None
) -> None:
    triage.attempt(
        dana,
        scene.now,
        request_id,
        outcome=outcome,
        number=PHONE,
        next_try_on=next_try_on,
        seen=version_of(request_id),
        key=f"{outcome} {scene.now}",
    )


@pytest.mark.parametrize("outcome", ["voicemail", "no_answer", "wrong_number"])
def test_what_did_not_reach_the_patient_is_no_contact(
    scene: Scene, dana: Actor, outcome: str
) -> None:
    request_id = scene.request()

    attempt(scene, dana, request_id, outcome)

    request = stored(Request, request_id)
    assert (request.desk_state, request.reached_at) == ("new", None)
    tried = all_of(Attempt)[0]
    assert (tried.outcome, tried.number, tried.by_id) == (outcome, PHONE, dana.id)


def test_reaching_the_patient_is_contact(scene: Scene, dana: Actor) -> None:
    request_id = scene.request()

    attempt(scene, dana, request_id, "reached")

    request = stored(Request, request_id)
    assert (request.desk_state, request.reached_at) == ("in_contact", scene.now)


def test_an_attempt_is_recorded_once_whatever_is_clicked(scene: Scene, dana: Actor) -> None:
    request_id = scene.request()
    seen = version_of(request_id)

    for _ in range(3):
        triage.attempt(
            dana, scene.now, request_id, outcome="voicemail", number=PHONE, seen=seen, key="once"
        )

    assert len(all_of(Attempt)) == 1
    with pytest.raises(OtherBody):
        triage.attempt(
            dana, scene.now, request_id, outcome="reached", number=PHONE, seen=seen, key="once"
        )


def test_a_next_try_sets_the_request_aside_and_it_comes_back_by_itself(
    scene: Scene, dana: Actor
) -> None:
    scene.place()
    request_id = scene.request()
    attempt(scene, dana, request_id, "no_answer", next_try_on=date(2026, 11, 25))
    assert stored(Request, request_id).desk_state == "waiting"

    assert triage.bring_back(SYSTEM, scene.now + timedelta(days=1)) == 0
    assert triage.bring_back(SYSTEM, scene.now + timedelta(days=2)) == 1
    assert triage.bring_back(SYSTEM, scene.now + timedelta(days=2)) == 0

    request = stored(Request, request_id)
    assert (request.desk_state, request.waiting_until) == ("in_contact", None)
    assert request.back_since == scene.now + timedelta(days=2)
    back = all_of(Act, request_id=request_id, act="come back")
    assert back[0].detail == {"until": "2026-11-25", "because": "next_try"}


def test_a_day_begins_where_the_clinic_is_and_not_where_the_server_is(
    scene: Scene, dana: Actor
) -> None:
    scene.place()  # New York: its 25th begins at 05:00 UTC
    request_id = scene.request()
    triage.wait(dana, scene.now, request_id, until=date(2026, 11, 25), seen=version_of(request_id))
    midnight = scene.now.replace(day=25, hour=0)

    assert triage.bring_back(SYSTEM, midnight + timedelta(hours=4, minutes=59)) == 0
    assert triage.bring_back(SYSTEM, midnight + timedelta(hours=5)) == 1


@pytest.mark.parametrize("until", [date(2026, 11, 22), date(2026, 11, 23)])
def test_nothing_waits_for_a_day_that_is_over(scene: Scene, dana: Actor, until: date) -> None:
    request_id = scene.request()

    with pytest.raises(NoSuchMove):
        triage.wait(dana, scene.now, request_id, until=until, seen=version_of(request_id))


def test_only_the_clockwork_brings_requests_back(scene: Scene, dana: Actor) -> None:
    request_id = scene.request()
    triage.wait(dana, scene.now, request_id, until=TOMORROW, seen=version_of(request_id))

    with pytest.raises(Refused):
        triage.bring_back(dana, scene.now + timedelta(days=3))


def test_an_urgent_request_is_not_closed_before_a_clinician_has_closed_the_flag(
    scene: Scene, dana: Actor
) -> None:
    request_id = scene.request(level="urgent", urgent_open=True)

    with pytest.raises(UrgentOpen):
        closing.close(dana, scene.now, request_id, reason="spam", seen=version_of(request_id))

    assert stored(Request, request_id).desk_state == "new"


def test_reaching_the_patient_leaves_the_urgent_flag_open(scene: Scene, dana: Actor) -> None:
    request_id = scene.request(level="urgent", urgent_open=True)

    attempt(scene, dana, request_id, "reached")

    assert stored(Request, request_id).urgent_open


def test_a_request_is_closed_with_a_reason_and_opened_again(scene: Scene, dana: Actor) -> None:
    request_id = scene.request()

    closing.close(dana, scene.now, request_id, reason="no_reply", seen=version_of(request_id))
    closed = stored(Request, request_id)
    assert (closed.desk_state, closed.closed_reason, closed.claimed_by_id) == (
        "closed",
        "no_reply",
        None,
    )
    with pytest.raises(NoSuchMove):
        triage.wait(dana, scene.now, request_id, until=TOMORROW, seen=version_of(request_id))

    closing.reopen(dana, scene.now, request_id, seen=version_of(request_id))
    assert stored(Request, request_id).closed_reason is None
    assert stored(Request, request_id).desk_state == "in_contact"


@pytest.mark.parametrize("reason", ["attended", "because"])
def test_the_desk_closes_for_its_own_reasons_only(scene: Scene, dana: Actor, reason: str) -> None:
    request_id = scene.request()

    with pytest.raises(NoSuchMove):
        closing.close(dana, scene.now, request_id, reason=reason, seen=version_of(request_id))


@writes
def _queue_letter(work: Work, request_id: UUID) -> str:
    request = tracks.load(work, request_id)
    outbox.enqueue(
        work,
        "offer_ended",
        to=request.email or "",
        language="en",
        dedupe_key="a letter",
        request_id=request.id,
        first_name="",
        link=tokens.issue_link(work, request),
    )
    return "queued"


def test_another_address_is_unproved_and_the_old_one_opens_nothing_any_more(
    scene: Scene, dana: Actor
) -> None:
    request_id = scene.request()
    _queue_letter(SYSTEM, scene.now, request_id)

    triage.correct_contact(
        dana,
        scene.now,
        request_id,
        phone=PHONE,
        email="right@example.com",
        channel="email",
        language="es",
        seen=version_of(request_id),
    )

    request = stored(Request, request_id)
    assert (request.email, request.email_proved_at, request.language) == (
        "right@example.com",
        None,
        "es",
    )
    assert request.email_digest == triage.email_digest("RIGHT@example.com")
    assert all_of(Letter)[0].recipient == EMAIL
    assert all(token.revoked_at for token in all_of(Token))
    entry = all_of(AuditEntry, act="contact.corrected")[0]
    assert "right" not in entry.detail


def test_the_desk_confirms_an_address_that_it_read_back(scene: Scene, dana: Actor) -> None:
    request_id = scene.request(email_proved_at=None)

    triage.confirm_address(dana, scene.now, request_id, seen=version_of(request_id))

    assert stored(Request, request_id).email_proved_at == scene.now


def test_there_is_no_address_to_confirm_where_there_is_none(scene: Scene, dana: Actor) -> None:
    request_id = scene.request(email=None, email_proved_at=None, channel="phone")

    with pytest.raises(NotThere):
        triage.confirm_address(dana, scene.now, request_id, seen=version_of(request_id))


def test_a_note_is_kept_once_and_sealed(scene: Scene, dana: Actor) -> None:
    request_id = scene.request()
    seen = version_of(request_id)

    for _ in range(2):
        triage.note(dana, scene.now, request_id, body="Calls back at noon.", seen=seen, key="note")

    notes = all_of(Note)
    assert [(one.kind, one.body) for one in notes] == [("desk", "Calls back at noon.")]
    assert b"noon" not in notes[0].body_sealed


@pytest.mark.parametrize("role", [Role.ADMIN, None])
def test_who_does_not_work_requests_changes_nothing(scene: Scene, role: Role | None) -> None:
    request_id = scene.request()
    who = scene.staff("Ada Admin", role) if role else scene.patient(request_id)
    seen = version_of(request_id)
    acts = (
        lambda: triage.claim(who, scene.now, request_id, seen=seen),
        lambda: triage.release(who, scene.now, request_id, seen=seen),
        lambda: triage.wait(who, scene.now, request_id, until=TOMORROW, seen=seen),
        lambda: closing.close(who, scene.now, request_id, reason="spam", seen=seen),
        lambda: closing.reopen(who, scene.now, request_id, seen=seen),
        lambda: triage.confirm_address(who, scene.now, request_id, seen=seen),
        lambda: triage.note(who, scene.now, request_id, body="x", seen=seen, key="k"),
        lambda: attempt(scene, who, request_id, "reached"),
    )

    for act in acts:
        with pytest.raises(Refused):
            act()

    assert version_of(request_id) == seen


def test_a_draft_is_nobodys_but_the_patients(scene: Scene, dana: Actor) -> None:
    draft_id = _draft(SYSTEM, scene.now)

    with pytest.raises(NotThere):
        triage.claim(dana, scene.now, draft_id, seen=1)


@writes
def _draft(work: Work) -> UUID:
    request = Request(reference="3333-3333", language="en", created_at=work.now, acts=0, level=None)
    tracks.begin(work, request)
    return request.id
