"""Moves a request along its three tracks: look up, append the fact, store the state."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import select

from clinic.access import NotThere
from clinic.booking import lifecycle
from clinic.booking.lifecycle import Track
from clinic.models import Act, Appointment, Request
from clinic.services.transaction import ChangedUnderneath, Work

STATE = {Track.DESK: "desk_state", Track.CLINICAL: "clinical_state"}


def load(work: Work, request_id: UUID, *, seen: int | None = None) -> Request:
    """Lock and return a request; raise NotThere, or ChangedUnderneath if it is not as seen."""
    query = select(Request).where(Request.id == request_id).with_for_update()
    request = work.session.execute(query).scalar_one_or_none()
    if request is None:
        raise NotThere
    if seen is not None and request.version != seen:
        raise ChangedUnderneath
    return request


def begin(work: Work, request: Request) -> None:
    """Put a new request at the start of its desk and clinical tracks."""
    for track, column in STATE.items():
        setattr(request, column, lifecycle.move(track, None, "start"))
    work.session.add(request)
    work.session.flush()
    for track, column in STATE.items():
        _append(work, request, track, "start", before=None, after=getattr(request, column))


def move(
    work: Work, request: Request, track: Track, act: str, *, detail: dict[str, Any] | None = None
) -> None:
    """Make one act on the desk or clinical track, or raise NoSuchMove."""
    before = getattr(request, STATE[track])
    after = lifecycle.move(track, before, act)
    setattr(request, STATE[track], after)
    _append(work, request, track, act, before=before, after=after, detail=detail)


def move_appointment(
    work: Work,
    request: Request,
    appointment: Appointment,
    act: str,
    *,
    detail: dict[str, Any] | None = None,
) -> None:
    """Make one act on the appointment's track, or raise NoSuchMove."""
    before = None if act == "hold" else appointment.state
    after = lifecycle.move(Track.APPOINTMENT, before, act)
    appointment.state = after
    work.session.add(appointment)
    work.session.flush()
    _append(
        work,
        request,
        Track.APPOINTMENT,
        act,
        before=before,
        after=after,
        appointment_id=appointment.id,
        detail=detail,
    )


def can(request: Request, track: Track, act: str) -> bool:
    """Tell whether the present state allows the act."""
    return act in lifecycle.acts(track, getattr(request, STATE[track]))


def _append(
    work: Work,
    request: Request,
    track: Track,
    act: str,
    *,
    before: str | None,
    after: str,
    appointment_id: UUID | None = None,
    detail: dict[str, Any] | None = None,
) -> None:
    request.acts += 1
    fact = Act(
        request_id=request.id,
        position=request.acts,
        track=str(track),
        appointment_id=appointment_id,
        act=act,
        from_state=before,
        to_state=after,
        actor_kind=str(work.actor.kind),
        actor_id=work.actor.id,
        at=work.now,
        detail=detail,
    )
    work.session.add(fact)
    work.audit(
        f"{track}.{act}".replace(" ", "_"),
        "appointment" if appointment_id else "request",
        appointment_id or request.id,
        position=request.acts,
        before=before,
        after=after,
    )
