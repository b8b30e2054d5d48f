"""Which revision of the schema is stored, and which one this code was written for."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

import clinic
from clinic.extensions import db

TABLE = "alembic_version"


def stored() -> str | None:
    """Return the revision that the database is at, or None for one without our tables."""
    connection = db.session.connection()
    if not inspect(connection).has_table(TABLE):
        return None
    number: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return number


@cache
def expected() -> str:
    """Return the one newest revision that ships with this code."""
    head = ScriptDirectory.from_config(scripts()).get_current_head()
    if head is None:
        raise RuntimeError("no revisions ship with this code")
    return head


def scripts() -> Config:
    """Point Alembic to the revisions: inside an installed package, or beside it in the tree."""
    package = Path(clinic.__file__ or "").resolve().parent
    folders = (package / "migrations", package.parent / "migrations")
    folder = next(folder for folder in folders if (folder / "env.py").is_file())
    config = Config()
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
