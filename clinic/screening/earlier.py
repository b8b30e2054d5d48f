"""Whether an answer given before still stands in a newer intake."""

from __future__ import annotations

from collections.abc import Iterable

from clinic.screening.answers import plain
from clinic.screening.conditions import UNSURE
from clinic.screening.intake import Intake, Said
from clinic.screening.medicines import Hit

BY_DOSE = "aspirin"  # the one group in which less of the same is milder


def stands(question_id: str, value: object, intake: Intake) -> bool:
    """Whether nothing of an earlier answer is taken back: ticks, lines and words may be added."""
    now = plain(intake.value(question_id))
    if now == value:
        return True
    question = intake.questionnaire.questions.get(question_id)
    kind = question.kind if question else ""
    if kind == "medicines" and value not in UNSURE and isinstance(now, list):
        return all(_is_listed(line, now, intake) for line in _each(value))
    if kind == "text" and isinstance(value, str) and isinstance(now, str):
        return _is_said(question_id, value, now, intake)
    return isinstance(value, list | tuple) and isinstance(now, list) and set(value) <= set(now)


def _each(value: object) -> list[str]:
    return [str(line) for line in value] if isinstance(value, list | tuple) else [str(value)]


def _is_listed(line: str, lines: list[object], intake: Intake) -> bool:
    """Whether a line stands there, or all that it names and all that nobody understood in it."""
    if line in lines:
        return True
    read = intake.ruleset.formulary.recognise
    before = read(line, as_of=intake.as_of)
    after = [read(str(one), as_of=intake.as_of) for one in lines]
    strange = {word for one in after for word in one.unknown}
    hits = [hit for one in after for hit in one.hits]
    return _are_named(before.hits, hits) and set(before.unknown) <= strange


def _is_said(question_id: str, value: str, now: str, intake: Intake) -> bool:
    if any((question_id, value) == (one.question, one.words) for one in _heard(intake)):
        return True
    read = intake.ruleset.formulary.mentioned
    before = read(value, as_of=intake.as_of)
    return bool(before) and _are_named(before, read(now, as_of=intake.as_of))


def _heard(intake: Intake) -> list[Said]:
    return [one for said in intake.spoken.values() for one in said]


def _are_named(before: Iterable[Hit], after: Iterable[Hit]) -> bool:
    now = [hit for hit in after if hit.fires]
    counted = [hit for hit in before if hit.status in ("current", "stopped")]
    return all(any(_covers(one, hit) for one in now) for hit in counted)


def _covers(now: Hit, before: Hit) -> bool:
    if now.agent != before.agent:
        return False
    if BY_DOSE not in now.medicine_class.groups or now.daily_mg is None:
        return True
    return before.daily_mg is not None and now.daily_mg >= before.daily_mg
