"""A process that has imported everything and forks others on demand, so that 40 starts cost no 40 imports.

What it forks are processes of their own: they open their own files and sockets, and die alone. All clusters of a run of
tests share one; it ends when nobody can ask it any more.
"""

import atexit
import gc
import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

from service import __main__ as program
from service.commands import run
from service.kit import crash
from service.kit.clock import SystemClock
from service.scoring import scoring_round
from tests.faults import mailer, scenario

# Loaded only when needed, in life; here before the first fork.
PRELOADED = (run, scoring_round)
ROOT = Path(__file__).parents[2]
OURS = {"scenario": scenario.main, "mailer": mailer.main}


class Zygote:
    """The tests' end: asks for a process and gets its pid."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.zygote"],
            cwd=ROOT,
            env=os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def fork(self, command: list[str], environment: dict[str, str], log: Path) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        order = {"command": command, "environment": environment, "log": str(log)}
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


@cache
def zygote() -> Zygote:
    """The one of this run of tests: to import everything takes four seconds."""
    made = Zygote()
    atexit.register(made.close)
    return made


def serve() -> None:
    """Fork one process for each line of standard input and print its pid."""
    # What is here now stays: collections in those forked need not look at it, nor copy its pages by that.
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _become(order)
            _move_clock(os.environ.get("CLOCK_OFFSET_FILE", ""))
            crash.plan = crash.Plan.of(os.environ.get("HEADSUP_CRASH", ""))
            _run(OURS.get(order["command"][0], program.main))
        print(pid, flush=True)  # noqa: T201  the answer


def _become(order: dict[str, Any]) -> None:
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for old, new in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(old, new)
    os.environ.clear()
    os.environ.update(order["environment"])
    sys.argv = ["headsup", *order["command"]]


def _move_clock(file: str) -> None:
    """Let what tells the time here (our clock, and `time.time`, by which links expire) go by what a test writes.

    A number of seconds from the real time, or `=` and the moment at which the clock stands; at any moment another.
    """
    if not file:
        return
    real = time.time

    def told() -> float:
        said = Path(file).read_text()
        return float(said[1:]) if said.startswith("=") else real() + int(said)

    time.time = told
    SystemClock.now = lambda _clock: datetime.fromtimestamp(told(), UTC)  # type: ignore[method-assign]


def _run(main: Any) -> NoReturn:
    status = 1
    try:
        main()
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    finally:
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    serve()
