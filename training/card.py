"""The card of a model: what it was made of, what it means, how good it is, when not to trust it."""

import hashlib
from dataclasses import asdict
from datetime import datetime
from importlib.metadata import version
from typing import Any

import numpy as np

from service.scoring import artifact
from service.scoring import golden as figures
from service.scoring.features import Column
from service.scoring.history import moment
from service.scoring.trained import Blend, TrainedScorer
from training import evaluation, feedback, folds, rows
from training.backtest import Backtest, Material
from training.dataset import Dataset
from training.reference import reference

GOLDEN_ROWS = 8
# So many of the orders by lot may be as good as a model that is said to know something: one in twenty.
LUCKY = evaluation.LOTS // 20
LIBRARIES = ("numpy", "polars", "narwhals", "scikit-learn", "scipy", "skops")


def card(
    name: str,
    material: Material,
    tested: Backtest,
    blend: Blend,
    *,
    line: dict[str, Any],
    now: datetime,
) -> dict[str, Any]:
    """Everything that is worth knowing of a model, as JSON."""
    data, recipe = material.data, tested.recipe
    return {
        "version": name,
        "made_at": now.isoformat(),
        "made_by": f"headsup {version('headsup')}",
        "predicts": f"probability of at least one complaint within {data.horizon_days} days",
        "window": material.window.as_card() | {"fitted_through": moment(int(data.as_of.max())).date().isoformat()},
        "rows": {
            "account_weeks": len(data.label),
            "with_complaint": int(data.label.sum()),
            "accounts": len(np.unique(data.account)),
            "share_of_accounts_used": data.thinned_share,
        },
        "data_sha256": data_hash(data),
        "metrics": [definition.as_card() for definition in data.definitions],
        "prior": asdict(data.prior),
        "recipe": recipe.as_card(),
        "blend": artifact.blend_card(blend),
        "items": artifact.items_card(data.items),
        "typical": typical(data),
        "reference": reference(data, recipe.columns, blend, label=tested.test.label, risk=tested.risk),
        "measures": {"model": tested.model, "baselines": tested.baselines},
        "tested": said(tested),
        "questions": tested.questions,
        "feedback": material.feedback,
        "alert_line": line,
        "libraries": {library: version(library) for library in LIBRARIES},
        "golden": golden(data, recipe.columns, blend),
        "notes": notes(material, tested),
    }


def data_hash(data: Dataset) -> str:
    """One hash of all rows, features and labels that went in."""
    found = hashlib.sha256()
    for part in (data.account, data.as_of, data.values, data.label, data.weight):
        found.update(np.ascontiguousarray(part).tobytes())
    return found.hexdigest()


def typical(data: Dataset) -> dict[str, dict[str, float]]:
    """Group → stat → median over the last quarter of a year: what reasons call a typical account."""
    recent = data.values[data.as_of > data.as_of.max() - 91 * 86_400_000_000]
    found: dict[str, dict[str, float]] = {}
    for place, column in enumerate(data.columns):
        known = recent[:, place][~np.isnan(recent[:, place])]
        if len(known):
            found.setdefault(column.group, {})[column.stat] = float(np.median(known))
    return found


def golden(data: Dataset, columns: tuple[Column, ...], blend: Blend) -> dict[str, Any]:
    """What the model says of some rows and more: whoever loads it must compute the same."""
    step = max(1, len(data.label) // GOLDEN_ROWS)
    values = data.pick(columns)[::step][:GOLDEN_ROWS]
    return figures.of(TrainedScorer("", blend, data.definitions, data.prior, {}, data.items), values)


def said(tested: Backtest) -> dict[str, Any]:
    """How high the risks of the test were, and how many of its rows a complaint followed."""
    return {
        "rows": len(tested.test.label),
        "accounts": len(np.unique(tested.test.account)),
        "said": float(tested.risk.mean()),
        "came": float(tested.test.label.mean()),
    }


def notes(material: Material, tested: Backtest) -> list[str]:
    """What a reader should know before trusting the figures."""
    found = [f"Chosen: {tested.recipe.why}."]
    slope, shift = tested.recipe.slope, tested.recipe.shift
    found.append(f"Calibrated by log-odds x {slope:.3f} {shift:+.3f}, found on weeks that it had not been fitted on.")
    if tested.recipe.dropped:
        found.append(f"Left out, since they never vary: {', '.join(tested.recipe.dropped)}.")
    if material.data.thinned_share < 1:
        found.append(f"Learned from {material.data.thinned_share:.0%} of the accounts, to bound memory.")
    if len(material.data.label) > rows.FIT_ROWS:
        many = f"{rows.FIT_ROWS:,} of the {len(material.data.label):,} account-weeks"
        found.append(
            f"To bound time a fit learned from about {many}, by lot, and the folds from {folds.ROWS_A_FOLD:,} each."
        )
    if material.note:
        found.append(f"{material.note[:1].upper()}{material.note[1:]}.")
    found += feedback.notes(material.feedback)
    model, best = tested.model["average_precision"], _best_baseline(tested)
    if model is not None and best is not None and model < best[1]:
        found.append(f"No better than its baseline {best[0]} (average precision {model:.3f} against {best[1]:.3f}).")
    lots = evaluation.by_lot(tested.test)
    if model is not None and model <= lots[-LUCKY]:
        found.append(
            f"Its order is no better than one by lot (average precision {model:.3f}; by lot up to {lots[-LUCKY]:.3f}): "
            "the metrics tell nothing of the complaints. Send others, or wait for more complaints, before you trust it."
        )
    return found


def _best_baseline(tested: Backtest) -> tuple[str, float] | None:
    known = [(name, value["average_precision"]) for name, value in tested.baselines.items()]
    return max(((name, value) for name, value in known if value is not None), key=lambda pair: pair[1], default=None)
