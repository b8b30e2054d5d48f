"""Needles only under a live clearance that fits the visit: each way in, in service and in SQL."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from clinic.access import Actor, Role
from clinic.extensions import db
from clinic.models import Appointment, Clearance, Offer, Request
from clinic.services import moving, offering
from clinic.services.needling import NotCleared
from tests.integration.desk.test_offering import WEDNESDAY, booked, hold, visit_of
from tests.support.scene import Scene, all_of, person, stored, version_of

DAY = timedelta(days=1)
WARFARIN = {
    "anticoagulant": "yes",
    "anticoagulant.which": ["warfarin"],
    "anticoagulant.stopped": "no",
    "anticoagulant.inr": 2.5,
    "anticoagulant.inr-date": "2026-11-20",
    "anticoagulant.changed": "no",
    "anticoagulant.bled": "no",
    "anticoagulant.kidney-liver": "no",
    "anticoagulant.also": "no",
    "medicines": ["warfarin"],
}


def reason_of(act: Callable[[], object]) -> str:
    with pytest.raises(NotCleared) as refused:
        act()
    return refused.value.reason


def test_no_needles_without_a_clearance(
    scene: Scene, dana: Actor, theo: Actor, place: UUID
) -> None:
    request_id = scene.request()

    assert reason_of(lambda: hold(scene, dana, request_id, theo, place)) == "not_cleared"
    assert all_of(Appointment) == []


def test_a_visit_without_needles_can_be_offered_at_every_level(
    scene: Scene, dana: Actor, theo: Actor, place: UUID
) -> None:
    for n, level in enumerate(("absolute", "site", "relative", "precaution", "none", "urgent")):
        request_id = scene.request(level=level)
        start = scene.now + WEDNESDAY + n * timedelta(hours=1)

        hold(scene, dana, request_id, theo, place, starts_at=start, kind="no_needles")

    assert {visit.clearance_id for visit in all_of(Appointment)} == {None}


@pytest.mark.parametrize("kind", ["needling", "no_needles"])
def test_nothing_is_offered_while_an_urgent_flag_is_open(
    scene: Scene, dana: Actor, theo: Actor, place: UUID, kind: str
) -> None:
    request_id = scene.request(level="urgent", urgent_open=True)

    found = reason_of(lambda: hold(scene, dana, request_id, theo, place, kind=kind))

    assert found == "urgent_open"


def test_a_prohibited_state_offers_no_needles_and_nobody_overrides_it(
    scene: Scene, dana: Actor, theo: Actor
) -> None:
    place = scene.place("Harbor", state="OR", needling_law="prohibited")
    request_id = scene.request(cleared=True)

    for who in (dana, theo):
        found = reason_of(lambda who=who: hold(scene, who, request_id, theo, place))  # type: ignore[misc]  # a default binds the loop's value
        assert found == "prohibited_here"
    hold(scene, dana, request_id, theo, place, kind="no_needles")


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        ({"valid_from": date(2026, 11, 26)}, "before_its_dates"),
        ({"valid_until": date(2026, 11, 24)}, "after_its_dates"),
        ({"limits": {"regions": ["lower-back"], "therapists": [str(uuid4())]}}, "other_therapist"),
        ({"limits": {"regions": []}}, "no_region_left"),
    ],
)
def test_a_clearance_whose_limits_do_not_fit_the_visit_holds_nothing(
    *,
    scene: Scene,
    dana: Actor,
    theo: Actor,
    place: UUID,
    limits: dict[str, object],
    reason: str,
) -> None:
    request_id = scene.request()
    scene.clear(request_id, **limits)

    assert reason_of(lambda: hold(scene, dana, request_id, theo, place)) == reason
    assert all_of(Appointment) == []


def test_a_clearance_that_names_this_therapist_holds(
    scene: Scene, dana: Actor, theo: Actor, place: UUID
) -> None:
    request_id = scene.request()
    limits = {"regions": ["lower-back"], "therapists": [str(theo.id)]}
    scene.clear(request_id, limits=limits)

    assert visit_of(hold(scene, dana, request_id, theo, place)).state == "held"


def test_a_history_that_is_too_old_at_the_visit_is_confirmed_again_first(
    scene: Scene, dana: Actor, theo: Actor, place: UUID
) -> None:
    request_id = scene.request(sent_at=scene.now - 89 * DAY)
    scene.clear(request_id, valid_until=date(2027, 3, 1))

    def offer(days: int) -> UUID:
        start = scene.now + days * DAY
        return hold(scene, dana, request_id, theo, place, starts_at=start, key=f"{start}")

    offering.withdraw(dana, scene.now, offer(1), seen=1)
    assert reason_of(lambda: offer(2)) == "history_too_old"


def test_a_result_that_is_graver_on_the_day_of_the_visit_needs_a_therapist_again(
    scene: Scene, dana: Actor, theo: Actor, place: UUID
) -> None:
    request_id = scene.request(answers=WARFARIN)
    scene.clear(request_id)
    in_time, too_late = scene.now + WEDNESDAY, scene.now + 40 * DAY

    found = reason_of(
        lambda: hold(scene, dana, request_id, theo, place, starts_at=too_late, key="late")
    )

    assert found == "result_differs"
    hold(scene, dana, request_id, theo, place, starts_at=in_time)


def ended(scene: Scene, request_id: UUID) -> None:
    """End the clearance behind the services' back, as a race would."""
    db.session.rollback()
    db.session.execute(
        text("UPDATE clearance SET ended_at = :now, ended_by = 'race' WHERE request_id = :request"),
        {"now": scene.now.astimezone(UTC).replace(tzinfo=None), "request": _key(request_id)},
    )
    db.session.commit()


def test_an_offer_is_not_accepted_once_its_clearance_has_ended(
    scene: Scene, dana: Actor, theo: Actor, place: UUID
) -> None:
    request_id = scene.request(cleared=True)
    offer_id = hold(scene, dana, request_id, theo, place)
    ended(scene, request_id)

    for who in (dana, scene.patient(request_id)):
        found = reason_of(
            lambda who=who: offering.accept(  # type: ignore[misc]  # a default binds the loop's value
                who, scene.now, offer_id, appointment_id=visit_of(offer_id).id, seen=1
            )
        )
        assert found == "not_cleared"
    assert visit_of(offer_id).state == "held"


def test_an_offer_of_an_earlier_clearance_is_not_accepted_under_a_newer_one(
    scene: Scene, dana: Actor, theo: Actor, place: UUID
) -> None:
    request_id = scene.request(cleared=True)
    offer_id = hold(scene, dana, request_id, theo, place)
    ended(scene, request_id)
    scene.clear(request_id)

    found = reason_of(
        lambda: offering.accept(
            dana, scene.now, offer_id, appointment_id=visit_of(offer_id).id, seen=1
        )
    )

    assert found == "not_cleared"


@pytest.mark.parametrize("change", ["time", "therapist", "place", "kind"])
def test_a_visit_is_not_moved_given_away_or_changed_to_needles_without_a_clearance(
    scene: Scene, dana: Actor, theo: Actor, place: UUID, change: str
) -> None:
    request_id = scene.request(cleared=change != "kind")
    if change == "kind":
        offer_id = hold(scene, dana, request_id, theo, place, kind="no_needles")
        visit_id = offering.accept(
            dana, scene.now, offer_id, appointment_id=visit_of(offer_id).id, seen=1
        )
    else:
        visit_id = booked(scene, dana, request_id, theo, place)
        ended(scene, request_id)
    therapist, where, starts_at = theo, place, scene.now + WEDNESDAY
    if change == "time":
        starts_at = scene.now + 3 * DAY
    elif change == "therapist":
        therapist = scene.staff("Tia Therapist", Role.THERAPIST)
    elif change == "place":
        where = scene.place("Second Street")

    found = reason_of(
        lambda: moving.move(
            dana,
            scene.now,
            visit_id,
            therapist_id=person(therapist),
            location_id=where,
            starts_at=starts_at,
            visit_kind="needling",
            seen=stored(Appointment, visit_id).version,
            key="move",
        )
    )

    assert found == "not_cleared"
    assert stored(Appointment, visit_id).state == "confirmed"
    assert len(all_of(Appointment)) == 1


def test_a_request_is_put_in_ready_to_offer_with_needles_only_under_a_clearance(
    scene: Scene, dana: Actor
) -> None:
    request_id = scene.request()

    found = reason_of(
        lambda: offering.make_ready(
            dana, scene.now, request_id, visit_kind="needling", seen=version_of(request_id)
        )
    )

    assert found == "not_cleared"
    offering.make_ready(
        dana, scene.now, request_id, visit_kind="no_needles", seen=version_of(request_id)
    )
    assert stored(Request, request_id).desk_state == "ready_to_offer"


def test_a_clearance_that_ends_puts_booked_visits_on_the_call_list(
    scene: Scene, dana: Actor, theo: Actor, place: UUID
) -> None:
    request_id = scene.request(cleared=True)
    visit_id = booked(scene, dana, request_id, theo, place)

    scene.end_clearance(request_id)

    request = stored(Request, request_id)
    assert (request.call_today, request.desk_state) == ("clearance_ended", "booked")
    assert stored(Appointment, visit_id).state == "confirmed"


def test_a_new_clearance_carries_a_booked_visit_that_fits_it(
    scene: Scene, dana: Actor, theo: Actor, place: UUID
) -> None:
    request_id = scene.request(cleared=True)
    visit_id = booked(scene, dana, request_id, theo, place)
    scene.end_clearance(request_id)

    clearance_id = scene.clear(request_id)

    assert stored(Appointment, visit_id).clearance_id == clearance_id


def test_a_new_clearance_that_does_not_fit_a_booked_visit_asks_for_a_call(
    scene: Scene, dana: Actor, theo: Actor, place: UUID
) -> None:
    request_id = scene.request(cleared=True)
    visit_id = booked(scene, dana, request_id, theo, place)
    before = stored(Appointment, visit_id).clearance_id
    scene.end_clearance(request_id)

    scene.clear(request_id, valid_from=date(2026, 12, 1))

    assert stored(Request, request_id).call_today == "visit_does_not_fit"
    assert stored(Appointment, visit_id).clearance_id == before


def test_an_offer_without_needles_outlives_the_clearance(
    scene: Scene, dana: Actor, theo: Actor, place: UUID
) -> None:
    request_id = scene.request(cleared=True)
    offer_id = hold(scene, dana, request_id, theo, place, kind="no_needles")

    scene.end_clearance(request_id)

    assert stored(Offer, offer_id).state == "open"
    offering.accept(dana, scene.now, offer_id, appointment_id=visit_of(offer_id).id, seen=1)


# --- By the service alone: the database's own guards are taken away -----------------------------


def without_triggers() -> None:
    db.session.rollback()
    for guard in ("clearance", "place"):
        for act in ("insert", "update"):
            on = "" if _on_sqlite() else " ON appointment"
            db.session.execute(text(f"DROP TRIGGER appointment_{guard}_{act}{on}"))
    db.session.commit()


def test_the_service_refuses_a_prohibited_state_by_itself(
    scene: Scene, dana: Actor, theo: Actor
) -> None:
    place = scene.place("Harbor", state="OR", needling_law="prohibited")
    request_id = scene.request(cleared=True)
    without_triggers()

    assert reason_of(lambda: hold(scene, dana, request_id, theo, place)) == "prohibited_here"


@pytest.mark.parametrize("newer", [False, True])
def test_the_service_refuses_an_offer_of_an_ended_clearance_by_itself(
    scene: Scene, dana: Actor, theo: Actor, place: UUID, *, newer: bool
) -> None:
    request_id = scene.request(cleared=True)
    offer_id = hold(scene, dana, request_id, theo, place)
    ended(scene, request_id)
    if newer:
        scene.clear(request_id)
    without_triggers()

    found = reason_of(
        lambda: offering.accept(
            dana, scene.now, offer_id, appointment_id=visit_of(offer_id).id, seen=1
        )
    )

    assert found == "not_cleared"


# --- By raw SQL ------------------------------------------------------------------------------


def _key(value: UUID) -> str:
    return value.hex if db.engine.dialect.name == "sqlite" else str(value)


def _moment(value: datetime) -> object:
    plain = value.astimezone(UTC)
    return plain.replace(tzinfo=None).isoformat(" ") if _on_sqlite() else plain


def _on_sqlite() -> bool:
    return db.engine.dialect.name == "sqlite"


def _insert(
    scene: Scene,
    *,
    request_id: UUID,
    clearance_id: UUID | None,
    therapist: Actor,
    place: UUID,
    kind: str = "needling",
    visit_on: date = date(2026, 11, 25),
) -> UUID:
    visit_id = uuid4()
    starts_at = scene.now + WEDNESDAY
    db.session.rollback()
    db.session.execute(
        text(
            "INSERT INTO appointment (id, request_id, therapist_id, location_id, visit_kind,"
            " clearance_id, version, state, starts_at, ends_at, visit_on) VALUES"
            " (:id, :request, :therapist, :place, :kind, :clearance, 1, 'held', :starts, :ends,"
            " :visit_on)"
        ),
        {
            "id": _key(visit_id),
            "request": _key(request_id),
            "therapist": _key(person(therapist)),
            "place": _key(place),
            "kind": kind,
            "clearance": _key(clearance_id) if clearance_id else None,
            "starts": _moment(starts_at),
            "ends": _moment(starts_at + timedelta(minutes=45)),
            "visit_on": visit_on.isoformat() if _on_sqlite() else visit_on,
        },
    )
    db.session.commit()
    return visit_id


def _clearance(request_id: UUID) -> UUID:
    found: UUID = all_of(Clearance, request_id=request_id)[0].id
    return found


def test_the_database_takes_a_visit_that_its_clearance_covers(
    scene: Scene, theo: Actor, place: UUID
) -> None:
    request_id = scene.request(cleared=True)

    visit_id = _insert(
        scene,
        request_id=request_id,
        clearance_id=_clearance(request_id),
        therapist=theo,
        place=place,
    )

    assert stored(Appointment, visit_id).state == "held"


@pytest.mark.parametrize("fault", ["none", "ended", "another's", "too early", "too late"])
def test_the_database_refuses_needling_that_no_live_clearance_covers(
    scene: Scene, theo: Actor, place: UUID, fault: str
) -> None:
    request_id = scene.request(cleared=True)
    clearance_id: UUID | None = _clearance(request_id)
    visit_on = date(2026, 11, 25)
    if fault == "none":
        clearance_id = None
    elif fault == "ended":
        ended(scene, request_id)
    elif fault == "another's":
        clearance_id = _clearance(scene.request(cleared=True))
    else:
        visit_on = date(2026, 11, 20) if fault == "too early" else date(2027, 4, 1)

    with pytest.raises(IntegrityError) as refused:
        _insert(
            scene,
            request_id=request_id,
            clearance_id=clearance_id,
            therapist=theo,
            place=place,
            visit_on=visit_on,
        )

    told = str(refused.value.orig)
    assert "needling_needs_live_clearance" in told or "needling_has_clearance" in told
    db.session.rollback()
    assert all_of(Appointment) == []


def test_the_database_refuses_needling_in_a_prohibited_state(scene: Scene, theo: Actor) -> None:
    place = scene.place("Harbor", state="OR", needling_law="prohibited")
    request_id = scene.request(cleared=True)

    with pytest.raises(IntegrityError, match="needling_prohibited_here"):
        _insert(
            scene,
            request_id=request_id,
            clearance_id=_clearance(request_id),
            therapist=theo,
            place=place,
        )

    db.session.rollback()


@pytest.mark.parametrize(
    "change",
    [
        "state = 'confirmed'",
        "visit_kind = 'needling', clearance_id = :clearance",
        "therapist_id = :other",
        "visit_on = '2027-01-15'",
    ],
)
def test_the_database_refuses_each_change_of_a_visit_once_its_clearance_has_ended(
    scene: Scene, dana: Actor, theo: Actor, place: UUID, change: str
) -> None:
    tia = scene.staff("Tia Therapist", Role.THERAPIST)
    request_id = scene.request(cleared=True)
    clearance_id = _clearance(request_id)
    kind = "no_needles" if "visit_kind" in change else "needling"
    hold(scene, dana, request_id, theo, place, kind=kind)
    ended(scene, request_id)

    with pytest.raises(IntegrityError, match="needling_needs_live_clearance"):
        _update(change, clearance=_key(clearance_id), other=_key(person(tia)))

    db.session.rollback()


def _update(change: str, **values: object) -> None:
    db.session.rollback()
    used = {name: value for name, value in values.items() if f":{name}" in change}
    db.session.execute(text(f"UPDATE appointment SET {change}"), used)  # noqa: S608 - fixed texts of this file
    db.session.commit()
