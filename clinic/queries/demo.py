"""What the demo's loader needs to know of the rows it has made."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select

from clinic.extensions import db
from clinic.models import Appointment, Draft, Intake, Location, Offer, Request, User


@dataclass(frozen=True)
class OpenOffer:
    """An open offer and the slot that it holds."""

    id: UUID
    version: int
    appointment_id: UUID


def has_staff() -> bool:
    """Tell whether anybody works here already."""
    return db.session.scalar(select(User.id).limit(1)) is not None


def staff_by_email(email: str) -> User | None:
    """Return a member of staff by address."""
    return db.session.scalar(select(User).where(User.email == email))


def first_place() -> UUID | None:
    """Return the location that was added first by name, if there is one."""
    return db.session.scalar(select(Location.id).order_by(Location.name).limit(1))


def count_of_requests() -> int:
    """Count every request there is."""
    return db.session.scalar(select(func.count()).select_from(Request)) or 0


def version_of(request_id: UUID) -> int:
    """Return the version of a request as it is stored now."""
    return db.session.scalars(select(Request.version).where(Request.id == request_id)).one()


def draft_version_of(request_id: UUID) -> int:
    """Return the version of a draft as it is stored now."""
    return db.session.scalars(select(Draft.version).where(Draft.request_id == request_id)).one()


def phone_of(request_id: UUID) -> str:
    """Return the phone number of a request."""
    return db.session.get_one(Request, request_id).phone or ""


def intake_of(request_id: UUID) -> UUID:
    """Return the newest intake of a request."""
    query = select(Intake.id).where(Intake.request_id == request_id)
    return db.session.scalars(query.order_by(Intake.number.desc()).limit(1)).one()


@dataclass(frozen=True)
class Visit:
    """A confirmed visit."""

    id: UUID
    version: int


def visit_of(request_id: UUID) -> Visit:
    """Return the confirmed visit of a request."""
    query = select(Appointment.id, Appointment.version).where(
        Appointment.request_id == request_id, Appointment.state == "confirmed"
    )
    return Visit(*db.session.execute(query).one())


def open_offer_of(request_id: UUID) -> OpenOffer:
    """Return the open offer of a request."""
    query = (
        select(Offer.id, Offer.version, Appointment.id)
        .join(Appointment, Appointment.offer_id == Offer.id)
        .where(Offer.request_id == request_id, Offer.state == "open")
    )
    return OpenOffer(*db.session.execute(query).one())
