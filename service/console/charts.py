"""Points of the charts that the server draws; pure. Pictures are WIDTH x HEIGHT, the origin at the upper left."""

from collections.abc import Sequence
from typing import NamedTuple

from service.watching.report import week_of
from service.watching.rules import Span

WIDTH, HEIGHT, EDGE = 520, 220, 44
FOOT = 26
WEEKS = 26
# Fewer outcomes in a bin of risk say little: the dot is drawn hollow.
FEW = 30


class Bar(NamedTuple):
    """A week: where it stands, its share and the interval around it, and what to say when pointed at."""

    x: float
    y: float
    high: float
    low: float
    label: str
    title: str


class Weeks(NamedTuple):
    """Precision by week. `promised` is the height of what the card promised."""

    bars: list[Bar]
    promised: float | None
    ticks: list[tuple[float, str]]


class Dot(NamedTuple):
    """What was said and what happened in a bin of risk."""

    x: float
    y: float
    radius: float
    few: bool
    title: str


class Calibration(NamedTuple):
    """Dots beside the diagonal on which what is said happens."""

    dots: list[Dot]
    ticks: list[tuple[float, float, str]]


def by_week(weeks: Sequence[Span], promised: float | None) -> Weeks | None:
    """The share of accounts over the line that complained, week by week; None without any."""
    shown = [each for each in weeks[-WEEKS:] if each.right is not None]
    if not shown:
        return None
    step = (WIDTH - 2 * EDGE) / len(shown)
    bars = []
    for place, each in enumerate(shown):
        assert each.right is not None
        assert each.low is not None
        assert each.high is not None
        monday = week_of(each)
        told = f"week of {monday:%d %b}: {each.right:.0%} right, {each.over / each.days:.0f} over the line a day"
        label = f"{monday:%d %b}" if place % (1 + len(shown) // 7) == 0 else ""
        bars.append(
            Bar(round(EDGE + (place + 0.5) * step, 1), _y(each.right), _y(each.high), _y(each.low), label, told)
        )
    ticks = [(_y(share), f"{share:.0%}".replace("%", " %")) for share in (0.0, 0.25, 0.5, 0.75, 1.0)]
    return Weeks(bars, None if promised is None else _y(promised), ticks)


def calibration(bins: Sequence[Sequence[float]]) -> Calibration | None:
    """A dot for each bin of [scores, sum of risks, complained]; None without any."""
    most = max((count for count, _, _ in bins), default=0)
    dots = []
    for count, risks, hits in bins:
        if count:
            said, happened = risks / count, hits / count
            told = f"{count:,.0f} scores said {said:.0%}, {happened:.0%} complained"
            radius = round(3 + 6 * (count / most) ** 0.5, 1)
            dots.append(Dot(_x(said), _y(happened), radius, count < FEW, told))
    ticks = [(_x(share), _y(share), f"{share:.0%}".replace("%", " %")) for share in (0.0, 0.25, 0.5, 0.75, 1.0)]
    return Calibration(dots, ticks) if dots else None


def _x(share: float) -> float:
    return round(EDGE + share * (WIDTH - 2 * EDGE), 1)


def _y(share: float) -> float:
    return round(HEIGHT - FOOT - share * (HEIGHT - FOOT - 12), 1)
