"""What the alerts would have come to on the test weeks: over the line, and when a team works so many a day.

A day's budget can be spent by different rankings; each week its best accounts, as many as the budget pays for:

- risk: the probability of a complaint, which finds those who complain anyway.
- rise: the probability of more complaints than are usual for the account.
- priority: rise times the account's value, by which alerts open where there is not room for all.
- over_the_line: as the worker opens alerts: only accounts over the line (quiet ones: over theirs), by priority.
- over_one_line: the same with one line for all that raises as many alerts, to show what the second line is worth.
- the baselines, by their scores.

What came of them is told as shares of sums over accounts, so that an interval is the same sums over resampled accounts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from service.scoring import lines, unusual
from service.scoring.features import COMPLAINTS
from service.scoring.lines import Choice
from training import alert_line, evaluation, head_start, questions
from training.backtest import Backtest, Material
from training.bootstrap import Share
from training.dataset import Dataset
from training.head_start import Reach
from training.rolling import Rolled

Numbers = NDArray[np.float64]
Labels = NDArray[np.bool_]


@dataclass(frozen=True)
class Team:
    """How the team works: how its line is chosen, how many alerts a day it can work, how long an account rests."""

    choice: Choice
    alerts_per_day: float
    cool_down_hours: int


@dataclass(frozen=True)
class Worked:
    """What became of some alerts.

    `shares`: right (a complaint followed), unusual (more complaints than usual followed), caught (of the account-weeks
    with a complaint), rises_caught, value_caught (of the value of those accounts), told_first (of all complaints, four
    working hours before), told_first_new (of the new ones).
    """

    alerts_per_day: float
    shares: Mapping[str, Share]
    told_first: dict[str, dict[str, float | int | None]]

    def as_dict(self) -> dict[str, object]:
        """For `--json`."""
        values = {name: share.value for name, share in self.shares.items() if not name.startswith("told_first")}
        return {"alerts_per_day": self.alerts_per_day, **values, "told_first": self.told_first}


@dataclass(frozen=True)
class Alerting:
    """`line` is the one that training would have set (the last one, where trainings followed one another)."""

    team: Team
    line: float
    at_line: Worked
    at_budget: dict[str, Worked]

    def all(self) -> dict[str, Worked]:
        return {"at_line": self.at_line} | self.at_budget

    def as_dict(self) -> dict[str, object]:
        """For `--json`."""
        return {
            "line": self.line,
            "chosen": {"kind": str(self.team.choice.kind), "value": self.team.choice.value},
            "alerts_per_day": self.team.alerts_per_day,
            "at_line": self.at_line.as_dict(),
            "at_budget": {name: each.as_dict() for name, each in self.at_budget.items()},
        }


def of_one(material: Material, tested: Backtest, team: Team) -> Alerting:
    """The alerts of one training."""
    line = _line(material, tested, team)
    return _alerting(material, tested, _flags(line, tested.test, tested.risk), line.line, team)


def of_rolled(material: Material, rolled: Rolled, team: Team) -> Alerting:
    """The alerts of trainings that follow one another, each with the line of its own validation weeks."""
    over = {name: np.zeros(len(material.data.label), dtype=bool) for name in ("both_lines", "one_line")}
    line = 0.0
    for window, tested in rolled.origins:
        drawn = _line(replace(material, window=window), tested, team)
        line, rows = drawn.line, window.test(material.data)
        for name, flagged in _flags(drawn, tested.test, tested.risk).items():
            over[name][rows] = flagged
    rows = material.window.test(material.data)
    return _alerting(material, rolled.pooled, {name: flagged[rows] for name, flagged in over.items()}, line, team)


@dataclass(frozen=True)
class _Drawn:
    """The line and that of quiet accounts, as training sets them; `alone`: one line for all, with as many alerts."""

    line: float
    quiet_line: float
    alone: float


def _line(material: Material, tested: Backtest, team: Team) -> _Drawn:
    part = material.data.rows(material.window.validation(material.data))
    risk = tested.chosen_by.risk(part.pick(tested.recipe.columns))
    curve = alert_line.curve(part, risk, material.profiles, team.cool_down_hours)
    line = lines.choose(team.choice, curve)
    quiet_line = lines.offer(curve, line).quiet_line or line
    alerts = int(alert_line.over(risk, alert_line.quiet_rows(part), line, quiet_line).sum())
    return _Drawn(line, quiet_line, float(np.sort(risk)[::-1][max(alerts, 1) - 1]))


def _flags(drawn: _Drawn, test: Dataset, risk: Numbers) -> dict[str, Labels]:
    quiet = alert_line.quiet_rows(test)
    return {
        "both_lines": alert_line.over(risk, quiet, drawn.line, drawn.quiet_line),
        "one_line": risk >= drawn.alone,
    }


def _alerting(material: Material, tested: Backtest, over: Mapping[str, Labels], line: float, team: Team) -> Alerting:
    test, risk = tested.test, tested.risk
    value = material.profiles.values(test.account)
    ranked = tested.rise * value
    judge = _Judge(test, value, head_start.reach(test, material.profiles), team)
    scores = {"risk": risk, "rise": tested.rise}
    if material.profiles.has_values:
        scores["priority"] = ranked
    flags = {name: judge.top(score) for name, score in scores.items()}
    for name, source in {"over_the_line": "both_lines", "over_one_line": "one_line"}.items():
        flags[name] = judge.top(np.where(over[source], ranked, -1.0)) & over[source]
    flags |= {name: judge.top(told.score) for name, told in tested.rivals.items()}
    return Alerting(
        team, line, judge.of(over["both_lines"]), {name: judge.of(flagged) for name, flagged in flags.items()}
    )


class _Judge:
    """Counts what became of flagged rows; rows of weight 0 cost an alert and are neither right nor wrong."""

    def __init__(self, test: Dataset, value: Numbers, complaints: Reach, team: Team) -> None:
        self.test, self.complaints = test, complaints
        self.accounts, self.code = np.unique(test.account, return_inverse=True)
        self.rows_a_day = alert_line.alerts_to_rows(test, team.cool_down_hours)
        self.weekly = max(1, round(team.alerts_per_day * self.rows_a_day / len(np.unique(test.as_of))))
        usual = test.horizon_days * test.stat(COMPLAINTS, "rate")
        came = test.weight * test.label
        more = test.weight * (questions.counts(test) >= unusual.needed(usual))
        self.came, self.more, self.valued = came, more, came * value
        self.complained = np.searchsorted(self.accounts, complaints.account)

    def top(self, score: Numbers) -> Labels:
        return evaluation.top(score, self.test.as_of, lambda _rows: self.weekly)

    def of(self, flagged: Labels) -> Worked:
        over = flagged.astype(np.float64)
        hours, days = self.complaints.starts(flagged)
        told = head_start.in_time(hours, days, "4_working_hours").astype(np.float64)
        new = self.complaints.new.astype(np.float64)
        shares = {
            "right": self._share(over * self.came, over * self.test.weight),
            "unusual": self._share(over * self.more, over * self.test.weight),
            "caught": self._share(over * self.came, self.came),
            "rises_caught": self._share(over * self.more, self.more),
            "value_caught": self._share(over * self.valued, self.valued),
            "told_first": self._share_of_complaints(told, np.ones(len(told))),
            "told_first_new": self._share_of_complaints(told * new, new),
        }
        return Worked(float(flagged.sum() / self.rows_a_day), shares, head_start.potential(self.complaints, flagged))

    def _share(self, part: Numbers, whole: Numbers) -> Share:
        return Share.by_account(self.code, len(self.accounts), part, whole)

    def _share_of_complaints(self, part: Numbers, whole: Numbers) -> Share:
        return Share.by_account(self.complained, len(self.accounts), part, whole)
