"""How the models live."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
MAIL_KINDS = ("heads_up", "escalation", "late_update")


def _enum(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def _mail_kinds(*kinds: str) -> None:
    """Let mails be of these kinds. The check is all that changes: the column is text."""
    with op.batch_alter_table("mails") as mails:
        mails.drop_constraint(op.f("ck_mails_mailkind"), type_="check")
        listed = ", ".join(f"'{kind}'" for kind in kinds)
        mails.create_check_constraint(op.f("ck_mails_mailkind"), f"kind IN ({listed})")


def upgrade() -> None:
    op.create_table(
        "watch_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("model", sa.String(length=64), nullable=False),
        sa.Column("watched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accounts", sa.Integer(), nullable=False),
        sa.Column("scored", sa.Integer(), nullable=False),
        sa.Column("lacking", sa.Integer(), nullable=False),
        sa.Column("over_line", sa.Integer(), nullable=False),
        sa.Column("alerts", sa.Integer(), nullable=False),
        sa.Column("line", sa.Double(), nullable=False),
        sa.Column("sampled", sa.Integer(), nullable=False),
        sa.Column("flagged", sa.Integer(), nullable=False),
        sa.Column("psi", JSON, nullable=False),
        sa.Column("groups", JSON, nullable=False),
        sa.Column("expected", sa.Double(), nullable=True),
        sa.Column("promised", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_watch_days")),
    )
    op.create_table(
        "model_days",
        sa.Column("model", sa.String(length=64), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("shadow", sa.Boolean(), nullable=False),
        sa.Column("line", sa.Double(), nullable=False),
        sa.Column("scored", sa.Integer(), nullable=False),
        sa.Column("risk_sum", sa.Double(), nullable=False),
        sa.Column("over", sa.Integer(), nullable=False),
        sa.Column("over_risk", sa.Double(), nullable=False),
        sa.Column("top", sa.Integer(), nullable=False),
        sa.Column("mature", sa.Boolean(), nullable=False),
        sa.Column("complained", sa.Integer(), nullable=False),
        sa.Column("over_hits", sa.Integer(), nullable=False),
        sa.Column("top_hits", sa.Integer(), nullable=False),
        sa.Column("average_precision", sa.Double(), nullable=True),
        sa.Column("bins", JSON, nullable=False),
        sa.PrimaryKeyConstraint("model", "day", "shadow", name=op.f("pk_model_days")),
    )
    op.create_index("ix_model_days_day", "model_days", ["day"], unique=False)
    op.create_table(
        "shadow_days",
        sa.Column("model", sa.String(length=64), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("risk", sa.Double(), nullable=False),
        sa.Column("beside", sa.String(length=64), nullable=False),
        sa.Column("beside_risk", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("model", "day", "account_id", name=op.f("pk_shadow_days")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_shadow_days_day", "shadow_days", ["day"], unique=False)
    op.create_table(
        "model_comparisons",
        sa.Column("candidate", sa.String(length=64), nullable=False),
        sa.Column("champion", sa.String(length=64), nullable=False),
        sa.Column("verdict", _enum("verdict", "waiting", "better", "same", "worse"), nullable=False),
        sa.Column("compared_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("evidence", JSON, nullable=False),
        sa.PrimaryKeyConstraint("candidate", "champion", name=op.f("pk_model_comparisons")),
    )
    op.create_table(
        "model_notices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("model", sa.String(length=64), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("why_closed", sa.String(length=200), nullable=True),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("lines", JSON, nullable=False),
        sa.Column("loss", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model_notices")),
    )
    op.create_index(
        "ix_model_notices_one_open",
        "model_notices",
        ["model"],
        unique=True,
        postgresql_where=sa.text("closed_at IS NULL"),
        sqlite_where=sa.text("closed_at IS NULL"),
    )
    op.create_table(
        "retrainings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("under_way", sa.Boolean(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_token", sa.Uuid(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", _enum("retrainingoutcome", "done", "refused", "failed"), nullable=True),
        sa.Column("detail", sa.String(length=500), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retrainings")),
        sa.UniqueConstraint("under_way", name=op.f("uq_retrainings_under_way")),
    )
    _mail_kinds(*MAIL_KINDS, "model")


def downgrade() -> None:
    op.execute("DELETE FROM mails WHERE kind = 'model'")
    _mail_kinds(*MAIL_KINDS)
    op.drop_table("retrainings")
    op.drop_index("ix_model_notices_one_open", table_name="model_notices")
    op.drop_table("model_notices")
    op.drop_table("model_comparisons")
    op.drop_index("ix_shadow_days_day", table_name="shadow_days")
    op.drop_table("shadow_days")
    op.drop_index("ix_model_days_day", table_name="model_days")
    op.drop_table("model_days")
    op.drop_table("watch_days")
