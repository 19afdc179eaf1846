"""How much a mail has room for: mail programs cut what is too long, and phones load it slowly."""

from collections.abc import Iterable
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

from service.updates.envelope import encoding

# What a whole mail may weigh is 60 kB; headers and boundaries take the rest. Gmail cuts the HTML part at 102 kB.
LARGEST = 56_000


@dataclass(frozen=True)
class Room:
    """So many accounts in full, up to which place in a line, names in a list; rows, promises; reps and their calls.

    Of one account: so many lines in a list (what was written before, what hangs on a promise, news), so many characters
    of a text, and whether a large picture has room.
    """

    in_full: int
    in_a_line: int
    names: int
    rows: int
    promises: int
    reps: int
    calls: int
    lines: int
    prose: int
    drawn: bool


# From the first that suffices; most mails need no other than the first. Words are worth more than a picture.
ROOMS = (
    Room(4, 24, names=60, rows=12, promises=8, reps=20, calls=5, lines=20, prose=2_000, drawn=True),
    Room(3, 20, names=40, rows=7, promises=6, reps=20, calls=2, lines=6, prose=2_000, drawn=False),
    Room(2, 16, names=30, rows=4, promises=4, reps=15, calls=1, lines=3, prose=1_200, drawn=False),
    Room(1, 8, names=20, rows=2, promises=2, reps=8, calls=1, lines=2, prose=600, drawn=False),
    Room(1, 4, names=8, rows=1, promises=1, reps=4, calls=1, lines=1, prose=200, drawn=False),
)


def weight(texts: Iterable[str], pictures: Iterable[bytes]) -> int:
    """How many bytes parts take on the way: texts as they are encoded, pictures as base64 with their headers."""
    written = sum(encoding(text)[1] for text in texts)
    return written + sum(len(each) * 4 // 3 + len(each) // 57 + 300 for each in pictures)


def shorten(content: Any, longest: int) -> Any:
    """Cut every text in a content that is longer, with an ellipsis."""
    if isinstance(content, str):
        return content if len(content) <= longest else f"{content[: longest - 1].rstrip()}…"
    if isinstance(content, tuple | list):
        # Days of risks have no words.
        words = content and not isinstance(content[0], tuple)
        return type(content)(shorten(each, longest) for each in content) if words else content
    if isinstance(content, dict):
        return {key: shorten(each, longest) for key, each in content.items()}
    if not is_dataclass(content) or isinstance(content, type):
        return content
    named = {field.name: getattr(content, field.name) for field in fields(content)}
    return replace(content, **{name: shorten(each, longest) for name, each in named.items()})
