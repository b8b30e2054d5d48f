"""The day's list: who comes, who is here, what was done, by whom it may be said."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
import time_machine

from clinic.access import Actor, Role
from clinic.extensions import db
from clinic.models import Appointment, AuditEntry, Location, Request, VisitRecord
from clinic.services import moving, offering
from tests.support.clock import MONDAY_MORNING
from tests.support.page import Page
from tests.support.scene import all_of, person, version_of
from tests.web.desk.conftest import Screen

VISIT = MONDAY_MORNING + timedelta(days=2)


def book(screen: Screen, *, kind: str = "needling") -> UUID:
    """Let Rosa have a confirmed visit with Theo on Wednesday morning."""
    scene, dana = screen.scene, member(screen, Role.FRONT_DESK)
    theo = member(screen, Role.THERAPIST)
    request_id = scene.request(cleared=True, name="Rosa Example")
    offer_id = offering.offer(
        dana,
        scene.now,
        request_id,
        therapist_id=person(theo),
        location_id=all_of(Location)[0].id,
        starts_at=VISIT,
        visit_kind=kind,
        seen=version_of(request_id),
        key=uuid4().hex,
    )
    [held] = all_of(Appointment, offer_id=offer_id)
    made = offering.accept(dana, scene.now, offer_id, appointment_id=held.id, seen=1)
    db.session.remove()
    return made


def member(screen: Screen, role: Role) -> Actor:
    return next(one for one in screen.scene.users.values() if role in one.roles)


def sits(screen: Screen, role: Role) -> None:
    """Let somebody of this role sit down."""
    screen.actor = member(screen, role)


def the(screen: Screen) -> Appointment:
    found: Appointment = screen.read(lambda: all_of(Appointment)[0])
    return found


def test_the_day_lists_who_comes_and_leads_to_the_days_beside_it(screen: Screen) -> None:
    screen.now(book, screen)

    today = screen.get("/staff/visits/")
    wednesday = screen.get("/staff/visits/?on=2026-11-25")

    assert "No visits on this day" in today.text
    for words in ("Rosa Example", "10:00 AM EST", "Theo Therapist", "Confirmed", "1 visit"):
        assert words in wednesday.text
    assert "No visits on this day" in wednesday.follow("Day after").text
    assert "Rosa Example" in wednesday.follow("Day after").follow("Day before").text
    assert not wednesday.has_button("Arrived")  # not before its day
    for odd in ("?on=soon", "?place=nowhere", "?on=99999-01-01"):
        assert screen.get(f"/staff/visits/{odd}").status == 200


def test_who_looks_at_today_sees_today_at_the_other_place_too(screen: Screen) -> None:
    """At six in the evening in New York it is tomorrow morning in Auckland."""
    screen.now(lambda: screen.scene.place("River Street", "Pacific/Auckland"))
    with time_machine.travel(MONDAY_MORNING.replace(hour=23), tick=False):
        here = screen.get("/staff/visits/")
        there = here.submit("Filter", place="River Street")
        picked = here.submit("Filter", place="River Street", on="2026-11-30")

    assert "November 23, 2026 (today)" in here.text
    assert "River Street, Tuesday, November 24, 2026 (today)" in there.text
    assert "November 30, 2026" in picked.text


def test_the_desk_marks_an_arrival_and_a_therapist_the_needles(screen: Screen) -> None:
    screen.now(book, screen)
    with time_machine.travel(VISIT, tick=False):
        here = screen.get("/staff/visits/?on=2026-11-25").submit("Arrived")
        assert not here.has_link("Visit done")  # needles are a therapist's to record
        assert "A therapist puts the visit on record." in here.text
        assert screen.get(f"/staff/visits/{the(screen).id}/finish").status == 409
        sits(screen, Role.THERAPIST)
        asked = screen.get("/staff/visits/?on=2026-11-25").follow("Visit done")
        empty = asked.submit("Put it on record", {"needled": "yes"})
        assert empty.status == 422
        assert set(empty.errors) == {"regions", "after"}

        done = asked.submit(
            "Put it on record", {"needled": "yes", "regions": ["lower-back-left"], "after": "last"}
        )

    assert "The visit is on record." in done.text
    visit, [record] = the(screen), screen.read(lambda: all_of(VisitRecord))
    assert (visit.state, visit.needled) == ("done", True)
    assert screen.read(lambda: all_of(VisitRecord)[0].regions) == ["lower-back-left"]
    assert record.needled_by_id == member(screen, Role.THERAPIST).id
    assert screen.read(lambda: all_of(Request)[0].closed_reason) == "attended"


def finished(screen: Screen) -> Page:
    """Have a visit on record with needles on the left; the therapist sits there."""
    screen.now(book, screen)
    screen.get("/staff/visits/?on=2026-11-25").submit("Arrived")
    sits(screen, Role.THERAPIST)
    return (
        screen.get("/staff/visits/?on=2026-11-25")
        .follow("Visit done")
        .submit(
            "Put it on record", {"needled": "yes", "regions": ["lower-back-left"], "after": "last"}
        )
    )


@pytest.mark.proves("CON-4")
def test_a_stale_correction_is_told_with_both_and_nothing_typed_is_lost(screen: Screen) -> None:
    with time_machine.travel(VISIT, tick=False):
        day = finished(screen)
        first, second = day.follow("Correct the record"), day.follow("Correct the record")
        other = {"needled": "yes", "regions": ["lower-back-right"], "reason": "Side."}
        first.submit("Keep the correction", other)

        late = second.submit("Keep the correction", {"needled": "no", "reason": "Not at all."})

    assert late.status == 409
    assert "Needles were used: Lower back, right" in late.text
    assert late.values["reason"] == ["Not at all."]
    assert the(screen).needled is True


@pytest.mark.proves("AZ-5", "AUD-4")
def test_the_desk_reads_no_region_of_a_visit_that_is_done(screen: Screen) -> None:
    with time_machine.travel(VISIT, tick=False):
        finished(screen)
        sits(screen, Role.FRONT_DESK)
        day = screen.get("/staff/visits/?on=2026-11-25")
        forbidden = screen.get(f"/staff/visits/{the(screen).id}/correct")

    assert "Done" in day.text
    assert "Lower back" not in day.text
    assert "needles were" not in day.text.lower()
    assert forbidden.status == 403
    assert "lower-back" not in " ".join(screen.read(lambda: [e.detail for e in all_of(AuditEntry)]))


def test_a_no_show_is_marked_and_taken_back(screen: Screen) -> None:
    screen.now(book, screen)
    with time_machine.travel(VISIT + timedelta(minutes=20), tick=False):
        missed = screen.get("/staff/visits/?on=2026-11-25").submit("Did not come")
        assert screen.read(lambda: all_of(Request)[0].call_today) == "missed"

        back = missed.submit("Came after all")

    assert back.has_button("Arrived")
    assert screen.read(lambda: all_of(Request)[0].desk_state) == "booked"


def test_a_press_on_an_old_page_says_how_the_visit_stands(screen: Screen) -> None:
    screen.now(book, screen)
    with time_machine.travel(VISIT, tick=False):
        stale = screen.get("/staff/visits/?on=2026-11-25")
        stale.submit("Arrived").submit("Not here after all")

        late = stale.submit("Did not come")

    assert (late.status, late.heading) == (409, "This was not kept")
    assert the(screen).state == "confirmed"


def test_a_visit_whose_clearance_ended_says_so_and_leads_on_without_needles(
    screen: Screen,
) -> None:
    screen.now(book, screen)
    screen.now(lambda: screen.scene.end_clearance(all_of(Request)[0].id))
    with time_machine.travel(VISIT, tick=False):
        day = screen.get("/staff/visits/?on=2026-11-25")

        times = day.follow("Move it, or leave needles out")

    assert "No needling as it stands" in day.text
    assert not day.has_button("Arrived")
    assert times.heading == "Move the visit"


def test_a_visit_without_needles_is_finished_at_the_desk_and_the_next_is_planned(
    screen: Screen,
) -> None:
    screen.now(lambda: book(screen, kind="no_needles"))
    with time_machine.travel(VISIT, tick=False):
        day = screen.get("/staff/visits/?on=2026-11-25").submit("Arrived")

        done = day.follow("Visit done").submit("Put it on record", {"after": "more"})

    assert done.status == 200
    assert the(screen).needled is False
    assert screen.read(lambda: all_of(Request)[0].desk_state) == "ready_to_offer"


def test_what_a_patient_wrote_of_health_is_read_by_a_therapist_and_written_down(
    screen: Screen,
) -> None:
    screen.now(book, screen)
    request = screen.read(lambda: all_of(Request)[0])
    words, path = "I have a fever", f"/staff/visits/words/{request.reference}"
    screen.now(_cancels, screen, words)

    at_desk = screen.open(request.reference)
    assert words not in at_desk.text
    assert "Call this patient today." in at_desk.text
    assert screen.get(path).status == 403
    sits(screen, Role.THERAPIST)
    read = screen.open(request.reference).follow(
        "Read what the patient wrote about times and visits"
    )

    assert words in read.text
    opened = screen.read(lambda: all_of(AuditEntry, act="history.opened"))
    assert [entry.subject_id for entry in opened] == [request.id]
    assert "own words" in opened[0].detail


def _cancels(screen: Screen, words: str) -> None:
    [visit], [request] = all_of(Appointment), all_of(Request)
    patient = screen.scene.patient(request.id)
    moving.cancel(patient, screen.scene.now, visit.id, seen=visit.version, words=words)
    db.session.remove()
