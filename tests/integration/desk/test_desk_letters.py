"""The desk's own letters and failed ones, by the services alone."""

from uuid import UUID

import pytest

from clinic.access import SYSTEM, Actor, NotThere, Refused, Role
from clinic.extensions import site
from clinic.models import AuditEntry, Letter, Request
from clinic.services import desk_letters, outbox, triage
from clinic.services.desk_letters import NotFailed, Telling
from clinic.services.idempotency import OtherBody
from clinic.services.tokens import NoAddress
from clinic.services.transaction import ChangedUnderneath, Work, writes
from clinic.services.triage import ClaimedByOther
from tests.integration.desk.test_next_steps import fail
from tests.support.scene import Scene, all_of, stored, version_of

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
WORDS = "Please call us about your request."


def send(scene: Scene, who: Actor, request_id: UUID, **changed: object) -> UUID:
    given = {"subject": "Please call us", "body": WORDS, "key": "one"} | changed
    seen = given.pop("seen", version_of(request_id))
    return desk_letters.send(who, scene.now, request_id, seen=seen, **given)  # type: ignore[arg-type]  # given by name


@pytest.mark.proves("MAIL-5")
def test_the_service_itself_refuses_what_gives_something_away(scene: Scene, dana: Actor) -> None:
    request_id = scene.request()

    for changed in ({"subject": "Your warfarin"}, {"body": "About your diabetes."}):
        with pytest.raises(Telling) as told:
            send(scene, dana, request_id, **changed)
        assert len(told.value.words) == 1

    assert all_of(Letter) == []


def test_the_clinics_own_name_is_no_reason_to_refuse(scene: Scene, dana: Actor) -> None:
    request_id = scene.request()

    send(scene, dana, request_id, subject=f"{site.settings.clinic_name}: please call us")

    assert len(all_of(Letter)) == 1


def test_a_letter_promises_no_code_where_an_unproved_address_gets_none(
    scene: Scene, dana: Actor
) -> None:
    proved, unproved = scene.request(), scene.request(email_proved_at=None)

    send(scene, dana, proved, key="one")
    send(scene, dana, unproved, key="two")

    bodies = {letter.request_id: letter.body for letter in all_of(Letter)}
    said = "only on the phone or computer on which the request was written"
    assert said not in bodies[proved]
    assert said in bodies[unproved]


def test_nothing_is_written_to_who_has_no_address(scene: Scene, dana: Actor) -> None:
    request_id = scene.request(email=None, email_proved_at=None, channel="phone")

    with pytest.raises(NoAddress):
        send(scene, dana, request_id)


def test_one_key_makes_one_letter_and_no_other(scene: Scene, dana: Actor) -> None:
    request_id = scene.request()
    seen = version_of(request_id)

    first = send(scene, dana, request_id, seen=seen)

    assert send(scene, dana, request_id, seen=seen) == first
    with pytest.raises(OtherBody):
        send(scene, dana, request_id, body="Something else.", seen=seen)
    assert len(all_of(Letter)) == 1


@pytest.mark.proves("CON-2")
def test_nobody_writes_unknowingly_about_what_another_works_on(
    scene: Scene, dana: Actor, drew: Actor
) -> None:
    request_id = scene.request()
    triage.claim(drew, scene.now, request_id, seen=version_of(request_id))

    with pytest.raises(ClaimedByOther):
        send(scene, dana, request_id)
    with pytest.raises(ChangedUnderneath):
        send(scene, drew, request_id, seen=1)

    assert all_of(Letter) == []


def test_a_failed_letter_is_no_longer_one_once_somebody_saw_to_it(
    scene: Scene, dana: Actor, drew: Actor
) -> None:
    request_id = scene.request()
    fail(scene, request_id)
    letter_id = all_of(Letter)[0].id
    desk_letters.told_by_phone(
        dana, scene.now, request_id, letter_id=letter_id, seen=version_of(request_id)
    )

    with pytest.raises(NotFailed):
        desk_letters.send_again(
            drew,
            scene.now,
            request_id,
            letter_id=letter_id,
            seen=version_of(request_id),
            take_over=True,
        )

    letter = stored(Letter, letter_id)
    assert (letter.state, letter.last_error) == ("dropped", "told_by_phone")


def test_a_code_is_never_sent_a_second_time(scene: Scene, dana: Actor) -> None:
    request_id = scene.request()
    _fail_code(SYSTEM, scene.now, request_id)
    leased = outbox.lease(SYSTEM, scene.now)
    assert leased is not None
    outbox.mark_refused(SYSTEM, scene.now, leased, code="smtp 550")

    with pytest.raises(NotFailed):
        desk_letters.send_again(
            dana,
            scene.now,
            request_id,
            letter_id=leased.id,
            seen=version_of(request_id),
        )


@writes
def _fail_code(work: Work, request_id: UUID) -> None:
    outbox.enqueue(
        work,
        "code",
        to="rosa.example@example.com",
        language="en",
        dedupe_key="code",
        request_id=request_id,
        code="123456",
        minutes=10,
    )


def test_a_letter_sent_again_has_its_hours_anew(scene: Scene, dana: Actor) -> None:
    request_id = scene.request()
    fail(scene, request_id)
    letter = all_of(Letter)[0]
    scene.now += outbox.GIVE_UP * 2
    desk_letters.send_again(
        dana, scene.now, request_id, letter_id=letter.id, seen=version_of(request_id)
    )

    leased = outbox.lease(SYSTEM, scene.now)
    assert leased is not None
    outbox.mark_delayed(SYSTEM, scene.now, leased, code="smtp 451")

    again = stored(Letter, letter.id)
    assert (again.state, again.message_id) == ("queued", letter.message_id)


@pytest.mark.parametrize("role", [Role.ADMIN, None])
def test_who_sends_no_letters_changes_none(scene: Scene, role: Role | None) -> None:
    request_id = scene.request()
    fail(scene, request_id)
    letter_id = all_of(Letter)[0].id
    who = scene.staff("Ada Admin", role) if role else scene.patient(request_id)
    seen = version_of(request_id)

    with pytest.raises(Refused):
        send(scene, who, request_id)
    for act in (desk_letters.send_again, desk_letters.told_by_phone):
        with pytest.raises(Refused):
            act(who, scene.now, request_id, letter_id=letter_id, seen=seen)

    assert stored(Letter, letter_id).state == "failed"


def test_a_letter_of_another_request_is_not_there(scene: Scene, dana: Actor) -> None:
    first, second = scene.request(), scene.request()
    fail(scene, first)

    with pytest.raises(NotThere):
        desk_letters.told_by_phone(
            dana,
            scene.now,
            second,
            letter_id=all_of(Letter)[0].id,
            seen=version_of(second),
        )


@pytest.mark.proves("AUD-4")
def test_the_trail_holds_no_word_of_a_letter(scene: Scene, dana: Actor) -> None:
    request_id = scene.request()

    send(scene, dana, request_id, body="Bring the zanzibar form.")

    assert all("zanzibar" not in entry.detail for entry in all_of(AuditEntry))
    assert b"zanzibar" not in (all_of(Letter)[0].body_sealed or b"")
    assert stored(Request, request_id).claimed_by_id == dana.id
