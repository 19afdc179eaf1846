"""Providers of inbound mail hand over mails each in their way; a key with the scope `mail` opens the door."""

import base64
import hmac
import json

import pytest
from pydantic import SecretStr
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


def signed_as_standard(content, *, key=b"0123456789abcdef", moment, named="msg_1"):
    said = f"{named}.{moment}.".encode() + content
    signature = base64.b64encode(hmac.digest(key, said, "sha256")).decode()
    return {"webhook-id": named, "webhook-timestamp": str(moment), "webhook-signature": f"v1,AAAA v1,{signature}"}


@pytest.mark.parametrize(
    ("change", "status"), [({}, 200), ({"key": b"other"}, 403), ({"late": 301}, 403), ({"body": b"x"}, 403)]
)
def test_a_signature_of_standard_webhooks_covers_body_and_time(  # noqa: PLR0917
    client_with, settings, clock, reply_address, change, status
):
    secret = base64.b64encode(b"0123456789abcdef").decode()
    settings.__dict__["inbound_signing_key"] = SecretStr(f"whsec_{secret}")
    content, moment = letter(reply_address), int(clock.at.timestamp()) - change.get("late", 0)
    headers = signed_as_standard(content, key=change.get("key", b"0123456789abcdef"), moment=moment)

    answer = client_with("mail").post(
        URL, content=content + change.get("body", b""), headers=headers | {"Content-Type": "message/rfc822"}
    )

    assert answer.status_code == status


@pytest.mark.parametrize(
    ("key", "late", "status"), [("mg", 0, 200), ("mg", 3_601, 403), ("other", 0, 403), ("", 0, 403)]
)
def test_mailguns_signature_covers_token_and_time(client_with, settings, clock, reply_address, key, late, status):  # noqa: PLR0917
    settings.__dict__["inbound_signing_key"] = SecretStr("mg")
    moment = str(int(clock.at.timestamp()) - late)
    signature = hmac.digest(key.encode(), f"{moment}token".encode(), "sha256").hex() if key else ""
    form = {"body-mime": letter(reply_address).decode(), "recipient": reply_address, "sender": "rita@example.com"}

    answer = client_with("mail").post(URL, data=form | {"timestamp": moment, "token": "token", "signature": signature})

    assert answer.status_code == status


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
