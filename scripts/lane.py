"""One of the pytests that share a tier: each takes the next file that nobody took yet.

Usage: lane.py FOLDER FILE... [OPTION OF PYTEST...]; who shares names the same folder and files.
"""

import gc
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest


class Lane:
    """Runs file by file, as long as the folder holds no other lane's mark for the file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def pytest_collection_finish(self) -> None:
        """Look for cycles less often: a tenth of the time went into going over what stays."""
        gc.collect()
        gc.freeze()
        gc.set_threshold(20_000, 20, 20)

    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        """Take the place of pytest's own loop, unless a file could not be read."""
        if session.testsfailed:
            return None
        # The runner looks whether each was run.
        (self._folder / "collected").write_text(str(len(session.items)), encoding="utf-8")
        todo = self._taken(session.items)
        item = next(todo, None)
        while item is not None:
            # What a fixture holds for longer than a file is kept, as the next test is known.
            following = next(todo, None)
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if session.shouldfail:
                raise session.Failed(session.shouldfail)
            if session.shouldstop:
                raise session.Interrupted(session.shouldstop)
            item = following
        return True

    def _taken(self, items: list[pytest.Item]) -> Iterator[pytest.Item]:
        files: dict[Path, list[pytest.Item]] = {}
        for item in items:
            files.setdefault(item.path, []).append(item)
        for number, tests in enumerate(files.values()):
            if self._takes(number):
                yield from tests

    def _takes(self, number: int) -> bool:
        try:
            (self._folder / f"taken-{number}").touch(exist_ok=False)
        except FileExistsError:
            return False
        return True


if __name__ == "__main__":
    sys.path[0] = str(Path.cwd())  # as `python -m pytest` has it
    sys.exit(pytest.main(sys.argv[2:], plugins=[Lane(Path(sys.argv[1]))]))
