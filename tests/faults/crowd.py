"""Many clients that ask once, all at the same time: `python -m tests.faults.crowd PORT KEY COUNT` prints their answers.

A process of its own, and no HTTP library: what is measured is the server's time, not the clients'.
"""

import asyncio
import json
import sys
import time

WAITS_SECONDS = 60


async def ask(port: int, key: str) -> tuple[int, bool, float]:
    """Status, whether the answer says when to come again, and the seconds that it took."""
    began = time.monotonic()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    request = (
        f"GET /v1/accounts HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {key}\r\nConnection: close\r\n\r\n"
    )
    writer.write(request.encode())
    head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), WAITS_SECONDS)).lower()
    took = time.monotonic() - began
    writer.close()
    return int(head.split()[1]), b"retry-after:" in head, took


async def main(port: int, key: str, count: int) -> list[tuple[int, bool, float]]:
    return await asyncio.gather(*(ask(port, key) for _ in range(count)))


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3])))))  # noqa: T201  the answer
