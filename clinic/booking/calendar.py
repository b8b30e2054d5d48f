"""Opening hours, time zones and free slots.

Hours are posted in wall-clock time ("9:00 to 5:00 in New York"); visits are stored as UTC
instants. All crossing between the two happens here. Inside a function every instant is in
UTC: Python compares and subtracts two datetimes of one zone by their wall clocks, and calls
an instant of a repeated hour unequal to itself in another zone (PEP 495).
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel.dates import format_datetime

ATOM = timedelta(minutes=5)
"""The grain of a therapist's time: each visit takes a whole number of these."""

NOTHING = timedelta(0)
A_DAY = timedelta(days=1)
A_SECOND = timedelta(seconds=1)
FURTHEST_EAST = timedelta(hours=14)
"""Ahead of UTC in the zone in which each day begins first."""
MIDNIGHT = time(0)
LONGEST_SHUT_SPELL = 366
"""Days in a row without opening after which a clinic counts as never opening again."""


class UnfitTime(ValueError):
    """A time, length or zone that no calendar can hold; the message says which and why."""


class NeverOpen(ValueError):
    """No opening hours are posted in which the asked time could pass."""


@dataclass(frozen=True, slots=True)
class WeeklyHours:
    """Hours posted for one weekday (0 = Monday) in wall-clock time of a location.

    Closing at 00:00 means midnight at the end of that day. Both validity days are included.
    """

    weekday: int
    opens: time
    closes: time
    valid_from: date | None = None
    valid_until: date | None = None

    def __post_init__(self) -> None:
        if self.weekday not in range(7):
            raise UnfitTime(f"weekday must be 0 (Monday) to 6, not {self.weekday}")
        for posted in (self.opens, self.closes):
            if posted.tzinfo is not None:
                raise UnfitTime(f"posted hours are wall-clock times without a zone: {posted}")
            if posted.minute % 5 or posted.second or posted.microsecond:
                raise UnfitTime(f"posted hours go by five minutes: {posted}")
        if self.closes <= self.opens and self.closes != MIDNIGHT:
            raise UnfitTime(f"closes at {self.closes}, not after it opens at {self.opens}")
        if self.valid_from and self.valid_until and self.valid_until < self.valid_from:
            raise UnfitTime(f"valid until {self.valid_until}, before {self.valid_from}")

    def apply_on(self, day: date) -> bool:
        """Say whether these hours are posted for that day."""
        return (
            self.weekday == day.weekday()
            and (self.valid_from is None or self.valid_from <= day)
            and (self.valid_until is None or day <= self.valid_until)
        )


@dataclass(frozen=True, slots=True)
class Closure:
    """Days, both included, on which nothing is open whatever the weekly hours say."""

    starts_on: date
    ends_on: date

    def __post_init__(self) -> None:
        if self.ends_on < self.starts_on:
            raise UnfitTime(f"closure ends on {self.ends_on}, before {self.starts_on}")

    def covers(self, day: date) -> bool:
        """Say whether that day is closed."""
        return self.starts_on <= day <= self.ends_on


@dataclass(frozen=True, slots=True)
class Slot:
    """A visit that could be held: two UTC instants, and the zone in which they are shown."""

    starts_at: datetime
    ends_at: datetime
    zone: str


@dataclass(frozen=True, slots=True, order=True)
class _Span:
    """A stretch of real time, from one UTC instant up to, not including, another."""

    starts_at: datetime
    ends_at: datetime


def atoms(
    starts_at: datetime, ends_at: datetime, *, buffer: timedelta = NOTHING
) -> tuple[datetime, ...]:
    """Name each five-minute piece of a visit and the buffer after it, ascending, in UTC.

    Two visits overlap exactly when they share an atom, which a unique key can then refuse.
    Raises UnfitTime for naive, off-grid or reversed times and for an unfit buffer.
    """
    start, end = _on_grid(starts_at), _on_grid(ends_at)
    if end <= start:
        raise UnfitTime(f"ends at {end.isoformat()}, not after its start {start.isoformat()}")
    _whole_atoms(buffer, "buffer", at_least=NOTHING)
    return tuple(start + n * ATOM for n in range((end + buffer - start) // ATOM))


def free_slots(
    hours: Iterable[WeeklyHours],
    *,
    zone: str,
    length: timedelta,
    step: timedelta,
    first_day: date,
    last_day: date,
    taken: Collection[datetime],
    closures: Sequence[Closure],
    earliest: datetime,
    buffer: timedelta = NOTHING,
) -> tuple[Slot, ...]:
    """List the visits that could still be held from first_day to last_day, both included.

    Starts follow the wall clock from opening in steps; lengths are real (elapsed) time. A
    start that the clock skips is not listed, one that it shows twice is listed once for each
    time that lies within hours. A visit ends by closing; its buffer may run past it. `taken`
    holds atoms; nothing starts before `earliest`. Raises UnfitTime.
    """
    _whole_atoms(length, "length", at_least=ATOM)
    _whole_atoms(step, "step", at_least=ATOM)
    _whole_atoms(buffer, "buffer", at_least=NOTHING)
    posted, busy = tuple(hours), frozenset(_on_grid(atom) for atom in taken)
    not_before, place = _instant(earliest), _place(zone)
    starts = {
        start
        for day in _days(first_day, last_day)
        if not any(closure.covers(day) for closure in closures)
        for some in posted
        if some.apply_on(day)
        for start in _starts(some, day, step=step, length=length, place=place)
        if start >= not_before and busy.isdisjoint(atoms(start, start + length, buffer=buffer))
    }
    return tuple(Slot(start, start + length, zone) for start in sorted(starts))


def add_open_time(
    start: datetime,
    duration: timedelta,
    opening_hours: Iterable[WeeklyHours],
    zone: str,
    closures: Sequence[Closure] = (),
) -> datetime:
    """Give the UTC instant by which `duration` of opening time has passed since `start`.

    Nights, closed days and closures do not count; hours that overlap count once. Raises
    NeverOpen when no hours are posted for a year on end, and UnfitTime.
    """
    if duration < NOTHING:
        raise UnfitTime(f"opening time is added, not taken away: {duration}")
    left, reached = duration, _instant(start)
    if left == NOTHING:
        return reached
    for span in _open_from(reached, tuple(opening_hours), _place(zone), closures):
        reached = max(reached, span.starts_at)
        if reached + left <= span.ends_at:
            return reached + left
        if span.ends_at > reached:
            left -= span.ends_at - reached
            reached = span.ends_at
    raise NeverOpen(f"not open for {LONGEST_SHUT_SPELL} days on end after {reached.isoformat()}")


def local(instant: datetime, zone: str) -> datetime:
    """Give an instant as the wall clock of that zone shows it."""
    return _instant(instant).astimezone(_place(zone))


def visit_on(instant: datetime, zone: str) -> date:
    """Give the date on which an instant falls in that zone."""
    return local(instant, zone).date()


def latest_day(instant: datetime) -> date:
    """Give the date that it is by then in the zone in which each day begins first."""
    return (_instant(instant) + FURTHEST_EAST).date()


def spoken(instant: datetime, zone: str, language: str) -> str:
    """Say an instant in full, its zone always with it.

    English: "Tuesday, December 1, 2026 at 9:00 AM EST"; Spanish: "martes 1 de diciembre de
    2026, 9:00 a. m. (EST)". The two 1:30 of a repeated hour differ by the zone's name. Spanish
    for any language tag that begins with "es", else English.
    """
    between = ", " if _is_spanish(language) else " at "
    day = spoken_day(visit_on(instant, zone), language)
    return day + between + spoken_time(instant, zone, language)


def spoken_day(day: date, language: str) -> str:
    """Say a date in full, like "Tuesday, December 1, 2026"."""
    at_midnight = datetime.combine(day, MIDNIGHT)
    if _is_spanish(language):
        return _written(at_midnight, "EEEE d 'de' MMMM 'de' y", "es")
    return _written(at_midnight, "EEEE, MMMM d, y", "en_US")


def spoken_time(instant: datetime, zone: str, language: str) -> str:
    """Say a time of day with its zone, like "9:00 AM EST"."""
    when = local(instant, zone)
    wall, name = when.replace(tzinfo=None), _zone_name(when)
    if _is_spanish(language):
        return f"{_written(wall, 'h:mm a', 'es')} ({name})"
    return f"{_written(wall, 'h:mm a', 'en_US')} {name}"


def _is_spanish(language: str) -> bool:
    return language.lower().replace("_", "-").split("-")[0] == "es"


def _written(wall: datetime, pattern: str, locale: str) -> str:
    # CLDR puts narrow no-break spaces into day periods, and moves them between releases;
    # plain ones read the same on the page, in a letter and in a search.
    written = format_datetime(wall, pattern, locale=locale)
    return written.replace("\u202f", " ").replace("\u00a0", " ")


def _zone_name(when: datetime) -> str:
    # Many zones have no letters of their own: the database then says "+0545".
    name = when.tzname() or ""
    if name[:1] not in ("+", "-"):
        return name
    return f"UTC{name[:3]}:{name[3:] or '00'}"


def _instant(moment: datetime) -> datetime:
    if moment.tzinfo is None or moment.utcoffset() is None:
        raise UnfitTime(f"a time without a zone could mean any instant: {moment.isoformat()}")
    return moment.astimezone(UTC)


def _on_grid(moment: datetime) -> datetime:
    instant = _instant(moment)
    if instant.minute % 5 or instant.second or instant.microsecond:
        raise UnfitTime(f"not on the five-minute grid: {instant.isoformat()}")
    return instant


def _whole_atoms(span: timedelta, name: str, *, at_least: timedelta) -> None:
    if span < at_least or span % ATOM:
        raise UnfitTime(f"{name} must be whole five minutes, at least {at_least}: {span}")


def _place(zone: str) -> ZoneInfo:
    try:
        return ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as unknown:
        raise UnfitTime(f"no such time zone: {zone!r}") from unknown


def _days(first_day: date, last_day: date) -> Iterator[date]:
    for n in range((last_day - first_day).days + 1):
        yield first_day + n * A_DAY


def _starts(
    hours: WeeklyHours, day: date, *, step: timedelta, length: timedelta, place: ZoneInfo
) -> Iterator[datetime]:
    spans = _spans(hours, day, place)
    wall, closing = _posted(hours, day)
    while wall < closing:
        for start in _instants(wall, place):
            if any(s.starts_at <= start and start + length <= s.ends_at for s in spans):
                yield start
        wall += step


def _posted(hours: WeeklyHours, day: date) -> tuple[datetime, datetime]:
    closing_day = day + A_DAY if hours.closes == MIDNIGHT else day
    return datetime.combine(day, hours.opens), datetime.combine(closing_day, hours.closes)


def _spans(hours: WeeklyHours, day: date, place: ZoneInfo) -> tuple[_Span, ...]:
    """Give the real time in which those hours are open on that day.

    Open from the first moment at which the wall clock has reached opening until the first at
    which it has reached closing: nobody comes back because the clock was turned back. If it
    was turned back to before opening, the time until it shows opening again is left out.
    """
    opens, closes = _posted(hours, day)
    opening, closing = _first_reached(opens, place), _first_reached(closes, place)
    pieces = [_Span(opening, closing)]
    if len(shown := _instants(opens, place)) > 1:
        turned, again = _turn(shown[0], shown[1], place), shown[1]
        if turned < again:
            pieces = [_Span(opening, min(turned, closing)), _Span(again, closing)]
    return tuple(piece for piece in pieces if piece.starts_at < piece.ends_at)


def _instants(wall: datetime, place: ZoneInfo) -> tuple[datetime, ...]:
    """Give each instant at which the wall clock shows that: none, one or two, ascending."""
    both = {wall.replace(tzinfo=place, fold=fold).astimezone(UTC) for fold in (0, 1)}
    return tuple(sorted(at for at in both if at.astimezone(place).replace(tzinfo=None) == wall))


def _first_reached(wall: datetime, place: ZoneInfo) -> datetime:
    shown = _instants(wall, place)
    if shown:
        return shown[0]
    # Skipped: read by the offset after the change it lies before it, and the other way round.
    after, before = (wall.replace(tzinfo=place, fold=f).astimezone(UTC) for f in (0, 1))
    return _turn(before, after, place)


def _turn(before: datetime, after: datetime, place: ZoneInfo) -> datetime:
    """Find the instant, to the second, at which the clock was changed between two others."""
    old = before.astimezone(place).utcoffset()
    while after - before > A_SECOND:
        middle = before + (after - before) // A_SECOND // 2 * A_SECOND
        if middle.astimezone(place).utcoffset() == old:
            before = middle
        else:
            after = middle
    return after


def _open_from(
    start: datetime,
    hours: Sequence[WeeklyHours],
    place: ZoneInfo,
    closures: Sequence[Closure],
) -> Iterator[_Span]:
    """Yield what is open from the day of `start` on, until a year on end has nothing."""
    day, shut = start.astimezone(place).date(), 0
    while shut < LONGEST_SHUT_SPELL:
        closed = any(closure.covers(day) for closure in closures)
        posted = () if closed else tuple(some for some in hours if some.apply_on(day))
        spans = sorted(span for some in posted for span in _spans(some, day, place))
        yield from spans
        shut = 0 if spans else shut + 1
        day += A_DAY
