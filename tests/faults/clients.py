"""Clients that keep asking until they are answered, and write down what they were told."""

import itertools
import random
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx2

from tests.faults.history import Event, History, Outcome
from tests.faults.scenario import METRICS

BATCH = 20
DAYS_BACK = 9


class Client(threading.Thread):
    """Repeats one kind of work until told to stop; what has been begun is brought to an end first."""

    def __init__(self, name: str, url: str, key: str, history: History, *, pause: float) -> None:
        super().__init__(name=name, daemon=True)
        self._http = httpx2.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=15)
        self._history = history
        self._pause = pause
        self._told_to_stop = threading.Event()
        self.luck = random.Random(name)  # noqa: S311  repeatable, not secret
        self.statuses: list[int] = []

    def run(self) -> None:
        with self._http:
            while not self._told_to_stop.is_set():
                self.work()
                self._told_to_stop.wait(self._pause)

    def stop(self) -> None:
        self._told_to_stop.set()

    def work(self) -> None:
        raise NotImplementedError

    def note(self, outcome: Outcome, work: str, of: str, **facts: object) -> None:
        self._history.note(Event(outcome, work, of, facts, time.time()))

    def ask(self, work: str, of: str, path: str, body: object, headers: dict[str, str]) -> httpx2.Response | None:
        """Ask once. None where nobody can say whether it was done."""
        try:
            answer = self._http.post(path, json=body, headers=headers)
        except httpx2.TransportError:
            self.note(Outcome.UNKNOWN, work, of)
            return None
        self.statuses.append(answer.status_code)
        if answer.status_code >= 500 or answer.status_code == 429:
            self.note(Outcome.UNKNOWN, work, of, status=answer.status_code, retry_after="retry-after" in answer.headers)
            return None
        return answer


class Sender(Client):
    """Sends bad figures of some accounts, one by one or in batches, half of them with an Idempotency-Key."""

    def __init__(
        self, name: str, url: str, key: str, history: History, *, pause: float, accounts: Sequence[str]
    ) -> None:
        super().__init__(name, url, key, history, pause=pause)
        self._accounts = accounts
        self._numbers = itertools.count(1)
        self._begun = datetime.now(UTC).replace(microsecond=0)

    def date_back(self, *, hours: float) -> None:
        """Let all that is sent be older, for servers whose clock is behind."""
        self._begun -= timedelta(hours=hours)

    def work(self) -> None:
        of = f"{self.name}-{next(self._numbers)}"
        rows = [self._row(f"{of}-{n}") for n in range(self.luck.choice((1, BATCH)))]
        self.send(of, rows, keyed=self.luck.random() < 0.5)

    def send(self, of: str, rows: list[dict[str, object]], *, keyed: bool) -> None:
        """Send until it is answered, always the same."""
        facts = [[row["account_id"], row["metric"], row["observed_at"], row["item_id"], row["value"]] for row in rows]
        headers = {"Idempotency-Key": of} if keyed else {}
        while True:
            self.note(Outcome.INVOKE, "observe", of, rows=facts)
            answer = self.ask("observe", of, "/v1/observations", {"observations": rows}, headers)
            if answer is not None and answer.status_code == 200:
                self.note(Outcome.OK, "observe", of, accepted=answer.json()["accepted"])
                return
            if answer is not None:
                self.note(Outcome.FAIL, "observe", of, status=answer.status_code)
                return
            time.sleep(self.luck.uniform(0.05, 0.3))

    def _row(self, item: str) -> dict[str, object]:
        at = self._begun - timedelta(days=self.luck.randrange(DAYS_BACK), minutes=5)
        return {
            "account_id": self.luck.choice(self._accounts),
            "metric": self.luck.choice(METRICS),
            "observed_at": at.isoformat(),
            "value": round(self.luck.uniform(0.5, 0.9), 4),
            "item_id": item,
        }


class Operator(Client):
    """Writes updates about live alerts. It does not ask twice: an update that was stored is not to be stored again."""

    def work(self) -> None:
        try:
            alerts = self._http.get("/v1/alerts", params={"status": "live", "limit": 1000})
        except httpx2.TransportError:
            return
        if alerts.status_code != 200 or not alerts.json()["items"]:
            return
        alert, token = self.luck.choice(alerts.json()["items"]), f"token-{uuid4().hex}"
        following = (datetime.now(UTC) + timedelta(hours=4)).isoformat()
        said = {
            "cause": f"A van broke down {token} .",
            "owner": "Ola Berg",
            "fix": "Another van.",
            "next_update_at": following,
            "urgent": True,
        }
        self.note(Outcome.INVOKE, "update", token)
        answer = self.ask("update", token, f"/v1/alerts/{alert['id']}/updates", said, {})
        if answer is not None:
            outcome = Outcome.OK if answer.status_code == 201 else Outcome.FAIL
            self.note(outcome, "update", token, status=answer.status_code)


@contextmanager
def busy(clients: Sequence[Client]) -> Iterator[None]:
    """Let the clients work; at the end what they have begun is finished."""
    for client in clients:
        client.start()
    try:
        yield
    finally:
        for client in clients:
            client.stop()
        for client in clients:
            client.join(60)
    assert not any(client.is_alive() for client in clients), "a client never got an answer"


def confirmed_before(at: float, events: Sequence[Event]) -> dict[tuple[str, ...], float]:
    """The rows that clients had been told are stored, and their values."""
    confirmed = {event.of for event in events if event.outcome is Outcome.OK and event.at < at}
    sent = {event.of: event.facts["rows"] for event in events if event.outcome is Outcome.INVOKE}
    return {(a, m, _moment(t), i): value for of in confirmed for a, m, t, i, value in sent[of]}


def _moment(text: str) -> str:
    return datetime.fromisoformat(text).astimezone(UTC).isoformat()
