"""The audit log: one chain of lines, each with a hash over itself and the line before.

A line is noted where the change is made and written when its transaction commits: whoever writes holds the end of the
chain, so this comes last, for as short as can be, and no other lock is waited for meanwhile.
"""

from dataclasses import dataclass

from models import AuditEntry, AuditHead
from service.access import queries, rules
from service.kit.commits import after_rollback, before_commit
from service.kit.database import Session

NOTED = "headsup_audit"


@dataclass(frozen=True)
class Verified:
    """What the chain says. `broken_at` is the first line that does not fit; its neighbours may be the cause."""

    entries: int
    head: str
    broken_at: int | None
    wrong: str

    @property
    def sound(self) -> bool:
        return not self.wrong


def note(session: Session, entry: AuditEntry) -> None:
    """Let a line be written when this transaction commits."""
    if NOTED not in session.info:
        session.info[NOTED] = []
        before_commit(session, _write)
        after_rollback(session, _forget)
    session.info[NOTED].append(entry)


def verify(session: Session) -> Verified:
    """Follow the chain from its first line to its end."""
    expected, entries, last_id = rules.FIRST_HASH, 0, 0
    for entry in queries.audit_chain(session):
        expected = rules.chained(expected, entry)
        if entry.hash != expected:
            return Verified(entries, expected, entry.id, "This line was changed, or one before it was taken out.")
        entries, last_id = entries + 1, entry.id
    head = queries.audit_head(session)
    end = (head.entries, head.last_id, head.hash) if head else (0, 0, rules.FIRST_HASH)
    if end != (entries, last_id, expected):
        return Verified(entries, expected, last_id, "Lines at the end are missing, or were added past the chain.")
    return Verified(entries, expected, None, "")


def holds(session: Session, line_hash: str) -> bool:
    """Whether a line with this hash is in the log."""
    return queries.audit_line(session, line_hash)


def _write(session: Session) -> None:
    noted: list[AuditEntry] = session.info[NOTED]
    if not noted:
        return
    session.flush()
    head: AuditHead = queries.hold_audit_head(session)
    for entry in noted:
        head.last_id += 1
        entry.id = head.last_id
        entry.hash = head.hash = rules.chained(head.hash, entry)
        head.entries += 1
    session.add_all(noted)
    noted.clear()


def _forget(session: Session) -> None:
    session.info[NOTED].clear()
