"""`headsup demo`: a simulated company, lived through by the real API, worker and mail; then the console."""

import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from models import Role
from service.access import actions
from service.app import create_app
from service.commands import door, run
from service.commands.access import BY
from service.commands.door import Json
from service.commands.setup import write_settings
from service.demo import replay
from service.demo.mailbox import Mailbox, open_mailbox
from service.demo.stage import set_up
from service.kit import logs, schema
from service.kit.clock import SystemClock
from service.kit.database import Database
from service.kit.errors import Conflict
from service.kit.settings import Settings
from service.scoring import actions as scoring
from training import backtest, training
from training.simulate import simulate
from training.window import Asked

MARK = ".headsup-demo"
WEEKS_LIVE = 3
PEOPLE = {"ola": ("Ola Brandt", Role.AGENT), "omar": ("Omar Saleh", Role.AGENT), "lena": ("Lena Fischer", Role.LEAD)}
# One in thirty accounts a day is what this team can look after.
ACCOUNTS_PER_ALERT = 30


class NotADemo(Conflict):
    """This folder holds something else."""


def demo(
    folder: Annotated[
        Path, typer.Option("--dir", help="Folder of the demo; an earlier demo in it is replaced.")
    ] = Path("var/demo"),
    port: Annotated[int, typer.Option(help="Port of the console, 0 for any.")] = 8000,
    accounts: Annotated[int, typer.Option(min=20, help="How many clients the company has.")] = 300,
    days: Annotated[int, typer.Option(min=150, help="How long its history is.")] = 365,
    seed: Annotated[int, typer.Option(help="Another number is another company.")] = 1,
    *,
    once: Annotated[bool, typer.Option("--once", help="End after the replay instead of serving the console.")] = False,
    as_json: Json = False,
) -> None:
    """Replay a simulated company through the real thing, then serve its console.

    Everything goes into a folder and a database of its own; a real installation is never touched.
    """
    began = time.monotonic()
    listener = None if once else run.listen("127.0.0.1", port)
    site = run.address(listener) if listener else "http://127.0.0.1:8000"
    prepare(folder)
    with open_mailbox(folder / "mailbox") as mailbox:
        settings = demo_settings(folder, mailbox, site, alerts_per_day=accounts / ACCOUNTS_PER_ALERT)
        db = Database(settings.database)
        schema.upgrade(db)
        password = add_people(db)
        result = live_through(settings, db, mailbox, _Size(accounts, days, seed))
        result["seconds"] = round(time.monotonic() - began, 1)
        show(result, as_json=as_json)
        if listener:
            door.notes.print(f"\nThe console is at {site}\nSign in as lena@example.com with the password {password}")
            door.notes.print(f"Mails: {site}/mail, and as files in {mailbox.folder}\nCtrl-C ends it.")
            run.serve_until_told(create_app(settings, db), db, settings, SystemClock(), listener)
        db.close()


@dataclass(frozen=True)
class _Size:
    accounts: int
    days: int
    seed: int


def prepare(folder: Path) -> None:
    """Make the folder anew.

    Raises:
        NotADemo: it holds something that no demo made.
    """
    if folder.exists() and any(folder.iterdir()) and not (folder / MARK).exists():
        raise NotADemo(f"{folder} is not empty and no demo made it. Take another folder with --dir.")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / MARK).touch()
    write_settings(folder)


def demo_settings(folder: Path, mailbox: Mailbox, site: str, *, alerts_per_day: float) -> Settings:
    """Settings of the demo. What the environment says of database and mail is for the real installation."""
    return Settings(
        _env_file=folder / "settings.env",
        data_dir=folder,
        database_url="",
        site_url=site,
        smtp_url=mailbox.url,
        mail_from="Headsup <headsup@ops.example.com>",
        mail_reply_to="operations@ops.example.com",
        alerts_per_day=alerts_per_day,
        requests_per_minute=1_000_000,
        # The days are lived through in minutes: nobody waits for the morning or for company.
        group_seconds=0,
        work_days="1234567",
        quiet_hours="00:00-00:00",
        mails_per_minute=1_000_000,
        log_level="error",
        cookie_secure=False,
    )


def add_people(db: Database) -> str:
    """Give the simulated operators logins with one made-up password."""
    password, now = secrets.token_urlsafe(12), SystemClock().now()
    with db.begin() as session:
        for login, (name, role) in PEOPLE.items():
            actions.add_operator(session, f"{login}@example.com", name, role, password, by=BY, now=now)
    return password


def live_through(settings: Settings, db: Database, mailbox: Mailbox, size: _Size) -> dict[str, Any]:
    """Simulate the company up to this moment and replay it; tell how it went."""
    logs.configure(settings)
    now = SystemClock().now()
    live_from = datetime.combine(now.date() - timedelta(weeks=WEEKS_LIVE), datetime.min.time(), UTC)
    company = simulate(accounts=size.accounts, days=size.days, until=now.date(), seed=size.seed)
    mailbox.reps = frozenset(str(row["rep_email"]) for row in company.accounts)
    story = replay.Story(company, live_from, now, size.seed)
    with set_up(settings, db, live_from, mailbox) as stage, telling() as teller:
        return {"accounts": size.accounts} | replay.play(stage, story, train, teller)


@contextmanager
def telling() -> Iterator[replay.Teller]:
    """Progress bars on standard error; a line for each part where nobody watches."""
    columns = (TextColumn("{task.description:32}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=door.notes, disable=not door.notes.is_terminal) as bars:
        yield _Bars(bars)


@dataclass
class _Bars:
    bars: Progress
    at: TaskID | None = None
    began: float = field(default_factory=time.monotonic)

    def begin(self, what: str, total: float) -> None:
        self.at = self.bars.add_task(what, total=total)
        if self.bars.disable:
            door.notes.print(f"{time.monotonic() - self.began:4.0f} s  {what} …")

    def advance(self, steps: float = 1) -> None:
        assert self.at is not None
        self.bars.advance(self.at, steps)


def train(db: Database, settings: Settings, now: datetime) -> dict[str, Any]:
    """What `headsup train --promote` does, at the replay's time."""

    def unseen(_part: str, _done: int, _of: int) -> None:
        """Its steps take a second each: one bar for all of them is enough."""

    with db.read() as session:
        material = backtest.collect(session, Asked(), settings.horizon_days, now=now, progress=unseen)
    made = training.train(material, settings, seed=0, now=now, progress=unseen)
    with db.begin() as session:
        scoring.register(session, made.version, made.sha256, made.card, made.line, by=BY, now=now)
        scoring.promote(session, made.version, by=BY, now=now)
    measures = {name: made.tested.model[name] for name in ("roc_auc", "average_precision")}
    return {"version": made.version, "alert_line": made.line} | measures


def show(result: dict[str, Any], *, as_json: bool) -> None:
    """Print how it went."""
    if as_json:
        door.answer(result)
        return
    for name, value in result.items():
        door.say(f"{name.replace('_', ' '):24} {value}")
