"""Load, on real server processes on this machine: what is promised in docs/operations.md, in figures.

python -m benchmarks.load [TRIAL …] [--full] [--database postgresql://…]
python -m benchmarks.load upgrade --from COMMIT [--rows 1000000] [--rate 200] [--database postgresql://…]
"""

import argparse
import json
from collections.abc import Callable
from typing import Any

from benchmarks.load_ends import drain, rolling, slow_senders
from benchmarks.load_over import guessed, noisy, overload
from benchmarks.load_polling import dashboards, herd
from benchmarks.load_upgrade import program_of, upgrade
from benchmarks.stand import stand

Trial = Callable[..., dict[str, Any]]
# What is run, and its size: with --full, and otherwise.
TRIALS: dict[str, tuple[Trial, dict[str, Any], dict[str, Any]]] = {
    "dashboards": (
        dashboards,
        {"count": 1_000, "a_second": 500, "seconds": 60},
        {"count": 200, "a_second": 200, "seconds": 15},
    ),
    "herd": (herd, {"count": 1_000, "restarts": 10}, {"count": 200, "restarts": 2}),
    "overload": (
        overload,
        {"clients": 400, "a_second": 5_000, "times": 1.2, "seconds": 30},
        {"clients": 100, "a_second": 5_000, "times": 1.2, "seconds": 8},
    ),
    "flood": (
        overload,
        {"clients": 1_000, "a_second": 5_000, "times": 2, "seconds": 30},
        {"clients": 100, "a_second": 5_000, "times": 2, "seconds": 8},
    ),
    "guessed": (guessed, {"guessers": 60, "seconds": 15}, {"guessers": 60, "seconds": 5}),
    "noisy": (noisy, {"per_minute": 600, "seconds": 30}, {"per_minute": 600, "seconds": 8}),
    "slow": (slow_senders, {"connections": 2_000}, {"connections": 200}),
    "drain": (drain, {"ends": 100, "clients": 16}, {"ends": 3, "clients": 8}),
    "upgrade": (
        upgrade,
        {"observations": 1_000_000, "a_second": 200, "seconds": 30},
        {"observations": 20_000, "a_second": 50, "seconds": 6},
    ),
    "rolling": (rolling, {"restarts": 20, "clients": 16}, {"restarts": 4, "clients": 8}),
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description=__doc__)
    parser.add_argument("trials", nargs="*", metavar="trial", help=f"some of {', '.join(TRIALS)}; all if left out")
    parser.add_argument("--full", action="store_true", help="at the sizes of docs/operations.md; takes half an hour")
    parser.add_argument("--database", default="", help="an empty PostgreSQL database; SQLite if left out")
    parser.add_argument("--from", dest="commit", help="upgrade from this commit, not to a made-up next version")
    parser.add_argument("--rows", type=int, default=1_000_000, help="observations that are there, with --from")
    parser.add_argument("--rate", type=int, default=200, help="requests a second, with --from")
    asked = parser.parse_args()
    if asked.commit:
        with program_of(asked.commit) as older, stand(asked.database, code=older) as it:
            found = upgrade(it, observations=asked.rows, a_second=asked.rate, seconds=30, older=older)
            print(json.dumps({"trial": "upgrade", "from": asked.commit} | found), flush=True)
        return
    for name in asked.trials or TRIALS:
        trial, full, small = TRIALS[name]
        with stand(asked.database, keys=2 if name == "noisy" else 1) as it:
            print(json.dumps({"trial": name} | trial(it, **(full if asked.full else small))), flush=True)


if __name__ == "__main__":
    main()
