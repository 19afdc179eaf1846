"""What every answer carries, and whom the console refuses."""

import re

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from models import Alert, Role, TrainedModel
from service.console.headers import CSP, is_cross_site
from service.console.install import ROUTERS
from tests import make
from tests.conftest import HTML

SITE = "http://127.0.0.1:8000"


def sent(**headers):
    return {name.replace("_", "-"): value for name, value in headers.items()}


def test_a_session_without_a_word_of_where_it_comes_from_changes_nothing(ola):
    del ola.headers["Sec-Fetch-Site"]

    assert ola.post("/logout").status_code == 403
    assert ola.get("/").status_code == 200


@pytest.mark.parametrize(
    ("refused", "headers"),
    [
        (True, sent(sec_fetch_site="cross-site")),
        (True, sent(sec_fetch_site="same-site")),
        (False, sent(sec_fetch_site="same-origin")),
        (False, sent(sec_fetch_site="none")),
        (True, sent(origin="https://evil.example", host="headsup.local:8000")),
        (True, sent(origin="null", host="headsup.local:8000")),
        (False, sent(origin="http://headsup.local:8000", host="headsup.local:8000")),
        (False, sent(origin=SITE, host="behind-the-proxy:8000")),
        (False, {}),
    ],
)
def test_what_another_site_sends_is_refused(refused, headers):
    assert is_cross_site("POST", headers, SITE) is refused
    assert not is_cross_site("GET", headers, SITE)


def test_a_form_on_another_site_changes_nothing(ola, db):
    with db.begin() as session:
        alert = make.alert(session, make.account(session))

    answer = ola.post(f"/alerts/{alert.id}/resolve", headers={"Sec-Fetch-Site": "cross-site"})

    assert answer.status_code == 403
    with db.read() as session:
        assert session.scalars(select(Alert)).one().resolved_at is None


def test_a_reader_sees_the_alert_but_no_way_to_act(browser_of, db):
    rosa = browser_of("rosa@example.com", Role.READER)
    with db.begin() as session:
        alert = make.alert(session, make.account(session))

    page = rosa.get(f"/alerts/{alert.id}").text

    assert "Share delivered late" in page
    assert f"/alerts/{alert.id}/" not in page
    assert "<textarea" not in page
    assert "Ack" not in rosa.get("/").text


def test_a_reader_who_posts_is_refused_with_a_page(browser_of, db):
    rosa = browser_of("rosa@example.com", Role.READER)
    with db.begin() as session:
        alert = make.alert(session, make.account(session))
    moves = [route.path for router in ROUTERS for route in router.routes if "POST" in route.methods]
    open_to_all = ("/login", "/logout", "/here", "/you")
    forms = [re.sub("{[a-z_]+}", str(alert.id), path) for path in moves if not path.startswith(open_to_all)]

    answers = {path: rosa.post(path, data={"to": "x", "metric": "x", "better": "lower"}) for path in forms}

    assert len(answers) > 5
    assert {path for path, answer in answers.items() if answer.status_code not in {403, 422}} == set()
    assert "Your role may look, but not act" in answers[f"/alerts/{alert.id}/resolve"].text


PAGES = ["/", "/accounts", "/outlook", "/todo", "/mail", "/status"]


@pytest.mark.parametrize("path", [*PAGES, "/queue/news?since=2026-03-02T12:00:00Z", "/series/1"])
def test_nobody_gets_data_without_signing_in(app, path):
    answer = TestClient(app, headers=HTML, follow_redirects=False).get(path)

    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/login")


@pytest.mark.parametrize("path", [*PAGES, "/login", "/nowhere", "/accounts/nobody", "/v1/alerts", "/mail?state=lost"])
def test_every_answer_is_hardened(ola, path):
    answer = ola.get(path)

    assert answer.headers["content-security-policy"] == CSP
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"


def test_a_bug_is_shown_as_a_hardened_page(ola, db):
    with db.begin() as session:
        broken = {"measures": {"model": {"roc_auc": "no number"}}}
        facts = {"status": "active", "sha256": "", "alert_line": 0.5, "trained_at": make.MONDAY}
        session.add(TrainedModel(version="1", card=broken, **facts))

    answer = ola.get("/status")

    assert answer.status_code == 500
    assert answer.headers["content-security-policy"] == CSP
    assert "This is our mistake" in answer.text


def test_static_files_are_kept_for_good_under_the_hash_of_their_content(ola):
    page = ola.get("/").text
    url = page.split('<link rel="stylesheet" href="', 1)[1].split('"', 1)[0]

    assert "immutable" in ola.get(url).headers["cache-control"]
    assert ola.get(url.replace(url.split("/")[2], "0" * 12)).headers["cache-control"] == "no-store"
    assert ola.get("/static/0/../../app.py").status_code == 404


def test_problems_are_pages_for_people_and_json_for_programs(ola, api):
    assert "Accounts come in with observations" in ola.get("/accounts/nobody").text
    assert ola.get("/accounts/nobody").headers["content-type"].startswith("text/html")
    assert api.get("/v1/accounts/nobody").headers["content-type"] == "application/problem+json"


def test_no_page_holds_inline_script_or_style(ola, db):
    with db.begin() as session:
        alert = make.alert(session, make.account(session))

    for path in [*PAGES, f"/alerts/{alert.id}", f"/?alert={alert.id}"]:
        page = ola.get(path).text

        assert " style=" not in page, path
        assert "<style" not in page, path
        assert page.count("<script") == page.count('<script src="/static/'), path
        assert "hx-on" not in page, path
