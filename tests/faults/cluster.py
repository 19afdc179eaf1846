"""An installation of real processes that can be killed, halted and started again."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import httpx2

from models import Better, Combine, Metric, Scope
from service.access import actions as access
from service.accounts import actions as accounts
from service.accounts.schemas import AccountRow
from service.kit import schema
from service.kit.clock import SystemClock
from service.kit.database import Database
from service.kit.settings import Settings
from service.metrics import actions as metrics
from service.metrics.schemas import ObservationIn
from tests.faults.scenario import METRICS
from tests.faults.zygote import zygote
from tests.postgres import free_port

STARTS_WITHIN = 60
# Short lives: a fault test has no minutes to wait for a lease.
SETTINGS = {
    "HEADSUP_SECRET_KEY": "k" * 43,
    "HEADSUP_SIGNING_KEY": "c2lnbmluZy1rZXktb2YtdGhlLXRlc3Qtc3VpdGUtMDE=",
    "HEADSUP_WORKER_SECONDS": "0.2",
    "HEADSUP_MAIL_SECONDS": "4",
    "HEADSUP_ALERTS_PER_DAY": "100000",
    "HEADSUP_REQUESTS_PER_MINUTE": "10000000",
    "HEADSUP_GROUP_SECONDS": "0",
    "HEADSUP_WORK_DAYS": "1234567",
    "HEADSUP_QUIET_HOURS": "00:00-00:00",
    "HEADSUP_DIGEST_DAY": "0",
    "HEADSUP_STORM_SHARE": "1",
    "HEADSUP_MAILS_PER_MINUTE": "1000000",
    "HEADSUP_LOG_LEVEL": "warning",
    "HEADSUP_LOG_FORMAT": "json",
}


class Cluster:
    """Processes by name: "api", "worker-1", and with PostgreSQL "worker-2", …"""

    def __init__(self, folder: Path, *, database_url: str, smtp_url: str, workers: int, **settings: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = os.environ | SETTINGS | settings
        self.environment |= {
            "HEADSUP_DATA_DIR": str(folder),
            "HEADSUP_DATABASE_URL": database_url,
            "HEADSUP_SMTP_URL": smtp_url,
        }
        self.settings = Settings(data_dir=folder, database_url=database_url, smtp_url=smtp_url, _env_file=None)
        # With the embedded database the server keeps one worker; here both are started, so that each can be killed.
        workers = 1 if self.settings.embedded else workers
        self.names = ["api", *(f"worker-{n + 1}" for n in range(workers))]
        self.zygote = zygote()
        self._pids: dict[str, int] = {}
        self.db = Database(self.settings.database)

    def install(self) -> str:
        """Make the database and an API key that may do everything; return the key."""
        schema.upgrade(self.db)
        with self.db.begin() as session:
            now = SystemClock().now()
            return access.create_key(session, "faults", [Scope.ADMIN], by="test", now=now)

    def start(self, *names: str, crash: str = "") -> None:
        environment = self.environment | {"HEADSUP_CRASH": crash}
        for name in names or self.names:
            command = ["serve", "--port", str(self.port), "--no-worker"] if name == "api" else ["worker"]
            self._pids[name] = self.zygote.fork(command, environment, self.folder / f"{name}.log")

    def signal(self, name: str, what: signal.Signals) -> None:
        os.kill(self._pids[name], what)

    def kill(self, *names: str) -> None:
        """End processes as power loss would, and start none."""
        for name in names:
            if self.lives(name):
                self.signal(name, signal.SIGKILL)
        for name in names:
            self.wait_ended(name)

    def lives(self, name: str) -> bool:
        return lives(self._pids[name])

    def wait_ended(self, name: str, within: float = 60) -> None:
        wait_pid(self._pids[name], within)

    def is_halted(self, name: str) -> bool:
        """Whether a process stands still, as one does that halted itself at a crash point."""
        return Path(f"/proc/{self._pids[name]}/stat").read_text().rpartition(")")[2].split()[0] == "T"

    def pid(self, name: str) -> int:
        return self._pids[name]

    def wait_ready(self, within: float = STARTS_WITHIN) -> float:
        """Wait until the API answers that it is ready; return how long that took."""
        began = time.monotonic()
        while time.monotonic() - began < within:
            try:
                if httpx2.get(f"{self.url}/readyz", timeout=2).status_code == 200:
                    return time.monotonic() - began
            except httpx2.TransportError:
                pass
            time.sleep(0.05)
        message = f"not ready within {within} s: {self.log('api')[-2000:]}"
        raise AssertionError(message)

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def close(self) -> None:
        self.kill(*self._pids)
        self.db.close()


def lives(pid: int) -> bool:
    """Whether a process that is not our child still runs."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def wait_pid(pid: int, within: float = 60) -> None:
    until = time.monotonic() + within
    while lives(pid):
        assert time.monotonic() < until, f"process {pid} has not ended within {within} s"
        time.sleep(0.01)


def wait_until(done: Callable[[], object], what: str, within: float) -> None:
    """Wait until something holds, for so many seconds at most; `what` is said if it does not."""
    until = time.monotonic() + within
    while not done():
        assert time.monotonic() < until, f"{what}: not within {within} s"
        time.sleep(0.05)


@contextmanager
def running(
    folder: Path, *, database_url: str = "", smtp_url: str, workers: int = 2, **settings: str
) -> Iterator[Cluster]:
    """A cluster that is installed and stopped at the end; the test starts its processes."""
    cluster = Cluster(folder, database_url=database_url, smtp_url=smtp_url, workers=workers, **settings)
    try:
        yield cluster
    finally:
        cluster.close()


def people_of(db: Database, count: int, *, days: int = 40) -> list[str]:
    """Make accounts with a rep each, three metrics, and a good past until ten days ago; return the accounts' ids."""
    now = SystemClock().now()
    names = [f"account-{n}" for n in range(count)]
    with db.begin() as session:
        for key in METRICS:
            session.add(
                Metric(
                    external_id=key,
                    label=key.replace("_", " "),
                    better=Better.LOWER,
                    combine=Combine.MEAN,
                    target=0.05,
                    created_at=now,
                    updated_at=now,
                )
            )
        rows = [
            AccountRow(account_id=name, rep_email=f"rep-{name}@example.com", started_on="2024-01-01") for name in names
        ]
        accounts.put_accounts(session, rows, by="test", now=now)
        past = [
            ObservationIn(
                account_id=name,
                metric=key,
                observed_at=(now - timedelta(days=10 + age)).isoformat(),
                value=0.02 + 0.01 * (age % 2),
            )
            for name in names
            for key in METRICS
            for age in range(1, days)
        ]
        metrics.store_observations(session, past, by="test", now=now)
    return names
