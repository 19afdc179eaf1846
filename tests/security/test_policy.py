"""S01: every route, tried by everybody, opens for whom the policy says and for nobody else."""

from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from models import Role, Scope
from service.access import actions, rules, sessions
from service.kit.links import sign
from service.updates.ways_back import ACKNOWLEDGE, PAUSE, UNSUBSCRIBE
from tests import make
from tests.conftest import HTML
from tests.security.policy import ENDING, KEYS, LINKS, PAUSING, POLICY, SESSIONS, expected, routes_of

MISSING = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"
FORMS = {
    "to": "ola@example.com",
    "until": "2026-03-03T12:00:00Z",
    "account_id": "northwind",
    "email": "rita@example.com",
    "metric": "late_share",
    "better": "lower",
    "why": "wrong",
    "version": "none",
}
QUERIES = {"GET /queue/news": {"since": "2026-03-02T11:00:00Z"}}


@pytest.fixture
def things(db):
    """One of each thing that a route can name."""
    with db.begin() as session:
        account = make.account(session, external_id="northwind")
        alert = make.alert(session, account)
        update = make.update(session, alert)
        mail = make.mail(session, update_id=update.id, alert_id=alert.id, rep_id=account.rep_id)
        make.metric(session)
        make.score(session, account)
        return {"alert_id": alert.id, "mail_id": mail.id, "external_id": "northwind", "account_id": "northwind"} | {
            "metric": "late_share",
            "slug": "not-found",
            "digest": "0",
            "name": "app.css",
            "token": "none",
            "rep_id": account.rep_id,
            "reply_id": make.reply(session, alert).id,
            "inbound_id": make.inbound(session).id,
            "number": account.id,
        }


class Missing(dict):
    """Names of things; what there is none of is called by an id that nothing has."""

    def __missing__(self, _name):
        return MISSING


def outcome(client, route, names):
    method, path = route.split()
    if path.startswith("/series/"):
        names = names | {"account_id": names["number"]}
    form = {} if path.startswith("/v1/") or method != "POST" else {"data": FORMS}
    answer = client.request(
        method, path.format_map(Missing(names)), params=QUERIES.get(route), follow_redirects=False, **form
    )
    # Whether the worker keeps up is no question of who asks.
    assert answer.status_code < 500 or route in {"GET /readyz", "GET /health/pipeline"}, f"{route}: {answer.text}"
    if answer.headers.get("location", "").startswith("/login") and path != "/logout":
        return "login"
    refused = {401, 403} | ({404} if path.startswith(("/a/", "/p/", "/u/")) else set())
    # The door itself refuses a wrong password: that is its work.
    return str(answer.status_code) if answer.status_code in refused and path != "/login" else "yes"


def differences(client, kind, opened, names):
    """What each route did, where that is not what the policy says."""
    # Signing in and out changes who is asking: it is tried last.
    order = sorted(POLICY, key=lambda route: route in {"POST /login", "POST /logout"})
    did = {route: outcome(client, route, names) for route in order}
    wanted = {route: expected(route, kind, opened) for route in POLICY}
    return {route: (did[route], wanted[route]) for route in POLICY if did[route] != wanted[route]}


def test_every_route_has_a_policy(app):
    assert routes_of(app) - set(POLICY) == set(), "say in tests/security/policy.py who may use these"
    assert set(POLICY) - routes_of(app) == set(), "these are gone"


@pytest.fixture
def key_of(db, clock):
    """Make a key by its place in the policy."""

    def make_key(name):
        scope = {"ingest key": "ingest", "mail key": "mail", "read key": "read", "operate key": "operate"}.get(
            name, "admin"
        )
        if name == "no key":
            return None
        if name == "unknown key":
            return rules.new_key().text
        ends = clock.at - timedelta(seconds=1) if name == "expired key" else None
        with db.begin() as session:
            key = actions.create_key(session, name, [Scope(scope)], by="test", now=clock.at, expires_at=ends)
            if name == "revoked key":
                actions.revoke_keys(session, name, by="test", now=clock.at)
        return key

    return make_key


@pytest.mark.parametrize("name", KEYS)
def test_a_key_opens_what_its_scopes_say(app, things, key_of, name):
    key = key_of(name)
    client = TestClient(app, headers={"Authorization": f"Bearer {key}"} if key else {})

    assert differences(client, "key", KEYS[name], things) == {}


@pytest.fixture
def session_of(app, db, settings, clock, operator):
    """Sign somebody in, and then do to the session what its name in the policy says."""

    def sign_in(name):
        role = Role(name) if name in set(Role) else Role.ADMIN
        operator(role=role)
        with db.begin() as session:
            token = sessions.open_session(session, "ola@example.com", time_zone="UTC", now=clock.at)
        if name == "expired session":
            clock.at += sessions.LIFETIME
        if name == "idle session":
            clock.at += sessions.IDLE
        with db.begin() as session:
            if name == "signed out":
                sessions.close_session(session, token, now=clock.at)
            if name == "disabled operator":
                actions.disable_operator(session, "ola@example.com", by="test", now=clock.at)
        return "planted" if name == "planted session" else token

    return sign_in


@pytest.mark.parametrize("name", SESSIONS)
def test_a_session_opens_what_its_role_may(app, things, session_of, name):
    client = TestClient(app, headers=HTML, cookies={"headsup": session_of(name)})

    assert differences(client, "session", SESSIONS[name], things) == {}


@pytest.mark.parametrize("name", LINKS)
def test_a_link_opens_its_own_mail_only(app, settings, things, name):
    rep, mail = str(things["rep_id"]), str(things["mail_id"])
    signed = {"link of this mail": (ACKNOWLEDGE, mail), PAUSING: (PAUSE, rep), ENDING: (UNSUBSCRIBE, rep)}
    token = "x.y.z" if name == "forged link" else sign(settings, *signed.get(name, ("device", mail)))

    assert differences(TestClient(app), "link", LINKS[name], things | {"token": token}) == {}


@pytest.mark.parametrize("name", ["read key", "agent"])
def test_what_is_not_there_looks_the_same_whatever_it_is_called(app, key_of, session_of, name):
    key = key_of(name) if name == "read key" else None
    cookies = {} if key else {"headsup": session_of(name)}
    client = TestClient(app, headers=HTML | ({"Authorization": f"Bearer {key}"} if key else {}), cookies=cookies)
    page = "/v1/alerts/{}" if key else "/alerts/{}"

    one, other = (client.get(page.format(name)) for name in (MISSING, MISSING.replace("6f", "7f")))

    assert (one.status_code, one.text) == (other.status_code, other.text)
    assert one.status_code == 404
