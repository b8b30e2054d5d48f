"""Confirmed visits moved, cancelled and asked to be moved, each with its calendar entry."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from icalendar import Calendar

from clinic.access import Actor, NotThere, Refused
from clinic.booking.lifecycle import NoSuchMove
from clinic.models import Act, Appointment, Letter, Request, SlotAtom
from clinic.services import moving, offering, visit_letters
from clinic.services.idempotency import OtherBody
from clinic.services.needling import NotCleared
from clinic.services.transaction import ChangedUnderneath
from tests.integration.desk.test_offering import WEDNESDAY, booked, hold, visit_of
from tests.support.scene import Scene, all_of, person, stored

DAY = timedelta(days=1)
SECRETS = ("needl", "theo", "rosa", "example 1", "quetzal", "lower back", "/r/")


@pytest.fixture
def visit_id(scene: Scene, dana: Actor, theo: Actor, place: UUID) -> UUID:
    """A confirmed visit with needling on Wednesday."""
    return booked(scene, dana, scene.request(cleared=True), theo, place)


def seen(visit_id: UUID) -> int:
    return int(stored(Appointment, visit_id).version)


def request_of(visit_id: UUID) -> Request:
    found: Request = stored(Request, stored(Appointment, visit_id).request_id)
    return found


def shift(scene: Scene, who: Actor, visit_id: UUID, starts_at: datetime) -> UUID:
    """Move a visit to another time with the same therapist at the same place."""
    visit = stored(Appointment, visit_id)
    return moving.move(
        who,
        scene.now,
        visit_id,
        therapist_id=visit.therapist_id,
        location_id=visit.location_id,
        starts_at=starts_at,
        visit_kind="needling",
        seen=seen(visit_id),
        key=f"{visit_id} {starts_at}",
    )


def entry(letter: Letter) -> dict[str, str]:
    """Read the calendar entry of a letter."""
    assert letter.calendar is not None
    [event] = Calendar.from_ical(letter.calendar).walk("VEVENT")
    return {name.lower(): str(event.decoded(name)) for name in event} | {
        "text": letter.calendar.replace("\r\n ", "").lower()
    }


def test_one_calendar_entry_goes_through_confirmation_move_and_cancellation(
    scene: Scene, dana: Actor, theo: Actor, place: UUID, visit_id: UUID
) -> None:
    new = shift(scene, dana, visit_id, scene.now + 3 * DAY)
    moving.cancel(dana, scene.now, new, seen=seen(new), reason="therapist_away")

    kinds = ("appointment_confirmed", "appointment_moved", "appointment_cancelled")
    first, second, last = (entry(all_of(Letter, kind=kind)[0]) for kind in kinds)
    assert first["uid"] == second["uid"] == last["uid"]
    assert [one["sequence"] for one in (first, second, last)] == ["0", "1", "2"]
    assert "status:confirmed" in second["text"]
    assert "status:cancelled" in last["text"]
    assert "2026-11-26 15:00:00+00:00" in second["dtstart"]
    for one in (first, second, last):
        neutral = one["text"].replace("fictional needling clinic", "")
        assert not any(secret in neutral for secret in SECRETS)


def test_the_entry_says_the_time_by_the_clinics_clock_in_the_patients_language(
    scene: Scene, dana: Actor, theo: Actor, place: UUID
) -> None:
    booked(scene, dana, scene.request(cleared=True, language="es"), theo, place)

    written = entry(all_of(Letter, kind="appointment_confirmed")[0])["text"]

    assert "25 de noviembre de 2026\\, 10:00 a. m. (est)" in written


def test_a_move_takes_the_request_off_the_call_list(
    scene: Scene, dana: Actor, theo: Actor, place: UUID, visit_id: UUID
) -> None:
    patient = scene.patient(request_of(visit_id).id)
    moving.ask_to_move(patient, scene.now, visit_id, seen=seen(visit_id), key="k", words="Fridays.")
    assert request_of(visit_id).call_today == "asked_to_move"
    assert stored(Appointment, visit_id).state == "confirmed"  # it stays until it is moved

    shift(scene, dana, visit_id, scene.now + 4 * DAY)

    assert request_of(visit_id).call_today is None


def test_asking_to_move_twice_with_one_form_is_one_act(scene: Scene, visit_id: UUID) -> None:
    request = request_of(visit_id)
    patient, version = scene.patient(request.id), seen(visit_id)

    for _ in range(2):
        moving.ask_to_move(patient, scene.now, visit_id, seen=version, key="one", words="Later.")
    with pytest.raises(OtherBody):
        moving.ask_to_move(patient, scene.now, visit_id, seen=version, key="one", words="Else.")

    assert len([a for a in all_of(Act, request_id=request.id) if a.act == "ask to move"]) == 1


def test_warning_signs_in_the_words_are_no_matter_for_the_desk(
    scene: Scene, visit_id: UUID
) -> None:
    patient = scene.patient(request_of(visit_id).id)

    moving.cancel(patient, scene.now, visit_id, seen=seen(visit_id), words="I have a fever")

    request = request_of(visit_id)
    assert (request.desk_state, request.call_today) == ("in_contact", "own_words")


def test_a_patient_cancels_once_and_only_before_it_begins(
    scene: Scene, dana: Actor, theo: Actor, place: UUID, visit_id: UUID
) -> None:
    patient, version = scene.patient(request_of(visit_id).id), seen(visit_id)
    with pytest.raises(NoSuchMove):
        moving.cancel(patient, scene.now + WEDNESDAY, visit_id, seen=version)

    for _ in range(2):
        moving.cancel(patient, scene.now, visit_id, seen=version)

    visit = stored(Appointment, visit_id)
    assert (visit.state, visit.cancelled_by) == ("cancelled", "patient")
    assert request_of(visit_id).call_today == "patient_cancelled"
    assert all_of(SlotAtom) == []
    assert len(all_of(Letter, kind="appointment_cancelled")) == 1
    hold(scene, dana, visit.request_id, theo, place, key="another time")
    assert stored(Request, visit.request_id).call_today is None  # the new offer is the answer


def test_nobody_changes_the_visit_of_another_patient(scene: Scene, visit_id: UUID) -> None:
    stranger = scene.patient(scene.request())

    for act in (
        lambda: moving.cancel(stranger, scene.now, visit_id, seen=seen(visit_id)),
        lambda: moving.ask_to_move(stranger, scene.now, visit_id, seen=seen(visit_id), key="k"),
        lambda: visit_letters.calendar_file(stranger, scene.now, visit_id),
    ):
        with pytest.raises(NotThere):
            act()

    assert stored(Appointment, visit_id).state == "confirmed"


def test_a_patient_with_an_unproved_address_changes_nothing(
    scene: Scene, dana: Actor, theo: Actor, place: UUID
) -> None:
    request_id = scene.request(cleared=True, email_proved_at=None)
    visit_id = booked(scene, dana, request_id, theo, place)

    with pytest.raises(Refused):
        moving.cancel(scene.patient(request_id), scene.now, visit_id, seen=seen(visit_id))
    with pytest.raises(NotThere):
        visit_letters.calendar_file(scene.patient(request_id), scene.now, visit_id)


def test_staff_cancel_for_a_reason_that_is_known(scene: Scene, dana: Actor, visit_id: UUID) -> None:
    with pytest.raises(NoSuchMove):
        moving.cancel(dana, scene.now, visit_id, seen=seen(visit_id), reason="fancy")
    with pytest.raises(ChangedUnderneath):
        moving.cancel(dana, scene.now, visit_id, seen=99, reason="clinic_closed")

    moving.cancel(dana, scene.now, visit_id, seen=seen(visit_id), reason="clinic_closed")

    request_id = request_of(visit_id).id
    [fact] = [a for a in all_of(Act, request_id=request_id) if a.act == "cancel appointment"]
    assert fact.detail["because"] == "clinic_closed"
    assert stored(Appointment, visit_id).cancelled_by == "clinic"


def test_a_visit_stays_where_it_is_if_the_new_day_is_outside_its_clearance(
    scene: Scene, dana: Actor, theo: Actor, place: UUID, visit_id: UUID
) -> None:
    with pytest.raises(NotCleared):
        shift(scene, dana, visit_id, scene.now + 91 * DAY)

    assert stored(Appointment, visit_id).state == "confirmed"
    assert {atom.appointment_id for atom in all_of(SlotAtom)} == {visit_id}
    assert all_of(Letter, kind="appointment_moved") == []


def test_a_visit_whose_clearance_ended_goes_ahead_without_needles_at_the_same_time(
    scene: Scene, dana: Actor, theo: Actor, place: UUID, visit_id: UUID
) -> None:
    scene.end_clearance(request_of(visit_id).id)
    visit = stored(Appointment, visit_id)
    scene.now = visit.starts_at + timedelta(minutes=5)  # the patient is here already

    new = moving.move(
        dana,
        scene.now,
        visit_id,
        therapist_id=person(theo),
        location_id=place,
        starts_at=visit.starts_at,
        visit_kind="no_needles",
        seen=seen(visit_id),
        key="without",
    )

    changed = stored(Appointment, new)
    assert (changed.state, changed.visit_kind, changed.clearance_id) == (
        "confirmed",
        "no_needles",
        None,
    )
    assert request_of(new).call_today is None


def test_a_patient_without_an_address_is_told_by_phone_all_the_way(
    scene: Scene, dana: Actor, theo: Actor, place: UUID
) -> None:
    request_id = scene.request(cleared=True, email=None, email_proved_at=None)
    offer_id = hold(scene, dana, request_id, theo, place)
    visit_id = visit_of(offer_id).id

    from_call = booked_by_phone(scene, dana, offer_id, visit_id)
    new = shift(scene, dana, from_call, scene.now + 3 * DAY)
    moving.cancel(dana, scene.now, new, seen=seen(new), reason="patient_asked")

    assert all_of(Letter) == []
    assert stored(Appointment, new).cancelled_by == "patient"


def booked_by_phone(scene: Scene, dana: Actor, offer_id: UUID, visit_id: UUID) -> UUID:
    return offering.accept(dana, scene.now, offer_id, appointment_id=visit_id, seen=1)
