"""How far outcomes have moved the level of what each model says, since it was trained."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np

from models import STARTER, ModelShift
from service.scoring import recalibration
from service.watching import lived
from service.watching.lived import Outcomes

# Model, whether it is in the shadow, day, account, risk.
Said = tuple[str, bool, date, int, float]


def shifts(
    said: Sequence[Said],
    outcomes: Outcomes,
    stood: Sequence[ModelShift],
    helped: Mapping[str, float],
    *,
    today: date,
) -> list[dict[str, Any]]:
    """A row of `ModelShift` for each model that has spoken lately, to somebody or in the shadow.

    `stood` are the shifts until now, the newest of each model first; `helped` is what acting multiplies complaints by,
    as each model's training saw it.
    """
    known = {day for day in {row[2] for row in said} if outcomes.known(day)}
    rows: dict[str, list[Said]] = {}
    for row in said:
        if row[0] != STARTER and row[2] in known:
            rows.setdefault(row[0], []).append(row)
    # One that has not spoken for long goes back to how it was trained.
    newest = {each.model: each.shift for each in reversed(stood)}
    models = sorted(rows.keys() | {model for model, by in newest.items() if by})
    return [
        {
            "model": model,
            "day": today,
            "shift": _shift(
                rows.get(model, []),
                outcomes,
                [each for each in stood if each.model == model],
                helped.get(model, 1.0),
                today,
            ),
        }
        for model in models
    ]


def _shift(rows: Sequence[Said], outcomes: Outcomes, stood: Sequence[ModelShift], helped: float, today: date) -> float:
    if not rows:
        return 0.0
    days = [row[2] for row in rows]
    account = np.array([row[3] for row in rows], dtype=np.int64)
    risk = np.clip([row[4] for row in rows], 1e-6, 1 - 1e-6)
    before = {day: next((each.shift for each in stood if each.day <= day), 0.0) for day in set(days)}
    ages = {day: (today - lived.matures(day, outcomes.horizon_days)).days for day in set(days)}
    weight = recalibration.weights(
        np.array([ages[day] for day in days]), every_days=1, horizon_days=outcomes.horizon_days
    )
    return recalibration.shift(
        np.log(risk / (1 - risk)) - np.array([before[day] for day in days]),
        outcomes.followed(account, days),
        weight,
        1 - (1 - helped) * outcomes.share_acted(account, days),
    )
