"""The calendar entry on the wire: beside the words, once, and gone from the outbox in time."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask
from icalendar import Calendar

from clinic import mailer
from clinic.access import SYSTEM, Actor
from clinic.models import Appointment, Letter
from clinic.services import moving, retention
from tests.integration.desk.test_offering import booked
from tests.support import databases
from tests.support.scene import Scene, all_of, stored
from tests.support.smtp_sink import SmtpSink


@pytest.fixture
def app(database: str, smtp: SmtpSink) -> Iterator[Flask]:
    """The app, with the sink as its mail server."""
    chosen = {"smtp_host": "localhost", "smtp_port": smtp.port, "smtp_security": "plain"}
    with databases.running_app(database, **chosen) as app:
        yield app


def test_a_confirmation_carries_its_entry_as_a_part_that_calendars_know(
    scene: Scene, dana: Actor, theo: Actor, place: UUID, smtp: SmtpSink
) -> None:
    visit_id = booked(scene, dana, scene.request(cleared=True), theo, place)

    while mailer.send_next(scene.now):
        pass

    [sent] = [one for one in smtp.letters if "confirmed" in one.subject]
    assert "November 25, 2026 at 10:00 AM EST" in sent.text
    [part] = list(sent.message.iter_attachments())
    assert part.get_content_type() == "text/calendar"
    assert part.get_param("method") == "PUBLISH"
    assert part.get_filename() == "appointment.ics"
    [event] = Calendar.from_ical(part.get_content()).walk("VEVENT")
    assert event.decoded("dtstart") == stored(Appointment, visit_id).starts_at
    assert len([name for name in sent.message if name.lower() == "content-type"]) == 1


@pytest.mark.proves("CRY-1", "RET-1")
def test_an_entry_is_sealed_with_its_letter_and_emptied_with_it(
    scene: Scene, dana: Actor, theo: Actor, place: UUID
) -> None:
    visit_id = booked(scene, dana, scene.request(cleared=True), theo, place)
    version = stored(Appointment, visit_id).version

    [letter] = all_of(Letter, kind="appointment_confirmed")

    assert b"VCALENDAR" not in letter.calendar_sealed
    assert "VCALENDAR" in letter.calendar
    moving.cancel(dana, scene.now, visit_id, seen=version, reason="clinic_closed")
    retention.clear_out(SYSTEM, scene.now + timedelta(days=31))
    assert all_of(Letter, kind="appointment_confirmed")[0].calendar_sealed is None
