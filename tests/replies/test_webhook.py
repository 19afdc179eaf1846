"""Providers of inbound mail hand over mails each in their way; a key with the scope `mail` opens the door."""

import json

import pytest
from starlette.testclient import TestClient

from models import Reply
from service.replies.bodies import LARGEST_BODY
from tests.replies.conftest import letter

URL = "/v1/inbound-mail"


def hidden(content, reply_address):
    """The mail as a relay hands it on that has put another address into To."""
    return content.replace(reply_address.encode(), b"undisclosed@ops.example")


@pytest.fixture
def forms(reply_address):
    """What each provider sends."""
    raw = letter(reply_address, body="Zoë has it.")
    text = hidden(raw, reply_address).decode()
    mailgun = {"body-mime": text, "recipient": reply_address, "sender": "rita@example.com", "signature": "x"}
    sendgrid = {"email": text, "envelope": json.dumps({"to": [reply_address], "from": "rita@example.com"})}
    postmark = {"RawEmail": text, "OriginalRecipient": reply_address, "Subject": "Re: x"}
    return {
        "raw": {"content": raw, "headers": {"Content-Type": "message/rfc822"}},
        "mailgun": {"data": mailgun},
        "mailgun multipart": {"files": {name: (None, value) for name, value in mailgun.items()}},
        "sendgrid": {"files": {name: (None, value) for name, value in sendgrid.items()}},
        "postmark": {"json": postmark},
    }


@pytest.mark.parametrize("provider", ["raw", "mailgun", "mailgun multipart", "sendgrid", "postmark"])
def test_a_mail_is_taken_from_each_provider(client_with, rows, forms, provider):
    answer = client_with("mail").post(URL, **forms[provider])

    assert (answer.status_code, answer.json()) == (200, {"kind": "reply", "taken": True})
    assert [reply.body for reply in rows(Reply)] == ["Zoë has it."]


def test_the_key_may_be_the_password_of_basic_authentication(app, client_with, forms):
    key = client_with("mail").headers["Authorization"].removeprefix("Bearer ")

    answers = [TestClient(app).post(URL, auth=("any", each), **forms["raw"]) for each in (key, key[:-1], "")]

    assert [answer.status_code for answer in answers] == [200, 401, 401]


def test_basic_authentication_opens_nothing_else(app, client_with):
    key = client_with("admin").headers["Authorization"].removeprefix("Bearer ")

    assert TestClient(app).get("/v1/replies", auth=("any", key)).status_code == 401


@pytest.mark.parametrize(
    "sent", [{"data": {"x": "y"}}, {"json": []}, {"json": {"RawEmail": 1}}, {"files": {"email": ""}}]
)
def test_a_body_without_a_mail_is_refused(client_with, sent):
    assert client_with("mail").post(URL, **sent).status_code == 422


def test_a_body_of_another_kind_is_refused(client_with):
    answer = client_with("mail").post(URL, content=b"x", headers={"Content-Type": "text/plain"})

    assert answer.status_code == 415


def test_a_mail_may_be_larger_than_other_bodies(client_with, reply_address):
    mail, other = client_with("mail"), client_with("ingest")
    large = letter(reply_address, body="x" * 9 * 1024 * 1024)
    kind = {"Content-Type": "message/rfc822"}

    assert mail.post(URL, content=large, headers=kind).status_code == 200
    assert other.post("/v1/observations", content=large, headers=kind).status_code == 413
    assert mail.post(URL, content=b"x" * (LARGEST_BODY + 1), headers=kind).status_code == 413


def test_an_empty_envelope_sender_is_a_machine(client_with, rows, reply_address):
    form = {"body-mime": letter(reply_address).decode(), "recipient": reply_address, "sender": ""}

    assert client_with("mail").post(URL, data=form).json()["kind"] == "automatic"
    assert rows(Reply) == []
