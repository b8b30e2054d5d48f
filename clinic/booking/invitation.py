"""One visit as a calendar entry (RFC 5545): what is attached to letters about it.

The method is PUBLISH (RFC 5546, 3.2.1): the entry says what was agreed and asks for no answer.
Under REQUEST a calendar would offer "accept" and "decline" buttons whose mail nobody reads.
Times are UTC instants, since a local time of a repeated hour could mean two; the time by the
clinic's clock stands in the description. The entry is private and names no kind of care.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from icalendar import Calendar, Event, vCalAddress

METHOD = "PUBLISH"
PRODUCT = "-//Clinic visits//EN"  # neutral too: not even the software's name


@dataclass(frozen=True)
class Entry:
    """What a calendar is told of one visit; the sequence rises with each change of it."""

    key: UUID
    sequence: int
    summary: str
    description: str
    place: str
    starts_at: datetime
    ends_at: datetime
    cancelled: bool = False


def write(entry: Entry, *, host: str, sender: str, sender_name: str, now: datetime) -> str:
    """Write a calendar with this one entry; the same key always gives the same UID."""
    event = Event()
    event.add("uid", f"{entry.key.hex}@{host}")
    event.add("dtstamp", now.astimezone(UTC))
    event.add("dtstart", entry.starts_at.astimezone(UTC))
    event.add("dtend", entry.ends_at.astimezone(UTC))
    event.add("sequence", entry.sequence)
    event.add("status", "CANCELLED" if entry.cancelled else "CONFIRMED")
    event.add("summary", entry.summary)
    event.add("description", entry.description)
    event.add("location", entry.place)
    event.add("class", "PRIVATE")
    organizer = vCalAddress(f"mailto:{sender}")
    organizer.params["CN"] = sender_name
    event.add("organizer", organizer)
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", METHOD)
    calendar.add_component(event)
    written: bytes = calendar.to_ical()
    return written.decode("utf-8")
