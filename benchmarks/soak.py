"""Run for long and see what creeps: memory, open files, the log of the database, answers that get slower.

python -m benchmarks.soak [--minutes 20] [--database postgresql://…]
"""

import argparse
import asyncio
import json
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.asking import Connection, Seen
from benchmarks.load_polling import feed
from benchmarks.stand import Server, Stand, stand

MB = 1024**2
ROWS_A_SECOND, DASHBOARDS, ACCOUNTS = 100, 50, 50
EVERY_SECONDS = 5.0
SETTLED = 30.0
"""A process loads and warms up for so long; after that nothing may grow."""


@dataclass
class Life:
    """What one server process looked like between two restarts: (seconds, value) each."""

    memory: list[tuple[float, float]] = field(default_factory=list)
    files: list[int] = field(default_factory=list)
    log: list[int] = field(default_factory=list)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--restart-minutes", type=float, default=5)
    parser.add_argument("--database", default="", help="an empty PostgreSQL database; SQLite if left out")
    asked = parser.parse_args()
    with stand(asked.database, accounts=ACCOUNTS) as it:
        print(json.dumps(soak(it, minutes=asked.minutes, restart_minutes=asked.restart_minutes), indent=2))


def soak(it: Stand, *, minutes: float, restart_minutes: float) -> dict[str, Any]:
    """Send, poll and restart; tell what crept and whether all that was confirmed is there."""
    lives: list[Life] = []
    quarters = [Seen() for _ in range(4)]
    confirmed = asyncio.run(_live(it, minutes * 60, restart_minutes * 60, lives, quarters))
    with it.db.engine.connect() as connection:
        stored = connection.exec_driver_sql("SELECT count(*) FROM observations").scalar() or 0
        unscored = connection.exec_driver_sql(
            "SELECT count(*) FROM accounts WHERE data_version <> scored_version"
        ).scalar()
    p99 = [seen.milliseconds(99) for seen in quarters]
    return {
        "minutes": minutes, "restarts": len(lives) - 1,
        "memory_mb_an_hour": round(statistics.median(slope(life.memory) for life in lives) * 3600 / MB, 1),
        "memory_mb_most": round(max(value for life in lives for _, value in life.memory) / MB),
        "files_most": max(max(life.files) for life in lives), "files_last": lives[-1].files[-1],
        "log_mb_most": round(max((max(life.log) for life in lives if life.log), default=0) / MB, 1),
        "p99_ms_by_quarter": p99, "p99_drift": round(p99[-1] / p99[0] - 1, 2) if p99[0] else None,
        "failed": sum(seen.failed for seen in quarters), "confirmed": confirmed, "stored": stored,
        "confirmed_and_lost": max(0, confirmed - stored), "unscored": unscored,
    }  # fmt: skip


async def _live(it: Stand, seconds: float, restart: float, lives: list[Life], quarters: list[Seen]) -> int:
    """One life of the server after the other, each with its own clients; return the rows that were confirmed."""
    began, confirmed = time.monotonic(), 0
    while (left := began + seconds - time.monotonic()) > SETTLED:
        server = await asyncio.to_thread(it.serve)
        life, until = Life(), time.monotonic() + min(restart, left)
        lives.append(life)
        quarter = quarters[min(3, int(4 * (time.monotonic() - began) / seconds))]
        name = f"soak-{len(lives)}"
        sending = feed(Connection(server.port, it.key), quarter, name, ROWS_A_SECOND, until, accounts=ACCOUNTS)
        polling = [_poll(Connection(server.port, it.key), quarter, n, until) for n in range(DASHBOARDS)]
        rows, *_ = await asyncio.gather(sending, _watch(it, server, life, until), *polling)
        confirmed += rows
        await asyncio.to_thread(server.leave)
    return confirmed


async def _poll(connection: Connection, seen: Seen, n: int, until: float) -> None:
    await asyncio.sleep(EVERY_SECONDS * n / DASHBOARDS)
    while time.monotonic() < until:
        seen.note(await connection.ask("GET", "/v1/risk?limit=50"))
        await asyncio.sleep(EVERY_SECONDS)
    connection.close()


async def _watch(it: Stand, server: Server, life: Life, until: float) -> None:
    began, log = time.monotonic(), it.folder / "headsup.db-wal"
    await asyncio.sleep(SETTLED)
    while time.monotonic() < until:
        life.memory.append((time.monotonic() - began, float(server.memory())))
        life.files.append(server.files())
        if log.exists():
            life.log.append(log.stat().st_size)
        await asyncio.sleep(2)


def slope(points: Sequence[tuple[float, float]]) -> float:
    """The rise per second of a straight line through the points."""
    if len(points) < 2:
        return 0.0
    return statistics.linear_regression([x for x, _ in points], [y for _, y in points]).slope


if __name__ == "__main__":
    main()
