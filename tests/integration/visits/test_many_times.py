"""An offer of up to three times: one is taken and the others are free, or none of them fits."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from clinic.access import SYSTEM, Actor, Refused, Role
from clinic.models import Act, Appointment, AuditEntry, Letter, Offer, Request, SlotAtom
from clinic.services import offering, own_words, staff
from clinic.services.holding import SlotTaken
from clinic.services.offering import OfferEnded, TooManyTimes
from tests.support.scene import Scene, all_of, person, stored, version_of

DAY = timedelta(days=1)
ATOMS = 9


def times(scene: Scene, *days: int) -> list[datetime]:
    return [scene.now + DAY * n for n in days]


def offered(
    scene: Scene, who: Actor, request_id: UUID, theo: Actor, place: UUID, *starts: datetime
) -> UUID:
    return offering.offer(
        who,
        scene.now,
        request_id,
        therapist_id=person(theo),
        location_id=place,
        starts_at=starts[0],
        or_at=starts[1:],
        visit_kind="needling",
        seen=version_of(request_id),
        key=f"offer {request_id}",
    )


def held(offer_id: UUID) -> list[Appointment]:
    return sorted(all_of(Appointment, offer_id=offer_id), key=lambda one: one.starts_at)


def test_three_times_are_held_and_one_letter_lists_them_in_order(
    scene: Scene, dana: Actor, theo: Actor, place: UUID
) -> None:
    request_id = scene.request(cleared=True)

    offer_id = offered(scene, dana, request_id, theo, place, *times(scene, 4, 2, 3))

    assert [one.state for one in held(offer_id)] == ["held"] * 3
    assert len(all_of(SlotAtom)) == 3 * ATOMS
    [letter] = all_of(Letter, kind="offer")
    said = [line for line in letter.body.splitlines() if line.endswith("10:00 AM EST")]
    assert [line.split(",")[0] for line in said] == ["Wednesday", "Thursday", "Friday"]
    assert "Choose the one that fits best" in letter.body


def test_taking_one_time_frees_the_others_at_once(
    scene: Scene, dana: Actor, theo: Actor, place: UUID
) -> None:
    request_id, other = scene.request(cleared=True), scene.request(cleared=True)
    offer_id = offered(scene, dana, request_id, theo, place, *times(scene, 2, 3, 4))
    chosen = held(offer_id)[1]

    offering.accept(
        scene.patient(request_id), scene.now, offer_id, appointment_id=chosen.id, seen=1
    )

    assert [one.state for one in held(offer_id)] == ["cancelled", "confirmed", "cancelled"]
    assert {atom.appointment_id for atom in all_of(SlotAtom)} == {chosen.id}
    offered(scene, dana, other, theo, place, *times(scene, 2, 4))  # they can be offered again
    [fact] = [act for act in all_of(Act, request_id=request_id) if act.act == "accept"]
    assert "because" not in fact.detail


def test_an_answer_that_staff_took_in_a_call_says_so(
    scene: Scene, dana: Actor, theo: Actor, place: UUID
) -> None:
    request_id = scene.request(cleared=True)
    offer_id = offered(scene, dana, request_id, theo, place, *times(scene, 2, 3))

    offering.accept(dana, scene.now, offer_id, appointment_id=held(offer_id)[0].id, seen=1)

    [fact] = [act for act in all_of(Act, request_id=request_id) if act.act == "accept"]
    assert (fact.detail["because"], fact.actor_id) == ("by_phone", dana.id)


def test_if_one_of_the_times_is_taken_none_is_held(
    scene: Scene, dana: Actor, theo: Actor, place: UUID
) -> None:
    first, second = scene.request(cleared=True), scene.request(cleared=True)
    offered(scene, dana, first, theo, place, *times(scene, 3))

    with pytest.raises(SlotTaken):
        offered(scene, dana, second, theo, place, *times(scene, 2, 3, 4))

    assert len(all_of(SlotAtom)) == ATOMS
    assert stored(Request, second).desk_state == "ready_to_offer"


@pytest.mark.parametrize("days", [(2, 3, 4, 5), (2, 2)])
def test_more_than_three_times_or_one_of_them_twice_is_no_offer(
    scene: Scene, dana: Actor, theo: Actor, place: UUID, days: tuple[int, ...]
) -> None:
    request_id = scene.request(cleared=True)

    with pytest.raises(TooManyTimes):
        offered(scene, dana, request_id, theo, place, *times(scene, *days))

    assert all_of(SlotAtom) == []


def test_an_offer_ends_before_its_first_time_begins_and_frees_all_of_them(
    scene: Scene, dana: Actor, theo: Actor, place: UUID
) -> None:
    request_id = scene.request(cleared=True)
    soon = scene.now + timedelta(hours=3)
    offer_id = offered(scene, dana, request_id, theo, place, soon, *times(scene, 2))

    assert stored(Offer, offer_id).expires_at == soon
    assert offering.expire_due(SYSTEM, soon) == 1

    assert all_of(SlotAtom) == []
    with pytest.raises(OfferEnded):
        offering.accept(dana, soon, offer_id, appointment_id=held(offer_id)[1].id, seen=1)


def test_words_about_times_are_for_the_desk_and_lead_back_to_ready_to_offer(
    scene: Scene, dana: Actor, theo: Actor, place: UUID
) -> None:
    request_id = scene.request(cleared=True)
    offer_id = offered(scene, dana, request_id, theo, place, *times(scene, 2, 3))

    offering.decline(
        scene.patient(request_id), scene.now, offer_id, seen=1, words=" Mondays after 4 work. "
    )

    request = stored(Request, request_id)
    assert (request.desk_state, request.call_today) == ("ready_to_offer", None)
    [fact] = [act for act in all_of(Act, request_id=request_id) if act.act == "take offer back"]
    assert fact.detail["words"] == "Mondays after 4 work."
    assert "Mondays" not in " ".join(entry.detail for entry in all_of(AuditEntry))


@pytest.mark.parametrize(
    "words", ["I have chest pain since yesterday", "No puedo respirar bien", "I take warfarin now"]
)
def test_words_about_health_reach_a_therapist_alone_and_the_desk_calls(
    scene: Scene, dana: Actor, theo: Actor, place: UUID, words: str
) -> None:
    request_id = scene.request(cleared=True)
    offer_id = offered(scene, dana, request_id, theo, place, *times(scene, 2, 3))

    offering.decline(scene.patient(request_id), scene.now, offer_id, seen=1, words=words)

    assert stored(Request, request_id).call_today == "own_words"
    [fact] = [act for act in all_of(Act, request_id=request_id) if act.act == "take offer back"]
    assert "words" not in fact.detail
    assert [one.words for one in own_words.read(theo, request_id)] == [words]
    with pytest.raises(Refused):
        list(own_words.read(dana, request_id))


@pytest.mark.parametrize("way", ["disabled", "other role"])
def test_a_time_with_a_therapist_who_has_left_is_not_taken_and_the_desk_calls(
    *, scene: Scene, dana: Actor, theo: Actor, place: UUID, way: str
) -> None:
    request_id = scene.request(cleared=True)
    offer_id = offered(scene, dana, request_id, theo, place, *times(scene, 2))
    ada, _other = (scene.staff(name, Role.ADMIN) for name in ("Ada Admin", "Ann Admin"))

    if way == "disabled":
        staff.disable(ada, scene.now, person(theo))
    else:
        staff.change_roles(ada, scene.now, person(theo), roles=[Role.FRONT_DESK])

    assert stored(Request, request_id).call_today == "day_closed"
    with pytest.raises(OfferEnded, match="withdrawn"):
        offering.accept(
            scene.patient(request_id),
            scene.now,
            offer_id,
            appointment_id=held(offer_id)[0].id,
            seen=1,
        )
    assert [one.state for one in held(offer_id)] == ["held"]
