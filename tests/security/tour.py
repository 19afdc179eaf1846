"""A tour of every route that changes something, with words of the test's choosing."""

from dataclasses import dataclass, field
from itertools import count
from typing import Any

from sqlalchemy import select

from models import LoginSession, SecondFactor
from service.access import codes, factors, queries, sessions
from service.kit.links import sign
from service.updates.ways_back import ACKNOWLEDGE, PAUSE, UNSUBSCRIBE
from tests import make
from tests.conftest import PASSWORD

NEW_PASSWORD = "staple of another horse"
_numbers = count(1)


@dataclass
class Tour:
    """Somebody with a key that may do everything, and somebody with a browser. `words` fill the free texts."""

    api: Any
    browser: Any
    db: Any
    settings: Any
    words: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    stopped: str = ""

    def say(self, what, otherwise="said"):
        return self.words.get(what, otherwise)

    def alert(self):
        """A new account with a live alert, and a mail about it; their names in addresses."""
        with self.db.begin() as session:
            account = make.account(session, external_id=f"client-{next(_numbers)}")
            alert = make.alert(session, account)
            update = make.update(session, alert)
            facts = {"update_id": update.id, "alert_id": alert.id, "rep_id": account.rep_id, "state": "parked"}
            mail = make.mail(session, recipient=account.rep.email, **facts)
            signed = {
                "/a/": (ACKNOWLEDGE, mail.id),
                "/p/": (PAUSE, account.rep_id),
                "/u/": (UNSUBSCRIBE, account.rep_id),
            }
            self.tokens = {path: sign(self.settings, purpose, str(who)) for path, (purpose, who) in signed.items()}
            came = {"reply_id": make.reply(session, alert, rep_id=account.rep_id).id}
            came |= {"inbound_id": make.inbound(session).id, "news_id": make.news(session).id}
            kept = {"state": "kept", "closed_at": make.MONDAY, "closed_by": "ola@example.com"}
            came |= {"commitment_id": make.commitment(session, account).id}
            came |= {"kept_id": make.commitment(session, account, **kept).id}
            self.stopped = make.address(session, f"failing{next(_numbers)}@example.com").address
        return {"alert_id": alert.id, "mail_id": mail.id, "account_id": account.external_id} | came

    def account(self):
        return {
            "name": self.say("account name"),
            "rep_email": self.say("rep address", "rita@example.com"),
            "rep_name": self.say("rep name"),
            "rep_manager_email": self.say("manager address", "mara@example.com"),
            "owner_email": self.say("owner address", "ola@example.com"),
            "segment": self.say("segment"),
        }

    def complaint(self):
        at = {"complaint_id": f"c{next(_numbers)}", "account_id": "new-client", "occurred_at": "2026-03-02T11:00:00Z"}
        return at | {"about": self.say("complaint"), "channel": self.say("channel", "phone")}

    def update(self):
        words = {name: self.say(name) for name in ("cause", "owner", "fix", "say")}
        return words | {"next_update_at": "2026-03-02T18:00:00Z"}

    def commitment(self):
        hangs = [{"what": self.say("domino")}]
        return {"account_id": "new-client", "promise": self.say("promise"), "due": "2026-03-06", "dominoes": hangs}

    def news(self):
        return {"text": self.say("news"), "from_day": "2026-03-02", "until_day": "2026-03-08"}

    def metric(self):
        return {"label": self.say("metric label"), "unit": self.say("unit"), "better": "lower"}

    def another_browser(self):
        """Ola is signed in elsewhere, too."""
        moments = {"created_at": make.MONDAY, "seen_at": make.MONDAY, "expires_at": make.MONDAY + sessions.LIFETIME}
        with self.db.begin() as session:
            ola = queries.operator_by_email(session, "ola@example.com")
            session.add(LoginSession(token_sha256=f"elsewhere-{next(_numbers)}", operator_id=ola.id, **moments))
        return {}

    def factor(self, *, proven):
        """Ola has a second factor, or is about to set one up."""
        with self.db.begin() as session:
            ola = queries.operator_by_email(session, "ola@example.com")
            queries.drop_second_factor(session, ola.id)
            factors.begin(session, self.settings, ola, now=make.MONDAY)
            session.flush()
            queries.hold_second_factor(session, ola.id).proven_at = make.MONDAY if proven else None

    def code(self):
        """What Ola's authenticator shows; half a minute later each time, as each code opens once."""
        with self.db.read() as session:
            row = session.scalar(select(SecondFactor))
        if row is None:
            return "000000"
        step = max(row.last_step + 1, codes.step_of(make.MONDAY))
        return codes.code(codes.unseal(self.settings, row.sealed_key), step)

    def half_signed_in(self):
        """Ola's password was right."""
        with self.db.read() as session:
            ola = queries.operator_by_email(session, "ola@example.com")
        return {"data": {"shown": factors.password_was_right(self.settings, ola, now=make.MONDAY), "code": self.code()}}


def _observations(tour):
    row = {"account_id": "new-client", "metric": "new-metric", "observed_at": "2026-03-02T11:00:00Z", "value": 1}
    return {"json": {"observations": [row]}, "headers": {"Idempotency-Key": tour.say("idempotency key", "k1")}}


def _letter(tour):
    mail = f"From: rita@example.com\r\nTo: headsup@ops.example\r\n\r\n{tour.say('reply')}\r\n"
    return {"content": mail.encode("utf-8", "replace"), "headers": {"Content-Type": "message/rfc822"}}


def _form(**fields):
    return lambda tour: {"data": {name: value(tour) if callable(value) else value for name, value in fields.items()}}


def _json(make_body):
    return lambda tour: {"json": make_body(tour)}


UNTIL = "2026-03-03T12:00:00Z"
# Each route that changes something: what is sent, and how many lines the audit log gets. The order is that of a life.
WRITES = {
    # New: an account and a metric that were not described. Observations themselves are data, not decisions.
    "POST /v1/observations": (_observations, 2),
    "PUT /v1/accounts/{account_id}": (_json(Tour.account), 1),
    "POST /v1/accounts": (_json(lambda tour: {"accounts": [tour.account() | {"account_id": "another"}]}), 1),
    "PUT /v1/metrics/{metric}": (_json(Tour.metric), 1),
    "POST /v1/complaints": (_json(lambda tour: {"complaints": [tour.complaint()]}), 1),
    "POST /v1/alerts/{alert_id}/acknowledge": (lambda _: {}, 1),
    "POST /v1/alerts/{alert_id}/assign": (_json(lambda _: {"to": "ola@example.com"}), 1),
    "POST /v1/alerts/{alert_id}/snooze": (_json(lambda _: {"until": UNTIL}), 1),
    "POST /v1/alerts/{alert_id}/resolve": (_json(lambda tour: {"note": tour.say("note")}), 1),
    "POST /v1/alerts/{alert_id}/wrong": (_json(lambda tour: {"reason": "other", "why": tour.say("why")}), 1),
    # Telling the rep answers the alert too: two decisions, two lines.
    "POST /v1/alerts/{alert_id}/updates": (_json(Tour.update), 2),
    "POST /alerts/{alert_id}/acknowledge": (lambda _: {}, 1),
    "POST /alerts/{alert_id}/assign": (_form(to="ola@example.com"), 1),
    "POST /alerts/{alert_id}/snooze": (_form(until=UNTIL), 1),
    "POST /alerts/{alert_id}/resolve": (_form(text=lambda tour: tour.say("note")), 1),
    "POST /alerts/{alert_id}/wrong": (_form(reason="other", text=lambda tour: tour.say("why")), 1),
    "POST /alerts/{alert_id}/updates": (lambda tour: {"data": tour.update()}, 2),
    "POST /todo/rep": (
        _form(
            account_id="new-client",
            email=lambda tour: tour.say("new rep address", "rosa@example.com"),
            name=lambda tour: tour.say("new rep name"),
        ),
        1,
    ),
    "POST /todo/metric": (_form(metric="new-metric", better="higher", label=lambda tour: tour.say("new label")), 1),
    "POST /todo/mails/{mail_id}/again": (lambda _: {}, 1),
    "POST /mail/hold": (_form(reason=lambda tour: tour.say("why mail is held")), 1),
    "POST /mail/release": (lambda _: {}, 1),
    "POST /a/{token}": (lambda _: {}, 1),
    "POST /p/{token}": (_form(until="2026-03-09"), 1),
    "POST /u/{token}": (_form(**{"List-Unsubscribe": "One-Click"}), 1),
    "POST /todo/replies/{reply_id}/close": (lambda _: {}, 1),
    "POST /todo/addresses/clear": (_form(address=lambda tour: tour.stopped), 1),
    "POST /todo/inbound/{inbound_id}/close": (lambda _: {}, 1),
    "POST /v1/replies/{reply_id}/close": (lambda _: {}, 1),
    "POST /v1/replies/{reply_id}/answer": (_json(lambda tour: {"text": tour.say("answer")}), 1),
    "POST /todo/replies/{reply_id}/answer": (_form(text=lambda tour: tour.say("answer")), 1),
    "POST /v1/commitments": (_json(Tour.commitment), 1),
    "PATCH /v1/commitments/{commitment_id}": (_json(lambda tour: {"promise": tour.say("changed promise")}), 1),
    "POST /v1/commitments/{commitment_id}/close": (_json(lambda _: {"state": "kept"}), 1),
    "POST /commitments": (
        _form(account_id="new-client", due="2026-03-06", promise=lambda tour: tour.say("promise")),
        1,
    ),
    "POST /commitments/{commitment_id}/close": (_form(state="broken"), 1),
    "POST /commitments/{commitment_id}": (_form(due="2026-03-06", promise=lambda tour: tour.say("promise")), 1),
    "POST /v1/commitments/{commitment_id}/reopen": (lambda _: {}, 1),
    "POST /commitments/{commitment_id}/reopen": (lambda _: {}, 1),
    "POST /v1/news": (_json(Tour.news), 1),
    "DELETE /v1/news/{news_id}": (lambda _: {}, 1),
    "POST /v1/outbox/hold": (_json(lambda tour: {"reason": tour.say("why mail is held")}), 1),
    "POST /v1/outbox/release": (lambda _: {}, 1),
    "POST /v1/outbox/{mail_id}/again": (lambda _: {}, 1),
    # Nothing of ours: a mail that belongs to none. tests/replies looks at the lines that others write.
    "POST /v1/inbound-mail": (_letter, 0),
    # A session of another browser; then a second factor, from its key to its end.
    "POST /you/sessions/end": (lambda tour: tour.another_browser(), 1),
    "POST /you/factor": (_form(password=PASSWORD), 0),  # counts for nothing yet
    "POST /you/factor/on": (_form(code=lambda tour: tour.code()), 1),
    "POST /you/factor/codes": (_form(password=PASSWORD), 1),
    "POST /login/code": (Tour.half_signed_in, 2),
    "POST /you/factor/off": (_form(password=PASSWORD), 1),
    "POST /you/password": (_form(password=PASSWORD, new=NEW_PASSWORD, again=NEW_PASSWORD), 2),  # and another session
    "POST /login": (
        _form(email="ola@example.com", password=NEW_PASSWORD),
        2,
    ),  # the session before ends, a new one opens
    "POST /here": (lambda _: {}, 0),  # nothing but the moment when the session was last used
    "POST /logout": (lambda _: {}, 1),
}
# Needs a trained model with its files: tests/watching and tests/training look at the lines that these write.
WITH_A_MODEL = {"POST /model/promote", "POST /model/rollback"}
# Needs a lead: tests/console/test_promises.py looks at these.
WITH_A_MODEL |= {"POST /news", "POST /news/{news_id}/remove"}


MADE = ("alert_id", "mail_id", "token", "reply_id", "inbound_id", "commitment_id", "news_id")


def go(tour, route, **more):
    """Do what stands there about a route, on things made for it."""
    method, path = route.split()
    names = {"metric": "new-metric"}
    if "addresses" in path or any(f"{{{name}}}" in path for name in MADE):
        names |= tour.alert()
    if path.endswith("/reopen"):
        names["commitment_id"] = names["kept_id"]
    names["token"] = tour.tokens.get(path[:3], "none")
    names |= {} if "alert_id" in names else {"account_id": "new-client"}
    client = tour.api if path.startswith(("/v1/", *tour.tokens)) else tour.browser
    answer = client.request(method, path.format(**names), **WRITES[route][0](tour), follow_redirects=False, **more)
    return names, answer
