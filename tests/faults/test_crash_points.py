"""Dead at each commit and each step of sending, in turn: the next run completes what was begun, and doubles nothing."""

import json
import shutil
from datetime import timedelta

import pytest
from sqlalchemy import create_engine, text

from service.kit.clock import SystemClock
from service.kit.database import Database
from tests.conftest import ON_POSTGRESQL
from tests.faults.cluster import people_of, wait_pid
from tests.faults.conftest import FULL
from tests.faults.history import History
from tests.faults.world import judge

POINTS = (
    "before-commit",
    "after-commit",
    "news-taken",
    "promise-taken",
    "mail-claimed",
    "mail-connected",
    "mail-accepted",
    "mail-recorded",
)
# Where the relay has the mail and our tables do not know it yet: there SMTP leaves no choice but to send it again.
GAP = "mail-accepted"
MAILS = 3
AFTER_THE_LEASE = timedelta(minutes=10)


class Stage:
    """Copies of one seeded database, and runs of the scenario on them."""

    def __init__(self, folder, running, key):
        self.folder, self.running, self.key = folder, running, key
        self.began = SystemClock().now()
        self.copies = 0

    def copy(self):
        """A folder and a database of their own, as they were when the accounts had been made."""
        self.copies += 1
        folder = self.folder / f"copy-{self.copies}"
        folder.mkdir()
        if not ON_POSTGRESQL:
            shutil.copy(self.folder / "var" / "headsup.db", folder / "headsup.db")
            return folder, ""
        url = self.running.settings.database
        # A database can be copied while nobody is connected to it.
        admin = create_engine(url.replace("/postgres", "/template1"), isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE copy_{self.copies} TEMPLATE postgres"))
        admin.dispose()
        return folder, url.replace("/postgres", f"/copy_{self.copies}")

    def live(self, folder, url, *, crash, later=timedelta()):
        """One run of the scenario, which may die."""
        environment = self.running.environment | {
            "HEADSUP_DATA_DIR": str(folder),
            "HEADSUP_DATABASE_URL": url,
            "HEADSUP_CRASH": crash,
            "SCENARIO_KEY": self.key,
            "SCENARIO_BEGAN": self.began.isoformat(),
            "SCENARIO_AT": (self.began + later).isoformat(),
        }
        wait_pid(self.running.zygote.fork(["scenario"], environment, folder / "log"), within=300)
        return folder / "passes.json"

    def judged(self, url, folder, mailbox):
        db = Database(url or f"sqlite:///{folder}/headsup.db")
        try:
            return judge(db, History(folder / "history.jsonl"), mailbox)
        finally:
            db.close()


@pytest.fixture
def stage(tmp_path, running):
    key = running.install()
    people_of(running.db, 3)
    running.db.close()
    return Stage(tmp_path, running, key)


def hits(passes):
    """The first, the second and the last pass of a point; all of them where time allows."""
    return range(1, passes + 1) if FULL else sorted({1, min(2, passes), passes})


def test_dead_at_every_point_loses_nothing_and_doubles_nothing(stage, mailbox):
    counted = json.loads(stage.live(*stage.copy(), crash="none:0").read_text())
    mailbox.delivered.clear()
    wrong, repeated = {}, {}
    for point in POINTS:
        for at in hits(counted[point]):
            folder, url = stage.copy()
            finished = stage.live(folder, url, crash=f"{point}:{at}").exists()
            stage.live(folder, url, crash="", later=AFTER_THE_LEASE)
            world, findings, repeated[point, at] = stage.judged(url, folder, mailbox)
            if finished or findings or len(world.mails) != MAILS:
                wrong[point, at] = (finished, findings, len(world.mails))
            mailbox.delivered.clear()

    print({"points": len(counted), "deaths": len(repeated), "wire_repeats": sum(repeated.values())})  # noqa: T201
    assert set(counted) == set(POINTS)
    assert wrong == {}
    in_the_gap = {which: count for which, count in repeated.items() if count}
    assert all(count == 1 for count in in_the_gap.values())
    assert {point for point, _ in in_the_gap} <= {GAP, "before-commit"}
    assert (GAP, 1) in in_the_gap
