"""Signatures hold before another implementation, and any change breaks them."""

from datetime import UTC, datetime

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from service.kit.settings import Settings
from service.updates.dkim import DkimKeyInvalid, record, sign

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
MAIL = (
    b"From: Headsup <headsup@ops.example>\r\nTo: =?utf-8?q?R=C3=ADta?= <rita@example.com>\r\n"
    b"Subject: Northwind Foods may complain:\r\n share  delivered\tlate\r\nDate: Mon, 02 Mar 2026 12:00:00 +0000\r\n"
    b"List-Unsubscribe: <https://headsup.example/u/x>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    b"\r\nTwo drivers  are \t off sick. \r\n\r\n-- \r\nOperations\r\n\r\n\r\n"
)


@pytest.fixture(params=["rsa", "ed25519"])
def signing(request, tmp_path):
    """Settings with a key of each kind."""
    keys = {"rsa": lambda: rsa.generate_private_key(65537, 2048), "ed25519": ed25519.Ed25519PrivateKey.generate}
    return settings_with(keys[request.param](), tmp_path)


def settings_with(key, folder):
    path = folder / "dkim.pem"
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return Settings(dkim_key_file=path, dkim_selector="march", _env_file=None)


def verified(content, settings):
    answers = {b"march._domainkey.ops.example.": record(settings).encode()}
    return dkim.verify(content, dnsfunc=lambda name, **_: answers[name])


def test_another_implementation_accepts_the_signature(signing):
    assert verified(sign(MAIL, signing, "ops.example", now=NOW), signing)


def test_what_a_relay_does_to_blanks_leaves_the_signature_whole(signing):
    signed = sign(MAIL, signing, "ops.example", now=NOW)

    assert verified(signed.replace(b"complain:\r\n share  ", b"complain: share ").rstrip(b"\r\n") + b"\r\n", signing)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"off sick", b"in good health"),
        (b"Northwind", b"Southwind"),
        (b"/u/x>", b"/u/y>"),
        (b"One-Click", b"Two-Click"),
        (b"To: ", b"From: Eve <eve@evil.example>\r\nTo: "),
    ],
)
def test_a_change_breaks_the_signature(signing, before, after):
    signed = sign(MAIL, signing, "ops.example", now=NOW)

    assert not verified(signed.replace(before, after), signing)


def test_the_same_mail_gets_the_same_bytes(signing):
    assert sign(MAIL, signing, "ops.example", now=NOW) == sign(MAIL, signing, "ops.example", now=NOW)


def test_without_a_key_file_nothing_is_signed():
    assert sign(MAIL, Settings(_env_file=None), "ops.example", now=NOW) == MAIL


def test_a_key_that_receivers_refuse_is_refused_here(tmp_path):
    settings = settings_with(ec.generate_private_key(ec.SECP256R1()), tmp_path)

    with pytest.raises(DkimKeyInvalid, match="receivers refuse"):
        sign(MAIL, settings, "ops.example", now=NOW)


def test_a_key_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(DkimKeyInvalid, match=r"gone\.pem"):
        sign(MAIL, Settings(dkim_key_file=tmp_path / "gone.pem", _env_file=None), "ops.example", now=NOW)
