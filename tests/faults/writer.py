"""One process of many that change the same row: `python -m tests.faults.writer URL ACCOUNT TIMES` prints its waits."""

import json
import sys
import time

from sqlalchemy import select

from models import Account
from service.kit.database import Database


def main(url: str, account_id: int, times: int) -> list[float]:
    """Read a number and write the next one, so often; tell how long each took."""
    db, waits = Database(url), []
    for _ in range(times):
        began = time.monotonic()
        with db.begin() as session:
            row = session.scalars(select(Account).where(Account.id == account_id).with_for_update()).one()
            row.value = (row.value or 0) + 1
        waits.append(time.monotonic() - began)
    db.close()
    return waits


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))))  # noqa: T201  the answer
