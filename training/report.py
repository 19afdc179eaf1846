"""The backtest as one HTML page that opens anywhere, offline: what a model would have done, in pictures and words."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from numpy.typing import NDArray

from service.kit.settings import Settings
from service.scoring.history import moment
from training import alert_line, baselines, card, evaluation, figures, plots
from training.backtest import Backtest, Material
from training.evaluation import Prediction
from training.figures import Interval
from training.plots import Line, Plot
from training.refusals import TrainingRefused

Numbers = NDArray[np.float64]

# Whose average precision gets an interval; the others say less.
COMPARED = ("volume", "scorecard", "logistic")

PAGES = Environment(
    loader=PackageLoader("training"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)


def _percent(value: float | None, places: int = 0) -> str:
    return "-" if value is None else f"{100 * value:.{places}f}\u00a0%"


def _short(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


PAGES.filters.update(percent=_percent, short=_short)


def write(
    path: Path,
    material: Material,
    tested: Backtest,
    settings: Settings,
    segments: Mapping[int, str | None],
    *,
    seed: int,
    now: datetime,
) -> None:
    """Write the report; `segments` are the accounts' own.

    Raises:
        TrainingRefused: all test weeks had the same outcome, so there is nothing to draw.
    """
    path.write_text(page(material, tested, settings, segments, seed=seed, now=now), encoding="utf-8")


def page(
    material: Material,
    tested: Backtest,
    settings: Settings,
    segments: Mapping[int, str | None],
    *,
    seed: int,
    now: datetime,
) -> str:
    """The page's HTML. The same backtest, seed and moment give the same page."""
    test, risk = tested.test, tested.risk
    if not 0 < test.label.sum() < len(test.label):
        raise TrainingRefused("The test weeks have only one outcome: there is nothing to draw. Choose other weeks.")
    window = material.window
    known, rows = window.before_test(material.data), window.test(material.data)
    rivals = baselines.predictions(material.data, known, rows, tested.recipe)
    intervals = _intervals(tested, rivals, seed)
    return PAGES.get_template("report.html.j2").render(
        made_at=f"{now:%Y-%m-%d %H:%M} UTC",
        budget=settings.alerts_per_day,
        line=_line(material, tested, settings),
        learned=int(known.sum()),
        alerts=_alerts(tested, settings.alerts_per_day),
        intervals=intervals,
        ahead={name: figures.ahead(intervals["model"], intervals[name]) for name in COMPARED},
        resamples=figures.RESAMPLES,
        curves=_curves(tested, rivals),
        sizes=figures.by_size(test, risk, baselines.volume(test)) if test.exposures else [],
        segments=figures.by_segment(test, risk, segments),
        **_facts(material, tested),
    )


def _facts(material: Material, tested: Backtest) -> dict[str, Any]:
    """What the page shows of the backtest as it is."""
    test, risk = tested.test, tested.risk
    return {
        "window": material.window.as_card(),
        "data": material.data,
        "rows": len(test.label),
        "accounts": len(np.unique(test.account)),
        "weeks": len(np.unique(test.as_of)),
        "base": float(test.label.mean()),
        "mean_risk": float(risk.mean()),
        "model": tested.model,
        "measures": {"model": tested.model} | tested.baselines,
        "bins": figures.calibration(test.label, risk),
        "calibration": _calibration(tested),
        "by_week": _by_week(tested),
        "questions": tested.questions,
        "recipe": tested.recipe,
        "notes": card.notes(material, tested),
    }


def _intervals(tested: Backtest, rivals: Mapping[str, Prediction], seed: int) -> dict[str, Interval]:
    test = tested.test
    scores = {"model": tested.risk} | {name: rivals[name].score for name in COMPARED}
    return {
        name: figures.average_precision(test.account, test.label, score, seed=seed) for name, score in scores.items()
    }


def _line(material: Material, tested: Backtest, settings: Settings) -> dict[str, float | None]:
    """The line as training would set it on the validation weeks, and what it did on the test weeks."""
    validation = material.data.rows(material.window.validation(material.data))
    risk = tested.chosen_by.risk(validation.pick(tested.recipe.columns))
    line = alert_line.choose(validation, risk, settings.alerts_per_day, settings.alert_cool_down_hours)
    return next(offer for offer in alert_line.offers(tested.test, tested.risk, line) if offer["line"] == line)


def _curves(tested: Backtest, rivals: Mapping[str, Prediction]) -> Plot:
    label = tested.test.label
    lines = [
        Line(name, figures.precision_recall(label, rivals[name].score), f"rival-{place}")
        for place, name in enumerate(COMPARED)
    ]
    base = float(label.mean())
    lines.append(Line("every account alike", [(0.0, base), (1.0, base)], "base"))
    lines.append(Line("model", figures.precision_recall(label, tested.risk), "model"))
    return Plot(
        "Precision against recall of the model and its baselines",
        plots.shares("share of complaint weeks caught"),
        plots.shares("share right"),
        lines,
    )


def _calibration(tested: Backtest) -> Plot:
    bins = figures.calibration(tested.test.label, tested.risk)
    top = max(max(each.risk, each.complained) for each in bins)
    across, up = plots.shares("risk that the model said", top), plots.shares("share that complained", top)
    diagonal = Line("as said", [(0.0, 0.0), (across.top, across.top)], "base")
    points = [(each.risk, each.complained) for each in bins]
    return Plot("Risk said against what came", across, up, [diagonal, Line("model", points, "model", dots=True)])


def _alerts(tested: Backtest, budget: float) -> Plot:
    lines = figures.at_lines(tested.test, tested.risk)
    top = max(each[0] for each in lines)
    return Plot(
        "Share of alerts right, and share of complaint weeks caught, by alerts a day",
        plots.amounts("alerts a day", top),
        plots.shares("share"),
        [
            Line("right", [(each[0], each[1]) for each in lines], "model"),
            Line("caught", [(each[0], each[2]) for each in lines], "rival-2"),
        ],
        mark=(budget, "budget") if budget < top else None,
    )


def _by_week(tested: Backtest) -> Plot:
    test = tested.test
    days = [f"{moment(int(at)):%d %b}" for at in np.unique(test.as_of)]
    told = {
        "top 5 %": (figures.by_week(test, tested.risk, 0.05), "model"),
        "top 10 %": (figures.by_week(test, tested.risk, evaluation.FLAGGED_SHARE), "rival-2"),
        "all accounts": (figures.base_by_week(test), "base"),
    }
    lines = [
        Line(name, [(float(week), value) for week, value in enumerate(values)], look, dots=look == "model")
        for name, (values, look) in told.items()
    ]
    return Plot("Share that complained, by week", plots.weeks("week", days), plots.shares("share"), lines)
