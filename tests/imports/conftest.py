"""Imports run as commands do."""

from tests.commands.conftest import cli, installed

__all__ = ["cli", "installed"]
