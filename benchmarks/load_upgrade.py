"""An upgrade while clients are at work: the next version's schema under this version's server, then its server."""

import asyncio
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from benchmarks.asking import Connection, Seen
from benchmarks.load_ends import missing
from benchmarks.load_polling import RISK, rows
from benchmarks.stand import Stand
from models import Observation
from service.kit import schema

ROOT = Path(__file__).parents[1]
PACKAGES = ("models", "service", "training", "migrations")
CLIENTS, ACCOUNTS, BATCH = 20, 20, 2
CHUNK = 20_000
# One of each kind that a step may hold: all of them add. The largest table is in it, and those that are written to.
STEP = """
import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "next", "{head}", None, None


def upgrade():
    op.add_column("observations", sa.Column("next_note", sa.String(length=40), nullable=True))
    for table in ("accounts", "scores", "mails", "worker_steps", "api_keys"):
        op.add_column(table, sa.Column("next_count", sa.Integer(), server_default="0", nullable=False))
    op.create_table(
        "next_things",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("account_id", sa.Integer(), sa.ForeignKey("accounts.id"), nullable=False),
    )
    op.create_index("ix_next_things_account_id", "next_things", ["account_id"])
    op.create_index("ix_accounts_next_count", "accounts", ["next_count", "id"])


def downgrade():
    op.drop_index("ix_accounts_next_count", table_name="accounts")
    op.drop_table("next_things")
    for table in ("accounts", "scores", "mails", "worker_steps", "api_keys"):
        op.drop_column(table, "next_count")
    op.drop_column("observations", "next_note")
"""


@dataclass
class _Clients:
    """They send and poll in turn, evenly, and go to the server at `port`, which may be another one at any moment."""

    port: int
    key: str
    seen: Seen = field(default_factory=Seen)
    confirmed: list[str] = field(default_factory=list)

    async def work(self, number: int, every: float, over: asyncio.Event) -> None:
        connection, sent, due = Connection(self.port, self.key), 0, time.monotonic() + number * every / CLIENTS
        while not over.is_set():
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            due = max(due + every, time.monotonic())
            if connection.port != self.port:
                connection.close()
                connection = Connection(self.port, self.key)
            sent += 1
            name = f"upgrade-{number}-{sent}"
            if sent % 2:
                self.seen.note(await connection.ask("GET", RISK))
            elif (
                self.seen.note(await connection.ask("POST", "/v1/observations", rows(number, name, BATCH))).status
                == 200
            ):
                self.confirmed.append(name)
        connection.close()


def upgrade(it: Stand, *, observations: int, a_second: int, seconds: float) -> dict[str, Any]:
    """D06: this version serves, the next one migrates under it, serves beside it, then alone; nobody notices."""
    _fill(it, observations)
    version, server = _next_version(it.folder / "next"), it.serve()
    clients, told = _Clients(server.port, it.key), dict[str, Any]()

    async def live() -> None:
        over = asyncio.Event()
        working = [asyncio.create_task(clients.work(n, CLIENTS / a_second, over)) for n in range(CLIENTS)]
        await asyncio.sleep(seconds / 3)
        told["migrate_seconds"] = await asyncio.to_thread(_migrate, it, version)
        await asyncio.sleep(seconds / 3)
        told["older_is_ready"] = await asyncio.to_thread(server.is_ready)
        newer = await asyncio.to_thread(it.serve, code=version)
        # As a balancer does: who is about to end gets no more requests.
        clients.port = newer.port
        await asyncio.to_thread(server.leave)
        await asyncio.sleep(seconds / 3)
        over.set()
        await asyncio.gather(*working)

    began = time.monotonic()
    asyncio.run(live())
    seen, took = clients.seen, time.monotonic() - began
    return {
        "observations": observations, "requests": seen.statuses.total(),
        "requests_a_second": round(seen.statuses.total() / took), "failed": seen.failed,
        "refused": seen.statuses[429] + seen.statuses[503], "p99_ms": seen.milliseconds(99),
        "longest_ms": round(1000 * max(seen.seconds)), "confirmed_and_lost": missing(it, clients.confirmed), **told,
    }  # fmt: skip


def _fill(it: Stand, observations: int) -> None:
    """Give the largest table its size, behind the service's back."""
    now = datetime.now(UTC).replace(microsecond=0)
    for start in range(0, observations, CHUNK):
        made = [
            {
                "account_id": 1 + n % ACCOUNTS, "metric_id": 1, "value": 0.05, "item_id": "",
                "observed_at": now - timedelta(days=120, minutes=n),
            }
            for n in range(start, min(start + CHUNK, observations))
        ]  # fmt: skip
        with it.db.begin() as session:
            session.execute(insert(Observation), made)


def _next_version(folder: Path) -> Path:
    """This program with one step more, in a folder of its own."""
    folder.mkdir()
    for package in PACKAGES[:-1]:
        (folder / package).symlink_to(ROOT / package)
    shutil.copytree(ROOT / "migrations", folder / "migrations")
    (folder / "migrations" / "versions" / "next.py").write_text(STEP.format(head=schema.head()))
    return folder


def _migrate(it: Stand, version: Path) -> float:
    began = time.monotonic()
    command = [sys.executable, "-m", "service", "migrate"]
    subprocess.run(command, cwd=version, env=os.environ | it.environment, check=True, capture_output=True)  # noqa: S603
    return round(time.monotonic() - began, 1)
