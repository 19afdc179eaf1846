"""The backtest as one HTML page that opens anywhere, offline: what a model would have done, in pictures and words."""

from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined

from service.scoring.history import moment
from training import alert_line, baselines, bootstrap, card, evaluation, figures, plots
from training.alerting import Alerting
from training.backtest import Backtest, Material
from training.findings import Findings
from training.plots import Line, Plot

Lead = dict[str, float | int | None]

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


def write(path: Path, told: Findings, *, now: datetime) -> None:
    """Write the report. The same findings and moment give the same page."""
    path.write_text(page(told, now=now), encoding="utf-8")


def page(told: Findings, *, now: datetime) -> str:
    """The page's HTML."""
    tested, test = told.tested, told.tested.test
    return PAGES.get_template("report.html.j2").render(
        made_at=f"{now:%Y-%m-%d %H:%M} UTC",
        alerts=told.alerts,
        intervals=told.intervals,
        ahead={name: share for name, share in told.intervals.ahead().items() if name in COMPARED},
        resamples=bootstrap.RESAMPLES,
        trade_off=_trade_off(told),
        leads=_leads(told.alerts),
        curves=_curves(tested),
        sizes=figures.by_size(test, tested.risk, baselines.volume(test)) if test.exposures else [],
        segments=figures.by_segment(test, tested.risk, told.material.profiles.segments(test.account)),
        origins=[(window.as_card(), each) for window, each in told.origins],
        **_facts(told.material, tested),
    )


def _facts(material: Material, tested: Backtest) -> dict[str, Any]:
    """What the page shows of the backtest as it is."""
    test, risk = tested.test, tested.risk
    return {
        "window": material.window.as_card(),
        "data": material.data,
        "learned": int(material.window.before_test(material.data).sum()),
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


def _curves(tested: Backtest) -> Plot:
    label, rivals = tested.test.label, tested.rivals
    lines = [
        Line(name, figures.precision_recall(label, rivals[name].score), f"rival-{place}")
        for place, name in enumerate(COMPARED)
    ]
    base = float(label.mean())
    lines.append(Line("every account alike", [(0.0, base), (1.0, base)], "base"))
    lines.append(Line("model", figures.precision_recall(label, tested.score), "model"))
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


def _trade_off(told: Findings) -> Plot:
    tested, team = told.tested, told.alerts.team
    found = alert_line.curve(tested.test, tested.risk, told.material.profiles, team.cool_down_hours)
    wide = max(4 * team.alerts_per_day, 2 * told.alerts.at_line.alerts_per_day)
    top = min(wide, max(1.1 * team.alerts_per_day, *found["alerts_per_day"]))
    kept = [place for place, alerts in enumerate(found["alerts_per_day"]) if 0.05 * top < alerts <= top]

    def drawn(name: str) -> list[tuple[float, float]]:
        return [(found["alerts_per_day"][each], found[name][each]) for each in kept if found[name][each] is not None]

    named = {"right": "model", "told_first": "rival-0", "caught": "rival-2"}
    words = {"right": "alerts that were right", "told_first": "complaints told first", "caught": "account-weeks caught"}
    return Plot(
        "Share of alerts right, of complaints told first and of complaint weeks caught, by alerts a day",
        plots.amounts("alerts a day", top),
        plots.shares("share"),
        [Line(words[name], drawn(name), look) for name, look in named.items()],
        mark=(team.alerts_per_day, "budget"),
    )


def _leads(alerts: Alerting) -> list[tuple[str, Lead, Lead]]:
    """Kinds of complaints, each with how many were told so long before: over the line, and ranked by rise."""
    over, rise = alerts.at_line.told_first, alerts.at_budget["rise"].told_first
    return [(name, over[name], rise[name]) for name in over]


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
