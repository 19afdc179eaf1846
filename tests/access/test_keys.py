"""API keys: shown once, stored as a hash, opening what their scopes say."""

import pytest

from models import ApiKey, Scope
from service.access import actions, rules
from tests import make


def test_the_text_of_a_key_is_not_stored(session):
    text = actions.create_key(session, "grafana", [Scope.READ], by="ola", now=make.MONDAY)

    session.flush()
    stored = session.query(ApiKey).one()
    assert text.split("_", 2)[2] not in (stored.public_id, stored.secret_sha256)


def test_a_revoked_key_opens_nothing(session):
    text = actions.create_key(session, "grafana", [Scope.READ], by="ola", now=make.MONDAY)
    actions.revoke_keys(session, "grafana", by="ola", now=make.MONDAY)

    with pytest.raises(rules.KeyInvalid):
        actions.authenticate_key(session, text, now=make.MONDAY)


def test_operate_reads_too_but_does_not_ingest():
    opened = rules.implied(["operate"])

    assert opened == {Scope.OPERATE, Scope.READ}
