"""A stored version of the rules by what an operator types."""

from __future__ import annotations

import re

from sqlalchemy import select

from clinic import in_force
from clinic.extensions import db
from clinic.models import RulesetVersion
from clinic.screening import rules
from clinic.screening.rules import Ruleset

RUNNING, FILES = "running", "files"
LEAST = 6  # letters of a hash that name a version


class NoSuchVersion(LookupError):
    """No stored version, or more than one, has a hash that begins so."""


def find(named: str) -> Ruleset:
    """Return the version that runs, the one that ships, or a stored one by its hash."""
    if named == RUNNING:
        return in_force.running().ruleset
    if named == FILES:
        return rules.shipped_rules()
    digest = named.rpartition("+")[2]  # a version is written as its edition, a plus, its hash
    if not re.fullmatch(rf"[0-9a-f]{{{LEAST},64}}", digest):
        raise NoSuchVersion("no such file, and no hash of a stored version")
    query = select(RulesetVersion.hash).where(RulesetVersion.hash.startswith(digest))
    found = db.session.scalars(query.order_by(RulesetVersion.hash)).all()
    if len(found) != 1:
        raise NoSuchVersion(f"{len(found)} stored versions begin so")
    kept = in_force.version(found[0])
    if not kept.whole:
        raise NoSuchVersion("this version cannot be read in full any more")
    return kept.ruleset
