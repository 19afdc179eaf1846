"""Crash points: places where a fault test lets this process die or stand still, exactly there.

`HEADSUP_CRASH=name:N` ends the process at the N-th pass as SIGKILL would; `name:N:stop` halts it until SIGCONT.
Unset, as in every installation, a point is one comparison.
"""

import os
import signal
from collections import Counter
from dataclasses import dataclass
from typing import Self

KILLED = 137


@dataclass(frozen=True)
class Plan:
    """Where, at which pass and how."""

    name: str
    at: int
    stop: bool = False

    @classmethod
    def of(cls, text: str) -> Self | None:
        """Read `name:N` or `name:N:stop`; empty means no plan."""
        if not text:
            return None
        name, at, *how = text.split(":")
        return cls(name, int(at), stop=how == ["stop"])


plan = Plan.of(os.environ.get("HEADSUP_CRASH", ""))
passes: Counter[str] = Counter()
"""How often each point was passed, while there is a plan."""


def point(name: str) -> None:
    """Pass a crash point."""
    if plan is None:
        return
    passes[name] += 1
    if plan.name != name or plan.at != passes[name]:
        return
    if plan.stop:
        # Sent to the process, it could be taken by another thread while this one runs on past the point.
        signal.raise_signal(signal.SIGSTOP)
    else:
        os._exit(KILLED)
