"""Take a person's address and names out of every table, knowing them only by their keyed hashes.

It walks all columns that can hold text, so that no column is forgotten, but for tables of numbers and ids alone and the
audit log, which names no rep and no contact.
"""

import hashlib
import hmac
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import lru_cache
from typing import Any

from sqlalchemy import JSON, Column, LargeBinary, String, Table, select, text, update

from models import Base
from service.kit.database import Database, Session

ERASED = "[erased]"
NOWHERE = "@erased.invalid"
NUMBERS_ONLY = frozenset({"observations", "score_days", "login_tries", "erasures", "audit_entries", "audit_head"})
TOKEN = re.compile(r"[^\s,;:!?()<>\[\]{}\"“”„'’|/\\]+")  # noqa: RUF001 (quotes around names)


@dataclass(frozen=True)
class Terms:
    """What to take out: keyed hashes of addresses and names, by the number of their words."""

    key: bytes
    digests: Mapping[str, int]

    def digest(self, term: str) -> str:
        """The keyed hash of an address or name, however it is written."""
        return _digest(self.key, " ".join(_words(term)))

    def clean(self, written: str) -> str:
        """The text without the terms."""
        for length in sorted(set(self.digests.values()), reverse=True):
            for start, end, found in reversed(list(self._found(written, length))):
                instead = f"erased-{found[:12]}{NOWHERE}" if "@" in written[start:end] else ERASED
                written = written[:start] + instead + written[end:]
        return written

    def _found(self, written: str, length: int) -> Iterator[tuple[int, int, str]]:
        tokens = [(match.start(), match.start() + len(match[0].rstrip("."))) for match in TOKEN.finditer(written)]
        at = 0
        while at + length <= len(tokens):
            start, end = tokens[at][0], tokens[at + length - 1][1]
            found = self.digest(written[start:end])
            if self.digests.get(found) == length:
                yield start, end, found
                at += length
            else:
                at += 1


def words_in(term: str) -> int:
    """How many words an address or name has."""
    return len(_words(term))


def erase(session: Session, terms: Terms) -> dict[str, int]:
    """Take the terms out of all tables; tell in how many rows of which."""
    changed: dict[str, int] = {}
    for table in Base.metadata.sorted_tables:
        columns = [column for column in table.columns if _cleaner(terms, column) and not column.foreign_keys]
        if table.name not in NUMBERS_ONLY and columns:
            changed[table.name] = _erase_in(session, terms, table, columns)
    return {name: rows for name, rows in changed.items() if rows}


def forget_pages(db: Database, tables: list[str]) -> None:
    """Let the files forget too what the tables no longer hold."""
    with db.engine.connect() as connection:
        raw = connection.connection.driver_connection
        assert raw is not None
        if db.is_sqlite:
            raw.execute("VACUUM")
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            return
        raw.rollback()
        raw.autocommit = True
        for name in tables:
            raw.execute(f'VACUUM (FULL) "{name}"')
        # PostgreSQL quotes what is frequent in its notes for planning: they are made anew, and the old ones taken away.
        texts = [f'"{name}"' for name in Base.metadata.tables if name not in NUMBERS_ONLY]
        raw.execute(f"ANALYZE {', '.join(texts)}")
        raw.execute("VACUUM (FULL) pg_statistic")
        raw.autocommit = False


def write_over(session: Session) -> None:
    """Let SQLite overwrite what is deleted from here on."""
    if session.get_bind().dialect.name == "sqlite":
        session.execute(text("PRAGMA secure_delete=ON"))


def _erase_in(session: Session, terms: Terms, table: Table, columns: list[Column[Any]]) -> int:
    keys = list(table.primary_key.columns)
    rows = session.execute(select(*keys, *columns).order_by(*keys)).all()
    changed = 0
    for row in rows:
        values = {column: row._mapping[column] for column in columns}  # noqa: SLF001 (its public name)
        cleaned = {column: _cleaned(terms, column, value) for column, value in values.items() if value is not None}
        new = {column.name: value for column, value in cleaned.items() if value != values[column]}
        if new:
            this = [key == row._mapping[key] for key in keys]  # noqa: SLF001
            session.execute(update(table).where(*this).values(**new))
            changed += 1
    return changed


def _cleaned(terms: Terms, column: Column[Any], value: Any) -> Any:
    clean = _cleaner(terms, column)
    assert clean is not None
    new = clean(value)
    # An address that may be missing is missing from now on; nobody must be told at a made-up one.
    gone = isinstance(new, str) and new != value and new.endswith(NOWHERE) and " " not in new
    return None if gone and column.nullable else new


def _cleaner(terms: Terms, column: Column[Any]) -> Callable[[Any], Any] | None:
    if isinstance(column.type, LargeBinary):
        return lambda value: _clean_mail(terms, value)
    if isinstance(column.type, JSON):
        return lambda value: _clean_json(terms, value)
    return terms.clean if type(column.type) is String else None


def _clean_json(terms: Terms, value: Any) -> Any:
    if isinstance(value, str):
        return terms.clean(value)
    if isinstance(value, list):
        return [_clean_json(terms, each) for each in value]
    if isinstance(value, dict):
        return {key: _clean_json(terms, each) for key, each in value.items()}
    return value


def _clean_mail(terms: Terms, content: bytes) -> bytes:
    """The mail as it is if it names nobody, else nothing: its bytes were frozen, so it is kept whole or not at all."""
    message = message_from_bytes(content, policy=policy.default)
    assert isinstance(message, EmailMessage)
    headers = [str(message[name]) for name in ("To", "From", "Reply-To", "Subject") if message[name]]
    bodies = [part.get_content() for part in message.walk() if part.get_content_maintype() == "text"]
    written = "\n".join([*headers, *bodies])
    return content if terms.clean(written) == written else b""


def _words(term: str) -> list[str]:
    return [word.rstrip(".") for word in TOKEN.findall(unicodedata.normalize("NFC", term).casefold())]


@lru_cache(maxsize=65_536)
def _digest(key: bytes, term: str) -> str:
    return hmac.digest(key, term.encode("utf-8", "replace"), hashlib.sha256).hex()
