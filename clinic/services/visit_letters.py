"""Letters about offers and visits, each visit with its calendar entry. Called inside services."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from clinic import contact
from clinic.access import Actor, NotThere, own
from clinic.booking import calendar, invitation
from clinic.extensions import db, site
from clinic.models import Appointment, Location, Offer, Request
from clinic.services import letters, outbox, tokens
from clinic.services.transaction import Work

CONFIRMED, MOVED = "appointment_confirmed", "appointment_moved"
CANCELLED, REMINDER = "appointment_cancelled", "appointment_reminder"
OF_A_VISIT = (CONFIRMED, MOVED, REMINDER)  # useless once the visit is cancelled or moved
CALENDAR = "calendar/visit"
DOWNLOADED = ("confirmed", "arrived")


def offered(
    work: Work, request: Request, held: Offer, visits: Sequence[Appointment], at: Location
) -> None:
    """Tell the patient which times are held, and until when."""
    if request.email is None:
        outbox.skip(work, "offer", request.id)
        return
    times = [calendar.spoken(one.starts_at, at.zone, request.language) for one in visits]
    outbox.enqueue(
        work,
        "offer",
        to=request.email,
        language=request.language,
        dedupe_key=f"{request.id.hex}:offer:{held.id.hex}",
        request_id=request.id,
        useless_after=held.expires_at,
        first_name=contact.first_name(request.name or ""),
        when="\n".join(times),
        several=len(times) > 1,
        place_name=at.name,
        place_address=at.address,
        answer_by=calendar.spoken(held.expires_at, at.zone, request.language),
        link=tokens.issue_link(work, request, expires_at=held.expires_at, offer_id=held.id),
    )


def ended(work: Work, request: Request, held: Offer) -> None:
    """Tell the patient that the times are no longer held."""
    if request.email is None:
        outbox.skip(work, "offer_ended", request.id)
        return
    outbox.enqueue(
        work,
        "offer_ended",
        to=request.email,
        language=request.language,
        dedupe_key=f"{request.id.hex}:offer_ended:{held.id.hex}",
        request_id=request.id,
        first_name=contact.first_name(request.name or ""),
        link=tokens.issue_link(work, request),
    )


def confirmed(work: Work, request: Request, visit: Appointment, at: Location) -> None:
    """Confirm a visit."""
    _mail(work, request, visit, at, CONFIRMED, useless_after=visit.starts_at)


def moved(work: Work, request: Request, visit: Appointment, at: Location, *, before: str) -> None:
    """Confirm that a visit was moved, naming the time that it had before."""
    _mail(work, request, visit, at, MOVED, useless_after=visit.starts_at, before=before)


def cancelled(work: Work, request: Request, visit: Appointment, at: Location) -> None:
    """Say that a visit is cancelled."""
    _mail(work, request, visit, at, CANCELLED, useless_after=None)


def reminder(work: Work, request: Request, visit: Appointment, at: Location) -> None:
    """Remind of a visit, once for each clearance that it stood on."""
    _mail(work, request, visit, at, REMINDER, useless_after=visit.starts_at)


def reminder_key(visit: Appointment) -> str:
    """Name the one reminder of a visit as it stands now."""
    under = visit.clearance_id.hex if visit.clearance_id else "none"
    return f"{visit.id.hex}:{REMINDER}:{under}"


def take_back(work: Work, request: Request) -> None:
    """Drop what is queued about a visit that will not be as it says (MAIL-6)."""
    outbox.drop(work, request.id, *OF_A_VISIT)


def calendar_file(actor: Actor, now: datetime, appointment_id: UUID) -> str:
    """Write the calendar entry of a patient's own visit that stands."""
    visit = db.session.get(Appointment, appointment_id)
    request = db.session.get(Request, visit.request_id) if visit else None
    if visit is None or request is None:
        raise NotThere
    own(actor, request.id)
    if request.email_proved_at is None or visit.state not in DOWNLOADED:
        raise NotThere
    return _entry(request, visit, db.session.get_one(Location, visit.location_id), now)


def _mail(
    work: Work,
    request: Request,
    visit: Appointment,
    at: Location,
    kind: str,
    *,
    useless_after: datetime | None,
    **more: str,
) -> None:
    if request.email is None:
        outbox.skip(work, kind, request.id)
        return
    spoken: dict[str, Any] = {**_spoken(request, visit, at), **more}
    once = reminder_key(visit) if kind == REMINDER else f"{request.id.hex}:{kind}:{visit.id.hex}"
    outbox.enqueue(
        work,
        kind,
        to=request.email,
        language=request.language,
        dedupe_key=once,
        request_id=request.id,
        useless_after=useless_after,
        calendar=_entry(request, visit, at, work.now),
        link=tokens.issue_link(work, request),
        **spoken,
    )


def _entry(request: Request, visit: Appointment, at: Location, now: datetime) -> str:
    summary, description = letters.render(CALENDAR, request.language, _spoken(request, visit, at))
    settings = site.settings
    entry = invitation.Entry(
        key=visit.calendar_id or visit.id,
        sequence=visit.sequence,
        summary=summary,
        description=description.strip(),
        place=", ".join(part for part in (at.name, at.address) if part),
        starts_at=visit.starts_at,
        ends_at=visit.ends_at,
        cancelled=visit.state == "cancelled",
    )
    return invitation.write(
        entry,
        host=settings.hosts[0] if settings.hosts else "localhost",
        sender=settings.mail_from,
        sender_name=settings.clinic_name,
        now=now,
    )


def _spoken(request: Request, visit: Appointment, at: Location) -> dict[str, object]:
    return {
        "first_name": contact.first_name(request.name or ""),
        "when": calendar.spoken(visit.starts_at, at.zone, request.language),
        "place_name": at.name,
        "place_address": at.address,
    }
