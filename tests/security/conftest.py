"""The stage of the security tests: the command line, signed-in browsers, Chromium."""

from tests.commands.conftest import cli
from tests.console.conftest import browser_of, chromium, ola, operator, signed_in_page, site

__all__ = ["browser_of", "chromium", "cli", "ola", "operator", "signed_in_page", "site"]
