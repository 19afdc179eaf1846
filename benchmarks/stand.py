"""An installation with real server processes, for load: `with stand(…) as it: it.serve()`."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx2

from models import Account, Better, Metric, Scope, Score
from service.access import actions as access
from service.kit import schema
from service.kit.database import Database
from service.kit.settings import Settings

KEYS = {"HEADSUP_SECRET_KEY": "k" * 43, "HEADSUP_SIGNING_KEY": "c2lnbmluZy1rZXktb2YtdGhlLXRlc3Qtc3VpdGUtMDE="}
STARTS_WITHIN = 90


@dataclass
class Server:
    """A `headsup serve` process, or a `headsup worker`, which has no port."""

    process: subprocess.Popen[bytes]
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def wait_ready(self, within: float = STARTS_WITHIN) -> float:
        """Wait until it is ready to work; return how long that took, in seconds."""
        began = time.monotonic()
        while time.monotonic() - began < within:
            assert self.process.poll() is None, "the server has ended"
            if self.is_ready():
                return time.monotonic() - began
            time.sleep(0.05)
        message = f"not ready within {within} s"
        raise AssertionError(message)

    def is_ready(self) -> bool:
        """Whether it says that it can work."""
        try:
            return httpx2.get(f"{self.url}/readyz", timeout=5).is_success
        except httpx2.TransportError:
            return False

    def leave(self, within: float = 30) -> float:
        """Tell it to end; return how long that took, in seconds."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(within) == 0
        return time.monotonic() - began

    def workers(self) -> list[int]:
        """The processes that it has started and that live."""
        return [int(pid) for each in self._proc.glob("task/*/children") for pid in each.read_text().split()]

    def memory(self) -> int:
        """Resident memory of the server alone, in bytes."""
        return memory_of(self.process.pid)

    def files(self) -> int:
        """Open files and sockets."""
        return len(list((self._proc / "fd").iterdir()))

    @property
    def _proc(self) -> Path:
        return Path(f"/proc/{self.process.pid}")


@dataclass
class Stand:
    """Folder, database, a key that may do everything, and the processes that were started."""

    folder: Path
    db: Database
    key: str
    environment: dict[str, str]
    servers: list[Server] = field(default_factory=list)

    def serve(self, port: int = 0, *, worker: bool | None = True, code: Path | None = None, **settings: str) -> Server:
        """Start one more server and wait until it is ready; with a worker beside it, whichever the database.

        `worker=None`: as the program does it unasked. `code` is a folder with another version of the program.
        """
        port = port or free_port()
        beside = {True: ["--worker"], False: ["--no-worker"], None: []}[worker]
        server = self._start(["serve", "--port", str(port), *beside], port, code, settings)
        server.wait_ready()
        return server

    def work(self, code: Path | None = None) -> Server:
        """Start one more worker."""
        return self._start(["worker"], 0, code, {})

    def run(self, *command: str, code: Path | None = None) -> str:
        """Run a command to its end; return what it printed."""
        done = subprocess.run(  # noqa: S603
            [sys.executable, "-m", "service", *command],
            cwd=code, env=self.environment, check=True, text=True, stdout=subprocess.PIPE,
        )  # fmt: skip
        return done.stdout

    def _start(self, command: list[str], port: int, code: Path | None, settings: dict[str, str]) -> Server:
        with (self.folder / "server.log").open("ab") as log:
            process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-m", "service", *command],
                cwd=code, env=self.environment | settings, stdout=log, stderr=log,
            )  # fmt: skip
        server = Server(process, port)
        self.servers.append(server)
        return server

    def log(self) -> str:
        return (self.folder / "server.log").read_text(errors="replace")


@contextmanager
def stand(
    database_url: str = "", *, accounts: int = 50, keys: int = 1, code: Path | None = None, **settings: str
) -> Iterator[Stand]:
    """Install it, with scored accounts; at the end what still runs is killed.

    With `code`, another version of the program installs itself, and there are no accounts yet.
    """
    # A worker whose server was killed may still write for a moment.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        there = Settings(data_dir=folder, database_url=database_url, _env_file=None)
        db = Database(there.database)
        environment = os.environ | KEYS | {
            "HEADSUP_DATA_DIR": name, "HEADSUP_DATABASE_URL": database_url, "HEADSUP_LOG_LEVEL": "warning",
            "HEADSUP_REQUESTS_PER_MINUTE": "10000000", "HEADSUP_UNSAFE_DURABILITY": "true", **settings,
        }  # fmt: skip
        it = Stand(folder, db, "", environment)
        try:
            it.key = _fill(db, accounts, keys) if code is None else _install(it, code)
            yield it
        finally:
            for server in it.servers:
                server.process.kill()
                server.process.wait()
            db.close()


def lag(server: Server) -> dict[str, float]:
    """How long its event loop stood still at most: a bound that all of its beats kept, in milliseconds."""
    figures = httpx2.get(f"{server.url}/metrics", timeout=30).text
    beats = re.findall(r'headsup_loop_lag_seconds_bucket\{le="([^"]+)"\} (\S+)', figures)
    return {"loop_lag_ms_within": 1000 * next(float(bound) for bound, count in beats if count == beats[-1][1])}


def memory_of(pid: int) -> int:
    """Resident memory of a process, in bytes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _install(it: Stand, code: Path) -> str:
    it.run("init", code=code)
    made = it.run("key", "create", "load", "--scope", Scope.ADMIN, "--json", code=code)
    return str(json.loads(made)["key"])


def _fill(db: Database, accounts: int, keys: int) -> str:
    schema.upgrade(db)
    now = datetime.now(UTC)
    stamps = {"created_at": now, "updated_at": now}
    with db.begin() as session:
        session.add(Metric(external_id="late_share", label="Late", better=Better.LOWER, target=0.05, **stamps))
        for n in range(accounts):
            account = Account(external_id=f"account-{n}", name=f"Account {n}", **stamps)
            session.add(account)
            session.flush()
            risk = n / accounts
            session.add(
                Score(
                    account_id=account.id, risk=risk, rise=risk, model="starter", missing=[], scored_at=now,
                    reasons=[{"metric": "late_share", "direction": "up", "weight": 1.0, "sentence": "Late 5 % → 9 %"}],
                    changed_at=now, data_through=now,
                )
            )  # fmt: skip
        made = [access.create_key(session, f"load-{n}", [Scope.ADMIN], by="load", now=now) for n in range(keys)]
    return " ".join(made)
