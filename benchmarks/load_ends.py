"""How connections and processes end: slow senders, SIGTERM under load, one process after the other behind a relay."""

import asyncio
import time
from typing import Any

from benchmarks.asking import Connection, Seen
from benchmarks.load_polling import BATCH, rows
from benchmarks.stand import Server, Stand

HEADER = b"GET /v1/risk HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
BODY = b"POST /v1/observations HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n"


async def _slow(port: int, begin: bytes, give_up: float) -> float:
    """Send a byte a second; return after how many seconds the server ended it."""
    began = time.monotonic()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(begin)
    ended = asyncio.create_task(reader.read())
    while not ended.done() and time.monotonic() - began < give_up:
        writer.write(b"x")
        await asyncio.wait({ended}, timeout=1)
    took = time.monotonic() - began
    ended.cancel()
    writer.close()
    return took


async def _usual(port: int, key: str, seen: Seen, seconds: float) -> None:
    connection, until = Connection(port, key), time.monotonic() + seconds
    while time.monotonic() < until:
        seen.note(await connection.ask("GET", "/v1/risk?limit=50"))
        await asyncio.sleep(0.02)
    connection.close()


def slow_senders(it: Stand, *, connections: int, alone_seconds: float = 10, give_up: float = 30) -> dict[str, Any]:
    """L06: connections that send a byte a second, in the header or in the body, and what others notice."""
    server = it.serve(worker=False)
    alone, beside = Seen(), Seen()

    async def run() -> list[float]:
        await _usual(server.port, it.key, Seen(), 2)  # a server's first answers are slower
        await _usual(server.port, it.key, alone, alone_seconds)
        slow = [_slow(server.port, HEADER if n % 2 else BODY, give_up) for n in range(connections)]
        _, *took = await asyncio.gather(_usual(server.port, it.key, beside, 10), *slow)
        return took

    took = asyncio.run(run())
    return {
        "connections": connections, "longest_seconds": round(max(took), 1), "others_failed": beside.failed,
        "p50_alone_ms": alone.milliseconds(50), "p50_beside_ms": beside.milliseconds(50),
        "p99_alone_ms": alone.milliseconds(99), "p99_beside_ms": beside.milliseconds(99),
    }  # fmt: skip


async def _keep_sending(port: int, key: str, name: str, seen: Seen, over: asyncio.Event) -> list[str]:
    """Send batches until the end, the same one again until it is confirmed; return what was confirmed."""
    connection, confirmed, number = Connection(port, key), [], 0
    while not over.is_set():
        number += 1
        body = rows(number % 20, f"{name}-{number}")
        while seen.note(await connection.ask("POST", "/v1/observations", body)).status != 200:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
        confirmed.append(f"{name}-{number}")
        await asyncio.sleep(0.02)
    connection.close()
    return confirmed


def drain(it: Stand, *, ends: int, clients: int) -> dict[str, Any]:
    """L07: SIGTERM while clients send; a request that reached the server is answered, and it ends in time."""
    took, in_flight_lost = [], 0
    confirmed: list[str] = []
    for n in range(ends):
        server = it.serve()
        seen, over = Seen(), asyncio.Event()

        async def run(server: Server = server, seen: Seen = seen, over: asyncio.Event = over, n: int = n) -> None:
            sending = [_until_refused(server.port, it.key, f"drain-{n}-{c}", seen) for c in range(clients)]
            tasks = [asyncio.create_task(each) for each in sending]
            await asyncio.sleep(1)
            took.append(await asyncio.to_thread(server.leave))
            over.set()
            for done in await asyncio.gather(*tasks):
                confirmed.extend(done)

        asyncio.run(run())
        in_flight_lost += seen.failed
    return {
        "ends": ends, "confirmed": len(confirmed) * BATCH, "in_flight_lost": in_flight_lost,
        "confirmed_and_lost": missing(it, confirmed), "longest_end_seconds": round(max(took), 1),
    }  # fmt: skip


async def _until_refused(port: int, key: str, name: str, seen: Seen) -> list[str]:
    """Send batches until nobody listens any more; whatever ends otherwise than by an answer is noted."""
    connection, confirmed, number = Connection(port, key), [], 0
    while True:
        number += 1
        try:
            _, probe = await asyncio.open_connection("127.0.0.1", port)
            probe.close()
        except OSError:
            break
        answer = await connection.ask("POST", "/v1/observations", rows(number % 20, f"{name}-{number}"))
        if answer.status == 0 and not await _listens(port):
            break
        if seen.note(answer).status == 200:
            confirmed.append(f"{name}-{number}")
    connection.close()
    return confirmed


async def _listens(port: int) -> bool:
    try:
        _, probe = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    probe.close()
    return True


def missing(it: Stand, confirmed: list[str]) -> int:
    with it.db.engine.connect() as connection:
        items = connection.exec_driver_sql("SELECT item_id FROM observations").scalars()
        stored = {item.rpartition("-")[0] for item in items}
    return len(set(confirmed) - stored)


class Relay:
    """A balancer in a few lines: asks /readyz each half second, and sends each connection to one that is ready."""

    def __init__(self, servers: list[Server]) -> None:
        self.servers = servers
        self.ready: list[int] = []
        self.port = 0
        self._turn = 0

    async def watch(self, over: asyncio.Event) -> None:
        while not over.is_set():
            looks = [Connection(server.port).ask("GET", "/readyz") for server in self.servers]
            answers = await asyncio.gather(*looks)
            ready = [server.port for server, answer in zip(self.servers, answers, strict=True) if answer.status == 200]
            self.ready = ready or self.ready
            await asyncio.sleep(0.5)

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._turn += 1
        port = self.ready[self._turn % len(self.ready)]
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(_pump(reader, up_writer), _pump(up_reader, writer))


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while chunk := await reader.read(65_536):
            writer.write(chunk)
            await writer.drain()
    except (ConnectionError, asyncio.CancelledError):
        pass
    finally:
        writer.close()


def rolling(it: Stand, *, restarts: int, clients: int) -> dict[str, Any]:
    """L08: two servers behind a relay are restarted in turn while clients send; nobody sees an error."""
    servers, seen = [it.serve(), it.serve(worker=False)], Seen()

    async def run() -> list[str]:
        relay, over = Relay(servers), asyncio.Event()
        watching = asyncio.create_task(relay.watch(over))
        listener = await asyncio.start_server(relay.carry, "127.0.0.1", 0)
        port = listener.sockets[0].getsockname()[1]
        await asyncio.sleep(1)
        tasks = [asyncio.create_task(_keep_sending(port, it.key, f"roll-{n}", seen, over)) for n in range(clients)]
        for n in range(restarts):
            await asyncio.sleep(1)
            which = n % 2
            await asyncio.to_thread(servers[which].leave)
            servers[which] = await asyncio.to_thread(it.serve, servers[which].port, worker=which == 0)
            relay.servers = list(servers)
            await asyncio.sleep(1.5)
        over.set()
        done = [name for each in await asyncio.gather(*tasks) for name in each]
        await watching
        listener.close()
        return done

    confirmed = asyncio.run(run())
    return {
        "restarts": restarts, "requests": seen.statuses.total(), "failed": seen.failed,
        "confirmed_and_lost": missing(it, confirmed), "p99_ms": seen.milliseconds(99),
    }  # fmt: skip
