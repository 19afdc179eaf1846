"""What can go wrong, in words of the trade.

HeadsupError
├── NotFound        there is no such thing
├── Conflict        it cannot be done in the present state
├── Forbidden       this caller may not do it
├── Unauthenticated nobody known is calling
├── Invalid         what was sent is malformed
└── Unavailable     not now; try again later

Specific errors stand beside their rule and inherit one of these. The first line of an error's docstring is the
title of its problem page; `detail` says what to do.
"""

from pathlib import Path
from typing import Any


class HeadsupError(Exception):
    """Something went wrong."""

    def __init__(self, detail: str = "", **facts: Any) -> None:
        super().__init__(detail or self.title())
        self.detail = detail
        self.facts = facts

    @classmethod
    def title(cls) -> str:
        """The first line of the docstring, without its full stop."""
        return (cls.__doc__ or cls.__name__).splitlines()[0].rstrip(".")

    @classmethod
    def slug(cls) -> str:
        """The error's name in a URL: `AlertResolved` is `alert-resolved`."""
        return "".join(f"-{c.lower()}" if c.isupper() else c for c in cls.__name__).lstrip("-")


class NotFound(HeadsupError):
    """There is no such thing."""


class Conflict(HeadsupError):
    """This cannot be done in the present state."""


class Forbidden(HeadsupError):
    """You may not do this."""


class Unauthenticated(HeadsupError):
    """Sign in, or send a valid key."""


class Invalid(HeadsupError):
    """What was sent is malformed."""


class TooLarge(Invalid):
    """Too much was sent at once."""


class UnsupportedMediaType(Invalid):
    """This kind of body is not read here."""


class TooManyRequests(HeadsupError):
    """Too many requests."""


class Unavailable(HeadsupError):
    """Not available at the moment."""


def describe(error: Exception) -> str:
    """Kind and place of an error. Its text may quote rows, with names and addresses."""
    place = error.__traceback__
    while place and place.tb_next:
        place = place.tb_next
    where = f" at {Path(place.tb_frame.f_code.co_filename).name}:{place.tb_lineno}" if place else ""
    return f"{type(error).__name__}{where}"
