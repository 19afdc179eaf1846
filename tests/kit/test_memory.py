"""What long-running processes do with memory."""

import platform
import re
import subprocess
import sys

import pytest

# Threads that take memory at the same time each get an arena, as far as there may be any; malloc_info counts them.
TAKEN_BY_THREADS = """
import ctypes, threading
from service.kit import memory
{bound}
barrier = threading.Barrier(12)
def take():
    barrier.wait()
    kept = [bytes(1_000 + n) for n in range(1_000)]
    barrier.wait()
threads = [threading.Thread(target=take) for _ in range(12)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
libc = ctypes.CDLL(None)
libc.fdopen.restype = ctypes.c_void_p
libc.malloc_info(0, ctypes.c_void_p(libc.fdopen(1, b"w")))
libc.fflush(None)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has arenas")
def test_threads_share_two_arenas():
    def arenas(bound):
        code = TAKEN_BY_THREADS.format(bound=bound)
        told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        return len(re.findall("<heap nr=", told))

    assert arenas("") > 2
    assert arenas("memory.bound_arenas()") <= 2
