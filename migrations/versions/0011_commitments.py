"""Promises to clients, what is new for them, and answers to replies."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
MOMENT = sa.DateTime(timezone=True)
OPEN = sa.text("state = 'open'")


def upgrade() -> None:
    op.create_table(
        "commitments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=True),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("promise", sa.String(length=500), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("metric_id", sa.Integer(), nullable=True),
        sa.Column("target", sa.Double(), nullable=True),
        sa.Column("dominoes", JSON, nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("made_by", sa.String(length=254), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("closed_at", MOMENT, nullable=True),
        sa.Column("closed_by", sa.String(length=254), nullable=True),
        sa.Column("looked_at", MOMENT, nullable=True),
        sa.Column("at_risk_since", MOMENT, nullable=True),
        sa.Column("calm_since", MOMENT, nullable=True),
        sa.Column("danger", sa.String(length=32), nullable=True),
        sa.Column("off_days", sa.Integer(), nullable=True),
        sa.Column("days", sa.Integer(), nullable=True),
        sa.Column("measured", sa.Double(), nullable=True),
        sa.Column("mail_id", sa.Uuid(), nullable=True),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("retry_at", MOMENT, nullable=True),
        sa.CheckConstraint(
            "state IN ('open', 'kept', 'broken', 'cancelled')", name=op.f("ck_commitments_commitmentstate")
        ),
        sa.CheckConstraint("danger IN ('off_target', 'overdue', 'alert')", name=op.f("ck_commitments_danger")),
        sa.CheckConstraint("(metric_id IS NULL) = (target IS NULL)", name=op.f("ck_commitments_metric_has_target")),
        sa.CheckConstraint("(state = 'open') = (closed_at IS NULL)", name=op.f("ck_commitments_closed_has_moment")),
        sa.CheckConstraint("(closed_at IS NULL) = (closed_by IS NULL)", name=op.f("ck_commitments_closed_by_somebody")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_commitments_account_id")),
        sa.ForeignKeyConstraint(["metric_id"], ["metrics.id"], name=op.f("fk_commitments_metric_id")),
        sa.ForeignKeyConstraint(["mail_id"], ["mails.id"], name=op.f("fk_commitments_mail_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commitments")),
        sa.UniqueConstraint("external_id", name=op.f("uq_commitments_external_id")),
    )
    for column in ("account_id", "mail_id"):
        op.create_index(op.f(f"ix_commitments_{column}"), "commitments", [column])
    op.create_index("ix_commitments_open_due", "commitments", ["due"], postgresql_where=OPEN, sqlite_where=OPEN)
    op.create_table(
        "news_lines",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.String(length=300), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("until_day", sa.Date(), nullable=False),
        sa.Column("segment", sa.String(length=100), nullable=True),
        sa.Column("made_by", sa.String(length=254), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint("until_day >= from_day", name=op.f("ck_news_lines_ends_after_it_begins")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_news_lines")),
    )
    op.create_index("ix_news_lines_until_day", "news_lines", ["until_day"])
    op.add_column("replies", sa.Column("answer", sa.String(length=2000), nullable=True))


def downgrade() -> None:
    op.drop_column("replies", "answer")
    op.drop_table("news_lines")
    op.drop_table("commitments")
