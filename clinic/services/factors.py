"""The second factor: codes of an authenticator app (RFC 6238), and recovery codes.

Each code is good once: the 30-second window that was used is stored by one conditional UPDATE,
so that of two requests with the same code one is refused. Recovery codes are kept only as keyed
digests and are shown when they are made.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from sqlalchemy import or_, select, update
from sqlalchemy.engine import CursorResult

from clinic.access import ActorKind, NotThere, Refused
from clinic.extensions import vault
from clinic.models import User
from clinic.services import staff_sessions
from clinic.services.staff_letters import tell
from clinic.services.transaction import Work, writes

STEP = 30  # seconds, with 6 digits and SHA-1: what every authenticator app takes for granted
DRIFT = 1  # windows before and after: RFC 6238 section 5.2
METHOD = "authenticator"
RECOVERY_CODES = 10
ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"  # nothing that is misread


def new_secret(random: Callable[[int], bytes]) -> str:
    """Make a 160-bit secret in the base32 that authenticator apps read."""
    return base64.b32encode(random(20)).decode("ascii")


def address(secret: str, *, account: str, issuer: str) -> str:
    """Write the secret as the address that an authenticator app reads from a QR code."""
    return _app(secret).get_provisioning_uri(account, issuer)


def window(now: datetime) -> int:
    """Number the 30-second window of an instant."""
    return int(now.timestamp()) // STEP


def code_of(secret: str, number: int) -> str:
    """Compute the six digits of one window."""
    return _app(secret).generate(number * STEP).decode("ascii")


def matching_window(secret: str, typed: str, now: datetime) -> int | None:
    """Find the window to which a typed code belongs, one to either side of now allowed."""
    digits = "".join(character for character in typed if not character.isspace())
    if len(digits) != 6 or not digits.isascii() or not digits.isdigit():
        return None
    here, found = window(now), None
    for number in range(here - DRIFT, here + DRIFT + 1):
        if hmac.compare_digest(code_of(secret, number), digits):
            found = number
    return found


@writes
def spend_code(work: Work, user_id: UUID, *, code: str) -> bool:
    """Accept a code of the person's app, once; tell whether it was right."""
    user = _load(work, user_id)
    number = matching_window(user.tf_totp_secret, code, work.now) if user.tf_totp_secret else None
    right = number is not None and _take_window(work, user_id, number)
    work.audit("staff.factor_accepted" if right else "staff.factor_refused", "user", user_id)
    return right


@writes
def spend_recovery_code(work: Work, user_id: UUID, *, code: str, language: str = "en") -> bool:
    """Accept a recovery code, once; tell whether it was right, and the person by letter."""
    user = _load(work, user_id)
    known, typed = user.mf_recovery_codes or [], recovery_digest(code)
    if typed not in known:
        work.audit("staff.recovery_refused", "user", user_id)
        return False
    left = [digest for digest in known if digest != typed]
    user.mf_recovery_codes = left
    work.audit("staff.recovery_accepted", "user", user_id, left=len(left))
    tell(work, user, "staff_recovery_used", language, left=len(left))
    return True


@writes
def set_up(
    work: Work,
    user_id: UUID,
    *,
    secret: str,
    code: str,
    replacing: bool = False,
    session_id: UUID | None = None,
    language: str = "en",
) -> list[str] | None:
    """Store a new app once a code of it was typed; return recovery codes, or None if wrong.

    Without ``replacing`` only somebody without a factor gets one: who has merely typed a
    password cannot put another app in place.
    """
    user = _load(work, user_id)
    if (user.tf_totp_secret is not None) is not replacing:
        raise Refused("a second factor is in place")
    number = matching_window(secret, code, work.now)
    if number is None:
        work.audit("staff.factor_refused", "user", user_id)
        return None
    user.tf_totp_secret, user.tf_primary_method, user.totp_window = secret, METHOD, number
    codes = _make_recovery_codes(work, user)
    if replacing:
        staff_sessions.end_all(work, user_id, keep=session_id)
    work.audit("staff.factor_set", "user", user_id, replacing=replacing)
    tell(work, user, "staff_factor_set", language)
    return codes


@writes
def renew_recovery_codes(work: Work) -> list[str]:
    """Replace the person's recovery codes; the earlier ones are dead."""
    if work.actor.kind is not ActorKind.STAFF or work.actor.id is None:
        raise NotThere
    codes = _make_recovery_codes(work, _load(work, work.actor.id))
    work.audit("staff.recovery_renewed", "user", work.actor.id)
    return codes


def recovery_digest(typed: str) -> str:
    """Give the keyed digest of a recovery code; case, blanks and hyphens do not count."""
    plain = "".join(character for character in typed.lower() if character in ALPHABET)
    return vault.ring.digest("recovery", plain).hex()


def _make_recovery_codes(work: Work, user: User) -> list[str]:
    codes = [_recovery_code(work.random) for _ in range(RECOVERY_CODES)]
    user.mf_recovery_codes = [recovery_digest(code) for code in codes]
    return codes


def _recovery_code(random: Callable[[int], bytes]) -> str:
    letters = ""
    while len(letters) < 12:
        # Bytes that would favour the first letters of the alphabet are thrown away.
        fair = [byte for byte in random(16) if byte < 256 - 256 % len(ALPHABET)]
        letters += "".join(ALPHABET[byte % len(ALPHABET)] for byte in fair)
    return "-".join((letters[:4], letters[4:8], letters[8:12]))


def _take_window(work: Work, user_id: UUID, number: int) -> bool:
    result = work.session.execute(
        update(User)
        .where(User.id == user_id, or_(User.totp_window.is_(None), User.totp_window < number))
        .values(totp_window=number)
        .execution_options(synchronize_session=False)
    )
    return isinstance(result, CursorResult) and result.rowcount == 1


def _load(work: Work, user_id: UUID) -> User:
    user = work.session.scalar(select(User).where(User.id == user_id).with_for_update())
    if user is None or not user.active:
        raise NotThere
    return user


def _app(secret: str) -> TOTP:
    try:
        key = base64.b32decode(secret)
    except binascii.Error as error:
        raise ValueError("the secret is not base32") from error
    return TOTP(key, 6, SHA1(), STEP)  # noqa: S303 - RFC 6238; HMAC does not rest on collisions
