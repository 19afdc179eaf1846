"""Mails of the samples, and a real mail server where one is installed."""

import os

import pytest

from tests.conftest import ON_POSTGRESQL
from tests.mails import mailserver


@pytest.fixture(scope="session")
def _running():
    if ON_POSTGRESQL:
        pytest.skip("the mail server is the same whatever the database; it is asked once")
    if reason := mailserver.missing():
        if os.environ.get("HEADSUP_TEST_MAILSERVER") == "required":
            pytest.fail(reason)
        pytest.skip(reason)
    if reason := mailserver.too_new():
        pytest.skip(reason)
    with mailserver.mail_server() as server:
        yield server


@pytest.fixture
def server(_running, monkeypatch):
    """Postfix and dovecot, whose certificate is trusted."""
    monkeypatch.setenv("SSL_CERT_FILE", _running.trusted)
    return _running
