"""A later revision can alter a table that others refer to, and loses no row and no guard."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from flask import Flask
from sqlalchemy import inspect, text
from sqlalchemy.exc import IntegrityError

from clinic.extensions import db
from clinic.queries import revision
from tests.support import full_house
from tests.support.full_house import counts, digests
from tests.support.scene import Scene

LATER = """
import sqlalchemy as sa
from alembic import op
revision, down_revision = "later", "{newest}"
TABLES = ("request", "clearance", "act", "appointment")

def upgrade():
    for table in TABLES:
        with op.rebuild(table) as batch:
            batch.add_column(sa.Column("extra", sa.Integer(), server_default="7"))
    {more}

def downgrade():
    for table in TABLES:
        with op.rebuild(table) as batch:
            batch.drop_column("extra")
"""


@pytest.fixture
def full(in_app: Flask) -> Iterator[str]:
    full_house.fill(Scene())
    url: str = in_app.config["SQLALCHEMY_DATABASE_URI"]
    let_go()
    yield url
    let_go()


def let_go() -> None:
    db.session.remove()
    db.engine.dispose()


def with_later(folder: Path, url: str, more: str = "") -> Config:
    place = revision.scripts().get_main_option("script_location")
    assert place is not None
    shutil.copytree(place, folder / "migrations")
    text_of_it = LATER.format(newest=revision.expected(), more=more)
    (folder / "migrations/versions/later.py").write_text(text_of_it)
    config = Config()
    config.set_main_option("script_location", str(folder / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["url"] = url
    return config


@pytest.mark.proves("MIG-2")
def test_rebuilt_tables_keep_their_rows_children_and_guards(full: str, tmp_path: Path) -> None:
    stored, read, guards = counts(), digests(), triggers()
    let_go()
    config = with_later(tmp_path, full)

    command.upgrade(config, "later")

    assert (counts(), digests(), triggers()) == (stored, read, guards)
    assert db.session.scalar(text("SELECT extra FROM clearance")) == 7
    with pytest.raises(IntegrityError, match="append_only act"):
        db.session.execute(text("UPDATE act SET extra = 8"))
    let_go()
    command.downgrade(config, revision.expected())
    assert (counts(), digests(), triggers()) == (stored, read, guards)


def test_a_revision_that_loses_a_parent_is_refused_whole(full: str, tmp_path: Path) -> None:
    stored = counts()
    let_go()
    config = with_later(tmp_path, full, more="op.execute('DELETE FROM location')")

    with pytest.raises(Exception, match=r"rows of|foreign key constraint"):
        command.upgrade(config, "later")

    assert counts() == stored
    assert "extra" not in [
        column["name"] for column in inspect(db.session.connection()).get_columns("request")
    ]


def triggers() -> list[str]:
    query = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger' ORDER BY name",
        "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal ORDER BY tgname",
    }
    found = list(db.session.scalars(text(query[db.engine.dialect.name])))
    assert len(found) >= 20
    return found
