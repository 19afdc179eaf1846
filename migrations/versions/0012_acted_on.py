"""How many accounts are no part of what was lived, because operations acted on them."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("model_days", sa.Column("acted_on", sa.Integer(), server_default="0", nullable=False))


def downgrade() -> None:
    op.drop_column("model_days", "acted_on")
