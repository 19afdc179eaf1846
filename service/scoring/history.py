"""Read what is known of some accounts from the database, as frames.

The driver's own rows of narrow selects, a batch of accounts at a time. CPU seconds for 6.3 million rows in SQLite: this
way 11, as rows of SQLAlchemy 21. ADBC would be faster, at the price of a driver a database.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import narwhals as nw
import polars as pl

from service.kit.database import Session
from service.scoring import queries
from service.scoring.past import Frame, History
from service.scoring.windows import PAST_TO

# Accounts read at once: bounds memory at some hundred thousand observations and a few million pairs with snapshots.
BATCH = 250
# Observations read at once where accounts have many: each takes some 400 bytes until it has become a feature.
MOST_ROWS = 200_000
TEXT_FORMAT = "%Y-%m-%d %H:%M:%S%.6f"
OBSERVATIONS = {"account": pl.Int64, "metric": pl.Int64, "at": None, "value": pl.Float64, "item": pl.String}
COMPLAINTS = {"account": pl.Int64, "at": None}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def batches(accounts: Sequence[int], size: int = BATCH) -> Iterator[Sequence[int]]:
    """Cut a list of accounts into pieces."""
    return (accounts[start : start + size] for start in range(0, len(accounts), size))


def portions(session: Session, accounts: Sequence[int], *, until: datetime) -> list[list[int]]:
    """Cut a list of accounts where features at `until` need more than `MOST_ROWS` observations of them.

    An account that has more than that by itself is alone.
    """
    counts = queries.observation_counts(session, accounts, _since(until), until)
    found: list[list[int]] = []
    rows = 0
    for account in accounts:
        rows += counts.get(account, 0)
        if not found or rows > MOST_ROWS:
            found.append([])
            rows = counts.get(account, 0)
        found[-1].append(account)
    return found


def _since(until: datetime) -> datetime:
    return until - timedelta(days=PAST_TO)


def read(session: Session, accounts: Sequence[int], *, until: datetime, whole: bool = False) -> History:
    """Read what features at `until` need, or with `whole` everything before it."""
    after = None if whole else _since(until)
    observations = _frame(queries.observation_rows(session, accounts, after=after, until=until), OBSERVATIONS)
    complaints = _frame(queries.complaint_rows(session, accounts, until=until), COMPLAINTS)
    return History(nw.from_native(observations), nw.from_native(complaints), starts(session, accounts))


def read_ahead(session: Session, batches: Sequence[Sequence[int]], *, until: datetime) -> Iterator[History]:
    """The whole history of batch after batch, each read while the one before is worked on.

    Nothing else may use the session meanwhile.
    """
    with ThreadPoolExecutor(max_workers=1) as reader:
        coming = reader.submit(read, session, batches[0], until=until, whole=True)
        for following in batches[1:]:
            past, coming = coming.result(), reader.submit(read, session, following, until=until, whole=True)
            yield past
        yield coming.result()


def read_complaints(session: Session, *, until: datetime) -> Frame:
    """The complaints (account, at) of all accounts up to a moment."""
    return nw.from_native(_frame(queries.complaint_rows(session, None, until=until), COMPLAINTS))


def micros(moment: datetime) -> int:
    """Microseconds since 1970."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def moment(at: int) -> datetime:
    """The moment of so many microseconds since 1970."""
    return EPOCH + timedelta(microseconds=at)


def snapshots_at(accounts: Sequence[int], as_of: datetime) -> Frame:
    """One snapshot of each account at the same moment."""
    rows = pl.DataFrame({"account": accounts}, schema={"account": pl.Int64})
    return nw.from_native(rows.with_columns(as_of=pl.lit(micros(as_of), pl.Int64)))


def starts(session: Session, accounts: Sequence[int]) -> Frame:
    """Account and `started`: the agreed start or the first observation, whichever is earlier."""
    rows = [(account, _midnight(agreed), first) for account, agreed, first in queries.account_rows(session, accounts)]
    schema = {"account": pl.Int64, "agreed": pl.Int64, "at": None}
    return nw.from_native(_frame(rows, schema).select("account", started=pl.min_horizontal("agreed", "at")))


def _midnight(day: date | None) -> int | None:
    return None if day is None else micros(datetime.combine(day, time(), UTC))


def _frame(rows: Sequence[Any], schema: dict[str, Any]) -> pl.DataFrame:
    """Rows as a frame with `at` in microseconds, whichever way the database tells it."""
    kind = next((type(row[list(schema).index("at")]) for row in rows if row[list(schema).index("at")] is not None), int)
    frame = pl.DataFrame(
        rows, schema=schema | {"at": pl.String if kind is str else pl.Int64}, orient="row", infer_schema_length=None
    )
    if kind is str:
        return frame.with_columns(pl.col("at").str.to_datetime(TEXT_FORMAT, time_unit="us").dt.epoch("us"))
    return frame


def newest(session: Session, accounts: Sequence[int], *, until: datetime) -> dict[int, datetime]:
    """The moment of the newest observation of each account that has one."""
    found = queries.newest_observations(session, accounts, until=until)
    return {account: at for account, at in found if at is not None}
