"""More than can be done: ten times the load, and one key that floods."""

import asyncio
import time
from typing import Any

from benchmarks.asking import Connection, Seen
from benchmarks.load_polling import BATCH, rows
from benchmarks.stand import Server, Stand

ACCOUNTS = 50
MB = 1024**2


async def _pushing(connection: Connection, seen: Seen, name: str, until: float) -> int:
    """Send one batch after the other without a pause; return how many rows were confirmed."""
    confirmed = number = 0
    while time.monotonic() < until:
        number += 1
        body = rows(number % ACCOUNTS, f"{name}-{number}")
        if seen.note(await connection.ask("POST", "/v1/observations", body)).status == 200:
            confirmed += BATCH
    connection.close()
    return confirmed


async def _push(server: Server, key: str, clients: int, seconds: float, name: str) -> tuple[Seen, int]:
    seen, until = Seen(), time.monotonic() + seconds
    work = [_pushing(Connection(server.port, key), seen, f"{name}-{n}", until) for n in range(clients)]
    return seen, sum(await asyncio.gather(*work))


def overload(it: Stand, *, clients: int, seconds: float) -> dict[str, Any]:
    """L03: a few clients find the best rate; then ten or more times as many push; then it is to be normal again."""
    server = it.serve(HEADSUP_WORKER_SECONDS="1000")
    best_seen, best = asyncio.run(_push(server, it.key, max(4, clients // 100), seconds, "best"))
    over_seen, over = asyncio.run(_push(server, it.key, clients, seconds, "over"))
    memory = server.memory()
    after_seen, _ = asyncio.run(_push(server, it.key, 2, 5, "after"))
    with it.db.engine.connect() as connection:
        stored = connection.exec_driver_sql("SELECT count(*) FROM observations WHERE item_id LIKE 'over-%'").scalar()
    return {
        "clients": clients, "best_rows_a_second": round(best / seconds), "rows_a_second": round(over / seconds),
        "goodput_share": round(over / max(1, best), 2), "refused": over_seen.statuses[503] + over_seen.statuses[429],
        "without_retry_after": over_seen.without_retry_after, "different_waits": len(over_seen.retry_after),
        "failed": over_seen.failed - over_seen.statuses[503], "p99_ms": over_seen.milliseconds(99),
        "memory_mb": memory // MB, "confirmed_and_lost": max(0, over - (stored or 0)),
        "after_p99_ms": after_seen.milliseconds(99), "before_p50_ms": best_seen.milliseconds(50),
    }  # fmt: skip


def noisy(it: Stand, *, per_minute: int, seconds: float) -> dict[str, Any]:
    """L04: one key asks at 50 times its limit while another works as usual."""
    server = it.serve(HEADSUP_REQUESTS_PER_MINUTE=str(per_minute), HEADSUP_WORKER_SECONDS="1000")
    quiet_key, loud_key = it.key.split()

    async def usual(seen: Seen, until: float) -> None:
        connection = Connection(server.port, quiet_key)
        while time.monotonic() < until:
            seen.note(await connection.ask("GET", "/v1/risk?limit=50"))
            await asyncio.sleep(60 / per_minute * 1.5)
        connection.close()

    async def loud(seen: Seen, until: float) -> None:
        connection = Connection(server.port, loud_key)
        while time.monotonic() < until:
            seen.note(await connection.ask("GET", "/v1/risk?limit=50"))
            await asyncio.sleep(60 / per_minute / 50 * 8)
        connection.close()

    async def both() -> tuple[Seen, Seen, Seen]:
        alone, beside, flood = Seen(), Seen(), Seen()
        await usual(alone, time.monotonic() + seconds)
        until = time.monotonic() + seconds
        await asyncio.gather(usual(beside, until), *(loud(flood, until) for _ in range(8)))
        return alone, beside, flood

    alone, beside, flood = asyncio.run(both())
    return {
        "per_minute": per_minute, "flood_a_minute": round(flood.statuses.total() / seconds * 60),
        "flood_refused_share": round(flood.statuses[429] / max(1, flood.statuses.total()), 3),
        "others_refused": beside.statuses[429], "others_failed": beside.failed,
        "p50_alone_ms": alone.milliseconds(50), "p50_beside_ms": beside.milliseconds(50),
        "p99_alone_ms": alone.milliseconds(99), "p99_beside_ms": beside.milliseconds(99),
    }  # fmt: skip
