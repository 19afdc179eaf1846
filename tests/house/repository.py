"""The repository as the house tests look at it: the files that git tracks or would track."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]


def files(*patterns):
    """Files that match, without those that git ignores."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return sorted({ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()})
