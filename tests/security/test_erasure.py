"""S16: of a person who was erased nothing is left, and nothing comes back with an old backup."""

import json
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import select, text

from models import Account, Alert, AlertEvent, Base, Mail, MailKind, MailState, Rep
from service.access import audit, erasure
from service.kit.database import Database
from service.replies import receipts
from service.updates import promises
from tests import make
from tests.conftest import ON_POSTGRESQL
from tests.security.tour import Tour, go

NOW = make.MONDAY + timedelta(days=400)
RITA, NAME, CONTACT, CONTACT_NAME = (
    "rita.canary@example.com",
    "Rita Canarý-O'Brien",
    "carl.canary@client.example",
    "Carl",
)
CANARIES = ["rita.canary", "canarý", "canar=C3=BD", "O'Brien", "carl.canary", "Carlos Canary"]


@pytest.fixture
def full(db, api, ola, settings):
    """A database where Rita and Carl stand in every text that people can write."""
    words = {
        "rep address": RITA,
        "rep name": NAME,
        "new rep address": RITA,
        "new rep name": NAME,
        "manager address": CONTACT,
        "owner address": CONTACT,
        "complaint": f"Carlos Canary <{CONTACT}> told {NAME}.",
        "cause": f"Ask {NAME} ({RITA}).",
        "note": f"Said by {CONTACT}, in person.",
        "promise": f"{NAME} calls {CONTACT} every Monday.",
        "domino": f"Carlos Canary opens the shop ({CONTACT}).",
        "news": f"{NAME} has a new number; ask {RITA}.",
        "answer": f"{NAME}, call Carlos Canary.",
        "why": f"“Carlos Canary” says so; so does {RITA.upper()}",
    }
    tour = Tour(api, ola, db, settings, words)
    routes = ("observations", "complaints", "commitments", "news", "replies/{reply_id}/answer")
    for route in (*routes, "alerts/{alert_id}/updates", "alerts/{alert_id}/wrong"):
        go(tour, f"POST /v1/{route}")
    go(tour, "POST /alerts/{alert_id}/resolve")
    go(tour, "POST /todo/rep")
    go(tour, "PUT /v1/accounts/{account_id}")
    with db.begin() as session:
        rep = session.scalars(select(Rep).where(Rep.email == RITA)).one()
        account = make.account(session, external_id="hers", rep=rep)
        make.mail(session, recipient=RITA, rep_id=rep.id, content=make.letter(text=f"Dear {NAME}, call."))
        make.mail(session, recipient="lena@example.com", subject="Late", content=make.letter(html=f"<b>{CONTACT}</b>"))
        alert = make.alert(session, account, assigned_to=CONTACT)
        session.add(AlertEvent(alert_id=alert.id, at=NOW, kind="rep_acknowledged", actor=RITA, detail={"by": [NAME]}))
    go(tour, "POST /a/{token}")
    return tour


def left(db, settings):
    """Where a canary is found: in the rows, and on SQLite in the bytes of every file."""
    found = []
    with db.engine.connect() as connection:
        for table in Base.metadata.sorted_tables:
            rows = "\n".join(str(row) for row in connection.execute(select(table)))
            found += [(table.name, word) for word in CANARIES if word.casefold() in rows.casefold()]
    for path in Path(settings.data_dir).rglob("*"):
        content = path.read_bytes().lower() if path.is_file() else b""
        found += [(path.name, word) for word in CANARIES if word.casefold().encode() in content]
    return found


def erase(db, settings):
    erasure.write_ledger(settings, [RITA, CONTACT, "Carlos Canary"], now=NOW)
    return erasure.apply_ledger(db, settings, by="test", now=NOW)


def test_the_test_finds_what_is_there(full, db, settings):
    assert {table for table, _ in left(db, settings)} >= {
        "reps",
        "accounts",
        "updates",
        "complaints",
        "alerts",
        "mails",
    }


def test_nothing_is_left_of_who_was_erased(full, db, settings):
    changed = erase(db, settings)

    assert set(changed) >= {"reps", "accounts", "updates", "complaints", "alerts", "mails", "alert_events"}
    assert left(db, settings) == []


def test_what_is_left_still_works(full, db, settings):
    erase(db, settings)

    with db.read() as session:
        assert {mail.state for mail in session.scalars(select(Mail).where(Mail.content == b""))} == {"suppressed"}
        assert session.scalars(select(Account).where(Account.external_id == "hers")).one().rep_id is None
        assert audit.verify(session).sound
        alerts = session.scalars(select(Alert)).all()
    pages = [f"/alerts/{alert.id}" for alert in alerts] + ["/mail", "/todo", "/accounts", "/accounts/hers", "/"]
    assert {page: full.browser.get(page).status_code for page in pages} == dict.fromkeys(pages, 200)


def test_the_audit_log_keeps_a_number_for_a_rep(full, db, settings):
    erase(db, settings)

    with db.read() as session:
        actors = {line.actor for line in audit.queries.audit_entries(session, limit=100)}
    assert any(actor.startswith("rep:") for actor in actors)


@pytest.fixture
def told(db, full, settings):
    """Rita was told of a promise at risk, replied, and got a receipt; her words and the promise are in both mails."""
    settings = settings.model_copy(update={"inbound_address": "headsup@ops.example", "receipts": True})
    with db.begin() as session:
        rep = session.scalars(select(Rep).where(Rep.email == RITA)).one()
        account = session.scalars(select(Account).where(Account.external_id == "hers")).one()
        risk = {"promise": f"{CONTACT} hears by noon", "at_risk_since": NOW - timedelta(days=1), "danger": "overdue"}
        make.commitment(session, account, dominoes=[{"what": "Carlos Canary opens", "on": None}], **risk)
    assert promises.compose(db, settings, now=NOW) == 1
    with db.begin() as session:
        mail = session.scalars(select(Mail).where(Mail.kind == MailKind.COMMITMENT)).one()
        alert = session.scalars(select(Alert).where(Alert.account_id == account.id)).one()
        said = {"rep_id": rep.id, "mail_id": mail.id, "sender": RITA, "body": f"{NAME} here. I call Carlos Canary."}
        make.reply(session, alert, received_at=NOW, **said)
    assert receipts.compose(db, settings, now=NOW) == 1


def test_nothing_is_left_in_promises_news_and_what_was_mailed_and_written_about_them(db, told, settings):
    tables = {"commitments", "news_lines", "replies", "mails"}
    assert {table for table, _ in left(db, settings)} >= tables

    changed = erase(db, settings)

    assert set(changed) >= tables
    assert left(db, settings) == []
    with db.read() as session:
        frozen = session.scalars(select(Mail).where(Mail.kind.in_([MailKind.COMMITMENT, MailKind.RECEIPT]))).all()
    assert [(mail.content, mail.state) for mail in frozen] == [(b"", MailState.SUPPRESSED)] * len(frozen)


@pytest.mark.skipif(ON_POSTGRESQL, reason="the backup here is a copy of the file; the ledger is the same")
def test_an_old_backup_forgets_again_before_it_is_served(full, db, settings, tmp_path):
    backup = tmp_path / "old"
    backup.mkdir()
    db.close()
    shutil.copy(settings.data_dir / "headsup.db", backup / "headsup.db")
    erase(db, settings)
    shutil.copy(settings.data_dir / "erasures.jsonl", backup / "erasures.jsonl")
    restored = settings.model_copy(update={"data_dir": backup})
    old = Database(restored.database)
    assert left(old, restored) != []

    assert erasure.catch_up(old, restored, now=NOW)

    assert left(old, restored) == []
    assert not erasure.catch_up(old, restored, now=NOW)
    old.close()


def test_the_ledger_names_nobody(full, db, settings):
    erase(db, settings)

    lines = [json.loads(line) for line in (settings.data_dir / "erasures.jsonl").read_text().splitlines()]
    assert [line["words"] for line in lines] == [1, 1, 2]
    assert all(len(line["digest"]) == 64 for line in lines)


def test_the_command_erases_and_refuses_operators(full, cli, settings, db):
    cli("init")
    erased = cli("erase", RITA, "--name", "Carlos Canary", "--json")
    refused = cli("erase", "ola@example.com")

    assert erased.exit_code == 0
    assert json.loads(erased.stdout)["rows"]["reps"] == 1
    assert (refused.exit_code, "operator disable" in refused.stderr) == (1, True)


@pytest.fixture
def new_files(db):
    """Tables in files of their own: what tests before this one deleted is gone from the server's disk."""
    with db.engine.begin() as connection:
        connection.execute(text(f"TRUNCATE {', '.join(Base.metadata.tables)} CASCADE"))


@pytest.mark.skipif(not ON_POSTGRESQL, reason="of the embedded database every file is read above")
@pytest.mark.usefixtures("new_files", "full")
def test_no_file_of_the_tables_on_the_server_holds_a_word_of_who_was_erased(db, settings):
    """Not the write-ahead log: it and backups keep it until they are recycled, docs/security.md says so."""
    with db.engine.begin() as connection:
        connection.execute(text("ANALYZE"))
    assert on_disk(db) >= {"rita.canary", "canarý", "carl.canary"}

    erase(db, settings)

    assert on_disk(db) == set()


def on_disk(db):
    """The canaries in the server's files of tables and indexes, when all is written that was committed."""
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("CHECKPOINT"))
        base = Path(connection.scalar(text("SHOW data_directory"))) / "base"
    files = b"".join(path.read_bytes().lower() for path in base.rglob("*") if path.is_file())
    return {word for word in CANARIES if word.casefold().encode() in files}


def test_another_secret_key_forgets_whom_the_one_before_erased(full, db, settings):
    erasure.write_ledger(settings, [RITA, CONTACT, "Carlos Canary"], now=NOW)
    changed = {"secret_key": SecretStr("n" * 43), "secret_key_before": settings.secret_key}

    assert erasure.catch_up(db, settings.model_copy(update=changed), now=NOW)

    assert left(db, settings) == []
