"""How much of many accounts a mail has room for: mail programs cut what is too long, and phones load it slowly."""

import binascii
from collections.abc import Iterable
from dataclasses import dataclass

# What a whole mail may weigh is 60 kB; headers and boundaries take the rest. Gmail cuts the HTML part at 102 kB.
LARGEST = 56_000


@dataclass(frozen=True)
class Room:
    """So many accounts in full, up to which place in a line, names in a list; rows, promises; reps and their calls."""

    in_full: int
    in_a_line: int
    names: int
    rows: int
    promises: int
    reps: int
    calls: int


# From the first that suffices; most mails need no other than the first.
ROOMS = (
    Room(in_full=4, in_a_line=24, names=60, rows=12, promises=8, reps=20, calls=5),
    Room(in_full=3, in_a_line=20, names=40, rows=7, promises=6, reps=20, calls=2),
    Room(in_full=2, in_a_line=16, names=30, rows=4, promises=4, reps=15, calls=1),
    Room(in_full=1, in_a_line=8, names=20, rows=2, promises=2, reps=8, calls=1),
)


def weight(texts: Iterable[str], pictures: Iterable[bytes]) -> int:
    """How many bytes parts take on the way: text as quoted-printable, pictures as base64 with their headers."""
    written = sum(len(binascii.b2a_qp(text.encode())) for text in texts)
    return written + sum(len(each) * 4 // 3 + len(each) // 57 + 300 for each in pictures)
