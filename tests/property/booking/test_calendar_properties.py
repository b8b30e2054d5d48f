"""Slots and atoms, held against a second, slower reading of the same rules."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinic.booking import calendar
from clinic.booking.calendar import ATOM, Slot, WeeklyHours

ZONES = (
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Phoenix",
    "America/Los_Angeles",
    "America/Anchorage",
    "Pacific/Honolulu",
    "America/Puerto_Rico",
    "America/Havana",  # the clock changes at midnight
    "America/Santiago",
    "Australia/Lord_Howe",  # by half an hour
    "Asia/Kathmandu",
    "Pacific/Chatham",
    "Europe/Dublin",
)
# Nights on which the clock changes in one of them, and one on which none does.
DAYS = (
    date(2026, 3, 8),
    date(2026, 4, 4),
    date(2026, 4, 5),
    date(2026, 9, 5),
    date(2026, 9, 6),
    date(2026, 10, 4),
    date(2026, 11, 1),
    date(2026, 6, 1),
)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
BASE = datetime(2026, 10, 31, tzinfo=UTC)
NOTHING = timedelta(0)

counts = st.integers(min_value=0, max_value=288)
lengths = st.integers(min_value=1, max_value=24)
buffers = st.integers(min_value=0, max_value=6)


def starts_within(
    day: date, opens: time, closes: time, *, zone: str, step: timedelta, length: timedelta
) -> list[datetime]:
    """Walk through the day in real five minutes and look at the clock on the wall."""
    place, opening = ZoneInfo(zone), datetime.combine(day, opens)
    closing = datetime.combine(day, closes)
    if closes == time(0):
        closing += timedelta(days=1)
    open_at: dict[datetime, datetime] = {}
    instant = datetime.combine(day, time(0), UTC) - timedelta(hours=15)
    for _ in range(12 * 54):
        wall = instant.astimezone(place).replace(tzinfo=None)
        if wall >= closing:
            break
        if wall >= opening:
            open_at[instant] = wall
        instant += ATOM
    return [
        start
        for start, wall in open_at.items()
        if (wall - opening) % step == NOTHING
        and all(atom in open_at for atom in calendar.atoms(start, start + length))
    ]


def slots_of_the_year(hours: tuple[WeeklyHours, ...], zone: str) -> Iterator[Slot]:
    yield from calendar.free_slots(
        hours,
        zone=zone,
        length=timedelta(minutes=45),
        step=timedelta(minutes=30),
        first_day=date(2026, 1, 1),
        last_day=date(2026, 12, 31),
        taken=(),
        closures=(),
        earliest=LONG_AGO,
        buffer=NOTHING,
    )


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.proves("TIME-2")
def test_on_every_day_of_the_year_slots_lie_within_the_posted_wall_clock(zone: str) -> None:
    hours = tuple(WeeklyHours(day, time(8, 15), time(17, 45)) for day in range(7))

    slots = list(slots_of_the_year(hours, zone))

    days: dict[date, list[Slot]] = {}
    for slot in slots:
        days.setdefault(calendar.visit_on(slot.starts_at, zone), []).append(slot)
    assert len(days) == 365
    for day, of_day in days.items():
        first = calendar.local(of_day[0].starts_at, zone).replace(tzinfo=None)
        last = calendar.local(of_day[-1].ends_at, zone).replace(tzinfo=None)
        assert first == datetime.combine(day, time(8, 15))
        assert last == datetime.combine(day, time(17, 30))
        assert len(of_day) == 18


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.proves("TIME-2")
def test_round_the_clock_no_start_is_invented_or_lost_on_nights_the_clock_changes(
    zone: str,
) -> None:
    hours = tuple(WeeklyHours(day, time(0), time(0)) for day in range(7))
    place = ZoneInfo(zone)

    offered = {slot.starts_at for slot in slots_of_the_year(hours, zone)}

    day = date(2026, 1, 1)
    while day.year == 2026:
        midnights = [
            datetime.combine(day + timedelta(days=n), time(0), place).utcoffset() for n in (0, 1)
        ]
        if midnights[0] != midnights[1]:
            expected = starts_within(
                day,
                time(0),
                time(0),
                zone=zone,
                step=timedelta(minutes=30),
                length=timedelta(minutes=45),
            )
            that_day = {at for at in offered if at.astimezone(place).date() == day}
            assert that_day == set(expected)
        day += timedelta(days=1)


@settings(max_examples=150, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    day=st.sampled_from(DAYS),
    opens=st.integers(min_value=0, max_value=60),
    open_for=st.integers(min_value=1, max_value=90),
    length=lengths,
    step=lengths,
)
def test_the_offer_equals_a_walk_through_the_day_with_an_eye_on_the_wall_clock(
    *, zone: str, day: date, opens: int, open_for: int, length: int, step: int
) -> None:
    opening = (datetime.combine(day, time(0)) + opens * ATOM).time()
    closing = (datetime.combine(day, time(0)) + (opens + open_for) * ATOM).time()

    slots = calendar.free_slots(
        [WeeklyHours(day.weekday(), opening, closing)],
        zone=zone,
        length=length * ATOM,
        step=step * ATOM,
        first_day=day,
        last_day=day,
        taken=(),
        closures=(),
        earliest=LONG_AGO,
        buffer=NOTHING,
    )

    walked = starts_within(day, opening, closing, zone=zone, step=step * ATOM, length=length * ATOM)
    assert [slot.starts_at for slot in slots] == walked
    assert all(slot.ends_at - slot.starts_at == length * ATOM for slot in slots)


@settings(max_examples=150, deadline=None)
@given(first=counts, long=lengths, after=buffers, second=counts, other=lengths)
@pytest.mark.proves("CON-3")
def test_two_visits_share_an_atom_exactly_when_they_overlap(
    *, first: int, long: int, after: int, second: int, other: int
) -> None:
    one = calendar.atoms(BASE + first * ATOM, BASE + (first + long) * ATOM, buffer=after * ATOM)
    two = calendar.atoms(BASE + second * ATOM, BASE + (second + other) * ATOM, buffer=after * ATOM)

    overlap = first < second + other + after and second < first + long + after
    assert (not set(one).isdisjoint(two)) == overlap
    assert list(one) == sorted(set(one))
    assert len(one) == long + after


@settings(max_examples=80, deadline=None)
@given(
    visits=st.lists(st.tuples(counts, lengths), max_size=12),
    length=lengths,
    step=lengths,
    after=buffers,
    zone=st.sampled_from(ZONES),
)
def test_free_slots_never_touch_what_is_taken(
    *, visits: list[tuple[int, int]], length: int, step: int, after: int, zone: str
) -> None:
    taken = {
        atom
        for start, long in visits
        for atom in calendar.atoms(
            BASE + start * ATOM, BASE + (start + long) * ATOM, buffer=after * ATOM
        )
    }

    slots = calendar.free_slots(
        [WeeklyHours(day, time(0), time(0)) for day in range(7)],
        zone=zone,
        length=length * ATOM,
        step=step * ATOM,
        first_day=date(2026, 10, 31),
        last_day=date(2026, 11, 1),
        taken=taken,
        closures=(),
        earliest=LONG_AGO,
        buffer=after * ATOM,
    )

    for slot in slots:
        atoms = calendar.atoms(slot.starts_at, slot.ends_at, buffer=after * ATOM)
        assert taken.isdisjoint(atoms)


@settings(max_examples=60, deadline=None)
@given(
    start=st.integers(min_value=0, max_value=60 * 24 * 30),
    minutes=st.integers(min_value=1, max_value=60 * 60),
    more=st.integers(min_value=1, max_value=600),
    zone=st.sampled_from(ZONES),
)
def test_more_opening_time_is_due_later_and_adds_up(
    start: int, minutes: int, more: int, zone: str
) -> None:
    hours = tuple(WeeklyHours(day, time(9), time(17)) for day in range(5))
    begin = BASE + timedelta(minutes=start)

    due = calendar.add_open_time(begin, timedelta(minutes=minutes), hours, zone)
    later = calendar.add_open_time(begin, timedelta(minutes=minutes + more), hours, zone)
    in_two_steps = calendar.add_open_time(due, timedelta(minutes=more), hours, zone)

    assert begin < due < later == in_two_steps
    wall = calendar.local(due, zone)
    assert wall.weekday() < 5
    assert time(9) < wall.time() <= time(17)
