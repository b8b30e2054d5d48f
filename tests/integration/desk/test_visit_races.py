"""Visits in the same instant, on both databases: one act wins, and no time is lost or doubled."""

from datetime import timedelta
from uuid import UUID

from flask import Flask

from clinic.access import Actor, Role
from clinic.models import Act, Appointment, Offer, Request, SlotAtom
from clinic.services import moving, offering, visits
from tests.integration.desk.test_offering import WEDNESDAY, booked, hold
from tests.integration.desk.test_races import race
from tests.support.scene import Scene, all_of, person, stored

THURSDAY = timedelta(days=3)
ATOMS = 9


def test_of_two_staff_who_move_one_visit_one_does_and_the_other_is_told(
    in_app: Flask, scene: Scene, dana: Actor, theo: Actor, place: UUID
) -> None:
    """CON-2: one wins, the loser is refused, one letter goes out."""
    visit_id = booked(scene, dana, scene.request(cleared=True), theo, place)
    version = stored(Appointment, visit_id).version

    def move(hours: int) -> object:
        return moving.move(
            dana,
            scene.now,
            visit_id,
            therapist_id=person(theo),
            location_id=place,
            starts_at=scene.now + THURSDAY + timedelta(hours=hours),
            visit_kind="needling",
            seen=version,
            key=f"move {hours}",
        )

    ended = race(in_app, lambda: move(0), lambda: move(2))

    assert sorted(ended) == ["ChangedUnderneath", "won"]
    states = sorted(one.state for one in all_of(Appointment))
    assert states == ["confirmed", "moved"]
    assert len(all_of(SlotAtom)) == ATOMS


def test_a_move_and_an_accept_for_the_same_time_leave_one_visit_there(
    in_app: Flask, scene: Scene, dana: Actor, theo: Actor, place: UUID
) -> None:
    """CON-1: whoever holds the time keeps it; the visit that could not move stays where it was."""
    visit_id = booked(scene, dana, scene.request(cleared=True), theo, place)
    other, wanted = scene.request(cleared=True), scene.now + THURSDAY
    offer_id = hold(scene, dana, other, theo, place, starts_at=wanted)
    [held] = all_of(Appointment, offer_id=offer_id)
    version = stored(Appointment, visit_id).version

    ended = race(
        in_app,
        lambda: moving.move(
            dana,
            scene.now,
            visit_id,
            therapist_id=person(theo),
            location_id=place,
            starts_at=wanted,
            visit_kind="needling",
            seen=version,
            key="move",
        ),
        lambda: offering.accept(
            scene.patient(other), scene.now, offer_id, appointment_id=held.id, seen=1
        ),
    )

    assert ended == ["SlotTaken", "won"]
    assert stored(Appointment, visit_id).state == "confirmed"
    for one in (visit_id, held.id):
        assert len(all_of(SlotAtom, appointment_id=one)) == ATOMS


def test_of_two_answers_to_one_offer_of_three_times_one_counts_and_two_times_are_free(
    in_app: Flask, scene: Scene, dana: Actor, theo: Actor, place: UUID
) -> None:
    """CON-5: two windows take two of the times at once; the patient has one visit."""
    request_id = scene.request(cleared=True)
    offer_id = offering.offer(
        dana,
        scene.now,
        request_id,
        therapist_id=person(theo),
        location_id=place,
        starts_at=scene.now + WEDNESDAY,
        or_at=[scene.now + THURSDAY, scene.now + THURSDAY + timedelta(hours=2)],
        visit_kind="needling",
        seen=stored(Request, request_id).version,
        key="three",
    )
    held = sorted(all_of(Appointment), key=lambda one: one.starts_at)
    first, second = held[0].id, held[1].id
    patient = scene.patient(request_id)

    ended = race(
        in_app,
        lambda: offering.accept(patient, scene.now, offer_id, appointment_id=first, seen=1),
        lambda: offering.accept(dana, scene.now, offer_id, appointment_id=second, seen=1),
    )

    assert sorted(ended) == ["OfferEnded", "won"]
    states = sorted(one.state for one in all_of(Appointment))
    assert states == ["cancelled", "cancelled", "confirmed"]
    assert len(all_of(SlotAtom)) == ATOMS
    assert stored(Offer, offer_id).state == "accepted"


def test_of_two_who_finish_one_visit_one_does(
    in_app: Flask, scene: Scene, dana: Actor, theo: Actor, place: UUID
) -> None:
    """The record says what one of them signed, and the other is told."""
    visit_id = booked(scene, dana, scene.request(cleared=True), theo, place)
    tia = scene.staff("Tia Therapist", Role.THERAPIST)
    scene.now += WEDNESDAY
    version = stored(Appointment, visit_id).version
    visits.arrive(dana, scene.now, visit_id, seen=version)
    version = stored(Appointment, visit_id).version

    ended = race(
        in_app,
        lambda: visits.finish(
            theo,
            scene.now,
            visit_id,
            needled=True,
            regions=["lower-back"],
            more=True,
            seen=version,
        ),
        lambda: visits.finish(tia, scene.now, visit_id, needled=False, more=True, seen=version),
    )

    assert sorted(ended) == ["ChangedUnderneath", "won"]
    assert len(all_of(Act, appointment_id=visit_id, act="finish")) == 1
    assert stored(Appointment, visit_id).needled is (ended[0] == "won")


def test_a_mark_of_needles_and_a_withdrawal_leave_no_needles_without_a_clearance(
    in_app: Flask, scene: Scene, dana: Actor, theo: Actor, place: UUID
) -> None:
    """Either the needles were on record before the clearance ended, or they are not recorded."""
    request_id = scene.request(cleared=True)
    visit_id = booked(scene, dana, request_id, theo, place)
    scene.now += WEDNESDAY
    visits.arrive(dana, scene.now, visit_id, seen=stored(Appointment, visit_id).version)
    version = stored(Appointment, visit_id).version

    marked, ended = race(
        in_app,
        lambda: visits.finish(
            theo,
            scene.now,
            visit_id,
            needled=True,
            regions=["lower-back"],
            more=True,
            seen=version,
        ),
        lambda: scene.end_clearance(request_id),
    )

    assert ended == "won"
    assert marked in ("won", "NotCleared")
    assert stored(Appointment, visit_id).needled is (True if marked == "won" else None)
