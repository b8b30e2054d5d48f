"""The rules as if nothing were still to come, drafted, tried, approved and put in force."""

import json
from datetime import datetime
from functools import cache
from uuid import UUID, uuid4

from clinic import in_force
from clinic.access import SYSTEM, Actor
from clinic.extensions import db
from clinic.models import RulesetDraft
from clinic.screening import rules, source
from clinic.screening.rules import Ruleset
from clinic.services import rulesets, trials
from clinic.services.rulesets import FILES, ItemChange

SHIPPED = rules.shipped_rules()


@cache
def complete() -> Ruleset:
    """The rules that ship; what is still to come is taken off the list."""
    if SHIPPED.complete:
        return SHIPPED
    value = json.loads(SHIPPED.document)
    for section in value["sections"]["sections"]:
        section["items"] = [one for one in section.get("items", ()) if one in value["items"]]
    found = rules.from_document(source.document(value))
    assert found.complete
    return found


def draft(lead: Actor, now: datetime, *changes: ItemChange, base: str = FILES) -> UUID:
    """Begin a draft, and change what is asked for, as the page of each item does."""
    draft_id = rulesets.begin(lead, now, base, key=uuid4().hex)
    for change in changes:
        rulesets.change(lead, now, draft_id, change, seen=seen(draft_id))
    return draft_id


def seen(draft_id: UUID) -> int:
    """The version of a draft as its page shows it now."""
    return stored(draft_id).version


def stored(draft_id: UUID) -> RulesetDraft:
    """A draft as it is stored now."""
    db.session.rollback()
    return db.session.get_one(RulesetDraft, draft_id)


def tried(lead: Actor, now: datetime, draft_id: UUID) -> UUID:
    """Run a draft over the stored histories, all the way."""
    trial_id = trials.begin(lead, now, stored(draft_id).hash, every=False)
    while trials.advance(SYSTEM, now):
        pass
    return trial_id


def approved(lead: Actor, now: datetime, draft_id: UUID) -> str:
    """Try a draft and sign it."""
    tried(lead, now, draft_id)
    return rulesets.approve(lead, now, draft_id, seen=seen(draft_id))


def puts_in_force(lead: Actor, now: datetime, *changes: ItemChange, base: str = FILES) -> str:
    """Go all the way from a draft to the version in force."""
    digest = approved(lead, now, draft(lead, now, *changes, base=base))
    db.session.rollback()
    rulesets.put_in_force(lead, now, digest, seen=in_force.digest_in_force() or "")
    return digest
