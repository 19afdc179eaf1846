"""The judge: what clients were told, what the tables hold and what the reps got must agree. Pure.

It looks at a service that has come to rest. Each finding is a broken promise; an empty list is the only good answer.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tests.faults.history import Event, Outcome

# account, metric, moment, item
Key = tuple[str, str, str, str]


@dataclass(frozen=True)
class Finding:
    """A broken promise, and about what."""

    promise: str
    about: str


@dataclass(frozen=True)
class UpdateRow:
    """An update as stored, and the mail that tells it or the reason why none does.

    `token` is what the client wrote into it, empty for Headsup's own.
    """

    id: str
    alert: str
    token: str
    has_rep: bool = True
    told_by: str = ""
    dropped: str = ""
    audits: int = 1


@dataclass(frozen=True)
class PromiseRow:
    """A promise to a client as stored, by its reference, and the mail that tells the rep of its risk."""

    token: str
    at_risk: bool
    told_by: str = ""


@dataclass(frozen=True)
class MailRow:
    """A mail as stored."""

    id: str
    message_id: str
    recipient: str
    state: str
    reason: str = ""


@dataclass(frozen=True)
class Delivery:
    """A message as a relay took it."""

    message_id: str
    recipient: str
    digest: str
    text: str = ""


@dataclass(frozen=True)
class World:
    """Everything that can be looked at when all is over."""

    history: Sequence[Event] = ()
    observations: Mapping[Key, float] = field(default_factory=dict)
    updates: Sequence[UpdateRow] = ()
    promises: Sequence[PromiseRow] = ()
    mails: Sequence[MailRow] = ()
    delivered: Sequence[Delivery] = ()
    live_alerts: Sequence[str] = ()
    alerts: Mapping[str, int] = field(default_factory=dict)
    unscored: Sequence[str] = ()


def check(world: World) -> list[Finding]:
    """List every broken promise."""
    return [
        *(Finding("refused", event.of) for event in world.history if event.outcome is Outcome.FAIL),
        *_observations(world),
        *_updates(world),
        *_promises(world),
        *_heads_ups(world),
        *_messages(world),
        *_alerts(world),
        *(Finding("accepted and never scored", account) for account in world.unscored),
    ]


def repeats(world: World) -> int:
    """How many messages came again under the same Message-ID: what SMTP cannot rule out after a crash."""
    return sum(count - 1 for count in Counter((each.message_id, each.recipient) for each in world.delivered).values())


def _asked(history: Iterable[Event], work: str, outcome: Outcome) -> Iterator[Event]:
    return (event for event in history if event.work == work and event.outcome is outcome)


def _observations(world: World) -> Iterator[Finding]:
    sent = {event.of: event.facts["rows"] for event in _asked(world.history, "observe", Outcome.INVOKE)}
    answered = [(event.of, event.facts["accepted"]) for event in _asked(world.history, "observe", Outcome.OK)]
    for of in {of for of, _ in answered}:
        for *key, _value in sent[of]:
            if tuple(key) not in world.observations:
                yield Finding("accepted and lost", "/".join(key))
    for of, accepted in answered:
        if accepted != len(sent[of]):
            yield Finding("answered with another count than was sent", of)
    asked = {(*key, value) for rows in sent.values() for *key, value in rows}
    for key, value in world.observations.items():
        if (*key, value) not in asked:
            yield Finding("stored and never sent", "/".join(key))


def _updates(world: World) -> Iterator[Finding]:
    tokens = Counter(update.token for update in world.updates if update.token)
    asked = {event.of for event in _asked(world.history, "update", Outcome.INVOKE)}
    for event in _asked(world.history, "update", Outcome.OK):
        if event.of not in tokens:
            yield Finding("update confirmed and lost", event.of)
    for token, count in tokens.items():
        if count > 1:
            yield Finding("update stored twice", token)
        if token not in asked:
            yield Finding("update that nobody wrote", token)
    for update in world.updates:
        if update.audits != 1:
            yield Finding(f"update with {update.audits} lines in the audit log", update.id)


def _promises(world: World) -> Iterator[Finding]:
    stored, mails = {promise.token for promise in world.promises}, {mail.id for mail in world.mails}
    for event in _asked(world.history, "promise", Outcome.OK):
        if event.of not in stored:
            yield Finding("promise confirmed and lost", event.of)
    for promise in world.promises:
        if promise.at_risk and promise.told_by not in mails:
            yield Finding("promise at risk without a mail", promise.token)


def _heads_ups(world: World) -> Iterator[Finding]:
    """What is owed is sent, or kept back with a reason."""
    mails = {mail.id for mail in world.mails}
    arrived = {each.message_id for each in world.delivered}
    for update in world.updates:
        if update.has_rep and update.told_by not in mails and not update.dropped:
            yield Finding("update without a mail", update.id)
    for mail in world.mails:
        if mail.state == "sent" and mail.message_id not in arrived:
            yield Finding("mail that is called sent and never came", mail.message_id)
        if mail.state in {"queued", "sending"}:
            yield Finding("mail that still waits", mail.message_id)
        if mail.state in {"parked", "suppressed"} and not mail.reason:
            yield Finding("mail kept back without a reason", mail.message_id)
        if mail.state != "sent" and mail.message_id in arrived:
            yield Finding("mail that came and is not called sent", mail.message_id)


def _messages(world: World) -> Iterator[Finding]:
    known = {mail.message_id: mail for mail in world.mails}
    bytes_of: dict[str, set[str]] = defaultdict(set)
    for each in world.delivered:
        bytes_of[each.message_id].add(each.digest)
        if each.message_id not in known:
            yield Finding("message that nobody composed", each.message_id)
        elif known[each.message_id].recipient != each.recipient:
            yield Finding("message to somebody else", each.message_id)
    yield from (Finding("message whose bytes changed", which) for which, all_ in bytes_of.items() if len(all_) > 1)
    # Independent of our tables: the token of an update or a promise stands in the words of its mail.
    tokens = ({update.token for update in world.updates} | {promise.token for promise in world.promises}) - {""}
    said: dict[tuple[str, str], set[str]] = defaultdict(set)
    for each in world.delivered:
        for token in tokens.intersection(each.text.split()):
            said[token, each.recipient].add(each.message_id)
    for (token, _), ids in said.items():
        if len(ids) > 1:
            yield Finding("the same told in different messages", token)


def _alerts(world: World) -> Iterator[Finding]:
    for account, count in Counter(world.live_alerts).items():
        if count > 1:
            yield Finding("two live alerts for one account", account)
    for alert, openings in world.alerts.items():
        if openings != 1:
            yield Finding(f"alert with {openings} openings in its history", alert)
