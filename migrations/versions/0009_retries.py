"""How often news failed."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("mails", sa.Column("deaths", sa.Integer(), server_default="0", nullable=False))
    op.add_column("updates", sa.Column("tries", sa.Integer(), server_default="0", nullable=False))
    op.add_column("updates", sa.Column("retry_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("updates", "retry_at")
    op.drop_column("updates", "tries")
    op.drop_column("mails", "deaths")
