"""A05: a list gives no more than it says, believes no cursor but its own, answers soon, and reads by an index."""

import hashlib
import time
from datetime import timedelta

import pytest
from itsdangerous import TimestampSigner, URLSafeTimedSerializer
from pydantic import SecretStr
from sqlalchemy import event, insert, select, text

from models import Account, Alert, Mail, Score
from service.kit.cursors import write_cursor
from tests import make

ACCOUNTS, SECONDS, SECONDS_OF_THE_LARGEST = 5_000, 0.2, 1.0
LISTS = ["/v1/accounts", "/v1/risk", "/v1/alerts", "/v1/outbox"]
QUESTIONS = ["limit=1000000000", "limit=9223372036854775808", "limit=-1", "limit=1e3", "limit=0", "cursor=AAAA"]
QUESTIONS += ["cursor=a.b.c", "cursor=", "cursor=" + "a.b." * 400 + "c", "cursor=%00"]
SORTED = [
    f"sort={each}" for each in ("risk;--", "risk desc", "(select 1)", "account.value", "risk,account", "__class__")
]
ASKED = [(path, question) for path in LISTS for question in QUESTIONS]
ASKED += [(path, question) for path in LISTS[1:3] for question in SORTED]


@pytest.mark.parametrize(("path", "question"), ASKED)
def test_a_list_is_not_asked_for_what_it_does_not_give(api, path, question):
    assert api.get(f"{path}?{question}").status_code == 422


class LastMonth(TimestampSigner):
    """Signs as if it were weeks ago."""

    def get_timestamp(self):
        return super().get_timestamp() - int(timedelta(days=15).total_seconds())


def forgeries(settings, good):
    """Cursors that nobody gave out for this list, or not lately."""
    other = settings.model_copy(update={"secret_key": SecretStr("o" * 43)})
    old = URLSafeTimedSerializer(
        settings.secret_key.get_secret_value(),
        salt="headsup.cursor.accounts",
        signer=LastMonth,
        signer_kwargs={"digest_method": hashlib.sha256},
    )
    position, moment, signature = good.rsplit(".", 2)
    return {
        "of another list": write_cursor(settings, "alerts.risk", 0.5, "x"),
        "of another kind": write_cursor(settings, "accounts", 1.0),
        "of another key": write_cursor(other, "accounts", "northwind"),
        "too old": old.dumps('["northwind"]'),
        "changed at the end": good[:-1] + ("A" if good[-1] != "A" else "B"),
        "changed at the start": ("A" if good[0] != "A" else "B") + good[1:],
        "without a signature": f"{position}.{moment}.",
        "with another moment": f"{position}.{moment[:-1]}{'A' if moment[-1] != 'A' else 'Q'}.{signature}",
    }


def test_no_cursor_is_believed_but_the_list_s_own(api, db, settings):
    with db.begin() as session:
        for _ in range(3):
            make.score(session, make.account(session))
    good = api.get("/v1/accounts?limit=1").json()["next"]

    answers = {
        name: api.get("/v1/accounts", params={"cursor": cursor}).status_code
        for name, cursor in forgeries(settings, good).items()
    }

    assert answers == dict.fromkeys(answers, 422)
    assert api.get("/v1/accounts", params={"cursor": good}).status_code == 200


def test_a_cursor_holds_for_the_question_that_it_was_given_to(api, db):
    with db.begin() as session:
        for _ in range(3):
            make.score(session, make.account(session))
    cursor = api.get("/v1/risk?limit=1").json()["next"]

    assert api.get("/v1/risk", params={"limit": 1, "cursor": cursor}).status_code == 200
    assert api.get("/v1/risk", params={"limit": 1, "cursor": cursor, "sort": "account"}).status_code == 422


@pytest.fixture
def crowd(db):
    """Accounts, scores and alerts by the thousand, as the planner of each database sees them."""
    moments = dict.fromkeys(("data_through", "scored_at", "changed_at"), make.MONDAY)
    plain = {"model": "starter", "reasons": []}
    with db.begin() as session:
        reps = [make.rep(session, email=f"rep{number}@example.com").id for number in range(50)]
        stamps = {"created_at": make.MONDAY, "updated_at": make.MONDAY, "time_zone": "UTC"}
        names = [
            {"external_id": f"a{n}", "name": "x", "rep_id": reps[n % 50], "segment": f"s{n % 20}"}
            for n in range(ACCOUNTS)
        ]
        session.execute(insert(Account), [row | stamps for row in names])
        ids = session.scalars(select(Account.id)).all()
        risks = [{"account_id": each, "risk": (each % 997) / 1_000, "rise": 0.5, "missing": []} for each in ids]
        session.execute(insert(Score), [row | moments | plain for row in risks])
        opened = {"opened_at": make.MONDAY, "asked_at": make.MONDAY, "risk_opened": 0.5, "line": 0.4}
        alerts = [
            {"account_id": each, "risk": (each % 89) / 100, "assigned_to": f"o{each % 9}@example.com"}
            for each in ids[::5]
        ]
        session.execute(insert(Alert), [row | opened | plain for row in alerts])
        session.execute(insert(Mail), [_mail(number) for number in range(ACCOUNTS)])
    with db.engine.begin() as connection:
        connection.execute(text("ANALYZE"))


def _mail(number):
    at, name = make.MONDAY + timedelta(minutes=number), f"mail-{number}"
    keys = {"dedupe_key": name, "message_id": f"<{name}>", "subject": "x", "recipient": "rita@example.com"}
    state = "sent" if number % 50 else "parked"
    sent_at = at if state == "sent" else None
    return (
        keys
        | {"kind": "heads_up", "content": b"x", "state": state, "created_at": at, "next_at": at}
        | {"sent_at": sent_at}
    )


PAGES = [f"{path}{question}" for path in LISTS for question in ("", "?limit=1000")]
PAGES += [f"/v1/risk?{each}" for each in ("segment=s1", "rep=rep1@example.com", "min_risk=0.9", "sort=-priority")]
PAGES += [
    f"/v1/alerts?{each}"
    for each in ("rep=rep1@example.com", "assigned_to=o1@example.com", "account_id=a5", "sort=opened")
]
PAGES += ["/v1/outbox?state=parked"]
MANY = [f"{path}?" + "&".join(["rep=a"] * 10_000) for path in LISTS]


def test_every_page_is_answered_soon(api, crowd):
    took = {}
    for path in PAGES + MANY + [f"{path}?{QUESTIONS[0]}" for path in LISTS]:
        tries = []
        for _ in range(5):
            began = time.perf_counter()
            api.get(path)
            tries.append(time.perf_counter() - began)
        # The best of five: the others tell who else is at work on this machine.
        took[path[:60]] = round(min(tries), 3)

    print(took)  # noqa: T201 (figures)
    most = {path: SECONDS_OF_THE_LARGEST if path.endswith("limit=1000") else SECONDS for path in took}
    assert {path: seconds for path, seconds in took.items() if seconds > most[path]} == {}


def page_queries(db, api, path):
    """What the list asks for its page: the statements with a limit."""
    seen = []

    def note(_connection, _cursor, statement, parameters, *_):
        seen.append((statement, parameters))

    event.listen(db.engine, "before_cursor_execute", note)
    assert api.get(path).status_code in {200, 422}
    event.remove(db.engine, "before_cursor_execute", note)
    return [
        each for each in seen if "LIMIT" in each[0] and "api_keys" not in each[0] and "trained_models" not in each[0]
    ]


def plan_of(db, statement, parameters):
    with db.engine.connect() as connection:
        cursor = connection.connection.driver_connection.cursor()
        if db.is_sqlite:
            cursor.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
        else:
            # Few pages are read faster whole: whether there is an index shows when that is made dear.
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute(f"EXPLAIN {statement}", parameters)
        lines = [row[-1].strip() for row in cursor.fetchall()]
        connection.connection.driver_connection.rollback()
    return lines


def whole(db, line):
    """Whether a step of the plan reads a table from end to end without an index."""
    if db.is_sqlite:
        return line.startswith("SCAN ") and "USING" not in line and "(" not in line and "anon" not in line
    return "Seq Scan" in line


# An account of unknown value is weighed as an average one: risks, and who waits for an alert, read the values of all.
READ_WHOLE = {"/v1/risk": 1, "/v1/alerts": 1}


def test_every_page_is_read_by_an_index(api, db, crowd):
    read_whole, unasked = {}, []
    for path in PAGES:
        plans = [plan_of(db, statement, parameters) for statement, parameters in page_queries(db, api, path)]
        found = [[line for line in plan if whole(db, line)] for plan in plans]
        read_whole[path] = [lines for lines in found if len(lines) > READ_WHOLE.get(path.partition("?")[0], 0)]
        unasked += [path] * (not plans)

    assert {path: lines for path, lines in read_whole.items() if lines} == {}
    assert unasked == []
