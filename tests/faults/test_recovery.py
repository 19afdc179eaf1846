"""PostgreSQL lost at work comes back to the last confirmed row, by the steps that docs/operations.md gives."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from service import worker
from service.access import erasure
from service.kit.clock import SystemClock
from service.kit.database import Database
from service.updates import holds
from tests import make
from tests.conftest import ON_POSTGRESQL
from tests.faults.clients import Sender, busy, confirmed_before
from tests.faults.cluster import people_of, wait_until
from tests.faults.conftest import size
from tests.faults.world import look


@pytest.fixture
def documented(durable_server):
    """A PostgreSQL whose log is kept, and the steps of the documentation that bring it back."""
    page = (Path(__file__).parents[2] / "docs" / "operations.md").read_text()
    section = page.partition("### Where nothing may be lost")[2].partition("\n## ")[0]
    for there, here in {"/var/lib/postgresql/15/main": "data", "/backups": "backups"}.items():
        section = section.replace(there, str(durable_server.folder / here))
    once, *steps = re.findall(r"```\w+\n(.*?)```", section, re.DOTALL)
    durable_server.stop("fast")
    with (durable_server.folder / "data" / "postgresql.conf").open("a") as file:
        file.write(once)
    durable_server.shell("mkdir -p backups/wal")
    durable_server.start()
    return steps


@pytest.fixture
def senders(running, history):
    """Clients of a service at work."""
    key, accounts = running.install(), people_of(running.db, 10)
    running.start()
    running.wait_ready()
    return [Sender(f"sender-{n}", running.url, key, history, pause=0.01, accounts=accounts) for n in range(4)]


@pytest.mark.skipif(not ON_POSTGRESQL, reason="the embedded database keeps no log")
@pytest.mark.parametrize("disk", size(["stays"], 10 * ["stays"] + 3 * ["is lost"]))
def test_postgresql_comes_back_with_every_confirmed_row_by_the_steps_of_the_documentation(  # noqa: PLR0917
    disk, documented, running, senders, durable_server, history, mailbox
):
    base, put_back, take_over = documented
    with busy(senders):
        switched_at = log_beside(base, durable_server, senders)
        durable_server.stop("immediate")
        at, last_copy = lose(running, durable_server)
        durable_server.shell(put_back if disk == "stays" else without_the_disk(put_back))
        durable_server.start()
        in_shell(take_over, running.environment)
        print({"disk": disk, "back_after_seconds": round(time.time() - at, 1)})  # noqa: T201
        there, held, sent, reps = taken_over(running, history, mailbox)
        running.start("api")
    told, copied, switched = (confirmed_before(each, history.events()) for each in (at, last_copy, switched_at))
    owed = told if disk == "stays" else switched
    assert [key for key in owed if there.get(key) != owed[key]] == []
    assert len(told) > len(copied) >= len(switched) > 0
    assert (held, sent, "rep-account-0@example.com" in reps, len(reps)) == (True, 0, False, 10)


def log_beside(base, server, senders):
    """Clients are told that their rows are stored: in the base backup, in pieces of the log, in a piece begun.

    Return when the last piece was ended.
    """
    wait_for_more(senders)
    server.shell(base)
    for _ in range(size(1, 5)):
        wait_for_more(senders)
        switched_at = time.time()
        server.shell("psql -d postgres -c 'SELECT pg_switch_wal()'")
        wait_until(lambda since=switched_at: copied_at(server) > since, "a piece of the log is copied", 60)
    wait_for_more(senders)
    return switched_at


def copied_at(server):
    """When the last piece of the log was copied."""
    return max(path.stat().st_mtime for path in (server.folder / "backups" / "wal").iterdir())


def without_the_disk(put_back):
    """The steps, but for those that read what PostgreSQL left."""
    first, second, third, _, *others = put_back.splitlines()
    gone = first.replace("mv ", "rm -rf ").rpartition(" ")[0]
    return "\n".join([gone, second, third, *others])


def wait_for_more(senders):
    """Wait until clients were told so ten times more."""

    def answered():
        return sum(sender.statuses.count(200) for sender in senders)

    before = answered()
    wait_until(lambda: answered() >= before + 10, "answers", 60)


def lose(running, server):
    """The service ends with its database, then a person is erased; the moments of that, and of the last copy."""
    running.kill(*running.names)
    settings = running.settings.model_copy(update={"secret_key": SecretStr(running.environment["HEADSUP_SECRET_KEY"])})
    erasure.write_ledger(settings, ["rep-account-0@example.com"], now=SystemClock().now())
    return time.time(), copied_at(server)


def in_shell(script, environment):
    """Run what an administrator types, with the programs that this test runs with."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    subprocess.run(["/bin/sh", "-ec", script], env=environment | {"PATH": path}, check=True)


def taken_over(running, history, mailbox):
    """Its observations, whether mail is held, how many mails a worker sends nevertheless, and the reps' addresses."""
    db, now = Database(running.settings.database), SystemClock().now()
    there, before = look(db, history, mailbox).observations, len(mailbox.mails)
    with db.begin() as session:
        make.mail(session)
    worker.tick(db, running.settings, now=now)
    with db.read() as session:
        held = "Restored" in holds.of_all(session, now=now).reason
        reps = session.scalars(text("SELECT email FROM reps")).all()
    db.close()
    return there, held, len(mailbox.mails) - before, reps
