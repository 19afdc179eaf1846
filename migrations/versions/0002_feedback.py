"""What operations did becomes data."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

REASONS = "'data_error', 'known_cause_no_risk', 'already_solved', 'client_not_affected', 'other'"
HELD = sa.text("held AND ended_at IS NULL")


def upgrade() -> None:
    # Written out, since both databases add a column with its check in place; SQLite would copy the table otherwise,
    # which the rows that refer to it do not allow.
    check = f"CONSTRAINT ck_alerts_wrongreason CHECK (wrong_reason IN ({REASONS}))"
    op.execute(f"ALTER TABLE alerts ADD COLUMN wrong_reason VARCHAR(32) {check}")
    op.execute("UPDATE alerts SET wrong_reason = 'other' WHERE resolution = 'wrong'")
    op.add_column("alerts", sa.Column("risk_model", sa.String(length=64), nullable=True))
    op.create_table(
        "holdout_draws",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("week", sa.String(length=8), nullable=False),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("held", sa.Boolean(), nullable=False),
        sa.Column("share", sa.Double(), nullable=False),
        sa.Column("risk", sa.Double(), nullable=False),
        sa.Column("line", sa.Double(), nullable=False),
        sa.Column("model", sa.String(length=64), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_why", sa.String(length=200), nullable=True),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_why IS NULL)", name=op.f("ck_holdout_draws_ended_has_reason")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_holdout_draws_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holdout_draws")),
        sa.UniqueConstraint("account_id", "week", name=op.f("uq_holdout_draws_account_id_week")),
    )
    op.create_index(
        "ix_holdout_draws_one_held",
        "holdout_draws",
        ["account_id"],
        unique=True,
        postgresql_where=HELD,
        sqlite_where=HELD,
    )
    op.create_index("ix_holdout_draws_drawn_at", "holdout_draws", ["drawn_at"], unique=False)


def downgrade() -> None:
    op.drop_table("holdout_draws")
    op.drop_column("alerts", "risk_model")
    op.drop_column("alerts", "wrong_reason")
