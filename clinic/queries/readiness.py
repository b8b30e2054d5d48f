"""What the database and the settings say about going live, line by line; no clinical content."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select

from clinic import in_force
from clinic.access import Actor, Permission, Role
from clinic.booking import calendar
from clinic.extensions import db, site
from clinic.models import (
    Letter,
    Location,
    OpeningHours,
    StaffRole,
    User,
    WeeklyHours,
)
from clinic.queries import revision
from clinic.screening import editions, rules

OK, NOT_YET, CANNOT_TELL = "ok", "not_yet", "cannot_tell"
LAG = timedelta(minutes=5)
RECENT = timedelta(days=1)


@dataclass(frozen=True)
class Line:
    """One thing to have in order: which, how it stands, and what the words need."""

    key: str
    state: str
    given: dict[str, str | int] = field(default_factory=dict)
    place_id: UUID | None = None


def look(actor: Actor, now: datetime) -> tuple[Line, ...]:
    """Say what is in order before the first patient, and what is not; for who manages settings."""
    actor.require(Permission.MANAGE_SETTINGS)
    if revision.stored() != revision.expected():
        return (Line("revision", NOT_YET),)
    return (
        Line("revision", OK),
        *_settings(),
        *_staff(),
        _ruleset(),
        *_places(now),
        *_letters(now),
    )


def _settings() -> Iterator[Line]:
    settings = site.settings
    unread = ", ".join(sorted(site.in_force.problems))
    yield Line("stored_settings", NOT_YET if unread else OK, {"names": unread})
    said = settings.clinic_address and settings.clinic_hours
    yield Line("clinic_words", OK if said else NOT_YET)
    yield Line("alerts", OK if settings.alert_addresses else NOT_YET)


def _staff() -> Iterator[Line]:
    query = select(User).where(User.active).order_by(User.display_name, User.id)
    people = list(db.session.scalars(query))
    for key, role in (("admin", Role.ADMIN), ("lead", Role.LEAD_THERAPIST)):
        held = any(role in {one.name for one in person.roles} for person in people)
        yield Line(key, OK if held else NOT_YET)
    without = [one.display_name for one in people if one.tf_totp_secret_sealed is None]
    state = NOT_YET if without or not people else OK
    yield Line("factors", state, {"names": ", ".join(without)})
    treating = (str(Role.THERAPIST), str(Role.LEAD_THERAPIST))
    posted = (
        select(func.count())
        .select_from(WeeklyHours)
        .join(User, User.id == WeeklyHours.therapist_id)
        .where(User.active, User.roles.any(StaffRole.name.in_(treating)))
    )
    yield Line("therapist_hours", OK if db.session.scalar(posted) else NOT_YET)


def _ruleset() -> Line:
    running, shipped = in_force.running(), rules.shipped_rules()
    given: dict[str, str | int] = {"version": running.ruleset.version}
    if not running.is_in_force and in_force.digest_in_force() is not None:
        return Line("ruleset_unread", NOT_YET, given)
    if not running.ruleset.complete:
        return Line("ruleset_incomplete", NOT_YET, given)
    if not running.is_in_force:
        return Line("ruleset", NOT_YET, given)
    if editions.is_newer(shipped, running.ruleset):
        return Line("ruleset_newer", NOT_YET, {**given, "newer": shipped.version})
    return Line("ruleset", OK, given)


def _places(now: datetime) -> Iterator[Line]:
    query = select(Location).where(Location.active).order_by(Location.name, Location.id)
    found = list(db.session.scalars(query))
    yield Line("places", OK if found else NOT_YET)
    for place in found:
        reviewed = law_is_reviewed(
            place.law_reviewed_on, place.law_review_by, calendar.visit_on(now, place.zone)
        )
        yield Line("law", OK if reviewed else NOT_YET, {"name": place.name}, place.id)
        hours = select(func.count()).where(OpeningHours.location_id == place.id)
        opens = OK if db.session.scalar(hours) else NOT_YET
        yield Line("opening", opens, {"name": place.name}, place.id)


def law_is_reviewed(reviewed_on: date | None, review_by: date | None, today: date) -> bool:
    """Tell whether a person has checked the law and is not due again; without a date they are."""
    if reviewed_on is None or review_by is None:
        return False
    return reviewed_on <= today <= review_by


def _letters(now: datetime) -> Iterator[Line]:
    failed = db.session.scalar(select(func.count()).where(Letter.state == "failed")) or 0
    yield Line("failed_letters", NOT_YET if failed else OK, {"count": failed})
    late = select(func.count()).where(Letter.state == "queued", Letter.due_at < now - LAG)
    sent = select(func.count()).where(Letter.state == "sent", Letter.sent_at > now - RECENT)
    if db.session.scalar(late):
        yield Line("worker", NOT_YET)
    else:
        yield Line("worker", OK if db.session.scalar(sent) else CANNOT_TELL)
