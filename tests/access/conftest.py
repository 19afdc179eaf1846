"""What the tests of keys look at."""

import pytest
from sqlalchemy import event


@pytest.fixture
def reads(db):
    """What was read of the keys."""
    seen = []

    def note(_connection, _cursor, statement, *_more):
        if statement.startswith("SELECT") and "FROM api_keys" in statement:
            seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    return seen
