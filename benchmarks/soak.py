"""Run for long and see what creeps: memory, open files, the log of the database, answers that get slower.

python -m benchmarks.soak [--minutes 20] [--restart-minutes 10] [--database postgresql://…]
"""

import argparse
import asyncio
import json
import random
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.asking import Answer, Connection, Seen
from benchmarks.load_polling import dashboard, feed
from benchmarks.stand import Server, Stand, lag, memory_of, stand

MB = 1024**2
ROWS_A_SECOND, DASHBOARDS, ACCOUNTS = 100, 200, 50
SETTLED = 120.0
"""A process loads its libraries and warms up for so long, in seconds; after that nothing may grow."""
EVERY_SECONDS = 2

Points = list[tuple[float, float]]


@dataclass
class Life:
    """What a server and its worker looked like between two restarts: (seconds, bytes) each."""

    server: Points = field(default_factory=list)
    worker: Points = field(default_factory=list)
    files: list[int] = field(default_factory=list)
    log: list[int] = field(default_factory=list)
    lag: float = 0.0


class Quarters(Seen):
    """What was seen, in four parts by the time at which it was; not what a process that has just begun answers."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.parts = [Seen() for _ in range(4)]
        self.warm_at = 0.0
        self._began, self._seconds = time.monotonic(), seconds

    def note(self, answer: Answer) -> Answer:
        now = time.monotonic()
        if now > self.warm_at:
            self.parts[min(3, int(4 * (now - self._began) / self._seconds))].note(answer)
        return super().note(answer)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--restart-minutes", type=float, default=10)
    parser.add_argument("--database", default="", help="an empty PostgreSQL database; SQLite if left out")
    asked = parser.parse_args()
    with stand(asked.database, accounts=ACCOUNTS) as it:
        print(json.dumps(soak(it, minutes=asked.minutes, restart_minutes=asked.restart_minutes), indent=2))


def soak(it: Stand, *, minutes: float, restart_minutes: float) -> dict[str, Any]:
    """Send, poll and restart; tell what crept and whether all that was confirmed is there."""
    lives: list[Life] = []
    seen = Quarters(minutes * 60)
    confirmed = asyncio.run(_live(it, minutes * 60, restart_minutes * 60, lives, seen))
    with it.db.engine.connect() as connection:
        stored = connection.exec_driver_sql("SELECT count(*) FROM observations").scalar() or 0
        unscored = connection.exec_driver_sql(
            "SELECT count(*) FROM accounts WHERE data_version <> scored_version"
        ).scalar()
    p99 = [part.milliseconds(99) for part in seen.parts]
    return {
        "minutes": minutes, "restarts": len(lives) - 1,
        "server_mb_an_hour": [_an_hour(life.server) for life in lives],
        "worker_mb_an_hour": [_an_hour(life.worker) for life in lives],
        "server_mb_most": _most([value for life in lives for _, value in life.server]),
        "worker_mb_most": _most([value for life in lives for _, value in life.worker]),
        "files_first_and_last": [(life.files[0], life.files[-1]) for life in lives if life.files],
        "log_mb_most": _most([value for life in lives for value in life.log]),
        "loop_lag_ms_within": max(life.lag for life in lives),
        "p99_ms_by_quarter": p99, "p99_drift": round(p99[-1] / p99[0] - 1, 2) if p99[0] else None,
        "failed": seen.failed, "confirmed": confirmed, "stored": stored,
        "confirmed_and_lost": max(0, confirmed - stored), "unscored": unscored,
    }  # fmt: skip


async def _live(it: Stand, seconds: float, restart: float, lives: list[Life], seen: Quarters) -> int:
    """One life of the server after the other, each with its own clients; return the rows that were confirmed."""
    began, confirmed = time.monotonic(), 0
    while (left := began + seconds - time.monotonic()) > SETTLED:
        server = await asyncio.to_thread(it.serve)
        life, until = Life(), time.monotonic() + min(restart, left)
        lives.append(life)
        seen.warm_at = time.monotonic() + SETTLED / 4
        name = f"soak-{len(lives)}"
        sending = feed(Connection(server.port, it.key), seen, name, ROWS_A_SECOND, until, accounts=ACCOUNTS)
        looking = [dashboard(Connection(server.port, it.key), seen, until, random.Random(n)) for n in range(DASHBOARDS)]
        rows, *_ = await asyncio.gather(sending, _watch(it, server, life, until), *looking)
        confirmed += rows
        life.lag = (await asyncio.to_thread(lag, server))["loop_lag_ms_within"]
        await asyncio.to_thread(server.leave)
    return confirmed


async def _watch(it: Stand, server: Server, life: Life, until: float) -> None:
    began, log = time.monotonic(), it.folder / "headsup.db-wal"
    await asyncio.sleep(SETTLED)
    while time.monotonic() < until:
        at = time.monotonic() - began
        life.server.append((at, float(server.memory())))
        life.worker.extend((at, float(memory_of(pid))) for pid in server.workers()[:1])
        life.files.append(server.files())
        if log.exists():
            life.log.append(log.stat().st_size)
        await asyncio.sleep(EVERY_SECONDS)


def _an_hour(points: Points) -> float:
    return round(slope(points) * 3600 / MB, 1)


def _most(sizes: Sequence[float]) -> float:
    return round(max(sizes, default=0) / MB, 1)


def slope(points: Sequence[tuple[float, float]]) -> float:
    """The rise per second of a straight line through the points."""
    if len(points) < 2:
        return 0.0
    return statistics.linear_regression([x for x, _ in points], [y for _, y in points]).slope


if __name__ == "__main__":
    main()
