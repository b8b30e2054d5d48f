"""``clinic rules diff``: what a version would change among the stored histories, on every core."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import click
from flask import Flask
from sqlalchemy import func, select

from clinic.commands import cores
from clinic.commands.progress import Progress
from clinic.commands.screening import rules_commands
from clinic.extensions import db
from clinic.queries import rule_versions
from clinic.queries.rule_versions import NoSuchVersion
from clinic.screening import rules
from clinic.screening.levels import Level
from clinic.screening.source import BrokenData
from clinic.screening.trial import Move, Pair, Stored, Totals
from clinic.services import trials

MakeApp = Callable[[], Flask]
A_PART = 200
FEW = 200  # histories for which starting processes takes longer than the work


@rules_commands.command("diff")
@click.argument("old")
@click.argument("new")
@click.option("--all", "every", is_flag=True, help="Older versions of each history too.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_obj
def diff(
    make_app: MakeApp,
    old: str,
    new: str,
    every: bool,  # noqa: FBT001 - click hands options over by name
    as_json: bool,  # noqa: FBT001 - click hands options over by name
) -> None:
    """Run NEW beside OLD over the stored histories, and say how many would move.

    Each is a file with a ruleset document, the beginning of the hash of a stored version or of an
    open draft, "running" for the rules that run now, or "files" for those that ship. Nobody is
    named: who would move is on the lead therapist's page.
    """
    with make_app().app_context():
        pair = Pair(_document(old), _document(new))
        count = select(func.count()).select_from(trials.histories(every=every).subquery())
        total = db.session.scalar(count) or 0
        progress, totals, done = Progress("Histories tried"), Totals({}), 0
        for read, moves in _results(pair, every=every, total=total):
            for move in moves:
                totals.add(move)
            done += read
            progress.at(done, total)
        click.echo(json.dumps(_as_json(totals, done)) if as_json else _told(totals, done))


def _results(pair: Pair, *, every: bool, total: int) -> Iterator[tuple[int, list[Move]]]:
    histories = _histories(every=every)
    if total <= FEW:
        yield from (pair.run(part) for part in cores.parts(histories, A_PART))
        return
    yield from cores.each_in_order(pair.run, cores.parts(histories, A_PART), prepare=pair.prepare)


def _histories(*, every: bool) -> Iterator[Stored]:
    chosen, after = trials.histories(every=every), None
    while True:
        last: UUID | None = None
        for intake_id, kept in trials.read(db.session(), chosen, after=after, most=A_PART):
            last = intake_id
            yield kept
        if last is None:
            return
        after = last


def _document(named: str) -> str:
    try:
        if Path(named).is_file():
            text = Path(named).read_text(encoding="utf-8")
            return rules.from_document(text).document
        return rule_versions.find(named).document
    except BrokenData as error:
        raise _Refused(str(error)) from error
    except NoSuchVersion as error:
        raise _Refused(f"{named}: {error}") from error


class _Refused(click.ClickException):
    exit_code = 2


def _told(totals: Totals, done: int) -> str:
    lines = [f"{done} histories, each as of the day on which it was screened last"]
    for (before, after), count in _gravest_first(totals):
        graver = Level(after) > Level(before)
        lines.append(f"  {count} of {done} would move from {before} to {after}"
                     f" ({'graver' if graver else 'milder'})")  # fmt: skip
    if not totals.moved:
        lines.append("  none would move to another level")
    lines.append(f"  {totals.no_longer_bookable} could not be booked any more without a therapist")
    lines.append(f"  {totals.newly_bookable} could be booked without a therapist from then on")
    return "\n".join(lines)


def _as_json(totals: Totals, done: int) -> dict[str, object]:
    moved = [
        {"from": before, "to": after, "count": count}
        for (before, after), count in _gravest_first(totals)
    ]
    return {
        "histories": done,
        "moved": moved,
        "no_longer_bookable": totals.no_longer_bookable,
        "newly_bookable": totals.newly_bookable,
    }


def _gravest_first(totals: Totals) -> list[tuple[tuple[str, str], int]]:
    return sorted(
        totals.moved.items(), key=lambda one: (-Level(one[0][1]).rank, Level(one[0][0]).rank)
    )


COMMANDS = ()
