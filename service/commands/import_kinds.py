"""What can be imported, and how cells of a file become rows of each kind."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from service.accounts import actions as accounts
from service.accounts.schemas import COLUMNS as ACCOUNT_COLUMNS
from service.accounts.schemas import AccountRow
from service.commitments import actions as commitments
from service.commitments.schemas import COLUMNS as COMMITMENT_COLUMNS
from service.commitments.schemas import CommitmentRow
from service.complaints import actions as complaints
from service.complaints import rules as complaints_rules
from service.complaints.schemas import COLUMNS as COMPLAINT_COLUMNS
from service.complaints.schemas import ComplaintIn
from service.kit.database import Session
from service.kit.fields import read_moment
from service.kit.files import Rejected
from service.kit.rows import Columns, Unreadable
from service.metrics import actions as metrics
from service.metrics import rules as metrics_rules
from service.metrics.schemas import METRIC_COLUMNS, OBSERVATION_COLUMNS, MetricRow, ObservationIn

Row = dict[str, Any]
# Gives the names of what was not known before, by kind.
Store = Callable[..., Mapping[str, Sequence[str]]]


def _store_accounts(
    session: Session, rows: Sequence[AccountRow], *, by: str, now: datetime
) -> Mapping[str, Sequence[str]]:
    return {"accounts": accounts.put_accounts(session, rows, by=by, now=now)}


def _store_metrics(
    session: Session, rows: Sequence[MetricRow], *, by: str, now: datetime
) -> Mapping[str, Sequence[str]]:
    return {"metrics": metrics.put_metrics(session, rows, by=by, now=now)}


def _store_observations(
    session: Session, rows: Sequence[ObservationIn], *, by: str, now: datetime
) -> Mapping[str, Sequence[str]]:
    stored = metrics.store_observations(session, rows, by=by, now=now)
    return {"accounts": stored.new_accounts, "metrics": stored.new_metrics}


def _store_complaints(
    session: Session, rows: Sequence[ComplaintIn], *, by: str, now: datetime
) -> Mapping[str, Sequence[str]]:
    return {"accounts": complaints.record_complaints(session, rows, by=by, now=now)}


def _store_commitments(
    session: Session, rows: Sequence[CommitmentRow], *, by: str, now: datetime
) -> Mapping[str, Sequence[str]]:
    return {"accounts": commitments.put_commitments(session, rows, by=by, now=now)}


def _any_time(_row: Any, *, latest: datetime) -> None:  # noqa: ARG001 (the other kinds look at it)
    return None


@dataclass(frozen=True)
class Kind:
    """One thing that can be imported."""

    name: str
    model: type[Any]
    columns: Columns
    store: Store
    rule: Callable[..., tuple[str, str] | None] = _any_time
    moment: str | None = None
    derived: str | None = None


ACCOUNTS = Kind("accounts", AccountRow, ACCOUNT_COLUMNS, _store_accounts)
METRICS = Kind("metrics", MetricRow, METRIC_COLUMNS, _store_metrics)
OBSERVATIONS = Kind(
    "observations",
    ObservationIn,
    OBSERVATION_COLUMNS,
    _store_observations,
    rule=metrics_rules.ahead_of_time,
    moment="observed_at",
)
COMPLAINTS = Kind(
    "complaints",
    ComplaintIn,
    COMPLAINT_COLUMNS,
    _store_complaints,
    rule=complaints_rules.ahead_of_time,
    moment="occurred_at",
    derived="complaint_id",
)
COMMITMENTS = Kind("commitments", CommitmentRow, COMMITMENT_COLUMNS, _store_commitments)


class Reading:
    """Makes rows of the cells of one file.

    Raises:
        ColumnsWrong: the file as a whole has not the columns of its kind.
    """

    def __init__(self, kind: Kind, names: Sequence[str], zone: str | None) -> None:
        self.kind = kind
        self._names = [name for name in names if name not in {Rejected.ROW, Rejected.BECAUSE}]
        self._kept = [index for index, name in enumerate(names) if name in self._names]
        self._whole = len(self._kept) == len(names)
        self._zone = ZoneInfo(zone) if zone else None
        self._seen: Counter[tuple[Any, Any]] = Counter()
        kind.columns.check(self._names, derived=frozenset({kind.derived} if kind.derived else ()))

    def rows(self, batch: Iterable[Sequence[Any]]) -> Iterator[Row | Unreadable]:
        """Make rows; what is missing and can be derived is."""
        for cells in batch:
            kept = cells if self._whole else [cells[index] for index in self._kept if index < len(cells)]
            row = self.kind.columns.row(self._names, kept)
            if isinstance(row, dict):
                self._complete(row)
            yield row

    def _complete(self, row: Row) -> None:
        moment = self.kind.moment
        if self._zone and moment in row:
            row[moment] = in_zone(row[moment], self._zone)
        if self.kind.derived and self.kind.derived not in row:
            row[self.kind.derived] = self._derive_id(row)

    def _derive_id(self, row: Row) -> str:
        """Name a complaint by its account, its moment, and how many of both came before it in the file."""
        account = str(row.get("account_id", "")).strip()
        try:
            moment = read_moment(row.get("occurred_at")).isoformat()
        except ValueError:  # the row is going to be rejected for it
            moment = ""
        self._seen[account, moment] += 1
        text = f"{account}\n{moment}\n{self._seen[account, moment]}"
        return f"derived-{hashlib.sha256(text.encode(errors='replace')).hexdigest()[:32]}"


def in_zone(cell: Any, zone: ZoneInfo) -> Any:
    """A time that names no zone is one of `zone`; anything else stays as it is."""
    moment = cell
    if isinstance(cell, str):
        try:
            moment = datetime.fromisoformat(cell)
        except ValueError:
            return cell
    if isinstance(moment, datetime) and moment.tzinfo is None:
        return moment.replace(tzinfo=zone)
    return cell
