"""Measure, on a simulated company and a real server: ingest, import, scoring, the pages that people wait for.

python -m benchmarks [--accounts 100] [--days 200] [--database postgresql://…]
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import httpx2
import polars as pl
from rich.console import Console
from rich.table import Table

from models import Role
from service.access import actions as access
from service.alerts import actions as alerts
from service.commands.setup import write_settings
from service.demo.company import ROWS_PER_REQUEST, Feed
from service.demo.mailbox import open_mailbox
from service.demo.stage import Stage, set_up
from service.kit import logs, schema
from service.kit.database import Database
from service.kit.settings import Settings
from service.scoring import actions as scoring
from training.simulate import Company, simulate

PASSWORD = "bench-bench-bench"  # noqa: S105, of a database that lives for a minute
PAGE_VIEWS = 30

Row = tuple[str, str, str]
Result = TypeVar("Result")


def main() -> None:
    asked = arguments()
    now = datetime.now(UTC).replace(hour=20, minute=0, second=0, microsecond=0) - timedelta(days=1)
    company = simulate(accounts=asked.accounts, days=asked.days, until=now.date(), seed=1)
    with installation(asked.database, now) as stage:
        feed = Feed(stage.client, company)
        feed.send_master_data()
        rows = [ingest(feed, now), again(feed, now), imported(stage, company)]
        feed.send_complaints(None, now)
        scored(stage)  # loads the libraries
        stage.clock.at += timedelta(hours=25)
        rows += [scored(stage), scored(stage, touched=feed), *pages(stage)]
    table = Table("what", "measured", "meaning", title=f"{asked.accounts} accounts, {asked.days} days")
    for row in rows:
        table.add_row(*row)
    Console().print(table)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--accounts", type=int, default=100)
    parser.add_argument("--days", type=int, default=200)
    parser.add_argument("--database", default="", help="an empty PostgreSQL database; SQLite if left out")
    return parser.parse_args()


@contextmanager
def installation(database: str, now: datetime) -> Iterator[Stage]:
    with tempfile.TemporaryDirectory() as name, open_mailbox(Path(name) / "mailbox") as mailbox:
        write_settings(Path(name))
        settings = Settings(
            _env_file=Path(name) / "settings.env", data_dir=Path(name), database_url=database,
            requests_per_minute=1_000_000, smtp_url=mailbox.url, log_level="error",
        )  # fmt: skip
        logs.configure(settings)
        db = Database(settings.database)
        schema.upgrade(db)
        with db.begin() as session:
            access.add_operator(session, "lena@example.com", "Lena", Role.LEAD, PASSWORD, by="bench", now=now)
        with set_up(settings, db, now, mailbox) as stage:
            yield stage
        db.close()


def ingest(feed: Feed, until: datetime) -> Row:
    rows, seconds = timed(lambda: sum(feed.send_observations(None, until)))
    return "ingest by API", f"{rows / seconds:,.0f} rows/s", f"new rows, JSON, {ROWS_PER_REQUEST:,} a request"


def again(feed: Feed, until: datetime) -> Row:
    rows, seconds = timed(lambda: sum(feed.send_observations(until - timedelta(days=30), until)))
    return "ingest again", f"{rows / seconds:,.0f} rows/s", "the same rows of 30 days: overwritten"


def imported(stage: Stage, company: Company) -> Row:
    """The command, with its start-up, on rows that are new: another company's accounts."""
    path = stage.settings.data_dir / "observations.parquet"
    frame = pl.DataFrame(dict(company.observations)).with_columns(
        pl.col("observed_at").dt.replace_time_zone("UTC"), account_id="X" + pl.col("account_id")
    )
    frame.write_parquet(path)
    here = {"HEADSUP_DATA_DIR": str(stage.settings.data_dir), "HEADSUP_DATABASE_URL": stage.settings.database_url}
    command = [sys.executable, "-m", "service", "import", "observations", str(path)]
    ran, seconds = timed(lambda: subprocess.run(command, env=os.environ | here, check=True, capture_output=True))  # noqa: S603
    assert ran.returncode == 0
    return "import a file", f"{frame.height / seconds:,.0f} rows/s", f"Parquet, {frame.height:,} rows, with start-up"


def scored(stage: Stage, touched: Feed | None = None) -> Row:
    if touched:
        stage.clock.at += timedelta(hours=1)
        sum(touched.send_observations(stage.clock.at - timedelta(days=3), stage.clock.at))
    accounts, seconds = timed(lambda: scoring.score_due(stage.db, stage.settings, now=stage.clock.now()))
    what = "score what is new" if touched else "score all"
    return what, f"{accounts / seconds:,.0f} accounts/s", f"features, score, reasons: {accounts:,} in {seconds:.1f} s"


def pages(stage: Stage) -> list[Row]:
    with stage.db.begin() as session:
        alerts.review(session, stage.settings, now=stage.clock.now())
    with httpx2.Client(base_url=stage.client.base_url, timeout=60, follow_redirects=True) as browser:
        home = {"Origin": str(stage.client.base_url).rstrip("/")}
        browser.post(
            "/login", data={"email": "lena@example.com", "password": PASSWORD}, headers=home
        ).raise_for_status()
        return [
            page("queue page", lambda: browser.get("/")),
            page("account page", lambda: browser.get("/accounts/C10001")),
            page("risk API", lambda: stage.client.get("/v1/risk", params={"limit": 1000})),
        ]


def page(what: str, get: Callable[[], httpx2.Response]) -> Row:
    seconds = []
    for _ in range(PAGE_VIEWS):
        answer, took = timed(get)
        answer.raise_for_status()
        seconds.append(took * 1000)
    ninety = statistics.quantiles(seconds, n=10)[-1]
    return what, f"{statistics.median(seconds):,.0f} ms", f"median of {PAGE_VIEWS}; nine of ten within {ninety:,.0f} ms"


def timed(work: Callable[[], Result]) -> tuple[Result, float]:
    began = time.perf_counter()
    result = work()
    return result, time.perf_counter() - began


if __name__ == "__main__":
    main()
