"""When a rep is told, what each mail tells, and mail that is held back."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

OLD_KINDS = "'heads_up', 'escalation', 'late_update', 'model'"
KINDS = f"{OLD_KINDS}, 'digest', 'manager', 'commitment', 'receipt', 'storm', 'template'"
REP = (
    ("work_days", sa.String(length=7)),
    ("quiet_hours", sa.String(length=11)),
    ("holidays", sa.String(length=10)),
    ("digest_day", sa.Integer()),
    ("digest_hour", sa.Integer()),
)


def upgrade() -> None:
    for name, kind in REP:
        op.add_column("reps", sa.Column(name, kind, nullable=True))
    op.add_column("updates", sa.Column("urgent", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("updates", sa.Column("risk", sa.Double(), nullable=True))
    _allow(KINDS)
    op.create_table(
        "tellings",
        sa.Column("update_id", sa.Uuid(), nullable=False),
        sa.Column("mail_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(length=500), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["mail_id"], ["mails.id"], name=op.f("fk_tellings_mail_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["update_id"], ["updates.id"], name=op.f("fk_tellings_update_id")),
        sa.PrimaryKeyConstraint("update_id", name=op.f("pk_tellings")),
    )
    op.create_index(op.f("ix_tellings_mail_id"), "tellings", ["mail_id"], unique=False)
    op.execute("INSERT INTO tellings (update_id, mail_id) SELECT update_id, id FROM mails WHERE update_id IS NOT NULL")
    op.create_table(
        "holds",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("held_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("held_by", sa.String(length=254), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("released_by", sa.String(length=254), nullable=True),
        sa.CheckConstraint("kind IN ('all', 'storm')", name=op.f("ck_holds_holdkind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holds")),
    )
    op.create_index("ix_holds_held_at", "holds", ["held_at"], unique=False)
    open_ = sa.text("released_at IS NULL")
    op.create_index("ix_holds_one_open", "holds", ["kind"], unique=True, postgresql_where=open_, sqlite_where=open_)


def downgrade() -> None:
    op.drop_table("holds")
    op.drop_table("tellings")
    op.execute("DELETE FROM mails WHERE kind IN ('digest', 'manager', 'commitment', 'receipt', 'storm', 'template')")
    _allow(OLD_KINDS)
    op.drop_column("updates", "risk")
    op.drop_column("updates", "urgent")
    for name, _kind in reversed(REP):
        op.drop_column("reps", name)


def _allow(kinds: str) -> None:
    """Let the mails be of these kinds."""
    with op.batch_alter_table("mails") as batch:
        batch.drop_constraint(op.f("ck_mails_mailkind"), type_="check")
        batch.create_check_constraint(op.f("ck_mails_mailkind"), f"kind IN ({kinds})")
