"""Writers that wait behind another one and then go on together."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from service.kit.database import Database

WITHIN = 30


def together(db: Database, calls: Sequence[Callable[[], Any]]) -> list[Any]:
    """Let these calls wait for their turn to write, in their order, and then have it; what each returned or raised."""
    waiting = []
    with ThreadPoolExecutor(len(calls)) as pool:
        with db._turns.take(within=WITHIN):  # noqa: SLF001  nobody else's turn can be held so
            for number, call in enumerate(calls, 1):
                waiting.append(pool.submit(call))
                until = time.monotonic() + WITHIN
                while len(db._groups._waiting) < number and time.monotonic() < until:  # noqa: SLF001
                    time.sleep(0.001)
        return [each.exception(WITHIN) or each.result() for each in waiting]
