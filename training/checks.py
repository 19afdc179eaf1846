"""Whether there is something to learn, and nothing that already knows the answer."""

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from service.scoring.features import Column
from training.dataset import Dataset
from training.refusals import TrainingRefused

LEAST_POSITIVES = 30
LEAK_AUC = 0.995

Rows = NDArray[np.bool_]


def enough(data: Dataset, train: Rows, validation: Rows) -> None:
    """Refuse to learn from a handful of complaints, or where everybody complains.

    Raises:
        TrainingRefused: the detail counts them and says what to do.
    """
    counted = data.label & (data.weight > 0)
    positives, later = int(counted[train].sum()), int(counted[validation].sum())
    least_later = LEAST_POSITIVES // 3
    if positives < LEAST_POSITIVES or later < least_later:
        raise TrainingRefused(
            f"Too few complaints: {positives} account-weeks with one to learn from and {later} to check on; at least "
            f"{LEAST_POSITIVES} and {least_later} are needed. The starter score goes on; import older complaints with "
            "`headsup import complaints FILE`, or wait."
        )
    if data.label[train].all() or data.label[validation].all():
        raise TrainingRefused(
            "Every account complains in every horizon, so nothing tells them apart: shorten HEADSUP_HORIZON_DAYS, or "
            "import only what counts as a complaint."
        )


def telling(data: Dataset, rows: Rows) -> tuple[tuple[Column, ...], tuple[str, ...]]:
    """Split the columns into those with at least two different values, and the names of the others.

    scikit-learn's boosting cannot take a column that is all missing.
    """
    values = data.values[rows]
    tells = (np.fmax.reduce(values) > np.fmin.reduce(values)).tolist()
    kept = tuple(column for column, told in zip(data.columns, tells, strict=True) if told)
    return kept, tuple(column.name for column, told in zip(data.columns, tells, strict=True) if not told)


def no_leak(columns: tuple[Column, ...], values: NDArray[np.float32], label: NDArray[np.bool_]) -> None:
    """Refuse a metric that alone tells who complains: it was recorded after the fact.

    Raises:
        TrainingRefused: the detail names the metric.
    """
    for place, column in enumerate(columns):
        known = ~np.isnan(values[:, place])
        positives = int(label[known].sum())
        if known.mean() < 0.5 or not 0 < positives < known.sum():
            continue
        area = float(roc_auc_score(label[known], values[known, place]))
        if max(area, 1 - area) > LEAK_AUC:
            raise TrainingRefused(
                f"Metric {column.group!r} knows the answer: its {column.stat} alone tells who complains (area under "
                f"the curve {max(area, 1 - area):.3f}). It is probably recorded after the complaint; send it with the "
                "moment at which it could be known, or clear its direction."
            )
