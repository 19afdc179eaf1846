"""D06: what the newest steps say to PostgreSQL passes squawk: nothing rewrites a table or breaks programs that run."""

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import event

from service.kit import schema
from tests.conftest import ON_POSTGRESQL

pytestmark = pytest.mark.skipif(not ON_POSTGRESQL, reason="it is about PostgreSQL's own language")

SQUAWK = Path(sys.executable).parent / "squawk"
# The steps that were there before squawk was: they are released, and had small tables to work on.
LINTED_SINCE = "0008"
ALLOWED = (
    # All steps run in one transaction, so that a kill leaves nothing half done: no index can be built beside it. What
    # waits for a lock gives up after 0.7 s and begins again (schema.upgrade).
    "require-concurrent-index-creation",
    "require-lock-timeout",
    "require-statement-timeout",
    # Matters of taste: the columns are those of models/.
    "prefer-text-field",
    "prefer-bigint-over-int",
)
WORDS = ("CREATE", "ALTER", "DROP", "UPDATE", "DELETE", "INSERT")


def said(db, since):
    """What the steps after one say to the server."""
    schema.downgrade(db, since)
    found = []

    def note(*about):
        statement = about[2].strip()
        if statement.startswith(WORDS) and "alembic_version" not in statement:
            found.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    schema.upgrade(db)
    event.remove(db.engine, "before_cursor_execute", note)
    return found


def squawk(statements):
    sql = "".join(f"{each.rstrip(';')};\n" for each in statements)
    options = ["--assume-in-transaction", "--pg-version=14", f"--exclude={','.join(ALLOWED)}"]
    return subprocess.run([SQUAWK, *options], input=sql, capture_output=True, text=True, check=False)


def test_the_newest_steps_have_no_errors(db):
    statements = said(db, LINTED_SINCE)

    found = squawk(statements)

    assert len(statements) > 2
    assert found.returncode == 0, found.stdout


def test_squawk_finds_what_would_lock_or_break():
    found = squawk(
        ["ALTER TABLE mails ADD COLUMN tone text NOT NULL", "ALTER TABLE mails RENAME COLUMN state TO status"]
    )

    assert found.returncode == 1
    assert "adding-required-field" in found.stdout
    assert "renaming-column" in found.stdout
