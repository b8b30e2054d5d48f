"""Writes the body map that pages draw, or checks that it is current.

python -m scripts.body_map            write it
python -m scripts.body_map --check    exit 1 if the file is not what the drawing says
"""

import sys
from pathlib import Path

from scripts.body_map import figure

FILE = Path(__file__).resolve().parents[2] / "clinic/static/data/body-map.json"


def main(arguments: list[str]) -> int:
    """Write the file, or check it; return the exit code."""
    current = FILE.is_file() and FILE.read_text(encoding="utf-8") == figure.page()
    if "--check" not in arguments:
        FILE.write_text(figure.page(), encoding="utf-8")
    elif not current:
        print(f"{FILE.name} is stale; run: python -m scripts.body_map", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
