"""Every revision goes up, down and up again with rows in every table, and loses none."""

from collections.abc import Iterator

import pytest
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import inspect, text
from sqlalchemy.exc import IntegrityError

from clinic.commands.database import downgrade, upgrade
from clinic.extensions import Base, db
from clinic.queries import revision
from clinic.services import audit
from tests.support import full_house
from tests.support.full_house import counts, digests
from tests.support.scene import Scene


def older_revisions() -> list[str]:
    script = ScriptDirectory.from_config(revision.scripts())
    found = [step.revision for step in script.walk_revisions()]
    return found[1:]


@pytest.fixture
def full(in_app: Flask) -> Iterator[str]:
    full_house.fill(Scene())
    url = in_app.config["SQLALCHEMY_DATABASE_URI"]
    let_go()
    yield url
    let_go()


def let_go() -> None:
    db.session.remove()
    db.engine.dispose()


def test_the_house_is_full(full: str) -> None:
    assert full
    empty = [table for table, count in counts().items() if count == 0]

    assert empty == []
    assert set(counts()) == set(Base.metadata.tables)


@pytest.mark.parametrize("target", older_revisions())
@pytest.mark.proves("MIG-1")
def test_no_row_is_lost_on_the_way_down_and_up(full: str, target: str) -> None:
    stored, read = counts(), digests()
    let_go()

    downgrade(full, target)

    below, read_below = counts(), digests()
    assert below == {table: stored[table] for table in below}
    assert read_below == {column: read[column] for column in read_below}
    assert len(read_below) > 150, "what both schemas hold"
    let_go()
    upgrade(full)
    again, read_again = counts(), digests()
    assert {table: again[table] for table in below} == below
    assert {column: read_again[column] for column in read_below} == read_below
    assert audit.verify(db.session()) is None


def test_the_way_down_to_nothing_leaves_nothing_and_the_way_up_works_again(full: str) -> None:
    downgrade(full, "base")

    assert inspect(db.session.connection()).get_table_names() == [revision.TABLE]
    assert functions() == []
    let_go()
    upgrade(full)
    assert counts()["role"] == 4
    assert counts()["request"] == 0
    assert audit.head_of(db.session()) == (0, audit.GENESIS)


def functions() -> list[str]:
    if db.engine.dialect.name == "sqlite":
        return []
    query = "SELECT proname FROM pg_proc WHERE proname LIKE 'needlepoint%'"
    return list(db.session.scalars(text(query)))


def test_the_record_is_append_only_again_after_down_and_up(full: str) -> None:
    downgrade(full, "0002")
    db.session.execute(text("UPDATE note SET kind = 'desk'"))
    db.session.rollback()
    let_go()

    upgrade(full)

    with pytest.raises(IntegrityError, match="append_only act"):
        db.session.execute(text("DELETE FROM act"))
