"""Says how far a long command has come, on standard error, once in a while."""

from __future__ import annotations

import time

import click

EVERY = 2.0  # seconds


class Progress:
    """Prints one line every two seconds while something goes on; short work stays silent."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._next = time.monotonic() + EVERY

    def at(self, done: int, total: int | None = None) -> None:
        """Say how much is done, if it is time to say something again."""
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + EVERY
        of_all = f" of {total}" if total is not None else ""
        click.echo(f"{self._what}: {done}{of_all} ...", err=True)
