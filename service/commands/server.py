"""The web server: uvicorn, with deadlines for those who send slowly and an end that fails nobody."""

import asyncio
import resource
import signal
import threading
import time
from collections import deque
from types import FrameType
from typing import Any

import h11
import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from service.kit.admission import ALWAYS
from service.kit.pauses import retry_after

# Seconds in which a client may owe us the rest of its request and send next to nothing, and what is more than that.
PATIENCE_SECONDS = 10
LEAST_BYTES_A_SECOND = 4_096
# While it lingers the server still answers, says at /readyz that it is leaving, and closes each connection it answers.
LINGER_SECONDS, DRAIN_SECONDS = 2, 5
TICKS_A_SECOND = 10
HEADER_STEP = 8 * 1024
# What is refused before all of it came is read so far, for the sake of the next request on the connection.
MOST_SURPLUS_BYTES = 64 * 1024
GIVEN_TO_READ_SECONDS = 0.5
MOST_CONNECTIONS = 4_000
# Files, database, mail and models need some too.
OTHER_FILES = 200
# Some milliseconds of work.
BEGUN_AT_ONCE = 8
CLOSE = (b"connection", b"close")


class Deadlined(H11Protocol):
    """A connection whose client must send what it has begun; and one too many is told to come back."""

    most = MOST_CONNECTIONS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._received = 0
        self._surplus = 0
        self._seconds_owed = 0

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        if len(self.connections) > self.most:
            self._refuse(b"503 Service Unavailable", f"Retry-After: {retry_after()}\r\n".encode())

    def data_received(self, data: bytes) -> None:
        self._received += len(data)
        if self._is_answered_early():
            self._surplus += len(data)
            if self._surplus > MOST_SURPLUS_BYTES:
                self._hang_up()
                return
        # h11 holds only what is not complete yet against the limit of a header, so it must not see all of it at once.
        step = HEADER_STEP if self.conn.their_state is h11.IDLE else len(data)
        for start in range(0, len(data), step):
            if not self.transport.is_closing():
                super().data_received(data[start : start + step])

    def on_response_complete(self) -> None:
        self._surplus = 0
        super().on_response_complete()

    def _is_answered_early(self) -> bool:
        """Whether it was refused before it was all sent. The rest is read and thrown away, if it is little."""
        return self.conn.our_state is h11.DONE and self.conn.their_state is h11.SEND_BODY

    def _hang_up(self) -> None:
        """Read no more, so that soon the client can send no more; end the connection when it has had time to read."""
        self._unset_keepalive_if_required()
        self.transport.pause_reading()
        self.loop.call_later(GIVEN_TO_READ_SECONDS, self.transport.close)

    def second_passed(self) -> None:
        """Count the seconds that the client has been slow; end the connection when they are too many."""
        if not self._is_owed():
            self._seconds_owed = 0
        elif self._received < LEAST_BYTES_A_SECOND:
            self._seconds_owed += 1
        self._received = 0
        if self._seconds_owed >= PATIENCE_SECONDS:
            self._refuse(b"408 Request Timeout")

    def _is_owed(self) -> bool:
        """Whether it is the client's turn: the rest of a request, or the first one of a connection."""
        if self.conn.their_state is h11.SEND_BODY:
            return not self.flow.read_paused
        # Between two requests uvicorn's own timer runs until the next one begins.
        return self.conn.their_state is h11.IDLE and self.timeout_keep_alive_task is None

    def _refuse(self, status: bytes, header: bytes = b"") -> None:
        if self.cycle is None or not self.cycle.response_started:
            self.transport.write(b"HTTP/1.1 %s\r\n%sContent-Length: 0\r\nConnection: close\r\n\r\n" % (status, header))
        self.transport.close()


class Paced:
    """Lets few requests begin in a round of the event loop, and `/livez` at once.

    To begin one takes longer than to read it: when a thousand come in the same instant, whoever asks whether the
    process lives waits until they have been read, not until they all have begun. For one event loop.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._begun = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] not in ALWAYS:
            await self._turn()
        await self._app(scope, receive, send)

    async def _turn(self) -> None:
        loop = asyncio.get_running_loop()
        if not self._begun:
            loop.call_soon(self._next_round, loop)
        if self._begun < BEGUN_AT_ONCE and not self._waiting:
            self._begun += 1
            return
        turn = loop.create_future()
        self._waiting.append(turn)
        await turn

    def _next_round(self, loop: asyncio.AbstractEventLoop) -> None:
        self._begun = 0
        while self._waiting and self._begun < BEGUN_AT_ONCE:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                self._begun += 1
        if self._begun:
            loop.call_soon(self._next_round, loop)


class Server(uvicorn.Server):
    """Serves until SIGTERM or Ctrl-C, and sets `stop` at once when told.

    After SIGTERM it lingers, so that balancers and clients go elsewhere by themselves, and then ends what is under way.
    """

    def __init__(self, app: FastAPI, stop: threading.Event) -> None:
        super().__init__(_config(app))
        self._app = app
        self._stop = stop
        self._leaves_at: float | None = None
        self._ticked_at: float | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._stop.set()
        self._app.state.leaving = True
        if sig == signal.SIGTERM and self._leaves_at is None:
            self._captured_signals.append(sig)
            self._leaves_at = time.monotonic() + LINGER_SECONDS
        else:
            super().handle_exit(sig, frame)

    async def on_tick(self, counter: int) -> bool:
        if self._ticked_at:
            self._app.state.requests.lagged(max(0.0, time.monotonic() - self._ticked_at - 1 / TICKS_A_SECOND))
        if counter % TICKS_A_SECOND == 0:
            for connection in list(self.server_state.connections):
                if isinstance(connection, Deadlined):
                    connection.second_passed()
        if self._leaves_at and time.monotonic() >= self._leaves_at:
            self.should_exit = True
        ends = await super().on_tick(counter)
        if self._leaves_at and CLOSE not in self.server_state.default_headers:
            self.server_state.default_headers = [*self.server_state.default_headers, CLOSE]
        self._ticked_at = time.monotonic()
        return ends


def _config(app: FastAPI) -> uvicorn.Config:
    """Limits for everything that a client decides; and nothing that tells the version."""
    return uvicorn.Config(
        Paced(app),
        http=Deadlined,
        ws="none",
        h11_max_incomplete_event_size=32 * 1024,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=DRAIN_SECONDS,
        server_header=False,
        proxy_headers=False,
        access_log=False,
        log_config=None,
        log_level="warning",
    )


def allow_connections() -> None:
    """Let this process have as many open files as it may, and no more connections than they suffice for."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_CONNECTIONS + OTHER_FILES
    if soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    Deadlined.most = min(MOST_CONNECTIONS, soft - OTHER_FILES)
