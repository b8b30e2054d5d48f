"""Staff accounts: made, disabled, given roles and passwords; each act is in the audit trail.

Who signs in is checked in clinic.web.security; what is stored about it is stored here.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, update

from clinic import effective
from clinic.access import ActorKind, NotThere, Permission, Refused, Role
from clinic.extensions import site
from clinic.models import StaffRole, Token, User
from clinic.sealing import fingerprint
from clinic.services import availability, factors, leaving, staff_sessions
from clinic.services.staff_letters import tell
from clinic.services.transaction import ChangedUnderneath, Work, writes

INVITATION = timedelta(days=3)


class AddressTaken(ValueError):
    """An account with this e-mail address exists already."""


class NoRole(ValueError):
    """A member of staff has at least one role."""


class LastAdmin(ValueError):
    """Without this person nobody could manage accounts and settings any more."""


class OwnAccount(ValueError):
    """Nobody changes their own roles or closes their own account; another admin does."""


class OnlyInDemo(RuntimeError):
    """Codes are printed for the people of the demo alone."""


@writes
def create(
    work: Work,
    *,
    email: str,
    name: str,
    roles: Iterable[Role],
    password_hash: str,
    licence: str = "",
) -> UUID:
    """Make an account that can sign in and must set up a second factor when it does."""
    _may_manage(work)
    user = _new(work, email=email, name=name, roles=roles, licence=licence)
    user.password, user.password_set_at = password_hash, work.now
    return user.id


@writes
def invite(
    work: Work,
    *,
    email: str,
    name: str,
    roles: Iterable[Role],
    licence: str = "",
    language: str = "en",
) -> UUID:
    """Make an account without a password, and mail its owner a link to choose one."""
    _may_manage(work)
    user = _new(work, email=email, name=name, roles=roles, licence=licence)
    work.session.flush()
    _mail_invitation(work, user, language)
    return user.id


@writes
def invite_again(work: Work, user_id: UUID, *, language: str = "en") -> None:
    """Mail another link to somebody who has not chosen a password yet; the earlier one is dead."""
    _may_manage(work)
    user = load(work, user_id)
    if user.password is not None or not user.active:
        raise NotThere
    _mail_invitation(work, user, language)


@writes
def describe(
    work: Work,
    user_id: UUID,
    *,
    name: str,
    licence: str,
    about: str,
    about_es: str,
    shown_on_team: bool,
    seen: int,
) -> None:
    """Change what colleagues and the team page say of a person, unless it changed meanwhile."""
    _may_manage(work)
    user = load(work, user_id)
    if effective.mark(described(user)) != seen:
        raise ChangedUnderneath
    user.display_name, user.licence = name, licence
    user.about, user.about_es, user.shown_on_team = about, about_es, shown_on_team
    work.audit("user.described", "user", user_id, shown=shown_on_team)


def described(user: User) -> tuple[object, ...]:
    """Give what is said of a person, to tell whether it has changed."""
    return user.display_name, user.licence, user.about, user.about_es, user.shown_on_team


@writes
def disable(work: Work, user_id: UUID) -> None:
    """Close an account; its sessions end with the same commit."""
    _may_manage(work)
    user = load(work, user_id)
    _refuse_own_or_last(work, user, keeps=())
    user.active = False
    revoke_resets(work, user_id)
    _end(work, user)
    availability.therapist_gone(work, user_id)
    leaving.give_back(work, user_id)
    work.audit("user.disabled", "user", user_id)


@writes
def enable(work: Work, user_id: UUID) -> None:
    """Open an account again."""
    _may_manage(work)
    load(work, user_id).active = True
    work.audit("user.enabled", "user", user_id)


@writes
def change_roles(work: Work, user_id: UUID, *, roles: Iterable[Role]) -> None:
    """Give a person other roles; they sign in anew to use them."""
    _may_manage(work)
    user, given = load(work, user_id), _roles(work, roles)
    _refuse_own_or_last(work, user, keeps=[role.name for role in given])
    user.roles = given
    _end(work, user)
    if not {Role.THERAPIST, Role.LEAD_THERAPIST} & {role.name for role in given}:
        availability.therapist_gone(work, user_id)
    work.audit("user.roles", "user", user_id, roles=sorted(role.name for role in user.roles))


@writes
def end_sessions(work: Work, user_id: UUID) -> int:
    """End every session of a person; return how many lived."""
    _may_manage(work)
    count = _end(work, load(work, user_id))
    work.audit("staff.sessions_ended", "user", user_id, count=count)
    return count


@writes
def reset_factor(work: Work, user_id: UUID, *, language: str = "en") -> None:
    """Take a lost second factor away; the person sets up another one at the next sign-in."""
    _may_manage(work)
    user = load(work, user_id)
    user.tf_totp_secret = user.tf_primary_method = user.totp_window = None
    user.mf_recovery_codes = None
    _end(work, user)
    work.audit("staff.factor_removed", "user", user_id)
    tell(work, user, "staff_factor_removed", language)


@writes
def sign_in_failed(work: Work, user_id: UUID | None) -> None:
    """Note a wrong password; who has no account is noted too, and takes as long."""
    work.audit("staff.sign_in_failed", "user", user_id)


@writes
def password_accepted(work: Work, user_id: UUID) -> None:
    """Note a right password: the second factor is still to come."""
    work.audit("staff.password_accepted", "user", user_id)


@writes
def signed_in(work: Work, user_id: UUID) -> None:
    """Note a sign-in, second factor included; open reset links of the person die."""
    revoke_resets(work, user_id)
    work.audit("staff.signed_in", "user", user_id)


@writes
def rehash(work: Work, user_id: UUID, *, password_hash: str) -> None:
    """Store the same password under the present hash parameters."""
    load(work, user_id).password = password_hash
    work.audit("staff.password_rehashed", "user", user_id)


@writes
def change_password(
    work: Work, user_id: UUID, *, password_hash: str, session_id: UUID, language: str = "en"
) -> None:
    """Store one's own new password; every other session ends."""
    if work.actor.id != user_id:
        raise Refused("another person's password")
    new_password(
        work, load(work, user_id), password_hash=password_hash, keep=session_id, language=language
    )


def new_password(
    work: Work, user: User, *, password_hash: str, keep: UUID | None, language: str
) -> None:
    """Store a password, end the sessions and reset links that came before, and say so by mail."""
    user.password, user.password_set_at = password_hash, work.now
    _end(work, user, keep=keep)
    revoke_resets(work, user.id)
    work.audit("staff.password_changed", "user", user.id)
    tell(work, user, "staff_password_changed", language)


def revoke_resets(work: Work, user_id: UUID) -> None:
    """Revoke every open reset link of a person."""
    work.session.execute(
        update(Token)
        .where(
            Token.purpose == "reset",
            Token.user_id == user_id,
            Token.used_at.is_(None),
            Token.revoked_at.is_(None),
        )
        .values(revoked_at=work.now)
        .execution_options(synchronize_session=False)
    )


def load(work: Work, user_id: UUID) -> User:
    """Lock and return an account, or raise NotThere."""
    user = work.session.scalar(select(User).where(User.id == user_id).with_for_update())
    if user is None:
        raise NotThere
    return user


def current_code(user: User, now: datetime) -> str:
    """Compute the code that a person of the demo would read off their phone; the demo alone."""
    if site.settings.mode != "demo":
        raise OnlyInDemo
    if user.tf_totp_secret is None:
        raise NotThere
    unused = (user.totp_window or 0) + 1
    return factors.code_of(user.tf_totp_secret, max(factors.window(now), unused))


def _new(work: Work, *, email: str, name: str, roles: Iterable[Role], licence: str) -> User:
    if work.session.scalar(select(User.id).where(User.email == email)) is not None:
        raise AddressTaken(email)
    user = User(
        email=email,
        display_name=name,
        licence=licence,
        active=True,
        fs_uniquifier=work.random(32).hex(),
        created_at=work.now,
    )
    user.roles = _roles(work, roles)
    work.session.add(user)
    work.audit("user.created", "user", user.id, roles=sorted(role.name for role in user.roles))
    return user


def _mail_invitation(work: Work, user: User, language: str) -> None:
    """Mail a link for a first password; it opens nothing else, and an app is still to be set up."""
    revoke_resets(work, user.id)
    secret = base64.urlsafe_b64encode(work.random(32)).rstrip(b"=").decode("ascii")
    work.session.add(
        Token(
            purpose="reset",
            fingerprint=fingerprint(secret),
            user_id=user.id,
            made_at=work.now,
            expires_at=work.now + INVITATION,
        )
    )
    work.audit("user.invited", "user", user.id)
    days = INVITATION.days
    tell(work, user, "staff_invited", language, name=user.display_name, token=secret, days=days)


def _refuse_own_or_last(work: Work, user: User, *, keeps: Iterable[str]) -> None:
    """Let nobody raise or close themselves, and leave one admin who can sign in."""
    if work.actor.kind is not ActorKind.STAFF:
        return  # whoever may run commands can make another admin, and may have to close one now
    if work.actor.id == user.id:
        raise OwnAccount
    if Role.ADMIN in keeps or Role.ADMIN not in {role.name for role in user.roles}:
        return
    admins = (
        select(User)
        .where(
            User.active,
            User.password.is_not(None),
            User.roles.any(StaffRole.name == Role.ADMIN),
        )
        .order_by(User.id)
        .with_for_update()
    )
    if not [one for one in work.session.scalars(admins) if one.id != user.id]:
        raise LastAdmin


def _end(work: Work, user: User, *, keep: UUID | None = None) -> int:
    """End a person's sessions twice over: the rows, and the mark that every session carries."""
    user.fs_uniquifier = work.random(32).hex()
    return staff_sessions.end_all(work, user.id, keep=keep)


def _roles(work: Work, roles: Iterable[Role]) -> list[StaffRole]:
    names = {str(role) for role in roles}
    if not names:
        raise NoRole
    query = select(StaffRole).where(StaffRole.name.in_(names)).order_by(StaffRole.name)
    return list(work.session.scalars(query))


def _may_manage(work: Work) -> None:
    if work.actor.kind not in (ActorKind.COMMAND, ActorKind.SYSTEM):
        work.actor.require(Permission.MANAGE_USERS)
