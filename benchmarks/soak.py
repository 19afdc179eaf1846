"""Run for long and see what creeps: memory, open files, the log of the database, answers that get slower.

python -m benchmarks.soak [--minutes 20] [--restart-minutes 30] [--database postgresql://…]

Clients send the same rows again and again, and one that is stored already takes its place: new ones for ever would let
the worker's memory grow by what it has to read, which is no leak and would hide one.
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
from benchmarks.load_polling import BATCH, dashboard, rows, wait_scored
from benchmarks.stand import Server, Stand, lag, memory_of, stand

MB = 1024**2
ROWS_A_SECOND, DASHBOARDS, ACCOUNTS = 100, 200, 50
BODIES = 1_000
FIRST_LIFE = 60.0
"""The first restart comes so soon, in seconds, that a short run has one, too."""
SETTLED = 300.0
"""Libraries are loaded, caches filled and threads started for so long, in seconds; after that nothing may grow."""
WARM = 30.0
"""Answers count from so many seconds after a start on."""
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
    parser.add_argument("--restart-minutes", type=float, default=30)
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
        due = "SELECT count(*) FROM accounts WHERE data_version <> scored_version"
        unscored = connection.exec_driver_sql(due).scalar()
    p99 = [part.milliseconds(99) for part in seen.parts]
    return {
        "minutes": minutes, "restarts": len(lives) - 1,
        "server_mb_an_hour_give_or_take": [found for life in lives if (found := slope(life.server))],
        "worker_mb_an_hour_give_or_take": [found for life in lives if (found := slope(life.worker))],
        "server_mb_most": _most([value for life in lives for _, value in life.server]),
        "worker_mb_most": _most([value for life in lives for _, value in life.worker]),
        "files_first_and_last": [(life.files[0], life.files[-1]) for life in lives if life.files],
        "log_mb_most": _most([value for life in lives for value in life.log]),
        "loop_lag_ms_within": max(life.lag for life in lives),
        "p99_ms_by_quarter": p99, "p99_drift": round(p99[-1] / p99[0] - 1, 2) if p99[0] else None,
        "requests": seen.statuses.total(), "failed": seen.failed,
        "rows_confirmed": confirmed, "different_rows": stored,
        "confirmed_and_lost": max(0, min(confirmed, BODIES * BATCH) - stored), "unscored": unscored,
    }  # fmt: skip


async def _live(it: Stand, seconds: float, restart: float, lives: list[Life], seen: Quarters) -> int:
    """One life of the server after the other, each with its own clients; return the rows that were confirmed."""
    bodies = [rows(n % ACCOUNTS, f"soak-{n}") for n in range(BODIES)]
    began, confirmed = time.monotonic(), 0
    while (left := began + seconds - time.monotonic()) > FIRST_LIFE:
        server = await asyncio.to_thread(it.serve)
        life, until = Life(), time.monotonic() + min(restart if lives else FIRST_LIFE, left)
        lives.append(life)
        seen.warm_at = time.monotonic() + WARM
        sending = _send(Connection(server.port, it.key), seen, bodies, confirmed // BATCH, until)
        looking = [dashboard(Connection(server.port, it.key), seen, until, random.Random(n)) for n in range(DASHBOARDS)]
        sent, *_ = await asyncio.gather(sending, _watch(it, server, life, until), *looking)
        confirmed += sent
        await asyncio.to_thread(wait_scored, it)
        life.lag = (await asyncio.to_thread(lag, server))["loop_lag_ms_within"]
        await asyncio.to_thread(server.leave)
    return confirmed


async def _send(connection: Connection, seen: Seen, bodies: Sequence[bytes], number: int, until: float) -> int:
    """Send one body after the other, evenly, each until it is confirmed; return how many rows were."""
    confirmed, due = 0, time.monotonic()
    while due < until:
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        # Who is answered too late for its next batch does not make up for it.
        due = max(due + BATCH / ROWS_A_SECOND, time.monotonic())
        if seen.note(await connection.ask("POST", "/v1/observations", bodies[number % BODIES])).status == 200:
            confirmed += BATCH
            number += 1
    connection.close()
    return confirmed


async def _watch(it: Stand, server: Server, life: Life, until: float) -> None:
    began, log = time.monotonic(), it.folder / "headsup.db-wal"
    await asyncio.sleep(min(SETTLED, until - began))
    while time.monotonic() < until:
        at = time.monotonic() - began
        life.server.append((at, float(server.memory())))
        life.worker.extend((at, float(memory_of(pid))) for pid in server.workers()[:1])
        life.files.append(server.files())
        if log.exists():
            life.log.append(log.stat().st_size)
        await asyncio.sleep(EVERY_SECONDS)


def _most(sizes: Sequence[float]) -> float:
    return round(max(sizes, default=0) / MB, 1)


def slope(points: Points) -> tuple[float, float] | None:
    """MB an hour by which the least of each minute rises, and the standard error of that.

    What is taken for an answer or a round is given back; what leaks lifts the least. None where minutes are too few.
    """
    least: dict[int, float] = {}
    for at, size in points:
        least[int(at // 60)] = min(size, least.get(int(at // 60), size))
    minutes, sizes = list(least), [size / MB for size in least.values()]
    if len(minutes) < 4:
        return None
    line = statistics.linear_regression(minutes, sizes)
    off = [size - line.intercept - line.slope * minute for minute, size in zip(minutes, sizes, strict=True)]
    spread = statistics.pvariance(minutes) * len(minutes)
    error = (sum(each**2 for each in off) / (len(minutes) - 2) / spread) ** 0.5
    return round(60 * line.slope, 1), round(60 * error, 1)


if __name__ == "__main__":
    main()
