"""S04: what another site sends changes nothing, and a session ends when it should."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from sqlalchemy import func, select
from starlette.testclient import TestClient

from models import Alert, AuditEntry, LoginSession
from service.access import actions, sessions
from service.app import create_app
from tests import make
from tests.conftest import HTML, PASSWORD
from tests.security.policy import POLICY
from tests.security.tour import WRITES, Tour, go

# A rep's link opens by its token and by no cookie: whoever has it may post it, from wherever.
UNSAFE = sorted(route for route in POLICY if route.startswith("POST /") and not {"v1", "{token}"} & {*route.split("/")})
# What a request carries that another site made our browser send.
FOREIGN = {
    "another site": {"Sec-Fetch-Site": "cross-site"},
    "a sister host": {"Sec-Fetch-Site": "same-site"},
    "another origin": {"Sec-Fetch-Site": None, "Origin": "https://evil.example"},
    "an opaque origin": {"Sec-Fetch-Site": None, "Origin": "null"},
    "another port": {"Sec-Fetch-Site": None, "Origin": "http://testserver:81"},
    "nothing": {"Sec-Fetch-Site": None},
}


def lines(db):
    with db.read() as session:
        return session.scalar(select(func.count()).select_from(AuditEntry))


@pytest.mark.parametrize("origin", FOREIGN)
def test_no_page_of_another_site_changes_anything(api, ola, db, settings, origin):
    tour = Tour(api, ola, db, settings)
    go(tour, "POST /v1/observations")
    for name, value in FOREIGN[origin].items():
        ola.headers.pop(name, None)
        if value:
            ola.headers[name] = value
    before = lines(db)

    answers = {route: go(tour, route)[1].status_code for route in UNSAFE if route in WRITES}
    answers |= {route: ola.post(route.split()[1]).status_code for route in set(UNSAFE) - set(WRITES)}

    assert set(answers.values()) == {403}
    assert lines(db) == before


@pytest.mark.parametrize(
    "kind", ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x", ""]
)
def test_the_api_takes_no_form_and_no_session(api, ola, kind):
    body = b'{"note": "done"}'
    # Providers of inbound mail post forms, with a key; a release takes no body at all.
    routes = set(WRITES) - {"POST /v1/inbound-mail", "POST /v1/outbox/release"}
    writes = [route.split()[1] for route in routes if route.startswith("POST /v1/") and "{" not in route]

    by_session = [ola.post(path, content=body, headers={"Content-Type": kind}).status_code for path in writes]
    by_key = [api.post(path, content=body, headers={"Content-Type": kind}).status_code for path in writes]

    assert set(by_session) == {401}
    assert set(by_key) <= {415, 422}


def test_a_token_that_was_planted_before_the_sign_in_never_opens(app, operator):
    operator()
    browser = TestClient(app, headers=HTML, follow_redirects=False, cookies={"headsup": "planted"})
    browser.post("/login", data={"email": "ola@example.com", "password": PASSWORD})

    planted = TestClient(app, headers=HTML, follow_redirects=False, cookies={"headsup": "planted"})

    assert planted.get("/").status_code == 303


def test_another_password_ends_every_session(ola, db, clock):
    with db.begin() as session:
        actions.set_password(session, "ola@example.com", "another long password", by="test", now=clock.at)

    assert ola.get("/", follow_redirects=False).status_code == 303
    with db.read() as session:
        assert session.scalars(select(LoginSession)).all() == []


def test_what_ends_a_session_ends_it_in_every_process(ola, db, settings, clock):
    other = TestClient(create_app(settings, type(db)(settings.database), clock), headers=HTML, follow_redirects=False)
    other.cookies = ola.cookies
    assert other.get("/").status_code == 200
    token = ola.cookies["headsup"]

    ola.post("/logout")

    other.cookies.set("headsup", token)
    assert other.get("/").status_code == 303
    other.app.state.db.close()


@pytest.mark.parametrize("back", [6, 3 * 60, 7 * 24 * 60])
def test_no_clock_that_is_set_back_makes_a_session_longer(ola, clock, later, back):
    answers = []
    for minutes in (-back, back, 31):  # set back; set right again; half an hour after
        later(minutes=minutes)
        answers.append(ola.get("/", follow_redirects=False).status_code)

    assert answers == [303, 200, 303]


def test_machines_whose_clocks_differ_by_a_little_share_sessions(ola, later):
    later(minutes=-4)

    assert ola.get("/", follow_redirects=False).status_code == 200


def test_where_there_is_tls_every_cookie_is_tied_to_it(db, settings, clock, operator):
    operator()
    app = create_app(settings.model_copy(update={"site_url": "https://headsup.example"}), db, clock)
    browser = TestClient(app, base_url="https://headsup.example", headers=HTML, follow_redirects=False)

    answer = browser.post("/login", data={"email": "ola@example.com", "password": PASSWORD})

    cookies = answer.headers.get_list("set-cookie")
    assert [each.partition("=")[0] for each in cookies] == ["__Host-headsup", "__Host-headsup-device"]
    for each in cookies:
        assert {"Secure", "HttpOnly", "SameSite=lax", "Path=/"} <= {part.strip() for part in each.split(";")}
        assert "Domain" not in each
    assert answer.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"


def test_the_browser_forgets_a_session_when_the_server_does(app, operator):
    operator()
    browser = TestClient(app, headers=HTML, follow_redirects=False)

    answer = browser.post("/login", data={"email": "ola@example.com", "password": PASSWORD})

    assert f"Max-Age={int(sessions.LIFETIME.total_seconds())}" in answer.headers["set-cookie"]


ATTACK = """<!doctype html><title>Win</title>
<iframe name="frame"></iframe>
<form id="form" method="post" action="{site}/alerts/{alert}/resolve" target="frame"><input name="text" value="x"></form>
<form id="text" method="post" action="{site}/alerts/{alert}/resolve" enctype="text/plain"><input name="a"></form>
<img src="{site}/alerts/{alert}/resolve"><iframe src="{site}/"></iframe>
<script>
const text = document.getElementById("text");
text.target = "frame"; text.submit(); document.getElementById("form").submit();
for (const type of ["text/plain", "application/x-www-form-urlencoded"])
  fetch("{site}/alerts/{alert}/resolve", {{method: "POST", mode: "no-cors", credentials: "include",
    headers: {{"Content-Type": type}}, body: "text=x"}}).catch(() => 0);
fetch("{site}/v1/alerts/{alert}/resolve", {{method: "POST", credentials: "include", body: "{{}}"}})
  .then(() => document.title = "read").catch(() => document.title = "refused");
</script>"""


@contextmanager
def evil_site(page):
    """A web site on another site's name."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(page.encode())

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Page)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    # For browsers localhost is another site than 127.0.0.1.
    yield f"http://localhost:{server.server_port}/"
    server.shutdown()
    server.server_close()


def test_a_real_page_of_another_site_changes_nothing_and_reads_nothing(signed_in_page, site, db):
    with db.begin() as session:
        alert = make.alert(session, make.account(session))
    page = signed_in_page("/")

    with evil_site(ATTACK.format(site=site, alert=alert.id)) as url:
        page.goto(url)
        page.wait_for_function("document.title !== 'Win'")
        page.wait_for_timeout(300)
        assert page.title() == "refused"

    with db.read() as session:
        assert session.scalars(select(Alert)).one().resolved_at is None
    assert page.goto(f"{site}/").url == f"{site}/"  # still signed in: it was not for want of a session
