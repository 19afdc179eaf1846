"""What a model's card keeps of the weeks it knows, so that later days can be held against them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.scoring.features import Column
from service.scoring.past import DAY
from service.scoring.trained import Blend, sigmoid
from service.watching import psi
from training.dataset import Dataset

RECENT_DAYS = 91
# Shares of the accounts that a line may flag: the card tells what each promises.
FLAGGED = (0.003, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5)
LEAST_FLAGGED = 10

Numbers = NDArray[np.float64]


def reference(
    data: Dataset, columns: tuple[Column, ...], blend: Blend, *, label: NDArray[np.bool_], risk: Numbers
) -> dict[str, Any]:
    """Features and the push of each group over the last quarter, and what a line promised on the test weeks.

    `label` and `risk` are the test's: the model that gave these risks had not seen them.
    """
    recent = data.as_of > data.as_of.max() - RECENT_DAYS * DAY
    values = data.pick(columns)[recent]
    accounts = len(np.unique(data.account[recent]))
    weights, average = blend.weigh(values)
    return {
        "features": {column.name: psi.reference(values[:, place], accounts) for place, column in enumerate(columns)},
        "push": _of_groups(blend, weights.mean(axis=0)),
        "spread": _of_groups(blend, weights.std(axis=0)),
        "risk_mean": round(float(sigmoid(weights.sum(axis=1) + average).mean()), 6),
        "lines": lines(label, risk),
    }


def lines(label: NDArray[np.bool_], risk: Numbers) -> list[dict[str, float]]:
    """For lines that flag more and more accounts: the share of them that complained, and what the model had said."""
    found = []
    for share in FLAGGED:
        line = float(np.quantile(risk, 1 - share))
        over = risk >= line
        if over.sum() >= LEAST_FLAGGED:
            told = {"line": line, "flagged": over.mean(), "right": label[over].mean(), "said": risk[over].mean()}
            found.append({name: round(float(value), 5) for name, value in told.items()})
    return found


def _of_groups(blend: Blend, numbers: Numbers) -> dict[str, float]:
    return {group: round(float(number), 5) for group, number in zip(blend.groups, numbers, strict=True)}
