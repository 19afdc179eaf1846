"""Tests that bite: each patch here is a bug, and the test that it names must fail on it.

`python -m tests.faults.bugs [NAME ...]` applies each to a copy of the tree. A patch that no longer applies counts as a
failure: the bug has to be seeded anew where the code has moved. `On: postgresql` is for races that SQLite cannot have.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
PARTS = ("models", "service", "training", "migrations", "tests", "docs", "benchmarks", "pyproject.toml")
SECONDS = 600


def main(names: list[str]) -> int:
    """Run all, or those that are named; return how many bugs lived."""
    patches = {patch.stem: patch for patch in sorted(HERE.glob("*.patch"))}
    if unknown := set(names) - set(patches):
        sys.exit(f"There is no {', '.join(sorted(unknown))}. There are: {', '.join(patches)}.")
    wanted = names or list(patches)
    alive = [name for name in wanted if not _caught(patches[name])]
    print(f"{len(alive)} of {len(wanted)} bugs were not caught: {alive}")  # noqa: T201
    return len(alive)


def _caught(patch: Path) -> bool:
    head = dict(line.split(": ", 1) for line in patch.read_text().partition("\n\n")[0].splitlines())
    tests, environment = head["Caught by"].split(), os.environ | {"HEADSUP_TEST_DATABASE": head.get("On", "")}
    with tempfile.TemporaryDirectory(prefix="headsup-bug-") as folder:
        for part in PARTS:
            source, target = ROOT / part, Path(folder) / part
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
            elif source.exists():
                shutil.copy(source, target)
        applied = subprocess.run(["git", "apply", str(patch)], cwd=folder, check=False)  # noqa: S607
        if applied.returncode:
            print(f"{patch.stem:28} DOES NOT APPLY")  # noqa: T201
            return False
        failed, how = _tried(folder, tests, environment)
    print(f"{patch.stem:28} {f'caught by {failed[0]}' if failed else f'LIVES ({how})'}", flush=True)  # noqa: T201
    return bool(failed)


def _tried(folder: str, tests: list[str], environment: dict[str, str]) -> tuple[list[str], str]:
    """The tests that failed, and how the run ended: what cannot be set up or collected proves nothing."""
    command = [sys.executable, "-m", "pytest", "-x", "-p", "no:cacheprovider", *tests]
    try:
        ran = subprocess.run(
            command, cwd=folder, env=environment, check=False, capture_output=True, text=True, timeout=SECONDS
        )
    except subprocess.TimeoutExpired:
        return [], f"not done in {SECONDS} s"
    return re.findall(r"^FAILED \S*::(\S+)", ran.stdout, re.MULTILINE), f"exit {ran.returncode}"


if __name__ == "__main__":
    sys.exit(bool(main(sys.argv[1:])))
