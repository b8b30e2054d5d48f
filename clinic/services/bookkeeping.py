"""Checks what is stored of each request against its facts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.booking import lifecycle
from clinic.booking.lifecycle import Track
from clinic.models import (
    Act,
    Appointment,
    Request,
    SlotAtom,
)

CHUNK = 500


@dataclass(frozen=True)
class Checked:
    """One request, by its reference, and where its stored states differ from its facts."""

    reference: str
    problems: tuple[str, ...]


def check(session: Session) -> Iterator[Checked]:
    """Replay the facts of every request against what is stored of it."""
    last: UUID | None = None
    while True:
        page = select(Request).order_by(Request.id).limit(CHUNK)
        found = session.scalars(page if last is None else page.where(Request.id > last)).all()
        if not found:
            return
        last = found[-1].id
        yield from _check_page(session, found)
        session.expunge_all()


def _check_page(session: Session, requests: Sequence[Request]) -> Iterator[Checked]:
    ids = [request.id for request in requests]
    facts = session.scalars(
        select(Act).where(Act.request_id.in_(ids)).order_by(Act.request_id, Act.position)
    ).all()
    visits = session.scalars(select(Appointment).where(Appointment.request_id.in_(ids))).all()
    held = Counter(
        session.scalars(
            select(SlotAtom.appointment_id).where(
                SlotAtom.appointment_id.in_([visit.id for visit in visits])
            )
        )
    )
    for request in requests:
        own_facts = [fact for fact in facts if fact.request_id == request.id]
        own_visits = [visit for visit in visits if visit.request_id == request.id]
        yield Checked(
            request.reference,
            (
                *_misnumbered(request, own_facts),
                *_differing(request, own_facts, own_visits),
                *(line for visit in own_visits for line in _misheld(visit, held[visit.id])),
            ),
        )


def _misnumbered(request: Request, facts: Sequence[Act]) -> Iterator[str]:
    if [fact.position for fact in facts] != list(range(1, request.acts + 1)):
        yield f"{request.acts} facts were counted, {len(facts)} are stored, or a number is missing"


def _differing(
    request: Request, facts: Sequence[Act], visits: Sequence[Appointment]
) -> Iterator[str]:
    stored: dict[tuple[str, UUID | None], str | None] = {
        (Track.DESK, None): request.desk_state,
        (Track.CLINICAL, None): request.clinical_state,
        **{(Track.APPOINTMENT, visit.id): visit.state for visit in visits},
    }
    reached: dict[tuple[str, UUID | None], str | None] = dict.fromkeys(stored)
    for fact in facts:
        subject = (fact.track, fact.appointment_id)
        if subject not in reached:
            yield f"fact {fact.position} is about an appointment of another request"
            continue
        before = reached[subject]
        due = lifecycle.MOVES[Track(fact.track)].get((before, fact.act))
        if fact.from_state != before or fact.to_state != due:
            yield f"fact {fact.position} ({fact.track}: {fact.act}) does not follow from {before}"
        reached[subject] = fact.to_state
    for (track, subject_id), state in stored.items():
        facts_say = reached[track, subject_id]
        if state != facts_say:
            where = f"{track} {subject_id}" if subject_id else track
            yield f"{where} is stored as {state}, its facts say {facts_say}"


def _misheld(visit: Appointment, atoms: int) -> Iterator[str]:
    if visit.state in lifecycle.HOLDING and atoms == 0:
        yield f"appointment {visit.id} is {visit.state}, but its time is not held"
    if visit.state in ("cancelled", "moved") and atoms:
        yield f"appointment {visit.id} is {visit.state}, but still holds its time"
