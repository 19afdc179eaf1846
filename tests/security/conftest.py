"""The stage of the security tests: the command line, signed-in browsers, Chromium, logs as they are in production."""

import io
import logging
import sys

import pytest
import structlog

from service.kit import logs
from tests.commands.conftest import cli
from tests.console.conftest import signed_in_page, site

__all__ = ["cli", "signed_in_page", "site"]


@pytest.fixture(autouse=True)
def logged(settings, monkeypatch):
    """What was logged: JSON lines on standard error, as in production."""
    handlers, level = logging.root.handlers[:], logging.root.level
    stream = io.StringIO()
    with monkeypatch.context() as patched:
        patched.setattr(sys, "stderr", stream)
        logs.configure(settings.model_copy(update={"log_format": "json", "log_level": "info"}))
    for ours in ("httpx2", "mail.log"):
        # The test's own client and mail server.
        monkeypatch.setattr(logging.getLogger(ours), "level", logging.CRITICAL)
    yield stream.getvalue
    structlog.reset_defaults()
    logging.root.handlers[:], logging.root.level = handlers, level
