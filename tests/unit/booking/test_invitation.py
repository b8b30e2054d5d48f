"""A visit as a calendar entry: read back with another reader than the one that wrote it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from clinic.booking import calendar, invitation
from clinic.booking.invitation import Entry

KEY = UUID("00000000-0000-4000-8000-00000000002a")
NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)
STARTS = datetime(2026, 11, 25, 15, tzinfo=UTC)
ENTRY = Entry(
    KEY, 0, "Visit at Example", "Wednesday", "Main Street", STARTS, STARTS + timedelta(minutes=45)
)


def lines(entry: Entry, *, sender_name: str = "Example Clinic") -> list[str]:
    """Write an entry and unfold its lines, as RFC 5545 section 3.1 says."""
    text = invitation.write(
        entry, host="clinic.example.com", sender="desk@example.com", sender_name=sender_name,
        now=NOW,
    )  # fmt: skip
    assert text.endswith("\r\n")
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    return text.replace("\r\n ", "").split("\r\n")[:-1]


def changed(**values: Any) -> Entry:
    return replace(ENTRY, **values)


def test_an_entry_is_published_under_a_lasting_name_and_asks_for_no_answer() -> None:
    found = lines(ENTRY)

    assert "METHOD:PUBLISH" in found
    assert f"UID:{KEY.hex}@clinic.example.com" in found
    assert "SEQUENCE:0" in found
    assert "STATUS:CONFIRMED" in found
    assert not any(line.startswith(("ATTENDEE", "RSVP", "URL")) for line in found)


def test_a_cancelled_entry_keeps_its_name_and_comes_after_the_one_before() -> None:
    found = lines(changed(cancelled=True, sequence=2))

    assert f"UID:{KEY.hex}@clinic.example.com" in found
    assert "SEQUENCE:2" in found
    assert "STATUS:CANCELLED" in found


@pytest.mark.proves("TIME-2")
@pytest.mark.parametrize(
    ("zone", "day", "clock"),
    [
        ("America/New_York", (2026, 3, 8), "9:00 AM EDT"),
        ("America/New_York", (2026, 11, 1), "9:00 AM EST"),
        ("Australia/Lord_Howe", (2026, 4, 5), "9:00 AM UTC+10:30"),
        ("Asia/Kathmandu", (2026, 11, 1), "9:00 AM UTC+05:45"),
        ("America/Phoenix", (2026, 3, 8), "9:00 AM MST"),
    ],
)
def test_an_entry_names_the_same_instant_as_the_words_on_both_clock_change_days(
    zone: str, day: tuple[int, int, int], clock: str
) -> None:
    starts_at = datetime(*day, 9, tzinfo=ZoneInfo(zone)).astimezone(UTC)

    found = lines(changed(starts_at=starts_at))

    [written] = [line for line in found if line.startswith("DTSTART:")]
    stamp = datetime.strptime(written, "DTSTART:%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    assert stamp == starts_at
    assert calendar.spoken_time(stamp, zone, "en") == clock


@pytest.mark.proves("TIME-2")
def test_the_two_half_past_ones_of_a_repeated_hour_are_two_entries() -> None:
    first = datetime(2026, 11, 1, 5, 30, tzinfo=UTC)

    both = {
        line
        for starts_at in (first, first + timedelta(hours=1))
        for line in lines(changed(starts_at=starts_at))
        if line.startswith("DTSTART")
    }

    assert both == {"DTSTART:20261101T053000Z", "DTSTART:20261101T063000Z"}


def test_what_a_name_or_a_place_holds_adds_no_line_to_the_entry() -> None:
    evil = 'X"\r\nATTENDEE:mailto:evil@example.com'

    found = lines(changed(summary=evil, place=evil, description=evil), sender_name=evil)

    assert not any(line.startswith("ATTENDEE") for line in found)
    assert sum(line.startswith("BEGIN:VEVENT") for line in found) == 1
