"""What no program may do: change the record, or hold needling without a live clearance.

Each refusal is one stable word, by which clinic.services.transaction knows the fact.
"""

from __future__ import annotations

from typing import NamedTuple

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

APPENDED_ONLY = ("act", "audit_entry", "intake", "questionnaire_version", "review", "screening")
HEAD_GOES_ON = "NEW.id = OLD.id AND NEW.count > OLD.count AND NEW.hash <> OLD.hash"
FIXED = ("id", "request_id", "origin", "intake_id", "screening_id", "review_id")
FIXED += ("valid_from", "valid_until", "limits_sealed", "made_at")
VISIT = ("request_id", "clearance_id", "visit_kind", "therapist_id", "location_id")
VISIT += ("starts_at", "visit_on")
# Freeing and cancelling stay possible under an ended clearance: nothing of this is then true.
GOES_AHEAD = """(NEW.state <> OLD.state AND NEW.state IN ('held', 'confirmed', 'arrived'))
    OR (NEW.needled IS TRUE AND OLD.needled IS NOT TRUE)"""
NO_LIVE_CLEARANCE = """NOT EXISTS (
    SELECT 1 FROM clearance WHERE clearance.id = NEW.clearance_id
    AND clearance.request_id = NEW.request_id AND clearance.ended_at IS NULL
    AND NEW.visit_on BETWEEN clearance.valid_from AND clearance.valid_until)"""
PROHIBITED = """EXISTS (
    SELECT 1 FROM location WHERE location.id = NEW.location_id
    AND location.needling_law = 'prohibited')"""


class Guard(NamedTuple):
    """One trigger: what it watches, when it looks, and the word with which it refuses.

    A fault is a look at other tables. SQLite has one writer, so it can stand in the trigger;
    PostgreSQL must lock what it looks at, so there a function does it.
    """

    name: str
    act: str
    table: str
    word: str
    when: str = "1 = 1"
    fault: str = "1 = 1"
    function: str = "refuse"


def upgrade() -> None:
    for statement in FUNCTIONS if _on_postgresql() else ():
        op.execute(statement)
    for guard in _guards():
        op.execute(_postgresql(guard) if _on_postgresql() else _sqlite(guard))


def downgrade() -> None:
    for guard in _guards():
        on_table = f" ON {guard.table}" if _on_postgresql() else ""
        op.execute(f"DROP TRIGGER {guard.name}{on_table}")
    if _on_postgresql():
        for function in ("refuse", "require_clearance", "require_lawful_place"):
            op.execute(f"DROP FUNCTION needlepoint_{function}()")


def _guards() -> list[Guard]:
    acts = ("update", "delete", "truncate") if _on_postgresql() else ("update", "delete")
    guards = [
        Guard(f"{table}_no_{act}", act, table, f"append_only {table}")
        for table in APPENDED_ONLY
        for act in acts
    ]
    guards += [
        Guard(f"{table}_no_{act}", act, table, f"append_only {table}")
        for table in ("audit_head", "clearance")
        for act in acts[1:]
    ]
    guards += [
        Guard(
            "audit_head_goes_on",
            "update",
            "audit_head",
            "append_only audit_head",
            when=f"NOT ({HEAD_GOES_ON})",
        ),
        Guard(
            "clearance_only_ends",
            "update",
            "clearance",
            "append_only clearance",
            when=f"OLD.ended_at IS NOT NULL OR {_any_changes(FIXED)}",
        ),
    ]
    return guards + [guard for act in ("insert", "update") for guard in _appointment(act)]


def _appointment(act: str) -> list[Guard]:
    when = "NEW.visit_kind = 'needling'"
    if act == "update":
        when += f" AND ({GOES_AHEAD} OR {_any_changes(VISIT)})"
    return [
        Guard(
            f"appointment_clearance_{act}",
            act,
            "appointment",
            "needling_needs_live_clearance",
            when,
            NO_LIVE_CLEARANCE,
            "require_clearance",
        ),
        Guard(
            f"appointment_place_{act}",
            act,
            "appointment",
            "needling_prohibited_here",
            when,
            PROHIBITED,
            "require_lawful_place",
        ),
    ]


def _any_changes(columns: tuple[str, ...]) -> str:
    differs = "IS DISTINCT FROM" if _on_postgresql() else "IS NOT"
    return " OR ".join(f"NEW.{column} {differs} OLD.{column}" for column in columns)


def _on_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _sqlite(guard: Guard) -> str:
    return f"""CREATE TRIGGER {guard.name} BEFORE {guard.act} ON {guard.table}
    WHEN ({guard.when}) AND {guard.fault}
    BEGIN SELECT RAISE(ABORT, '{guard.word}'); END"""


def _postgresql(guard: Guard) -> str:
    each = "STATEMENT" if guard.act == "truncate" else f"ROW WHEN ({guard.when})"
    return f"""CREATE TRIGGER {guard.name} BEFORE {guard.act} ON {guard.table}
    FOR EACH {each} EXECUTE FUNCTION needlepoint_{guard.function}('{guard.word}')"""


# FOR SHARE waits for whoever is ending the clearance, and makes them wait for us, so that an
# accept and a revocation cannot pass each other. What was waited for is read again.
FUNCTIONS = (
    """CREATE FUNCTION needlepoint_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING MESSAGE = TG_ARGV[0], ERRCODE = 'check_violation';
END $$""",
    """CREATE FUNCTION needlepoint_require_clearance() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM clearance
    WHERE clearance.id = NEW.clearance_id AND clearance.request_id = NEW.request_id
        AND clearance.ended_at IS NULL
        AND NEW.visit_on BETWEEN clearance.valid_from AND clearance.valid_until
    FOR SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING MESSAGE = TG_ARGV[0], ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$""",
    """CREATE FUNCTION needlepoint_require_lawful_place() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    law text;
BEGIN
    SELECT needling_law INTO law FROM location WHERE id = NEW.location_id FOR SHARE;
    IF law = 'prohibited' THEN
        RAISE EXCEPTION USING MESSAGE = TG_ARGV[0], ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$""",
)
