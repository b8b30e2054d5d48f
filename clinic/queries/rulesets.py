"""The rules as a lead therapist reads them: what runs, drafts, versions, and what they change."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from clinic import in_force
from clinic.access import Actor, NotThere, Permission
from clinic.extensions import db
from clinic.models import MissedNote, RulesetDraft, RulesetTrial, RulesetVersion, User
from clinic.screening import editions, questionnaire, rules
from clinic.screening.editions import Bounds, Changes, Comparison
from clinic.screening.plainly import Teller
from clinic.screening.rules import Rule, Ruleset, Setting

CODE, FIGURE_NAME = re.compile(r"`([^`]*)`"), re.compile(r" \[`[^`]*`\]")


@dataclass(frozen=True)
class VersionRow:
    """One stored version: its state, and who signed it."""

    hash: str
    version: str
    state: str
    complete: bool
    approved_name: str
    approved_at: datetime | None
    in_force_at: datetime | None
    retired_at: datetime | None


@dataclass(frozen=True)
class DraftRow:
    """One open draft."""

    id: UUID
    hash: str
    base: str
    changed_at: datetime
    changed_by: str


@dataclass(frozen=True)
class Overview:
    """What runs now, and what waits for a lead therapist."""

    running: VersionRow | None  # none: nobody has put a version in force
    running_version: str
    complete: bool
    unverified: int
    newer: str  # the edition that ships, where it differs from what is in force
    holds_all: bool  # newer logic runs beside, so that nobody is cleared
    unreadable: bool
    drafts: tuple[DraftRow, ...]
    signed: tuple[VersionRow, ...]
    missed: int


@dataclass(frozen=True)
class ItemRow:
    """One item in the list of a version: how many figures and rules, and what a draft changes."""

    id: str
    title: str
    settings: int
    rules: int
    changed: bool
    off: int


@dataclass(frozen=True)
class TopicRow:
    """The items of one topic."""

    title: str
    items: tuple[ItemRow, ...]


@dataclass(frozen=True)
class TrialRow:
    """How far a trial is."""

    id: UUID
    old_hash: str
    new_hash: str
    old_version: str
    new_version: str
    every_intake: bool
    state: str
    total: int
    done: int
    started_at: datetime
    started_by: str
    ended_at: datetime | None

    @property
    def percent(self) -> int:
        """How far it is, of a hundred; all only when it is over."""
        if self.state == "done":
            return 100
        return min(99, self.done * 100 // self.total) if self.total else 0

    @property
    def under_way(self) -> bool:
        """Whether the worker is still at it."""
        return self.state in ("waiting", "running")


@dataclass(frozen=True)
class DraftPage:
    """A draft: what it changes, and whether it was tried."""

    id: UUID
    seen: int
    hash: str
    version: str
    base_version: str
    complete: bool
    changed_at: datetime
    changed_by: str
    from_base: Comparison
    from_running: Comparison
    running_version: str
    titles: dict[str, str]
    topics: tuple[TopicRow, ...]
    trial: TrialRow | None
    state: str  # of the version that it comes to


@dataclass(frozen=True)
class SettingRow:
    """One figure on the page of its item."""

    name: str
    setting: Setting
    before: Setting
    bounds: Bounds


@dataclass(frozen=True)
class RuleRow:
    """One rule on the page of its item."""

    name: str
    rule: Rule
    told: str  # when it fires, in plain English with the questions as worded
    may_be_off: bool
    off: bool
    code: str
    reason: str


@dataclass(frozen=True)
class ItemPage:
    """One item of a draft: its figures and rules."""

    draft_id: UUID
    seen: int
    item: rules.Item
    settings: tuple[SettingRow, ...]
    rules: tuple[RuleRow, ...]


@dataclass(frozen=True)
class VersionPage:
    """One stored version, held against the one in force."""

    row: VersionRow
    seen: str  # the hash in force, or empty
    whole: bool
    ruleset: Ruleset
    from_running: Comparison
    running_version: str
    titles: dict[str, str]
    trial: TrialRow | None


def overview(actor: Actor) -> Overview:
    """Say what runs now, and what waits for a lead therapist."""
    actor.require(Permission.APPROVE_RULES)
    running, shipped = in_force.running(), rules.shipped_rules()
    digest = in_force.digest_in_force()
    row = db.session.get(RulesetVersion, digest) if digest else None
    newer = digest is not None and editions.is_newer(shipped, running.ruleset)
    return Overview(
        running=_version_row(row) if row else None,
        running_version=running.ruleset.version,
        complete=running.ruleset.complete,
        unverified=sum(not one.verified for one in running.ruleset.settings.values()),
        newer=shipped.version if newer or digest is None else "",
        holds_all=running.beside is not None,
        unreadable=digest is not None and not running.is_in_force,
        drafts=tuple(_drafts()),
        signed=tuple(_signed()),
        missed=missed_open(actor),
    )


def missed_open(actor: Actor) -> int:
    """Count the notes on what the form missed that wait for an answer."""
    if not actor.may(Permission.APPROVE_RULES):
        return 0
    query = select(func.count()).where(MissedNote.handled_at.is_(None))
    return db.session.scalar(query) or 0


def draft(actor: Actor, draft_id: UUID) -> DraftPage:
    """Return an open draft, or raise NotThere."""
    actor.require(Permission.APPROVE_RULES)
    row = _draft(draft_id)
    base = in_force.version(row.base_hash).ruleset
    ruleset = editions.apply(base, editions.read(row.changes))
    running = in_force.running().ruleset
    stored = db.session.get(RulesetVersion, ruleset.hash)
    return DraftPage(
        id=row.id,
        seen=row.version,
        hash=ruleset.hash,
        version=ruleset.version,
        base_version=base.version,
        complete=ruleset.complete,
        changed_at=row.changed_at,
        changed_by=_name(row.changed_by_id),
        from_base=editions.compare(base, ruleset),
        from_running=editions.compare(running, ruleset),
        running_version=running.version,
        titles=_titles(ruleset, running, base),
        topics=tuple(_topics(base, editions.read(row.changes))),
        trial=newest_trial(ruleset.hash),
        state=stored.state if stored else "draft",
    )


def ended(actor: Actor, draft_id: UUID) -> str | None:
    """Return the hash that a draft was approved as, or None if it was given up."""
    actor.require(Permission.APPROVE_RULES)
    row = db.session.get(RulesetDraft, draft_id)
    if row is None or row.ended_at is None:
        raise NotThere
    return row.hash if row.ended_as == "approved" else None


def item(actor: Actor, draft_id: UUID, item_id: str) -> ItemPage:
    """Return one item of an open draft, or raise NotThere."""
    actor.require(Permission.APPROVE_RULES)
    row = _draft(draft_id)
    base = in_force.version(row.base_hash).ruleset
    if item_id not in base.items:
        raise NotThere
    ruleset = editions.apply(base, editions.read(row.changes))
    figures = [name for name in ruleset.settings if name.startswith(f"{item_id}.")]
    return ItemPage(
        draft_id=row.id,
        seen=row.version,
        item=base.items[item_id],
        settings=tuple(
            SettingRow(
                name, ruleset.settings[name], base.settings[name], editions.bounds(base, name)
            )
            for name in figures
        ),
        rules=tuple(_rule_rows(ruleset, item_id)),
    )


def version(actor: Actor, digest: str) -> VersionPage:
    """Return a stored version, or raise NotThere."""
    actor.require(Permission.APPROVE_RULES)
    row = db.session.get(RulesetVersion, digest)
    if row is None:
        raise NotThere
    kept, running = in_force.version(digest), in_force.running().ruleset
    return VersionPage(
        row=_version_row(row),
        seen=in_force.digest_in_force() or "",
        whole=kept.whole,
        ruleset=kept.ruleset,
        from_running=editions.compare(running, kept.ruleset),
        running_version=running.version,
        titles=_titles(kept.ruleset, running),
        trial=newest_trial(digest),
    )


def newest_trial(digest: str) -> TrialRow | None:
    """Return the newest trial of a version against the one that runs now, if there is one."""
    query = select(RulesetTrial).where(
        RulesetTrial.new_hash == digest,
        RulesetTrial.old_hash == in_force.running().ruleset.hash,
    )
    newest = query.order_by(RulesetTrial.started_at.desc(), RulesetTrial.id).limit(1)
    found = db.session.scalars(newest).first()
    return trial_row(found) if found else None


def trial_row(found: RulesetTrial) -> TrialRow:
    """Say how far a trial is."""
    named = {
        digest: db.session.get_one(RulesetVersion, digest).version
        for digest in (found.old_hash, found.new_hash)
    }
    return TrialRow(
        id=found.id,
        old_hash=found.old_hash,
        new_hash=found.new_hash,
        old_version=named[found.old_hash],
        new_version=named[found.new_hash],
        every_intake=found.every_intake,
        state=found.state,
        total=found.total,
        done=found.done,
        started_at=found.started_at,
        started_by=_name(found.started_by_id),
        ended_at=found.ended_at,
    )


def _draft(draft_id: UUID) -> RulesetDraft:
    row = db.session.get(RulesetDraft, draft_id)
    if row is None or row.ended_at is not None:
        raise NotThere
    return row


def _drafts() -> Iterator[DraftRow]:
    query = (
        select(RulesetDraft, RulesetVersion.version, User.display_name)
        .join(RulesetVersion, RulesetVersion.hash == RulesetDraft.base_hash)
        .join(User, User.id == RulesetDraft.changed_by_id)
        .where(RulesetDraft.ended_at.is_(None))
        .order_by(RulesetDraft.changed_at.desc(), RulesetDraft.id)
    )
    for row, base, name in db.session.execute(query):
        yield DraftRow(row.id, row.hash, base, row.changed_at, name)


def _signed() -> Iterator[VersionRow]:
    query = select(RulesetVersion).where(RulesetVersion.state != "draft")
    ordered = query.order_by(RulesetVersion.approved_at.desc(), RulesetVersion.hash)
    for row in db.session.scalars(ordered):
        yield _version_row(row)


def _version_row(row: RulesetVersion) -> VersionRow:
    return VersionRow(
        row.hash,
        row.version,
        row.state,
        row.complete,
        row.approved_name or "",
        row.approved_at,
        row.in_force_at,
        row.retired_at,
    )


def _topics(base: Ruleset, changes: Changes) -> Iterator[TopicRow]:
    titles = {section.id: section.title for section in questionnaire.shipped().sections}
    by_section: dict[str, list[ItemRow]] = {}
    for one in base.items.values():
        row = _item_row(base, one, changes)
        if row.settings or row.rules:
            by_section.setdefault(one.section, []).append(row)
    order = [*titles, *sorted(set(by_section) - set(titles))]
    for section in order:
        if section in by_section:
            found = sorted(by_section[section], key=lambda row: row.title)
            yield TopicRow(titles.get(section, section.replace("-", " ")), tuple(found))


def _item_row(base: Ruleset, one: rules.Item, changes: Changes) -> ItemRow:
    figures = [name for name in base.settings if name.startswith(f"{one.id}.")]
    names = {rules.name_of(rule) for rule in editions.every_rule(base, one.id)}
    off = ({*base.switched_off, *changes.off} - set(changes.on)) & names
    touched = {*changes.values, *changes.verified} & set(figures)
    touched |= {*changes.off, *changes.on} & names
    return ItemRow(one.id, one.title, len(figures), len(names), bool(touched), len(off))


def _rule_rows(ruleset: Ruleset, item_id: str) -> Iterator[RuleRow]:
    teller = Teller(questionnaire.shipped(), ruleset.settings, ruleset.body)
    for rule in sorted(editions.every_rule(ruleset, item_id), key=lambda one: one.id):
        name = rules.name_of(rule)
        off = ruleset.switched_off.get(name)
        said = (off.code, off.reason) if off else ("", "")
        told = _in_words(teller.rule(rule))
        yield RuleRow(name, rule, told, rules.may_be_off(rule), off is not None, *said)


def _in_words(told: str) -> str:
    """Name questions as patients read them; a figure stands there already, without its name."""
    questions = questionnaire.shipped().questions

    def worded(named: re.Match[str]) -> str:
        question = questions.get(named[1])
        return f"“{question.text}”" if question else named[1]

    return CODE.sub(worded, FIGURE_NAME.sub("", told))


def _titles(*rulesets: Ruleset) -> dict[str, str]:
    return {name: one.title for ruleset in rulesets for name, one in ruleset.items.items()}


def _name(user_id: UUID) -> str:
    user = db.session.get(User, user_id)
    return user.display_name if user else ""


def draft_of(actor: Actor, digest: str) -> UUID | None:
    """Return the open draft that comes to this version, if there is one."""
    actor.require(Permission.APPROVE_RULES)
    query = select(RulesetDraft.id).where(
        RulesetDraft.hash == digest, RulesetDraft.ended_at.is_(None)
    )
    return db.session.scalars(query.order_by(RulesetDraft.changed_at.desc()).limit(1)).first()
