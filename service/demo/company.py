"""What the demo is given, and how it sends that to the API as a company's systems would."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import httpx2
import numpy as np
from numpy.typing import NDArray

ROWS_PER_REQUEST = 10_000


class Company(Protocol):
    """A company's data, in the columns of the import files."""

    @property
    def accounts(self) -> Sequence[Mapping[str, Any]]: ...
    @property
    def metrics(self) -> Sequence[Mapping[str, Any]]: ...
    @property
    def observations(self) -> Mapping[str, NDArray[Any]]: ...
    @property
    def complaints(self) -> Sequence[Mapping[str, Any]]: ...


@dataclass(frozen=True)
class Feed:
    """The company's systems: they send what happened between two moments."""

    client: httpx2.Client
    company: Company

    def send_master_data(self) -> None:
        for metric in self.company.metrics:
            facts = {name: value for name, value in metric.items() if name != "metric"}
            self.client.put(f"/v1/metrics/{metric['metric']}", json=facts).raise_for_status()
        self._post("/v1/accounts", "accounts", list(self.company.accounts))

    def send_observations(self, since: datetime | None, until: datetime) -> Iterator[int]:
        """Send what was observed from `since` on and before `until`, and tell after each request how many rows."""
        columns = self.company.observations
        at = columns["observed_at"]
        begin = at.min() if since is None else _numpy(since)
        wanted = np.nonzero((at >= begin) & (at < _numpy(until)))[0]
        # Account by account, as the table is kept: a year in the order of time takes twice as long to store.
        wanted = wanted[np.argsort(columns["account_id"][wanted], kind="stable")]
        for start in range(0, len(wanted), ROWS_PER_REQUEST):
            yield self._send(wanted[start : start + ROWS_PER_REQUEST])

    def _send(self, rows: NDArray[np.intp]) -> int:
        columns = self.company.observations
        parts = {name: columns[name][rows].tolist() for name in ("account_id", "metric", "value", "item_id")}
        parts["observed_at"] = np.datetime_as_string(columns["observed_at"][rows], unit="s", timezone="UTC").tolist()
        sent = [dict(zip(parts, row, strict=True)) for row in zip(*parts.values(), strict=True)]
        return self._post("/v1/observations", "observations", sent)

    def send_complaints(self, since: datetime | None, until: datetime) -> int:
        rows = [
            row
            for row in self.company.complaints
            if (since is None or since <= datetime.fromisoformat(row["occurred_at"]))
            and datetime.fromisoformat(row["occurred_at"]) < until
        ]
        return sum(
            self._post("/v1/complaints", "complaints", rows[start : start + ROWS_PER_REQUEST])
            for start in range(0, len(rows), ROWS_PER_REQUEST)
        )

    def _post(self, path: str, name: str, rows: Sequence[Mapping[str, Any]]) -> int:
        answer = self.client.post(path, json={name: rows}).raise_for_status().json()
        if answer["rejected"]:
            message = f"{path} rejected {answer['rejected']} rows: {answer['problems'][:3]}"
            raise RuntimeError(message)
        return len(rows)


def _numpy(moment: datetime) -> np.datetime64:
    return np.datetime64(int(moment.timestamp() * 1_000_000), "us")
