"""Train, untouched, on companies that nobody has looked at, and hold the model against its own baselines.

python -m benchmarks.unseen [--only NAME] [--seeds 3] [--most 100] [--rolling] [--json]

Some companies are hard on purpose: pure noise, a world that changes, complaints by size or by habit alone. A test of
some sixty complaints says little by itself, so each company is drawn several times, until the ratio of the means is
known well enough: its standard error is SURE at most, and less than the ratio is off the goal. Goal: never below the
best of the baselines by more than 3 %; which one that is, the other half of the draws says. Where the best baseline is
no better than an order of the accounts by lot (`training.evaluation.by_lot`), nothing can be known, and that is said.
"""

import argparse
import json
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import companies
from benchmarks.companies import Plan
from benchmarks.stored import stored
from training import backtest, evaluation, rolling
from training.backtest import Backtest
from training.refusals import TrainingRefused
from training.simulate import Company
from training.window import Asked

NOW = datetime(2026, 3, 2, tzinfo=UTC)
UNTIL = date(2026, 3, 1)
GOAL, SURE = 0.97, 0.02
PRECISION = "average_precision"


def main() -> None:
    asked = arguments()
    plans = [plan for plan in companies.PLANS if not asked.only or plan.name in asked.only]
    rows = []
    for plan in plans:
        most = max(asked.seeds, asked.most)
        rows.append(judged(plan, asked.first_seed, least=asked.seeds, most=most, rolls=asked.rolling))
        if not asked.json:
            show(rows[-1])
    if asked.json:
        print(json.dumps(rows, indent=2))
    elif len(rows) > 1:
        missed = [row["company"] for row in rows if verdict(row) == "MISSED"]
        print(f"below {GOAL} x the best baseline: {', '.join(missed) or 'none'}")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.unseen", description=__doc__)
    parser.add_argument("--only", action="append", choices=[plan.name for plan in companies.PLANS])
    parser.add_argument("--seeds", type=int, default=3, help="how often each company is drawn at least")
    parser.add_argument("--most", type=int, default=100, help="how often one is drawn whose ratio is unsure")
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--rolling", action="store_true", help="train every four weeks of the test, as in life")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def judged(plan: Plan, first_seed: int, *, least: int, most: int, rolls: bool = False) -> dict[str, Any]:
    """Average precision of the model and of each baseline, over all draws of a company."""
    began = time.perf_counter()
    draws: list[dict[str, float]] = []
    lots: list[float] = []
    kinds, sizes, refused = [], [], ""
    for seed in range(first_seed, first_seed + most):
        company = companies.make(plan, until=UNTIL, seed=seed)
        sizes.append((len(company.observations["value"]), len(company.complaints)))
        try:
            tested = backtested(company, rolls=rolls)
        except TrainingRefused as refusal:
            refused = refusal.detail
        else:
            kinds.append(kind_of(tested))
            lots.append(float(evaluation.by_lot(tested.test).mean()))
            draws.append({name: float(row[PRECISION] or 0) for name, row in _all(tested).items()})
        if len(sizes) >= least and (not draws or _decided(pairs(draws))):
            break
    means = {name: float(np.mean([draw[name] for draw in draws])) for name in draws[0]} if draws else {}
    best, paired = (best_of(draws), pairs(draws)) if draws else (None, None)
    return {
        "company": plan.name,
        "draws": len(sizes),
        "observations": int(np.mean([size[0] for size in sizes])),
        "complaints": int(np.mean([size[1] for size in sizes])),
        "model": means.pop("model", None),
        "chosen": kinds,
        "best_baseline": best,
        "baselines": means,
        "by_lot": float(np.mean(lots)) if lots else None,
        "something_known": bool(best and _above([draw[best] for draw in draws], lots)),
        "ratio": ratio(paired) if paired is not None else None,
        "standard_error": unsure(paired) if paired is not None else None,
        "refused": refused,
        "seconds": round((time.perf_counter() - began) / len(sizes), 1),
    }


def _decided(paired: NDArray[np.float64]) -> bool:
    return unsure(paired) <= min(SURE, abs(ratio(paired) - GOAL))


def _above(figures: Sequence[float], lots: Sequence[float]) -> bool:
    """Whether the figures are higher than by lot, by two standard errors of the mean difference."""
    gain = np.subtract(figures, lots)
    return len(gain) > 1 and float(gain.mean()) > 2 * float(gain.std(ddof=1)) / len(gain) ** 0.5


def _all(tested: Backtest) -> dict[str, Any]:
    return {"model": tested.model, **tested.baselines}


def best_of(draws: Sequence[Mapping[str, float]]) -> str:
    """The baseline with the highest mean."""
    return max((name for name in draws[0] if name != "model"), key=lambda name: sum(draw[name] for draw in draws))


def pairs(draws: Sequence[Mapping[str, float]]) -> NDArray[np.float64]:
    """Of each draw the model's figure and that of the baseline that does best on the other half of the draws.

    Whoever picks the best of five by the draws that it is judged on picks luck with it.
    """
    halves = [best_of(draws[1::2] or draws), best_of(draws[::2])]
    return np.array([(draw["model"], draw[halves[place % 2]]) for place, draw in enumerate(draws)])


def ratio(paired: NDArray[np.float64]) -> float:
    """Of the model's mean to that of its rivals."""
    model, rival = paired.sum(axis=0)
    return float(model / rival)


def unsure(paired: NDArray[np.float64]) -> float:
    """The ratio's standard error, by leaving out one draw after the other; infinite for one draw."""
    if len(paired) < 2:
        return float("inf")
    without = [ratio(np.delete(paired, place, axis=0)) for place in range(len(paired))]
    return float(np.sqrt((len(paired) - 1) * np.var(without)))


def backtested(company: Company, *, rolls: bool) -> Backtest:
    """What `headsup backtest` does, with `--rolling` or without, on a database of its own."""
    with stored(company, now=NOW) as (db, settings), db.read() as session:
        material = backtest.collect(session, Asked(), settings.horizon_days, now=NOW, progress=lambda *_: None)
    if rolls:
        return rolling.run(material, seed=0, progress=lambda *_: None).pooled
    return backtest.run(material, seed=0, progress=lambda *_: None)


def kind_of(tested: Backtest) -> str:
    return {1.0: "linear", 0.0: "trees"}.get(tested.recipe.share, "blend")


def verdict(row: Mapping[str, Any]) -> str:
    """Of one company; "by lot" where no baseline is better than that, so that there is nothing to hold a model to."""
    if row["ratio"] is None:
        return "refused"
    if row["ratio"] >= GOAL:
        return "ok"
    return "MISSED" if row["something_known"] else "by lot"


def show(row: dict[str, Any]) -> None:
    """One line a company."""
    if row["ratio"] is None:
        print(f"{row['company']:22} refused: {row['refused']}", flush=True)
        return
    chosen = ", ".join(f"{many} {kind}" for kind, many in Counter(row["chosen"]).items())
    others = "  ".join(f"{name} {value:.3f}" for name, value in row["baselines"].items())
    print(
        f"{row['company']:22} {row['observations']:6,} obs {row['complaints']:4} complaints  model {row['model']:.3f} "
        f"({chosen})  best {row['best_baseline']}  ratio {row['ratio']:.3f} ± {row['standard_error']:.3f} of "
        f"{row['draws']} draws {verdict(row)}  |  {others}  by lot {row['by_lot']:.3f}  "
        f"({row['seconds']} s each{', refused: ' + row['refused'] if row['refused'] else ''})",
        flush=True,
    )


if __name__ == "__main__":
    main()
