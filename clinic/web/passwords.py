"""What a password may be: long enough, not common, nothing else is asked of it.

No rules about kinds of characters (ASVS 5.0, 6.2.5). Common passwords are refused offline, by
the list of 30,000 that zxcvbn ships, and so are those made of one by repeating or by padding.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import Any, Literal

from flask_babel import gettext as _
from flask_security import PasswordUtil
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from clinic.extensions import site
from clinic.models import User

SHORTEST, LONGEST = 15, 128
FORM: Literal["NFKC"] = (
    "NFKC"  # NIST SP 800-63B-4, 3.1.1.2: the same characters typed on another keyboard
)
FEW = 5  # different characters: fewer are a pattern
EDGES = "0123456789!?.,-_*#$@ "


class Passwords(PasswordUtil):
    """Flask-Security's place for a password policy."""

    def normalize(self, password: str) -> str:
        """Write equal characters in one way."""
        return unicodedata.normalize(FORM, password)

    def validate(
        self,
        password: str,
        is_register: bool,  # noqa: FBT001 - the library's signature
        **context: Any,
    ) -> tuple[list[str] | None, str]:
        """Return what is wrong with a password, or None, and the password as it is hashed."""
        if len(password) > LONGEST:  # before any work: it may be megabytes
            return [_too_long()], ""
        plain = self.normalize(password)
        problem = _problem(plain, context.get("user"))
        return ([problem] if problem else None), plain


def is_common(password: str) -> bool:
    """Tell whether a password is on the list, or made of one that is by repeating or padding."""
    low = password.casefold()
    core = low.strip(EDGES)
    if len(set(low)) < FEW or low in _common() or core in _common():
        return True
    parts = [low[:size] for size in range(1, len(low) // 2 + 1) if not len(low) % size]
    return any(part * (len(low) // len(part)) == low for part in parts)


def _problem(plain: str, user: User | None) -> str | None:
    text: str | None = None
    if len(plain) < SHORTEST:
        text = _(
            "Use %(count)s characters or more. A few words in a row work well.", count=SHORTEST
        )
    elif len(plain) > LONGEST:
        text = _too_long()
    elif is_common(plain):
        text = _("This password is too common. Choose one that nobody would guess.")
    elif _about(plain, user):
        text = _("Choose a password without your name, your email or the name of the clinic.")
    return text


def _too_long() -> str:
    text: str = _("Use %(count)s characters or fewer.", count=LONGEST)
    return text


def _about(plain: str, user: User | None) -> bool:
    """Tell whether little is left of a password without the words that others would try first."""
    known = [site.settings.clinic_name]
    if user is not None:
        known += [user.email, user.email.partition("@")[0], user.display_name]
    left = plain.casefold()
    for words in known:
        for word in (words, *words.split()):
            if len(word) > 3:
                left = left.replace(word.casefold(), "")
    return len(left.strip(EDGES)) < SHORTEST // 2


@cache
def _common() -> frozenset[str]:
    return frozenset(FREQUENCY_LISTS["passwords"])
