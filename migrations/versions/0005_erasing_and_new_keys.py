"""Lets an erasure and a new key through where the record is append-only, and nothing else.

A row of the record may go if its request is listed in the table ``erasure``, which only grows
and takes no request under a legal hold. A row may be changed only from one key to another: every
plain column as it was, and each changed sealed value of the same length under another key's id.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# table of the record -> its plain columns, its sealed columns
RECORD = {
    "act": (
        (
            "id request_id position track appointment_id act from_state to_state actor_kind "
            "actor_id at"
        ),
        "detail_sealed",
    ),
    "intake": (
        "id request_id number questionnaire_hash language answered_by complete sent_at",
        "answers_sealed trail_sealed",
    ),
    "review": (
        (
            "id request_id intake_id screening_id decision valid_from valid_until signed_name "
            "signed_by_id signed_at"
        ),
        "reason_code_sealed reason_sealed limits_sealed",
    ),
    "screening": (
        "id request_id intake_id ruleset_hash as_of made_at level lapses_on",
        "earlier_sealed result_sealed",
    ),
}
CLEARANCE_PLAIN = (
    "id request_id origin intake_id screening_id review_id valid_from valid_until made_at "
    "ended_at ended_by"
)
CLEARANCE_FIXED = CLEARANCE_PLAIN.replace(" ended_at ended_by", "") + " limits_sealed"
LENGTHS = bytes(range(1, 17)).hex()  # of a key's id: the second byte of a sealed value


def upgrade() -> None:
    op.create_table(
        "erasure",
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("request_id", name=op.f("pk_erasure")),
    )
    op.create_table(
        "legal_hold",
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["request_id"], ["request.id"], name=op.f("fk_legal_hold_request_id_request")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_hold")),
        sa.UniqueConstraint("request_id", name=op.f("uq_legal_hold_request_id")),
    )
    op.drop_column("user", "locked_until")
    for statement in FUNCTIONS if _on_postgresql() else ():
        op.execute(statement)
    for name, table in _loosened():
        _drop(name, table)
    for table, (plain, sealed) in RECORD.items():
        _refuse(f"{table}_no_update", "UPDATE", table, f"NOT {_only_rekeyed(plain, sealed)}")
        _require_erasure(f"{table}_no_delete", table)
    _refuse("clearance_only_ends", "UPDATE", "clearance", _clearance_is_widened())
    _require_erasure("clearance_no_delete", "clearance")
    _refuse("erasure_no_update", "UPDATE", "erasure", "1 = 1")
    _refuse("erasure_no_delete", "DELETE", "erasure", "1 = 1")
    _refuse_on_hold()
    if _on_postgresql():
        op.execute(
            "CREATE TRIGGER erasure_no_truncate BEFORE TRUNCATE ON erasure "
            "EXECUTE FUNCTION needlepoint_refuse('append_only erasure')"
        )


def downgrade() -> None:
    own = ("no_update", "no_delete", "not_on_hold")
    for name, table in [*_loosened(), *((f"erasure_{act}", "erasure") for act in own)]:
        _drop(name, table)
    for table in RECORD:
        for act in ("update", "delete"):
            _refuse(f"{table}_no_{act}", act, table, "1 = 1")
    ended = f"OLD.ended_at IS NOT NULL OR {_any_differs(CLEARANCE_FIXED)}"
    _refuse("clearance_only_ends", "UPDATE", "clearance", ended)
    _refuse("clearance_no_delete", "DELETE", "clearance", "1 = 1")
    if _on_postgresql():
        for function in ("require_erasure", "refuse_on_hold"):
            op.execute(f"DROP FUNCTION needlepoint_{function}()")
    op.add_column("user", sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True))
    op.drop_table("legal_hold")
    op.drop_table("erasure")


def _loosened() -> list[tuple[str, str]]:
    found = [(f"{table}_no_{act}", table) for table in RECORD for act in ("update", "delete")]
    return [*found, ("clearance_only_ends", "clearance"), ("clearance_no_delete", "clearance")]


def _drop(name: str, table: str) -> None:
    op.execute(f"DROP TRIGGER {name}" + (f" ON {table}" if _on_postgresql() else ""))


def _refuse(name: str, act: str, table: str, when: str) -> None:
    word = f"append_only {table}"
    if _on_postgresql():
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {act} ON {table} FOR EACH ROW WHEN ({when}) "
            f"EXECUTE FUNCTION needlepoint_refuse('{word}')"
        )
    else:
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {act} ON {table} WHEN {when} "
            f"BEGIN SELECT RAISE(ABORT, '{word}'); END"
        )


def _require_erasure(name: str, table: str) -> None:
    word = f"append_only {table}"
    if _on_postgresql():
        op.execute(
            f"CREATE TRIGGER {name} BEFORE DELETE ON {table} FOR EACH ROW "
            f"EXECUTE FUNCTION needlepoint_require_erasure('{word}')"
        )
    else:
        listed = "SELECT 1 FROM erasure WHERE erasure.request_id = OLD.request_id"
        _refuse(name, "DELETE", table, f"NOT EXISTS ({listed})")


def _refuse_on_hold() -> None:
    begin = "CREATE TRIGGER erasure_not_on_hold BEFORE INSERT ON erasure"
    if _on_postgresql():
        op.execute(f"{begin} FOR EACH ROW EXECUTE FUNCTION needlepoint_refuse_on_hold()")
    else:
        held = "SELECT 1 FROM legal_hold WHERE legal_hold.request_id = NEW.request_id"
        op.execute(
            f"{begin} WHEN EXISTS ({held}) BEGIN SELECT RAISE(ABORT, 'erasure_on_hold'); END"
        )


def _only_rekeyed(plain: str, sealed: str) -> str:
    """Say that nothing changed but the key of one sealed value or more; never NULL."""
    each = " AND ".join(f"({_same(one)} OR {_rekeyed(one)})" for one in sealed.split())
    return f"COALESCE(NOT ({_any_differs(plain)}) AND ({_any_differs(sealed)}) AND {each}, FALSE)"


def _clearance_is_widened() -> str:
    widened = f"OLD.ended_at IS NOT NULL OR {_any_differs(CLEARANCE_FIXED)}"
    return f"NOT {_only_rekeyed(CLEARANCE_PLAIN, 'limits_sealed')} AND ({widened})"


def _rekeyed(column: str) -> str:
    new, old = f"NEW.{column}", f"OLD.{column}"
    return (
        f"({new} IS NOT NULL AND {old} IS NOT NULL"
        f" AND {_head(new)} <> {_head(old)}"
        f" AND {_size(new)} - {_id_length(new)} = {_size(old)} - {_id_length(old)})"
    )


def _head(value: str) -> str:
    return f"substr({value}, 1, 2 + {_id_length(value)})"


def _id_length(value: str) -> str:
    if _on_postgresql():
        return f"get_byte({value}, 1)"
    return f"instr(X'{LENGTHS}', substr({value}, 2, 1))"


def _size(value: str) -> str:
    return f"octet_length({value})" if _on_postgresql() else f"length({value})"


def _same(column: str) -> str:
    same = "IS NOT DISTINCT FROM" if _on_postgresql() else "IS"
    return f"NEW.{column} {same} OLD.{column}"


def _any_differs(columns: str) -> str:
    differs = "IS DISTINCT FROM" if _on_postgresql() else "IS NOT"
    return " OR ".join(f"NEW.{column} {differs} OLD.{column}" for column in columns.split())


def _on_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


FUNCTIONS = (
    """CREATE FUNCTION needlepoint_require_erasure() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM erasure WHERE erasure.request_id = OLD.request_id) THEN
        RAISE EXCEPTION USING MESSAGE = TG_ARGV[0], ERRCODE = 'check_violation';
    END IF;
    RETURN OLD;
END $$""",
    """CREATE FUNCTION needlepoint_refuse_on_hold() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM legal_hold WHERE legal_hold.request_id = NEW.request_id) THEN
        RAISE EXCEPTION USING MESSAGE = 'erasure_on_hold', ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$""",
)
