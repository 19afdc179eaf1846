"""A key has so many requests a minute, and who wants more is refused before anything is done."""

import base64

import pytest
from fastapi.testclient import TestClient

from service.access.metering import key_of
from service.access.rules import new_key
from service.app import create_app


@pytest.fixture
def asked(settings, db, clock):
    """A client whose keys may make five requests a minute."""
    return TestClient(create_app(settings.model_copy(update={"requests_per_minute": 5}), db, clock))


def test_who_floods_is_refused_before_the_key_is_looked_up(asked, reads):
    headers = {"Authorization": f"Bearer {new_key().text}"}

    answers = [asked.get("/v1/metrics", headers=headers) for _ in range(20)]

    refused = [answer for answer in answers if answer.status_code == 429]
    assert {answer.status_code for answer in answers} == {401, 429}
    # A minute may end in between, and another begin.
    assert len(refused) >= 10
    assert len(reads) <= 10
    assert all(int(answer.headers["retry-after"]) >= 2 for answer in refused)
    assert refused[0].headers["content-type"] == "application/problem+json"
    assert refused[0].json()["type"].endswith("/problems/too-many-requests")
    assert "content-security-policy" in refused[0].headers


def test_nobody_uses_up_the_share_of_a_key_whose_secret_is_not_known(asked):
    text = new_key().text
    forged = {"Authorization": f"Bearer {text[:-6]}000000"}
    answers = [asked.get("/v1/metrics", headers=forged).status_code for _ in range(20)]

    assert set(answers) == {401}
    assert asked.get("/v1/metrics", headers={"Authorization": f"Bearer {text}"}).status_code == 401


def test_health_is_told_whatever_a_key_has_used_up(asked):
    headers = {"Authorization": f"Bearer {new_key().text}"}

    assert {asked.get("/livez", headers=headers).status_code for _ in range(20)} == {200}


@pytest.mark.parametrize(
    ("header", "key"),
    [
        ("Bearer hu_1", "hu_1"),
        ("bearer hu_1", "hu_1"),
        (f"Basic {base64.b64encode(b'mail:hu_1').decode()}", "hu_1"),
        ("Basic hu_1", ""),
        ("Basic /w==", ""),
        ("Digest hu_1", ""),
        ("", ""),
    ],
)
def test_a_key_comes_as_a_bearer_or_as_the_password_of_basic_authentication(header, key):
    assert key_of(header) == key
