"""`clinic screen --json` over many intakes: how long, how many a second, how much memory."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from bench import watched
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
        with (Path(folder) / "out").open("wb") as out:
            took = watched.run((CLINIC, "screen", "--json", file), out=out)
    print(took.told(count))


if __name__ == "__main__":
    main()
