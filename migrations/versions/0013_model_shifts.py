"""What outcomes add to a model's log-odds, day by day."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "model_shifts",
        sa.Column("model", sa.String(64), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("shift", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("model", "day", name=op.f("pk_model_shifts")),
    )


def downgrade() -> None:
    op.drop_table("model_shifts")
