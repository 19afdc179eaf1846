"""The standing cast, and valid rows of every kind: `make.account(session, name=…)`.

Account Northwind, its rep Rita, operators Ola (agent) and Lena (lead), and a stranger, Sam, who must see nothing.
"""

from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from itertools import count

from models import (
    Account,
    Address,
    Alert,
    Better,
    Combine,
    Commitment,
    Complaint,
    InboundMail,
    Mail,
    MailKind,
    Metric,
    NewsLine,
    Observation,
    Operator,
    Rep,
    Reply,
    Role,
    Score,
    ScoreDay,
    Telling,
    Update,
    UpdateKind,
)

MONDAY = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
_numbers = count(1)


def _add(session, row):
    session.add(row)
    session.flush()
    return row


def rep(session, **facts):
    n = next(_numbers)
    defaults = {
        "email": f"rita{n}@example.com",
        "name": "Rita Reyes",
        "time_zone": "Europe/Berlin",
        "created_at": MONDAY,
    }
    return _add(session, Rep(**defaults | facts))


def account(session, **facts):
    n = next(_numbers)
    if "rep" not in facts and "rep_id" not in facts:
        facts["rep"] = rep(session)
    defaults = {
        "external_id": f"northwind-{n}",
        "name": "Northwind Foods",
        "value": 120_000.0,
        "time_zone": "Europe/Berlin",
        "segment": "retail",
        "created_at": MONDAY,
        "updated_at": MONDAY,
    }
    return _add(session, Account(**defaults | facts))


def metric(session, key="late_share", **facts):
    defaults = {
        "external_id": key,
        "label": "Share delivered late",
        "unit": "share",
        "better": Better.LOWER,
        "target": 0.05,
        "combine": Combine.MEAN,
        "created_at": MONDAY,
        "updated_at": MONDAY,
    }
    return _add(session, Metric(**defaults | facts))


def observation(session, account, metric, value, *, at=MONDAY, item_id=""):
    row = Observation(account_id=account.id, metric_id=metric.id, observed_at=at, value=value, item_id=item_id)
    account.data_version += 1
    return _add(session, row)


def daily(session, account, metric, values, *, until=MONDAY):
    """One observation a day, the last of them at `until`."""
    for age, value in enumerate(reversed(values)):
        observation(session, account, metric, value, at=until - timedelta(days=age))


def complaint(session, account, *, at=MONDAY, **facts):
    defaults = {"external_id": f"complaint-{next(_numbers)}", "severity": 2, "channel": "phone", "received_at": at}
    return _add(session, Complaint(account_id=account.id, occurred_at=at, **defaults | facts))


def reason(sentence="Share delivered late 4 % → 19 % in 9 days", **facts):
    return {"metric": "late_share", "direction": "up", "weight": 1.2, "sentence": sentence} | facts


def score(session, account, risk=0.8, *, at=MONDAY, **facts):
    defaults = {
        "rise": risk,
        "model": "starter",
        "reasons": [reason()],
        "missing": [],
        "data_through": at,
        "scored_at": at,
        "changed_at": at,
    }
    return _add(session, Score(account_id=account.id, risk=risk, **defaults | facts))


def alert(session, account, risk=0.8, *, at=MONDAY, **facts):
    defaults = {"risk_opened": risk, "risk": risk, "line": 0.6, "model": "starter", "reasons": [reason()]}
    return _add(session, Alert(account_id=account.id, **{"opened_at": at, "asked_at": at} | defaults | facts))


def risk_days(session, account, risks, *, until=MONDAY, model="starter"):
    """One risk a day, the last of them on the day of `until`."""
    for age, risk in enumerate(reversed(risks)):
        day = (until - timedelta(days=age)).date()
        _add(session, ScoreDay(account_id=account.id, day=day, risk=risk, model=model))


def operator(session, email="ola@example.com", role=Role.AGENT, **facts):
    defaults = {"name": email.partition("@")[0].title(), "password_hash": "-", "created_at": MONDAY}
    return _add(session, Operator(email=email, role=role, **defaults | facts))


def update(session, alert, **facts):
    defaults = {
        "kind": UpdateKind.WRITTEN,
        "written_at": MONDAY,
        "written_by": "ola@example.com",
        "cause": "A van is out on the northern tour.",
        "owner": "Ola Berg",
        "fix": "A second van from Tuesday.",
        "next_update_at": MONDAY + timedelta(hours=4),
    }
    return _add(session, Update(alert_id=alert.id, **defaults | facts))


def reply(session, alert, **facts):
    """What Rita answered to a mail about the alert."""
    defaults = {"subject": "Re: Northwind Foods may call", "sender": "rita@example.com", "body": "I called them."}
    return _add(session, Reply(alert_id=alert.id, attachments=[], **{"received_at": MONDAY} | defaults | facts))


def inbound(session, **facts):
    """A mail that came in and that nobody could read."""
    defaults = {"key": f"key-{next(_numbers)}", "kind": "unreadable", "why": "It is broken.", "received_at": MONDAY}
    return _add(session, InboundMail(**defaults | facts))


def address(session, text="rita@example.com", **facts):
    """An address that gets no mails any more."""
    defaults = {"last_at": MONDAY, "status": "5.1.1", "said": "550 5.1.1 user unknown", "bounces": 1}
    return _add(session, Address(address=text, stopped_at=MONDAY, stopped_why="hard", **defaults | facts))


def mail(session, **facts):
    """A mail in the outbox, with both parts and a picture. It tells its update, if it has one."""
    n = next(_numbers)
    defaults = {
        "kind": MailKind.HEADS_UP,
        "dedupe_key": f"mail-{n}",
        "recipient": "rita@example.com",
        "subject": "Heads-up: Northwind Foods may call",
        "message_id": f"<{n}@example.com>",
        "content": letter(),
        "created_at": MONDAY,
        "next_at": MONDAY,
    }
    row = _add(session, Mail(**defaults | facts))
    if row.update_id:
        _add(session, Telling(update_id=row.update_id, mail_id=row.id))
    return row


def letter(*, text="Northwind Foods may call.", html="<p>Northwind Foods may call.</p>"):
    """The bytes of a mail whose HTML part shows a picture that came along."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "Headsup <headsup@localhost>", "rita@example.com", "Heads-up"
    message.set_content(text)
    message.add_alternative(f'<html><head></head><body>{html}<img src="cid:risk"></body></html>', subtype="html")
    message.get_payload()[1].add_related(b"\x89PNG", "image", "png", cid="<risk>")
    return bytes(message)


def news(session, **facts):
    """Something to tell clients this week."""
    defaults = {
        "text": "The depot in Spandau opens on Saturdays.",
        "from_day": MONDAY.date(),
        "until_day": (MONDAY + timedelta(days=6)).date(),
        "made_by": "lena@example.com",
        "created_at": MONDAY,
    }
    return _add(session, NewsLine(**defaults | facts))


def commitment(session, account, **facts):
    """A promise to a client, due on Friday."""
    defaults = {
        "promise": "Deliveries before 08:00 in all northern shops",
        "due": (MONDAY + timedelta(days=4)).date(),
        "made_by": "ola@example.com",
        "created_at": MONDAY,
    }
    return _add(session, Commitment(account_id=account.id, **defaults | facts))
