"""Flask-Security, held strictly: accounts, hashing, the password policy, the signed-in user.

None of its pages is mounted: registration, remember-me, tokens, JSON answers and a sign-in
without a second factor cannot be reached, because no route leads to them. Ours are in
clinic/blueprints/security.py, each with its policy on it; clinic.web.entrance holds the steps
between them. Flask-Security stores nothing either: services do, each with its audit entry.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, NoReturn

from flask import Flask, current_app, request, session, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_security import (
    Security,
    SQLAlchemyUserDatastore,
    current_user,
    hash_password,
    verify_password,
)

from clinic.access import Actor, ActorKind, Permission, Role
from clinic.extensions import db, site
from clinic.models import StaffRole, User
from clinic.queries import rulesets
from clinic.web import guards, sessions, words
from clinic.web.passwords import FORM, LONGEST, SHORTEST, Passwords

FACTOR = "factor"  # the stage of a session that both proofs opened
OWN_PATH = re.compile(r"/staff(/[A-Za-z0-9_~-][A-Za-z0-9_.~-]*)*/?(\?[A-Za-z0-9_.~=&%+-]*)?")
RULES = "rulesets.overview"
LINKS: tuple[tuple[str, Any, Permission | None], ...] = (
    ("desk.queue", _("Queue"), Permission.SEE_QUEUE),
    ("visits.day", _("Visits"), Permission.OFFER),
    ("enquiry_desk.overview", _("Questions"), Permission.ANSWER_ENQUIRIES),
    ("calendars.overview", _("Calendar"), Permission.SEE_CALENDAR),
    (RULES, _("Rules"), Permission.APPROVE_RULES),
    ("settings.overview", _("Settings"), Permission.MANAGE_SETTINGS),
    ("users.listing", _("Staff accounts"), Permission.MANAGE_USERS),
    ("account.overview", _("Your account"), None),
)


class WritesElsewhere(RuntimeError):
    """Accounts are changed by clinic.services alone, in one transaction with their audit entry."""


class Accounts(SQLAlchemyUserDatastore):
    """Flask-Security's way to the accounts: it finds them, and changes none."""

    def put(self, _model: object) -> NoReturn:
        """Refuse."""
        raise WritesElsewhere

    def delete(self, _model: object) -> NoReturn:
        """Refuse."""
        raise WritesElsewhere

    def commit(self) -> NoReturn:
        """Refuse."""
        raise WritesElsewhere


@dataclass(frozen=True)
class Link:
    """One link of the bar that staff pages carry."""

    href: str
    label: str
    current: bool


def init_app(app: Flask) -> None:
    """Set Flask-Security up and say how a signed-in member of staff is known."""
    app.config.update(
        SECURITY_PASSWORD_HASH="argon2",  # noqa: S106 - the name of an algorithm
        SECURITY_PASSWORD_SCHEMES=["argon2"],
        # RFC 9106 section 4, the second choice; the memory is a setting with a floor.
        SECURITY_PASSWORD_HASH_PASSLIB_OPTIONS={
            "argon2__type": "ID",
            "argon2__memory_cost": site.settings.hash_memory_kib,
            "argon2__time_cost": 3,
            "argon2__parallelism": 4,
        },
        SECURITY_PASSWORD_SALT=site.settings.password_salt,
        SECURITY_PASSWORD_LENGTH_MIN=SHORTEST,
        SECURITY_PASSWORD_NORMALIZE_FORM=FORM,
        SECURITY_API_ENABLED_METHODS=["session"],
        SECURITY_RETURN_GENERIC_RESPONSES=True,
        SECURITY_DEFAULT_REMEMBER_ME=False,
        SECURITY_FLASH_MESSAGES=False,
        SECURITY_CLI_USERS_NAME=None,
        SECURITY_CLI_ROLES_NAME=None,
    )
    accounts = Accounts(db, User, StaffRole)
    security = Security(app, accounts, register_blueprint=False, password_util_cls=Passwords)
    security.login_manager.session_protection = None  # ours are rows; networks change on phones
    security.login_manager.request_loader(lambda _request: None)  # no sign-in by token
    guards.identify_staff_with(app, signed_in_actor)
    app.context_processor(_frame)


def signed_in_actor() -> Actor | None:
    """Return who signed in with both factors in this browser, or None."""
    row = sessions.row()
    if row is None or session.get("stage") != FACTOR:
        return None
    user = current_user
    if not user.is_authenticated or user.id != row.user_id:
        return None
    roles = frozenset(Role(role.name) for role in user.roles)
    return Actor(ActorKind.STAFF, id=user.id, roles=roles, name=user.display_name)


def find(email: str | None) -> User | None:
    """Find an account by its normalised address."""
    return _extension().datastore.find_user(email=email) if email else None


def find_marked(mark: str) -> User | None:
    """Find an open account by the mark that its sessions carry; a new password changes it."""
    user: User | None = _extension().datastore.find_user(fs_uniquifier=mark)
    return user if user is not None and user.active else None


def is_password(user: User | None, typed: str) -> bool:
    """Tell whether this is the person's password; it takes as long if there is no such person."""
    if len(typed) > LONGEST:
        return False
    plain = _extension().password_util.normalize(typed)
    if user is None or user.password is None:
        hash_password(plain)
        return False
    return bool(verify_password(plain, user.password))


def hashed(password: str) -> str:
    """Hash a password that was found fit."""
    plain = _extension().password_util.normalize(password)
    text: str = hash_password(plain)
    return text


def outdated(user: User) -> bool:
    """Tell whether the password was hashed with other parameters than those of today."""
    return bool(_extension().pwd_context.needs_update(user.password))


def password_problem(password: str, user: User | None = None) -> str | None:
    """Say in words what makes a new password unfit, or return None."""
    problems, _plain = _extension().password_util.validate(password, is_register=False, user=user)
    return problems[0] if problems else None


def own_path(target: str | None) -> str | None:
    """Return a path of the staff's own pages unchanged, and None for anything else."""
    return target if target and OWN_PATH.fullmatch(target) else None


def home() -> str:
    """Return where staff begin."""
    there = "desk.queue" if "desk.queue" in current_app.view_functions else "account.overview"
    return url_for(there)


def _extension() -> Any:
    return current_app.extensions["security"]


def _frame() -> dict[str, object]:
    """Give staff pages their bar."""
    actor = guards.actor()
    if actor.kind is not ActorKind.STAFF:
        return {}
    return {
        "role_label": ", ".join(str(words.ROLES[role]) for role in sorted(actor.roles)),
        "staff_links": _links(actor),
        "staff_home_url": home(),
        "sign_out_url": url_for("security.logout"),
        "session_keep_url": url_for("account.keep"),
        "session_idle_seconds": site.settings.staff_idle_minutes * 60,
    }


def _links(actor: Actor) -> list[Link]:
    there = [
        (endpoint, label)
        for endpoint, label, permission in LINKS
        if endpoint in current_app.view_functions and (permission is None or actor.may(permission))
    ]
    return [
        Link(
            url_for(endpoint), _labelled(actor, endpoint, str(label)), request.endpoint == endpoint
        )
        for endpoint, label in there
    ]


def _labelled(actor: Actor, endpoint: str, label: str) -> str:
    """Count the therapists' notes behind the link to the rules, which nobody would look for."""
    waiting = rulesets.missed_open(actor) if endpoint == RULES else 0
    return gettext("%(page)s (%(count)s)", page=label, count=waiting) if waiting else label
