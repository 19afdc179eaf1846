"""An upgrade while clients are at work: the newer version's schema under the older one's server, then its server.

The older one is a commit of this repository, or this program, which then goes to a made-up next version.
"""

import asyncio
import io
import os
import shutil
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
from sqlalchemy import insert

from benchmarks.asking import Connection, Seen
from benchmarks.load_ends import missing
from benchmarks.load_polling import RISK, rows
from benchmarks.stand import Stand
from models import Observation
from service.kit import schema
from service.kit.database import Database

ROOT = Path(__file__).parents[1]
PACKAGES = ("models", "service", "training", "migrations")
CLIENTS, BATCH = 20, 2
ROWS_OF_AN_ACCOUNT = 2_000
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
    a_second: int
    seen: Seen = field(default_factory=Seen)
    confirmed: list[str] = field(default_factory=list)
    phase: str = "before"
    longest: dict[str, int] = field(default_factory=dict)

    async def work(self, number: int, over: asyncio.Event) -> None:
        connection, sent, every = Connection(self.port, self.key), 0, CLIENTS / self.a_second
        due = time.monotonic() + number / self.a_second
        while not over.is_set():
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            due = max(due + every, time.monotonic())
            if connection.port != self.port:
                connection.close()
                connection = Connection(self.port, self.key)
            sent += 1
            name = f"upgrade-{number}-{sent}"
            if sent % 2:
                answer = await connection.ask("GET", RISK)
            else:
                answer = await connection.ask("POST", "/v1/observations", rows(number, name, BATCH))
                self.confirmed += [name] if answer.status == 200 else []
            self.seen.note(answer)
            self.longest[self.phase] = max(self.longest.get(self.phase, 0), round(1000 * answer.seconds))
        connection.close()


@contextmanager
def program_of(revision: str) -> Iterator[Path]:
    """The program as it was at a commit, in a folder of its own."""
    git = ["git", "-C", str(ROOT), "archive", revision]
    archive = subprocess.run(git, check=True, stdout=subprocess.PIPE).stdout  # noqa: S603
    with tempfile.TemporaryDirectory() as name:
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            tar.extractall(name, filter="data")
        yield Path(name)


def upgrade(
    it: Stand, *, observations: int, a_second: int, seconds: float, older: Path | None = None
) -> dict[str, Any]:
    """D06: the older version serves, the newer one migrates under it, serves beside it, then alone; nobody notices."""
    newer = _next_version(it.folder / "next") if older is None else ROOT
    before = _Version(it, older)
    _introduce(before.server.url, it.key, accounts_with(observations))
    fill(it.db, observations)
    clients, began = _Clients(before.server.port, it.key, a_second), time.monotonic()
    told = asyncio.run(_live(it, clients, before, newer, seconds / 3))
    seen, took = clients.seen, time.monotonic() - began
    return {
        "observations": observations, "requests": seen.statuses.total(), "statuses": dict(seen.statuses),
        "requests_a_second": round(seen.statuses.total() / took), "minutes": round(took / 60, 1),
        "failed": seen.failed, "refused": seen.statuses[429] + seen.statuses[503], "p99_ms": seen.milliseconds(99),
        "longest_ms": max(clients.longest.values()), "longest_ms_while": clients.longest,
        "confirmed_and_lost": missing(it, clients.confirmed), **told,
        "load_average": round(os.getloadavg()[0], 1),
    }  # fmt: skip


class _Version:
    """The processes of one version: a server, and the worker, which the embedded database's server has in it."""

    def __init__(self, it: Stand, code: Path | None) -> None:
        self._worker = None if it.db.is_sqlite else it.work(code)
        self.server = it.serve(worker=None, code=code)

    def end_worker(self) -> None:
        if self._worker:
            self._worker.leave()


async def _live(it: Stand, clients: _Clients, before: _Version, newer: Path, pause: float) -> dict[str, Any]:
    told, over = dict[str, Any](), asyncio.Event()
    working = [asyncio.create_task(clients.work(n, over)) for n in range(CLIENTS)]
    await asyncio.sleep(pause)
    clients.phase = "migrating"
    told["migrate_seconds"] = await asyncio.to_thread(_migrate_twice, it, newer)
    clients.phase = "migrated"
    await asyncio.sleep(pause)
    clients.phase = "handing_over"
    # A balancer asks three times before it takes a server out.
    told["older_is_ready"] = await asyncio.to_thread(lambda: any(before.server.is_ready() for _ in range(3)))
    await asyncio.to_thread(before.end_worker)
    after = await asyncio.to_thread(_Version, it, newer)
    # As a balancer does: who is about to end gets no more requests.
    clients.port = after.server.port
    await asyncio.to_thread(before.server.leave)
    clients.phase = "after"
    await asyncio.sleep(pause)
    over.set()
    await asyncio.gather(*working)
    return told


def _introduce(url: str, key: str, count: int) -> None:
    """Tell it of metric and accounts as a client does: whichever version it is, it knows its own tables."""
    accounts = [{"account_id": f"account-{n}"} for n in range(count)]
    with httpx2.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=60) as client:
        client.put("/v1/metrics/late_share", json={"better": "lower", "target": 0.05}).raise_for_status()
        client.post("/v1/accounts", json={"accounts": accounts}).raise_for_status()


def accounts_with(observations: int) -> int:
    """How many accounts sent them: two thousand each, but never fewer than there are clients."""
    return max(CLIENTS, observations // ROWS_OF_AN_ACCOUNT)


def fill(db: Database, observations: int) -> None:
    """Give the largest table its size, behind the service's back: a value each four hours, the longer the more."""
    now, accounts = datetime.now(UTC).replace(microsecond=0), accounts_with(observations)
    for start in range(0, observations, CHUNK):
        made = [
            {
                "account_id": 1 + n % accounts, "metric_id": 1, "value": 0.05, "item_id": "",
                "observed_at": now - timedelta(hours=4 * (1 + n // accounts)),
            }
            for n in range(start, min(start + CHUNK, observations))
        ]  # fmt: skip
        with db.begin() as session:
            session.execute(insert(Observation), made)


def _next_version(folder: Path) -> Path:
    """This program with one step more, in a folder of its own."""
    folder.mkdir()
    for package in PACKAGES[:-1]:
        (folder / package).symlink_to(ROOT / package)
    shutil.copytree(ROOT / "migrations", folder / "migrations")
    (folder / "migrations" / "versions" / "next.py").write_text(STEP.format(head=schema.head()))
    return folder


def _migrate_twice(it: Stand, version: Path) -> float:
    """Migrate by two processes at once, as two machines might; a step that both did would fail the second."""
    began = time.monotonic()
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: it.run("migrate", code=version), range(2)))
    assert schema.revision(it.db) == (schema.head() if version == ROOT else "next")
    return round(time.monotonic() - began, 1)
