"""The risk of an account as a picture; pure."""

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import resvg_py

from service.updates.render import TEMPLATES

FONTS = [str(path) for path in sorted((Path(__file__).parent / "fonts").glob("*.ttf"))]
# Small, so that the words in it can be read on a phone, where it is shown at about this size.
WIDTH, HEIGHT = 420, 190
LEFT, RIGHT, TOP, BOTTOM = 34, 376, 12, 160
# Dates under the axis lie at most this far apart.
TICK_DAYS = 18
LEAST = timedelta(days=6)


@dataclass(frozen=True)
class Risk:
    """Days with the risk in [0, 1], oldest first, and the alert line."""

    days: list[tuple[date, float]]
    line: float

    def x(self, day: date) -> float:
        first, last = self.days[0][0], self.days[-1][0]
        return round(LEFT + (RIGHT - LEFT) * (day - first).days / max(1, (last - first).days), 1)

    @staticmethod
    def y(risk: float) -> float:
        return round(BOTTOM - (BOTTOM - TOP) * risk, 1)

    def points(self) -> str:
        """The line as SVG points."""
        return " ".join(f"{self.x(day)},{self.y(risk)}" for day, risk in self.days)

    def ticks(self) -> list[tuple[float, str]]:
        """Where dates stand under the axis."""
        first, last = self.days[0][0], self.days[-1][0]
        step = max(1, min(TICK_DAYS, (last - first).days // 3))
        days = [first + timedelta(days=offset) for offset in range(step // 2, (last - first).days + 1, step)]
        return [(self.x(day), f"{day.day} {day:%b}") for day in days]


def can_be_drawn(days: list[tuple[date, float]]) -> bool:
    """Whether there is a week to show; less says nothing that the words do not say."""
    return bool(days) and days[-1][0] - days[0][0] >= LEAST


def draw(risk: Risk) -> bytes:
    """Draw a PNG on white ground, for dark mail programs too, large enough for sharp screens."""
    svg = TEMPLATES.get_template("risk.svg.j2").render(risk=risk, width=WIDTH, height=HEIGHT, left=LEFT, right=RIGHT)
    return resvg_py.svg_to_bytes(
        svg_string=svg,
        zoom=2.8,
        skip_system_fonts=True,
        font_files=FONTS,
        font_family="Inter",
        sans_serif_family="Inter",
    )


def in_words(risk: Risk) -> str:
    """What the picture shows, for those who do not see it."""
    (first, then), (_, now) = risk.days[0], risk.days[-1]
    past = f"{then * 100:.0f} on {first.day} {first:%B}"
    return f"Risk {past}, {now * 100:.0f} now; the alert line is {risk.line * 100:.0f}."
