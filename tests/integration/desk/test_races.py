"""What happens when several people act in the same instant: one wins, the others are told."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from uuid import UUID

import pytest
from flask import Flask

from clinic.access import SYSTEM, Actor, Role
from clinic.extensions import db
from clinic.models import Appointment, Letter, Offer, Request, SlotAtom
from clinic.services import offering, triage
from tests.integration.desk.test_offering import WEDNESDAY, hold, visit_of
from tests.support.scene import Scene, all_of, person, stored, version_of

# SQLite has one writer at a time and gives up after five seconds, with an honest 503.
RACERS = {"postgresql": 50, "sqlite": 12}
ROUNDS = 4


def race(app: Flask, *acts: Callable[[], object]) -> list[str]:
    """Do everything at once, each in a session of its own; name how each ended."""
    db.session.rollback()  # this thread must hold no lock of its own
    start = Barrier(len(acts))

    def run(act: Callable[[], object]) -> str:
        with app.app_context():
            try:
                start.wait(timeout=30)
                act()
            except Exception as error:  # noqa: BLE001 - the kind is what is asked for
                return type(error).__name__
            finally:
                db.session.remove()
            return "won"

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


@pytest.mark.proves("CON-1", "CON-3")
def test_of_many_racers_for_one_slot_exactly_one_wins(
    in_app: Flask, scene: Scene, dana: Actor, theo: Actor, place: UUID
) -> None:
    racers = RACERS[db.engine.dialect.name]
    requests = [scene.request(cleared=True) for _ in range(racers)]
    seen = {one: version_of(one) for one in requests}
    starts_at = scene.now + WEDNESDAY

    def offer(n: int, request_id: UUID) -> Callable[[], object]:
        # Every third begins a quarter of an hour later: an overlap, not the same start.
        start = starts_at + timedelta(minutes=15) * (n % 3 == 2)
        return lambda: offering.offer(
            dana,
            scene.now,
            request_id,
            therapist_id=person(theo),
            location_id=place,
            starts_at=start,
            visit_kind="needling",
            seen=seen[request_id],
            key=f"racer {n}",
        )

    ended = race(in_app, *(offer(n, one) for n, one in enumerate(requests)))

    assert Counter(ended) == {"won": 1, "SlotTaken": racers - 1}
    assert len(all_of(SlotAtom)) == 9
    assert len(all_of(Offer)) == len(all_of(Appointment)) == len(all_of(Letter)) == 1
    assert Counter(one.desk_state for one in all_of(Request)) == {
        "offered": 1,
        "ready_to_offer": racers - 1,
    }


def test_accept_and_revoke_leave_no_visit_without_its_clearance(
    in_app: Flask, scene: Scene, dana: Actor, theo: Actor, place: UUID
) -> None:
    for n in range(ROUNDS):
        request_id = scene.request(cleared=True)
        start = scene.now + WEDNESDAY + n * timedelta(hours=1)
        offer_id = hold(scene, dana, request_id, theo, place, starts_at=start)
        visit_id = visit_of(offer_id).id
        patient = scene.patient(request_id)

        accepted, revoked = race(
            in_app,
            lambda o=offer_id, v=visit_id, p=patient: offering.accept(  # type: ignore[misc]  # binds the loop's values
                p, scene.now, o, appointment_id=v, seen=1
            ),
            lambda r=request_id: scene.end_clearance(r),  # type: ignore[misc]  # as above
        )

        assert revoked == "won"
        state, call = stored(Appointment, visit_id).state, stored(Request, request_id).call_today
        if accepted == "won":
            assert (state, call) == ("confirmed", "clearance_ended")
        else:
            assert accepted in ("OfferEnded", "NotCleared")
            assert (state, stored(Offer, offer_id).state) == ("cancelled", "revoked")


def test_an_offer_is_never_both_booked_and_expired(
    in_app: Flask, scene: Scene, dana: Actor, theo: Actor, place: UUID
) -> None:
    for n in range(ROUNDS):
        request_id = scene.request(cleared=True)
        start = scene.now + 5 * WEDNESDAY + n * timedelta(hours=1)
        offer_id = hold(scene, dana, request_id, theo, place, starts_at=start)
        visit_id, over = visit_of(offer_id).id, stored(Offer, offer_id).expires_at
        patient = scene.patient(request_id)

        accepted, _expired = race(
            in_app,
            lambda o=offer_id, v=visit_id, p=patient, t=over: offering.accept(  # type: ignore[misc]  # binds the loop's values
                p, t - timedelta(seconds=1), o, appointment_id=v, seen=1
            ),
            lambda t=over: offering.expire_due(SYSTEM, t),  # type: ignore[misc]  # as above
        )

        held, visit = stored(Offer, offer_id), stored(Appointment, visit_id)
        if accepted == "won":
            assert (held.state, visit.state) == ("accepted", "confirmed")
            assert len(all_of(SlotAtom, appointment_id=visit_id)) == 9
        else:
            assert accepted == "OfferEnded"
            assert (held.state, visit.state) == ("expired", "cancelled")
            assert all_of(SlotAtom, appointment_id=visit_id) == []


def test_accept_and_withdraw_end_in_one_of_the_two(
    in_app: Flask, scene: Scene, dana: Actor, theo: Actor, place: UUID
) -> None:
    request_id = scene.request(cleared=True)
    offer_id = hold(scene, dana, request_id, theo, place)
    visit_id = visit_of(offer_id).id

    ended = race(
        in_app,
        lambda: offering.accept(
            scene.patient(request_id), scene.now, offer_id, appointment_id=visit_id, seen=1
        ),
        lambda: offering.withdraw(dana, scene.now, offer_id, seen=1),
    )

    assert sorted(ended) == ["OfferEnded", "won"]


@pytest.mark.proves("CON-2")
def test_of_two_who_claim_one_request_the_loser_is_told_who_has_it(
    in_app: Flask, scene: Scene, dana: Actor, drew: Actor
) -> None:
    request_id = scene.request()
    seen, told = version_of(request_id), []

    def claim(actor: Actor) -> object:
        try:
            return triage.claim(actor, scene.now, request_id, seen=seen)
        except triage.ClaimedByOther as taken:
            told.append(taken.by)
            raise

    ended = race(in_app, lambda: claim(dana), lambda: claim(drew))

    assert sorted(ended) == ["ClaimedByOther", "won"]
    winner = dana if ended[0] == "won" else drew
    assert told == [winner.name]
    assert stored(Request, request_id).claimed_by_id == winner.id


def test_two_therapists_have_the_same_hour_each(
    in_app: Flask, scene: Scene, dana: Actor, theo: Actor, place: UUID
) -> None:
    tia = scene.staff("Tia Therapist", Role.THERAPIST)
    requests = [scene.request(cleared=True) for _ in range(2)]
    seen = {one: version_of(one) for one in requests}

    ended = race(
        in_app,
        *(
            lambda who=who, one=one: offering.offer(
                dana,
                scene.now,
                one,
                therapist_id=person(who),
                location_id=place,
                starts_at=scene.now + WEDNESDAY,
                visit_kind="needling",
                seen=seen[one],
                key=f"{one}",
            )
            for who, one in zip((theo, tia), requests, strict=True)
        ),
    )

    assert ended == ["won", "won"]
