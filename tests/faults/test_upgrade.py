"""From every version that was released to this one: nothing is lost, whatever happens meanwhile."""

import os
import subprocess
import sys
import threading
import time
from datetime import date
from itertools import count
from uuid import uuid4

import pytest
from alembic import command
from sqlalchemy import (
    JSON,
    Boolean,
    Date,
    DateTime,
    Float,
    Integer,
    MetaData,
    Numeric,
    Uuid,
    event,
    inspect,
    select,
    text,
)

from models import Account, Alert, Mail, Observation
from service.kit import schema
from service.kit.database import Database
from service.kit.settings import Settings
from tests import make
from tests.faults.conftest import size

# What each database had on the day it was upgraded; everything else that a row needs is filled in by its type.
ROWS = {
    "reps": {"id": 1, "email": "rita@example.com", "time_zone": "Europe/Berlin"},
    "accounts": {"id": 1, "external_id": "northwind", "rep_id": 1, "data_version": 3, "scored_version": 2},
    "metrics": {"id": 1, "external_id": "late_share", "combine": "mean"},
    "observations": {"account_id": 1, "metric_id": 1, "value": 0.25, "item_id": "o1"},
    "alerts": {"account_id": 1, "risk_opened": 0.8, "version": 1},
    "mails": {"kind": "heads_up", "state": "queued", "recipient": "rita@example.com", "content": b"bytes"},
    "audit_entries": {"id": 1, "action": "test"},
}
STEPS = [step.revision for step in reversed(list(schema._scripts().walk_revisions()))]  # noqa: SLF001
# From here on a program of the version before may still run while the database is upgraded.
EXPANDING = [step for step in STEPS if step > "0005"]
# A process that dies at its N-th statement, as by a kill there.
DYING = """
import os, sys
from sqlalchemy import event
from service.kit import schema
from service.kit.database import Database
db, left = Database(sys.argv[1]), [int(sys.argv[2])]
@event.listens_for(db.engine, "after_cursor_execute")
def count(*_):
    left[0] -= 1
    if left[0] == 0:
        os._exit(137)
schema.upgrade(db)
"""


def to(db, step):
    with db.engine.begin() as connection:
        command.upgrade(schema._config(connection), step)  # noqa: SLF001  only here older steps are wanted


def value_for(column):
    by_type = {
        Uuid: uuid4(), JSON: [], Boolean: False, Integer: 1, Numeric: 0.5, Float: 0.5,
        DateTime: make.MONDAY, Date: date(2026, 3, 2),
    }  # fmt: skip
    found = next((value for kind, value in by_type.items() if isinstance(column.type, kind)), "x")
    is_id = column.name == "id" or column.name.endswith("_id")
    return uuid4().hex if found == "x" and is_id else found


def fill(db):
    """Give every table of ROWS a row, in the tables as they are now."""
    tables = MetaData()
    tables.reflect(db.engine)
    with db.engine.begin() as connection:
        for name, facts in ROWS.items():
            columns = tables.tables[name].columns
            needed = {
                each.name: value_for(each) for each in columns if not each.nullable and each.server_default is None
            }
            known = {key: value for key, value in facts.items() if key in columns}
            connection.execute(tables.tables[name].insert(), needed | known)


@pytest.fixture
def empty(own_database, tmp_path):
    """A database before the first step."""
    db = Database(Settings(data_dir=tmp_path, database_url=own_database, _env_file=None).database)
    yield db
    db.close()


def seen(db):
    with db.read() as session:
        return (
            session.scalar(select(Account.data_version)),
            session.scalar(select(Observation.value)),
            session.scalar(select(Alert.risk_opened)),
            session.scalar(select(Mail.content)),
        )


@pytest.mark.parametrize("step", STEPS)
def test_rows_of_every_released_version_are_there_after_the_upgrade(empty, step):
    to(empty, step)
    fill(empty)

    reached = schema.upgrade(empty)

    assert reached == schema.head()
    assert schema.differences(empty) == []
    assert seen(empty) == (3, 0.25, 0.8, b"bytes")


def test_an_upgrade_that_is_killed_leaves_nothing_half_done(empty):
    to(empty, STEPS[0])
    fill(empty)
    before = set(inspect(empty.engine).get_table_names())
    for statement in size((9, 60), range(1, 91, 3)):
        died = subprocess.run([sys.executable, "-c", DYING, empty.url, str(statement)], env=os.environ, check=False)
        assert died.returncode == 137
        assert set(inspect(empty.engine).get_table_names()) == before

    assert schema.upgrade(empty) == schema.head()
    assert seen(empty) == (3, 0.25, 0.8, b"bytes")


def test_of_two_upgraders_one_works_and_the_other_waits(empty):
    to(empty, STEPS[0])
    made, reached = [], []
    both = [Database(empty.url) for _ in range(2)]

    def upgrade(db):
        made.append(0)
        mine = len(made) - 1
        event.listen(db.engine, "before_cursor_execute", lambda *a: note(mine, a[2]))
        reached.append(schema.upgrade(db))

    def note(mine, statement):
        made[mine] += "CREATE TABLE erasures" in statement

    threads = [threading.Thread(target=upgrade, args=(db,)) for db in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for db in both:
        db.close()

    assert reached == [schema.head()] * 2
    assert sum(made) == 1


def test_a_step_that_fails_undoes_all_steps_with_it(empty):
    to(empty, STEPS[0])
    before = set(inspect(empty.engine).get_table_names())

    def fail(_session):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        schema.upgrade(empty, then=fail)

    assert set(inspect(empty.engine).get_table_names()) == before


@pytest.mark.parametrize("step", EXPANDING)
def test_a_program_of_the_version_before_can_work_on_the_new_schema(empty, step):
    to(empty, STEPS[STEPS.index(step) - 1])
    before = columns(empty)
    to(empty, step)
    after = columns(empty)

    tables = {table for table, _ in before}
    gone = before.keys() - after.keys()
    stricter = {key for key in before.keys() - gone if before[key][0] and not after[key][0]}
    owed = {key for key in after.keys() - before.keys() if key[0] in tables and after[key] == (False, None)}
    assert (gone, stricter, owed) == (set(), set(), set())


def columns(db):
    """Whether a column may be empty, and its default in the database, by table and name."""
    look = inspect(db.engine)
    return {
        (table, each["name"]): (each["nullable"], each["default"])
        for table in look.get_table_names()
        for each in look.get_columns(table)
    }


def test_who_writes_while_it_is_upgraded_waits_for_a_moment_only(empty):
    to(empty, STEPS[-2])
    fill(empty)
    over, waits, ids = threading.Event(), [], count(2)

    def write():
        insert = text("INSERT INTO reps (id, email, name, time_zone, created_at) VALUES (:id, :email, '', 'UTC', :now)")
        while not over.wait(0.005):
            began = time.monotonic()
            with empty.begin() as session:
                session.execute(
                    insert, {"id": next(ids), "email": f"{uuid4().hex}@example.com", "now": str(make.MONDAY)}
                )
            waits.append(time.monotonic() - began)

    writers = [threading.Thread(target=write) for _ in range(4)]
    for writer in writers:
        writer.start()
    time.sleep(0.5)
    schema.upgrade(empty)
    time.sleep(0.5)
    over.set()
    for writer in writers:
        writer.join(30)

    with empty.read() as session:
        stored = session.scalar(text("SELECT count(*) FROM reps"))
    assert stored == len(waits) + 1
    assert max(waits) <= 5
