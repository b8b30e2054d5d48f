"""`clinic screen`, `clinic questionnaire` and `clinic rules`: screening without a database."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from itertools import chain, islice
from pathlib import Path
from typing import TextIO

import click

from clinic.commands import cores
from clinic.commands.progress import Progress
from clinic.screening import conditions, lint, outcome, paths, questionnaire, rules, source
from clinic.screening.answers import UnknownQuestion, UnreadableAnswer
from clinic.screening.levels import Level
from clinic.screening.outcome import EarlierAnswer, Screening
from clinic.screening.questionnaire import Question, Questionnaire
from clinic.screening.rules import Ruleset
from clinic.screening.source import BrokenData

FEW = 400  # from so many lines on, every core is put to work
A_PART = 200


class UnreadableIntake(ValueError):
    """The input is not an intake; the message names what is wrong."""


class _Refused(click.ClickException):
    exit_code = 2


@click.command()
@click.argument("file", type=click.File("r", encoding="utf-8"))
@click.option("--as-of", metavar="DATE", help="The day to screen for; else that of the intake.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per intake, one a line.")
@click.option(
    "--ruleset",
    "ruleset_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A stored ruleset document; else the one that ships.",
)
def screen(
    file: TextIO,
    as_of: str | None,
    as_json: bool,  # noqa: FBT001 - click hands options over by name
    ruleset_file: Path | None,
) -> None:
    """Screen an intake in FILE (- for standard input), or many, one a line."""
    day = None if as_of is None else _day(as_of, "--as-of")
    printer = _Printer(day, as_json, ruleset_file)
    for printed in _printed(file, printer):
        click.echo(printed)


@dataclass(frozen=True)
class _Printer:
    """Screens what is handed to it, and says what came out as it was asked to."""

    day: date | None
    as_json: bool
    ruleset_file: Path | None

    def of(self, where: str, intake: object) -> str:
        """Screen one intake, or refuse it by name."""
        asked, ruleset = questionnaire.shipped(), _kept_ruleset(self.ruleset_file)
        try:
            screening = _screened(intake, self.day, asked, ruleset)
        except (UnknownQuestion, UnreadableAnswer, UnreadableIntake) as error:
            raise _Refused(f"{where}{error}") from error
        return json.dumps(screening.as_json()) if self.as_json else _told(screening, ruleset)

    def of_lines(self, lines: Sequence[tuple[str, str]]) -> _Part:
        """Screen many lines, up to the first that is refused."""
        printed: list[str] = []
        try:
            for where, line in lines:
                printed.append(self.of(where, _parsed_line(where, line)))
        except _Refused as refused:
            return _Part(printed, refused.message)
        return _Part(printed)

    def prepare(self) -> None:
        """Read the data once in a process of its own, before the first line comes."""
        questionnaire.shipped()
        _kept_ruleset(self.ruleset_file)


@dataclass(frozen=True)
class _Part:
    """What some lines came to, and why the next was refused, if one was."""

    printed: list[str]
    refused: str | None = None


def _printed(file: TextIO, printer: _Printer) -> Iterator[str]:
    """What each intake comes to: one written over many lines, or one on each line."""
    first = next((line for line in file if line.strip()), "")
    try:
        _parsed(first)
    except ValueError:
        yield printer.of("", _whole(first, file))
        return
    lines = _numbered(chain([first], file))
    head = list(islice(lines, FEW))
    if len(head) == 1:
        head = [("", head[0][1])]
    if len(head) < FEW:
        yield from _told_or_refused(printer.of_lines([one]) for one in head)
        return
    progress, done = Progress("Intakes screened"), 0
    many = cores.parts(chain(head, lines), A_PART)
    for part in cores.each_in_order(printer.of_lines, many, prepare=printer.prepare):
        yield from _told_or_refused([part])
        done += len(part.printed)
        progress.at(done)


def _told_or_refused(parts: Iterable[_Part]) -> Iterator[str]:
    for part in parts:
        yield from part.printed
        if part.refused is not None:
            raise _Refused(part.refused)


def _numbered(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    full = (line for line in lines if line.strip())
    return ((f"line {number}: ", line) for number, line in enumerate(full, start=1))


@cache
def _kept_ruleset(file: Path | None) -> Ruleset:
    return _ruleset(file)


def _ruleset(file: Path | None) -> Ruleset:
    try:
        if file is None:
            return rules.shipped_rules()
        return rules.from_document(file.read_text(encoding="utf-8"))
    except BrokenData as error:
        raise _Refused(str(error)) from error


def _day(text: object, name: str) -> date:
    try:
        return date.fromisoformat(str(text))
    except ValueError as error:
        raise _Refused(f"{name}: not a date such as 2026-11-22") from error


def _parsed_line(where: str, line: str) -> object:
    try:
        return _parsed(line)
    except ValueError as error:
        raise _Refused(f"{where}not readable as JSON: {error}") from error


def _whole(first: str, file: TextIO) -> object:
    try:
        return _parsed(first + file.read())
    except ValueError as error:
        raise _Refused(f"not readable as JSON: {error}") from error


def _parsed(text: str) -> object:
    return json.loads(text, object_pairs_hook=_once)


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in pairs:
        if key in found:
            raise _Refused(f"{key}: given twice")
        found[key] = value
    return found


def _screened(
    intake: object, day: date | None, asked: Questionnaire, ruleset: Ruleset
) -> Screening:
    if not isinstance(intake, Mapping) or not isinstance(intake.get("answers"), Mapping):
        raise UnreadableIntake('an intake is an object with "answers"')
    stated = intake.get("as_of")
    if day is None and stated is not None:
        day = _day(stated, "as_of")
    return outcome.screen(
        asked,
        ruleset,
        intake["answers"],
        as_of=day or datetime.now(tz=UTC).date(),
        earlier=_earlier(intake.get("earlier", [])),
    )


def _earlier(given: object) -> tuple[EarlierAnswer, ...]:
    if not isinstance(given, list):
        raise UnreadableIntake("earlier: a list belongs here")
    return tuple(_earlier_answer(one) for one in given)


def _earlier_answer(one: object) -> EarlierAnswer:
    try:
        if isinstance(one, Mapping) and one["kind"] in (outcome.CHANGED, outcome.OTHER_REQUEST):
            return EarlierAnswer(
                str(one["question"]), one["value"], Level(one["level"]), str(one["kind"])
            )
    except (KeyError, ValueError) as error:
        raise UnreadableIntake(f"earlier: {error}") from error
    raise UnreadableIntake("earlier: each needs question, value, level and kind")


def _told(screening: Screening, ruleset: Ruleset) -> str:
    lines = [f"{screening.level.value} as of {screening.as_of}"]
    for finding in screening.findings:
        until = f", until {finding.lapses_on}" if finding.lapses_on else ""
        lines.append(f"  {finding.level.value}: {finding.id}{until}: {finding.reason}")
        lines += [f"    because {question} = {value}" for question, value in finding.because]
        if finding.blocked_regions:
            lines.append(f"    no needles: {', '.join(finding.blocked_regions)}")
    lines += [f"  {region}: {found.verdict}" for region, found in screening.regions.items()]
    complete = "complete" if ruleset.complete else "not complete, so it clears nobody"
    lines.append(f"ruleset {ruleset.version} ({complete})")
    return "\n".join(lines)


@click.group("questionnaire")
def questionnaire_commands() -> None:
    """The questions that ship with the product."""


@questionnaire_commands.command("show")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.option("--language", type=click.Choice(questionnaire.LANGUAGES), default="en")
def show(as_json: bool, language: str) -> None:  # noqa: FBT001 - click hands options over by name
    """List every question: id, text, type, choices, condition."""
    asked = questionnaire.shipped(language)
    if as_json:
        click.echo(json.dumps(_shown(asked), ensure_ascii=False, indent=2))
        return
    for section in asked.sections:
        click.echo(f"\n{section.title}")
        for question_id in section.question_ids:
            question = asked.questions[question_id]
            click.echo(f"  {question.id} ({question.kind}): {question.text}")
            for choice in question.choices:
                click.echo(f"      {choice.slug}: {choice.text}")
    click.echo(f"\nversion {asked.version}, {asked.hash}")


def _shown(asked: Questionnaire) -> dict[str, object]:
    return {
        "version": asked.version,
        "hash": asked.hash,
        "language": asked.language,
        "sections": [
            {"id": one.id, "title": one.title, "complete": one.complete, "to_come": one.to_come}
            for one in asked.sections
        ],
        "questions": [_question(question, asked) for question in asked.questions.values()],
    }


def _question(question: Question, asked: Questionnaire) -> dict[str, object]:
    choices = [{"slug": one.slug, "text": one.text} for one in question.choices]
    if question.kind == "regions":
        choices = [
            {"slug": region, "text": asked.body.label(region, asked.language)}
            for region in asked.body.ids
        ]
    return {
        "id": question.id,
        "item": question.item,
        "section": question.section,
        "text": question.text,
        "hint": question.hint,
        "type": question.kind,
        "choices": choices,
        "condition": conditions.as_data(question.condition),
        "unit": question.unit,
        "minimum": question.minimum,
        "maximum": question.maximum,
        "max_length": question.max_length,
        "caution": question.caution,
        "asked": question.asked,
        "grouped": question.grouped,
        "private": question.private,
        "again_on_day": question.again_on_day,
        "optional": question.optional,
        "may_be_none": question.may_be_none,
    }


@questionnaire_commands.command("lint")
def lint_questionnaire() -> None:
    """Check questions, answers, follow-ups and translations."""
    _lint()


@click.group("rules")
def rules_commands() -> None:
    """The rules that ship with the product."""


@rules_commands.command("lint")
def lint_rules() -> None:
    """Check rules, settings, medicines and what is still to come."""
    _lint()
    for setting in rules.shipped_rules().settings.values():
        if not setting.verified:
            click.echo(
                f"to be signed: {setting.name} = {setting.value} {setting.unit}: {setting.means}"
            )


def _lint() -> None:
    try:
        found = list(lint.problems(source.read_folder()))
    except BrokenData as error:
        found = [lint.Problem("error", error.file, error.line, error.problem)]
    if not any(problem.severity == "error" for problem in found):
        found += _ways_that_end_nowhere()
    for problem in found:
        click.echo(str(problem))
    errors = sum(problem.severity == "error" for problem in found)
    click.echo(f"{errors} errors, {len(found) - errors} warnings")
    if errors:
        raise SystemExit(1)


def _ways_that_end_nowhere() -> Iterator[lint.Problem]:
    lost = paths.without_outcome(questionnaire.shipped(), rules.shipped_rules())
    for name, way in lost:
        said = (
            f"these answers end in no rule: {way}; if that is right, say so in a rule of level none"
        )
        yield lint.Problem("error", f"items/{name}.yaml", 0, said)


COMMANDS = (screen, questionnaire_commands, rules_commands)
