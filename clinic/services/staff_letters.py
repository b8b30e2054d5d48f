"""Letters to members of staff about their own accounts."""

from __future__ import annotations

from typing import Any

from clinic.models import User
from clinic.services import outbox
from clinic.services.transaction import Work


def tell(work: Work, user: User, kind: str, language: str, **context: Any) -> None:
    """Queue a letter to a member of staff; every act is told, so each has a key of its own."""
    key = f"{user.id.hex}:{kind}:{work.random(8).hex()}"
    outbox.enqueue(work, kind, to=user.email, language=language, dedupe_key=key, **context)
