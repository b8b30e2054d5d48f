"""How long one intake takes on one core, by kind: median, 95th percentile and worst.

Each time as a first patient would be: no line of medicines was read before. The last row is of
the same intakes where lines were, as in a stream.
"""

from __future__ import annotations

import os
import sys
import time
from statistics import median, quantiles
from typing import Any

from bench.intakes import AS_OF, KINDS, intakes
from clinic.screening import outcome, questionnaire, rules

MILLI = 1000.0


def main(count: int = 3000) -> None:
    """Measure and print a table."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    drawn = list(intakes(count))
    _timed(drawn[0][1])  # the first reads the data files
    seconds = [(kind, _first(intake)) for kind, intake in drawn]
    seconds += [("read before", _timed(intake)) for _, intake in drawn]
    print(f"{count} intakes, {len(questionnaire.shipped().questions)} questions, one core, ms each")
    print(f"{'':<12}{'intakes':>8}{'median':>9}{'95 %':>9}{'worst':>9}")
    for kind in (*KINDS, "all", "read before"):
        kinds = KINDS if kind == "all" else (kind,)
        taken = sorted(taken * MILLI for of, taken in seconds if of in kinds)
        high = quantiles(taken, n=20)[-1]
        print(f"{kind:<12}{len(taken):>8}{median(taken):>9.3f}{high:>9.3f}{taken[-1]:>9.3f}")


def _first(intake: dict[str, Any]) -> float:
    """Time it with every line of medicines forgotten that was read before."""
    formulary = rules.shipped_rules().formulary
    for one in (formulary, formulary.by_another_writer):
        one.read.clear()
    return _timed(intake)


def _timed(intake: dict[str, Any]) -> float:
    began = time.perf_counter()
    outcome.screen(questionnaire.shipped(), rules.shipped_rules(), intake, as_of=AS_OF)
    return time.perf_counter() - began


if __name__ == "__main__":
    main(*(int(one) for one in sys.argv[1:]))
