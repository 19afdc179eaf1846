"""Measure whether reasons name the planted cause first, and what they cost beside the risk alone.

python -m benchmarks.reasons [--accounts 300] [--weeks 40] [--seeds 1 2 3] [--starter]
"""

import argparse
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from pydantic import SecretStr
from rich.console import Console
from rich.table import Table
from sqlalchemy import select

from benchmarks import planted
from benchmarks.planted import Planted
from benchmarks.stored import stored
from models import Score
from service.kit.database import Database
from service.kit.settings import Settings
from service.scoring import actions, active, features, history, reasons
from training import backtest, training
from training.window import Asked

NOW = datetime(2026, 3, 2, tzinfo=UTC)
KEY = "c2lnbmluZy1rZXktb2YtdGhlLXRlc3Qtc3VpdGUtMDE="


@dataclass(frozen=True)
class Judged:
    """An account with a planted cause: what its score says first, and what it is."""

    cause: str
    first: str
    busy: bool
    high: bool
    sentences: list[str]


@dataclass(frozen=True)
class Stage:
    """A planted company, imported, and with a model trained on it unless the starter score is asked for."""

    db: Database
    settings: Settings
    planted: Planted
    line: float

    @property
    def accounts(self) -> list[int]:
        """Their keys in the database, in the order in which they were made."""
        return list(range(1, len(self.planted.cause) + 1))


@contextmanager
def stage(*, accounts: int, weeks: int, seed: int, starter: bool = False) -> Iterator[Stage]:
    """Train on a planted company by the real training, and score everybody."""
    made = planted.make(accounts=accounts, weeks=weeks, until=NOW, seed=seed)
    with stored(made.company, now=NOW) as (db, bare):
        settings = bare.model_copy(update={"signing_key": SecretStr(KEY)})
        line = 0.7 if starter else _train(db, settings)
        actions.score_due(db, settings, now=NOW)
        yield Stage(db, settings, made, line)


def _train(db: Database, settings: Settings) -> float:
    with db.read() as session:
        material = backtest.collect(session, Asked(), settings.horizon_days, now=NOW, progress=_unwatched)
    made = training.train(material, settings, seed=0, now=NOW, progress=_unwatched)
    with db.begin() as session:
        actions.register(session, made.version, made.sha256, made.card, made.line, by="bench", now=NOW)
        actions.promote(session, made.version, by="bench", now=NOW)
    return made.line


def judged(on: Stage) -> list[Judged]:
    """What is said first of each account with a planted cause."""
    with on.db.read() as session:
        scores = {score.account_id: score for score in session.scalars(select(Score))}
    middle = float(np.median(on.planted.volume))
    found = []
    for account, cause, volume in zip(on.accounts, on.planted.cause, on.planted.volume, strict=True):
        if cause is None:
            continue
        score = scores[account]
        first = next((reason["metric"] for reason in score.reasons if reason["direction"] == "up"), "nothing")
        said = [f"{reason['direction']} {reason['weight']:+.2f} {reason['sentence']}" for reason in score.reasons]
        found.append(Judged(cause, first, bool(volume > middle), score.risk >= on.line, said))
    return found


def cost(on: Stage) -> tuple[float, float]:
    """Seconds for the risk alone and for risk, weights and sentences, of the same accounts; the best of five."""
    with on.db.read() as session:
        speaking = active.speaking(session, on.settings)
        known = history.read(session, on.accounts, until=NOW)
    snapshots = history.snapshots_at(on.accounts, NOW)
    built = features.build(known, snapshots, speaking.definitions, speaking.prior, speaking.items)
    scorer: Any = speaking.scorer
    place = {column.name: index for index, column in enumerate(built.columns)}

    def risk() -> None:
        scorer.blend.risk(built.values[:, [place[name] for name in scorer.blend.columns]])

    def everything() -> None:
        judgement = scorer.judge(built)
        for row in range(len(built.values)):
            reasons.of_row(judgement, row, built.stats(row), scorer.typical, speaking.definitions)

    return _fastest(risk), _fastest(everything)


def _fastest(work: Callable[[], None]) -> float:
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def _unwatched(_what: str, _done: int, _of: int) -> None:
    pass


def share(rows: Sequence[Judged]) -> str:
    """How often the planted cause came first."""
    right = sum(row.first == row.cause for row in rows)
    return f"{right / len(rows):.1%} ({right} of {len(rows)})" if rows else "-"


def table(rows: Sequence[Judged]) -> Table:
    """The share of accounts whose first reason is the planted cause: by cause, by size, over the line and under it."""
    shown = Table("accounts", "planted cause first", "said first instead", title="Planted causes")
    groups = {each.key: [row for row in rows if row.cause == each.key] for each in planted.CAUSES}
    groups |= {"busy": [row for row in rows if row.busy], "quiet": [row for row in rows if not row.busy]}
    groups |= {"over the line": [row for row in rows if row.high], "all": list(rows)}
    for name, group in groups.items():
        instead = Counter(row.first for row in group if row.first != row.cause)
        shown.add_row(name, share(group), ", ".join(f"{first} {count}" for first, count in instead.most_common(4)))
    return shown


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reasons", description=__doc__)
    parser.add_argument("--accounts", type=int, default=300)
    parser.add_argument("--weeks", type=int, default=40)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--starter", action="store_true", help="judge the starter score instead of a trained model")
    parser.add_argument("--wrong", type=int, default=0, help="show so many accounts whose first reason is another")
    asked = parser.parse_args()
    rows, console = [], Console()
    for seed in asked.seeds:
        with stage(accounts=asked.accounts, weeks=asked.weeks, seed=seed, starter=asked.starter) as on:
            rows += judged(on)
            if not asked.starter:
                alone, whole = cost(on)
                console.print(f"seed {seed}: risk {alone * 1e3:.1f} ms, with reasons {whole * 1e3:.1f} ms, "
                              f"{whole / alone:.2f} times")  # fmt: skip
    console.print(table(rows))
    for row in [row for row in rows if row.first != row.cause][: asked.wrong]:
        console.print(f"{row.cause}:", *row.sentences, sep="\n  ")


if __name__ == "__main__":
    main()
