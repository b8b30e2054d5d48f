"""The day of a visit: arrived, done, missed, undone; needles by a therapist, if cleared."""

from datetime import timedelta
from uuid import UUID

import pytest

from clinic.access import SYSTEM, Actor, Refused, Role
from clinic.booking.lifecycle import NoSuchMove
from clinic.extensions import db
from clinic.models import Act, Appointment, AuditEntry, Request, SlotAtom, VisitRecord
from clinic.queries import visits as days
from clinic.services import bookkeeping, offering, tracks, visits
from clinic.services.needling import NotCleared
from clinic.services.transaction import ChangedUnderneath, Work, writes
from clinic.services.triage import UrgentOpen
from clinic.services.visits import Incomplete
from tests.integration.desk.test_offering import WEDNESDAY, booked, hold, visit_of
from tests.support.scene import Scene, all_of, stored

REGIONS = ["lower-back-left"]


def seen(visit_id: UUID) -> int:
    """The version of a visit as a page would show it."""
    return int(stored(Appointment, visit_id).version)


@pytest.fixture
def visit_id(scene: Scene, dana: Actor, theo: Actor, place: UUID) -> UUID:
    """A confirmed visit with needling on Wednesday; the clock stands at its beginning."""
    request_id = scene.request(cleared=True)
    made = booked(scene, dana, request_id, theo, place)
    scene.now += WEDNESDAY
    return made


@writes
def flag_urgent(work: Work, request_id: UUID) -> None:
    """Open the urgent flag as a new answer does."""
    tracks.load(work, request_id).urgent_open = True


def the_request(visit_id: UUID) -> Request:
    found: Request = stored(Request, stored(Appointment, visit_id).request_id)
    return found


def arrived(scene: Scene, dana: Actor, visit_id: UUID) -> UUID:
    return visits.arrive(dana, scene.now, visit_id, seen=seen(visit_id))


def test_a_visit_is_done_with_needles_where_and_by_whom(
    scene: Scene, dana: Actor, theo: Actor, visit_id: UUID
) -> None:
    arrived(scene, dana, visit_id)

    for _ in range(2):
        visits.finish(
            theo,
            scene.now,
            visit_id,
            needled=True,
            regions=REGIONS,
            more=False,
            seen=seen(visit_id),
        )

    visit, [record] = stored(Appointment, visit_id), all_of(VisitRecord, appointment_id=visit_id)
    assert (visit.state, visit.needled, record.regions) == ("done", True, REGIONS)
    assert record.needled_by_id == record.done_by_id == theo.id
    assert record.arrived_at == record.done_at == scene.now
    request = the_request(visit_id)
    assert (request.desk_state, request.closed_reason) == ("closed", "attended")
    assert "lower-back" not in " ".join(entry.detail for entry in all_of(AuditEntry))


@pytest.mark.proves("AZ-3", "AZ-5")
def test_what_was_needled_is_read_by_therapists_alone(
    scene: Scene, dana: Actor, theo: Actor, visit_id: UUID
) -> None:
    arrived(scene, dana, visit_id)
    visits.finish(
        theo, scene.now, visit_id, needled=True, regions=REGIONS, more=False, seen=seen(visit_id)
    )

    at_desk, at_treatment = (days.one(who, visit_id, now=scene.now) for who in (dana, theo))

    assert (at_desk.cleared, at_desk.needled, at_desk.regions) == ((), None, ())
    assert at_treatment.needled is True
    assert at_treatment.regions == tuple(REGIONS)
    for who in (scene.patient(the_request(visit_id).id), scene.staff("Ada Admin", Role.ADMIN)):
        with pytest.raises(Refused):
            days.one(who, visit_id, now=scene.now)
        with pytest.raises(Refused):
            days.day(who, place_id=None, on=None, now=scene.now)


def test_the_front_desk_never_says_whether_needles_were_used(
    scene: Scene, dana: Actor, visit_id: UUID
) -> None:
    arrived(scene, dana, visit_id)

    for needled in (True, False):
        with pytest.raises(Refused):
            visits.finish(
                dana, scene.now, visit_id, needled=needled, more=False, seen=seen(visit_id)
            )

    assert stored(Appointment, visit_id).state == "arrived"


def test_the_front_desk_finishes_a_visit_without_needles(
    scene: Scene, dana: Actor, theo: Actor, place: UUID
) -> None:
    request_id = scene.request()
    offer_id = hold(scene, dana, request_id, theo, place, kind="no_needles")
    visit_id = offering.accept(
        dana, scene.now, offer_id, appointment_id=visit_of(offer_id).id, seen=1
    )
    scene.now += WEDNESDAY
    arrived(scene, dana, visit_id)

    with pytest.raises(NotCleared):
        visits.finish(
            theo, scene.now, visit_id, needled=True, regions=REGIONS, more=True, seen=seen(visit_id)
        )
    visits.finish(dana, scene.now, visit_id, needled=False, more=False, seen=seen(visit_id))

    assert stored(Appointment, visit_id).needled is False
    assert stored(Request, request_id).closed_reason == "attended"


@pytest.mark.parametrize(
    ("regions", "reason"), [(["neck"], "region_not_cleared"), (["lower-back"], None)]
)
def test_needles_are_recorded_only_where_they_were_cleared(
    *,
    scene: Scene,
    dana: Actor,
    theo: Actor,
    visit_id: UUID,
    regions: list[str],
    reason: str | None,
) -> None:
    arrived(scene, dana, visit_id)

    def finish() -> UUID:
        return visits.finish(
            theo,
            scene.now,
            visit_id,
            needled=True,
            regions=regions,
            more=False,
            seen=seen(visit_id),
        )

    if reason is None:
        finish()
        assert stored(Appointment, visit_id).needled is True
        return
    with pytest.raises(NotCleared) as refused:
        finish()
    assert refused.value.reason == reason
    assert stored(Appointment, visit_id).state == "arrived"


def test_needles_without_a_region_are_no_record(
    scene: Scene, dana: Actor, theo: Actor, visit_id: UUID
) -> None:
    arrived(scene, dana, visit_id)

    with pytest.raises(Incomplete):
        visits.finish(theo, scene.now, visit_id, needled=True, more=False, seen=seen(visit_id))

    assert stored(Appointment, visit_id).state == "arrived"


def test_a_clearance_that_ended_lets_nobody_arrive_for_needles_nor_be_marked_needled(
    scene: Scene, dana: Actor, theo: Actor, visit_id: UUID
) -> None:
    arrived(scene, dana, visit_id)
    scene.end_clearance(the_request(visit_id).id)

    with pytest.raises(NotCleared):
        visits.finish(
            theo, scene.now, visit_id, needled=True, regions=REGIONS, more=True, seen=seen(visit_id)
        )
    visits.finish(theo, scene.now, visit_id, needled=False, more=True, seen=seen(visit_id))

    assert stored(Appointment, visit_id).needled is False
    assert the_request(visit_id).desk_state == "in_contact"  # ready only under a live clearance


def test_more_visits_lead_back_to_ready_to_offer_while_the_clearance_lives(
    scene: Scene, dana: Actor, theo: Actor, visit_id: UUID
) -> None:
    arrived(scene, dana, visit_id)

    visits.finish(
        theo, scene.now, visit_id, needled=True, regions=REGIONS, more=True, seen=seen(visit_id)
    )

    assert the_request(visit_id).desk_state == "ready_to_offer"


def test_an_open_urgent_flag_keeps_a_request_in_the_queue_after_its_visit(
    scene: Scene, dana: Actor, theo: Actor, visit_id: UUID
) -> None:
    arrived(scene, dana, visit_id)
    flag_urgent(SYSTEM, scene.now, the_request(visit_id).id)

    with pytest.raises(UrgentOpen):
        visits.finish(theo, scene.now, visit_id, needled=False, more=False, seen=seen(visit_id))

    assert the_request(visit_id).desk_state == "booked"


def test_an_arrival_and_a_no_show_are_undone_by_acts_that_stay_on_record(
    scene: Scene, dana: Actor, visit_id: UUID
) -> None:
    arrived(scene, dana, visit_id)
    visits.undo_arrival(dana, scene.now, visit_id, seen=seen(visit_id))
    visits.miss(dana, scene.now, visit_id, seen=seen(visit_id))
    missed = the_request(visit_id)
    assert (missed.desk_state, missed.call_today) == ("in_contact", "missed")

    visits.undo_miss(dana, scene.now, visit_id, seen=seen(visit_id))

    request = the_request(visit_id)
    assert (request.desk_state, request.call_today) == ("booked", None)
    assert stored(Appointment, visit_id).state == "confirmed"
    assert len(all_of(SlotAtom, appointment_id=visit_id)) == 9
    assert [one.problems for one in bookkeeping.check(db.session())] == [()]
    done = [act.act for act in all_of(Act, appointment_id=visit_id)]
    assert {"arrive", "undo arrive", "miss", "undo miss"} <= set(done)


def test_nobody_arrives_on_another_day_or_misses_what_has_not_begun(
    scene: Scene, dana: Actor, visit_id: UUID
) -> None:
    for when in (scene.now - timedelta(days=1), scene.now + timedelta(days=1)):
        with pytest.raises(NoSuchMove):
            visits.arrive(dana, when, visit_id, seen=seen(visit_id))
    with pytest.raises(NoSuchMove):
        visits.miss(dana, scene.now - timedelta(minutes=1), visit_id, seen=seen(visit_id))

    assert stored(Appointment, visit_id).state == "confirmed"


def test_a_no_show_of_another_day_stays_one(scene: Scene, dana: Actor, visit_id: UUID) -> None:
    visits.miss(dana, scene.now, visit_id, seen=seen(visit_id))

    with pytest.raises(NoSuchMove):
        visits.undo_miss(dana, scene.now + timedelta(days=1), visit_id, seen=seen(visit_id))


def test_a_therapist_corrects_the_record_saying_why_and_the_old_one_is_kept(
    scene: Scene, dana: Actor, theo: Actor, visit_id: UUID
) -> None:
    arrived(scene, dana, visit_id)
    visits.finish(
        theo,
        scene.now,
        visit_id,
        needled=True,
        regions=REGIONS,
        more=False,
        seen=seen(visit_id),
    )
    before = seen(visit_id)

    with pytest.raises(Incomplete):
        visits.correct(theo, scene.now, visit_id, needled=False, reason=" ", seen=before)
    with pytest.raises(Refused):
        visits.correct(dana, scene.now, visit_id, needled=False, reason="No.", seen=before)
    visits.correct(
        theo,
        scene.now,
        visit_id,
        needled=True,
        regions=["lower-back-right"],
        reason="Wrong side was ticked.",
        seen=before,
    )
    with pytest.raises(ChangedUnderneath):
        visits.correct(theo, scene.now, visit_id, needled=False, reason="Twice.", seen=before)

    assert all_of(VisitRecord, appointment_id=visit_id)[0].regions == ["lower-back-right"]
    [fact] = all_of(Act, appointment_id=visit_id, act="correct")
    assert fact.detail["before"] == {"needled": True, "regions": REGIONS}
    assert fact.detail["reason"] == "Wrong side was ticked."


def test_needles_are_not_added_to_a_record_once_the_clearance_has_ended(
    scene: Scene, dana: Actor, theo: Actor, visit_id: UUID
) -> None:
    arrived(scene, dana, visit_id)
    visits.finish(theo, scene.now, visit_id, needled=False, more=False, seen=seen(visit_id))
    scene.end_clearance(the_request(visit_id).id)

    with pytest.raises(NotCleared):
        visits.correct(
            theo,
            scene.now,
            visit_id,
            needled=True,
            regions=REGIONS,
            reason="Forgotten.",
            seen=seen(visit_id),
        )

    assert stored(Appointment, visit_id).needled is False
