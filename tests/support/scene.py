"""A small clinic in one database: its staff, its places, and requests at any point of the path.

Requests are made by the same moves that the services make, so that each stored state has its
facts. Everybody is plainly fictional.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select

from clinic import contact
from clinic.access import SYSTEM, Actor, ActorKind, Role
from clinic.booking.lifecycle import Track
from clinic.extensions import db, vault
from clinic.models import (
    Clearance,
    Intake,
    Location,
    QuestionnaireVersion,
    Request,
    Review,
    RulesetVersion,
    ScreeningRecord,
    StaffRole,
    User,
    WeeklyHours,
)
from clinic.services import offering, screenings, tracks
from clinic.services.transaction import Work, writes
from tests.support.clock import MONDAY_MORNING

NEW_YORK, PHOENIX = "America/New_York", "America/Phoenix"
PHONE, EMAIL = "+15555550142", "rosa.example@example.com"
QUESTIONNAIRE, RULESET = "q" * 64, "r" * 64
CANARY = "quetzalcoatl"  # typed into every answer; the desk must never see it


@dataclass
class Scene:
    """Makes what a test needs at one instant, and remembers the cast."""

    now: datetime = MONDAY_MORNING
    number: int = 0
    users: dict[UUID, Actor] = field(default_factory=dict)

    def staff(self, name: str, *roles: Role) -> Actor:
        """Add a member of staff."""
        actor = _add_staff(SYSTEM, self.now, name=name, roles=roles)
        self.users[actor.id or uuid4()] = actor
        return actor

    def place(self, name: str = "Main Street", zone: str = NEW_YORK, **values: Any) -> UUID:
        """Add a location, in New York and permitted unless told otherwise."""
        values = {"state": "NY", "needling_law": "permitted", **values}
        return _add(SYSTEM, self.now, Location(name=name, zone=zone, **values))

    def hours(self, therapist: Actor, location_id: UUID, **values: Any) -> None:
        """Let a therapist see patients there each day from 9 to 5."""
        opens, closes = values.pop("opens", time(9)), values.pop("closes", time(17))
        for weekday in range(7):
            row = WeeklyHours(
                therapist_id=therapist.id,
                location_id=location_id,
                weekday=weekday,
                opens=opens,
                closes=closes,
                **values,
            )
            _add(SYSTEM, self.now, row)

    def request(self, *, cleared: bool = False, **values: Any) -> UUID:
        """Add a sent request that a therapist must read, or has cleared."""
        self.number += 1
        defaults: dict[str, Any] = {
            "name": f"Rosa Example {self.number}",
            "phone": PHONE,
            "email": EMAIL,
            "regions": ["lower-back"],
            "wishes": {"days": ["monday"], "parts": ["morning"], "words": "Not on Fridays."},
            "language": "en",
            "email_proved_at": self.now,
            "sent_at": self.now,
            "level": "relative",
        }
        request_id = _send_in(SYSTEM, self.now, number=self.number, values=defaults | values)
        if cleared:
            self.clear(request_id)
        return request_id

    def clear(self, request_id: UUID, **values: Any) -> UUID:
        """Let a therapist clear a request, for ninety days and the lower back unless told."""
        therapist = next(
            (one for one in self.users.values() if Role.THERAPIST in one.roles), None
        ) or self.staff("Theo Therapist", Role.THERAPIST)
        return _clear(therapist, self.now, request_id, values=values)

    def end_clearance(self, request_id: UUID) -> None:
        """Withdraw the live clearance as a review does."""
        _end_clearance(SYSTEM, self.now, request_id)

    def patient(self, request_id: UUID) -> Actor:
        """Be the patient of a request."""
        return Actor(ActorKind.PATIENT, request_id=request_id)


def version_of(request_id: UUID) -> int:
    """Say which version of a request is stored."""
    return int(stored(Request, request_id).version)


def stored(table: Any, key: Any) -> Any:
    """Read one row anew."""
    db.session.rollback()
    return db.session.get_one(table, key)


def all_of(table: Any, **values: Any) -> list[Any]:
    """Read every row with these values anew."""
    db.session.rollback()
    return list(db.session.scalars(select(table).filter_by(**values)))


def at(day: date, hour: int, minute: int = 0) -> datetime:
    """Give an instant by its day and time in UTC."""
    return datetime.combine(day, time(hour, minute), tzinfo=UTC)


def person(actor: Actor) -> UUID:
    """Give the id of a member of staff."""
    if actor.id is None:
        raise ValueError("nobody signed in")
    return actor.id


@writes
def _add(work: Work, row: Any) -> UUID:
    work.session.add(row)
    work.session.flush()
    key: UUID = row.id
    return key


@writes
def _add_staff(work: Work, *, name: str, roles: tuple[Role, ...]) -> Actor:
    known = work.session.scalars(select(StaffRole).where(StaffRole.name.in_(roles))).all()
    user = User(
        email=f"{uuid4().hex[:12]}@example.com",
        display_name=name,
        fs_uniquifier=uuid4().hex,
        created_at=work.now,
    )
    user.roles = list(known)
    work.session.add(user)
    work.session.flush()
    return Actor(ActorKind.STAFF, user.id, frozenset(roles), name)


@writes
def _send_in(work: Work, *, number: int, values: dict[str, Any]) -> UUID:
    _versions(work)
    sent_at = values.pop("sent_at")
    answers = {"wanted_regions": values["regions"], **values.pop("answers", {})}
    answers["free_text"] = {"hopes": CANARY}
    urgent = values.pop("urgent_open", False)
    request = Request(
        reference=contact.reference(number.to_bytes(8, "big")),
        created_at=sent_at,
        acts=0,
        **values,
    )
    request.phone_digest = _digest("phone", request.phone)
    request.email_digest = _digest("email", request.email)
    tracks.begin(work, request)
    request.sent_at, request.urgent_open = sent_at, urgent
    request.call_today = "urgent" if urgent else None
    tracks.move(work, request, Track.DESK, "send")
    intake = Intake(
        request_id=request.id,
        number=1,
        questionnaire_hash=QUESTIONNAIRE,
        language=request.language,
        answered_by="patient",
        complete=True,
        answers=answers,
        sent_at=sent_at,
    )
    work.session.add(intake)
    work.session.flush()
    work.session.add(
        ScreeningRecord(
            request_id=request.id,
            intake_id=intake.id,
            ruleset_hash=RULESET,
            as_of=sent_at.date(),
            made_at=sent_at,
            level=request.level,
            result=screenings.screen(answers, as_of=sent_at.date()).as_bytes().decode(),
        )
    )
    tracks.move(work, request, Track.CLINICAL, "need review")
    return request.id


def _versions(work: Work) -> None:
    if work.session.get(QuestionnaireVersion, QUESTIONNAIRE) is None:
        work.session.add(
            QuestionnaireVersion(
                hash=QUESTIONNAIRE, version="test", document="{}", stored_at=work.now
            )
        )
        work.session.add(
            RulesetVersion(
                hash=RULESET, version="test", document="{}", complete=False, stored_at=work.now
            )
        )
        work.session.flush()


def _digest(purpose: str, value: str | None) -> bytes | None:
    keys = {"phone": contact.phone_key, "email": contact.email_key}
    return vault.ring.digest(purpose, keys[purpose](value)) if value else None


@writes
def _clear(work: Work, request_id: UUID, *, values: dict[str, Any]) -> UUID:
    request = tracks.load(work, request_id)
    intake = work.session.scalars(select(Intake).filter_by(request_id=request_id)).one()
    screening = work.session.scalars(select(ScreeningRecord).filter_by(intake_id=intake.id)).one()
    review = Review(
        request_id=request_id,
        intake_id=intake.id,
        screening_id=screening.id,
        decision="clear",
        reason=CANARY,
        signed_name=work.actor.name,
        signed_by_id=work.actor.id,
        signed_at=work.now,
    )
    work.session.add(review)
    work.session.flush()
    today = work.now.date()
    defaults: dict[str, Any] = {
        "valid_from": today,
        "valid_until": today + timedelta(days=90),
        "limits": {"regions": ["lower-back"], "technique": [], "positions": []},
    }
    clearance = Clearance(
        request_id=request_id,
        origin="review",
        intake_id=intake.id,
        screening_id=screening.id,
        review_id=review.id,
        made_at=work.now,
        **(defaults | values),
    )
    work.session.add(clearance)
    tracks.move(work, request, Track.CLINICAL, "clear")
    work.session.flush()
    offering.clearance_made(work, request)
    return clearance.id


@writes
def _end_clearance(work: Work, request_id: UUID) -> None:
    request = tracks.load(work, request_id)
    clearance = work.session.scalars(
        select(Clearance).filter_by(request_id=request_id, ended_at=None)
    ).one()
    clearance.ended_at, clearance.ended_by = work.now, "withdrawal"
    work.session.flush()
    offering.clearance_ended(work, request)
    tracks.move(work, request, Track.CLINICAL, "need review")
