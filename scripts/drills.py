"""The long storms: what `make test` does for a minute, here for as long as it takes.

    python scripts/drills.py [--submits 1000] [--rounds 20] [--seed 1]

Prints a table, one line for each drill, and exits 1 if one of them found a fault.
"""

import argparse
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.storm import racers, submits
from tests.support import databases, open_clinic


@dataclass(frozen=True)
class Line:
    """How one drill ended."""

    drill: str
    database: str
    done: str
    faults: list[str]
    seconds: float


def main() -> int:
    """Run every drill; return the exit code."""
    parser = argparse.ArgumentParser(description="Run the long storms.")
    parser.add_argument("--submits", type=int, default=1000, help="requests sent while workers die")
    parser.add_argument("--rounds", type=int, default=20, help="races of fifty for one slot")
    parser.add_argument("--seed", type=int, default=1, help="decides when the workers die")
    given = parser.parse_args()
    lines = []
    for kind in databases.KINDS:
        lines.append(kill_storm(kind, given.submits, given.seed))
        lines.append(slot_race(kind, given.rounds))
    show(lines)
    return 1 if any(line.faults for line in lines) else 0


def kill_storm(kind: str, number: int, seed: int) -> Line:
    """Kill every worker again and again while patients send."""
    print(f"{kind}: writing {number} requests up to their last page", flush=True)
    with open_clinic.running(kind, workers=4) as clinic:
        patients = submits.write_drafts(clinic, number)
        print(f"{kind}: sending them while the workers are killed", flush=True)
        storm = submits.rage(clinic, patients, seed=seed, acks=(5, 40))
        faults = submits.faults(clinic, patients, storm)
        letters = clinic.smtp.wait_for(
            lambda one: "we have your request" in one.subject, number, within=600
        )
        if len(letters) != number:
            faults.append(f"{len(letters)} letters came")
    done = f"{len(storm.acknowledged)} acknowledged, {storm.kills} kills, {storm.broken} broken"
    return Line("kill -9 storm", kind, done, faults, storm.seconds)


def slot_race(kind: str, rounds: int) -> Line:
    """Let fifty windows of the front desk want the same time, again and again."""
    began, faults, ended = time.monotonic(), [], Counter[int]()
    with open_clinic.running(kind, workers=4, offer_hours=720) as clinic:
        windows = racers.windows(clinic)
        for number in range(rounds):
            print(f"{kind}: race {number + 1} of {rounds}", flush=True)
            pages = racers.race_for_the_last_slot(clinic, windows)
            ended.update(page.status for page in pages)
            faults += racers.faults(clinic, pages, rounds=number + 1)
    done = ", ".join(f"{count} x {status}" for status, count in sorted(ended.items()))
    return Line("50 for one slot", kind, done, faults, time.monotonic() - began)


def show(lines: list[Line]) -> None:
    """Print the table, then every fault."""
    print()
    for line in lines:
        word = "RED  " if line.faults else "green"
        print(f"{line.drill:<16} {line.database:<11} {word} {line.done:<46} {line.seconds:>6.0f} s")
    for line in lines:
        for fault in line.faults[:20]:
            print(f"  {line.drill}, {line.database}: {fault}")


if __name__ == "__main__":
    sys.exit(main())
