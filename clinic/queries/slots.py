"""Where and with whom a visit could be, and which times are free there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from uuid import UUID

from sqlalchemy import and_, or_, select

from clinic.access import Actor, NotThere, Permission, Role
from clinic.booking import calendar
from clinic.booking.calendar import Slot
from clinic.extensions import db, site
from clinic.models import Closure, Location, SlotAtom, StaffRole, User, WeeklyHours

DAYS = 14
TREATING = (str(Role.THERAPIST), str(Role.LEAD_THERAPIST))


@dataclass(frozen=True)
class Place:
    """A location of the clinic, with its zone, its state and the law there."""

    id: UUID
    name: str
    address: str
    zone: str
    state: str
    needling_law: str
    legal_basis: str


@dataclass(frozen=True)
class Person:
    """A therapist by name."""

    id: UUID
    name: str


@dataclass(frozen=True)
class Hours:
    """When a therapist sees patients at a location, by the clock there."""

    id: UUID
    therapist: Person
    place: Place
    weekday: int
    opens: time
    closes: time
    valid_from: date | None
    valid_until: date | None


@dataclass(frozen=True)
class Shut:
    """Days on which a location, or one therapist, sees nobody."""

    id: UUID
    place: str | None
    therapist: str | None
    therapist_id: UUID | None
    starts_on: date
    ends_on: date


@dataclass(frozen=True)
class Day:
    """One day at a location and the visits that could begin on it."""

    on: date
    slots: tuple[Slot, ...]


def places(actor: Actor) -> tuple[Place, ...]:
    """List the active locations by name."""
    actor.require(Permission.SEE_CALENDAR)
    query = select(Location).where(Location.active).order_by(Location.name, Location.id)
    return tuple(_place(row) for row in db.session.scalars(query))


def therapists(actor: Actor) -> tuple[Person, ...]:
    """List the active therapists by name."""
    actor.require(Permission.SEE_CALENDAR)
    query = (
        select(User.id, User.display_name)
        .where(User.active, User.roles.any(StaffRole.name.in_(TREATING)))
        .order_by(User.display_name, User.id)
    )
    return tuple(Person(key, name) for key, name in db.session.execute(query))


def free(
    actor: Actor,
    *,
    location_id: UUID,
    therapist_id: UUID,
    first_day: date | None = None,
    days: int = DAYS,
    now: datetime,
) -> tuple[Place, tuple[Day, ...]]:
    """List the free times of a therapist at a location by day, in the location's zone."""
    actor.require(Permission.OFFER)
    row = db.session.get(Location, location_id)
    if row is None or not row.active:
        raise NotThere
    today = calendar.visit_on(now, row.zone)
    first = max(first_day or today, today)
    last = first + timedelta(days=days - 1)
    settings = site.settings
    found = calendar.free_slots(
        _posted(therapist_id, location_id),
        zone=row.zone,
        length=timedelta(minutes=settings.visit_minutes),
        step=timedelta(minutes=settings.slot_step_minutes),
        buffer=timedelta(minutes=settings.buffer_minutes),
        first_day=first,
        last_day=last,
        taken=_taken(therapist_id, first, last),
        closures=_closures(therapist_id, location_id),
        earliest=now,
    )
    return _place(row), _by_day(found)


def overlap(starts: Sequence[datetime]) -> bool:
    """Tell whether visits that begin then, in order, would run into each other."""
    settings = site.settings
    length = timedelta(minutes=settings.visit_minutes + settings.buffer_minutes)
    return any(later - earlier < length for earlier, later in pairwise(starts))


def hours(actor: Actor) -> tuple[Hours, ...]:
    """List everybody's weekly hours, by therapist, place and weekday."""
    actor.require(Permission.SEE_CALENDAR)
    query = (
        select(WeeklyHours, User, Location)
        .join(User, User.id == WeeklyHours.therapist_id)
        .join(Location, Location.id == WeeklyHours.location_id)
        .order_by(
            User.display_name,
            User.id,
            Location.name,
            Location.id,
            WeeklyHours.weekday,
            WeeklyHours.opens,
            WeeklyHours.id,
        )
    )
    return tuple(
        Hours(
            row.id,
            Person(user.id, user.display_name),
            _place(location),
            row.weekday,
            row.opens,
            row.closes,
            row.valid_from,
            row.valid_until,
        )
        for row, user, location in db.session.execute(query)
    )


def closures(actor: Actor, *, now: datetime) -> tuple[Shut, ...]:
    """List the closures that are not over, the next one first."""
    actor.require(Permission.SEE_CALENDAR)
    query = (
        select(Closure, Location.name, User.display_name)
        .outerjoin(Location, Location.id == Closure.location_id)
        .outerjoin(User, User.id == Closure.therapist_id)
        .where(Closure.ends_on >= (now - timedelta(days=1)).date())
        .order_by(Closure.starts_on, Closure.id)
    )
    return tuple(
        Shut(row.id, place, name, row.therapist_id, row.starts_on, row.ends_on)
        for row, place, name in db.session.execute(query)
    )


def _posted(therapist_id: UUID, location_id: UUID) -> list[calendar.WeeklyHours]:
    query = (
        select(WeeklyHours)
        .where(WeeklyHours.therapist_id == therapist_id, WeeklyHours.location_id == location_id)
        .order_by(WeeklyHours.weekday, WeeklyHours.opens, WeeklyHours.id)
    )
    return [
        calendar.WeeklyHours(row.weekday, row.opens, row.closes, row.valid_from, row.valid_until)
        for row in db.session.scalars(query)
    ]


def _closures(therapist_id: UUID, location_id: UUID) -> list[calendar.Closure]:
    query = (
        select(Closure)
        .where(
            or_(
                Closure.therapist_id == therapist_id,
                Closure.location_id == location_id,
                and_(Closure.therapist_id.is_(None), Closure.location_id.is_(None)),
            )
        )
        .order_by(Closure.starts_on, Closure.id)
    )
    return [calendar.Closure(row.starts_on, row.ends_on) for row in db.session.scalars(query)]


def _taken(therapist_id: UUID, first: date, last: date) -> list[datetime]:
    # A day more on either side covers every zone.
    begin = datetime.combine(first - timedelta(days=1), time(0), tzinfo=UTC)
    end = datetime.combine(last + timedelta(days=2), time(0), tzinfo=UTC)
    query = (
        select(SlotAtom.starts_at)
        .where(
            SlotAtom.therapist_id == therapist_id,
            SlotAtom.starts_at >= begin,
            SlotAtom.starts_at < end,
        )
        .order_by(SlotAtom.starts_at)
    )
    return list(db.session.scalars(query))


def _by_day(found: Sequence[Slot]) -> tuple[Day, ...]:
    days: dict[date, list[Slot]] = {}
    for slot in found:
        days.setdefault(calendar.visit_on(slot.starts_at, slot.zone), []).append(slot)
    return tuple(Day(on, tuple(slots)) for on, slots in days.items())


def _place(row: Location) -> Place:
    return Place(
        row.id, row.name, row.address, row.zone, row.state, row.needling_law, row.legal_basis
    )
