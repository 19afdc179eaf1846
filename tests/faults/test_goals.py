"""`make faults` runs all that has a full size."""

from pathlib import Path

from tests.faults.__main__ import GOALS, files_of

TESTS = Path(__file__).parents[1]


def test_every_file_with_a_full_size_belongs_to_a_goal():
    known = {path for goal in GOALS for path in files_of(goal)}
    sized = {path for path in TESTS.rglob("test_*.py") if "tests.faults.conftest import" in path.read_text()}

    assert sized - {Path(__file__)} <= known
    assert all(path.exists() for path in known)
