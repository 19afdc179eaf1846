"""A light HTTP client for thousands of connections in one process, and what it saw."""

import asyncio
import statistics
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

TIMEOUT_SECONDS = 30


@dataclass(frozen=True)
class Answer:
    """What came back; status 0 where the connection ended or nothing came in time."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float


class Connection:
    """One client that keeps its connection, as browsers and HTTP libraries do."""

    def __init__(self, port: int, key: str = "") -> None:
        self.port = port
        self._authorization = f"Authorization: Bearer {key}\r\n" if key else ""
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def ask(
        self, method: str, path: str, body: bytes = b"", headers: str = "", kind: str = "application/json"
    ) -> Answer:
        """Ask once; `kind` is the body's.

        A kept connection that the server closed before it read a byte is opened anew, as clients do.
        """
        began = time.perf_counter()
        headers += f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n" if body else ""
        kept = self._writer is not None
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                try:
                    return await self._exchange(method, path, body, headers, began)
                except (asyncio.IncompleteReadError, ConnectionError):
                    if not kept:
                        raise
                    self.close()
                    return await self._exchange(method, path, body, headers, began)
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError, TimeoutError):
            self.close()
            return Answer(0, {}, b"", time.perf_counter() - began)

    async def _exchange(self, method: str, path: str, body: bytes, headers: str, began: float) -> Answer:
        if self._writer is None or self._reader is None:
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self.port)
        head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n{self._authorization}{headers}\r\n"
        self._writer.write(head.encode() + body)
        lines = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        found = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}
        content = await self._reader.readexactly(int(found.get("content-length", 0)))
        if found.get("connection") == "close":
            self.close()
        return Answer(int(lines[0].split()[1]), found, content, time.perf_counter() - began)

    def close(self) -> None:
        if self._writer:
            self._writer.close()
        self._reader = self._writer = None


@dataclass
class Seen:
    """Answers of many clients: how many of each status, how long they took, what was wrong with refusals."""

    statuses: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    without_retry_after: int = 0
    retry_after: Counter[str] = field(default_factory=Counter)

    def note(self, answer: Answer) -> Answer:
        self.statuses[answer.status] += 1
        if answer.status in {429, 503}:
            self.retry_after[answer.headers.get("retry-after", "")] += 1
            self.without_retry_after += "retry-after" not in answer.headers
        else:
            self.seconds.append(answer.seconds)
        return answer

    @property
    def failed(self) -> int:
        """Answers that were none, or 5xx."""
        return sum(count for status, count in self.statuses.items() if status == 0 or status >= 500)

    def milliseconds(self, percentile: int) -> float:
        if len(self.seconds) < 2:
            return 0.0
        return round(1000 * statistics.quantiles(self.seconds, n=100, method="inclusive")[percentile - 1], 1)
