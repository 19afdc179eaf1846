"""The way of a heads-up through Debian's postfix and dovecot: submitted, delivered, read by what others wrote."""

from datetime import timedelta
from email.header import decode_header, make_header

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from models import Mail, MailState
from service import worker
from service.alerts import queries as alerts
from service.updates import actions
from service.updates import dkim as ours
from service.updates.schemas import UpdateIn
from tests import make
from tests.updates.conftest import SAID


@pytest.fixture
def settings(settings, server, tmp_path):
    """Settings that submit to the server and sign."""
    key = rsa.generate_private_key(65537, 2048)
    (tmp_path / "dkim.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    facts = {"smtp_url": server.url, "mail_from": "Headsup <ola@example.com>", "dkim_key_file": tmp_path / "dkim.pem"}
    return settings.model_copy(update=facts)


@pytest.fixture
def alert(db):
    with db.begin() as session:
        account = make.account(session, name="Møller & Søn", rep=make.rep(session, email="rita@example.com"))
        make.risk_days(session, account, [0.2, 0.1, 0.2, 0.3, 0.4, 0.6, 0.7, 0.9])
        return make.alert(session, account)


@pytest.fixture
def tell(db, settings, clock):
    """Write an update, let the worker go round, and return the mail's row."""

    def tell(alert, *, with_settings=settings, **words):
        said = UpdateIn(**SAID | {"next_update_at": clock.at + timedelta(hours=4)} | words)
        with db.begin() as session:
            actions.write_update(session, alerts.alert(session, alert.id), said, by="ola@example.com", now=clock.at)
        worker.tick(db, with_settings, now=clock.at)
        with db.read() as session:
            return session.query(Mail).order_by(Mail.created_at.desc()).first()

    return tell


def fetched(server, mail, what):
    """What dovecot says of a message, in a line."""
    number = server.arrived("rita", message_id=mail.message_id)
    with server.mailbox("rita") as imap:
        _, answer = imap.fetch(number, what)
    return b"".join(part if isinstance(part, bytes) else b"".join(part) for part in answer if part).decode()


def raw(server, mail):
    number = server.arrived("rita", message_id=mail.message_id)
    with server.mailbox("rita") as imap:
        _, ((_, content), *_) = imap.fetch(number, "(RFC822)")
    return content


def test_a_heads_up_arrives_and_dovecot_reads_its_parts_as_meant(server, tell, alert):
    structure = fetched(server, tell(alert), "(BODYSTRUCTURE)").lower()

    inside, *_ = structure.split('"alternative"')
    assert inside.index('"text" "plain"') < inside.index('"text" "html"') < inside.index('"image" "png"')
    assert '"related"' in inside
    assert '("inline" ("filename" "risk.png"))' in inside


def test_dovecot_reads_the_subject_the_reader_and_the_thread(server, tell, alert, later):
    first = tell(alert)
    later(hours=25)

    envelope = fetched(server, tell(alert, cause="The second van is out."), "(ENVELOPE)")

    assert "Re: Møller & Søn may complain" in str(make_header(decode_header(envelope)))
    assert '(("Rita Reyes" NIL "rita" "example.com"))' in envelope
    assert first.message_id in envelope


def test_the_signature_holds_after_the_way(server, tell, alert, settings):
    content = raw(server, tell(alert))

    assert b"Received: " in content
    record = ours.record(settings).encode()
    assert dkim.verify(content, dnsfunc=lambda _name, **_: record)


def test_a_wrong_password_keeps_the_mail_and_says_so(server, tell, alert, settings, later, db):  # noqa: PLR0917
    wrong = settings.model_copy(update={"smtp_url": settings.smtp_url.replace("staple", "stable")})

    waiting = tell(alert, with_settings=wrong)
    worker.tick(db, settings, now=later(minutes=3))

    assert (waiting.state, waiting.attempts) == (MailState.QUEUED, 0)
    assert "535" in waiting.last_error
    assert server.arrived("rita", message_id=waiting.message_id)


def test_a_certificate_that_is_not_trusted_ends_the_dialogue(server, tell, alert, monkeypatch):
    monkeypatch.delenv("SSL_CERT_FILE")

    waiting = tell(alert)

    assert waiting.state == MailState.QUEUED
    assert "TLS failed" in waiting.last_error


def test_a_reader_whom_the_server_does_not_know_is_put_before_operations(server, tell, db):
    with db.begin() as session:
        account = make.account(session, rep=make.rep(session, email="nobody@example.com"))
        alert = make.alert(session, account)

    refused = tell(alert)

    assert refused.state == MailState.PARKED
    assert "550" in refused.last_error
