"""What comes back: replies, bounces, what reps chose about their mails."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
MOMENT = sa.DateTime(timezone=True)
OPEN = sa.text("closed_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "inbound_mails",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("why", sa.String(length=300), nullable=False),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.Column("mail_id", sa.Uuid(), nullable=True),
        sa.Column("closed_at", MOMENT, nullable=True),
        sa.Column("closed_by", sa.String(length=254), nullable=True),
        sa.CheckConstraint(
            "kind IN ('reply', 'automatic', 'bounce', 'complaint', 'foreign', 'unreadable')",
            name=op.f("ck_inbound_mails_inboundkind"),
        ),
        sa.ForeignKeyConstraint(["mail_id"], ["mails.id"], name=op.f("fk_inbound_mails_mail_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbound_mails")),
        sa.UniqueConstraint("key", name=op.f("uq_inbound_mails_key")),
    )
    op.create_index("ix_inbound_mails_received_at", "inbound_mails", ["received_at"])
    op.create_index(op.f("ix_inbound_mails_mail_id"), "inbound_mails", ["mail_id"])
    op.create_table(
        "replies",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("alert_id", sa.Uuid(), nullable=True),
        sa.Column("mail_id", sa.Uuid(), nullable=True),
        sa.Column("rep_id", sa.Integer(), nullable=True),
        sa.Column("subject", sa.String(length=500), nullable=False),
        sa.Column("sender", sa.String(length=254), nullable=False),
        sa.Column("body", sa.String(length=20_000), nullable=False),
        sa.Column("attachments", JSON, nullable=False),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.Column("closed_at", MOMENT, nullable=True),
        sa.Column("closed_by", sa.String(length=254), nullable=True),
        sa.CheckConstraint("(closed_at IS NULL) = (closed_by IS NULL)", name=op.f("ck_replies_closed_by_somebody")),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.id"], name=op.f("fk_replies_alert_id")),
        sa.ForeignKeyConstraint(["mail_id"], ["mails.id"], name=op.f("fk_replies_mail_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["rep_id"], ["reps.id"], name=op.f("fk_replies_rep_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_replies")),
    )
    for column in ("alert_id", "mail_id", "rep_id"):
        op.create_index(op.f(f"ix_replies_{column}"), "replies", [column])
    op.create_index("ix_replies_open", "replies", ["received_at"], postgresql_where=OPEN, sqlite_where=OPEN)
    op.create_table(
        "addresses",
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("bounces", sa.Integer(), nullable=False),
        sa.Column("last_at", MOMENT, nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("said", sa.String(length=300), nullable=False),
        sa.Column("stopped_at", MOMENT, nullable=True),
        sa.Column("stopped_why", sa.String(length=32), nullable=True),
        sa.CheckConstraint("stopped_why IN ('hard', 'soft', 'complaint')", name=op.f("ck_addresses_stopreason")),
        sa.CheckConstraint(
            "(stopped_at IS NULL) = (stopped_why IS NULL)", name=op.f("ck_addresses_stopped_has_reason")
        ),
        sa.PrimaryKeyConstraint("address", name=op.f("pk_addresses")),
    )
    op.create_table(
        "mail_choices",
        sa.Column("rep_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("paused_until", MOMENT, nullable=True),
        sa.Column("digests_ended_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["rep_id"], ["reps.id"], name=op.f("fk_mail_choices_rep_id")),
        sa.PrimaryKeyConstraint("rep_id", name=op.f("pk_mail_choices")),
    )


def downgrade() -> None:
    for table in ("mail_choices", "addresses", "replies", "inbound_mails"):
        op.drop_table(table)
