"""What a model must beat: nothing, memory, size, a spreadsheet, and plain regression.

- base_rate: every account the same.
- recency: complaints of the last 28 days; with as many, the one whose last is newer.
- volume: the metrics marked exposure, added up as they stand. Busy accounts complain.
- scorecard: what an operations team draws in a spreadsheet (below).
- logistic: scikit-learn's logistic regression on the account's features, with the penalty that the validation chose for
  ours, or the preferred one where ours leaves the metrics out. It does not read what the items say: those columns come
  out of boosted trees of our own (`training.following`), and a regression that reads them is no plain one any more.

The scorecard takes the five metrics with a direction that tell most by themselves on the weeks before the test (a
fairer hand than most have), looks at each one's level of the last 28 days, and colours it against all accounts: green
in the better half, yellow (1 point) beyond the median, red (2 points) in the worst fifth; without a value it is as
green as can be. The points are weighted 5, 4, 3, 2, 1 in the order of how much the metrics tell.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from service.scoring.definitions import LAST, Definition
from service.scoring.features import COMPLAINTS, Column
from service.scoring.items import ITEMS
from service.scoring.linear import squeeze, standardised
from training import rows as lots
from training.choice import PREFERRED, STANDING
from training.dataset import Dataset
from training.evaluation import Prediction
from training.recipe import Recipe

Numbers = NDArray[np.float64]
Rows = NDArray[np.bool_]
COLOURED = 5


def predictions(data: Dataset, known: Rows, test: Rows, recipe: Recipe) -> Mapping[str, Prediction]:
    """Each baseline's prediction for the test rows; whatever it needs to learn, it learns from the known rows."""
    base = float(data.label[known].mean())
    flat = np.full(int(test.sum()), base)
    recency = data.stat(COMPLAINTS, "count_28") - np.nan_to_num(data.stat(COMPLAINTS, "days_since"), nan=1e6) / 1e7
    return {
        "base_rate": Prediction(flat, flat),
        "recency": _with_risk(data, recency, known, test),
        "volume": _with_risk(data, volume(data), known, test),
        "scorecard": _with_risk(data, scorecard(data, known), known, test),
        "logistic": logistic(data, known, test, recipe, of_account(recipe.columns)),
    }


def of_account(columns: Sequence[Column]) -> tuple[Column, ...]:
    """The columns without those of the items."""
    return tuple(column for column in columns if column.group != ITEMS)


def volume(data: Dataset) -> Numbers:
    """The account's volume as it stands: the sum of its exposure metrics."""
    total = np.zeros(len(data.label))
    for definition in data.exposures:
        total += np.nan_to_num(data.stat(definition.key, _standing(definition)))
    return total


def scorecard(data: Dataset, known: Rows) -> Numbers:
    """Weighted points of the coloured metrics, for every row; chosen and coloured by the known rows."""
    worse = {item.key: _filled(item.sign * data.stat(item.key, "level_28")) for item in data.definitions if item.sign}
    tells = {key: float(roc_auc_score(data.label[known], values[known])) for key, values in worse.items()}
    chosen = sorted(tells, key=lambda key: (-tells[key], key))[:COLOURED]
    points = np.zeros(len(data.label))
    for place, key in enumerate(chosen):
        yellow, red = np.quantile(worse[key][known], [0.5, 0.8])
        points += (COLOURED - place) * ((worse[key] > yellow).astype(float) + (worse[key] > red))
    return points


def _standing(definition: Definition) -> str:
    return "last" if definition.combine == LAST else "level_28"


def _filled(values: Numbers) -> Numbers:
    """Missing counts as the best value there is."""
    known = values[~np.isnan(values)]
    return np.nan_to_num(values, nan=known.min() if len(known) else 0.0)


def _with_risk(data: Dataset, score: Numbers, known: Rows, test: Rows) -> Prediction:
    """Turn a score into a probability by a logistic curve through the known rows; the ranking stays."""
    curve = LogisticRegression(C=np.inf).fit(squeeze(score[known])[:, None], data.label[known])
    return Prediction(score[test], curve.predict_proba(squeeze(score[test])[:, None])[:, 1])


def logistic(data: Dataset, known: Rows, test: Rows, recipe: Recipe, columns: Sequence[Column]) -> Prediction:
    """Logistic regression on some columns: tails squeezed, gaps marked, our penalty. It learns from our rows."""
    values, label = data.pick(columns), data.label
    regression = PREFERRED if recipe.regression == STANDING else recipe.regression
    learned, _ = lots.drawn(data, known, regression.half_life_weeks, recipe.seed)
    tailless = squeeze(values[learned])
    center, scale = np.nanmean(tailless, axis=0), np.nanstd(tailless, axis=0)
    scale[scale == 0] = 1.0

    def table(rows: Rows | lots.Places) -> NDArray[np.float32]:
        return np.hstack([standardised(values[rows], center, scale), np.isnan(values[rows])], dtype=np.float32)

    model = LogisticRegression(C=regression.strength, max_iter=1_000).fit(table(learned), label[learned])
    risk = model.predict_proba(table(test))[:, 1].astype(np.float64)
    return Prediction(risk, risk)
