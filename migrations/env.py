"""Runs the revisions in one transaction, on either database.

Alembic's usual ways are not enough here. SQLite commits DDL statement by statement unless it is
told not to, which leaves half a schema when the machine stops; and its batch steps delete the
child rows of a table that they rebuild while foreign keys are on. On PostgreSQL two hosts that
start at once must take turns.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Literal

from alembic import context
from alembic.operations import BatchOperations, MigrateOperation, Operations
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.pool import NullPool

from clinic.extensions import WRITE, Base, engine_options
from clinic.models import Instant

TURN = 0x6E65_6564_6C65  # PostgreSQL's advisory lock of whoever migrates: "needle"
TURN_SECONDS = 60


class BrokenReferences(Exception):
    """A revision left rows that refer to rows which are gone; nothing was changed."""


@Operations.register_operation("rebuild")
class Rebuild(MigrateOperation):
    """``with op.rebuild("table") as batch``: alter a table, by copying it on SQLite.

    The copy takes the table's own triggers with it into the bin, and SQLite refuses to rename
    it while triggers of other tables speak of it; so all are set aside and put back after.
    """

    @classmethod
    def rebuild(cls, operations: Operations, table: str) -> AbstractContextManager[BatchOperations]:
        return _rebuilding(operations, table)


@contextmanager
def _rebuilding(operations: Operations, table: str) -> Iterator[BatchOperations]:
    connection = operations.get_bind()
    on_sqlite = connection.dialect.name == "sqlite"
    query = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
    triggers = connection.exec_driver_sql(query).fetchall() if on_sqlite else []
    for name, _ in triggers:
        operations.execute(f'DROP TRIGGER "{name}"')
    with operations.batch_alter_table(table) as batch:
        yield batch
    for _, statement in triggers:
        operations.execute(statement)


def render(kind: str, item: object, _context: object) -> str | Literal[False]:
    """Write an instant as the plain type that it is stored as, so that history stays readable."""
    if kind == "type" and isinstance(item, Instant):
        return "sa.DateTime(timezone=True)"
    return False


def run(connection: Connection) -> None:
    """Run all revisions that are asked for, or none of them."""
    _switch_foreign_keys(connection, "OFF")
    try:
        with connection.begin():
            _take_turn(connection)
            context.configure(
                connection=connection,
                target_metadata=Base.metadata,
                transactional_ddl=True,
                render_as_batch=connection.dialect.name == "sqlite",
                render_item=render,
                compare_server_default=True,
            )
            context.run_migrations()
            _refuse_broken_references(connection)
    finally:
        _switch_foreign_keys(connection, "ON")


def _switch_foreign_keys(connection: Connection, value: str) -> None:
    if connection.dialect.name == "sqlite":  # does nothing inside a transaction, so before it
        driver: Any = connection.connection.dbapi_connection
        driver.execute(f"PRAGMA busy_timeout={TURN_SECONDS * 1000}")
        driver.execute(f"PRAGMA foreign_keys={value}")


def _take_turn(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        usual = {
            name: connection.scalar(text(f"SHOW {name}"))
            for name in ("lock_timeout", "statement_timeout")
        }
        for name in usual:
            connection.execute(text(f"SET LOCAL {name} = '{TURN_SECONDS}s'"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:turn)"), {"turn": TURN})
        for name, value in usual.items():
            connection.execute(text(f"SET LOCAL {name} = '{value}'"))


def _refuse_broken_references(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
        if broken:
            tables = sorted({row[0] for row in broken})
            raise BrokenReferences(f"{len(broken)} rows of {', '.join(tables)}")


url = context.config.attributes["url"]
options = engine_options(url)
engine = create_engine(url, poolclass=NullPool, **options).execution_options(**{WRITE: True})
try:
    with engine.connect() as opened:
        run(opened)
finally:
    engine.dispose()
