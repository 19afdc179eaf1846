"""Grow the trees that say how likely several complaints are (service/scoring/heads.py).

They learn from two questions at once, each with as many complaints as it asks for: the rise above the account's own
rate and, where volume is measured, the excess above what it explains. One set of trees for both was as good on later
weeks as one for each. All rows with a yes are kept, and as many of the others, by lot, as can be learned quickly.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from service.scoring.definitions import LAST
from service.scoring.features import Column
from service.scoring.heads import Head, asked
from training import fitting, questions
from training.dataset import Dataset
from training.fitting import Grouping

# Fewer rows with a yes than that, and the Poisson count that follows from the risk is all that can be said.
LEAST_RISEN = 200
TREES = 100
MOST_ROWS = 30_000
QUESTIONS = ("rise", "excess")

Rows = NDArray[np.bool_]


def fit(data: Dataset, known: Rows, columns: tuple[Column, ...], *, seed: int) -> Head | None:
    """Grow a head on some rows; None where too little has risen. The same rows and seed give the same head."""
    came = questions.counts(data)
    meant = {name: it.needed for name, it in questions.ask(data, known).items() if name in QUESTIONS}
    if int((came >= meant["rise"])[known & (data.weight > 0)].sum()) < LEAST_RISEN:
        return None
    volume, values = _volume(data, columns), data.pick(columns)
    answers = {name: came >= needed for name, needed in meant.items()}
    share = min(1.0, MOST_ROWS / max(sum(int((known & ~yes).sum()) for yes in answers.values()), 1))
    drawn = known & (np.random.default_rng(seed).random(len(came)) < share)
    kept = {name: drawn | (known & yes) for name, yes in answers.items()}
    table = np.concatenate([asked(values[kept[name]], meant[name][kept[name]], volume) for name in meant])
    answer = np.concatenate([answers[name][kept[name]] for name in meant])
    weight = np.concatenate([data.weight[kept[name]] for name in meant])
    wider = (*columns, Column("asked", "least", -1), Column("asked", "volume"))
    whole = Grouping(("all",), (tuple(range(len(wider))),), frozenset())
    grown = fitting.plain(
        fitting.fit_trees(table, answer, weight, wider, whole, trees=TREES, seed=seed), whole, table, TREES
    )
    # Leaving out rows with a no multiplies the odds by 1 / share.
    return Head(replace(grown, base=grown.base + float(np.log(share))), volume)


def _volume(data: Dataset, columns: tuple[Column, ...]) -> tuple[int, ...]:
    """Places of the columns that say how much is going on; a total that never changes is no column."""
    standing = {(item.key, "last" if item.combine == LAST else "level_28") for item in data.exposures}
    return tuple(place for place, column in enumerate(columns) if (column.group, column.stat) in standing)
