"""A chained audit log, tries to sign in, what was erased."""

import hashlib
import json
from datetime import UTC

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
FIRST = "0" * 64
ENTRIES = sa.table(
    "audit_entries",
    sa.column("id", BIG),
    sa.column("at", sa.DateTime(timezone=True)),
    sa.column("actor", sa.String()),
    sa.column("action", sa.String()),
    sa.column("subject", sa.String()),
    sa.column("detail", JSON),
    sa.column("hash", sa.String()),
)


def upgrade() -> None:
    op.create_table(
        "login_tries",
        sa.Column("bucket", sa.String(length=64), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("bucket", name=op.f("pk_login_tries")),
    )
    op.create_index("ix_login_tries_last_at", "login_tries", ["last_at"], unique=False)
    op.create_table(
        "erasures",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_erasures")),
    )
    head = op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last_id", BIG, nullable=False),
        sa.Column("entries", BIG, nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
    )
    with op.batch_alter_table("audit_entries") as batch:
        batch.add_column(sa.Column("hash", sa.String(length=64), nullable=True))
    _hide_reps()
    op.bulk_insert(head, [_chain()])
    with op.batch_alter_table("audit_entries") as batch:
        batch.alter_column("hash", existing_type=sa.String(length=64), nullable=False)


def downgrade() -> None:
    with op.batch_alter_table("audit_entries") as batch:
        batch.drop_column("hash")
    op.drop_table("audit_head")
    op.drop_table("erasures")
    op.drop_table("login_tries")


def _hide_reps() -> None:
    """Name reps by number: a person can be erased, a chained line cannot be changed."""
    op.execute(
        "UPDATE audit_entries SET actor = 'rep:' || (SELECT reps.id FROM reps WHERE reps.email = audit_entries.actor) "
        "WHERE action = 'mail.acknowledge' AND actor IN (SELECT email FROM reps)"
    )


def _chain() -> dict[str, object]:
    """Give each line that is there its hash; as `service.access.rules.chained` does it today."""
    connection = op.get_bind()
    hashes = [FIRST]
    last_id = 0
    for row in connection.execute(sa.select(ENTRIES).order_by(ENTRIES.c.id)).all():
        at = row.at.replace(tzinfo=UTC) if row.at.tzinfo is None else row.at.astimezone(UTC)
        facts = [row.id, at.isoformat(timespec="microseconds"), row.actor, row.action, row.subject, row.detail]
        text = json.dumps([hashes[-1], *facts], sort_keys=True, separators=(",", ":"))
        hashes.append(hashlib.sha256(text.encode()).hexdigest())
        connection.execute(sa.update(ENTRIES).where(ENTRIES.c.id == row.id).values(hash=hashes[-1]))
        last_id = row.id
    return {"id": 1, "last_id": last_id, "entries": len(hashes) - 1, "hash": hashes[-1]}
