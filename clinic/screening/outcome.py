"""The screening: one ruleset over one intake on one day, explained and replayable."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from clinic.screening import answers as answer_reading
from clinic.screening import earlier as earlier_answers
from clinic.screening import engine, source
from clinic.screening.answers import FREE_TEXT, Answers, plain
from clinic.screening.engine import MISMATCH, Settled, Verdict
from clinic.screening.intake import MEDICINES, Intake
from clinic.screening.levels import Level, raised, worst
from clinic.screening.questionnaire import Questionnaire, is_complete
from clinic.screening.rules import Ruleset

__all__ = [
    "EarlierAnswer",
    "Finding",
    "Level",
    "RegionVerdict",
    "Screening",
    "from_json",
    "graver",
    "patient_text",
    "raised",
    "screen",
    "screen_at_visit",
    "worst",
]

CHANGED, OTHER_REQUEST = "changed", "other-request"
BLANK = "blank-answer"
MEANS = {CHANGED: "changed-answer", OTHER_REQUEST: "milder-answer"}
CALL_TODAY = "call_today"
TYPED = (MEDICINES, FREE_TEXT)  # what stood there may have been about a private matter


@dataclass(frozen=True)
class EarlierAnswer:
    """An answer given before, the level that its item reached then, and where it was given.

    `kind` is "changed" for this request and "other-request" for another one of the same person.
    """

    question_id: str
    value: object
    level: Level
    kind: str

    def as_json(self) -> dict[str, object]:
        """The answer as JSON writes it."""
        return {
            "question": self.question_id,
            "value": self.value,
            "level": self.level.value,
            "kind": self.kind,
        }


@dataclass(frozen=True)
class Finding:
    """A rule that fired: how grave, because of which answers, why, and what to do.

    `level` counts for the regions wanted; `elsewhere` for a region that is not blocked.
    `because` holds question ids with their answers as canonical JSON. No therapist may clear
    against a `binding` one.
    """

    id: str
    item: str
    level: Level
    elsewhere: Level
    because: tuple[tuple[str, str], ...]
    reason: str
    patient_text: str
    action: str
    blocked_regions: tuple[str, ...]
    about_regions: tuple[str, ...] | None
    lapses_on: date | None
    sources: tuple[str, ...]
    urgency: str | None
    notes: tuple[str, ...]
    rules: tuple[str, ...]
    mismatch: bool
    private: bool
    binding: bool = False

    def answers(self) -> dict[str, Any]:
        """The answers behind the finding, by question; several of one question as a list."""
        found: dict[str, list[Any]] = {}
        for question, value in self.because:
            found.setdefault(question, []).append(json.loads(value))
        return {key: values[0] if len(values) == 1 else values for key, values in found.items()}

    def as_json(self) -> dict[str, object]:
        """What the command line promises of a finding."""
        return {
            "id": self.id,
            "level": self.level.value,
            "because": self.answers(),
            "blocked_regions": list(self.blocked_regions),
            "lapses_on": self.lapses_on.isoformat() if self.lapses_on else None,
            "sources": list(self.sources),
        }

    def as_record(self) -> dict[str, object]:
        """Everything, to be stored."""
        about = self.about_regions
        return {
            **self.as_json(),
            "item": self.item,
            "elsewhere": self.elsewhere.value,
            "because": [list(pair) for pair in self.because],
            "reason": self.reason,
            "patient_text": self.patient_text,
            "action": self.action,
            "about_regions": None if about is None else list(about),
            "urgency": self.urgency,
            "notes": list(self.notes),
            "rules": list(self.rules),
            "mismatch": self.mismatch,
            "private": self.private,
            "binding": self.binding,
        }


@dataclass(frozen=True)
class RegionVerdict:
    """What a wanted region comes to (avoid, care, allowed), and the findings that say so."""

    verdict: str
    because: tuple[str, ...]


@dataclass(frozen=True)
class RulesetUsed:
    """Which rules were run."""

    version: str
    hash: str
    complete: bool
    switched_off: tuple[str, ...] = ()  # items of which a rule is not run

    @classmethod
    def of(cls, ruleset: Ruleset) -> RulesetUsed:
        """Name a ruleset, with the items of which a rule is switched off."""
        items = sorted({one.rule.item for one in ruleset.switched_off.values()})
        return cls(ruleset.version, ruleset.hash, ruleset.complete, tuple(items))

    def as_json(self) -> dict[str, object]:
        """What is printed and stored; what is switched off is named only where something is."""
        off = {"switched_off": list(self.switched_off)} if self.switched_off else {}
        return {"version": self.version, "hash": self.hash, "complete": self.complete, **off}


@dataclass(frozen=True)
class Screening:
    """The outcome of one ruleset on one intake on one day."""

    level: Level
    findings: tuple[Finding, ...]
    blocked_regions: tuple[str, ...]
    regions: Mapping[str, RegionVerdict]
    bookable: bool
    ruleset: RulesetUsed
    questionnaire_hash: str
    as_of: date
    earlier: tuple[EarlierAnswer, ...] = ()

    def finding(self, finding_id: str) -> Finding | None:
        """The finding with this id, if it is there."""
        return next((found for found in self.findings if found.id == finding_id), None)

    def as_json(self) -> dict[str, Any]:
        """What the command line promises of a screening."""
        return {
            "level": self.level.value,
            "findings": [finding.as_json() for finding in self.findings],
            "blocked_regions": list(self.blocked_regions),
            "regions": {region: found.verdict for region, found in self.regions.items()},
            "bookable": self.bookable,
            "ruleset": self.ruleset.as_json(),
        }

    def as_bytes(self) -> bytes:
        """The canonical bytes that are stored; replaying the same input gives the same."""
        record = {
            **self.as_json(),
            "findings": [finding.as_record() for finding in self.findings],
            "regions": {
                region: {"verdict": found.verdict, "because": list(found.because)}
                for region, found in self.regions.items()
            },
            "questionnaire": self.questionnaire_hash,
            "as_of": self.as_of.isoformat(),
            "earlier": [answer.as_json() for answer in self.earlier],
        }
        return source.canonical(record).encode("utf-8")


def from_json(stored: str | bytes) -> Screening:
    """Restore a screening from the bytes that were stored."""
    record = json.loads(stored)
    return Screening(
        level=Level(record["level"]),
        findings=tuple(_stored_finding(found) for found in record["findings"]),
        blocked_regions=tuple(record["blocked_regions"]),
        regions={
            region: RegionVerdict(found["verdict"], tuple(found["because"]))
            for region, found in record["regions"].items()
        },
        bookable=record["bookable"],
        ruleset=_ruleset_used(record["ruleset"]),
        questionnaire_hash=record["questionnaire"],
        as_of=date.fromisoformat(record["as_of"]),
        earlier=tuple(
            EarlierAnswer(one["question"], one["value"], Level(one["level"]), one["kind"])
            for one in record["earlier"]
        ),
    )


def _ruleset_used(stored: Mapping[str, Any]) -> RulesetUsed:
    return RulesetUsed(**{**stored, "switched_off": tuple(stored.get("switched_off", ()))})


def _stored_finding(found: dict[str, Any]) -> Finding:
    tuples = ("blocked_regions", "sources", "notes", "rules")
    about = found["about_regions"]
    known = {field.name for field in fields(Finding)}
    return Finding(
        **{
            **{key: value for key, value in found.items() if key in known},
            **{key: tuple(found[key]) for key in tuples},
            "level": Level(found["level"]),
            "elsewhere": Level(found["elsewhere"]),
            "because": tuple((question, value) for question, value in found["because"]),
            "about_regions": None if about is None else tuple(about),
            "lapses_on": date.fromisoformat(found["lapses_on"]) if found["lapses_on"] else None,
        }
    )


def screen(
    questionnaire: Questionnaire,
    ruleset: Ruleset,
    raw_answers: Mapping[str, object],
    *,
    as_of: date,
    earlier: Sequence[EarlierAnswer] = (),
) -> Screening:
    """Run every rule over an intake; what can be read is screened, what cannot is refused."""
    answers = (
        raw_answers
        if isinstance(raw_answers, Answers)
        else answer_reading.read(raw_answers, questionnaire)
    )
    intake = Intake.of(questionnaire, ruleset, answers, as_of)
    settled = engine.settled(intake)
    found = settled.found
    lapses = _lapses(intake, settled)
    findings = [_finding(verdict, intake, lapses.get(name)) for name, verdict in found.items()]
    findings += _earlier(intake, earlier, found)
    return _screening(intake, tuple(sorted(findings, key=_gravest_first)), earlier)


def _gravest_first(finding: Finding) -> tuple[int, str]:
    return -finding.level.rank, finding.id


def screen_at_visit(
    questionnaire: Questionnaire,
    ruleset: Ruleset,
    raw_answers: Mapping[str, object],
    *,
    now_on: date,
    visit_on: date,
    earlier: Sequence[EarlierAnswer] = (),
    cleared_from: date | None = None,
) -> Screening:
    """The graver of now and the visit; the visit alone where cleared from a later day on."""
    at_visit = screen(questionnaire, ruleset, raw_answers, as_of=visit_on, earlier=earlier)
    if cleared_from is not None and now_on < cleared_from <= visit_on:
        return at_visit
    now = screen(questionnaire, ruleset, raw_answers, as_of=now_on, earlier=earlier)
    return graver(now, at_visit)


def graver(first: Screening, second: Screening) -> Screening:
    """The screening that asks for more caution; the first where both ask for the same."""
    return second if _gravity(second) > _gravity(first) else first


def _gravity(screening: Screening) -> tuple[int, int, int]:
    ranks = sum(1 << (4 * finding.level.rank) for finding in screening.findings)
    return screening.level.rank, ranks, len(screening.blocked_regions)


def patient_text(finding: Finding, ruleset: Ruleset, language: str) -> str:
    """What the patient reads about a finding, in their language."""
    item, _, variant = finding.patient_text.partition("/")
    if item not in ruleset.items:
        return ""
    texts = ruleset.items[item].patient
    return texts.get(language, texts.get("en", {})).get(variant, "")


def _lapses(intake: Intake, settled: Settled) -> dict[str, date]:
    lapses: dict[str, date] = {}
    found = settled.found
    for day in engine.turning_days(intake, found):
        later = engine.settled(intake.at(day), settled).found
        for name, verdict in found.items():
            if name not in lapses and _milder(later.get(name), verdict, intake.wanted):
                lapses[name] = day
    return lapses


def _milder(later: Verdict | None, now: Verdict, wanted: frozenset[str]) -> bool:
    if later is None:
        return True
    return later.level(wanted) < now.level(wanted) or later.blocked < now.blocked


def _finding(verdict: Verdict, intake: Intake, lapses_on: date | None) -> Finding:
    item, level = verdict.item, verdict.level(intake.wanted)
    body, about = intake.ruleset.body, verdict.about
    return Finding(
        id=item.id,
        item=item.id,
        level=level,
        elsewhere=verdict.elsewhere,
        because=tuple((key, source.canonical(value)) for key, value in verdict.because),
        reason=_reason(verdict),
        patient_text=_patient_key(verdict, level),
        action=item.action,
        blocked_regions=body.normalise(verdict.blocked),
        about_regions=None if about is None else body.normalise(about),
        lapses_on=lapses_on,
        sources=item.sources,
        urgency=_urgency(verdict, level),
        notes=tuple(dict.fromkeys(note for one in verdict.fired for note in one.rule.notes)),
        rules=tuple(sorted({one.rule.id for one in verdict.fired})),
        mismatch=verdict.mismatch,
        private=verdict.private,
        binding=any(one.rule.binding for one in verdict.fired),
    )


def _reason(verdict: Verdict) -> str:
    parts = [verdict.item.reason, *(one.rule.reason for one in verdict.fired)]
    parts += [floor.reason for floor in verdict.floors if floor.reason != MISMATCH]
    parts += ["Not answered."] if verdict.unanswered else []
    parts += [f"{MISMATCH.capitalize()}."] if verdict.mismatch else []
    return " ".join(dict.fromkeys(part for part in parts if part))


def _patient_key(verdict: Verdict, level: Level) -> str:
    if verdict.unanswered:
        return f"{BLANK}/default"
    urgent = level is Level.URGENT and "urgent" in verdict.item.patient.get("en", {})
    return f"{verdict.item.id}/{'urgent' if urgent else 'default'}"


def _urgency(verdict: Verdict, level: Level) -> str | None:
    if level is Level.URGENT:
        return verdict.item.urgency
    return CALL_TODAY if any(floor.call_today for floor in verdict.floors) else None


def _screening(
    intake: Intake, findings: tuple[Finding, ...], earlier: Sequence[EarlierAnswer]
) -> Screening:
    body, ruleset = intake.ruleset.body, intake.ruleset
    level = worst(finding.level for finding in findings)
    blocked = body.expand(region for finding in findings for region in finding.blocked_regions)
    clean = level <= Level.PRECAUTION and ruleset.complete
    return Screening(
        level=level,
        findings=findings,
        blocked_regions=body.normalise(blocked),
        regions=dict(_regions(intake, findings)),
        bookable=clean and is_complete(intake.questionnaire, intake.answers, as_of=intake.as_of),
        ruleset=RulesetUsed.of(ruleset),
        questionnaire_hash=intake.questionnaire.hash,
        as_of=intake.as_of,
        earlier=tuple(sorted(earlier, key=lambda one: source.canonical(one.as_json()))),
    )


def _regions(intake: Intake, findings: Iterable[Finding]) -> Iterator[tuple[str, RegionVerdict]]:
    body = intake.ruleset.body
    every = tuple(findings)
    for region in body.normalise(intake.wanted):
        parts = body.expand([region])
        avoid = [one.id for one in every if _avoids(one, parts, body.expand(one.blocked_regions))]
        care = [one.id for one in every if _cares(one, parts, intake)]
        if avoid:
            yield region, RegionVerdict("avoid", tuple(avoid))
        elif care:
            yield region, RegionVerdict("care", tuple(care))
        else:
            yield region, RegionVerdict("allowed", ())


def _avoids(finding: Finding, parts: frozenset[str], blocked: frozenset[str]) -> bool:
    return finding.level >= Level.ABSOLUTE or bool(parts & blocked)


def _cares(finding: Finding, parts: frozenset[str], intake: Intake) -> bool:
    if finding.elsewhere is not Level.PRECAUTION:
        return finding.elsewhere > Level.PRECAUTION
    about = finding.about_regions
    return about is None or bool(parts & intake.ruleset.body.expand(about))


def _earlier(
    intake: Intake, earlier: Sequence[EarlierAnswer], found: Mapping[str, Verdict]
) -> Iterator[Finding]:
    counted: dict[str, list[EarlierAnswer]] = {}
    for answer in earlier:
        stands = earlier_answers.stands(answer.question_id, answer.value, intake)
        if not stands and _counts(answer, intake, found):
            counted.setdefault(_item_of(answer, intake), []).append(answer)
    for item, answers in counted.items():
        yield _changed(item, answers, intake)


def _item_of(answer: EarlierAnswer, intake: Intake) -> str:
    question = intake.questionnaire.questions.get(answer.question_id)
    return question.item if question else answer.question_id.partition(".")[0]


def _counts(answer: EarlierAnswer, intake: Intake, found: Mapping[str, Verdict]) -> bool:
    question = intake.questionnaire.questions.get(answer.question_id)
    if question is not None and answer.value in question.least:
        return False  # nothing is milder, so that it cannot have been what held the request
    if answer.kind == CHANGED:
        return answer.level >= Level.RELATIVE
    verdict = found.get(_item_of(answer, intake))
    now = verdict.level(intake.wanted) if verdict else Level.NONE
    return now < answer.level


def _changed(item: str, answers: Sequence[EarlierAnswer], intake: Intake) -> Finding:
    urgent = any(one.level is Level.URGENT for one in answers)
    level = Level.ABSOLUTE if urgent else Level.RELATIVE
    meanings = [
        intake.ruleset.items[MEANS[kind]]
        for kind in sorted({one.kind for one in answers})
        if MEANS[kind] in intake.ruleset.items
    ]
    known = intake.ruleset.items.get(item)
    pairs = {(one.question_id, source.canonical(one.value)) for one in answers}
    pairs |= {
        (one.question_id, source.canonical(plain(intake.value(one.question_id)))) for one in answers
    }
    return Finding(
        id=f"{item}.changed",
        item=item,
        level=level,
        elsewhere=level,
        because=tuple(sorted(pairs)),
        reason=" ".join(meaning.reason for meaning in meanings) or "An earlier answer was graver.",
        patient_text=f"{meanings[0].id}/default" if meanings else "",
        action=meanings[0].action if meanings else "",
        blocked_regions=(),
        about_regions=None,
        lapses_on=None,
        sources=meanings[0].sources if meanings else (),
        urgency=None,
        notes=(),
        rules=tuple(sorted({one.kind for one in answers})),
        mismatch=False,
        private=known is None or known.private or known.id in TYPED,
    )
