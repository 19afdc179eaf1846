"""The way of two heads-ups and a promise at risk, from the API to the mail, in one process, always in the same order.

Run again after it died, it goes on as clients and operators would: it sends what was not answered, and writes an update
where there is none.
"""

import json
import os
from datetime import datetime, timedelta
from pathlib import Path

from starlette.testclient import TestClient

from service import worker
from service.app import create_app
from service.kit import crash
from service.kit.clock import SetClock
from service.kit.database import Database
from service.kit.settings import Settings
from tests.faults.history import Event, History, Outcome

METRICS = ("late_share", "damaged_share", "short_share")
PROMISE = {"account_id": "account-2", "reference": "token-promise", "promise": "A token-promise .", "due": "2026-01-31"}


def main() -> None:
    """Live through it as of the moment in SCENARIO_AT; observations are dated before SCENARIO_BEGAN."""
    settings = Settings.load(Path(os.environ["HEADSUP_DATA_DIR"]))
    db, clock = Database(settings.database), SetClock(datetime.fromisoformat(os.environ["SCENARIO_AT"]))
    history = History(settings.data_dir / "history.jsonl")
    headers = {"Authorization": f"Bearer {os.environ['SCENARIO_KEY']}"}
    client = TestClient(create_app(settings, db, clock), headers=headers)
    _observe(client, history, began=datetime.fromisoformat(os.environ["SCENARIO_BEGAN"]))
    _promise(client, history)
    worker.tick(db, settings, now=clock.now())
    _update(client, history, now=clock.now())
    for _ in range(2):
        worker.tick(db, settings, now=clock.now())
    (settings.data_dir / "passes.json").write_text(json.dumps(crash.passes))


def _observe(client: TestClient, history: History, *, began: datetime) -> None:
    for account in ("account-0", "account-1"):
        rows = [
            {
                "account_id": account,
                "metric": metric,
                "observed_at": (began - timedelta(days=age, minutes=5)).isoformat(),
                "value": 0.6,
                "item_id": f"{account}-{metric}-{age}",
            }
            for metric in METRICS
            for age in range(10)
        ]
        facts = [[row["account_id"], row["metric"], row["observed_at"], row["item_id"], row["value"]] for row in rows]
        history.note(Event(Outcome.INVOKE, "observe", account, {"rows": facts}))
        answer = client.post("/v1/observations", json={"observations": rows}, headers={"Idempotency-Key": account})
        assert answer.status_code == 200, answer.text
        history.note(Event(Outcome.OK, "observe", account, {"accepted": answer.json()["accepted"]}))


def _promise(client: TestClient, history: History) -> None:
    """Write down a promise whose day has passed; the same reference again is refused, so it is known."""
    history.note(Event(Outcome.INVOKE, "promise", PROMISE["reference"]))
    answer = client.post("/v1/commitments", json=PROMISE)
    assert answer.status_code in {201, 409}, answer.text
    history.note(Event(Outcome.OK, "promise", PROMISE["reference"]))


def _update(client: TestClient, history: History, *, now: datetime) -> None:
    for alert in client.get("/v1/alerts").json()["items"]:
        if client.get(f"/v1/alerts/{alert['id']}/updates").json()["updates"]:
            continue
        token = f"token-{alert['id']}"
        following = (now + timedelta(hours=4)).isoformat()
        said = {"cause": f"A van broke down {token} .", "owner": "Ola", "fix": "Another.", "next_update_at": following}
        history.note(Event(Outcome.INVOKE, "update", token))
        answer = client.post(f"/v1/alerts/{alert['id']}/updates", json=said)
        assert answer.status_code == 201, answer.text
        history.note(Event(Outcome.OK, "update", token))
