"""Arrows point down, and what is heavy is loaded late."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.repository import ROOT

HEAVY = ("sklearn", "skops", "polars", "scipy", "pandas")
NOT_FOR_HELP = (*HEAVY, "fastapi", "sqlalchemy", "pydantic", "numpy")


def loaded_by(code):
    """The modules that are loaded after running `code` in a fresh Python."""
    script = f"{code}\nimport sys\nprint(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(ran.stdout.splitlines()[-1].split())


def test_the_contracts_of_import_linter_hold():
    linter = Path(sys.executable).with_name("lint-imports")
    ran = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)

    assert ran.returncode == 0, ran.stdout


@pytest.mark.parametrize("arguments", [[], ["--help"], ["key", "--help"]])
def test_help_needs_neither_database_nor_models(arguments):
    code = f"from service.__main__ import build\nbuild({arguments})"

    assert loaded_by(code).isdisjoint(NOT_FOR_HELP)


def test_the_web_application_starts_without_the_models_libraries():
    assert loaded_by("import service.app").isdisjoint(HEAVY)


def test_serving_starts_without_the_models_libraries():
    assert loaded_by("import service.commands.run").isdisjoint(HEAVY)
