"""More than can be done: ten times the load, and one key that floods."""

import asyncio
import random
import time
from typing import Any

from benchmarks.asking import Connection, Seen
from benchmarks.load_polling import BATCH, rows
from benchmarks.stand import Server, Stand, lag

ACCOUNTS = 50
# A key that floods asks so often what it may, from so many connections.
TIMES, LOUD_CLIENTS = 50, 64
PAUSE_SECONDS, GUESS_AGAIN_SECONDS = 0.02, 0.5
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


def _push(server: Server, key: str, clients: int, seconds: float, name: str) -> tuple[Seen, float]:
    """So many clients as fast as they are answered; what they saw, and the rows a second that were confirmed."""

    async def run() -> tuple[Seen, float]:
        seen, until = Seen(), time.monotonic() + seconds
        work = [_pushing(Connection(server.port, key), seen, f"{name}-{n}", until) for n in range(clients)]
        return seen, sum(await asyncio.gather(*work)) / seconds

    return asyncio.run(run())


async def _offering(connection: Connection, seen: Seen, name: str, *, every: float, until: float) -> tuple[int, int]:
    """Send a batch each so often whatever comes back; return the rows that were offered and those confirmed."""
    luck, offered, confirmed = random.Random(name), 0, 0
    due = time.monotonic() + luck.uniform(0, every)
    while due < until:
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        # Who is answered too late for its next batch has not offered it.
        due = max(due + every, time.monotonic())
        offered += BATCH
        body = rows(luck.randrange(ACCOUNTS), f"{name}-{offered}")
        if seen.note(await connection.ask("POST", "/v1/observations", body)).status == 200:
            confirmed += BATCH
    connection.close()
    return offered, confirmed


def _offer(server: Server, key: str, clients: int, rows_a_second: float, seconds: float) -> tuple[Seen, float, float]:
    """So many clients that together offer so much; what they saw, and the rows a second offered and confirmed."""

    async def run() -> tuple[Seen, float, float]:
        seen, until = Seen(), time.monotonic() + seconds
        every = clients * BATCH / rows_a_second
        work = [
            _offering(Connection(server.port, key), seen, f"over-{rows_a_second:.0f}-{n}", every=every, until=until)
            for n in range(clients)
        ]
        done = await asyncio.gather(*work)
        return seen, sum(offered for offered, _ in done) / seconds, sum(confirmed for _, confirmed in done) / seconds

    return asyncio.run(run())


def overload(it: Stand, *, clients: int, a_second: int, times: float, seconds: float) -> dict[str, Any]:
    """L03: the best rate is found with more and more clients; then more is offered; then it is normal again.

    Offered are `a_second` rows, or so many times the best where that is more.
    """
    server = it.serve()
    _push(server, it.key, 4, seconds / 4, "warm")
    rates = {each: _push(server, it.key, each, seconds / 4, f"best-{each}")[1] for each in (2, 4, 8, 16)}
    many = max(rates, key=rates.__getitem__)
    usual, _ = _push(server, it.key, 2, 5, "before")
    # Tables grow and machines drift: the best is what the best number of clients gets before and after it.
    best_before = _push(server, it.key, many, seconds / 2, "best-before")[1]
    seen, offered, confirmed = _offer(server, it.key, clients, max(a_second, times * best_before), seconds)
    memory = server.memory()
    time.sleep(1)
    after, _ = _push(server, it.key, 2, 4, "after")
    best = (best_before + _push(server, it.key, many, seconds / 2, "best-after")[1]) / 2
    with it.db.engine.connect() as connection:
        stored = connection.exec_driver_sql(
            "SELECT count(*) FROM observations WHERE substr(item_id, 1, 5) = 'over-'"
        ).scalar()
    return {
        "clients": clients, "best_rows_a_second": round(best), "offered_rows_a_second": round(offered),
        "rows_a_second": round(confirmed), "goodput_share": round(confirmed / max(1, best), 2),
        "refused": seen.statuses[503] + seen.statuses[429], "without_retry_after": seen.without_retry_after,
        "different_waits": len(seen.retry_after), "failed": seen.failed - seen.statuses[503],
        "p99_ms": seen.milliseconds(99), "memory_mb": memory // MB,
        "confirmed_and_lost": max(0, round(confirmed * seconds) - (stored or 0)),
        "before_p99_ms": usual.milliseconds(99), "after_p99_ms": after.milliseconds(99), **lag(server),
    }  # fmt: skip


def noisy(it: Stand, *, per_minute: int, seconds: float) -> dict[str, Any]:
    """L04: one key asks at 50 times its limit while another works as usual."""
    server = it.serve(worker=False, HEADSUP_REQUESTS_PER_MINUTE=str(per_minute))
    quiet_key, loud_key = it.key.split()

    async def usual(seen: Seen, until: float) -> None:
        connection = Connection(server.port, quiet_key)
        while time.monotonic() < until:
            seen.note(await connection.ask("GET", "/v1/risk?limit=50"))
            await asyncio.sleep(60 / per_minute * 1.5)
        connection.close()

    async def loud(seen: Seen, number: int, until: float) -> None:
        connection, every = Connection(server.port, loud_key), LOUD_CLIENTS * 60 / per_minute / TIMES
        due = time.monotonic() + number / LOUD_CLIENTS * every
        while due < until:
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            due = max(due + every, time.monotonic())
            seen.note(await connection.ask("GET", "/v1/risk?limit=50"))
        connection.close()

    async def both() -> tuple[Seen, Seen, Seen]:
        alone, beside, flood = Seen(), Seen(), Seen()
        await usual(alone, time.monotonic() + seconds)
        until = time.monotonic() + seconds
        await asyncio.gather(usual(beside, until), *(loud(flood, n, until) for n in range(LOUD_CLIENTS)))
        return alone, beside, flood

    alone, beside, flood = asyncio.run(both())
    return {
        "per_minute": per_minute, "flood_times_the_limit": round(flood.statuses.total() / seconds * 60 / per_minute),
        "flood_refused_share": round(flood.statuses[429] / max(1, flood.statuses.total()), 3),
        "others_refused": beside.statuses[429], "others_failed": beside.failed,
        "p50_alone_ms": alone.milliseconds(50), "p50_beside_ms": beside.milliseconds(50),
        "p99_alone_ms": alone.milliseconds(99), "p99_beside_ms": beside.milliseconds(99),
        **lag(server),
    }  # fmt: skip


def guessed(it: Stand, *, guessers: int, seconds: float) -> dict[str, Any]:
    """S05: a crowd guesses passwords, each again half a second after the last answer, while somebody asks the API."""
    server = it.serve(worker=False)

    async def usual(until: float) -> Seen:
        seen, connection = Seen(), Connection(server.port, it.key)
        while time.monotonic() < until:
            seen.note(await connection.ask("GET", "/v1/risk?limit=50"))
            await asyncio.sleep(PAUSE_SECONDS)
        connection.close()
        return seen

    async def guess(crowd: Seen, number: int, until: float) -> None:
        connection, own = Connection(server.port), "Sec-Fetch-Site: same-origin\r\n"
        await asyncio.sleep(number / guessers * GUESS_AGAIN_SECONDS)
        while time.monotonic() < until:
            body = f"email=op{number}%40example.com&password={time.monotonic()}-or-another".encode()
            crowd.note(await connection.ask("POST", "/login", body, own, "application/x-www-form-urlencoded"))
            await asyncio.sleep(GUESS_AGAIN_SECONDS)
        connection.close()

    async def both() -> tuple[Seen, Seen, Seen]:
        # What is done for the first time takes longer than ever after.
        await guess(Seen(), 0, time.monotonic())
        await usual(time.monotonic() + seconds / 4)
        alone, crowd, until = await usual(time.monotonic() + seconds), Seen(), time.monotonic() + seconds
        beside, *_ = await asyncio.gather(usual(until), *(guess(crowd, n, until) for n in range(guessers)))
        return alone, beside, crowd

    alone, beside, crowd = asyncio.run(both())
    return {
        "guesses": crowd.statuses.total(), "hashed": crowd.statuses[401], "told_to_come_again": crowd.statuses[429],
        "others_failed": beside.failed,
        "p50_alone_ms": alone.milliseconds(50), "p50_beside_ms": beside.milliseconds(50),
        "p99_alone_ms": alone.milliseconds(99), "p99_beside_ms": beside.milliseconds(99),
        **lag(server),
    }  # fmt: skip
