"""Which SQLite is used: the one that a package brings along where there is one, otherwise the one of Python.

SQLite before 3.51.3 can lose committed pages when two connections start the write-ahead log over at the same instant.
Few systems have a newer one yet, so on Linux Headsup brings its own.
"""

import importlib
from types import ModuleType

SOUND = (3, 51, 3)


def _newest() -> ModuleType:
    try:
        return importlib.import_module("pysqlite3.dbapi2")
    except ImportError:
        return importlib.import_module("sqlite3")


dbapi = _newest()
"""The driver; whoever opens the database file goes through it."""


def version() -> str:
    """The version of the library in use."""
    return str(dbapi.sqlite_version)


def is_sound() -> bool:
    """Whether several processes may write to one file without losing what was committed."""
    return tuple(dbapi.sqlite_version_info) >= SOUND
