"""A therapist's time: held for a visit, or free again. Called inside other services.

A slot is taken by its five-minute atoms, whose primary key makes a double booking impossible.
Whoever moves an offer or a visit locks its request first, so that accept, expire, withdraw,
revoke, move and cancel come one after the other and each finds what the one before it left.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete

from clinic.access import ActorKind, NotThere, Permission, Refused, Role, own
from clinic.booking import calendar
from clinic.extensions import site
from clinic.models import Appointment, Location, Request, SlotAtom, User
from clinic.services import needling, tracks, transaction, triage
from clinic.services.needling import Visit
from clinic.services.transaction import Work

THERAPISTS = {str(Role.THERAPIST), str(Role.LEAD_THERAPIST)}
ABOUT_A_VISIT = (
    "asked_to_move",
    "clearance_ended",
    "day_closed",
    "missed",
    "patient_cancelled",
    "visit_does_not_fit",
)


class SlotTaken(Exception):
    """Somebody else holds that time, or part of it."""


for _word in ("pk_slot_atom", "slot_atom.therapist_id"):  # PostgreSQL's and SQLite's name for it
    transaction.tell(_word, SlotTaken)


def locked_visit(work: Work, appointment_id: UUID) -> tuple[Appointment, Request]:
    """Return a visit with its request, both locked, or raise NotThere."""
    visit = work.session.get(Appointment, appointment_id)
    if visit is None:
        raise NotThere
    request = triage.sent(work, visit.request_id)
    work.session.refresh(visit, with_for_update=True)  # it may have changed while we waited
    return visit, request


def let_in(work: Work, request: Request, *, take_over: bool) -> None:
    """Let in the request's own patient with a proved address, or staff who may offer."""
    if work.actor.kind is ActorKind.PATIENT:
        own(work.actor, request.id)
        if request.email_proved_at is None:
            raise Refused("the address is not proved")
        return
    work.actor.require(Permission.OFFER)
    triage.hold(work, request, seen=None, take_over=take_over)


def place(work: Work, location_id: UUID) -> Location:
    """Return a location where visits may be held, or raise NotThere."""
    found = work.session.get(Location, location_id)
    if found is None or not found.active:
        raise NotThere
    return found


def where(work: Work, visit: Appointment) -> Location:
    """Return the location of a visit that stands, whether or not new ones may be held there."""
    return work.session.get_one(Location, visit.location_id)


def new_visit(
    work: Work,
    request: Request,
    at: Location,
    *,
    therapist_id: UUID,
    starts_at: datetime,
    visit_kind: str,
    underway: bool = False,
) -> Appointment:
    """Make a visit that the guards allow; a time that is over is taken unless it is underway."""
    if starts_at <= work.now and not underway:
        raise SlotTaken
    require_therapist(work, therapist_id)
    day = calendar.visit_on(starts_at, at.zone)
    clearance = needling.clearance_for(work, request, Visit(therapist_id, at, day, visit_kind))
    return Appointment(
        request_id=request.id,
        therapist_id=therapist_id,
        location_id=at.id,
        visit_kind=visit_kind,
        clearance_id=clearance.id if clearance else None,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=site.settings.visit_minutes),
        visit_on=day,
    )


def hold(work: Work, request: Request, visit: Appointment) -> None:
    """Insert the visit and its atoms in order; the database refuses one that is taken."""
    tracks.move_appointment(work, request, visit, "hold")
    buffer = timedelta(minutes=site.settings.buffer_minutes)
    for atom in calendar.atoms(visit.starts_at, visit.ends_at, buffer=buffer):
        work.session.add(
            SlotAtom(therapist_id=visit.therapist_id, starts_at=atom, appointment_id=visit.id)
        )
        work.session.flush()  # one by one, ascending: two racers cannot wait for each other


def free(work: Work, request: Request, visit: Appointment, *, by: str) -> None:
    """Give the time of a held visit back."""
    tracks.move_appointment(work, request, visit, "free")
    visit.cancelled_by = by
    give_back(work, visit)


def give_back(work: Work, visit: Appointment) -> None:
    """Make the time of a visit free for others."""
    work.session.flush()
    work.session.execute(
        delete(SlotAtom)
        .where(SlotAtom.appointment_id == visit.id)
        .execution_options(synchronize_session=False)
    )


def as_visit(visit: Appointment, at: Location) -> Visit:
    """Say of a visit what the guards of needling ask."""
    return Visit(visit.therapist_id, at, visit.visit_on, visit.visit_kind)


def called_about(request: Request) -> None:
    """Take a request off the call list if it was there for a visit that has been dealt with."""
    if request.call_today in ABOUT_A_VISIT:
        request.call_today = None


def require_therapist(work: Work, user_id: UUID) -> None:
    """Raise NotThere for anybody who does not see patients, or does so no more."""
    user = work.session.get(User, user_id)
    if user is None or not user.active or not THERAPISTS & {role.name for role in user.roles}:
        raise NotThere
