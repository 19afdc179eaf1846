"""From the answer to bad figures to the mail at the rep's relay, while all the other figures come in."""

import time
from datetime import UTC, datetime, timedelta

import httpx2

from tests.faults.clients import BATCH, Sender, busy
from tests.faults.cluster import people_of
from tests.faults.conftest import size
from tests.faults.scenario import METRICS
from tests.faults.world import judge, wait_idle

RISKY, QUIET, SECONDS, PER_SECOND = size(8, 200), size(20, 300), size(12, 600), size(40, 500)
SENDERS = 5
# What is promised is ten seconds for every second mail and a minute for 99 of 100, on two cores of one's own.
MEDIAN_SECONDS, P99_SECONDS = size(30, 10), 60


class Quiet(Sender):
    """Sends good figures, as most accounts have them."""

    def work(self):
        of = f"{self.name}-{next(self._numbers)}"
        self.send(of, [self._row(f"{of}-{n}") | {"value": 0.02} for n in range(BATCH)], keyed=True)


class Operations:
    """Sends what goes wrong, answers each new alert at once, and looks when its mail arrives."""

    def __init__(self, client, mailbox):
        self.client, self.mailbox = client, mailbox
        self.answered, self.told, self.arrived, self._alerts = {}, {}, {}, set()

    def goes_wrong(self, account):
        day = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=5)
        rows = [
            {"account_id": account, "metric": metric, "observed_at": (day - timedelta(days=age)).isoformat()}
            | {"value": 0.8, "item_id": f"{account}-{metric}-{age}"}
            for metric in METRICS
            for age in range(9)
        ]
        if self.client.post("/v1/observations", json={"observations": rows}).status_code != 200:
            return False
        self.answered[account] = time.monotonic()
        return True

    def look(self):
        for recipient, _ in list(self.mailbox.delivered):
            self.arrived.setdefault(recipient, time.monotonic())
        for alert in self.client.get("/v1/alerts", params={"status": "live", "limit": 1000}).json()["items"]:
            if alert["id"] not in self._alerts:
                self._answer(alert)

    def _answer(self, alert):
        following = (datetime.now(UTC) + timedelta(hours=4)).isoformat()
        said = {"cause": "A van broke down.", "owner": "Ola", "fix": "Another.", "next_update_at": following}
        answer = self.client.post(f"/v1/alerts/{alert['id']}/updates", json=said | {"urgent": True})
        if answer.status_code == 201:
            self._alerts.add(alert["id"])

    def waits(self):
        """Seconds from the answer to the mail, shortest first; None where no mail came."""
        arrived = {account: self.arrived.get(f"rep-{account}@example.com") for account in self.answered}
        return sorted(arrived[account] - self.answered[account] for account in arrived if arrived[account])


def test_a_rep_is_told_in_time_while_figures_come_in(running, history, mailbox):
    running.environment["HEADSUP_WORKER_SECONDS"] = str(size(2, 5))
    key, accounts = running.install(), people_of(running.db, RISKY + QUIET)
    running.start()
    running.wait_ready()
    pause = SENDERS * BATCH / PER_SECOND
    quiet = [
        Quiet(f"sender-{n}", running.url, key, history, pause=pause, accounts=accounts[RISKY:]) for n in range(SENDERS)
    ]
    with httpx2.Client(base_url=running.url, headers={"Authorization": f"Bearer {key}"}, timeout=60) as client:
        operations = Operations(client, mailbox)
        began, left = time.monotonic(), accounts[:RISKY]
        with busy(quiet):
            while left or time.monotonic() < began + SECONDS:
                if left and time.monotonic() > began + SECONDS * (1 - len(left) / RISKY):
                    left = left[:-1] if operations.goes_wrong(left[-1]) else left
                operations.look()
                time.sleep(0.2)
        while len(operations.waits()) < RISKY and time.monotonic() < began + SECONDS + 2 * P99_SECONDS:
            operations.look()
            time.sleep(0.2)
    wait_idle(running.db, 60)
    world, findings, _ = judge(running.db, history, mailbox)

    waits = operations.waits()
    median, p99 = waits[len(waits) // 2], waits[int(0.99 * len(waits))]
    rate = len(world.observations) / SECONDS
    print({"mails": len(waits), "a_second": round(rate), "median": round(median, 1), "p99": round(p99, 1)})  # noqa: T201
    assert len(waits) == RISKY
    assert [finding for finding in findings if finding.promise != "stored and never sent"] == []
    assert median < MEDIAN_SECONDS
    assert p99 < P99_SECONDS
