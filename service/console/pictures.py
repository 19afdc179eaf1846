"""The picture of a heads-up, for pages without scripts and for paper: drawn as the rep gets it."""

from dataclasses import dataclass

from markupsafe import Markup

from service.kit.settings import Settings
from service.updates import charts, wording
from service.updates.charts import Days


@dataclass(frozen=True)
class Drawn:
    """What the picture's words need to know."""

    trained: bool
    horizon_days: int


def risk(days: Days, line: float, settings: Settings, *, trained: bool) -> Markup:
    """The risk of an account as SVG; empty below a week of days."""
    chart = charts.large(days, line)
    if chart is None:
        return Markup()
    about = Drawn(trained, settings.horizon_days)
    # Made of numbers and of our own words; what there is of text was escaped.
    return Markup(charts.svg(wording.Templates().html, "chart.svg.j2", chart, client=about))  # noqa: S704
