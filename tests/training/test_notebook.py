"""docs/model.ipynb: it runs from top to bottom, and what it shows was made by it."""

import json
import runpy
from pathlib import Path
from tempfile import gettempdir

import pytest

from tests.conftest import ON_POSTGRESQL
from tests.house.repository import ROOT

PATH = ROOT / "docs/model.ipynb"
run = runpy.run_path(str(ROOT / "docs/notebook.py"))["run"]


def _cells(notebook):
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def _kinds(cell):
    return [tuple(output.get("data", {"stream": 0})) for output in cell["outputs"]]


@pytest.fixture(scope="module")
def kept():
    return json.loads(PATH.read_text(encoding="utf-8"))


@pytest.mark.skipif(ON_POSTGRESQL, reason="the notebook brings its own database")
def test_the_notebook_runs_and_shows_what_it_did_when_it_was_kept(kept):
    ran = run(json.loads(PATH.read_text(encoding="utf-8")), ACCOUNTS=60, DAYS=300)

    assert [_kinds(cell) for cell in _cells(ran)][:-2] == [_kinds(cell) for cell in _cells(kept)][:-2]


def test_the_kept_notebook_is_whole_and_in_order(kept):
    assert [cell["execution_count"] for cell in _cells(kept)] == list(range(1, len(_cells(kept)) + 1))
    shown = [kind for cell in _cells(kept) for kinds in _kinds(cell) for kind in kinds]
    assert shown.count("image/svg+xml") == 2
    assert shown.count("text/html") >= 4


def test_the_kept_notebook_is_small_and_names_no_machine(kept):
    text = PATH.read_text(encoding="utf-8")

    assert len(text) < 200_000
    assert not [word for word in (gettempdir(), str(Path.home()), str(ROOT), "Traceback") if word in text]
