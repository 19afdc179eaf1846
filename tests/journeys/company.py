"""A company under way: what its systems, operations and reps do, through the doors that they use."""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from starlette.testclient import TestClient

from models import Role
from service import worker
from tests import make

CALM, BAD = (0.02, 0.03), (0.5, 0.6)
METRICS = {
    "late_share": "Share delivered late",
    "damaged_share": "Share delivered damaged",
    "short_share": "Share delivered short",
}


@dataclass
class Company:
    """One client account, Northwind, sold to by Rita and delivered to for a year."""

    api: Any
    app: Any
    db: Any
    settings: Any
    clock: Any
    mailbox: Any

    def begin(self):
        """Tell Headsup of the account and the metrics; Lena leads operations."""
        with self.db.begin() as session:
            make.operator(session, "lena@example.com", Role.LEAD)
        about = {"name": "Northwind Foods", "rep_email": "rita@example.com", "rep_name": "Rita Reyes"}
        self._put("/v1/accounts/northwind", about | {"started_on": "2025-01-01", "time_zone": "Europe/Berlin"})
        for metric, label in METRICS.items():
            self._put(f"/v1/metrics/{metric}", {"label": label, "unit": "share", "better": "lower", "target": 0.05})
        self._observe({days: CALM[days % 2] for days in range(11, 70)})

    def slip(self):
        """Ten bad days arrive."""
        self._observe({days: BAD[days % 2] for days in range(11)})

    def complain(self):
        """The client complains, now."""
        complaint = {"complaint_id": "c1", "account_id": "northwind", "occurred_at": self.clock.at.isoformat()}
        self.api.post("/v1/complaints", json={"complaints": [complaint]}).raise_for_status()

    def wait(self, **span):
        """Let time pass; the worker looks at the end of it."""
        self.clock.at += timedelta(**span)
        self.tick()

    def tick(self):
        worker.tick(self.db, self.settings, now=self.clock.at)

    @property
    def alert(self):
        """The one alert that operations sees."""
        (alert,) = self.api.get("/v1/alerts").json()["items"]
        return alert

    def act(self, verb, **body):
        """Operations does something about the alert."""
        answer = self.api.post(f"/v1/alerts/{self.alert['id']}/{verb}", json=body or None)
        answer.raise_for_status()
        return answer.json()

    def inbox(self, address="rita@example.com"):
        """The text parts of the mails that somebody has."""
        return [mail.get_body(("plain",)).get_content() for mail in self.mailbox.to(address)]

    def press_button(self):
        """Rita presses the button of her newest mail; she has no login."""
        path = urlsplit(re.search(r"http\S+/a/\S+", self.inbox()[-1])[0]).path
        TestClient(self.app).post(path).raise_for_status()

    @property
    def outlook(self):
        """What the ledger says a minute later."""
        self.clock.at += timedelta(minutes=1)
        return self.api.get("/v1/outlook").json()["summary"]

    def _observe(self, shares):
        rows = [
            {
                "account_id": "northwind",
                "metric": metric,
                "observed_at": (self.clock.at - timedelta(days=days, minutes=5)).isoformat(),
                "value": share,
            }
            for days, share in shares.items()
            for metric in METRICS
        ]
        answer = self.api.post("/v1/observations", json={"observations": rows})
        assert answer.json()["rejected"] == 0

    def _put(self, path, body):
        self.api.put(path, json=body).raise_for_status()
