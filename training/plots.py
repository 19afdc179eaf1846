"""Where the marks of a chart go: from numbers to places in an SVG of fixed size, drawn by a template."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 560, 320
LEFT, RIGHT, TOP, BOTTOM = 52, 22, 12, 46

Points = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Line:
    """A named row of points; `look` is its class in the template's style."""

    name: str
    points: Points
    look: str
    dots: bool = False


@dataclass(frozen=True)
class Axis:
    """From 0 to `top`; ticks as (number, words)."""

    title: str
    top: float
    ticks: Sequence[tuple[float, str]]


@dataclass(frozen=True)
class Plot:
    """A chart with one or more lines. `mark` is a place on the x axis worth a vertical line, with its words."""

    about: str
    across: Axis
    up: Axis
    lines: Sequence[Line]
    mark: tuple[float, str] | None = None
    width: int = WIDTH
    height: int = HEIGHT

    @property
    def left(self) -> int:
        return LEFT

    @property
    def right(self) -> int:
        return self.width - RIGHT

    @property
    def top(self) -> int:
        return TOP

    @property
    def bottom(self) -> int:
        return self.height - BOTTOM

    def x(self, value: float) -> float:
        """The place of a number across; beyond the axis it stays at its end."""
        return round(LEFT + (self.right - LEFT) * min(max(value / self.across.top, 0.0), 1.0), 1)

    def y(self, value: float) -> float:
        """The place of a number up; beyond the axis it stays at its end."""
        return round(self.bottom - (self.bottom - TOP) * min(max(value / self.up.top, 0.0), 1.0), 1)

    def places(self, line: Line) -> list[tuple[float, float]]:
        return [(self.x(across), self.y(up)) for across, up in line.points]


def shares(title: str, top: float = 1.0) -> Axis:
    """An axis in percent, up to what the numbers need."""
    step = next(step for step in (0.01, 0.02, 0.05, 0.1, 0.2) if top / step <= 5 or step == 0.2)
    end = min(1.0, math.ceil(round(top / step, 6)) * step)
    count = round(end / step)
    return Axis(title, end, [(number * step, f"{number * step:.0%}") for number in range(count + 1)])


def amounts(title: str, top: float) -> Axis:
    """An axis of plain numbers from 0, with three to six round ticks."""
    rough = top / 5
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= rough)
    count = math.floor(top / step + 1e-9)
    return Axis(title, top, [(number * step, f"{number * step:,.10g}") for number in range(count + 1)])


def weeks(title: str, days: Sequence[str]) -> Axis:
    """An axis of days, each at its number; as many are named as fit."""
    every = max(1, math.ceil(len(days) / 6))
    named = [(float(number), day) for number, day in enumerate(days) if number % every == 0]
    return Axis(title, max(1.0, len(days) - 1.0), named)
