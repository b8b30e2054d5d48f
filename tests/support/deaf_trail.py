"""A database that refuses each entry of the trail, as a full disk or a missing grant would."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import text

from clinic.extensions import db

SQLITE = (
    "CREATE TRIGGER deaf BEFORE INSERT ON audit_entry BEGIN SELECT RAISE(ABORT, 'deaf'); END",
)
POSTGRESQL = (
    """CREATE OR REPLACE FUNCTION deaf() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'deaf'; END $$""",
    "CREATE TRIGGER deaf BEFORE INSERT ON audit_entry FOR EACH ROW EXECUTE FUNCTION deaf()",
)


@contextmanager
def deaf_trail() -> Iterator[None]:
    """Let the trail take nothing for the length of a block."""
    sqlite = db.engine.dialect.name == "sqlite"
    _run(SQLITE if sqlite else POSTGRESQL)
    try:
        yield
    finally:
        _run(("DROP TRIGGER deaf",) if sqlite else ("DROP TRIGGER deaf ON audit_entry",))


def _run(statements: tuple[str, ...]) -> None:
    db.session.rollback()
    with db.engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
