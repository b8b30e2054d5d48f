"""Every table: columns, constraints, relationships. No queries and no moves live here.

Whatever a patient typed or what was concluded from it is sealed (see clinic.sealing). The
plain columns are a closed list: states, levels, due, lapse and valid dates, visit kind,
location, opaque ids and references; and, outside patients' data, the clinic's calendars and
staff accounts. tests/architecture keeps that list.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time
from typing import Any, Generic, TypeVar, overload
from uuid import UUID, uuid4

from flask_security import RoleMixin, UserMixin
from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    Time,
    TypeDecorator,
    UniqueConstraint,
    Uuid,
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from clinic.booking import lifecycle
from clinic.booking.lifecycle import Track
from clinic.extensions import Base, vault

T = TypeVar("T")
LEVELS = ("urgent", "absolute", "site", "relative", "precaution", "none")
LANGUAGES = ("en", "es")
VISIT_KINDS = ("needling", "no_needles")


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant; a naive datetime is refused (SQLite would give back local time)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Store UTC, without a zone where the database has none."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime is not an instant")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give back an aware UTC instant."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Sealed(Generic[T]):
    """A value that is kept only sealed, in the column ``<name>_sealed`` of the same row."""

    def __init__(self, label: str) -> None:
        self.label = label  # constant: it survives a rename of the column or the table

    def __set_name__(self, owner: type, name: str) -> None:
        self.column = f"{name}_sealed"

    @overload
    def __get__(self, row: None, owner: type) -> Sealed[T]: ...
    @overload
    def __get__(self, row: Any, owner: type) -> T: ...
    def __get__(self, row: Any, owner: type) -> T | Sealed[T]:
        if row is None:
            return self
        sealed = getattr(row, self.column)
        if sealed is None:
            return None  # type: ignore[return-value]  # T is optional where the column is
        value: T = json.loads(vault.ring.open(sealed, label=self.label, row=row.id))
        return value

    def __set__(self, row: Any, value: T) -> None:
        if value is None:
            setattr(row, self.column, None)
            return
        plain = json.dumps(value, ensure_ascii=False, sort_keys=True).encode()
        setattr(row, self.column, vault.ring.seal(plain, label=self.label, row=row.id))


class HasId:
    """A row whose random id is made before the insert, so that values can be sealed to it."""

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)

    def __init__(self, **values: Any) -> None:
        self.id = values.pop("id", None) or uuid4()
        for name, value in values.items():
            if not hasattr(type(self), name):
                raise TypeError(f"{type(self).__name__} has no {name}")
            setattr(self, name, value)


def _one_of(column: str, choices: tuple[str, ...], name: str | None = None) -> CheckConstraint:
    listed = ", ".join(f"'{choice}'" for choice in choices)
    return CheckConstraint(f"{column} IN ({listed})", name=name or f"{column}_known")


def _versioned(column: Mapped[int]) -> dict[str, Any]:
    """Count each change in this column, so that a stale save is a clear error."""
    return {"version_id_col": column}


# --- Staff -----------------------------------------------------------------------------------

roles_users = Table(
    "roles_users",
    Base.metadata,
    Column("user_id", Uuid, ForeignKey("user.id"), primary_key=True),
    Column("role_id", Uuid, ForeignKey("role.id"), primary_key=True),
)


class StaffRole(HasId, Base, RoleMixin):  # type: ignore[misc]  # the mixin is untyped
    """One of the four roles of clinic.access; rows are made by the migration, never by pages."""

    __tablename__ = "role"
    name: Mapped[str] = mapped_column(String(32), unique=True)
    description: Mapped[str | None] = mapped_column(String(200))


class User(HasId, Base, UserMixin):  # type: ignore[misc]  # the mixin is untyped
    """A member of staff. Made and disabled by command; their own factor is set at sign-in."""

    __tablename__ = "user"
    email: Mapped[str] = mapped_column(String(254), unique=True)
    display_name: Mapped[str] = mapped_column(String(120))
    licence: Mapped[str] = mapped_column(String(120), default="")
    shown_on_team: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    about: Mapped[str] = mapped_column(Text, default="", server_default="")  # on the team page
    about_es: Mapped[str] = mapped_column(Text, default="", server_default="")
    password: Mapped[str | None] = mapped_column(String(255))
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    fs_uniquifier: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(Instant)
    password_set_at: Mapped[datetime | None] = mapped_column(Instant)
    tf_primary_method: Mapped[str | None] = mapped_column(String(64))
    tf_totp_secret_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    tf_totp_secret: Sealed[str | None] = Sealed("user.totp")
    totp_window: Mapped[int | None] = mapped_column(BigInteger)  # the last one used: used once
    mf_recovery_codes_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    mf_recovery_codes: Sealed[list[str] | None] = Sealed("user.recovery")
    roles: Mapped[list[StaffRole]] = relationship(  # type: ignore[assignment]  # narrower than the mixin's
        secondary=roles_users, lazy="selectin"
    )


class StaffSession(HasId, Base):
    """A staff session on the server; only the SHA-256 of its 256-bit id is kept."""

    __tablename__ = "staff_session"
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"), index=True)
    data_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    data: Sealed[dict[str, Any] | None] = Sealed("staff_session.data")
    started_at: Mapped[datetime] = mapped_column(Instant)
    seen_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    device: Mapped[str] = mapped_column(String(120), default="")


# --- Places and times ------------------------------------------------------------------------


class Location(HasId, Base):
    """A place of the clinic, with its zone, its US state and the legal basis for needling."""

    __tablename__ = "location"
    name: Mapped[str] = mapped_column(String(120))
    address: Mapped[str] = mapped_column(String(300), default="")
    phone: Mapped[str] = mapped_column(String(32), default="")
    zone: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(2))
    needling_law: Mapped[str] = mapped_column(String(16))
    legal_basis: Mapped[str] = mapped_column(Text, default="")
    law_reviewed_on: Mapped[date | None] = mapped_column(Date)
    law_review_by: Mapped[date | None] = mapped_column(Date)
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    __table_args__ = (_one_of("needling_law", ("permitted", "silent", "prohibited")),)


class WeeklyHours(HasId, Base):
    """When a therapist sees patients at a location, by the wall clock there."""

    __tablename__ = "weekly_hours"
    therapist_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"), index=True)
    location_id: Mapped[UUID] = mapped_column(ForeignKey("location.id"))
    weekday: Mapped[int] = mapped_column(Integer)
    opens: Mapped[time] = mapped_column(Time)
    closes: Mapped[time] = mapped_column(Time)
    valid_from: Mapped[date | None] = mapped_column(Date)
    valid_until: Mapped[date | None] = mapped_column(Date)
    __table_args__ = (
        CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday_known"),
        CheckConstraint("opens < closes", name="opens_before_closes"),
    )


class OpeningHours(HasId, Base):
    """When the phone of a location is answered on one weekday; targets count these hours."""

    __tablename__ = "opening_hours"
    location_id: Mapped[UUID] = mapped_column(ForeignKey("location.id"), index=True)
    weekday: Mapped[int] = mapped_column(Integer)
    opens: Mapped[time] = mapped_column(Time)
    closes: Mapped[time] = mapped_column(Time)
    __table_args__ = (
        CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday_known"),
        CheckConstraint("opens < closes", name="opens_before_closes"),
    )


class Closure(HasId, Base):
    """Days on which a location, or one therapist, sees nobody; both dates count."""

    __tablename__ = "closure"
    location_id: Mapped[UUID | None] = mapped_column(ForeignKey("location.id"))
    therapist_id: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    starts_on: Mapped[date] = mapped_column(Date)
    ends_on: Mapped[date] = mapped_column(Date)
    __table_args__ = (CheckConstraint("starts_on <= ends_on", name="starts_before_ends"),)


class ClinicSetting(Base):
    """One setting that an admin changed on a page; what is not here has its value at start."""

    __tablename__ = "clinic_setting"
    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[str | None] = mapped_column(Text)  # as the form writes it; None: that of start
    previous: Mapped[str | None] = mapped_column(Text)  # the one before, so that it can come back
    version: Mapped[int] = mapped_column(Integer, nullable=False)
    changed_at: Mapped[datetime] = mapped_column(Instant)
    changed_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    __mapper_args__ = _versioned(version)


class LetterText(HasId, Base):
    """A letter's words as the clinic wants them, in one language; none here: ours are used."""

    __tablename__ = "letter_text"
    kind: Mapped[str] = mapped_column(String(40))
    language: Mapped[str] = mapped_column(String(8))
    subject: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(Integer, nullable=False)
    changed_at: Mapped[datetime] = mapped_column(Instant)
    changed_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    __mapper_args__ = _versioned(version)
    __table_args__ = (UniqueConstraint("kind", "language"),)


# --- Questionnaire and ruleset versions ------------------------------------------------------


class QuestionnaireVersion(Base):
    """A questionnaire as it was when somebody answered it; rows are added, never changed."""

    __tablename__ = "questionnaire_version"
    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    version: Mapped[str] = mapped_column(String(64))
    document: Mapped[str] = mapped_column(Text)
    stored_at: Mapped[datetime] = mapped_column(Instant)


class RulesetVersion(Base):
    """A ruleset as it was when it screened somebody, and who approved it, if anybody has.

    One at most is in force. Triggers hold its document, and refuse a state without an approval.
    """

    __tablename__ = "ruleset_version"
    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    version: Mapped[str] = mapped_column(String(64))
    document: Mapped[str] = mapped_column(Text)
    complete: Mapped[bool] = mapped_column(Boolean)
    state: Mapped[str] = mapped_column(String(16), default="draft")
    stored_at: Mapped[datetime] = mapped_column(Instant)
    approved_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    approved_name: Mapped[str | None] = mapped_column(String(120))
    approved_at: Mapped[datetime | None] = mapped_column(Instant)
    in_force_at: Mapped[datetime | None] = mapped_column(Instant)  # the last time
    retired_at: Mapped[datetime | None] = mapped_column(Instant)
    __table_args__ = (
        _one_of("state", ("draft", "approved", "in_force", "retired")),
        Index(
            "uq_ruleset_in_force",
            "state",
            unique=True,
            sqlite_where=text("state = 'in_force'"),
            postgresql_where=text("state = 'in_force'"),
        ),
    )


class RulesetDraft(HasId, Base):
    """What a lead therapist changes in a version: figures, and rules that are not to be run."""

    __tablename__ = "ruleset_draft"
    base_hash: Mapped[str] = mapped_column(ForeignKey("ruleset_version.hash"))
    hash: Mapped[str] = mapped_column(String(64))  # of the version that it comes to
    changes: Mapped[str] = mapped_column(Text)  # canonical JSON
    version: Mapped[int] = mapped_column(Integer, nullable=False)
    made_at: Mapped[datetime] = mapped_column(Instant)
    made_by_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"))
    changed_at: Mapped[datetime] = mapped_column(Instant)
    changed_by_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"))
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    ended_as: Mapped[str | None] = mapped_column(String(16))
    __mapper_args__ = _versioned(version)
    __table_args__ = (
        _one_of("ended_as", ("approved", "discarded")),
        CheckConstraint("(ended_at IS NULL) = (ended_as IS NULL)", name="ended_as_something"),
    )


class RulesetTrial(HasId, Base):
    """One version tried against another over the stored histories, and how far it has come."""

    __tablename__ = "ruleset_trial"
    old_hash: Mapped[str] = mapped_column(ForeignKey("ruleset_version.hash"))
    new_hash: Mapped[str] = mapped_column(ForeignKey("ruleset_version.hash"), index=True)
    every_intake: Mapped[bool] = mapped_column(Boolean, default=False)
    state: Mapped[str] = mapped_column(String(16), default="waiting")
    total: Mapped[int] = mapped_column(Integer, default=0)
    done: Mapped[int] = mapped_column(Integer, default=0)
    parts: Mapped[int] = mapped_column(Integer, default=0)
    upto: Mapped[UUID | None] = mapped_column(Uuid)  # the last intake that was tried
    started_at: Mapped[datetime] = mapped_column(Instant)
    started_by_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"))
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    __table_args__ = (
        _one_of("state", ("waiting", "running", "done", "cancelled", "failed")),
        CheckConstraint(
            "(ended_at IS NULL) = (state IN ('waiting', 'running'))", name="running_until_ended"
        ),
    )


class RulesetTrialPart(HasId, Base):
    """What a trial has found among the next so many histories."""

    __tablename__ = "ruleset_trial_part"
    trial_id: Mapped[UUID] = mapped_column(ForeignKey("ruleset_trial.id"))
    position: Mapped[int] = mapped_column(Integer)
    moves_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    moves: Sealed[list[list[Any]]] = Sealed("ruleset_trial_part.moves")
    __table_args__ = (UniqueConstraint("trial_id", "position"),)


# --- Requests --------------------------------------------------------------------------------


class Request(HasId, Base):
    """One patient asking for care. Services move it, by the tables of clinic.booking.lifecycle."""

    __tablename__ = "request"
    reference: Mapped[str] = mapped_column(String(16), unique=True)
    version: Mapped[int] = mapped_column(Integer, nullable=False)
    language: Mapped[str] = mapped_column(String(8))
    desk_state: Mapped[str] = mapped_column(String(24))
    clinical_state: Mapped[str] = mapped_column(String(24))
    level: Mapped[str | None] = mapped_column(String(16))
    closed_reason: Mapped[str | None] = mapped_column(String(24))
    visit_kind: Mapped[str] = mapped_column(String(16), default="needling")
    location_id: Mapped[UUID | None] = mapped_column(ForeignKey("location.id"))
    claimed_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"), index=True)
    claimed_at: Mapped[datetime | None] = mapped_column(Instant)
    created_at: Mapped[datetime] = mapped_column(Instant)
    sent_at: Mapped[datetime | None] = mapped_column(Instant)
    reached_at: Mapped[datetime | None] = mapped_column(Instant)
    waiting_until: Mapped[date | None] = mapped_column(Date)
    back_since: Mapped[datetime | None] = mapped_column(Instant)  # came back from waiting
    not_before: Mapped[date | None] = mapped_column(Date)  # first day for needles, if one is set
    call_today: Mapped[str | None] = mapped_column(String(32))  # why, as a state; None: no
    urgent_open: Mapped[bool] = mapped_column(Boolean, default=False)
    answered_by: Mapped[str] = mapped_column(String(16), default="patient")
    channel: Mapped[str] = mapped_column(String(16), default="email")
    email_proved_at: Mapped[datetime | None] = mapped_column(Instant)
    acts: Mapped[int] = mapped_column(Integer, default=0)  # how many facts; numbers the next one

    name_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    name: Sealed[str | None] = Sealed("request.name")
    birth_date_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    birth_date: Sealed[str | None] = Sealed("request.birth_date")  # ISO
    phone_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    phone: Sealed[str | None] = Sealed("request.phone")  # E.164
    email_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    email: Sealed[str | None] = Sealed("request.email")
    guardian_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    guardian: Sealed[dict[str, Any] | None] = Sealed("request.guardian")
    regions_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    regions: Sealed[list[str] | None] = Sealed("request.regions")  # wanted; desk may see these
    wishes_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    wishes: Sealed[dict[str, Any] | None] = Sealed("request.wishes")  # hopes, days and times
    email_digest: Mapped[bytes | None] = mapped_column(LargeBinary(32), index=True)
    phone_digest: Mapped[bytes | None] = mapped_column(LargeBinary(32), index=True)
    person_digest: Mapped[bytes | None] = mapped_column(LargeBinary(32), index=True)

    __mapper_args__ = _versioned(version)
    __table_args__ = (
        _one_of("desk_state", lifecycle.states(Track.DESK)),
        _one_of("clinical_state", lifecycle.states(Track.CLINICAL)),
        _one_of("level", LEVELS),
        _one_of("language", LANGUAGES),
        _one_of("visit_kind", VISIT_KINDS),
        _one_of("answered_by", ("patient", "guardian", "desk")),
        _one_of("channel", ("email", "phone")),
        CheckConstraint(
            "(desk_state = 'closed') = (closed_reason IS NOT NULL)", name="closed_has_reason"
        ),
        _one_of("closed_reason", lifecycle.CLOSE_REASONS),
        CheckConstraint("(desk_state = 'draft') = (sent_at IS NULL)", name="sent_unless_draft"),
        Index("ix_request_queue", "desk_state", "urgent_open", "sent_at", "id"),
    )


class Draft(HasId, Base):
    """The open answers of a request that was not sent yet; gone when it is sent."""

    __tablename__ = "draft"
    request_id: Mapped[UUID] = mapped_column(ForeignKey("request.id"), unique=True)
    version: Mapped[int] = mapped_column(Integer, nullable=False)
    questionnaire_hash: Mapped[str] = mapped_column(ForeignKey("questionnaire_version.hash"))
    answers_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    answers: Sealed[dict[str, Any]] = Sealed("draft.answers")
    trail_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    trail: Sealed[list[dict[str, Any]] | None] = Sealed("draft.trail")  # answers that stopped it
    steps_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    steps: Sealed[list[str] | None] = Sealed("draft.steps")  # pages already saved
    saved_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)
    __mapper_args__ = _versioned(version)


class Consent(HasId, Base):
    """Consent to the use of data: which text, in which language, when, by whom."""

    __tablename__ = "consent"
    request_id: Mapped[UUID] = mapped_column(ForeignKey("request.id"), index=True)
    text_version: Mapped[str] = mapped_column(String(64))
    text_hash: Mapped[str] = mapped_column(String(64))
    language: Mapped[str] = mapped_column(String(8))
    given_by: Mapped[str] = mapped_column(String(16))
    given_at: Mapped[datetime] = mapped_column(Instant)
    heard_by_id: Mapped[UUID | None] = mapped_column(Uuid)  # of the staff, where it was said aloud


class Intake(HasId, Base):
    """One version of the medical history. Appended, never edited (a trigger refuses it)."""

    __tablename__ = "intake"
    request_id: Mapped[UUID] = mapped_column(ForeignKey("request.id"), index=True)
    number: Mapped[int] = mapped_column(Integer)
    questionnaire_hash: Mapped[str] = mapped_column(ForeignKey("questionnaire_version.hash"))
    language: Mapped[str] = mapped_column(String(8))
    answered_by: Mapped[str] = mapped_column(String(16))
    complete: Mapped[bool] = mapped_column(Boolean)
    answers_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    answers: Sealed[dict[str, Any]] = Sealed("intake.answers")
    trail_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    trail: Sealed[list[dict[str, Any]] | None] = Sealed("intake.trail")
    sent_at: Mapped[datetime] = mapped_column(Instant)
    __table_args__ = (
        UniqueConstraint("request_id", "number"),
        _one_of("answered_by", ("patient", "guardian", "desk")),
    )


class ScreeningRecord(HasId, Base):
    """The outcome of one ruleset on one intake at one moment. Appended, never edited."""

    __tablename__ = "screening"
    request_id: Mapped[UUID] = mapped_column(ForeignKey("request.id"), index=True)
    intake_id: Mapped[UUID] = mapped_column(ForeignKey("intake.id"), index=True)
    ruleset_hash: Mapped[str] = mapped_column(ForeignKey("ruleset_version.hash"))
    as_of: Mapped[date] = mapped_column(Date)
    made_at: Mapped[datetime] = mapped_column(Instant)
    level: Mapped[str] = mapped_column(String(16))
    lapses_on: Mapped[date | None] = mapped_column(Date, index=True)  # the first finding to lapse
    earlier_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    earlier: Sealed[list[dict[str, Any]] | None] = Sealed("screening.earlier")
    result_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    result: Sealed[str] = Sealed("screening.result")  # the canonical JSON text
    __table_args__ = (_one_of("level", LEVELS),)


class Act(HasId, Base):
    """One fact: an act on a track of a request, from which state to which. Appended only."""

    __tablename__ = "act"
    request_id: Mapped[UUID] = mapped_column(ForeignKey("request.id"))
    position: Mapped[int] = mapped_column(Integer)
    track: Mapped[str] = mapped_column(String(16))
    appointment_id: Mapped[UUID | None] = mapped_column(ForeignKey("appointment.id"))
    act: Mapped[str] = mapped_column(String(40))
    from_state: Mapped[str | None] = mapped_column(String(24))
    to_state: Mapped[str] = mapped_column(String(24))
    actor_kind: Mapped[str] = mapped_column(String(16))
    actor_id: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    at: Mapped[datetime] = mapped_column(Instant)
    detail_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    detail: Sealed[dict[str, Any] | None] = Sealed("act.detail")
    __table_args__ = (
        UniqueConstraint("request_id", "position"),
        _one_of("track", tuple(Track)),
        CheckConstraint(
            "(track = 'appointment') = (appointment_id IS NOT NULL)", name="track_has_subject"
        ),
    )


class Alert(HasId, Base):
    """An urgent answer that somebody must take up: raised, acknowledged, escalated, closed."""

    __tablename__ = "alert"
    request_id: Mapped[UUID] = mapped_column(ForeignKey("request.id"), index=True)
    raised_at: Mapped[datetime] = mapped_column(Instant)
    due_at: Mapped[datetime] = mapped_column(Instant, index=True)  # nobody by then: it escalates
    escalations: Mapped[int] = mapped_column(Integer, default=0)
    acknowledged_at: Mapped[datetime | None] = mapped_column(Instant)
    acknowledged_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    closed_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    __table_args__ = (
        CheckConstraint(
            "(acknowledged_at IS NULL) = (acknowledged_by_id IS NULL)",
            name="acknowledged_by_somebody",
        ),
        CheckConstraint("(closed_at IS NULL) = (closed_by_id IS NULL)", name="closed_by_somebody"),
        Index(
            "uq_alert_open",
            "request_id",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
    )


class PhoneEntry(HasId, Base):
    """A request that a member of staff keys in during a call: who, and until it was sent."""

    __tablename__ = "phone_entry"
    request_id: Mapped[UUID] = mapped_column(ForeignKey("request.id"), unique=True)
    by_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"), index=True)
    channel: Mapped[str] = mapped_column(String(16), default="phone")
    started_at: Mapped[datetime] = mapped_column(Instant)
    sent_at: Mapped[datetime | None] = mapped_column(Instant)
    __table_args__ = (_one_of("channel", ("phone", "paper", "desk")),)


class Attempt(HasId, Base):
    """One try to contact the patient, with the number that was dialled."""

    __tablename__ = "attempt"
    request_id: Mapped[UUID] = mapped_column(ForeignKey("request.id"), index=True)
    outcome: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime] = mapped_column(Instant)
    by_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"))
    number_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    number: Sealed[str | None] = Sealed("attempt.number")
    next_try_on: Mapped[date | None] = mapped_column(Date)
    __table_args__ = (_one_of("outcome", ("reached", "voicemail", "no_answer", "wrong_number")),)


class Note(HasId, Base):
    """A note of the desk, or a clinical one that only therapists read."""

    __tablename__ = "note"
    request_id: Mapped[UUID] = mapped_column(ForeignKey("request.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    body_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    body: Sealed[str] = Sealed("note.body")
    at: Mapped[datetime] = mapped_column(Instant)
    by_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"))
    __table_args__ = (_one_of("kind", ("desk", "clinical")),)


class MissedNote(HasId, Base):
    """What the form missed, as a therapist tells the lead therapist, and the answer to it."""

    __tablename__ = "missed_note"
    request_id: Mapped[UUID] = mapped_column(ForeignKey("request.id"), index=True)
    version: Mapped[int] = mapped_column(Integer, nullable=False)
    body_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    body: Sealed[str] = Sealed("missed_note.body")
    item_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    item: Sealed[str | None] = Sealed("missed_note.item")  # id of the item it is about
    at: Mapped[datetime] = mapped_column(Instant)
    by_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"))
    answer_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    answer: Sealed[str | None] = Sealed("missed_note.answer")
    handled_at: Mapped[datetime | None] = mapped_column(Instant)
    handled_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    __mapper_args__ = _versioned(version)
    __table_args__ = (
        CheckConstraint("(handled_at IS NULL) = (handled_by_id IS NULL)", name="handled_by"),
    )


# --- Decisions and appointments --------------------------------------------------------------


class Review(HasId, Base):
    """A therapist's signed decision on one intake and its screening. Appended, never edited."""

    __tablename__ = "review"
    request_id: Mapped[UUID] = mapped_column(ForeignKey("request.id"), index=True)
    intake_id: Mapped[UUID] = mapped_column(ForeignKey("intake.id"))
    screening_id: Mapped[UUID] = mapped_column(ForeignKey("screening.id"))
    decision: Mapped[str] = mapped_column(String(24))
    reason_code_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    reason_code: Sealed[str | None] = Sealed("review.reason_code")
    reason_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    reason: Sealed[str | None] = Sealed("review.reason")
    limits_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    limits: Sealed[dict[str, Any] | None] = Sealed("review.limits")
    valid_from: Mapped[date | None] = mapped_column(Date)
    valid_until: Mapped[date | None] = mapped_column(Date)
    signed_name: Mapped[str] = mapped_column(String(120))
    signed_by_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"))
    signed_at: Mapped[datetime] = mapped_column(Instant)
    __table_args__ = (
        _one_of(
            "decision",
            ("clear", "clear with limits", "ask for more", "delay", "refer", "offer other care"),
        ),
    )


class Clearance(HasId, Base):
    """What allows needling to be offered: one live one per request, with limits and dates."""

    __tablename__ = "clearance"
    request_id: Mapped[UUID] = mapped_column(ForeignKey("request.id"))
    origin: Mapped[str] = mapped_column(String(16))
    intake_id: Mapped[UUID] = mapped_column(ForeignKey("intake.id"))
    screening_id: Mapped[UUID] = mapped_column(ForeignKey("screening.id"))
    review_id: Mapped[UUID | None] = mapped_column(ForeignKey("review.id"))
    valid_from: Mapped[date] = mapped_column(Date)
    valid_until: Mapped[date] = mapped_column(Date)
    limits_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    limits: Sealed[dict[str, Any]] = Sealed("clearance.limits")  # regions, technique, positions
    made_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    ended_by: Mapped[str | None] = mapped_column(String(24))
    __table_args__ = (
        _one_of("origin", ("screening", "review")),
        CheckConstraint("(origin = 'review') = (review_id IS NOT NULL)", name="review_has_origin"),
        CheckConstraint("valid_from <= valid_until", name="valid_from_before_until"),
        CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name="end_has_cause"),
        Index(
            "uq_clearance_live",
            "request_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )


class Offer(HasId, Base):
    """One or more slots held for a request until a time."""

    __tablename__ = "offer"
    request_id: Mapped[UUID] = mapped_column(ForeignKey("request.id"), index=True)
    version: Mapped[int] = mapped_column(Integer, nullable=False)
    state: Mapped[str] = mapped_column(String(16), default="open")
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)
    made_at: Mapped[datetime] = mapped_column(Instant)
    made_by_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"))
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    __mapper_args__ = _versioned(version)
    __table_args__ = (
        _one_of("state", ("open", "accepted", "declined", "withdrawn", "expired", "revoked")),
        CheckConstraint("(state = 'open') = (ended_at IS NULL)", name="open_until_ended"),
        Index(
            "uq_offer_open",
            "request_id",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
    )


class Appointment(HasId, Base):
    """A slot held for a patient, then a visit. Triggers refuse needling without a clearance."""

    __tablename__ = "appointment"
    request_id: Mapped[UUID] = mapped_column(ForeignKey("request.id"), index=True)
    offer_id: Mapped[UUID | None] = mapped_column(ForeignKey("offer.id"), index=True)
    therapist_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"))
    location_id: Mapped[UUID] = mapped_column(ForeignKey("location.id"))
    visit_kind: Mapped[str] = mapped_column(String(16))
    clearance_id: Mapped[UUID | None] = mapped_column(ForeignKey("clearance.id"))
    version: Mapped[int] = mapped_column(Integer, nullable=False)
    state: Mapped[str] = mapped_column(String(16))
    starts_at: Mapped[datetime] = mapped_column(Instant)
    ends_at: Mapped[datetime] = mapped_column(Instant)
    visit_on: Mapped[date] = mapped_column(Date)  # the day at the location
    needled: Mapped[bool | None] = mapped_column(Boolean)
    cancelled_by: Mapped[str | None] = mapped_column(String(16))
    moved_to_id: Mapped[UUID | None] = mapped_column(ForeignKey("appointment.id"))
    calendar_id: Mapped[UUID | None] = mapped_column(Uuid)  # UID of the .ics, kept by a move
    sequence: Mapped[int] = mapped_column(Integer, default=0, server_default="0")  # of the .ics
    __mapper_args__ = _versioned(version)
    __table_args__ = (
        _one_of("state", lifecycle.states(Track.APPOINTMENT)),
        _one_of("visit_kind", VISIT_KINDS),
        CheckConstraint(
            "(visit_kind = 'needling') = (clearance_id IS NOT NULL)", name="needling_has_clearance"
        ),
        CheckConstraint("starts_at < ends_at", name="starts_before_ends"),
        CheckConstraint(
            "needled IS NULL OR (state = 'done' AND (needled = false OR visit_kind = 'needling'))",
            name="needled_when_done",
        ),
    )


class VisitRecord(HasId, Base):
    """What happened at a visit: arrival, and on leaving who needled which regions, if anybody."""

    __tablename__ = "visit_record"
    appointment_id: Mapped[UUID] = mapped_column(ForeignKey("appointment.id"), unique=True)
    arrived_at: Mapped[datetime | None] = mapped_column(Instant)
    done_at: Mapped[datetime | None] = mapped_column(Instant)
    done_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    needled_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    regions_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    regions: Sealed[list[str] | None] = Sealed("visit_record.regions")
    __table_args__ = (
        CheckConstraint("(done_at IS NULL) = (done_by_id IS NULL)", name="done_by_somebody"),
    )


class SlotAtom(Base):
    """Five minutes of one therapist. The primary key is what makes a double booking impossible."""

    __tablename__ = "slot_atom"
    therapist_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"), primary_key=True)
    starts_at: Mapped[datetime] = mapped_column(Instant, primary_key=True)
    appointment_id: Mapped[UUID] = mapped_column(ForeignKey("appointment.id"), index=True)


# --- Enquiries -------------------------------------------------------------------------------


class Enquiry(HasId, Base):
    """A question sent from the landing page; staff answer it, publish it or make it a request."""

    __tablename__ = "enquiry"
    reference: Mapped[str] = mapped_column(String(16), unique=True)
    version: Mapped[int] = mapped_column(Integer, nullable=False)
    state: Mapped[str] = mapped_column(String(16), default="new")
    closed_reason: Mapped[str | None] = mapped_column(String(24))
    language: Mapped[str] = mapped_column(String(8))
    urgent: Mapped[bool] = mapped_column(Boolean, default=False)  # its words may not wait
    urgent_open: Mapped[bool] = mapped_column(Boolean, default=False)  # no clinician closed it yet
    may_publish: Mapped[bool] = mapped_column(Boolean, default=False)
    made_at: Mapped[datetime] = mapped_column(Instant)
    claimed_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    claimed_at: Mapped[datetime | None] = mapped_column(Instant)
    answered_at: Mapped[datetime | None] = mapped_column(Instant)
    answered_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    published_at: Mapped[datetime | None] = mapped_column(Instant)
    published_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    settled_at: Mapped[datetime | None] = mapped_column(Instant)  # last answered, turned or closed
    browser: Mapped[bytes | None] = mapped_column(LargeBinary(32))  # digest of the cookie's id
    request_id: Mapped[UUID | None] = mapped_column(ForeignKey("request.id"), index=True)
    name_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    name: Sealed[str | None] = Sealed("enquiry.name")
    email_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    email: Sealed[str | None] = Sealed("enquiry.email")
    phone_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    phone: Sealed[str | None] = Sealed("enquiry.phone")
    question_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    question: Sealed[str | None] = Sealed("enquiry.question")
    events_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    events: Sealed[list[dict[str, Any]] | None] = Sealed("enquiry.events")  # answers and calls too
    public_question_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    public_question: Sealed[str | None] = Sealed("enquiry.public_question")
    public_answer_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    public_answer: Sealed[str | None] = Sealed("enquiry.public_answer")
    email_digest: Mapped[bytes | None] = mapped_column(LargeBinary(32), index=True)
    __mapper_args__ = _versioned(version)
    __table_args__ = (
        _one_of("state", ("new", "answered", "turned", "closed")),
        CheckConstraint("(answered_at IS NULL) = (answered_by_id IS NULL)", name="answered_by"),
        CheckConstraint("published_at IS NULL OR may_publish", name="published_with_consent"),
        CheckConstraint("state <> 'turned' OR request_id IS NOT NULL", name="turned_into_request"),
        CheckConstraint("(state = 'closed') = (closed_reason IS NOT NULL)", name="closed_why"),
        CheckConstraint("urgent OR NOT urgent_open", name="urgent_while_open"),
        CheckConstraint("(state = 'new') = (settled_at IS NULL)", name="settled_unless_new"),
    )


# --- Letters, tokens, idempotency ------------------------------------------------------------


class Letter(HasId, Base):
    """One outgoing e-mail, rendered when it was queued; the worker sends and marks it."""

    __tablename__ = "letter"
    dedupe_key: Mapped[str] = mapped_column(String(120), unique=True)
    message_id: Mapped[str] = mapped_column(String(120), unique=True)
    request_id: Mapped[UUID | None] = mapped_column(ForeignKey("request.id"), index=True)
    enquiry_id: Mapped[UUID | None] = mapped_column(Uuid, index=True)
    kind: Mapped[str] = mapped_column(String(40))
    language: Mapped[str] = mapped_column(String(8))
    recipient_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    recipient: Sealed[str | None] = Sealed("letter.recipient")
    subject_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    subject: Sealed[str | None] = Sealed("letter.subject")
    body_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    body: Sealed[str | None] = Sealed("letter.body")
    calendar_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    calendar: Sealed[str | None] = Sealed("letter.calendar")  # the .ics that goes with it
    state: Mapped[str] = mapped_column(String(16), default="queued")
    queued_at: Mapped[datetime] = mapped_column(Instant)
    due_at: Mapped[datetime] = mapped_column(Instant)
    useless_after: Mapped[datetime | None] = mapped_column(Instant)
    tries: Mapped[int] = mapped_column(Integer, default=0)
    leased_until: Mapped[datetime | None] = mapped_column(Instant)
    lease: Mapped[UUID | None] = mapped_column(Uuid)
    sent_at: Mapped[datetime | None] = mapped_column(Instant)
    last_error: Mapped[str | None] = mapped_column(String(40))  # a code, never the server's text
    __table_args__ = (
        _one_of("state", ("queued", "sent", "failed", "dropped")),
        Index("ix_letter_due", "state", "due_at"),
    )


class Token(HasId, Base):
    """A mailed link or code, or a browser's grant. Only a digest is kept; it can be revoked."""

    __tablename__ = "token"
    purpose: Mapped[str] = mapped_column(String(24))
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary(32), index=True)
    request_id: Mapped[UUID | None] = mapped_column(ForeignKey("request.id"), index=True)
    offer_id: Mapped[UUID | None] = mapped_column(ForeignKey("offer.id"))
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"), index=True)  # of a reset
    browser: Mapped[bytes | None] = mapped_column(LargeBinary(32))  # digest of the cookie's id
    made_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)
    used_at: Mapped[datetime | None] = mapped_column(Instant)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)
    tries: Mapped[int] = mapped_column(Integer, default=0)
    __table_args__ = (
        _one_of("purpose", ("link", "code", "draft_browser", "status_browser", "reset")),
    )


class Idempotency(Base):
    """What a form with this key made, so that a replay shows the same and makes nothing."""

    __tablename__ = "idempotency"
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(40))
    body_digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    made_id: Mapped[UUID] = mapped_column(Uuid)
    at: Mapped[datetime] = mapped_column(Instant)


# --- Keeping and erasing ---------------------------------------------------------------------


class Erasure(Base):
    """A request that was erased: its opaque id and when. What stands here may be deleted."""

    __tablename__ = "erasure"
    request_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)


class LegalHold(HasId, Base):
    """A request that must be kept as it is; neither retention nor an erasure touches it."""

    __tablename__ = "legal_hold"
    request_id: Mapped[UUID] = mapped_column(ForeignKey("request.id"), unique=True)
    placed_at: Mapped[datetime] = mapped_column(Instant)
    reason_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    reason: Sealed[str] = Sealed("legal_hold.reason")


# --- Audit -----------------------------------------------------------------------------------


class AuditEntry(Base):
    """One entry of the audit trail: ids, section names and states, no clinical content."""

    __tablename__ = "audit_entry"
    number: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False
    )
    at: Mapped[datetime] = mapped_column(Instant)
    act: Mapped[str] = mapped_column(String(60))
    actor_kind: Mapped[str] = mapped_column(String(16))
    actor_id: Mapped[UUID | None] = mapped_column(Uuid)
    subject_kind: Mapped[str] = mapped_column(String(24))
    subject_id: Mapped[UUID | None] = mapped_column(Uuid, index=True)
    trace: Mapped[str] = mapped_column(String(64))
    detail: Mapped[str] = mapped_column(Text)  # canonical JSON
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))


class AuditHead(Base):
    """The one row that carries the chain's length and last hash; locked last."""

    __tablename__ = "audit_head"
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    count: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)
