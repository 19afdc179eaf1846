"""Work that belongs at the very end of a transaction."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import event

from service.kit.database import Session


def before_commit(session: Session, work: Callable[[Session], None]) -> None:
    """Run `work` whenever this session is about to commit, in the same transaction."""
    event.listen(session, "before_commit", work)


def after_rollback(session: Session, work: Callable[[Session], None]) -> None:
    """Run `work` when this session's transaction was undone."""

    def undone(session: Session, _previous: Any) -> None:
        work(session)

    event.listen(session, "after_soft_rollback", undone)
