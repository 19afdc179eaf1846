"""The useful questions: does an account complain at all, more than is usual for it, more than its volume explains.

Large accounts always complain a little, so "any complaint" ranks by size; what is worth an alert is the rest. Each
question asks whether at least `needed` complaints come within the horizon:

- any: one complaint, of every account.
- rise: so many that fewer than one in ten such accounts would have them by chance, were it to complain at its own
  rate of the last 180 days (drawn towards the portfolio's by the gamma prior): n >= 1 and P(N >= n) <= 0.10, N Poisson.
- excess: the same against a rate proportional to its volume (the exposure metrics), one coefficient for everybody.
- quiet: one complaint, of the accounts that had none in the last 28 days.

The model answers with its one risk, taken as a Poisson count's chance of any; where enough has risen to learn from, a
head of its own (service/scoring/heads.py) is heard as well.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from service.scoring import unusual
from service.scoring.features import COMPLAINTS
from training import baselines, evaluation
from training.dataset import Dataset

Numbers = NDArray[np.float64]
Counts = NDArray[np.int64]
Rows = NDArray[np.bool_]
Answers = dict[str, float | dict[str, float | None]]

MEASURES = ("average_precision", "roc_auc", "precision_at_5pct", "recall_at_10pct")


@dataclass(frozen=True)
class Question:
    """`asked`: the rows it is about. `needed`: how many complaints within the horizon mean yes."""

    asked: Rows
    needed: Counts


def ask(data: Dataset, train: Rows) -> dict[str, Question]:
    """All questions about the rows of a dataset; the volume's coefficient is learned on the training weeks.

    Without an exposure metric there is no excess.
    """
    everyone, one = np.ones(len(data.label), dtype=bool), np.ones(len(data.label), dtype=np.int64)
    usual = data.horizon_days * data.stat(COMPLAINTS, "rate")
    found = {"any": Question(everyone, one), "rise": Question(everyone, unusual.needed(usual))}
    volume = baselines.volume(data)
    if volume[train].sum() > 0:
        explained = volume * counts(data)[train].sum() / volume[train].sum()
        found["excess"] = Question(everyone, unusual.needed(explained))
    return found | {"quiet": Question(data.stat(COMPLAINTS, "count_28") == 0, one)}


def counts(data: Dataset) -> Counts:
    """How many complaints came after each row's snapshot and within the horizon."""
    known = data.complaints
    moments = np.sort(known.at)

    def place(account: Counts, at: Counts) -> Counts:
        return np.asarray(account * (len(moments) + 1) + np.searchsorted(moments, at, side="right"))

    places = np.sort(place(known.account, known.at))
    until = place(data.account, data.as_of + data.horizon)
    so_far = np.searchsorted(places, place(data.account, data.as_of), side="right")
    return np.asarray(np.searchsorted(places, until, side="right") - so_far)


def answers(
    data: Dataset, train: Rows, test: Rows, chance: Callable[[Counts], Numbers], rivals: Mapping[str, Numbers]
) -> dict[str, Answers]:
    """How well the model and the rivals' scores rank the test rows, question by question.

    `chance` is the model's: of at least so many complaints, for each test row.
    """
    came, as_of = counts(data)[test], data.as_of[test]
    found: dict[str, Answers] = {}
    for name, question in ask(data, train).items():
        asked, needed = question.asked[test], question.needed[test]
        if not asked.any():
            continue
        yes = came >= needed
        scores = {"model": chance(needed), **rivals}
        ranked = {who: evaluation.ranking(yes[asked], score[asked], as_of[asked]) for who, score in scores.items()}
        found[name] = {"base_rate": float(yes[asked].mean())}
        found[name] |= {who: {measure: row[measure] for measure in MEASURES} for who, row in ranked.items()}
    return found
