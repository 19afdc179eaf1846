"""Whether what was committed is on disk: Headsup confirms nothing that a power cut could take back."""

from sqlalchemy import text

from service.kit.database import Database
from service.kit.errors import Unavailable

# The values at which a commit waits for the disk. 2 is FULL, 3 is EXTRA.
OF_SQLITE = {"synchronous": {"2", "3"}, "journal_mode": {"wal"}}
OF_POSTGRESQL = {
    "fsync": {"on"},
    "full_page_writes": {"on"},
    "synchronous_commit": {"on", "local", "remote_write", "remote_apply"},
}


class NotDurable(Unavailable):
    """The database confirms what is not on disk yet.

    A power cut could take back what Headsup has confirmed. Turn the settings on that the detail names, or accept the
    risk with HEADSUP_UNSAFE_DURABILITY=true.
    """


def check(db: Database) -> None:
    """Refuse a database whose commits do not wait for the disk.

    Raises:
        NotDurable: the detail names the settings.
    """
    with db.engine.connect() as connection:
        if db.is_sqlite:
            needed, ask = OF_SQLITE, "PRAGMA"
        else:
            needed, ask = OF_POSTGRESQL, "SHOW"
        found = {name: str(connection.scalar(text(f"{ask} {name}"))) for name in needed}
    wrong = {name: value for name, value in found.items() if value not in needed[name]}
    if wrong:
        raise NotDurable(", ".join(f"{name} is {value}" for name, value in sorted(wrong.items())) + ".")
