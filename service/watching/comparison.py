"""A candidate beside the model that speaks, on the same accounts and days: which one is better, and how sure. Pure."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models import Verdict
from service.watching import lived

Numbers = NDArray[np.float64]
Measure = tuple[float, float, float]

ROUNDS = 200
INTERVAL = (0.05, 0.95)
LEAST_COMPLAINTS = 20
# Account-days that are compared at most; beyond it whole accounts are left out.
MOST_ROWS = 200_000


@dataclass(frozen=True)
class Paired:
    """Rows of the same accounts and days: what the candidate said, what the speaking model said, what happened."""

    account: NDArray[np.int64]
    day: NDArray[np.int64]
    risk: Numbers
    beside: Numbers
    hit: NDArray[np.bool_]

    def thinned(self) -> "Paired":
        """Whole accounts left out where there are more rows than can be compared in a few seconds."""
        by = 1 + len(self.account) // MOST_ROWS
        kept = self.account % by == 0
        return Paired(*(rows[kept] for rows in (self.account, self.day, self.risk, self.beside, self.hit)))


def compare(rows: Paired, *, line: float) -> dict[str, Any]:
    """The evidence: measures of both, and intervals of the difference by a bootstrap over accounts.

    A positive difference speaks for the candidate. `line` is the speaking model's; the candidate gets as many looks.
    Pairs are the candidate's and the speaking model's; gains are [gain, low, high].
    """
    rows = rows.thinned()
    looks = int((rows.beside >= line).sum())
    found: dict[str, Any] = {
        "days": len(np.unique(rows.day)),
        "accounts": len(np.unique(rows.account)),
        "account_days": len(rows.hit),
        "complained": int(rows.hit.sum()),
        "average_precision": _both(lived.average_precision(rows.hit, each) for each in (rows.risk, rows.beside)),
        "looks": looks,
        "right": _both(_right(rows.hit, each, looks) for each in (rows.risk, rows.beside)),
    }
    losses = lived.log_loss(rows.hit, rows.beside) - lived.log_loss(rows.hit, rows.risk)
    drawn = _bootstrap(rows, losses)
    told = [float(lived.log_loss(rows.hit, each).mean()) for each in (rows.risk, rows.beside)]
    return found | {
        "average_precision_gain": _interval(found["average_precision"], drawn[:, 0]),
        "log_loss": _both(told),
        "log_loss_gain": _interval([-loss for loss in told], drawn[:, 1]),
        "calibration_error": _both(calibration_error(lived.bins(rows.hit, each)) for each in (rows.risk, rows.beside)),
    }


def verdict(evidence: dict[str, Any]) -> tuple[Verdict, str]:
    """What the evidence says, and why in a sentence."""
    if evidence["complained"] < LEAST_COMPLAINTS:
        return Verdict.WAITING, f"{evidence['complained']} complaints so far, {LEAST_COMPLAINTS} are needed"
    ranks = _sure(evidence["average_precision_gain"])
    told = _sure(evidence["log_loss_gain"])
    if ranks < 0 or (ranks == 0 and told < 0):
        return Verdict.WORSE, "it ranks worse" if ranks < 0 else "its probabilities are worse"
    if ranks > 0 and told < 0:
        return Verdict.SAME, "it ranks better, but its probabilities are worse"
    if ranks > 0 or told > 0:
        return Verdict.BETTER, "it ranks better" if ranks > 0 else "its probabilities are better"
    return Verdict.SAME, "what sets them apart may be chance"


def calibration_error(bins: list[list[float]]) -> float | None:
    """Mean distance between what was said and what happened, over bins of [rows, sum of risks, complained]."""
    rows = sum(count for count, _, _ in bins)
    return sum(abs(risks - hits) for _, risks, hits in bins) / rows if rows else None


def _bootstrap(rows: Paired, losses: Numbers) -> Numbers:
    """Gains in average precision and in log loss if the accounts had been drawn anew; shape (ROUNDS, 2)."""
    draw = np.random.default_rng(0)
    _, account = np.unique(rows.account, return_inverse=True)
    accounts = int(account.max()) + 1
    gains = []
    for _ in range(ROUNDS):
        weight = np.bincount(draw.integers(0, accounts, accounts), minlength=accounts).astype(float)[account]
        both = [lived.average_precision(rows.hit, each, weight) for each in (rows.risk, rows.beside)]
        if both[0] is not None and both[1] is not None:
            gains.append((both[0] - both[1], float((losses * weight).sum() / weight.sum())))
    return np.array(gains).reshape(-1, 2)


def _interval(both: list[float | None] | list[float], drawn: Numbers) -> list[float | None]:
    """Candidate minus speaking model, and where 90 % of the draws lie."""
    if both[0] is None or both[1] is None or not len(drawn):
        return [None, None, None]
    low, high = np.quantile(drawn, INTERVAL)
    return [round(both[0] - both[1], 5), round(float(low), 5), round(float(high), 5)]


def _sure(gain: list[float | None]) -> int:
    _, low, high = gain
    if low is None or high is None or low <= 0 <= high:
        return 0
    return 1 if low > 0 else -1


def _both(pair: Any) -> list[float | None]:
    return [None if value is None else round(float(value), 5) for value in pair]


def _right(hit: NDArray[np.bool_], risk: Numbers, looks: int) -> float | None:
    return float(hit[np.argsort(-risk, kind="stable")[:looks]].mean()) if looks else None
