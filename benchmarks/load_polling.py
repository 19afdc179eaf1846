"""Load of those who look: dashboards that poll while observations come in, and come back after a restart."""

import asyncio
import json
import random
import signal
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks.asking import Connection, Seen
from benchmarks.stand import Server, Stand, lag

RISK = "/v1/risk?limit=50"
EVERY_SECONDS = 5.0
BATCH = 20


async def dashboard(connection: Connection, seen: Seen, until: float, luck: random.Random) -> None:
    """Poll each five seconds, a little apart from the others; after a refusal wait as long as it says."""
    tag = ""
    await asyncio.sleep(luck.uniform(0, EVERY_SECONDS))
    while time.monotonic() < until:
        answer = seen.note(await connection.ask("GET", RISK, headers=tag))
        if answer.status == 200:
            tag = f"If-None-Match: {answer.headers['etag']}\r\n"
        pause = float(answer.headers.get("retry-after", EVERY_SECONDS)) if answer.status else 1.0
        await asyncio.sleep(luck.uniform(0.8, 1.2) * pause)
    connection.close()


def rows(account: int, number: str, count: int = BATCH) -> bytes:
    """Observations of an account that nobody sent before."""
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=5)
    sent = [
        {
            "account_id": f"account-{account}", "metric": "late_share", "value": 0.05, "item_id": f"{number}-{n}",
            "observed_at": start.isoformat(),
        }
        for n in range(count)
    ]  # fmt: skip
    return json.dumps({"observations": sent}).encode()


async def feed(connection: Connection, seen: Seen, name: str, a_second: float, until: float, *, accounts: int) -> int:
    """Send batches evenly; return how many rows were confirmed."""
    luck, confirmed, number = random.Random(name), 0, 0
    due = time.monotonic() + luck.uniform(0, BATCH / a_second)
    while due < until:
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        due += BATCH / a_second
        number += 1
        body = rows(luck.randrange(accounts), f"{name}-{number}")
        if seen.note(await connection.ask("POST", "/v1/observations", body)).status == 200:
            confirmed += BATCH
    connection.close()
    return confirmed


async def _look(server: Server, key: str, seen: Seen, dashboards: int, until: float) -> None:
    clients = [dashboard(Connection(server.port, key), seen, until, random.Random(n)) for n in range(dashboards)]
    await asyncio.gather(*clients)


def dashboards(it: Stand, *, count: int, a_second: int, seconds: float) -> dict[str, Any]:
    """L01: dashboards poll each 5 s while observations come in; then nothing changes, and they poll on."""
    server = it.serve()

    async def busy() -> tuple[Seen, Seen, int]:
        looking, sending, until = Seen(), Seen(), time.monotonic() + seconds
        feeds = [
            feed(Connection(server.port, it.key), sending, f"feed-{n}", a_second / 5, until, accounts=50)
            for n in range(5)
        ]
        _, *confirmed = await asyncio.gather(_look(server, it.key, looking, count, until), *feeds)
        return looking, sending, sum(confirmed)

    async def quiet() -> Seen:
        looking = Seen()
        await _look(server, it.key, looking, count, time.monotonic() + 2 * EVERY_SECONDS)
        return looking

    looking, sending, confirmed = asyncio.run(busy())
    wait_scored(it)
    calm = asyncio.run(quiet())
    first = min(count, calm.statuses[200])
    return {
        "dashboards": count, "polls": looking.statuses.total(), "dashboard_p50_ms": looking.milliseconds(50),
        "dashboard_p99_ms": looking.milliseconds(99), "ingest_p99_ms": sending.milliseconds(99),
        "rows_a_second": round(confirmed / seconds), "failed": looking.failed + sending.failed + calm.failed,
        "unchanged_share": round(calm.statuses[304] / max(1, calm.statuses.total() - first), 3),
        **lag(server),
    }  # fmt: skip


def wait_scored(it: Stand, within: float = 120) -> None:
    """Wait until the worker has nothing to score, so that the list stands still."""
    until = time.monotonic() + within
    while time.monotonic() < until:
        with it.db.engine.connect() as connection:
            if not connection.exec_driver_sql(
                "SELECT count(*) FROM accounts WHERE data_version <> scored_version"
            ).scalar():
                return
        time.sleep(0.5)


def herd(it: Stand, *, count: int, restarts: int) -> dict[str, Any]:
    """L02: the API is killed and started again while dashboards poll; what they see once it is ready."""
    server = it.serve()
    seen, back = Seen(), []

    async def live() -> None:
        until = time.monotonic() + 3600
        luck = [random.Random(n) for n in range(count)]
        clients = [
            asyncio.create_task(dashboard(Connection(server.port, it.key), Seen(), until, each)) for each in luck
        ]
        current = server
        for _ in range(restarts):
            await asyncio.sleep(EVERY_SECONDS)
            current.process.send_signal(signal.SIGKILL)
            current.process.wait()
            began = time.monotonic()
            current = await asyncio.to_thread(it.serve, server.port)
            back.append(time.monotonic() - began)
            # From ready on: half of the usual pause for everybody to come, then ten seconds are looked at.
            await asyncio.sleep(EVERY_SECONDS / 2)
            await _look(current, it.key, seen, count // 10, time.monotonic() + 10)
        for client in clients:
            client.cancel()
        await asyncio.gather(*clients, return_exceptions=True)

    asyncio.run(live())
    return {
        "dashboards": count, "restarts": restarts, "polls_after": seen.statuses.total(), "failed": seen.failed,
        "p99_after_ms": seen.milliseconds(99), "longest_start_seconds": round(max(back), 1),
    }  # fmt: skip
