"""The rules as if nothing were still to come, drafted, tried, approved and put in force."""

import json
from datetime import date, datetime
from functools import cache
from typing import Any
from uuid import UUID, uuid4

from clinic import in_force
from clinic.access import SYSTEM, Actor
from clinic.extensions import db
from clinic.models import RulesetDraft
from clinic.screening import answers as reading
from clinic.screening import questionnaire, rules, source
from clinic.screening.rules import Ruleset
from clinic.services import intakes, rulesets, tracks, trials
from clinic.services.rulesets import FILES, ItemChange
from clinic.services.transaction import Work, writes
from tests.support.patients import Patient, mildest

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


def arrives(now: datetime, patient: Patient) -> UUID:
    """Send a patient's whole history in one step, which is screened as any other."""
    request_id = patient.begins(now)
    _receive(patient.actor, now, request_id, answers=whole(patient), language=patient.language)
    return request_id


@writes
def _receive(work: Work, request_id: UUID, *, answers: dict[str, Any], language: str) -> None:
    request = tracks.load(work, request_id)
    intakes.receive(work, request)
    intakes.append(work, request, answers=answers, trail=(), complete=True, language=language)


def whole(patient: Patient) -> dict[str, Any]:
    """Every answer of a patient: those that are named, and the mildest to all else."""
    questions, day = questionnaire.shipped(patient.language), date(2026, 11, 23)
    given: dict[str, Any] = {
        "minor": patient.born.isoformat(),
        "wanted_regions": list(patient.regions),
        "free_text.hopes": patient.hopes,
    }
    while True:
        known = reading.read(given, questions)
        fresh = [
            one
            for one in questions.questions.values()
            if one.id not in given
            and one.asked != "derived"
            and (one.id in patient.answers or not one.optional)
            and questionnaire.visible(one, known, as_of=day)
        ]
        if not fresh:
            return given
        given |= {one.id: patient.answers.get(one.id, mildest(one)) for one in fresh}


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
