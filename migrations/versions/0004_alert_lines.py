"""How the alert line is chosen."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

KINDS = "'budget', 'price', 'fixed'"


def upgrade() -> None:
    # Written out: both databases add a column with its check in place, where SQLite would else copy the table.
    check = f"CONSTRAINT ck_trained_models_linekind CHECK (line_kind IN ({KINDS}))"
    op.execute(f"ALTER TABLE trained_models ADD COLUMN line_kind VARCHAR(32) {check}")
    op.add_column("trained_models", sa.Column("line_value", sa.Double(), nullable=True))
    op.add_column("trained_models", sa.Column("line_chosen_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("trained_models", sa.Column("line_chosen_by", sa.String(length=254), nullable=True))
    op.add_column("trained_models", sa.Column("quiet_line", sa.Double(), nullable=True))
    op.add_column("trained_models", sa.Column("line_alerts_per_day", sa.Double(), nullable=True))


def downgrade() -> None:
    for column in ("line_alerts_per_day", "quiet_line", "line_chosen_by", "line_chosen_at", "line_value", "line_kind"):
        op.drop_column("trained_models", column)
