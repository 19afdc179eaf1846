"""Put a company's own files through the whole chain: import, backtest, train, then live through some weeks of them.

python -m benchmarks.replay FOLDER --live-from 2026-02-02 [--days 14] [--dir DIR] [--database postgresql://…]

FOLDER holds accounts.csv, metrics.csv, observations.parquet and complaints.parquet as `headsup import` takes them.
In the live weeks the clock is set: the worker sees only what was known by then, simulated operators answer its alerts,
a real SMTP server on this machine takes the mails. Prints times, the backtest, what came of the weeks, and two mails.
"""

import argparse
import os
import resource
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import TextIO

import numpy as np

from models import Role
from service.access import actions as access
from service.commands.demo import train
from service.commands.setup import write_settings
from service.demo.mailbox import Mailbox, open_mailbox
from service.demo.people import Operators
from service.demo.stage import Stage, set_up
from service.kit import logs, schema
from service.kit.database import Database
from service.kit.settings import Settings
from service.scoring import actions as scoring

FILES = {
    "accounts": "accounts.csv",
    "metrics": "metrics.csv",
    "observations": "observations.parquet",
    "complaints": "complaints.parquet",
}
HOURS = (6, 7, 9, 11, 14)
WINDOW = ("train_from", "validate_from", "test_from", "test_to")


def main() -> None:
    asked = arguments()
    shutil.rmtree(asked.dir, ignore_errors=True)
    live_from = datetime.fromisoformat(asked.live_from).replace(tzinfo=UTC)
    with open_mailbox(asked.dir / "mailbox") as mailbox:
        write_settings(asked.dir)
        settings = Settings(
            _env_file=asked.dir / "settings.env", data_dir=asked.dir, database_url=asked.database,
            smtp_url=mailbox.url, requests_per_minute=1_000_000, log_level="error",
        )  # fmt: skip
        logs.configure(settings)
        db = Database(settings.database)
        schema.upgrade(db)
        for kind, file in FILES.items():
            headsup(settings, "import", kind, str(asked.folder / file), "--json")
        window = [f"--{name.replace('_', '-')}={getattr(asked, name)}" for name in WINDOW if getattr(asked, name)]
        headsup(settings, "backtest", *window)
        with set_up(settings, db, live_from, mailbox) as stage:
            live(stage, live_from, asked.days)
        db.close()
        show_mails(mailbox)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.replay", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--dir", type=Path, default=Path("var/replay"), help="made anew each time")
    parser.add_argument("--database", default="", help="an empty PostgreSQL database; SQLite if left out")
    parser.add_argument("--live-from", required=True)
    parser.add_argument("--days", type=int, default=14)
    for name in WINDOW:
        parser.add_argument(f"--{name.replace('_', '-')}", help="as `headsup backtest` takes it")
    return parser.parse_args()


def headsup(settings: Settings, *words: str, out: TextIO = sys.stdout) -> None:
    """Run a command of its own process, show what it prints, how long it took, and its peak of memory."""
    here = {"HEADSUP_DATA_DIR": str(settings.data_dir), "HEADSUP_DATABASE_URL": settings.database_url}
    print(f"\n$ headsup {' '.join(words)}", file=out, flush=True)
    began = time.perf_counter()
    subprocess.run(  # noqa: S603
        [sys.executable, "-m", "service", *words],
        env=os.environ | here,
        check=True,
        stdout=out,
        stderr=subprocess.DEVNULL,
    )
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"{time.perf_counter() - began:.1f} s; the largest process so far {peak:,.0f} MB", file=out, flush=True)


def live(stage: Stage, live_from: datetime, days: int) -> None:
    """Train on what was known by then, and live on from there."""
    with stage.db.begin() as session:
        access.add_operator(
            session, "lena@example.com", "Lena", Role.LEAD, "bench-bench-bench", by="bench", now=live_from
        )
    began = time.perf_counter()
    model = train(stage.db, stage.settings, live_from)
    print(f"\nTrained on what was known by {live_from:%Y-%m-%d}: {time.perf_counter() - began:.1f} s, {model}")
    began = time.perf_counter()
    scored = scoring.score_due(stage.db, stage.settings, now=live_from)
    print(f"Scored {scored:,} accounts: {time.perf_counter() - began:.1f} s", flush=True)
    people = Operators(stage.client, np.random.default_rng(1))
    began = time.perf_counter()
    for day in range(days):
        for hour in HOURS:
            stage.clock.at = live_from + timedelta(days=day, hours=hour)
            stage.tick()
            if people.work(stage.clock.at):
                stage.clock.at += timedelta(minutes=1)
                stage.tick()
    print(f"Lived through {days} days: {time.perf_counter() - began:.1f} s")
    outlook = stage.client.get("/v1/outlook", params={"since": live_from.isoformat()}).raise_for_status().json()
    print({**outlook["summary"], "mails_delivered": stage.mailbox.delivered})


def show_mails(mailbox: Mailbox) -> None:
    """Print one plain heads-up and one that operations wrote, as their text parts read."""
    texts = [_text(path) for path in sorted(mailbox.folder.glob("*.eml"))]
    for mark in ("has not yet said what is wrong", "WHO HAS IT"):
        print("\n" + "-" * 72 + "\n" + next((text for text in texts if mark in text), f"no mail says {mark!r}"))


def _text(path: Path) -> str:
    mail = message_from_bytes(path.read_bytes(), policy=policy.default)
    part = mail.get_body(("plain",))
    return f"To: {mail['To']}\nSubject: {mail['Subject']}\n\n{part.get_content() if part else ''}"


if __name__ == "__main__":
    main()
