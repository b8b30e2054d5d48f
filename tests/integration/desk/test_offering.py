"""One slot held for a request until a time, then taken or free again; letters say the same."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from clinic.access import SYSTEM, Actor, NotThere, Refused
from clinic.booking.lifecycle import NoSuchMove
from clinic.models import Act, Appointment, Letter, Offer, Request, SlotAtom
from clinic.services import moving, offering
from clinic.services.holding import SlotTaken
from clinic.services.idempotency import OtherBody
from clinic.services.offering import OfferEnded
from clinic.services.transaction import ChangedUnderneath
from tests.support.scene import PHOENIX, Scene, all_of, person, stored, version_of

WEDNESDAY = timedelta(days=2)


def hold(
    scene: Scene,
    who: Actor,
    request_id: UUID,
    therapist: Actor,
    place: UUID,
    *,
    starts_at: datetime | None = None,
    kind: str = "needling",
    key: str = "",
) -> UUID:
    return offering.offer(
        who,
        scene.now,
        request_id,
        therapist_id=person(therapist),
        location_id=place,
        starts_at=starts_at or scene.now + WEDNESDAY,
        visit_kind=kind,
        seen=version_of(request_id),
        key=key or f"key {request_id}",
    )


def visit_of(offer_id: UUID) -> Appointment:
    found: Appointment = all_of(Appointment, offer_id=offer_id)[0]
    return found


def test_an_offer_holds_the_slot_and_writes_to_the_patient_in_the_zone_of_the_place(
    scene: Scene, dana: Actor, theo: Actor
) -> None:
    place = scene.place("Desert", PHOENIX, state="AZ", address="2 Example Road")
    request_id = scene.request(cleared=True)

    offer_id = hold(scene, dana, request_id, theo, place)

    visit, letter = visit_of(offer_id), all_of(Letter, kind="offer")[0]
    assert (visit.state, stored(Request, request_id).desk_state) == ("held", "offered")
    assert len(all_of(SlotAtom, appointment_id=visit.id)) == 9
    assert "Wednesday, November 25, 2026 at 8:00 AM MST" in letter.body
    assert "Desert" in letter.body
    assert "/r/" in letter.body
    assert "(555) 555-0100" in letter.body
    assert letter.useless_after == stored(Offer, offer_id).expires_at


def test_a_letter_of_an_offer_names_no_condition_no_therapist_and_one_first_name(
    scene: Scene, dana: Actor, theo: Actor, place: UUID
) -> None:
    request_id = scene.request(cleared=True)

    hold(scene, dana, request_id, theo, place)

    letter = all_of(Letter, kind="offer")[0]
    whole = letter.subject + letter.body
    assert "Hello Rosa," in whole
    for secret in ("Example 1", "Theo", "needl", "quetzal", "lower back"):
        assert secret not in whole.replace("Fictional Needling Clinic", "")


def test_an_offer_ends_at_its_hours_and_never_after_the_visit_begins(
    scene: Scene, dana: Actor, theo: Actor, place: UUID
) -> None:
    soon, late = scene.request(cleared=True), scene.request(cleared=True)

    first = hold(scene, dana, soon, theo, place, starts_at=scene.now + timedelta(hours=3))
    second = hold(scene, dana, late, theo, place, starts_at=scene.now + timedelta(days=9))

    assert stored(Offer, first).expires_at == scene.now + timedelta(hours=3)
    assert stored(Offer, second).expires_at == scene.now + timedelta(hours=48)


@pytest.mark.parametrize("minutes", [-40, -5, 0, 5, 40])
@pytest.mark.proves("CON-3")
def test_a_slot_that_overlaps_by_any_part_is_taken(
    scene: Scene, dana: Actor, theo: Actor, place: UUID, minutes: int
) -> None:
    first, second = scene.request(cleared=True), scene.request(cleared=True)
    hold(scene, dana, first, theo, place)

    with pytest.raises(SlotTaken):
        hold(
            scene,
            dana,
            second,
            theo,
            place,
            starts_at=scene.now + WEDNESDAY + timedelta(minutes=minutes),
        )

    assert stored(Request, second).desk_state == "ready_to_offer"
    assert all_of(Offer, request_id=second) == []
    assert all_of(Letter, request_id=second) == []


def test_slots_that_touch_are_both_free(
    scene: Scene, dana: Actor, theo: Actor, place: UUID
) -> None:
    requests = [scene.request(cleared=True) for _ in range(3)]

    for n, request_id in enumerate(requests):
        start = scene.now + WEDNESDAY + timedelta(minutes=45 * n)
        hold(scene, dana, request_id, theo, place, starts_at=start)

    assert len(all_of(SlotAtom)) == 27


def test_sending_the_same_offer_form_twice_holds_one_slot(
    scene: Scene, dana: Actor, theo: Actor, place: UUID
) -> None:
    request_id = scene.request(cleared=True)
    seen = version_of(request_id)

    made = {
        offering.offer(
            dana,
            scene.now,
            request_id,
            therapist_id=person(theo),
            location_id=place,
            starts_at=scene.now + WEDNESDAY,
            visit_kind="needling",
            seen=seen,
            key="the same form",
        )
        for _ in range(3)
    }

    assert len(made) == len(all_of(Offer)) == len(all_of(Letter, kind="offer")) == 1
    with pytest.raises(OtherBody):
        hold(
            scene,
            dana,
            request_id,
            theo,
            place,
            starts_at=scene.now + timedelta(days=3),
            key="the same form",
        )


def test_the_patient_accepts_once_whatever_is_clicked(
    scene: Scene, dana: Actor, theo: Actor, place: UUID
) -> None:
    request_id = scene.request(cleared=True)
    offer_id = hold(scene, dana, request_id, theo, place)
    visit, seen = visit_of(offer_id), stored(Offer, offer_id).version

    for _ in range(3):
        offering.accept(
            scene.patient(request_id), scene.now, offer_id, appointment_id=visit.id, seen=seen
        )

    assert visit_of(offer_id).state == "confirmed"
    assert stored(Request, request_id).desk_state == "booked"
    assert [letter.state for letter in all_of(Letter, kind="offer")] == ["dropped"]
    confirmed = all_of(Letter, kind="appointment_confirmed")
    assert len(confirmed) == 1
    assert "Wednesday, November 25, 2026 at 10:00 AM EST" in confirmed[0].body


def test_nobody_else_accepts_for_a_patient(
    scene: Scene, dana: Actor, theo: Actor, place: UUID
) -> None:
    request_id, other = scene.request(cleared=True), scene.request(cleared=True)
    offer_id = hold(scene, dana, request_id, theo, place)
    later = hold(scene, dana, other, theo, place, starts_at=scene.now + timedelta(days=3))

    with pytest.raises(NotThere):
        offering.accept(
            scene.patient(other),
            scene.now,
            offer_id,
            appointment_id=visit_of(offer_id).id,
            seen=1,
        )
    with pytest.raises(NotThere):
        offering.decline(scene.patient(other), scene.now, offer_id, seen=1)
    with pytest.raises(NotThere):
        offering.accept(
            scene.patient(request_id),
            scene.now,
            offer_id,
            appointment_id=visit_of(later).id,
            seen=1,
        )

    assert {one.state for one in all_of(Appointment)} == {"held"}


def test_a_patient_whose_address_is_not_proved_accepts_nothing(
    scene: Scene, dana: Actor, theo: Actor, place: UUID
) -> None:
    request_id = scene.request(cleared=True, email_proved_at=None)
    offer_id = hold(scene, dana, request_id, theo, place)

    with pytest.raises(Refused):
        offering.accept(
            scene.patient(request_id),
            scene.now,
            offer_id,
            appointment_id=visit_of(offer_id).id,
            seen=1,
        )

    assert visit_of(offer_id).state == "held"


@pytest.mark.parametrize("way", ["declined", "withdrawn", "expired", "revoked"])
@pytest.mark.proves("AZ-8")
def test_an_offer_that_has_ended_is_free_and_can_no_longer_be_accepted(
    scene: Scene, dana: Actor, theo: Actor, place: UUID, way: str
) -> None:
    request_id = scene.request(cleared=True)
    offer_id = hold(scene, dana, request_id, theo, place)
    visit = visit_of(offer_id)

    if way == "declined":
        offering.decline(scene.patient(request_id), scene.now, offer_id, seen=1)
    elif way == "withdrawn":
        offering.withdraw(dana, scene.now, offer_id, seen=1)
    elif way == "expired":
        scene.now += timedelta(hours=48)
        assert offering.expire_due(SYSTEM, scene.now) == 1
        assert offering.expire_due(SYSTEM, scene.now) == 0
    else:
        scene.end_clearance(request_id)

    assert stored(Offer, offer_id).state == way
    assert visit_of(offer_id).state == "cancelled"
    assert all_of(SlotAtom) == []
    assert [letter.state for letter in all_of(Letter, kind="offer")] == ["dropped"]
    assert len(all_of(Letter, kind="offer_ended")) == (0 if way == "declined" else 1)
    wanted = "in_contact" if way == "revoked" else "ready_to_offer"
    assert stored(Request, request_id).desk_state == wanted
    with pytest.raises(OfferEnded):
        offering.accept(
            scene.patient(request_id), scene.now, offer_id, appointment_id=visit.id, seen=1
        )


def test_an_offer_whose_time_is_over_is_not_accepted_before_the_worker_comes_by(
    scene: Scene, dana: Actor, theo: Actor, place: UUID
) -> None:
    request_id = scene.request(cleared=True)
    offer_id = hold(scene, dana, request_id, theo, place)
    scene.now += timedelta(hours=48)

    with pytest.raises(OfferEnded):
        offering.accept(
            scene.patient(request_id),
            scene.now,
            offer_id,
            appointment_id=visit_of(offer_id).id,
            seen=1,
        )

    assert stored(Offer, offer_id).state == "open"


def test_only_the_clockwork_ends_offers_by_time(
    scene: Scene, dana: Actor, theo: Actor, place: UUID
) -> None:
    request_id = scene.request(cleared=True)
    offer_id = hold(scene, dana, request_id, theo, place)

    with pytest.raises(Refused):
        offering.expire_due(dana, scene.now + timedelta(hours=49))

    assert stored(Offer, offer_id).state == "open"


def test_a_page_that_showed_an_older_offer_accepts_nothing(
    scene: Scene, dana: Actor, theo: Actor, place: UUID
) -> None:
    request_id = scene.request(cleared=True)
    offer_id = hold(scene, dana, request_id, theo, place)

    with pytest.raises(ChangedUnderneath):
        offering.accept(
            scene.patient(request_id),
            scene.now,
            offer_id,
            appointment_id=visit_of(offer_id).id,
            seen=7,
        )

    assert visit_of(offer_id).state == "held"


@pytest.mark.parametrize("by", ["patient", "clinic"])
def test_a_cancelled_visit_frees_its_time_and_says_so(
    scene: Scene, dana: Actor, theo: Actor, place: UUID, by: str
) -> None:
    request_id = scene.request(cleared=True)
    visit_id = booked(scene, dana, request_id, theo, place)
    actor = scene.patient(request_id) if by == "patient" else dana

    moving.cancel(actor, scene.now, visit_id, seen=stored(Appointment, visit_id).version)

    visit = stored(Appointment, visit_id)
    assert (visit.state, visit.cancelled_by) == ("cancelled", by)
    assert all_of(SlotAtom) == []
    assert stored(Request, request_id).desk_state == "in_contact"
    assert [one.state for one in all_of(Letter, kind="appointment_confirmed")] == ["dropped"]
    assert len(all_of(Letter, kind="appointment_cancelled")) == 1


def booked(
    scene: Scene,
    dana: Actor,
    request_id: UUID,
    theo: Actor,
    place: UUID,
    *,
    starts_at: datetime | None = None,
) -> UUID:
    offer_id = hold(scene, dana, request_id, theo, place, starts_at=starts_at)
    return offering.accept(dana, scene.now, offer_id, appointment_id=visit_of(offer_id).id, seen=1)


def shift(
    scene: Scene, dana: Actor, visit_id: UUID, theo: Actor, place: UUID, *, starts_at: datetime
) -> UUID:
    return moving.move(
        dana,
        scene.now,
        visit_id,
        therapist_id=person(theo),
        location_id=place,
        starts_at=starts_at,
        visit_kind="needling",
        seen=stored(Appointment, visit_id).version,
        key=f"move {visit_id}",
    )


def test_a_visit_moves_by_a_quarter_of_an_hour_over_its_own_time(
    scene: Scene, dana: Actor, theo: Actor, place: UUID
) -> None:
    request_id = scene.request(cleared=True)
    old = booked(scene, dana, request_id, theo, place)

    new = shift(
        scene, dana, old, theo, place, starts_at=scene.now + WEDNESDAY + timedelta(minutes=15)
    )

    assert stored(Appointment, old).state == "moved"
    assert stored(Appointment, old).moved_to_id == new
    assert stored(Appointment, new).state == "confirmed"
    assert {atom.appointment_id for atom in all_of(SlotAtom)} == {new}
    assert len(all_of(SlotAtom)) == 9
    assert [one.state for one in all_of(Letter, kind="appointment_confirmed")] == ["dropped"]
    [moved] = all_of(Letter, kind="appointment_moved")
    assert "November 25, 2026 at 10:15 AM EST" in moved.body
    assert "The time before was Wednesday, November 25, 2026 at 10:00 AM EST." in moved.body


def test_a_move_into_a_taken_time_leaves_the_visit_where_it_was(
    scene: Scene, dana: Actor, theo: Actor, place: UUID
) -> None:
    request_id, other = scene.request(cleared=True), scene.request(cleared=True)
    old = booked(scene, dana, request_id, theo, place)
    taken = scene.now + timedelta(days=3)
    hold(scene, dana, other, theo, place, starts_at=taken)

    with pytest.raises(SlotTaken):
        shift(scene, dana, old, theo, place, starts_at=taken + timedelta(minutes=30))

    assert stored(Appointment, old).state == "confirmed"
    assert len(all_of(SlotAtom, appointment_id=old)) == 9


def test_what_is_offered_already_is_not_offered_again(
    scene: Scene, dana: Actor, theo: Actor, place: UUID
) -> None:
    request_id = scene.request(cleared=True)
    hold(scene, dana, request_id, theo, place)

    with pytest.raises(NoSuchMove):
        hold(
            scene,
            dana,
            request_id,
            theo,
            place,
            starts_at=scene.now + timedelta(days=3),
            key="another form",
        )

    assert len(all_of(Offer)) == 1


def test_somebody_who_is_no_therapist_and_a_place_that_is_closed_get_no_visit(
    scene: Scene, dana: Actor, theo: Actor, place: UUID
) -> None:
    request_id = scene.request(cleared=True)
    closed = scene.place("Old Street", active=False)

    for therapist, where in ((dana, place), (theo, closed)):
        with pytest.raises(NotThere):
            hold(scene, dana, request_id, therapist, where)

    assert all_of(Appointment) == []


def test_every_step_of_an_offer_is_a_fact_with_a_position(
    scene: Scene, dana: Actor, theo: Actor, place: UUID
) -> None:
    request_id = scene.request(cleared=True)

    booked(scene, dana, request_id, theo, place)

    facts = sorted(all_of(Act, request_id=request_id), key=lambda act: act.position)
    assert [fact.position for fact in facts] == list(range(1, len(facts) + 1))
    assert [(fact.track, fact.act) for fact in facts][-4:] == [
        ("appointment", "hold"),
        ("desk", "offer"),
        ("appointment", "confirm"),
        ("desk", "accept"),
    ]


def test_the_patient_and_an_admin_offer_nothing(scene: Scene, theo: Actor, place: UUID) -> None:
    request_id = scene.request(cleared=True)

    with pytest.raises(Refused):
        hold(scene, scene.patient(request_id), request_id, theo, place)

    assert all_of(Appointment) == []
