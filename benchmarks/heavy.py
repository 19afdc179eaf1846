"""What scoring needs where accounts send much.

python -m benchmarks.heavy [--accounts 500] [--observations 2000] [--database postgresql://… (an empty one)]
"""

import argparse
import multiprocessing
import resource
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from models import Account, Better, Combine, Metric, Observation
from service.kit import schema
from service.kit.database import Database
from service.kit.settings import Settings
from service.kit.sql import batches
from service.scoring import actions, scoring_round
from service.scoring.windows import PAST_TO

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
METRICS = ("late_share", "damaged_share", "short_share")
ROWS_AT_ONCE = 50_000


def main() -> None:
    asked = arguments()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(_env_file=None, data_dir=Path(folder), database_url=asked.database)
        fill(settings, asked.accounts, asked.observations)
        # What filling took is not to count: a fresh process scores.
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as other:
            warm, peak, seconds = other.submit(score, settings).result()
    print(f"{asked.accounts} accounts, {asked.observations} observations each in {PAST_TO} days: ", end="")
    print(f"scored in {seconds:.1f} s, {warm} MB before, {peak} MB at the most")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=500)
    parser.add_argument("--observations", type=int, default=2_000)
    parser.add_argument("--database", default="")
    return parser.parse_args()


def fill(settings: Settings, accounts: int, observations: int) -> None:
    """Make accounts whose observations, each about an item, lie as far back as features look."""
    with closing(Database(settings.database)) as db:
        schema.upgrade(db)
        with db.begin() as session:
            at = {"created_at": NOW, "updated_at": NOW}
            facts = {"better": Better.LOWER, "combine": Combine.MEAN, "target": 0.05, **at}
            session.add_all(Metric(external_id=key, label=key, **facts) for key in METRICS)
            named = [f"account-{n}" for n in range(accounts)]
            session.add_all(Account(external_id=name, name=name, data_version=1, **at) for name in named)
            session.flush()
            step = timedelta(days=PAST_TO) / observations
            rows = (
                {
                    "account_id": 1 + account,
                    "metric_id": 1 + n % len(METRICS),
                    "observed_at": NOW - step * n,
                    "item_id": f"order-{account}-{n}",
                    "value": 0.02 + 0.01 * (n % 7),
                }
                for account in range(accounts)
                for n in range(observations)
            )
            for some in batches(rows, ROWS_AT_ONCE):
                session.connection().execute(Observation.__table__.insert(), some)  # type: ignore[attr-defined]


def score(settings: Settings) -> tuple[int, int, float]:
    """Score all accounts; return megabytes before and at the most, and seconds."""
    with closing(Database(settings.database)) as db:
        with db.read() as session:
            scoring_round.judge(scoring_round.read(session, settings, [1], now=NOW), now=NOW)
        warm, began = _most(), time.monotonic()
        actions.score_due(db, settings, now=NOW)
        return warm, _most(), time.monotonic() - began


def _most() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    main()
