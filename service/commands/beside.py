"""The worker beside the server: a process of its own, so that scoring takes no time from those who wait for an answer.

It gets its settings through a pipe that stays open: when the server dies, however it dies, the pipe ends and so does
the worker. When the worker dies, it is started again.
"""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from pydantic import SecretStr

from service.kit.settings import Settings

log = structlog.get_logger()

COMMAND = (sys.executable, "-m", "service", "worker", "--beside")
# Scoring gives way to answering.
NICE = 10
# From being told to end until it is killed; with the drain of the server that stays below ten seconds.
ENDS_WITHIN = 5
LOOK_SECONDS = 0.2
# The pause before it is started again grows while it dies young.
FIRST_PAUSE, LONGEST_PAUSE, YOUNG = 1.0, 60.0, 60.0


@contextmanager
def a_worker(settings: Settings, stop: threading.Event) -> Iterator[None]:
    """Keep a worker running for the block, or until `stop` is set."""
    watcher = threading.Thread(target=_watch, args=(settings, stop), name="watcher", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        stop.set()
        watcher.join(ENDS_WITHIN + 1)


def received() -> Settings:
    """The settings that the server handed over."""
    return Settings(_env_file=None, **json.loads(sys.stdin.readline()))


def end_with_server(stop: threading.Event) -> None:
    """Set `stop` when the server is gone, and end anyway if that takes too long; a thread of the worker."""
    os.read(sys.stdin.fileno(), 1)
    stop.set()
    time.sleep(ENDS_WITHIN)
    os._exit(1)


def _watch(settings: Settings, stop: threading.Event) -> None:
    pause = FIRST_PAUSE
    while not stop.is_set():
        began = time.monotonic()
        process = _start(settings)
        while process.poll() is None and not stop.wait(LOOK_SECONDS):
            pass
        if stop.is_set():
            _end(process)
            return
        pause = FIRST_PAUSE if time.monotonic() - began > YOUNG else pause
        log.error("worker_died", code=process.returncode, again_in_seconds=pause)
        stop.wait(pause)
        pause = min(2 * pause, LONGEST_PAUSE)


def _start(settings: Settings) -> subprocess.Popen[bytes]:
    # Standard output and error are the server's own: the logs of both go the same way.
    # In a process group of its own it does not hear Ctrl-C: it is told to end, when it can hear that.
    process = subprocess.Popen(COMMAND, stdin=subprocess.PIPE, process_group=0)  # noqa: S603  our own program
    assert process.stdin is not None
    try:
        process.stdin.write(_told(settings))
        process.stdin.flush()
        os.setpriority(os.PRIO_PROCESS, process.pid, os.getpriority(os.PRIO_PROCESS, 0) + NICE)
    except OSError:
        # It has died already, which is seen in a moment.
        log.warning("worker_not_told")
    return process


def _told(settings: Settings) -> bytes:
    values = {
        name: value.get_secret_value() if isinstance(value, SecretStr) else value
        for name, value in dict(settings).items()
        if value is not None
    }
    return json.dumps(values, default=str).encode() + b"\n"


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(ENDS_WITHIN)
    except subprocess.TimeoutExpired:
        log.warning("worker_killed")
        process.kill()
        process.wait()
