"""A medical history as a therapist reads it: summary, findings, answers as worded, decisions.

Whoever calls this has opened the history through services.reading first, which wrote down who
reads it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from clinic import contact, in_force
from clinic.access import Actor, NotThere, Permission
from clinic.extensions import db
from clinic.models import (
    Attempt,
    Clearance,
    Intake,
    Location,
    Note,
    QuestionnaireVersion,
    Request,
    Review,
    RulesetVersion,
    ScreeningRecord,
    User,
)
from clinic.queries import answers
from clinic.queries.answers import MedicineRow, SectionRows, Worded
from clinic.screening import dates, lapses, marks, outcome, questionnaire, stored
from clinic.screening.conditions import UNSURE
from clinic.screening.levels import Level
from clinic.screening.outcome import Finding, Screening
from clinic.screening.stored import KeptQuestions, KeptRules

HOPES = "free_text.hopes"
CHANGED = ".changed"
ENGLISH = "en"
VERDICTS = ("avoid", "care", "allowed")
NOTHING = "null"  # canonical JSON of a blank


@dataclass(frozen=True)
class Cause:
    """One answer behind a finding; ``when`` tells an earlier one from the present one."""

    question: str
    answer: str
    when: str  # now, earlier, or empty where nothing was changed


@dataclass(frozen=True)
class FindingRow:
    """One finding in words."""

    id: str
    item: str
    changed: bool
    level: str
    urgency: str | None
    mismatch: bool
    binding: bool
    private: bool
    unanswered: bool
    reason: str
    because: tuple[Cause, ...]
    action: str
    notes: tuple[str, ...]
    blocked: tuple[str, ...]
    about: tuple[str, ...]
    lapses_on: date | None
    sources: tuple[tuple[str, str], ...]
    disagreement: str


@dataclass(frozen=True)
class RegionRow:
    """One wanted region: allowed, with care, or to be avoided, and because of which items."""

    id: str
    label: str
    verdict: str
    why: tuple[str, ...]


@dataclass(frozen=True)
class MarkRow:
    """Regions of one verdict, wanted or not, with the titles of the items behind it."""

    wanted: bool
    verdict: str
    why: tuple[str, ...]
    labels: tuple[str, ...]
    parts: frozenset[str]


@dataclass(frozen=True)
class ClearanceRow:
    """What a clearance allows, from which day to which, and how it ended if it did."""

    regions: tuple[str, ...]
    technique: tuple[str, ...]
    positions: tuple[str, ...]
    valid_from: date
    valid_until: date
    origin: str
    made_at: datetime
    ended_at: datetime | None
    ended_by: str | None


@dataclass(frozen=True)
class OverrideRow:
    """Why one finding did not keep a therapist from clearing."""

    title: str
    code: str
    reason: str


@dataclass(frozen=True)
class DecisionRow:
    """One signed decision; past where a newer one, a newer history or its end has overtaken it."""

    decision: str
    reason_code: str | None
    reason: str | None
    valid_from: date | None
    clearance: ClearanceRow | None
    intake_number: int
    signed_name: str
    signed_at: datetime
    past: bool
    overrides: tuple[OverrideRow, ...] = ()
    question: str = ""


@dataclass(frozen=True)
class NoteRow:
    """One clinical note."""

    body: str
    by: str
    at: datetime


@dataclass(frozen=True)
class CallRow:
    """One try to contact the patient."""

    outcome: str
    by: str
    at: datetime


@dataclass(frozen=True)
class History:
    """All that a therapist needs to decide."""

    request_id: UUID
    reference: str
    version: int
    name: str
    phone: str | None
    age: int | None
    birth_date: date | None
    language: str
    zone: str
    clinical_state: str
    call_today: str | None
    urgent_open: bool
    calls: tuple[CallRow, ...]
    intake_id: UUID
    intake_number: int
    complete: bool
    answered_by: str
    guardian: str
    sent_at: datetime
    today: date
    hopes: str
    level: str
    screened_on: date
    ruleset: str
    ruleset_complete: bool
    ruleset_state: str
    ruleset_signed: str  # by whom, if anybody has
    ruleset_off: tuple[str, ...]  # topics of which a rule is switched off
    whole: bool  # no: what it was asked or screened by cannot be read in full any more
    findings: tuple[FindingRow, ...]
    regions: tuple[RegionRow, ...]
    regions_named: bool
    blocked: tuple[str, ...]
    marks: tuple[MarkRow, ...]  # the whole body: what is wanted, blocked, or asks for care
    medicines: tuple[MedicineRow, ...]
    sections: tuple[SectionRows, ...]
    decisions: tuple[DecisionRow, ...]
    live: ClearanceRow | None
    first_day: date | None  # on which the last finding that holds needling grows milder
    plain: tuple[str, ...]  # titles of what was answered without any caution
    on_the_day: tuple[str, ...]  # titles of what is asked again at each visit
    notes: tuple[NoteRow, ...]

    @property
    def overridable(self) -> tuple[FindingRow, ...]:
        """The findings of which clearing may override one or more; none where it is one alone."""
        found = tuple(
            row for row in self.findings if Level(row.level) >= Level.RELATIVE or row.blocked
        )
        return found if len(found) > 1 else ()


def newest(actor: Actor, reference: str, *, now: datetime) -> History:
    """Return the newest history of a request, or raise NotThere."""
    actor.require(Permission.SEE_HISTORY)
    request = sent_request(reference)
    intakes = db.session.scalars(
        select(Intake).where(Intake.request_id == request.id).order_by(Intake.number.desc())
    ).all()
    if not intakes:
        raise NotThere
    record = db.session.scalars(
        select(ScreeningRecord)
        .where(ScreeningRecord.intake_id == intakes[0].id)
        .order_by(ScreeningRecord.made_at.desc(), ScreeningRecord.id)
    ).first()
    if record is None:
        raise NotThere
    return _History(request, intakes, record, now).build()


def request_id_of(actor: Actor, reference: str) -> UUID:
    """Return the id of a sent request by its reference, or raise NotThere."""
    actor.require(Permission.SEE_HISTORY)
    return sent_request(reference).id


def sent_request(reference: str) -> Request:
    """Return a sent request by its reference, or raise NotThere."""
    known = contact.parse_reference(reference)
    query = select(Request).where(Request.reference == known, Request.desk_state != "draft")
    request = db.session.scalars(query).one_or_none() if known else None
    if request is None:
        raise NotThere
    return request


class _History:
    """Gathers the parts of one history."""

    def __init__(
        self, request: Request, intakes: Sequence[Intake], record: ScreeningRecord, now: datetime
    ) -> None:
        self.request, self.intakes, self.record = request, intakes, record
        self.intake = intakes[0]
        self.zone = zone_of(request)
        self.today = now.astimezone(ZoneInfo(self.zone)).date()
        self.words, words_whole = worded_of(self.intake, record.as_of)
        self.before = worded_of(intakes[1], record.as_of)[0] if len(intakes) > 1 else None
        kept = ruleset_of(record.ruleset_hash)
        self.ruleset, self.whole = kept.ruleset, kept.whole and words_whole
        self.screening: Screening = outcome.from_json(record.result)

    def build(self) -> History:
        request, intake, screening = self.request, self.intake, self.screening
        born = date.fromisoformat(request.birth_date) if request.birth_date else None
        clearances = self._clearances()
        version = db.session.get_one(RulesetVersion, self.record.ruleset_hash)
        return History(
            request_id=request.id,
            reference=request.reference,
            version=request.version,
            name=request.name or "",
            phone=request.phone,
            age=dates.age_on(born, self.today) if born else None,
            birth_date=born,
            language=intake.language,
            zone=self.zone,
            clinical_state=request.clinical_state,
            call_today=request.call_today,
            urgent_open=request.urgent_open,
            calls=tuple(self._calls()),
            intake_id=intake.id,
            intake_number=intake.number,
            complete=intake.complete,
            answered_by=intake.answered_by,
            guardian=str((request.guardian or {}).get("name", "")),
            sent_at=intake.sent_at,
            today=self.today,
            hopes=self.words.said(HOPES, self.words.value(HOPES)),
            level=screening.level.value,
            screened_on=screening.as_of,
            ruleset=self.ruleset.version,
            ruleset_complete=self.ruleset.complete,
            ruleset_state=version.state,
            ruleset_signed=version.approved_name or "",
            ruleset_off=tuple(self._titled(one) or one for one in screening.ruleset.switched_off),
            whole=self.whole,
            findings=tuple(self._finding(finding) for finding in screening.findings),
            regions=tuple(self._regions()),
            regions_named=self._regions_named(),
            blocked=self.words.labels(screening.blocked_regions),
            marks=tuple(self._marks()),
            medicines=answers.medicines(intake.answers, self.ruleset, as_of=screening.as_of),
            sections=tuple(self.words.sections(self.before)),
            decisions=tuple(self._decisions(clearances)),
            live=next((self._cleared(one) for one in clearances if one.ended_at is None), None),
            first_day=lapses.first_day(screening),
            plain=tuple(dict.fromkeys(self._plain())),
            on_the_day=tuple(dict.fromkeys(self._on_the_day())),
            notes=tuple(self._notes()),
        )

    def _plain(self) -> Iterator[str]:
        for section in self.words.sections(self.before):
            for row in section.rows:
                if row.plain:
                    known = self.ruleset.items.get(row.item)
                    yield known.title if known else row.question

    def _on_the_day(self) -> Iterator[str]:
        for question in self.words.version.questions.values():
            item = self.ruleset.items.get(question.item)
            if question.on_the_day and item is not None:
                yield item.title

    def _calls(self) -> Iterator[CallRow]:
        query = (
            select(Attempt, User.display_name)
            .join(User, User.id == Attempt.by_id)
            .where(Attempt.request_id == self.request.id)
            .order_by(Attempt.at.desc(), Attempt.id)
        )
        for tried, name in db.session.execute(query):
            yield CallRow(tried.outcome, name, tried.at)

    def _regions_named(self) -> bool:
        named = self.words.value("wanted_regions")
        return isinstance(named, list) and bool(named) and not set(named) & set(UNSURE)

    def _regions(self) -> Iterator[RegionRow]:
        body = self.words.version.body
        gravest_first = sorted(
            self.screening.regions.items(),
            key=lambda one: (VERDICTS.index(one[1].verdict), body.order[one[0]]),
        )
        for region, found in gravest_first:
            why = tuple(dict.fromkeys(self._titled(one) for one in found.because))
            yield RegionRow(region, body.label(region), found.verdict, why)

    def _marks(self) -> Iterator[MarkRow]:
        body = self.words.version.body
        for mark in marks.of(self.screening, body):
            why = dict.fromkeys(title for one in mark.because if (title := self._titled(one)))
            labels = self.words.labels(body.normalise(mark.parts))
            yield MarkRow(mark.wanted, mark.verdict, tuple(why), labels, mark.parts)

    def _titled(self, finding_id: str) -> str:
        known = self.ruleset.items.get(finding_id.removesuffix(CHANGED))
        return known.title if known else ""

    def _finding(self, finding: Finding) -> FindingRow:
        item = self.ruleset.items.get(finding.item)
        changed = finding.id.endswith(CHANGED)
        return FindingRow(
            id=finding.id,
            item=item.title if item else finding.item.replace("-", " ").capitalize(),
            changed=changed,
            level=finding.level.value,
            urgency=finding.urgency,
            mismatch=finding.mismatch,
            binding=finding.binding,
            private=finding.private,
            unanswered=all(value == NOTHING for _question, value in finding.because),
            reason=finding.reason,
            because=tuple(self._cause(*pair, changed=changed) for pair in finding.because),
            action=finding.action,
            notes=finding.notes,
            blocked=self.words.labels(finding.blocked_regions),
            about=self.words.labels(finding.about_regions or ()),
            lapses_on=finding.lapses_on,
            sources=tuple((key, self._source(finding.item, key)) for key in finding.sources),
            disagreement=item.disagreement if item else "",
        )

    def _source(self, name: str, key: str) -> str:
        """The citation, and what was read there for this item, where that is noted."""
        item = self.ruleset.items.get(name)
        note = item.source_notes.get(key) if item else None
        cited = self.ruleset.sources.get(key, "")
        return f"{cited} ({note})" if note else cited

    def _cause(self, question_id: str, stored: str, *, changed: bool) -> Cause:
        value = answers.from_stored(stored)
        now = value == self.words.value(question_id)
        return Cause(
            self.words.asked(question_id),
            self.words.said(question_id, value),
            ("now" if now else "earlier") if changed else "",
        )

    def _clearances(self) -> Sequence[Clearance]:
        query = select(Clearance).where(Clearance.request_id == self.request.id)
        return db.session.scalars(query.order_by(Clearance.made_at.desc(), Clearance.id)).all()

    def _cleared(self, clearance: Clearance) -> ClearanceRow:
        limits = clearance.limits
        return ClearanceRow(
            regions=self.words.labels(limits.get("regions", ())),
            technique=tuple(limits.get("technique", ())),
            positions=tuple(limits.get("positions", ())),
            valid_from=clearance.valid_from,
            valid_until=clearance.valid_until,
            origin=clearance.origin,
            made_at=clearance.made_at,
            ended_at=clearance.ended_at,
            ended_by=clearance.ended_by,
        )

    def _decisions(self, clearances: Iterable[Clearance]) -> Iterator[DecisionRow]:
        made = {clearance.review_id: clearance for clearance in clearances if clearance.review_id}
        numbers = {intake.id: intake.number for intake in self.intakes}
        query = select(Review).where(Review.request_id == self.request.id)
        reviews = db.session.scalars(query.order_by(Review.signed_at.desc(), Review.id)).all()
        for position, review in enumerate(reviews):
            clearance = made.get(review.id)
            ended = clearance is not None and clearance.ended_at is not None
            older = review.intake_id != self.intake.id and (clearance is None or ended)
            # Taken back, run out or woken: what waits for a decision has none in force.
            over = clearance is None and self.request.clinical_state == "needs_review"
            yield DecisionRow(
                decision=review.decision,
                reason_code=review.reason_code,
                reason=review.reason,
                valid_from=review.valid_from,
                clearance=self._cleared(clearance) if clearance else None,
                intake_number=numbers[review.intake_id],
                signed_name=review.signed_name,
                signed_at=review.signed_at,
                past=position > 0 or ended or older or over,
                overrides=tuple(self._overrides(review)),
                question=(review.limits or {}).get("question", ""),
            )

    def _overrides(self, review: Review) -> Iterator[OverrideRow]:
        for one in (review.limits or {}).get("overrides", ()):
            title = self._titled(one["finding"]) or one["finding"]
            yield OverrideRow(title, one["code"], one["reason"])

    def _notes(self) -> Iterator[NoteRow]:
        query = (
            select(Note, User.display_name)
            .join(User, User.id == Note.by_id)
            .where(Note.request_id == self.request.id, Note.kind == "clinical")
            .order_by(Note.at.desc(), Note.id)
        )
        for note, name in db.session.execute(query):
            yield NoteRow(note.body, name, note.at)


def zone_of(request: Request) -> str:
    """Return the zone of a request's location, else of the clinic's first."""
    query = select(Location.zone).order_by(Location.active.desc(), Location.name, Location.id)
    if request.location_id is not None:
        query = query.where(Location.id == request.location_id)
    return db.session.scalars(query.limit(1)).first() or "UTC"


def worded_of(intake: Intake, as_of: date) -> tuple[Worded, bool]:
    """Word the answers of an intake, and tell whether its questions could be read whole."""
    language = intake.language
    asked = _questionnaire(intake.questionnaire_hash, ENGLISH)
    original = _questionnaire(intake.questionnaire_hash, language) if language != ENGLISH else None
    words = original.questions if original else None
    return Worded(asked.questions, words, intake.answers, as_of), asked.whole


def _questionnaire(digest: str, language: str) -> KeptQuestions:
    shipped = questionnaire.shipped(language)
    if shipped.hash == digest:
        return KeptQuestions(shipped, whole=True)
    kept = db.session.get_one(QuestionnaireVersion, digest)
    return stored.read_questions(kept.document, digest, language)


def ruleset_of(digest: str) -> KeptRules:
    """Return the rules of a stored version, as far as they can be read."""
    return in_force.version(digest)
