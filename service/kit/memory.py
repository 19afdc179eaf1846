"""The memory of processes that run for long."""

import ctypes

_M_ARENA_MAX = -8
"""glibc's malloc.h."""
MOST_ARENAS = 2


def bound_arenas() -> bool:
    """Let threads share what memory is taken from; return whether that can be said here (glibc only).

    glibc gives threads arenas of their own, eight for each core, and what one has taken no other can use: with forty
    threads a process that needs no more than yesterday still grows for days (10 MB an hour, against 2).
    """
    libc = ctypes.CDLL(None)
    return hasattr(libc, "mallopt") and libc.mallopt(_M_ARENA_MAX, MOST_ARENAS) == 1
