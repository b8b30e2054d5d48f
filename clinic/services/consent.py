"""Consent to the use of data: which text, in which language, when, by whom.

The texts are files, ``templates/consent/<version>.<language>.txt``; a new wording is a new
version beside the old one, so that what somebody agreed to can always be read again.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib import resources

from sqlalchemy import select

from clinic.models import Consent, Request
from clinic.services import phone_entries
from clinic.services.transaction import Work

CURRENT = "1"


@dataclass(frozen=True)
class Part:
    """One heading of the text with its paragraphs."""

    title: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True)
class ConsentText:
    """One wording of what is done with the data."""

    version: str
    language: str
    hash: str
    parts: tuple[Part, ...]


@cache
def text(language: str, version: str = CURRENT) -> ConsentText:
    """Read one wording; its hash is that of the file."""
    file = resources.files("clinic").joinpath(f"templates/consent/{version}.{language}.txt")
    content = file.read_text(encoding="utf-8")
    parts = (part.strip().split("\n") for part in content.split("# ") if part.strip())
    return ConsentText(
        version,
        language,
        hashlib.sha256(content.encode()).hexdigest(),
        tuple(Part(lines[0], tuple(line for line in lines[1:] if line)) for lines in parts),
    )


def record(work: Work, request: Request, *, language: str) -> None:
    """Store that the present text was agreed to in this language, once.

    Where a member of staff writes, they read it out and heard the yes: they stand beside it.
    """
    shown = text(language)
    if _given(work, request, shown.hash):
        return
    work.session.add(
        Consent(
            request_id=request.id,
            text_version=shown.version,
            text_hash=shown.hash,
            language=language,
            given_by=request.answered_by,
            given_at=work.now,
            heard_by_id=work.actor.id if phone_entries.by_staff(work) else None,
        )
    )
    how = "by voice" if phone_entries.by_staff(work) else "on the page"
    detail = {"text": shown.version, "language": language, "how": how}
    work.audit("consent.given", "request", request.id, **detail)


def given(work: Work, request: Request) -> bool:
    """Tell whether the present version was agreed to, in any language."""
    query = select(Consent.id).where(
        Consent.request_id == request.id, Consent.text_version == CURRENT
    )
    return work.session.scalars(query.limit(1)).first() is not None


def _given(work: Work, request: Request, text_hash: str) -> bool:
    query = select(Consent.id).where(
        Consent.request_id == request.id, Consent.text_hash == text_hash
    )
    return work.session.scalars(query.limit(1)).first() is not None
