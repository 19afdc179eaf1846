"""Second factors, sessions that can be told apart, and an index of the outbox by state."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("operators", sa.Column("made_up", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("login_sessions", sa.Column("device", sa.String(length=60), server_default="", nullable=False))
    op.create_table(
        "second_factors",
        sa.Column("operator_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sealed_key", sa.String(length=300), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("proven_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["operator_id"], ["operators.id"], name=op.f("fk_second_factors_operator_id")),
        sa.PrimaryKeyConstraint("operator_id", name=op.f("pk_second_factors")),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("code_sha256", sa.String(length=64), nullable=False),
        sa.Column("operator_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["operator_id"], ["operators.id"], name=op.f("fk_recovery_codes_operator_id")),
        sa.PrimaryKeyConstraint("code_sha256", name=op.f("pk_recovery_codes")),
    )
    op.create_index(op.f("ix_recovery_codes_operator_id"), "recovery_codes", ["operator_id"])
    op.create_index("ix_mails_state_created_at", "mails", ["state", "created_at"])


def downgrade() -> None:
    op.drop_index("ix_mails_state_created_at", table_name="mails")
    op.drop_table("recovery_codes")
    op.drop_table("second_factors")
    op.drop_column("login_sessions", "device")
    op.drop_column("operators", "made_up")
