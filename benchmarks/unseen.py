"""Train, untouched, on companies that nobody has looked at, and hold the model against its own baselines.

python -m benchmarks.unseen [--only NAME] [--seeds 3] [--json]

Some companies are hard on purpose: pure noise, a world that changes, complaints by size or by habit alone. A test of
some sixty complaints says little by itself, so each company is drawn several times and the average precision is the
mean of them. Goal: never below the best of the baselines by more than 3 %.
"""

import argparse
import json
import time
from datetime import UTC, date, datetime
from typing import Any

import numpy as np

from benchmarks import companies
from benchmarks.companies import Plan
from benchmarks.stored import stored
from training import backtest
from training.backtest import Backtest
from training.refusals import TrainingRefused
from training.simulate import Company
from training.window import Asked

NOW = datetime(2026, 3, 2, tzinfo=UTC)
GOAL = 0.97


def main() -> None:
    asked = arguments()
    plans = [plan for plan in companies.PLANS if not asked.only or plan.name in asked.only]
    rows = []
    for plan in plans:
        rows.append(judged(plan, range(asked.first_seed, asked.first_seed + asked.seeds)))
        if not asked.json:
            show(rows[-1])
    if asked.json:
        print(json.dumps(rows, indent=2))
    elif len(rows) > 1:
        missed = [row["company"] for row in rows if row["ratio"] is not None and row["ratio"] < GOAL]
        print(f"below {GOAL} x the best baseline: {', '.join(missed) or 'none'}")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.unseen", description=__doc__)
    parser.add_argument("--only", action="append", choices=[plan.name for plan in companies.PLANS])
    parser.add_argument("--seeds", type=int, default=3, help="how often each company is drawn")
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def judged(plan: Plan, seeds: range) -> dict[str, Any]:
    """Average precision of the model and of each baseline, over all draws of a company."""
    began = time.perf_counter()
    found: dict[str, list[float]] = {}
    kinds, sizes, refused = [], [], ""
    for seed in seeds:
        company = companies.make(plan, until=date(2026, 3, 1), seed=seed)
        sizes.append((len(company.observations["value"]), len(company.complaints)))
        try:
            tested = backtested(company)
        except TrainingRefused as refusal:
            refused = refusal.detail
            continue
        kinds.append(kind_of(tested))
        for name, measures in {"model": tested.model, **tested.baselines}.items():
            precision = measures["average_precision"]
            if precision is not None:
                found.setdefault(name, []).append(precision)
    means = {name: float(np.mean(values)) for name, values in found.items()}
    model = means.pop("model", None)
    best = max(means, key=lambda name: means[name]) if means else None
    return {
        "company": plan.name,
        "observations": int(np.mean([size[0] for size in sizes])),
        "complaints": int(np.mean([size[1] for size in sizes])),
        "model": model,
        "chosen": kinds,
        "best_baseline": best,
        "baselines": means,
        "ratio": model / means[best] if model is not None and best is not None else None,
        "refused": refused,
        "seconds": round((time.perf_counter() - began) / len(seeds), 1),
    }


def backtested(company: Company) -> Backtest:
    """What `headsup backtest` does, on a database of its own."""
    with stored(company, now=NOW) as (db, settings), db.read() as session:
        material = backtest.collect(session, Asked(), settings.horizon_days, now=NOW, progress=lambda *_: None)
    return backtest.run(material, seed=0, progress=lambda *_: None)


def kind_of(tested: Backtest) -> str:
    return {1.0: "linear", 0.0: "trees"}.get(tested.recipe.share, "blend")


def show(row: dict[str, Any]) -> None:
    """One line a company."""
    if row["ratio"] is None:
        print(f"{row['company']:22} refused: {row['refused']}", flush=True)
        return
    ok = "ok" if row["ratio"] >= GOAL else "MISSED"
    others = "  ".join(f"{name} {value:.3f}" for name, value in row["baselines"].items())
    print(
        f"{row['company']:22} {row['observations']:6,} obs {row['complaints']:4} complaints  model {row['model']:.3f} "
        f"({'/'.join(row['chosen'])})  best {row['best_baseline']}  ratio {row['ratio']:.3f} {ok}  |  {others}  "
        f"({row['seconds']} s each{', refused: ' + row['refused'] if row['refused'] else ''})",
        flush=True,
    )


if __name__ == "__main__":
    main()
