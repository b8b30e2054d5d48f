"""Settings and letter texts, enquiries, alerts, phone entry, visits, opening hours."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "clinic_setting",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("previous", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["changed_by_id"], ["user.id"], name=op.f("fk_clinic_setting_changed_by_id_user")
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_clinic_setting")),
    )
    op.create_table(
        "letter_text",
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["changed_by_id"], ["user.id"], name=op.f("fk_letter_text_changed_by_id_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letter_text")),
        sa.UniqueConstraint("kind", "language", name=op.f("uq_letter_text_kind_language")),
    )
    op.create_table(
        "opening_hours",
        sa.Column("location_id", sa.Uuid(), nullable=False),
        sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column("opens", sa.Time(), nullable=False),
        sa.Column("closes", sa.Time(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("opens < closes", name=op.f("ck_opening_hours_opens_before_closes")),
        sa.CheckConstraint("weekday BETWEEN 0 AND 6", name=op.f("ck_opening_hours_weekday_known")),
        sa.ForeignKeyConstraint(
            ["location_id"], ["location.id"], name=op.f("fk_opening_hours_location_id_location")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opening_hours")),
    )
    op.create_index(
        op.f("ix_opening_hours_location_id"), "opening_hours", ["location_id"], unique=False
    )
    op.create_table(
        "alert",
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("escalations", sa.Integer(), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_by_id", sa.Uuid(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(acknowledged_at IS NULL) = (acknowledged_by_id IS NULL)",
            name=op.f("ck_alert_acknowledged_by_somebody"),
        ),
        sa.CheckConstraint(
            "(closed_at IS NULL) = (closed_by_id IS NULL)", name=op.f("ck_alert_closed_by_somebody")
        ),
        sa.ForeignKeyConstraint(
            ["acknowledged_by_id"], ["user.id"], name=op.f("fk_alert_acknowledged_by_id_user")
        ),
        sa.ForeignKeyConstraint(
            ["closed_by_id"], ["user.id"], name=op.f("fk_alert_closed_by_id_user")
        ),
        sa.ForeignKeyConstraint(
            ["request_id"], ["request.id"], name=op.f("fk_alert_request_id_request")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert")),
    )
    op.create_index(op.f("ix_alert_due_at"), "alert", ["due_at"], unique=False)
    op.create_index(op.f("ix_alert_request_id"), "alert", ["request_id"], unique=False)
    op.create_index(
        "uq_alert_open",
        "alert",
        ["request_id"],
        unique=True,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_table(
        "enquiry",
        sa.Column("reference", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("closed_reason", sa.String(length=24), nullable=True),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("urgent_open", sa.Boolean(), nullable=False),
        sa.Column("may_publish", sa.Boolean(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claimed_by_id", sa.Uuid(), nullable=True),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by_id", sa.Uuid(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_by_id", sa.Uuid(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("browser", sa.LargeBinary(length=32), nullable=True),
        sa.Column("request_id", sa.Uuid(), nullable=True),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("email_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("question_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("events_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("public_question_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("public_answer_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("email_digest", sa.LargeBinary(length=32), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(state = 'closed') = (closed_reason IS NOT NULL)", name=op.f("ck_enquiry_closed_why")
        ),
        sa.CheckConstraint(
            "state <> 'turned' OR request_id IS NOT NULL",
            name=op.f("ck_enquiry_turned_into_request"),
        ),
        sa.CheckConstraint(
            "state IN ('new', 'answered', 'turned', 'closed')", name=op.f("ck_enquiry_state_known")
        ),
        sa.CheckConstraint(
            "(answered_at IS NULL) = (answered_by_id IS NULL)", name=op.f("ck_enquiry_answered_by")
        ),
        sa.CheckConstraint(
            "published_at IS NULL OR may_publish", name=op.f("ck_enquiry_published_with_consent")
        ),
        sa.CheckConstraint("urgent OR NOT urgent_open", name=op.f("ck_enquiry_urgent_while_open")),
        sa.CheckConstraint(
            "(state = 'new') = (settled_at IS NULL)", name=op.f("ck_enquiry_settled_unless_new")
        ),
        sa.ForeignKeyConstraint(
            ["answered_by_id"], ["user.id"], name=op.f("fk_enquiry_answered_by_id_user")
        ),
        sa.ForeignKeyConstraint(
            ["claimed_by_id"], ["user.id"], name=op.f("fk_enquiry_claimed_by_id_user")
        ),
        sa.ForeignKeyConstraint(
            ["published_by_id"], ["user.id"], name=op.f("fk_enquiry_published_by_id_user")
        ),
        sa.ForeignKeyConstraint(
            ["request_id"], ["request.id"], name=op.f("fk_enquiry_request_id_request")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enquiry")),
        sa.UniqueConstraint("reference", name=op.f("uq_enquiry_reference")),
    )
    op.create_index(op.f("ix_enquiry_email_digest"), "enquiry", ["email_digest"], unique=False)
    op.create_index(op.f("ix_enquiry_request_id"), "enquiry", ["request_id"], unique=False)
    op.create_table(
        "phone_entry",
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "channel IN ('phone', 'paper', 'desk')", name=op.f("ck_phone_entry_channel_known")
        ),
        sa.ForeignKeyConstraint(["by_id"], ["user.id"], name=op.f("fk_phone_entry_by_id_user")),
        sa.ForeignKeyConstraint(
            ["request_id"], ["request.id"], name=op.f("fk_phone_entry_request_id_request")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_phone_entry")),
        sa.UniqueConstraint("request_id", name=op.f("uq_phone_entry_request_id")),
    )
    op.create_index(op.f("ix_phone_entry_by_id"), "phone_entry", ["by_id"], unique=False)
    op.create_table(
        "visit_record",
        sa.Column("appointment_id", sa.Uuid(), nullable=False),
        sa.Column("arrived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_by_id", sa.Uuid(), nullable=True),
        sa.Column("needled_by_id", sa.Uuid(), nullable=True),
        sa.Column("regions_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(done_at IS NULL) = (done_by_id IS NULL)",
            name=op.f("ck_visit_record_done_by_somebody"),
        ),
        sa.ForeignKeyConstraint(
            ["appointment_id"],
            ["appointment.id"],
            name=op.f("fk_visit_record_appointment_id_appointment"),
        ),
        sa.ForeignKeyConstraint(
            ["done_by_id"], ["user.id"], name=op.f("fk_visit_record_done_by_id_user")
        ),
        sa.ForeignKeyConstraint(
            ["needled_by_id"], ["user.id"], name=op.f("fk_visit_record_needled_by_id_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit_record")),
        sa.UniqueConstraint("appointment_id", name=op.f("uq_visit_record_appointment_id")),
    )
    op.add_column("appointment", sa.Column("calendar_id", sa.Uuid(), nullable=True))
    op.add_column(
        "appointment", sa.Column("sequence", sa.Integer(), server_default="0", nullable=False)
    )
    op.add_column("letter", sa.Column("calendar_sealed", sa.LargeBinary(), nullable=True))
    op.add_column("consent", sa.Column("heard_by_id", sa.Uuid(), nullable=True))
    op.add_column("letter", sa.Column("enquiry_id", sa.Uuid(), nullable=True))
    op.create_index(op.f("ix_letter_enquiry_id"), "letter", ["enquiry_id"], unique=False)
    op.add_column(
        "user", sa.Column("shown_on_team", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.add_column("user", sa.Column("about", sa.Text(), server_default="", nullable=False))
    op.add_column("user", sa.Column("about_es", sa.Text(), server_default="", nullable=False))


def downgrade() -> None:
    op.drop_column("user", "about_es")
    op.drop_column("user", "about")
    op.drop_column("user", "shown_on_team")
    op.drop_index(op.f("ix_letter_enquiry_id"), table_name="letter")
    op.drop_column("letter", "enquiry_id")
    op.drop_column("consent", "heard_by_id")
    op.drop_column("letter", "calendar_sealed")
    op.drop_column("appointment", "sequence")
    op.drop_column("appointment", "calendar_id")
    op.drop_table("visit_record")
    op.drop_index(op.f("ix_phone_entry_by_id"), table_name="phone_entry")
    op.drop_table("phone_entry")
    op.drop_index(op.f("ix_enquiry_request_id"), table_name="enquiry")
    op.drop_index(op.f("ix_enquiry_email_digest"), table_name="enquiry")
    op.drop_table("enquiry")
    op.drop_index(
        "uq_alert_open",
        table_name="alert",
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.drop_index(op.f("ix_alert_request_id"), table_name="alert")
    op.drop_index(op.f("ix_alert_due_at"), table_name="alert")
    op.drop_table("alert")
    op.drop_index(op.f("ix_opening_hours_location_id"), table_name="opening_hours")
    op.drop_table("opening_hours")
    op.drop_table("letter_text")
    op.drop_table("clinic_setting")
