"""Questions and rules as earlier releases stored them; these files are never made anew."""

import gzip
from pathlib import Path

FOLDER = Path(__file__).parent / "kept"
RELEASES = ("format-1", "format-1-before-me-too")


def kept(release: str, what: str) -> str:
    """Read the document of the questions or the rules that a release stored."""
    packed = (FOLDER / f"{release}.{what}.json.gz").read_bytes()
    return gzip.decompress(packed).decode("utf-8")
