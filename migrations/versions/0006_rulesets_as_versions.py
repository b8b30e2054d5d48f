"""Rulesets as versions: drafts, trials, approval; and notes on what the form missed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

UNSIGNED = "NEW.state <> 'draft' AND (NEW.approved_at IS NULL OR NEW.approved_name IS NULL)"
# name, act, word, when: what the database itself holds of versions
GUARDS = (
    ("ruleset_unsigned_insert", "INSERT", "ruleset_not_approved", UNSIGNED),
    ("ruleset_unsigned_update", "UPDATE", "ruleset_not_approved", UNSIGNED),
    (
        "ruleset_document_stays",
        "UPDATE",
        "append_only ruleset_version",
        "NEW.hash <> OLD.hash OR NEW.document <> OLD.document",
    ),
    ("ruleset_signed_stays", "DELETE", "append_only ruleset_version", "OLD.state <> 'draft'"),
)


def upgrade() -> None:
    op.create_table(
        "missed_note",
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("body_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("item_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column("answer_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("handled_by_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(handled_at IS NULL) = (handled_by_id IS NULL)", name=op.f("ck_missed_note_handled_by")
        ),
        sa.ForeignKeyConstraint(["by_id"], ["user.id"], name=op.f("fk_missed_note_by_id_user")),
        sa.ForeignKeyConstraint(
            ["handled_by_id"], ["user.id"], name=op.f("fk_missed_note_handled_by_id_user")
        ),
        sa.ForeignKeyConstraint(
            ["request_id"], ["request.id"], name=op.f("fk_missed_note_request_id_request")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_missed_note")),
    )
    op.create_index(op.f("ix_missed_note_request_id"), "missed_note", ["request_id"], unique=False)
    op.create_table(
        "ruleset_draft",
        sa.Column("base_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("changes", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by_id", sa.Uuid(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", sa.Uuid(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_as", sa.String(length=16), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "ended_as IN ('approved', 'discarded')", name=op.f("ck_ruleset_draft_ended_as_known")
        ),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (ended_as IS NULL)",
            name=op.f("ck_ruleset_draft_ended_as_something"),
        ),
        sa.ForeignKeyConstraint(
            ["base_hash"],
            ["ruleset_version.hash"],
            name=op.f("fk_ruleset_draft_base_hash_ruleset_version"),
        ),
        sa.ForeignKeyConstraint(
            ["changed_by_id"], ["user.id"], name=op.f("fk_ruleset_draft_changed_by_id_user")
        ),
        sa.ForeignKeyConstraint(
            ["made_by_id"], ["user.id"], name=op.f("fk_ruleset_draft_made_by_id_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ruleset_draft")),
    )
    op.create_table(
        "ruleset_trial",
        sa.Column("old_hash", sa.String(length=64), nullable=False),
        sa.Column("new_hash", sa.String(length=64), nullable=False),
        sa.Column("every_intake", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("parts", sa.Integer(), nullable=False),
        sa.Column("upto", sa.Uuid(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_by_id", sa.Uuid(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (state IN ('waiting', 'running'))",
            name=op.f("ck_ruleset_trial_running_until_ended"),
        ),
        sa.CheckConstraint(
            "state IN ('waiting', 'running', 'done', 'cancelled', 'failed')",
            name=op.f("ck_ruleset_trial_state_known"),
        ),
        sa.ForeignKeyConstraint(
            ["new_hash"],
            ["ruleset_version.hash"],
            name=op.f("fk_ruleset_trial_new_hash_ruleset_version"),
        ),
        sa.ForeignKeyConstraint(
            ["old_hash"],
            ["ruleset_version.hash"],
            name=op.f("fk_ruleset_trial_old_hash_ruleset_version"),
        ),
        sa.ForeignKeyConstraint(
            ["started_by_id"], ["user.id"], name=op.f("fk_ruleset_trial_started_by_id_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ruleset_trial")),
    )
    op.create_index(op.f("ix_ruleset_trial_new_hash"), "ruleset_trial", ["new_hash"], unique=False)
    op.create_table(
        "ruleset_trial_part",
        sa.Column("trial_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("moves_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["trial_id"],
            ["ruleset_trial.id"],
            name=op.f("fk_ruleset_trial_part_trial_id_ruleset_trial"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ruleset_trial_part")),
        sa.UniqueConstraint(
            "trial_id", "position", name=op.f("uq_ruleset_trial_part_trial_id_position")
        ),
    )
    op.add_column(
        "ruleset_version", sa.Column("in_force_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.add_column(
        "ruleset_version", sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.create_index(
        "uq_ruleset_in_force",
        "ruleset_version",
        ["state"],
        unique=True,
        sqlite_where=sa.text("state = 'in_force'"),
        postgresql_where=sa.text("state = 'in_force'"),
    )

    op.execute(
        "UPDATE ruleset_version SET state = 'draft' "
        "WHERE approved_at IS NULL OR approved_name IS NULL"
    )
    for name, act, word, when in GUARDS:
        begin = f"CREATE TRIGGER {name} BEFORE {act} ON ruleset_version"
        if _on_postgresql():
            op.execute(
                f"{begin} FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION needlepoint_refuse('{word}')"
            )
        else:
            op.execute(f"{begin} WHEN {when} BEGIN SELECT RAISE(ABORT, '{word}'); END")


def downgrade() -> None:
    for name, _act, _word, _when in GUARDS:
        op.execute(f"DROP TRIGGER {name}" + (" ON ruleset_version" if _on_postgresql() else ""))
    op.drop_index("uq_ruleset_in_force", table_name="ruleset_version")
    op.drop_column("ruleset_version", "retired_at")
    op.drop_column("ruleset_version", "in_force_at")
    for table in ("ruleset_trial_part", "ruleset_trial", "ruleset_draft", "missed_note"):
        op.drop_table(table)


def _on_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"
