"""A database with a company in it, by way of the imports' own checks and actions."""

import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from service.commands.import_kinds import ACCOUNTS, COMPLAINTS, METRICS, OBSERVATIONS
from service.kit import schema
from service.kit.database import Database
from service.kit.settings import Settings
from training.simulate import Company

BY = "benchmarks"
ROWS_AT_ONCE = 20_000


@contextmanager
def stored(company: Company, *, now: datetime) -> Iterator[tuple[Database, Settings]]:
    """A database of its own that is gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(_env_file=None, data_dir=Path(folder), log_level="error")
        with closing(Database(settings.database)) as db:
            schema.upgrade(db)
            store(db, company, now=now)
            yield db, settings


def store(db: Database, company: Company, *, now: datetime) -> None:
    """Import all rows; accounts and metrics have the keys 1, 2, 3 and so on in an empty database."""
    rows = {ACCOUNTS: company.accounts, METRICS: company.metrics, COMPLAINTS: company.complaints}
    pieces = [
        (kind, given[start : start + ROWS_AT_ONCE])
        for kind, given in rows.items()
        for start in range(0, len(given), ROWS_AT_ONCE)
    ]
    for kind, piece in chain(pieces, ((OBSERVATIONS, piece) for piece in _observed(company.observations))):
        checked = [kind.model.model_validate(row) for row in piece]
        with db.begin() as session:
            kind.store(session, checked, by=BY, now=now)


def _observed(columns: dict[str, NDArray[Any]]) -> Iterator[list[dict[str, Any]]]:
    names = list(columns)
    for start in range(0, len(columns["value"]), ROWS_AT_ONCE):
        piece = {name: columns[name][start : start + ROWS_AT_ONCE] for name in names}
        moments = [f"{moment}Z" for moment in piece["observed_at"].astype("datetime64[s]")]
        cells = [moments if name == "observed_at" else piece[name].tolist() for name in names]
        yield [dict(zip(names, row, strict=True)) for row in zip(*cells, strict=True)]
