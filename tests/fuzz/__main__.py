"""A03: `python -m tests.fuzz [TARGET] [--minutes 60]` lets each reader of foreign bytes run on broken ones.

Each target gets its share of the time, and ends before if it has had `--runs`; it tells how many it came to.

With atheris installed (pip install atheris; it is no dependency, its wheels lag behind Python) libFuzzer looks for
bytes that reach new code; without it our own mutations run. One process a target. Fails on an error that nobody
expects, on a run of more than a second, and on more memory than `--memory` MB.
"""

import argparse
import importlib.util
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.fuzz.mutations import mutations

LONGEST, SECONDS = 4_096, 1.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("target", nargs="?")
    parser.add_argument("--runs", type=int, default=1_000_000)
    parser.add_argument("--minutes", type=float, default=60, help="for all targets together, or for the one named")
    parser.add_argument("--memory", type=int, default=256, help="MB that a process may take")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    if asked.target:
        return _one(asked)
    names = ("token", "mail", "rows", "artefact")
    more = [f"--runs={asked.runs}", f"--minutes={asked.minutes / len(names)}"]
    more += [f"--memory={asked.memory}", f"--seed={asked.seed}"]
    return max(
        subprocess.run([sys.executable, "-m", "tests.fuzz", each, *more], check=False).returncode for each in names
    )


def _one(asked: argparse.Namespace) -> int:
    guided = importlib.util.find_spec("atheris") is not None
    return _guided(asked) if guided else _mutated(asked)


def _guided(asked: argparse.Namespace) -> int:
    import atheris  # noqa: PLC0415  only where it is installed

    with atheris.instrument_imports(include=["service", "email"]):
        from tests.fuzz import targets  # noqa: PLC0415  its imports are those that are instrumented

    artefact = targets.Artefact()
    target = targets.targets(artefact)[asked.target]
    with tempfile.TemporaryDirectory() as corpus:
        for number, seed in enumerate(target.seeds):
            Path(corpus, str(number)).write_bytes(seed)
        limits = [f"-runs={asked.runs}", f"-max_len={LONGEST}", f"-timeout={SECONDS:.0f}", f"-seed={asked.seed}"]
        limits += [f"-max_total_time={asked.minutes * 60:.0f}"]
        limits += [f"-rss_limit_mb={asked.memory}", f"-artifact_prefix=/tmp/headsup-{asked.target}-", "-verbosity=0"]
        atheris.Setup([sys.argv[0], *limits, "-print_final_stats=1", corpus], target.read)
        atheris.Fuzz()  # ends the process
    return 0


def _mutated(asked: argparse.Namespace) -> int:
    from tests.fuzz import targets  # noqa: PLC0415  atheris would have to import it first

    artefact = targets.Artefact()
    target = targets.targets(artefact)[asked.target]
    slowest, runs, began = 0.0, 0, time.monotonic()
    for data in mutations(target.seeds, runs=asked.runs, seed=asked.seed, longest=LONGEST):
        started = time.process_time()
        try:
            target.read(data)
        except Exception:
            sys.stdout.write(f"{asked.target}: {data!r}\n")
            raise
        slowest, runs = max(slowest, time.process_time() - started), runs + 1
        if time.monotonic() - began > asked.minutes * 60:
            break
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    artefact.close()
    passed = slowest <= SECONDS and memory <= asked.memory
    took = time.monotonic() - began
    sys.stdout.write(
        f"{asked.target}: {runs:,} runs in {took:.0f} s, slowest {slowest * 1_000:.0f} ms, {memory} MB"
        f"{'' if passed else ': TOO MUCH'}\n"
    )
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
