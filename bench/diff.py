"""`clinic rules diff` over many stored intakes: how long, how many a second, how much memory."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench import stored, watched
from bench.intakes import AS_OF, ASKED, intakes
from clinic.extensions import db
from clinic.queries import rule_versions
from clinic.screening import outcome, rules
from clinic.screening.levels import Level
from clinic.screening.rules import Ruleset

CLINIC = Path(sys.executable).with_name("clinic")


def main() -> None:
    """Store the intakes, draft a version, run it beside the one in force, print what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--check", action="store_true", help="Count again, slowly, and compare.")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        clinic = stored.clinic(Path(folder), given.count)
        draft = stored.draft(clinic)
        out = Path(folder) / "out"
        with out.open("wb") as file:
            command = (CLINIC, "rules", "diff", "--json", "running", draft)
            took = watched.run(command, out=file, env=clinic.environment)
        told = json.loads(out.read_text(encoding="utf-8"))
        with clinic.app.app_context():
            new = rule_versions.find(draft)
            db.engine.dispose()
    print(took.told(told["histories"]))
    for move in told["moved"]:
        print(f"  {move['count']} would move from {move['from']} to {move['to']}")
    print(f"  {told['no_longer_bookable']} no more and {told['newly_bookable']} newly bookable")
    if given.check:
        expected = counted(given.count, new)
        print("counted again, one by one:", "the same" if told == expected else expected)
        sys.exit(told != expected)


def counted(count: int, new: Ruleset) -> dict[str, Any]:
    """Count from the drawn intakes, in one process and without a database, what the diff tells."""
    moved: dict[tuple[Level, Level], int] = {}
    bookable = {(True, False): 0, (False, True): 0}
    for _, answers in intakes(count):
        before, after = (
            outcome.screen(ASKED, ruleset, answers, as_of=AS_OF)
            for ruleset in (rules.shipped_rules(), new)
        )
        if before.level != after.level:
            pair = before.level, after.level
            moved[pair] = moved.get(pair, 0) + 1
        if before.bookable != after.bookable:
            bookable[before.bookable, after.bookable] += 1
    gravest = sorted(moved, key=lambda pair: (-pair[1].rank, pair[0].rank))
    return {
        "histories": count,
        "moved": [
            {"from": old.value, "to": to.value, "count": moved[old, to]} for old, to in gravest
        ],
        "no_longer_bookable": bookable[True, False],
        "newly_bookable": bookable[False, True],
    }


if __name__ == "__main__":
    main()
