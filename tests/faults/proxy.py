"""A TCP relay between a process and its database or mail server, that can do what networks do.

The loop runs in a thread of its own; faults are set from the test and hold for all connections from then on.
"""

import asyncio
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

CHUNK = 16_384
AT_ONCE = struct.pack("ii", 1, 0)


@dataclass
class Faults:
    """What the network does: seconds added to each chunk, bytes a second, swallow everything, end it somehow."""

    latency: float = 0.0
    rate: float = 0.0
    black_hole: bool = False
    reset_after: int | None = None
    close_after: int | None = None


@dataclass
class Proxy:
    """A running relay. `port` is where it listens."""

    target: tuple[str, int]
    port: int = 0
    faults: Faults = field(default_factory=Faults)
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    _open: set[asyncio.StreamWriter] = field(default_factory=set)
    _forgotten: set[asyncio.StreamWriter] = field(default_factory=set)

    async def serve(self, ready: threading.Event) -> None:
        server = await asyncio.start_server(self._relay, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        async with server:
            with suppress(asyncio.CancelledError):
                await server.serve_forever()
        await _end_rest()

    async def _relay(self, client_in: asyncio.StreamReader, client_out: asyncio.StreamWriter) -> None:
        try:
            server_in, server_out = await asyncio.open_connection(*self.target)
        except OSError:
            _reset(client_out)
            return
        ends = {client_out, server_out}
        self._open |= ends
        try:
            await asyncio.gather(self._pump(client_in, server_out, client_out), self._pump(server_in, client_out))
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            # The network's end, or the test's.
            pass
        finally:
            self._open -= ends
            self._forgotten -= ends
            for end in ends:
                end.close()

    async def _pump(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, back: asyncio.StreamWriter | None = None
    ) -> None:
        """Carry one direction; limits on bytes are for what the client sends."""
        carried = 0
        while chunk := await source.read(CHUNK):
            faults = self.faults
            carried += len(chunk)
            if back and faults.reset_after is not None and carried > faults.reset_after:
                _reset(back)
                raise ConnectionResetError
            if back and faults.close_after is not None and carried > faults.close_after:
                raise ConnectionResetError
            if faults.black_hole or sink in self._forgotten:
                continue
            await asyncio.sleep(faults.latency + (len(chunk) / faults.rate if faults.rate else 0))
            sink.write(chunk)
            await sink.drain()
        # The other direction may go on: a half-closed connection is one.
        with suppress(OSError):
            sink.write_eof()

    def forget(self) -> int:
        """Swallow what comes from now on where a connection is open; new ones work. Return how many ends there were."""
        self._forgotten |= self._open
        return len(self._forgotten)

    def cut(self) -> int:
        """Reset every open connection now; return how many ends there were."""
        ends = list(self._open)
        self._loop.call_soon_threadsafe(lambda: [_reset(end) for end in ends])
        return len(ends)


def _reset(end: asyncio.StreamWriter) -> None:
    connection = end.get_extra_info("socket")
    with suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
    end.transport.abort()


@contextmanager
def between(port: int, host: str = "127.0.0.1") -> Iterator[Proxy]:
    """Relay connections to a port until the block ends."""
    proxy, ready = Proxy((host, port)), threading.Event()
    loop = proxy._loop  # noqa: SLF001  ours
    task = loop.create_task(proxy.serve(ready))
    thread = threading.Thread(target=loop.run_until_complete, args=(task,), daemon=True)
    thread.start()
    assert ready.wait(60)
    try:
        yield proxy
    finally:
        loop.call_soon_threadsafe(task.cancel)
        thread.join(60)
        loop.close()


async def _end_rest() -> None:
    """Let what is still being carried come to its end."""
    rest = asyncio.all_tasks() - {asyncio.current_task()}
    for each in rest:
        each.cancel()
    await asyncio.gather(*rest, return_exceptions=True)
