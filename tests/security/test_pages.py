"""S09: nothing that is stored runs, in the console or in a mail; every answer carries the protective headers."""

from itertools import product

import pytest
from starlette.testclient import TestClient

from models import Mail
from service import worker
from service.console import letters
from service.console.headers import CSP, DEFAULTS
from tests import make
from tests.conftest import HTML
from tests.security.policy import POLICY

RUN = ["window.ran=1", "alert(1)", "top.ran=1", "import('/x')", "document.title='ran'"]
FRAMES = [
    "<script>{}</script>",
    "<img src=x onerror={}>",
    "<svg onload={}>",
    '"><script>{}</script>',
    "'><img src=x onerror={}>",
    '" onmouseover={} autofocus onfocus={} x="',
    "' onfocus={} autofocus x='",
    "javascript:{}",
    "</title><script>{}</script>",
    "</textarea><script>{}</script>",
    "</script><script>{}</script>",
    "<iframe srcdoc='<script>{}</script>'></iframe>",
    "<details open ontoggle={}>",
    "<a href='javascript:{}'>x</a>",
    "<form action='javascript:{}'><input type=submit autofocus></form>",
    "<math><mtext><script>{}</script></mtext></math>",
    "<object data='javascript:{}'></object>",
    "<style>@import 'javascript:{}'</style>",
    "<body onload={}>",
    "<input onfocus={} autofocus>",
    "<video><source onerror={}></video>",
    "<marquee onstart={}>",
    "{{{{constructor.constructor('{}')()}}}}",
    "${{{}}}",
    "<base href='//evil.example/'><script src=x>{}</script>",
    "<link rel=stylesheet href='data:text/css,*{{}}'><script>{}</script>",
    "<meta http-equiv=refresh content='0;url=javascript:{}'>",
    "<div hx-get='/x' hx-on:load='{}' hx-trigger=load>",
    "<div hx-vals='js:{{a: {}}}' hx-get='/' hx-trigger=load>",
    "--><script>{}</script>",
    "]]><script>{}</script>",
    "<scr<script>ipt>{}</script>",
    "&lt;script&gt;{}&lt;/script&gt;",
    "&#60;script&#62;{}&#60;/script&#62;",
    "%3Cscript%3E{}%3C/script%3E",
    "<noscript><p title='</noscript><img src=x onerror={}>'>",
    "<template><script>{}</script></template>",
    "<svg><animate onbegin={} attributeName=x dur=1s>",
    "<svg><use href='data:image/svg+xml,<svg onload={}>'/></svg>",
    "<select autofocus onfocus={}>",
    "<button popovertarget=x onclick={}>y</button>",
    "<xss id=x tabindex=1 onfocus={}></xss>",
    "<audio src onloadstart={}>",
    "<embed src='javascript:{}'>",
    "<img srcset=x onerror={}>",
    "<table background='javascript:{}'>",
    "<p style='background:url(javascript:{})'>",
    "<isindex action='javascript:{}'>",
    '\\"};{};//',
    "<!--[if true]><script>{}</script><![endif]-->",
    "</style><script>{}</script>",
    "<frameset onload={}>",
    "<keygen autofocus onfocus={}>",
    "<bgsound src='javascript:{}'>",
    "<script x>{}</script y>",
    "<ScRiPt>{}</sCrIpT>",
    "<img/src=x/onerror={}>",
    "`-{}-`",
    "'-{}-'",
    '"-{}-"',
]
PAYLOADS = [frame.replace("{{", "{").replace("}}", "}").replace("{}", code) for frame, code in product(FRAMES, RUN)]
ACCOUNTS = 20


@pytest.fixture
def poisoned(db, settings, clock):
    """Every text that somebody can write is a payload, another one each time."""
    waiting, used = list(PAYLOADS), set()

    def say(most=190):
        text = next(each for each in waiting if len(each) <= most)
        waiting.remove(text)
        waiting.append(text)
        used.add(text)
        return text

    ids = []
    with db.begin() as session:
        for number in range(ACCOUNTS):
            metric = make.metric(session, f"m{number}", label=say(), unit=say(38), target=None)
            rep = make.rep(session, name=say())
            account = make.account(session, rep=rep, name=say(), segment=say(99), external_id=f"{number}-{say(180)}")
            make.observation(session, account, metric, 1.0)
            reasons = [make.reason(say(), metric=metric.external_id)]
            make.score(session, account, reasons=reasons, missing=[say(99)])
            make.complaint(session, account, about=say(), channel=say(39))
            alert = make.alert(session, account, reasons=reasons)
            facts = {"cause": say(), "owner": say(), "fix": say(), "say": say()}
            make.update(session, alert, written_by="ola@example.com", **facts)
            letters_of(session, account, alert, say)
            ids.append((alert.id, account.external_id))
    worker.tick(db, settings, now=clock.at)
    return ids, used


def letters_of(session, account, alert, say):
    """A promise, news, replies, a mail that nobody could read, an address that refuses, a mail that was given up."""
    at_risk = {"at_risk_since": make.MONDAY, "danger": "overdue", "dominoes": [{"what": say(), "on": None}]}
    make.commitment(session, account, promise=say(), **at_risk)
    make.news(session, text=say(), made_by="ola@example.com")
    make.reply(session, alert, body=say(), subject=say(), sender=f"{account.id}@example.com")
    make.reply(session, alert, body=say(), closed_at=make.MONDAY, closed_by="ola@example.com", answer=say())
    make.inbound(session, why=say())
    make.address(session, f"{account.id}@example.com", said=say())
    make.mail(session, alert_id=alert.id, subject=say(), state="parked", last_error=say())


@pytest.fixture
def opened(signed_in_page):
    """Open pages as Ola; tell what ran or was stopped by the policy."""
    page = signed_in_page("/")
    page.add_init_script(
        "document.addEventListener('securitypolicyviolation', e => console.error('CSP', e.blockedURI))"
    )
    page.on("dialog", lambda dialog: (page.faults.append("dialog"), dialog.dismiss()))
    page.faults.clear()

    def open_page(path):
        page.goto(path)
        if page.evaluate("window.ran || document.title === 'ran'"):
            page.faults.append(f"ran on {path}")
        return page

    return open_page


def test_no_payload_runs_in_the_console(poisoned, opened, db):
    ids, used = poisoned
    with db.read() as session:
        mails = [mail.id for mail in session.query(Mail)]
    pages = ["/", "/accounts", "/todo", "/mail", "/outlook", "/status", "/news", "/model", "/you"]
    pages += [f"/alerts/{alert}" for alert, _ in ids] + [f"/mail/{mail}" for mail in mails[:10]]

    for path in pages:
        page = opened(path)
    for _, account in ids[:10]:
        page.goto("/accounts?q=" + account[:3])
        page.click("table a >> nth=0")

    assert len(used) >= 280  # some fit in no field
    assert len(mails) >= ACCOUNTS
    assert [fault for fault in page.faults if "404" not in fault] == []


def test_no_payload_runs_in_a_mail_that_a_careless_program_opens(poisoned, chromium, db):
    page = chromium.new_page()
    ran = []
    page.on("dialog", lambda dialog: (ran.append(dialog.message), dialog.dismiss()))
    with db.read() as session:
        bodies = [letters.read(mail.content).html for mail in session.query(Mail)]

    page.set_content("<script>window.ran=1</script>")
    assert page.evaluate("window.ran")  # such a program runs what it is given
    page.evaluate("delete window.ran")
    for html in bodies:
        page.set_content(html, wait_until="domcontentloaded")
        if page.evaluate("window.ran || document.title === 'ran' || document.scripts.length"):
            ran.append(html[:200])
    page.close()

    assert len([html for html in bodies if html]) >= ACCOUNTS
    assert ran == []


IDS = dict.fromkeys(
    ("alert_id", "mail_id", "reply_id", "inbound_id", "commitment_id", "news_id"),
    "6f9619ff-8b86-4d01-b42d-00cf4fc964ff",
)
IDS |= dict.fromkeys(("account_id", "external_id", "metric", "slug", "digest", "name", "token"), "none")
OWN = {"/a/{token}", "/p/{token}", "/u/{token}", "/static/{digest}/{name}", "/mail/{mail_id}", "/mail/{mail_id}/html"}


@pytest.mark.parametrize("who", ["nobody", "ola", "api"])
def test_every_answer_of_every_route_carries_the_headers(app, ola, api, who):
    client = {"nobody": TestClient(app, headers=HTML), "ola": ola, "api": api}[who]
    missing = {}
    for route in sorted(POLICY, key=lambda each: "/log" in each):
        method, path = route.split()
        for verb in (method, "DELETE", "OPTIONS"):
            answer = client.request(verb, path.format(**IDS), follow_redirects=False)
            wanted = dict(DEFAULTS) if path not in OWN else {"X-Content-Type-Options": "nosniff"}
            wanted.pop("Cache-Control" if path == "/v1/risk" else "", None)
            lacks = {name for name, value in wanted.items() if answer.headers.get(name) != value}
            if lacks or "default-src 'none'" not in answer.headers["content-security-policy"]:
                missing[f"{verb} {path}"] = (answer.status_code, lacks)

    assert missing == {}


def test_the_policy_allows_nothing_inline_and_nothing_from_elsewhere():
    rules = {rule.split()[0]: rule.split()[1:] for rule in CSP.split("; ")}

    assert rules["default-src"] == rules["frame-ancestors"] == rules["base-uri"] == ["'none'"]
    assert "unsafe" not in CSP
    assert {source for sources in rules.values() for source in sources} == {"'none'", "'self'"}
