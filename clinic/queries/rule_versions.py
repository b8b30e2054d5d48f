"""A stored version of the rules by what an operator types."""

from __future__ import annotations

import re

from sqlalchemy import select

from clinic import in_force
from clinic.extensions import db
from clinic.models import RulesetDraft, RulesetVersion
from clinic.screening import editions, rules
from clinic.screening.rules import Ruleset
from clinic.screening.stored import KeptRules

RUNNING, FILES = "running", "files"
LEAST = 6  # letters of a hash that name a version


class NoSuchVersion(LookupError):
    """No stored version and no open draft, or more than one, has a hash that begins so."""


def find(named: str) -> Ruleset:
    """Return the version that runs, the one that ships, or a stored one or a draft by its hash."""
    if named == RUNNING:
        return in_force.running().ruleset
    if named == FILES:
        return rules.shipped_rules()
    digest = named.rpartition("+")[2]  # a version is written as its edition, a plus, its hash
    if not re.fullmatch(rf"[0-9a-f]{{{LEAST},64}}", digest):
        raise NoSuchVersion("no such file, and no hash of a stored version")
    query = select(RulesetVersion.hash).where(RulesetVersion.hash.startswith(digest))
    versions = set(db.session.scalars(query))
    begun = select(RulesetDraft).where(
        RulesetDraft.hash.startswith(digest), RulesetDraft.ended_at.is_(None)
    )
    drafts = {draft.hash: draft for draft in db.session.scalars(begun)}
    found = versions | drafts.keys()
    if len(found) != 1:
        raise NoSuchVersion(f"{len(found)} stored versions begin so")
    (whole_hash,) = found
    kept = in_force.version(whole_hash) if versions else _drafted(drafts[whole_hash])
    if not kept.whole:
        raise NoSuchVersion("this version cannot be read in full any more")
    return kept.ruleset


def _drafted(draft: RulesetDraft) -> KeptRules:
    """Make the version that an open draft comes to, which nobody has tried or signed yet."""
    base = in_force.version(draft.base_hash)
    ruleset = editions.apply(base.ruleset, editions.read(draft.changes))
    return KeptRules(ruleset, whole=base.whole and ruleset.hash == draft.hash)
