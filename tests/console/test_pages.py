"""Every page, empty and full, and that no text of others is ever run."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from models import Account, Better, Combine, Mail, MailState, Metric, ModelStatus, TrainedModel, WorkerStep
from tests import make
from tests.make import MONDAY

PAYLOADS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onfocus='alert(1)' autofocus='",
    "{{ 7 * 191 }}</textarea><svg onload=alert(1)>",
    "javascript:alert(1)",
]


def fill(session, text="Northwind"):
    """One of everything, with `text` wherever a text can be."""
    rep = make.rep(session, name=text)
    account = make.account(session, name=text, external_id=f"id/{text}?#%", segment=text[:100], rep=rep)
    make.account(session, name=text, external_id=text, rep=None)
    metric = make.metric(session, text[:100], label=text, unit=text[:40])
    make.daily(session, account, metric, [0.1, 0.2, 0.3])
    make.metric(session, f"unknown {text}"[:100], label=text, better=None)
    make.score(session, account, reasons=[make.reason(text)], missing=[text])
    make.risk_days(session, account, [0.2, 0.5, 0.8])
    make.complaint(session, account, about=text, channel=text[:40], at=MONDAY - timedelta(days=1))
    alert = make.alert(session, account, reasons=[make.reason(text)], assigned_to=text)
    update = make.update(session, alert, cause=text, fix=text, say=text, owner=text, written_by=text)
    mail = make.mail(
        session,
        subject=text,
        state=MailState.PARKED,
        last_error=text,
        update_id=update.id,
        content=make.letter(text=text),
    )
    session.add(WorkerStep(name=text[:60], ended_at=MONDAY, failed_at=MONDAY, error=text))
    return account, alert, mail


def paths(account, alert, mail):
    return [
        "/", "/?view=done", f"/?alert={alert.id}", f"/alerts/{alert.id}", f"/alerts/{alert.id}/panel", "/accounts",
        f"/accounts/{account.external_id.replace('%', '%25').replace('?', '%3F').replace('#', '%23')}",
        "/outlook", "/todo", "/mail", f"/mail/{mail.id}", "/status",
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["Northwind", *PAYLOADS])
def test_texts_of_others_are_shown_and_never_run(ola, db, text):
    with db.begin() as session:
        rows = fill(session, text)

    for path in paths(*rows):
        answer = ola.get(path)

        assert answer.status_code == 200, path
        for live in ("<script>alert", "<img src=x", "onfocus='", "<svg onload", 'href="javascript:', "1337"):
            assert live not in answer.text, path


def test_the_account_page_tells_all_that_is_known(ola, db):
    with db.begin() as session:
        account, alert, _ = fill(session)

    page = ola.get(f"/accounts/{account.external_id.replace('?#%', '%3F%23%25')}").text

    for fact in (
        "120,000",
        "missed",
        "Europe/Berlin",
        "80 %",
        f"/alerts/{alert.id}",
        f"/series/{account.id}",
    ):
        assert fact in page, fact


def test_the_charts_get_each_day_combined_as_the_metric_says(ola, db):
    with db.begin() as session:
        account = make.account(session)
        for combine in Combine:
            metric = make.metric(session, combine.value, combine=combine)
            for hour, value in ((2, 1.0), (3, 5.0)):
                make.observation(session, account, metric, value, at=MONDAY - timedelta(hours=hour))

    metrics = ola.get(f"/series/{account.id}").json()["metrics"]

    assert {key: facts["values"] for key, facts in metrics.items()} == {"sum": [6.0], "mean": [3.0], "last": [1.0]}
    assert metrics["sum"]["days"] == ["2026-03-02"]


def test_accounts_can_be_found_ordered_and_leafed_through(ola, db):
    with db.begin() as session:
        for n in range(60):
            make.score(session, make.account(session, name=f"Account {n:02}"), n / 100)

    first, second = ola.get("/accounts").text, ola.get("/accounts?page=2").text

    assert first.index("Account 59") < first.index("Account 58")
    assert "Account 05" in second
    assert "Account 05" not in first
    assert ola.get("/accounts?q=ccount+05").text.count('class="strong"') == 1
    assert ola.get("/accounts?sort=name").text.index("Account 00") < ola.get("/accounts?sort=name").text.index(
        "Account 01"
    )


def test_naming_a_rep_keeps_all_else_that_is_known(ola, db):
    with db.begin() as session:
        account = make.account(session, rep=None, value=5.0)

    ola.post("/todo/rep", data={"account_id": account.external_id, "email": "Rita@example.com", "name": "Rita Reyes"})

    with db.read() as session:
        known = session.scalars(select(Account)).one()
        assert (known.value, known.segment, known.time_zone) == (5.0, "retail", "Europe/Berlin")
        assert known.rep_id is not None
    assert "All is in order" in ola.get("/todo").text


def test_a_metric_gets_its_direction_and_target_from_a_form(ola, db):
    with db.begin() as session:
        make.metric(session, "dwell", better=None)

    answer = ola.post("/todo/metric", data={"metric": "dwell", "better": "lower", "target": "5 %", "unit": "share"})

    assert "All is in order" in answer.text
    with db.read() as session:
        metric = session.scalars(select(Metric)).one()
    assert (metric.better, metric.target) == (Better.LOWER, 0.05)
    assert ola.post("/todo/metric", data={"metric": "dwell", "better": "lower", "target": "much"}).status_code == 422


def test_a_parked_mail_can_be_sent_again_and_a_sent_one_cannot(ola, db):
    with db.begin() as session:
        _, _, mail = fill(session)
    assert "Send again" in ola.get(f"/mail/{mail.id}").text

    ola.post(f"/todo/mails/{mail.id}/again")

    with db.read() as session:
        assert session.scalars(select(Mail.state)).one() is MailState.QUEUED
    assert ola.post(f"/todo/mails/{mail.id}/again").status_code == 409


def test_a_mail_is_shown_as_its_reader_sees_it_in_a_frame_that_can_run_nothing(ola, db):
    with db.begin() as session:
        mail = make.mail(session, content=make.letter(html="<p>Dear Rita</p><script>alert(1)</script>"))

    frame = ola.get(f"/mail/{mail.id}/html")

    assert "Dear Rita" in frame.text
    assert 'src="data:image/png;base64,' in frame.text
    assert frame.headers["content-security-policy"].startswith(
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    )
    assert "sandbox allow-popups" in frame.headers["content-security-policy"]
    assert "Dear Rita" not in ola.get(f"/mail/{mail.id}").text
    assert "frame-src 'self'" in ola.get(f"/mail/{mail.id}").headers["content-security-policy"]


def test_the_status_page_tells_of_the_worker_and_the_model(ola, db):
    assert "The worker has not run yet" in ola.get("/status").text
    with db.begin() as session:
        session.add(WorkerStep(name="send_mails", failed_at=MONDAY, error="connection refused"))
        card = {
            "status": ModelStatus.ACTIVE,
            "sha256": "0" * 64,
            "card": {"measures": {"model": {"roc_auc": 0.83}}},
            "alert_line": 0.42,
            "trained_at": MONDAY,
        }
        session.add(TrainedModel(version="2026-03-01.1", **card))

    page = ola.get("/status").text

    assert "connection refused" in page
    assert "42 %" in page
    assert "0.830" in page
