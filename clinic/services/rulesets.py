"""Rulesets as versions: a lead therapist drafts, approves with their name, and puts in force.

A version's document and hash never change. What is in force is one row at most; the database
holds that, and that no version leaves the state of a draft without an approval.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import select

from clinic import in_force
from clinic.access import NotThere, Permission
from clinic.models import Intake, RulesetDraft, RulesetTrial, RulesetVersion
from clinic.screening import editions, rules
from clinic.screening.editions import Changes
from clinic.screening.rules import Ruleset
from clinic.services import idempotency, screenings, transaction
from clinic.services.transaction import ChangedUnderneath, Work, writes

FILES = "files"  # what ships, with the figures and switches of the version in force
LEAST_REASON = 10  # letters: a sentence, not a dash

# Of two who put a version in force at once, one meets the other's row.
transaction.tell("uq_ruleset_in_force", ChangedUnderneath)
transaction.tell("ruleset_version.state", ChangedUnderneath)  # as SQLite names the same


class CannotApprove(Exception):
    """A version cannot be approved or put in force as it stands; the problem is a code."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


@dataclass(frozen=True)
class ItemChange:
    """What the page of one item says: its figures, which are verified, and rules not to run."""

    item: str
    values: Mapping[str, int | float] = field(default_factory=dict)
    verified: Mapping[str, bool] = field(default_factory=dict)
    off: Mapping[str, tuple[str, str]] = field(default_factory=dict)


@writes
def begin(work: Work, base: str, *, key: str) -> UUID:
    """Begin a draft from the data files or from a stored version, by its hash."""
    work.actor.require(Permission.APPROVE_RULES)
    made = idempotency.made_before(work, key, "ruleset draft", {"base": base})
    if made is not None:
        return made
    ruleset, changes = _begun_from(work, base)
    draft = RulesetDraft(
        base_hash=ruleset.hash,
        hash=editions.apply(ruleset, changes).hash,
        changes=changes.to_text(),
        made_at=work.now,
        made_by_id=work.actor.id,
        changed_at=work.now,
        changed_by_id=work.actor.id,
    )
    work.session.add(draft)
    work.session.flush()
    work.audit("ruleset_draft.begun", "ruleset_draft", draft.id, base=draft.base_hash)
    idempotency.remember(work, key, "ruleset draft", {"base": base}, draft.id)
    return draft.id


def _begun_from(work: Work, base: str) -> tuple[Ruleset, Changes]:
    if base == FILES:
        ruleset, running = rules.shipped_rules(), in_force.running()
        screenings.keep_ruleset(work, ruleset)
        return ruleset, editions.carried(ruleset, running.ruleset)
    if work.session.get(RulesetVersion, base) is None:
        raise NotThere
    kept = in_force.version(base)
    if not kept.whole:
        raise CannotApprove("not_whole")
    return kept.ruleset, Changes()


@writes
def change(work: Work, draft_id: UUID, given: ItemChange, *, seen: int) -> None:
    """Change the figures and switches of one item; raise Unfit where one cannot be so."""
    work.actor.require(Permission.APPROVE_RULES)
    draft = _open(work, draft_id, seen=seen)
    base = in_force.version(draft.base_hash).ruleset
    for name, (_code, reason) in given.off.items():
        if len(reason.strip()) < LEAST_REASON:
            raise editions.Unfit(name, "reason_missing")
    changes = merged(base, editions.read(draft.changes), given)
    ruleset = editions.apply(base, changes)
    if draft.changes != changes.to_text():
        draft.changes, draft.hash = changes.to_text(), ruleset.hash
        draft.changed_at, draft.changed_by_id = work.now, _who(work)
        work.audit("ruleset_draft.changed", "ruleset_draft", draft.id, hash=draft.hash)


def merged(base: Ruleset, before: Changes, given: ItemChange) -> Changes:
    """Lay what one item's page says over what the draft said before."""
    figures = {name for name in base.settings if name.startswith(f"{given.item}.")}
    own = {rules.name_of(rule) for rule in editions.every_rule(base, given.item)}
    values = {name: one for name, one in before.values.items() if name not in figures}
    values |= {
        name: one
        for name, one in given.values.items()
        if name not in base.settings or one != base.settings[name].value
    }
    verified = {name: one for name, one in before.verified.items() if name not in figures}
    verified |= {
        name: one
        for name, one in given.verified.items()
        if name not in base.settings or one != base.settings[name].verified
    }
    off = {name: why for name, why in before.off.items() if name not in own}
    for name, (code, reason) in given.off.items():
        known = base.switched_off.get(name)
        if known is None or (known.code, known.reason) != (code, reason.strip()):
            off[name] = (code, reason.strip())
    on = {name for name in before.on if name not in own}
    on |= {name for name in base.switched_off if name in own and name not in given.off}
    return Changes(values, verified, off, tuple(sorted(on)))


@writes
def discard(work: Work, draft_id: UUID, *, seen: int) -> None:
    """Give a draft up; it stays on record."""
    work.actor.require(Permission.APPROVE_RULES)
    draft = _open(work, draft_id, seen=seen)
    draft.ended_at, draft.ended_as = work.now, "discarded"
    work.audit("ruleset_draft.discarded", "ruleset_draft", draft.id)


@writes
def approve(work: Work, draft_id: UUID, *, seen: int) -> str:
    """Sign the version that a draft comes to, once it was tried on the stored histories."""
    work.actor.require(Permission.APPROVE_RULES)
    draft = _open(work, draft_id, seen=seen)
    ruleset = draft_ruleset(draft)
    if ruleset.hash != draft.hash:  # the files were read otherwise when it was saved
        raise CannotApprove("not_whole")
    screenings.keep_ruleset(work, ruleset)
    version = _locked(work, ruleset.hash)
    if version.state != "draft":
        raise CannotApprove("signed_before")
    _require_tried(work, version.hash)
    version.state, version.retired_at = "approved", None
    version.approved_by_id, version.approved_name = _who(work), work.actor.name
    version.approved_at = work.now
    draft.ended_at, draft.ended_as = work.now, "approved"
    work.audit("ruleset.approved", "ruleset", draft.id, hash=version.hash)
    return version.hash


@writes
def put_in_force(work: Work, digest: str, *, seen: str) -> None:
    """Run this version from now on; the one before is retired.

    ``seen`` is the hash of the version that was in force on the page, or empty.
    """
    work.actor.require(Permission.APPROVE_RULES)
    before = _in_force(work, seen=seen)
    version = _locked(work, digest)
    if version.state not in ("approved", "retired"):
        raise CannotApprove("not_signed" if version.state == "draft" else "in_force_before")
    kept = in_force.version(digest)
    if not kept.whole or kept.ruleset.hash != digest:
        raise CannotApprove("not_whole")
    _require_tried(work, digest)
    if before is not None:
        before.state, before.retired_at = "retired", work.now
        work.session.flush()
        work.audit("ruleset.retired", "ruleset", None, hash=before.hash)
    version.state, version.in_force_at, version.retired_at = in_force.IN_FORCE, work.now, None
    work.session.flush()
    work.audit("ruleset.put_in_force", "ruleset", None, hash=digest)


@writes
def take_out_of_force(work: Work, digest: str, *, seen: str) -> None:
    """Retire the version in force without another: what ships runs, and clears nobody."""
    work.actor.require(Permission.APPROVE_RULES)
    before = _in_force(work, seen=seen)
    if before is None or before.hash != digest:
        raise ChangedUnderneath
    before.state, before.retired_at = "retired", work.now
    work.audit("ruleset.retired", "ruleset", None, hash=digest)


def draft_ruleset(draft: RulesetDraft) -> Ruleset:
    """Make the version that a draft comes to."""
    base = in_force.version(draft.base_hash).ruleset
    return editions.apply(base, editions.read(draft.changes))


def running_hash(work: Work) -> str:
    """Keep the version that runs now, and return its hash."""
    ruleset = in_force.running().ruleset
    screenings.keep_ruleset(work, ruleset)
    return ruleset.hash


def _open(work: Work, draft_id: UUID, *, seen: int) -> RulesetDraft:
    query = select(RulesetDraft).where(RulesetDraft.id == draft_id).with_for_update()
    draft = work.session.scalars(query).one_or_none()
    if draft is None:
        raise NotThere
    if draft.version != seen or draft.ended_at is not None:
        raise ChangedUnderneath
    return draft


def _locked(work: Work, digest: str) -> RulesetVersion:
    query = select(RulesetVersion).where(RulesetVersion.hash == digest).with_for_update()
    version = work.session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if version is None:
        raise NotThere
    return version


def _in_force(work: Work, *, seen: str) -> RulesetVersion | None:
    query = select(RulesetVersion).where(RulesetVersion.state == in_force.IN_FORCE)
    before = work.session.scalars(query.with_for_update()).one_or_none()
    if (before.hash if before else "") != seen:
        raise ChangedUnderneath
    return before


def _require_tried(work: Work, digest: str) -> None:
    """Ask for a trial against the version that runs now, unless no history is stored at all."""
    if work.session.scalars(select(Intake.id).limit(1)).first() is None:
        return
    if running_hash(work) == digest:
        return  # it screens all of them already
    query = select(RulesetTrial.id).where(
        RulesetTrial.new_hash == digest,
        RulesetTrial.old_hash == running_hash(work),
        RulesetTrial.state == "done",
    )
    if work.session.scalars(query.limit(1)).first() is None:
        raise CannotApprove("not_tried")


def _who(work: Work) -> UUID:
    if work.actor.id is None:
        raise CannotApprove("nobody_signed_in")
    return work.actor.id
