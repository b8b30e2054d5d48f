"""The steps from a password to a session, and the proofs that are asked again.

A right password begins a session that opens the pages of the second factor and nothing else;
the factor begins another one. Each step first passes its brakes, then is checked, then stored.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import ParamSpec

from flask import Response, after_this_request, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user, login_user, logout_user
from werkzeug.wrappers import Response as Answer

from clinic import contact
from clinic.access import Actor, ActorKind
from clinic.extensions import site, vault
from clinic.models import User
from clinic.services import factors, resets, staff, staff_sessions
from clinic.web import filters, guards, limits, security, sessions

P = ParamSpec("P")
HALFWAY = timedelta(minutes=10)  # from the password to the second factor
PASSWORD = "password"  # noqa: S105 - the stage of a session that a password alone opened
RESET_TAKES = 0.15  # seconds: longer than writing the letter takes, so that it cannot be told
DEVICE, DEVICE_LIFE = "device", timedelta(days=90)


def address(typed: str) -> str | None:
    """Return a typed e-mail address as accounts keep it, or None if it cannot be one."""
    try:
        return contact.email_key(typed)
    except contact.Unfit:
        return None


def check_password(typed_email: str, password: str) -> User | None:
    """Return the person if the password is right and the account open; all else looks the same."""
    account = address(typed_email)
    _brake_sign_in(account or "")
    user = security.find(account)
    right = security.is_password(user, password)
    if user is None or not right or not user.active:
        staff.sign_in_failed(guards.actor(), guards.now(), user.id if user else None)
        return None
    if security.outdated(user):
        renewed = security.hashed(password)
        staff.rehash(as_self(user), guards.now(), user.id, password_hash=renewed)
    staff.password_accepted(as_self(user), guards.now(), user.id)
    return user


def go_halfway(user: User, target: str | None) -> Answer:
    """Begin the session that waits for the second factor."""
    mark, has_factor = user.fs_uniquifier, user.tf_totp_secret_sealed is not None
    sessions.renew(user.id, life=HALFWAY)
    session["stage"], session["mark"] = PASSWORD, mark
    session["next"] = security.own_path(target)
    return redirect(url_for("security.factor" if has_factor else "security.set_up"), 303)


def halfway() -> User | None:
    """Return whose password was right in this browser, while the factor is still to come."""
    row = sessions.row()
    if row is None or session.get("stage") != PASSWORD:
        return None
    user = security.find_marked(session["mark"])
    return user if user is not None and user.id == row.user_id else None


def accept_code(user: User, typed: str) -> bool:
    """Tell whether this is a code of the person's app that was not used yet."""
    limits.take(limits.FACTOR, user.id.hex)
    return factors.spend_code(as_self(user), guards.now(), user.id, code=typed)


def accept_recovery_code(user: User, typed: str) -> bool:
    """Tell whether this is a recovery code of the person that was not used yet."""
    limits.take(limits.FACTOR, user.id.hex)
    language = filters.language()
    return factors.spend_recovery_code(
        as_self(user), guards.now(), user.id, code=typed, language=language
    )


def set_up(user: User, typed: str) -> list[str] | None:
    """Put the app in place whose secret this session holds; return recovery codes if it worked."""
    limits.take(limits.FACTOR, user.id.hex)
    row = sessions.row()
    return factors.set_up(
        as_self(user),
        guards.now(),
        user.id,
        secret=session["secret"],
        code=typed,
        replacing=session.get("stage") == security.FACTOR,
        session_id=row.id if row else None,
        language=filters.language(),
    )


def enter(user: User) -> None:
    """Begin the session of somebody who gave both proofs, under a new id."""
    limits.forget(limits.FACTOR, user.id.hex)
    limits.forget(limits.SIGN_IN_PAIR, user.email, limits.client())
    sessions.renew(user.id, life=timedelta(hours=site.settings.staff_hours))
    login_user(user)
    session["stage"], session["proved_at"] = security.FACTOR, guards.now().timestamp()
    _know_device(user.email)


def arrive(user: User) -> Answer:
    """Sign somebody in who gave both proofs, and lead them on."""
    target = security.own_path(session.get("next")) or security.home()
    staff.signed_in(as_self(user), guards.now(), user.id)
    enter(user)
    return redirect(target, 303)


def sign_out() -> None:
    """End the session of this browser, whatever its stage."""
    row = sessions.row()
    if row is not None:
        actor = Actor(ActorKind.STAFF, id=row.user_id, trace=guards.trace())
        staff_sessions.sign_out(actor, guards.now(), row.id)
    logout_user()
    sessions.end()


def signed_in_user() -> User:
    """Return the account behind a page that only staff may see."""
    user: User = current_user._get_current_object()  # noqa: SLF001 - the documented way to see behind the proxy
    return user


def fresh(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """Ask for both proofs again before this view unless they were given minutes ago."""

    @wraps(view)
    def asked(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        if is_fresh():
            return view(*args, **kwargs)
        back = request.path if request.method == "GET" else url_for("account.overview")
        return redirect(url_for("security.verify", next=back), 303)

    return asked


def is_fresh() -> bool:
    """Tell whether both proofs were given in the last minutes."""
    proved: float = session.get("proved_at", 0.0)
    return 0 <= guards.now().timestamp() - proved < site.settings.fresh_minutes * 60


def prove_again(password: str, code: str) -> bool:
    """Take both proofs again from somebody who is signed in; tell whether they were right."""
    user = signed_in_user()
    limits.take(limits.FACTOR, user.id.hex)
    if not security.is_password(user, password):
        staff.sign_in_failed(as_self(user), guards.now(), user.id)
        return False
    if not factors.spend_code(as_self(user), guards.now(), user.id, code=code):
        return False
    limits.forget(limits.FACTOR, user.id.hex)
    session["proved_at"] = guards.now().timestamp()
    return True


def ask_reset(typed_email: str) -> None:
    """Mail a reset link to an account with this address; without one, take as long."""
    began = time.perf_counter()
    limits.take(limits.RESET_CLIENT, limits.client())
    account = address(typed_email)
    limits.take(limits.RESET_ADDRESS, account or typed_email[:254].lower())
    resets.ask(guards.actor(), guards.now(), account, language=filters.language())
    time.sleep(max(0.0, RESET_TAKES - (time.perf_counter() - began)))


def as_self(user: User) -> Actor:
    """Return the person as actor of their own sign-in, with no role yet."""
    return Actor(ActorKind.STAFF, id=user.id, trace=guards.trace())


def _brake_sign_in(account: str) -> None:
    limits.take(limits.SIGN_IN_PAIR, account, limits.client())
    if not _is_known_device(account):
        limits.take(limits.SIGN_IN_ACCOUNT, account)
    limits.take(limits.SIGN_IN_ALL)


def _know_device(email: str) -> None:
    """Let this browser pass the brake that strangers can wear down, for this account."""
    made = int(guards.now().timestamp())
    value = f"{made}-{_device_digest(email, made)}"

    @after_this_request
    def remember(response: Response) -> Response:
        sessions.set_cookie(response, DEVICE, value, life=DEVICE_LIFE)
        return response


def _is_known_device(account: str) -> bool:
    made, _, digest = request.cookies.get(sessions.cookie_name(DEVICE), "").partition("-")
    if not made.isascii() or not made.isdigit() or len(made) > 12:
        return False
    age = guards.now().timestamp() - int(made)
    if not 0 <= age < DEVICE_LIFE.total_seconds():
        return False
    return hmac.compare_digest(digest.encode(), _device_digest(account, int(made)).encode())


def _device_digest(email: str, made: int) -> str:
    return vault.ring.digest("device", f"{email}\0{made}").hex()
