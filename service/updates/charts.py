"""The risk of an account as a picture; pure. Its words stand in the templates."""

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import resvg_py
from jinja2 import Environment

Days = tuple[tuple[date, float], ...]

FONTS = [str(path) for path in sorted((Path(__file__).parent / "fonts").glob("*.ttf"))]
# Small, so that the words in it can be read on a phone, where it is shown at about this size.
WIDTH, HEIGHT = 400, 200
LEFT, RIGHT, TOP, BOTTOM = 34, 346, 32, 172
SPARK_WIDTH, SPARK_HEIGHT = 80, 30
STRIP_WIDTH, STRIP_HEIGHT = 320, 56
# Sharp screens have two or three dots for one; more would only make the mail heavier.
ZOOM = 2.0
# Upper ends of the axis, each with a quarter that reads well.
ENDS = (0.04, 0.08, 0.2, 0.4, 0.6, 0.8, 1.0)
TICK_DAYS = 18
LEAST = timedelta(days=6)
LARGE = "chart.svg.j2"


@dataclass(frozen=True)
class Chart:
    """Days with the risk in [0, 1], oldest first, and the alert line, where one is drawn."""

    days: Days
    line: float | None
    width: int
    height: int
    left: float
    right: float
    top: float
    bottom: float

    @property
    def end(self) -> float:
        """Where the axis ends: near what is shown, so that small risks do not lie flat on the ground."""
        most = max(self.line or 0, *(risk for _, risk in self.days)) * 1.1
        if self.line is None:
            return max(most, ENDS[1])
        return next((end for end in ENDS if end >= most), 1.0)

    def x(self, day: date) -> float:
        first, last = self.days[0][0], self.days[-1][0]
        return round(self.left + (self.right - self.left) * (day - first).days / max(1, (last - first).days), 1)

    def y(self, risk: float) -> float:
        return round(self.bottom - (self.bottom - self.top) * risk / self.end, 1)

    @property
    def points(self) -> str:
        """The line as SVG points."""
        return " ".join(f"{self.x(day)},{self.y(risk)}" for day, risk in self.days)

    @property
    def levels(self) -> list[float]:
        return [self.end * quarter / 4 for quarter in range(5)]

    @property
    def dates(self) -> list[tuple[float, date]]:
        """Where dates stand under the axis."""
        first, last = self.days[0][0], self.days[-1][0]
        step = max(1, min(TICK_DAYS, (last - first).days // 3))
        days = [first + timedelta(days=offset) for offset in range(step // 2, (last - first).days + 1, step)]
        return [(self.x(day), day) for day in days]


@dataclass(frozen=True)
class Picture:
    """A PNG that the HTML part refers to by `cid`, and what it shows."""

    cid: str
    png: bytes
    chart: Chart

    @property
    def width(self) -> int:
        return self.chart.width

    @property
    def height(self) -> int:
        return self.chart.height


def large(days: Days, line: float) -> Chart | None:
    """The picture of a heads-up; None below a week, which says nothing that the words do not say."""
    return Chart(days, line, WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM) if _long_enough(days) else None


def strip(days: Days) -> Chart | None:
    """The picture of one of several accounts."""
    return _bare(days, STRIP_WIDTH, STRIP_HEIGHT)


def spark(days: Days) -> Chart | None:
    """The picture in a row of a weekly mail."""
    return _bare(days, SPARK_WIDTH, SPARK_HEIGHT)


def _bare(days: Days, width: int, height: int) -> Chart | None:
    """A line without words, with room for its last dot."""
    return Chart(days, None, width, height, 3, width - 6, 5, height - 4) if _long_enough(days) else None


def _long_enough(days: Days) -> bool:
    return bool(days) and days[-1][0] - days[0][0] >= LEAST


def svg(environment: Environment, template: str, chart: Chart, **context: object) -> str:
    """A picture as mails and pages show it; a large one on white ground, for dark mail programs too."""
    return environment.get_template(template).render(chart=chart, **context)


def draw(environment: Environment, template: str, chart: Chart, **context: object) -> bytes:
    """Draw a PNG of a template."""
    return resvg_py.svg_to_bytes(
        svg_string=svg(environment, template, chart, **context),
        zoom=ZOOM,
        skip_system_fonts=True,
        font_files=FONTS,
        font_family="Inter",
        sans_serif_family="Inter",
    )
