"""What is said of a location: where it is, by which clock, and under which law."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

LAWS = ("permitted", "silent", "prohibited")


@dataclass(frozen=True)
class Particulars:
    """All that an admin says of a location."""

    name: str
    address: str
    phone: str
    zone: str
    state: str
    needling_law: str
    legal_basis: str
    law_reviewed_on: date | None
    law_review_by: date | None
    active: bool
