"""What pages and commands read about staff accounts and their sessions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from clinic import effective
from clinic.access import Actor, ActorKind, NotThere, Permission, Role
from clinic.extensions import db, site
from clinic.models import AuditEntry, Location, StaffSession, Token, User
from clinic.sealing import fingerprint


@dataclass(frozen=True)
class OpenSession:
    """A session that a browser holds: not ended, not idle for too long, not past its end."""

    id: UUID
    user_id: UUID | None
    data: dict[str, Any]
    seen_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class Device:
    """One of a person's own sessions, as the account page lists it."""

    id: UUID
    device: str
    started_at: datetime
    seen_at: datetime


@dataclass(frozen=True)
class Account:
    """One's own account, as the account page shows it."""

    name: str
    email: str
    licence: str
    roles: tuple[Role, ...]
    password_set_at: datetime | None
    recovery_codes: int
    sessions: tuple[Device, ...]
    zone: str  # of the clinic's first place, to say times in


@dataclass(frozen=True)
class Member:
    """A member of staff as commands and the admin see one."""

    id: UUID
    email: str
    name: str
    roles: tuple[Role, ...]
    active: bool
    has_factor: bool


@dataclass(frozen=True)
class Profile:
    """A member of staff as the admin's pages show one."""

    member: Member
    licence: str
    about: str
    about_es: str
    shown_on_team: bool
    has_password: bool
    signed_in_at: datetime | None  # the last time, both proofs given
    sessions: int
    seen: int  # the mark of what is said of the person


def open_session(token: str, now: datetime) -> OpenSession | None:
    """Return the live session of a cookie, or None; whoever holds the cookie may ask."""
    query = select(StaffSession).where(StaffSession.fingerprint == fingerprint(token))
    row = db.session.scalar(query)
    if row is None or not _lives(row, now):
        return None
    return OpenSession(row.id, row.user_id, row.data or {}, row.seen_at, row.expires_at)


def account(actor: Actor, now: datetime) -> Account:
    """Return the actor's own account with its live sessions, the last used first."""
    if actor.kind is not ActorKind.STAFF or actor.id is None:
        raise NotThere
    user = db.session.get(User, actor.id)
    if user is None:
        raise NotThere
    query = (
        select(StaffSession)
        .where(StaffSession.user_id == actor.id, StaffSession.ended_at.is_(None))
        .order_by(StaffSession.seen_at.desc(), StaffSession.id)
    )
    rows = [row for row in db.session.scalars(query) if _lives(row, now)]
    return Account(
        user.display_name,
        user.email,
        user.licence,
        _roles(user),
        user.password_set_at,
        len(user.mf_recovery_codes or []),
        tuple(Device(row.id, row.device, row.started_at, row.seen_at) for row in rows),
        _zone(),
    )


def reset_is_open(token: str, now: datetime) -> bool:
    """Tell whether a reset link could still be used; looking does not use it."""
    query = select(Token.id).where(
        Token.fingerprint == fingerprint(token),
        Token.purpose == "reset",
        Token.used_at.is_(None),
        Token.revoked_at.is_(None),
        Token.expires_at > now,
    )
    return db.session.scalar(query) is not None


def by_email(actor: Actor, email: str) -> Member:
    """Return the member of staff with this address, or raise NotThere; for who manages users."""
    _may_manage(actor)
    user = db.session.scalar(select(User).where(User.email == email))
    if user is None:
        raise NotThere
    return _member(user)


def everybody(actor: Actor) -> tuple[Member, ...]:
    """List every member of staff by name; for who manages users."""
    _may_manage(actor)
    users = db.session.scalars(select(User).order_by(User.display_name, User.id))
    return tuple(_member(user) for user in users)


def profiles(actor: Actor, now: datetime) -> tuple[Profile, ...]:
    """List every member of staff, open accounts first, by name; for who manages users."""
    _may_manage(actor)
    query = select(User).order_by(User.active.desc(), User.display_name, User.id)
    users = list(db.session.scalars(query))
    signed_in = _signed_in_at([user.id for user in users])
    return tuple(_profile(user, signed_in.get(user.id), now) for user in users)


def profile(actor: Actor, user_id: UUID, now: datetime) -> Profile:
    """Return one member of staff, or raise NotThere; for who manages users."""
    _may_manage(actor)
    user = db.session.get(User, user_id)
    if user is None:
        raise NotThere
    return _profile(user, _signed_in_at([user_id]).get(user_id), now)


def _signed_in_at(user_ids: list[UUID]) -> dict[UUID | None, datetime]:
    query = (
        select(AuditEntry.subject_id, func.max(AuditEntry.at))
        .where(AuditEntry.subject_id.in_(user_ids), AuditEntry.act == "staff.signed_in")
        .group_by(AuditEntry.subject_id)
    )
    return {row[0]: row[1] for row in db.session.execute(query)}


def _profile(user: User, signed_in_at: datetime | None, now: datetime) -> Profile:
    query = select(StaffSession).where(StaffSession.user_id == user.id)
    live = [row for row in db.session.scalars(query) if _lives(row, now)]
    said = (user.display_name, user.licence, user.about, user.about_es, user.shown_on_team)
    return Profile(
        _member(user),
        user.licence,
        user.about,
        user.about_es,
        user.shown_on_team,
        user.password is not None,
        signed_in_at,
        len(live),
        effective.mark(said),
    )


def _zone() -> str:
    query = select(Location.zone).where(Location.active).order_by(Location.name, Location.id)
    return db.session.scalar(query.limit(1)) or "UTC"


def _lives(row: StaffSession, now: datetime) -> bool:
    idle = timedelta(minutes=site.settings.staff_idle_minutes)
    return row.ended_at is None and now < row.expires_at and now - row.seen_at < idle


def _member(user: User) -> Member:
    has_factor = user.tf_totp_secret_sealed is not None
    return Member(
        user.id, user.email, user.display_name, _roles(user), bool(user.active), has_factor
    )


def _roles(user: User) -> tuple[Role, ...]:
    return tuple(sorted(Role(role.name) for role in user.roles))


def _may_manage(actor: Actor) -> None:
    if actor.kind not in (ActorKind.COMMAND, ActorKind.SYSTEM):
        actor.require(Permission.MANAGE_USERS)
