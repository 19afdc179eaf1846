"""The way to the relay: bounded waits, no way around TLS, a verdict for everything."""

import smtplib
import socket
import ssl
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from time import monotonic, sleep

import pytest
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from service.updates import smtp
from service.updates.smtp import Channel, Limits, NotSent, Relay, RelayInvalid, Verdict, relay_of
from tests.mailbox import open_mailbox

QUICK = Limits(connect=0.5, command=0.5, mail=1.5)
MAIL = ("headsup@ops.example", "rita@example.com", b"Subject: x\r\n\r\nx\r\n")


@contextmanager
def raw_server(*script):
    """A server that answers a connection line by line as the script says; a number is a pause in seconds."""
    listener = socket.create_server(("127.0.0.1", 0))

    def talk():
        connection, _ = listener.accept()
        with connection, connection.makefile("rb") as lines:
            for line in script:
                if isinstance(line, float):
                    sleep(line)
                    continue
                try:
                    connection.sendall(line)
                    if line.endswith(b"\n"):
                        lines.readline()
                except OSError:
                    return

    thread = threading.Thread(target=talk, daemon=True)
    thread.start()
    yield Relay("smtp", "127.0.0.1", listener.getsockname()[1])
    listener.close()
    thread.join(5)


def verdict(relay, limits=QUICK):
    with pytest.raises(NotSent) as refused, Channel(relay, "ops.example", limits) as channel:
        channel.deliver(*MAIL)
    return refused.value.verdict


def test_a_server_that_never_greets_is_trouble_of_the_way():
    with raw_server(2.0) as relay:
        assert verdict(relay) is Verdict.CHANNEL


@pytest.mark.parametrize("banner", [b"421 busy\r\n", b"554 go away\r\n", b"HTTP/1.1 400 Bad Request\r\n"])
def test_a_server_that_does_not_want_us_is_trouble_of_the_way(banner):
    with raw_server(banner, b"") as relay:
        assert verdict(relay) is Verdict.CHANNEL


def test_a_server_that_falls_silent_is_left_after_the_limit():
    started = monotonic()

    with raw_server(b"220 hi\r\n", b"250 OK\r\n", 2.0) as relay:
        assert verdict(relay) is Verdict.LATER

    assert monotonic() - started < 4


def test_a_server_that_answers_a_byte_at_a_time_is_cut_off():
    drip = [part for _ in range(100) for part in (b"2", 0.1)]
    started = monotonic()

    with raw_server(b"220 hi\r\n", b"250 OK\r\n", *drip) as relay:
        assert verdict(relay) is Verdict.LATER

    assert monotonic() - started < 6


def test_a_name_that_does_not_resolve_is_trouble_of_the_way():
    assert verdict(Relay("smtp", "relay.invalid", 25)) is Verdict.CHANNEL


def test_a_relay_without_starttls_gets_no_mail_in_clear_text():
    with open_mailbox() as mailbox:
        assert verdict(relay_of(mailbox.url.replace("smtp://", "smtp+starttls://"))) is Verdict.CHANNEL

    assert mailbox.delivered == []


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for 127.0.0.1 that nobody has signed but itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    today = datetime.now(UTC)
    builder = x509.CertificateBuilder(
        name, name, key.public_key(), x509.random_serial_number(), today - timedelta(days=1), today + timedelta(days=1)
    ).add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
    path = tmp_path_factory.mktemp("certificate") / "relay.pem"
    path.write_bytes(
        builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path


@pytest.fixture
def server_context(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture
def trusted(certificate, monkeypatch):
    """Let the machine trust the certificate, as an administrator would."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))


def test_starttls_and_login_carry_a_mail(server_context, trusted):
    seen = []

    def check(_server, _session, _envelope, _mechanism, login):
        seen.append((login.login, login.password))
        return AuthResult(success=login.password == b"p@ss word")

    with open_mailbox(tls_context=server_context, auth_required=True, authenticator=check) as mailbox:
        relay = relay_of(mailbox.url.replace("smtp://", "smtp+starttls://head%40sup:p%40ss%20word@"))
        with Channel(relay, "ops.example", QUICK) as channel:
            channel.deliver(*MAIL)
        assert verdict(relay_of(mailbox.url.replace("smtp://", "smtp+starttls://u:wrong@"))) is Verdict.CHANNEL

    assert len(mailbox.delivered) == 1
    assert seen[0] == (b"head@sup", b"p@ss word")


def test_a_certificate_that_nobody_trusts_ends_it(server_context):
    with open_mailbox(tls_context=server_context) as mailbox:
        assert verdict(relay_of(mailbox.url.replace("smtp://", "smtp+starttls://"))) is Verdict.CHANNEL

    assert mailbox.delivered == []


def test_a_connection_that_died_between_two_mails_is_opened_anew():
    with open_mailbox() as mailbox, Channel(relay_of(mailbox.url), "ops.example", QUICK) as channel:
        channel.deliver(*MAIL)
        channel._smtp.sock.shutdown(socket.SHUT_RDWR)  # noqa: SLF001  what a relay does that limits its connections
        channel.deliver(*MAIL)

        assert (len(mailbox.delivered), mailbox.connections) == (2, 2)


@pytest.mark.parametrize(
    ("url", "relay"),
    [
        ("smtp://relay.example", Relay("smtp", "relay.example", 25)),
        ("smtp+starttls://u:p%40ss@relay.example", Relay("smtp+starttls", "relay.example", 587, "u", "p@ss")),
        ("smtps://relay.example:2465/", Relay("smtps", "relay.example", 2465)),
    ],
)
def test_addresses_of_relays_are_read(url, relay):
    assert relay_of(url) == relay


@pytest.mark.parametrize("url", ["relay.example:25", "http://relay.example", "smtp://", "smtp://h:port", "smtp://h/x"])
def test_what_is_no_address_of_a_relay_is_refused(url):
    with pytest.raises(RelayInvalid):
        relay_of(url)


def test_a_password_is_not_shown():
    assert "secret" not in repr(relay_of("smtps://user:secret@relay.example"))


def test_recipients_refused_for_now_are_not_refused_for_good():
    busy = smtplib.SMTPRecipientsRefused({"rita@example.com": (421, b"too busy")})

    assert smtp._verdict(busy).verdict is Verdict.LATER  # noqa: SLF001


def test_reasons_repeat_no_address():
    gone = smtplib.SMTPRecipientsRefused({"rita@example.com": (550, b"<rita@example.com> unknown")})

    assert str(smtp._verdict(gone)) == "the relay answered 550"  # noqa: SLF001
