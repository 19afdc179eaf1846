"""The goals of the model, measured on a company's own files, in one table.

python -m benchmarks.goals FOLDER|DIR [--train-from 2017-02-06 …] [--rolling] [--json]

FOLDER holds accounts.csv, metrics.csv, observations.parquet and complaints.parquet as `headsup import` takes them; they
are imported into --dir. DIR is a data folder of Headsup (HEADSUP_DATA_DIR) that has them already: it is only read.
The backtest runs once: chosen and fitted on the weeks before the test, measured on the test. LightGBM is no part of
Headsup; without it its line is left out.
"""

import argparse
import json
import os
import resource
import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from benchmarks import rivals
from benchmarks.replay import FILES, WINDOW, headsup
from service.commands import door
from service.commands.setup import write_settings
from service.kit import schema
from service.kit.clock import SystemClock
from service.kit.database import Database
from service.kit.settings import Settings
from training import backtest, rolling
from training.backtest import Backtest, Material
from training.window import Asked

DATABASE = "headsup.db"
PRECISION, AT_TOP = "average_precision", "precision_at_5pct"


@dataclass(frozen=True)
class Line:
    """One line of the table. Without a `goal` it is told for orientation."""

    what: str
    reached: float
    goal: float | None = None
    at_most: bool = False
    note: str = ""

    @property
    def ok(self) -> bool | None:
        if self.goal is None:
            return None
        return self.reached <= self.goal if self.at_most else self.reached >= self.goal


@dataclass(frozen=True)
class Cost:
    """What making the model took; `peak_mb` is the process's peak so far."""

    collect_seconds: float
    learn_seconds: float
    refit_seconds: float
    cpu_seconds: float
    peak_mb: float
    load: float


def main() -> None:
    asked = arguments()
    settings = settings_of(asked)
    os.environ["HEADSUP_LOG_LEVEL"] = "error"
    window = Asked(*(date.fromisoformat(day) if (day := getattr(asked, name)) else None for name in WINDOW))
    material, tested, cost = measured(settings, window, seed=asked.seed)
    lines = [*table(material, tested, seed=asked.seed), *costs(material, tested, cost)]
    if asked.rolling:
        lines += rolled(material, seed=asked.seed)
    if asked.json:
        facts = {"window": material.window.as_card(), "chosen": tested.recipe.why, "cost": asdict(cost)}
        print(json.dumps(facts | {"goals": [asdict(line) | {"ok": line.ok} for line in lines]}, indent=2))
        return
    show(material, tested, lines)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.goals", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER|DIR")
    parser.add_argument("--dir", type=Path, default=Path("var/goals"), help="where FOLDER is imported; made anew")
    parser.add_argument("--rolling", action="store_true", help="also train anew every four weeks, as in life")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    for name in WINDOW:
        parser.add_argument(f"--{name.replace('_', '-')}", help="as `headsup backtest` takes it")
    return parser.parse_args()


def settings_of(asked: argparse.Namespace) -> Settings:
    """The settings of the given data folder, or of one that the given files were imported into."""
    if (asked.folder / DATABASE).exists():
        return Settings.load(asked.folder)
    missing = [file for file in FILES.values() if not (asked.folder / file).exists()]
    if missing:
        sys.exit(f"{asked.folder} has neither {DATABASE} nor {', '.join(missing)}.")
    shutil.rmtree(asked.dir, ignore_errors=True)
    write_settings(asked.dir)
    settings = Settings.load(asked.dir)
    with closing(Database(settings.database)) as db:
        schema.upgrade(db)
    for kind, file in FILES.items():
        headsup(settings, "import", kind, str(asked.folder / file), "--json", out=sys.stderr)
    return settings


def measured(settings: Settings, window: Asked, *, seed: int) -> tuple[Material, Backtest, Cost]:
    """Train as `headsup train` does, and look at the clock."""

    def told(what: str, done: int, of: int) -> None:
        print(f"{time.perf_counter() - began:6.1f} s  {what} {done}/{of}", file=sys.stderr, flush=True)

    began, cpu = time.perf_counter(), time.process_time()
    with closing(door.open_db(settings)) as db, db.read() as session:
        now = SystemClock().now()
        material = backtest.collect(session, window, settings.horizon_days, now=now, progress=told)
    collected = time.perf_counter()
    tested = backtest.run(material, seed=seed, progress=told)
    learned = time.perf_counter()
    backtest.final(material, tested.recipe)
    ended = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    cost = Cost(
        collected - began, learned - collected, ended - learned, time.process_time() - cpu, peak, os.getloadavg()[0]
    )
    return material, tested, cost


def table(material: Material, tested: Backtest, *, seed: int) -> Iterator[Line]:
    """How good the model is, beside its baselines and the rivals that only this benchmark knows."""
    model, others = tested.model, tested.baselines

    def ratio(rival: Mapping[str, Any], measure: str) -> float:
        return float(model[measure] or 0) / float(rival[measure])

    def of_question(name: str, rival: str) -> float:
        answers: Any = tested.questions[name]
        return float(answers["model"][PRECISION] / answers[rival][PRECISION])

    yield Line("average precision / scorecard", ratio(others["scorecard"], PRECISION), 1.8)
    strong = "account features; squeezed tails, marks for gaps, our penalty"
    yield Line("average precision / logistic", ratio(others["logistic"], PRECISION), 1.02, note=strong)
    plain = rivals.measured(material, tested, rivals.logistic_plain(), account_only=True)
    easy = "account features; scikit-learn's default after median imputation"
    yield Line("average precision / logistic_plain", ratio(plain, PRECISION), 1.02, note=easy)
    if material.data.items is not None:
        with_items = rivals.logistic_with_items(material, tested)
        told = "reads the item columns too, which are boosted trees of ours: no plain one"
        yield Line("average precision / logistic with items", ratio(with_items, PRECISION), note=told)
    if (lightgbm := rivals.lightgbm_default(seed)) is None:
        print(rivals.NO_LIGHTGBM, file=sys.stderr)
    else:
        grown = rivals.measured(material, tested, lightgbm)
        yield Line("average precision / LightGBM", ratio(grown, PRECISION), 1.0, note="its defaults, same features")
    yield Line("precision in the top 5 % / scorecard", ratio(others["scorecard"], AT_TOP), 1.5)
    yield Line("calibration error", float(model["calibration_error"] or 0), 0.01, at_most=True)
    yield Line("average precision / volume", ratio(others["volume"], PRECISION), 1.15)
    yield Line("rise / scorecard", of_question("rise", "scorecard"), 4.0)
    if "excess" in tested.questions:
        yield Line("excess / volume", of_question("excess", "volume"), 2.7)
    yield Line("quiet accounts / volume", of_question("quiet", "volume"), 1.4)


def costs(material: Material, tested: Backtest, cost: Cost) -> Iterator[Line]:
    """Seconds and megabytes. Times depend on what else the machine does: its load is said."""
    weights, sentences = rivals.cost_of_reasons(material, tested)
    yield Line("weights of all reasons / risk alone", weights, 2.0, at_most=True)
    yield Line("weights, choice and sentences / risk alone", sentences, note="as a scoring round writes them")
    seconds = cost.collect_seconds + cost.learn_seconds + cost.refit_seconds
    parts = f"features {cost.collect_seconds:.0f}, choice and test {cost.learn_seconds:.0f}, "
    parts += f"refit {cost.refit_seconds:.0f}; load {cost.load:.1f}"
    yield Line("seconds to train", seconds, note=parts)
    yield Line("CPU seconds to train", cost.cpu_seconds)
    yield Line("peak memory, MB", cost.peak_mb)


def rolled(material: Material, *, seed: int) -> Iterator[Line]:
    """The same test weeks as in life, with a model that is never older than four weeks."""

    def told(what: str, done: int, of: int) -> None:
        if what.startswith("Trainings"):
            print(f"{what}: {done} of {of}", file=sys.stderr, flush=True)

    pooled = rolling.run(material, seed=seed, progress=told).pooled
    yield Line(
        "calibration error, trained every four weeks",
        float(pooled.model["calibration_error"] or 0),
        0.01,
        at_most=True,
    )
    precision = float(pooled.model[PRECISION] or 0)
    for name, goal in (("scorecard", 1.8), ("logistic", 1.02), ("volume", 1.15)):
        rival = float(pooled.baselines[name][PRECISION] or 0)
        yield Line(f"average precision / {name}, every four weeks", precision / rival, goal)


def show(material: Material, tested: Backtest, lines: list[Line]) -> None:
    window = material.window
    print(
        f"\n{len(material.data.label):,} account-weeks, {int(material.data.label.sum()):,} with a complaint; tested on"
    )
    print(f"{len(tested.test.label):,} of {window.test_from:%Y-%m-%d} to {window.test_to:%Y-%m-%d}, base rate "
          f"{tested.test.label.mean():.3f}, average precision {tested.model[PRECISION]:.3f}")  # fmt: skip
    print(f"chosen: {tested.recipe.why}\n")
    width = max(len(line.what) for line in lines)
    print(f"{'what':{width}}  {'goal':>8}  {'reached':>8}")
    for line in lines:
        bound = "" if line.goal is None else f"{'<=' if line.at_most else '>='} {line.goal:g}"
        verdict = {None: "", True: "ok", False: "MISSED"}[line.ok]
        reached = f"{line.reached:,.0f}" if line.reached >= 20 else f"{line.reached:.3f}"
        print(f"{line.what:{width}}  {bound:>8}  {reached:>8}  {verdict:6}  {line.note}".rstrip())


if __name__ == "__main__":
    main()
