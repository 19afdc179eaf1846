"""Many processes on one database: every change counts, and none waits for long."""

import json
import subprocess
import sys

from models import Account
from tests import make
from tests.faults.conftest import size
from tests.faults.zygote import ROOT

PROCESSES, TIMES = 8, size(25, 1000)
# On a machine that other jobs share; alone on it the waits are a tenth of this.
P99_SECONDS = 5.0


def test_no_change_is_lost_and_none_is_refused(db, settings):
    with db.begin() as session:
        account_id = make.account(session, value=0).id
    command = [sys.executable, "-m", "tests.faults.writer", settings.database, str(account_id), str(TIMES)]
    writers = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) for _ in range(PROCESSES)]
    said = [writer.communicate(timeout=600)[0] for writer in writers]

    assert [writer.returncode for writer in writers] == [0] * PROCESSES
    waits = sorted(wait for answer in said for wait in json.loads(answer))
    with db.read() as session:
        assert session.get(Account, account_id).value == PROCESSES * TIMES
    p99 = waits[int(0.99 * len(waits))]
    print({"changes": len(waits), "p99_seconds": round(p99, 3), "longest_seconds": round(waits[-1], 3)})  # noqa: T201
    assert p99 < P99_SECONDS
