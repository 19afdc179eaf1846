"""What is kept for how long."""

from datetime import date

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import BigInteger

from models.base import Base


class Keeping(Base):
    """How far one kind of rows has been cleared: what is older than `since` is gone, `removed` rows in all.

    `day` is the day whose round was begun last; it has ended if `done`.
    """

    __tablename__ = "keepings"

    what: Mapped[str] = mapped_column(String(40), primary_key=True)
    day: Mapped[date]
    done: Mapped[bool]
    since: Mapped[date | None]
    removed: Mapped[int] = mapped_column(BigInteger, default=0)
