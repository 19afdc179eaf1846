"""Weekly snapshots of all accounts, their features, and whether a complaint followed."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import narwhals as nw
import numpy as np
import polars as pl
from numpy.typing import NDArray

from service.kit.database import Session
from service.scoring import features, history, queries
from service.scoring.definitions import Definition
from service.scoring.features import Column
from service.scoring.items import ItemModel
from service.scoring.past import DAY, RATE_DAYS, Frame, History, Prior
from training import outcomes
from training.following import Follower
from training.refusals import TrainingRefused

ACTIVE_DAYS = 90
WARM_UP_DAYS = 28
# Of the rows, how many may be dated after tomorrow: one slip of a pen must not stop everything.
MOST_AHEAD = 0.01
# Of known outcomes, besides three horizons: the warm-up, and weeks to learn from, to choose by and to test on.
LEAST_SPAN = timedelta(weeks=16)
# Above it snapshots are thinned, whole accounts at a time: 300,000 rows of 250 features are 300 MB.
MAX_SNAPSHOTS = 300_000

Micros = NDArray[np.int64]


@dataclass(frozen=True)
class Complaints:
    """All complaints in order of account and time: `account` and `at`, in microseconds."""

    account: Micros
    at: Micros


@dataclass(frozen=True)
class Dataset:
    """`values`: float32 (rows, columns), NaN where missing. `label`: whether a complaint came within the horizon.

    `weight`: how much a row counts where a model is fitted, chosen or calibrated; 1 unless something is known of it.
    `items`: the model that serves where items are followed; each row's own `items` columns come from one that did not
    know its label.
    """

    account: Micros
    as_of: Micros
    values: NDArray[np.float32]
    label: NDArray[np.bool_]
    weight: NDArray[np.float64]
    columns: tuple[Column, ...]
    definitions: tuple[Definition, ...]
    prior: Prior
    complaints: Complaints
    horizon_days: int
    thinned_share: float = 1.0
    items: ItemModel | None = None

    def rows(self, kept: NDArray[np.bool_]) -> "Dataset":
        """Only some rows."""
        return replace(
            self,
            account=self.account[kept],
            as_of=self.as_of[kept],
            values=self.values[kept],
            label=self.label[kept],
            weight=self.weight[kept],
        )

    def stat(self, group: str, stat: str) -> NDArray[np.float64]:
        """One column, by group and name."""
        return features.Features(self.columns, self.values).stat(group, stat)

    def pick(self, columns: Sequence[Column]) -> NDArray[np.float32]:
        """The values of some columns, in their order."""
        place = {column.name: index for index, column in enumerate(self.columns)}
        return self.values[:, [place[column.name] for column in columns]]

    @property
    def horizon(self) -> int:
        """How far labels look ahead, in microseconds."""
        return self.horizon_days * DAY

    @property
    def exposures(self) -> list[Definition]:
        """The metrics that measure an account's volume."""
        return [definition for definition in self.definitions if definition.exposure]


@dataclass(frozen=True)
class Range:
    """From where to where there are data: first observation, and the moment up to which labels are known."""

    first: datetime
    labels_through: datetime
    note: str = ""


def data_range(session: Session, horizon_days: int, *, now: datetime) -> Range:
    """Find what there is to learn from.

    Labels are known up to the last observation or complaint. Where complaints stop long before the observations do, or
    begin long after, they have not been imported: those weeks would teach that nobody complains, so they are left out.

    Raises:
        TrainingRefused: no observations or no complaints, or moments that cannot be true.
    """
    first, last = queries.span(session)
    if first is None or last is None:
        raise TrainingRefused("There are no observations yet: send them, or run `headsup import observations FILE`.")
    begun, stopped, silence = queries.complaint_span(session, until=now)
    if begun is None or stopped is None:
        raise TrainingRefused("There are no complaints to learn from: run `headsup import complaints FILE`.")
    ahead, notes = _ahead(session, now=now), []
    through, long = min(max(last, stopped), now), max(timedelta(days=2 * horizon_days), 10 * silence)
    if begun - first > long:
        notes.append(f"complaints begin on {begun:%Y-%m-%d}, observations on {first:%Y-%m-%d}: earlier weeks left out")
        first = begun
    if through - stopped > long:
        notes.append(
            f"complaints stop on {stopped:%Y-%m-%d}, observations go on to {through:%Y-%m-%d}: later weeks left out"
        )
        through = stopped
    if notes and through - first < LEAST_SPAN + timedelta(days=3 * horizon_days):
        raise TrainingRefused(
            f"Too few weeks have known outcomes: {'; '.join(notes)}. Import the complaints of those weeks with "
            "`headsup import complaints FILE`, or wait; the starter score goes on."
        )
    return Range(first, through, "; ".join(ahead + notes))


def _ahead(session: Session, *, now: datetime) -> list[str]:
    """Leave out and mention what is dated after tomorrow.

    Raises:
        TrainingRefused: it is too much to be a slip of the pen.
    """
    ahead, of = queries.dated_after(session, now + timedelta(days=1))
    if ahead > MOST_AHEAD * of:
        raise TrainingRefused(
            f"{ahead:,} of {of:,} observations and complaints are dated after tomorrow, which nobody can know yet: the "
            "others may be wrong in the same way (day and month swapped, planned dates?). Import them again with the "
            "moment at which each was known."
        )
    return [f"rows dated after tomorrow left out: {ahead:,}"] if ahead else []


def mondays(start: datetime, end: datetime) -> list[datetime]:
    """All Mondays 00:00 UTC from `start` to `end`, both included."""
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
    if midnight < start:
        midnight += timedelta(days=1)
    monday = midnight + timedelta(days=-midnight.weekday() % 7)
    return [monday + timedelta(weeks=week) for week in range(max(0, (end - monday) // timedelta(weeks=1) + 1))]


def build(
    session: Session,
    weeks: Sequence[datetime],
    horizon_days: int,
    *,
    edges: Sequence[datetime],
    seed: int = 0,
    progress: Callable[[int, int], None],
) -> Dataset:
    """Read everything and compute features and labels, a batch of accounts at a time.

    `edges`: when the validation and the test begin. The prior of the complaint rates is fitted up to the first, and
    the items of later weeks are judged by what was known at the edge before. `progress` hears of the accounts done.
    """
    definitions = tuple(queries.definitions(session))
    names = list(queries.account_names(session))
    until = weeks[-1] + timedelta(days=horizon_days)
    known = history.read_complaints(session, until=until).to_native().sort("account", "at")
    prior = _prior(session, names, known, edges[0])
    thinned_by = 1 + len(names) * len(weeks) // MAX_SNAPSHOTS
    batches = list(history.batches(names[::thinned_by]))
    carrying = queries.metrics_with_items(session)
    follower = Follower([each for each in definitions if each.id in carrying], horizon_days, len(batches))
    read = _pasts(session, batches, until, progress)
    account, as_of, values = _computed(read, weeks, definitions, prior, follower)
    followed = follower.learn([history.micros(edge) for edge in edges], seed)
    return Dataset(
        account=account,
        as_of=as_of,
        values=np.hstack([values, followed.values]) if followed else values,
        label=outcomes.follows(account, as_of, known.rename({"account": "owner"}), horizon_days),
        weight=np.ones(len(account)),
        columns=features.columns(definitions, with_items=followed is not None),
        definitions=definitions,
        prior=prior,
        complaints=Complaints(known["account"].to_numpy(), known["at"].to_numpy()),
        horizon_days=horizon_days,
        thinned_share=1 / thinned_by,
        items=followed.model if followed else None,
    )


def _computed(
    read: Iterable[History],
    weeks: Sequence[datetime],
    definitions: Sequence[Definition],
    prior: Prior,
    follower: Follower,
) -> tuple[Micros, Micros, NDArray[np.float32]]:
    """Account, moment and features of every snapshot; the follower sees each batch while it is at hand."""
    parts = []
    for past in read:
        follower.add(past, snapshots := active_snapshots(past, weeks))
        parts.append((snapshots, features.build(past, snapshots, definitions, prior).values))
    account, as_of = (np.concatenate([rows[name].to_numpy() for rows, _ in parts]) for name in ("account", "as_of"))
    return account, as_of, np.concatenate([values for _, values in parts])


def _pasts(
    session: Session, batches: Sequence[Sequence[int]], until: datetime, progress: Callable[[int, int], None]
) -> Iterator[History]:
    """Read batch after batch; each one counts as done when the next is asked for."""
    done, accounts = 0, sum(len(batch) for batch in batches)
    for batch, past in zip(batches, history.read_ahead(session, batches, until=until), strict=True):
        yield past
        done += len(batch)
        progress(done, accounts)


def active_snapshots(past: History, weeks: Sequence[datetime]) -> Frame:
    """The snapshots (account, as_of) of accounts that have an observation in the 90 days before."""
    grid = pl.DataFrame({"as_of": [history.micros(week) for week in weeks]}, schema={"as_of": pl.Int64})
    accounts = past.accounts.to_native().select("account")
    seen = past.observations.to_native().select("account", "at").sort("at")
    rows = accounts.join(grid, how="cross").sort("as_of")
    rows = rows.join_asof(seen, left_on="as_of", right_on="at", by="account", check_sortedness=False)
    active = rows.filter(pl.col("at") > pl.col("as_of") - ACTIVE_DAYS * DAY)
    snapshots: Frame = nw.from_native(active.select("account", "as_of").sort("account", "as_of"))
    return snapshots


def _prior(session: Session, accounts: Sequence[int], complaints: pl.DataFrame, until: datetime) -> Prior:
    """Fit the portfolio's complaint rates on the last 180 days before `until`."""
    end = history.micros(until)
    starts = pl.concat([history.starts(session, batch).to_native() for batch in history.batches(accounts, 5_000)])
    days = ((end - starts["started"]) / DAY).clip(0, RATE_DAYS).fill_null(0.0)
    recent = complaints.filter(pl.col("at").is_between(end - RATE_DAYS * DAY, end, closed="right"))
    counts = starts.join(recent.group_by("account").len(), on="account", how="left", maintain_order="left")["len"]
    return Prior.fit(counts.fill_null(0).to_numpy().astype(np.float64), days.to_numpy())
