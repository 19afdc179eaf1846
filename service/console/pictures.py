"""The picture of a heads-up, for pages without scripts and for paper: drawn as the rep gets it."""

from dataclasses import dataclass

from markupsafe import Markup

from service.kit.settings import Settings
from service.updates import charts, wording
from service.updates.charts import LARGE, Chart, Days


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
    # Made of numbers and of words of templates; what there is of text was escaped.
    return Markup(_svg(chart, about, settings))  # noqa: S704


def _svg(chart: Chart, about: Drawn, settings: Settings) -> str:
    """As mails draw it: with a company's own templates, and with ours where those fail."""
    try:
        return charts.svg(wording.Templates(settings.templates).html, LARGE, chart, client=about)
    # A template can fail in as many ways as a program.
    except Exception:  # noqa: BLE001
        return charts.svg(wording.Templates().html, LARGE, chart, client=about)
