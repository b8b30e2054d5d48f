"""Copies of a SQLite database, while others write to it."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from clinic.commands.progress import Progress

PAGES = 2000  # copied between two looks at the clock


class Unsound(Exception):
    """The copy does not hold together."""


def copy(source: Any, target: Path) -> None:
    """Copy what the open transaction of ``source`` sees; writers are not held up.

    The copy is one plain file that only its owner reads. The transaction keeps later writes out,
    so that the copying never has to begin anew.
    """
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    progress = Progress("Pages copied")
    with closing(sqlite3.connect(target)) as opened:
        source.backup(
            opened, pages=PAGES, progress=lambda _s, left, total: progress.at(total - left, total)
        )
        flatten(opened)
    require_sound(target)
    sync(target)


def flatten(opened: sqlite3.Connection) -> None:
    """Leave one file, without a write-ahead log; raises if anybody else has it open."""
    (mode,) = opened.execute("PRAGMA journal_mode=DELETE").fetchone()
    if mode != "delete":
        raise sqlite3.OperationalError("database is locked")


def require_sound(file: Path) -> None:
    """Raise Unsound unless SQLite finds every page and every reference in order."""
    try:
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as opened:
            if opened.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
                raise Unsound("its pages are damaged")
            if opened.execute("PRAGMA foreign_key_check").fetchall():
                raise Unsound("rows refer to rows that are not there")
    except sqlite3.DatabaseError as error:
        raise Unsound("it is no SQLite database") from error


def is_in_use(file: Path) -> bool:
    """Tell whether any process has the database open: web, worker or somebody's shell."""
    if not file.exists():
        return False
    try:
        with closing(sqlite3.connect(file, timeout=2)) as opened:
            flatten(opened)
    except sqlite3.OperationalError:
        return True
    except sqlite3.DatabaseError:  # damaged, so that nobody can have it open for long
        return False
    return False


def sync(file: Path) -> None:
    """Bring a file, and the name that it has, to the disk."""
    for path, flags in ((file, os.O_RDWR), (file.parent, os.O_RDONLY)):
        opened = os.open(path, flags)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)
