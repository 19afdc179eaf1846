"""Who may use which route: the policy that the routes are held against. A route that is not written down fails.

The API's routes stand in `tests/api/test_guards.py`, with the scope that a key needs; here is everything else.
"""

from tests.api.test_guards import OPENED_BY

OPEN = "open"  # nobody has to say who they are
LINK = "link"  # whoever holds the signed link of a mail
PAUSING = "link to pause"  # whoever holds the link to pause a rep's mails
ENDING = "link to unsubscribe"  # whoever holds the link to end a rep's weekly mails
SIGNED_IN = "signed in"  # any operator, readers too
WORKING = "working"  # an operator who may act
LEADING = "leading"  # an operator who leads others, or administers
ADMINISTERING = "administering"  # an operator who may change what speaks
OTHERS = {
    "GET /v1/openapi.json": OPEN,  # the description of the API; it is in the repository
    "HEAD /v1/openapi.json": OPEN,
    "GET /livez": OPEN,
    "GET /readyz": OPEN,  # says which step of the worker is silent, nothing else
    "GET /health/pipeline": OPEN,  # names stages and counts what waits, nothing else
    "GET /metrics": OPEN,  # counts without names, for Prometheus; docs/security.md says how to close it
    "GET /problems/{slug}": OPEN,
    "GET /static/{digest}/{name}": OPEN,
    "GET /login": OPEN,
    "POST /login": OPEN,
    "POST /login/code": OPEN,  # what shows that the password was given goes along
    "POST /logout": OPEN,  # without a session nothing happens
    "GET /a/{token}": LINK,
    "HEAD /a/{token}": LINK,
    "POST /a/{token}": LINK,
    "GET /p/{token}": PAUSING,
    "HEAD /p/{token}": PAUSING,
    "POST /p/{token}": PAUSING,
    "GET /u/{token}": ENDING,
    "HEAD /u/{token}": ENDING,
    "POST /u/{token}": ENDING,
    "POST /here": SIGNED_IN,
    "GET /": SIGNED_IN,
    "GET /queue/news": SIGNED_IN,
    "GET /alerts/{alert_id}": SIGNED_IN,
    "GET /alerts/{alert_id}/panel": SIGNED_IN,
    "GET /accounts": SIGNED_IN,
    "GET /accounts/{external_id}": SIGNED_IN,
    "GET /series/{account_id}": SIGNED_IN,
    "GET /outlook": SIGNED_IN,
    "GET /todo": SIGNED_IN,
    "GET /mail": SIGNED_IN,
    "GET /mail/{mail_id}": SIGNED_IN,
    "GET /mail/{mail_id}/html": SIGNED_IN,
    "GET /status": SIGNED_IN,
    "GET /you": SIGNED_IN,  # of one's own account, and of no other
    "POST /you/password": SIGNED_IN,
    "POST /you/sessions/end": SIGNED_IN,
    "POST /you/factor": SIGNED_IN,
    "POST /you/factor/on": SIGNED_IN,
    "POST /you/factor/off": SIGNED_IN,
    "POST /you/factor/codes": SIGNED_IN,
    "GET /model": SIGNED_IN,
    "POST /model/promote": ADMINISTERING,
    "POST /model/rollback": ADMINISTERING,
    "POST /alerts/{alert_id}/acknowledge": WORKING,
    "POST /alerts/{alert_id}/assign": WORKING,
    "POST /alerts/{alert_id}/snooze": WORKING,
    "POST /alerts/{alert_id}/resolve": WORKING,
    "POST /alerts/{alert_id}/wrong": WORKING,
    "POST /alerts/{alert_id}/updates": WORKING,
    "POST /todo/rep": WORKING,
    "POST /todo/metric": WORKING,
    "POST /todo/mails/{mail_id}/again": WORKING,
    "POST /mail/hold": WORKING,
    "POST /mail/release": WORKING,
    "POST /todo/replies/{reply_id}/close": WORKING,
    "POST /todo/addresses/clear": WORKING,
    "POST /todo/replies/{reply_id}/answer": WORKING,
    "POST /commitments": WORKING,
    "POST /commitments/{commitment_id}": WORKING,
    "POST /commitments/{commitment_id}/close": WORKING,
    "POST /commitments/{commitment_id}/reopen": WORKING,
    "GET /news": SIGNED_IN,
    "POST /news": LEADING,
    "POST /news/{news_id}/remove": LEADING,
    "POST /todo/inbound/{inbound_id}/close": WORKING,
}
POLICY = OPENED_BY | OTHERS

# What each principal opens. A key opens no page, a session opens no API, and neither opens a link.
KEYS = {
    "no key": set(),
    "unknown key": set(),
    "expired key": set(),
    "revoked key": set(),
    "ingest key": {"ingest"},
    "read key": {"read"},
    "mail key": {"mail"},
    "operate key": {"operate", "read"},
    "admin key": {"ingest", "mail", "operate", "read"},
}
SESSIONS = {
    "planted session": set(),
    "expired session": set(),
    "idle session": set(),
    "signed out": set(),
    "disabled operator": set(),
    "reader": {SIGNED_IN},
    "agent": {SIGNED_IN, WORKING},
    "lead": {SIGNED_IN, WORKING, LEADING},
    "admin": {SIGNED_IN, WORKING, LEADING, ADMINISTERING},
}
LINKS = {
    "link of this mail": {LINK},
    PAUSING: {PAUSING},
    ENDING: {ENDING},
    "link for something else": set(),
    "forged link": set(),
}


def routes_of(app):
    """Every `METHOD /path` that the application answers, however its routers are put together."""
    found, waiting = set(), list(app.routes)
    while waiting:
        route = waiting.pop()
        inner = getattr(route, "original_router", None)
        if inner is not None:
            waiting += inner.routes
            continue
        found |= {f"{method} {route.path.replace(':path', '')}" for method in route.methods}
    return found


def expected(route, kind, opened):
    """`yes`, or how a principal of this kind is turned away from a route: `401`, `403`, `login`, `404`."""
    needed = POLICY[route]
    if needed in opened | {OPEN}:
        return "yes"
    if needed in {LINK, PAUSING, ENDING}:
        return "404"
    if needed in {SIGNED_IN, WORKING, LEADING, ADMINISTERING}:
        return "403" if SIGNED_IN in opened else "login"
    return "403" if kind == "key" and opened else "401"
