"""`clinic screen --json` over many intakes: how long, how many a second, how much memory."""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.intakes import AS_OF, intakes

CLINIC = Path(sys.executable).with_name("clinic")


def main() -> None:
    """Write the intakes to a file, screen them, and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100_000)
    count: int = parser.parse_args().count
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "intakes.jsonl"
        with file.open("w", encoding="utf-8") as lines:
            for _, intake in intakes(count):
                lines.write(json.dumps({"as_of": AS_OF.isoformat(), "answers": intake}) + "\n")
        began = time.perf_counter()
        with (Path(folder) / "out").open("wb") as out:
            subprocess.run([CLINIC, "screen", "--json", file], stdout=out, check=True)
        seconds = time.perf_counter() - began
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"{count} intakes in {seconds:.1f} s: {count / seconds:.0f} a second")
    print(f"processor time {used.ru_utime + used.ru_stime:.1f} s on all cores")
    print(f"the largest process held {used.ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
