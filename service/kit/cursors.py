"""Cursors of paged lists: they name the last row shown, are signed, and hold for one list only."""

import json
from typing import Annotated, Any

from fastapi import Query

from service.kit.errors import Invalid
from service.kit.links import LinkInvalid, sign, subject_of
from service.kit.settings import Settings


class CursorInvalid(Invalid):
    """This cursor is not one that was given out for this list."""


Cursor = Annotated[
    str | None,
    Query(
        max_length=2_000,
        pattern=r"^\.?[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$",
        description="`next` of the page before; everything else as in that request.",
    ),
]


def write_cursor(settings: Settings, purpose: str, *position: str | float) -> str:
    """Make a cursor that leads on from `position`."""
    return sign(settings, f"cursor.{purpose}", json.dumps(position))


def read_cursor(settings: Settings, purpose: str, cursor: str | None, *kinds: type) -> tuple[Any, ...] | None:
    """Read a cursor back; None is the first page.

    Raises:
        CursorInvalid: forged, more than 14 days old, or of another list.
    """
    if cursor is None:
        return None
    try:
        position = json.loads(subject_of(settings, f"cursor.{purpose}", cursor))
    except LinkInvalid as error:
        raise CursorInvalid("Start again without a cursor.") from error
    if len(position) != len(kinds) or not all(map(isinstance, position, kinds)):
        raise CursorInvalid("Start again without a cursor.")
    return tuple(position)
