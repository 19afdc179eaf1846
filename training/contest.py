"""Two models on the same weeks, which neither has seen.

A model that speaks was fitted on everything up to its day, so an honest contest needs weeks after that. The older one
is judged as it was shipped. The newer one is too where enough weeks have passed since; until then its place is taken by
what the same training makes of the weeks that were known before the contest begins.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from models import TrainedModel
from service.kit.database import Session
from service.kit.settings import Settings
from service.scoring import active, features, history, queries
from service.scoring.past import DAY
from service.scoring.trained import TrainedScorer
from service.watching import comparison
from service.watching.comparison import Paired
from training import backtest, dataset, outcomes
from training.backtest import Progress
from training.refusals import TrainingRefused
from training.window import Asked

# Fewer weeks tell too little.
LEAST_WEEKS = 2
# Account and moment of a snapshot -> the risk.
Risks = Mapping[tuple[int, int], float]
_Found = dict[tuple[int, int], float]


@dataclass(frozen=True)
class Contest:
    """`evidence` is that of `service.watching.comparison`; positive gains speak for the newer model.

    `stand_in`: the newer one was trained anew on what was known before `first`; else it is judged as shipped.
    """

    older: str
    newer: str
    first: datetime
    last: datetime
    stand_in: bool
    evidence: dict[str, Any]


def hold(
    session: Session,
    settings: Settings,
    models: tuple[TrainedModel, TrainedModel],
    *,
    now: datetime,
    progress: Progress,
) -> Contest:
    """Let two models judge the weeks that neither has seen.

    Raises:
        TrainingRefused: there are too few such weeks yet, a model cannot be read, or too little was known before.
    """
    older, newer = sorted(models, key=_fitted_through)
    horizon = timedelta(days=settings.horizon_days)
    weeks, stand_in = _weeks(session, older, newer, horizon, now=now)
    told = _shipped(session, settings, older, weeks)
    if stand_in:
        asked = Asked(test_from=weeks[0].date(), test_to=weeks[-1].date())
        material = backtest.collect(session, asked, settings.horizon_days, now=now, progress=progress)
        tested = backtest.run(material, seed=0, progress=progress)
        rivals = _risks(tested.test.account, tested.test.as_of, tested.score)
    else:
        rivals = _shipped(session, settings, newer, weeks)
    paired = _paired(session, told, rivals, settings.horizon_days, until=weeks[-1] + horizon)
    evidence = comparison.compare(paired, line=older.alert_line)
    return Contest(older.version, newer.version, weeks[0], weeks[-1], stand_in, evidence)


def _weeks(
    session: Session, older: TrainedModel, newer: TrainedModel, horizon: timedelta, *, now: datetime
) -> tuple[list[datetime], bool]:
    """The Mondays with known outcomes that neither has seen, or else the older one has not; and whether it is so."""
    known = dataset.data_range(session, horizon.days, now=now)
    unseen = [
        dataset.mondays(_fitted_through(model) + horizon, known.labels_through - horizon) for model in (newer, older)
    ]
    for weeks, stand_in in zip(unseen, (False, True), strict=True):
        if len(weeks) >= LEAST_WEEKS:
            return weeks, stand_in
    ready = _fitted_through(older) + 2 * horizon + timedelta(weeks=LEAST_WEEKS)
    raise TrainingRefused(
        f"there are no {LEAST_WEEKS} weeks with known outcomes that {older.version} has not seen; "
        f"there will be from about {ready:%Y-%m-%d} on."
    )


def _fitted_through(model: TrainedModel) -> datetime:
    return datetime.fromisoformat(model.card["window"]["fitted_through"]).replace(tzinfo=UTC)


def _shipped(session: Session, settings: Settings, model: TrainedModel, weeks: list[datetime]) -> _Found:
    """What a model, as it is on disk, says of each week's active accounts."""
    scorer: TrainedScorer | None = active.as_trained(session, settings, model)
    if scorer is None:
        raise TrainingRefused(f"The files of {model.version} are refused: the log says why.")
    found: _Found = {}
    for batch in history.batches(list(queries.account_names(session))):
        past = history.read(session, batch, until=weeks[-1], whole=True)
        snapshots = dataset.active_snapshots(past, weeks)
        if len(snapshots):
            built = features.build(past, snapshots, scorer.definitions, scorer.prior, scorer.items)
            account, as_of = (snapshots[name].to_numpy() for name in ("account", "as_of"))
            found |= _risks(account, as_of, scorer.judge(built).risk)
    return found


def _risks(account: NDArray[np.int64], as_of: NDArray[np.int64], risk: NDArray[np.float64]) -> _Found:
    return dict(zip(zip(account.tolist(), as_of.tolist(), strict=True), risk.tolist(), strict=True))


def _paired(session: Session, older: Risks, newer: Risks, horizon_days: int, *, until: datetime) -> Paired:
    both = sorted(older.keys() & newer.keys())
    account, as_of = np.array(both, np.int64).reshape(-1, 2).T
    known: pl.DataFrame = history.read_complaints(session, until=until).to_native()
    return Paired(
        account=account,
        day=as_of // DAY,
        risk=np.array([newer[each] for each in both]),
        beside=np.array([older[each] for each in both]),
        hit=outcomes.follows(account, as_of, known.rename({"account": "owner"}), horizon_days),
    )
