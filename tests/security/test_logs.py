"""S13 and S14: what people write and what lets them in is never in a log, and an event is one short line."""

import json
import logging
import re
import secrets

import pytest
import structlog
from starlette.testclient import TestClient

from service import worker
from service.kit.logs import redacted
from service.updates import send
from tests import make
from tests.conftest import HTML
from tests.mailbox import open_mailbox
from tests.security.tour import WRITES, Tour, go

TEXTS = "account name|rep name|segment|metric label|unit|complaint|channel|cause|owner|fix|say|note|why|new rep name"
ADDRESSES = "rep address|manager address|owner address|new rep address"


def canary():
    return f"canary{secrets.token_hex(6)}"


@pytest.fixture
def said():
    """Texts and addresses that nobody else would write, by what they are said for."""
    texts = {name: canary() for name in TEXTS.split("|")}
    return texts | {name: f"{canary()}@example.com" for name in ADDRESSES.split("|")} | {"idempotency key": canary()}


def everywhere(client, words):
    """Send a word where nobody expects one, another each time; give what was answered.

    The name of an unknown field comes back in the answer if it is a plain name; one that is not does not.
    """
    word = iter(words)
    hidden = {name: next(word) for name in ("User-Agent", "Referer", "X-Forwarded-For", "Cookie")}
    json_type = {"Content-Type": "application/json"}
    row = f'{{"observations": [{{"<{next(word)}>": "{next(word)}", "value": NaN}}]}}'
    return [
        client.get(f"/nowhere/{next(word)}", headers=hidden),
        client.get("/v1/risk", params={name: next(word) for name in ("cursor", "segment", "rep", "sort")}),
        client.get("/v1/accounts/" + next(word)),
        client.get("/a/" + next(word)),
        client.get("/accounts", params={"sort": next(word)}),
        client.post("/v1/observations", content=row, headers=json_type),
        client.post("/v1/observations", content="{" + next(word), headers=json_type),
        client.post("/v1/accounts", content=f"<{next(word)}>,a\n{next(word)}", headers={"Content-Type": "text/csv"}),
        client.put("/v1/accounts/northwind", json={f"<{next(word)}>": 1, "value": next(word), "rep_email": next(word)}),
        client.post("/login", data={"email": next(word), "password": next(word), "time_zone": next(word)}),
        client.post("/login", data={"email": f"{next(word)}@example.com", "password": next(word) * 100}),
    ]


def break_down(tour, now, word, monkeypatch):
    """Let routes, the worker and the relay fail with the word in the error."""

    def boom(*_args, **_more):
        raise ValueError(word) from KeyError(f"{word}@example.com")

    monkeypatch.setattr("service.risk.routes.queries.version", boom)
    assert tour.api.get("/v1/risk").status_code == 500
    monkeypatch.setattr(worker, "STEPS", (("boom", boom), ("send", send.send)))
    with open_mailbox() as relay:
        relay.will("RCPT", f"550 5.1.1 <{word}@example.com> unknown")
        with tour.db.begin() as session:
            make.mail(session, recipient=f"{word}@example.com", subject=word, next_at=now)
        worker.tick(tour.db, tour.settings.model_copy(update={"smtp_url": relay.url}), now=now)
    logging.getLogger("uvicorn.error").error("Exception in ASGI application", exc_info=ValueError(word))


@pytest.fixture
def tour(api, ola, db, settings, said):
    return Tour(api, ola, db, settings, said)


def test_no_canary_is_in_the_logs_the_figures_or_an_error(tour, clock, logged, monkeypatch):
    names = [go(tour, route)[0] for route in WRITES]
    stray = [canary() for _ in range(51)]
    refused = everywhere(tour.api, stray[:25]) + everywhere(TestClient(tour.api.app, headers=HTML), stray[25:50])
    break_down(tour, clock.at, stray[50], monkeypatch)

    written = tour.api.get("/metrics").text + logged()

    canaries = {*tour.words.values(), *stray, *let_in(tour, names)}
    assert len(canaries) >= 50
    assert written.count('"event"') > 20
    assert {word for word in canaries if word in written} == set()
    assert {word for word in stray for answer in refused if word in body_of(answer)} == set()


def let_in(tour, names):
    """All that opens something."""
    keys = [tour.settings.secret_key.get_secret_value(), tour.settings.signing_key.get_secret_value()]
    tokens = [each["token"] for each in names if each.get("token", "none") != "none"]
    return [*keys, *tokens, *tour.browser.cookies.values(), tour.api.headers["Authorization"]]


def body_of(answer):
    # The sign-in page shows again what was typed as the address, so that it can be put right.
    return "" if 'name="password"' in answer.text else answer.text


NASTY = {
    "line breaks": "a\r\nb",
    "colours": "\x1b[31mred",
    "separators": "a\u2028b\u2029c",
    "a megabyte": "x" * 1_000_000,
    "direction": "\u202egnp",
    "surrogate": "\ud800",
    "NUL": "\0",
    "long name": {"k" * 5_000: "v" * 5_000},
    "long list": list(range(100_000)),
    "wide": {str(number): "\u2028" * 999 for number in range(999)},
    "long number": 10**500,
}


@pytest.mark.parametrize("value", NASTY.values(), ids=NASTY)
@pytest.mark.parametrize("ours", [True, False])
def test_an_event_is_one_line_of_at_most_eight_kilobytes(logged, value, ours):
    if ours:
        structlog.get_logger().info("event", fact=value, **value if isinstance(value, dict) else {})
    else:
        logging.getLogger("uvicorn").info("%s", value)

    lines = logged().splitlines()
    assert len(lines) == 1
    assert len(lines[0].encode()) <= 8_000
    assert not re.search(r"[\x00-\x1f\u2028\u2029\x7f-\x9f]", lines[0])
    assert json.loads(lines[0])["level"] == "info"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("hu_0123456789ab_" + "a" * 43 + "_000000", "[key]"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer [secret]"),
        ("postgresql://me:pw@db/x", "postgresql://[secret] at db/x"),
        ("550 <rita@example.com> unknown", "550 <[address]> unknown"),
        ("GET /a/abc.def-_ 404", "GET /a/[secret] 404"),
    ],
)
def test_what_lets_in_or_names_somebody_is_taken_out(text, left):
    assert redacted(text) == left


def test_whoever_is_refused_leaves_a_line_that_names_the_route_and_the_rule(api, client_with, logged, app):
    TestClient(api.app).get("/v1/risk", headers={"Authorization": "Bearer hu_wrong"})
    client_with("ingest").get("/v1/risk")
    TestClient(app, headers={"Sec-Fetch-Site": "cross-site"}).post("/todo/rep")
    TestClient(app, headers=HTML).post("/login", data={"email": "ola@example.com", "password": "not this one"})
    TestClient(app, headers=HTML).post("/login/code", data={"shown": "forged", "code": "123456"})

    lines = [json.loads(line) for line in logged().splitlines() if "_refused" in line]
    assert [(line["event"], line.get("status"), line["problem"], line.get("route")) for line in lines] == [
        ("request_refused", 401, "key-invalid", "/v1/risk"),
        ("request_refused", 403, "scope-missing", "/v1/risk"),
        ("request_refused", 403, "cross-site-request", "none"),
        ("sign_in_refused", None, "sign-in-refused", None),
        ("sign_in_refused", None, "sign-in-refused", None),
    ]
    assert not any(word in logged() for word in ("hu_wrong", "forged", "ola@", "not this one"))
