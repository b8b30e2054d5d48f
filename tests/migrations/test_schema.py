"""The revisions lead, in one line, to exactly the tables that the models have."""

from typing import Any

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, inspect
from sqlalchemy.pool import NullPool

from clinic.commands.database import upgrade
from clinic.extensions import Base
from clinic.queries import revision
from tests.support import databases

Schema = dict[str, dict[str, Any]]


def described(engine: Engine) -> Schema:
    """Everything that the database itself says of each table, in an order of its own."""
    look = inspect(engine)
    with engine.connect():
        return {
            table: {
                "columns": {
                    column["name"]: (repr(column["type"]), column["nullable"], column["default"])
                    for column in look.get_columns(table)
                },
                "primary key": look.get_pk_constraint(table),
                "foreign keys": by_name(look.get_foreign_keys(table)),
                "unique": by_name(look.get_unique_constraints(table)),
                "checks": {c["name"]: c["sqltext"] for c in look.get_check_constraints(table)},
                "indexes": {i["name"]: index(i) for i in look.get_indexes(table)},
            }
            for table in look.get_table_names()
            if table != revision.TABLE
        }


def by_name(constraints: list[Any]) -> dict[str, Any]:
    return {constraint["name"]: dict(constraint) for constraint in constraints}


def index(found: Any) -> tuple[Any, ...]:
    where = {name: str(text) for name, text in found.get("dialect_options", {}).items()}
    return found["column_names"], bool(found["unique"]), where


@pytest.fixture(params=databases.KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_there_is_one_newest_revision_and_one_first_one() -> None:
    script = ScriptDirectory.from_config(revision.scripts())

    assert len(script.get_heads()) == 1
    assert len(script.get_bases()) == 1


@pytest.mark.proves("MIG-1")
def test_the_upgraded_schema_is_the_models_with_every_check_as_worded(kind: str) -> None:
    with databases.empty_database(kind) as upgraded, databases.empty_database(kind) as made:
        upgrade(upgraded)
        by_revisions, by_models = (
            create_engine(url, poolclass=NullPool) for url in (upgraded, made)
        )
        Base.metadata.create_all(by_models)

        ours, theirs = described(by_revisions), described(by_models)

    assert sorted(ours) == sorted(theirs)
    for table, description in theirs.items():
        assert ours[table] == description
    assert sum(len(description["checks"]) for description in theirs.values()) > 20


def test_every_revision_goes_up_once_and_a_second_upgrade_changes_nothing(kind: str) -> None:
    with databases.empty_database(kind) as url:
        upgrade(url)
        engine = create_engine(url, poolclass=NullPool)
        first = described(engine)

        upgrade(url)

        assert described(engine) == first
