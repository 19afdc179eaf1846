"""How long those who are refused should wait: spread out, so that they do not all come back at once."""

import random

LEAST_SECONDS, MOST_SECONDS = 2, 10


def retry_after(after: float = 0) -> str:
    """A Retry-After: 2 to 10 s, counted from `after` seconds from now, when it can work again at the earliest."""
    return str(int(after) + random.randint(LEAST_SECONDS, MOST_SECONDS))  # noqa: S311  spreads load, hides nothing
