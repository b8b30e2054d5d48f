"""Makes a form that creates something create it once, whatever is clicked or retried."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from uuid import UUID

from clinic.extensions import vault
from clinic.models import Idempotency
from clinic.services.transaction import Work


class OtherBody(Exception):
    """The same key came with another body: the form was changed after it had been sent."""

    def __init__(self, made_id: UUID) -> None:
        super().__init__("the form was sent before with other content")
        self.made_id = made_id


def made_before(work: Work, key: str, purpose: str, body: Mapping[str, object]) -> UUID | None:
    """Return what this key made before, or None; raise OtherBody if the body differs."""
    row = work.session.get(Idempotency, _stored(key, purpose))
    if row is None:
        return None
    if not hmac.compare_digest(row.body_digest, _digest(body)):
        raise OtherBody(row.made_id)
    return row.made_id


def remember(work: Work, key: str, purpose: str, body: Mapping[str, object], made_id: UUID) -> None:
    """Store what this key made; a racer with the same key fails on the primary key."""
    work.session.add(
        Idempotency(
            key=_stored(key, purpose),
            purpose=purpose,
            body_digest=_digest(body),
            made_id=made_id,
            at=work.now,
        )
    )
    work.session.flush()


def _stored(key: str, purpose: str) -> str:
    return hashlib.sha256(f"{purpose}\0{key}".encode()).hexdigest()


def _digest(body: Mapping[str, object]) -> bytes:
    text = json.dumps(dict(body), sort_keys=True, ensure_ascii=True, default=str)
    return vault.ring.digest("idempotency", text)
