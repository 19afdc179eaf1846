"""How long training takes: a simulated year of many accounts, and the command `headsup train` on it.

python -m benchmarks.train [--accounts 3000] [--days 365] [--dir var/train] [--rounds 2]

The year is imported into --dir the first time; then it is only read. The command runs as a process of its own,
start-up and all. The clock tells of the machine's load as well, so CPU seconds and the load stand beside it.
"""

import argparse
import os
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from benchmarks import stored
from service.commands.setup import write_settings
from service.kit import schema
from service.kit.database import Database
from service.kit.settings import Settings
from training.simulate import simulate

UNTIL = date(2026, 3, 1)
GOAL_SECONDS = 60


def main() -> None:
    asked = arguments()
    settings = year(asked)
    print(f"{asked.accounts:,} accounts, {asked.days} days; goal: at most {GOAL_SECONDS} s, warm, on 2 cores")
    print(f"{'round':>5}  {'seconds':>8}  {'CPU seconds':>11}  {'peak MB':>8}  {'load':>5}")
    for number in range(1, asked.rounds + 1):
        seconds, cpu, peak = trained(settings)
        print(f"{number:>5}  {seconds:>8.1f}  {cpu:>11.1f}  {peak:>8,.0f}  {os.getloadavg()[0]:>5.1f}", flush=True)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.train", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--accounts", type=int, default=3_000)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--dir", type=Path, default=Path("var/train"), help="where the year is kept")
    parser.add_argument("--rounds", type=int, default=2, help="the first one warms the machine's caches")
    return parser.parse_args()


def year(asked: argparse.Namespace) -> Settings:
    """The settings of a data folder that has such a company in it."""
    folder = asked.dir / f"{asked.accounts}x{asked.days}"
    done = folder / "done"
    if not done.exists():
        write_settings(folder)
        company = simulate(accounts=asked.accounts, days=asked.days, until=UNTIL, seed=1)
        with closing(Database(Settings.load(folder).database)) as db:
            schema.upgrade(db)
            stored.store(db, company, now=datetime(UNTIL.year, UNTIL.month, UNTIL.day, tzinfo=UTC) + timedelta(days=1))
        done.touch()
    return Settings.load(folder)


def trained(settings: Settings) -> tuple[float, float, float]:
    """Seconds, CPU seconds and the peak of memory in MB of `headsup train`; its progress bars are shown."""
    here = {"HEADSUP_DATA_DIR": str(settings.data_dir), "HEADSUP_DATABASE_URL": settings.database_url}
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "service", "train", "--json"], env=os.environ | here, stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit("headsup train failed")
    return time.perf_counter() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


if __name__ == "__main__":
    main()
