"""Values of every kind, put into every field that takes something: what an API must answer alike on any database."""

import json
from dataclasses import dataclass

from tests.api.nasty import GOOD

# Moments that clients get wrong, and those that are just right.
MOMENTS = [
    "2026-03-02T11:00:00Z",
    "2026-03-02T11:00:00.123456789Z",
    "2026-03-02T11:00:00.999999+00:00",
    "2026-03-02T23:00:00+14:00",
    "2026-03-01T21:00:00-14:00",
    "2026-03-02 11:00:00Z",
    "20260302T110000Z",
    "2026-W10-1T11:00:00Z",
    "2026-03-02T11Z",
    "2026-03-02T11:00:00z",
    "2026-03-02T11:00:00",
    "2026-03-02",
    "2026-02-29T11:00:00Z",
    "2024-02-29T11:00:00Z",
    "2016-12-31T23:59:60Z",
    "2026-03-02T24:00:00Z",
    "2026-03-02T11:00:00+24:00",
    "2026-03-02T11:00:00+23:59:59",
    "2026-03-02T11:00:00+00:00:00.000001",
    "2026-03-29T02:30:00+01:00",
    "0000-01-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "0001-01-01T00:00:00Z",
    "1999-12-31T23:59:59.999999Z",
    "2000-01-01T00:00:00Z",
    "2000-01-01T13:59:59+14:00",
    "2026-03-02T12:04:59Z",
    "2026-03-02T12:05:01Z",
    "2099-12-31T23:59:59Z",
    "2100-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
    "9999-12-31T23:59:59-14:00",
    "10000-01-01T00:00:00Z",
    "-2026-03-02T11:00:00Z",
    "now",
    "",
    " ",
    "2026-03-02T11:00:00Z\u0000",
    "２０２６-03-02T11:00:00Z",  # noqa: RUF001
    0,
    -1,
    1_700_000_000,
    1_700_000_000.5,
    1e400,
    2**63,
    True,
    None,
    [],
    {},
]
# fmt: off
TEXTS = [
    "plain", "ümlaut", "e\u0301", "\u0958", "日本語", "🙂", " spaces ", "tab\tin", "line\nin", "\u0000", "a\u0000b",
    "\ud800", "\u202eeno", "x" * 40, "x" * 41, "x" * 100, "x" * 101, "x" * 200, "x" * 201, "x" * 5_000, "%s",
    "'; DROP TABLE x", "\\", "null", "NaN", "1e5", "true", "", 0, 1.5, True, None, [], {}, 2**63, 10**400,
]
NUMBERS = [
    0, -0.0, 1, -1, 0.1, 1 / 3, 5e-324, 1e-300, 1e299, -1e299, 1e300, -1e300, 1.7976931348623157e308, 1e400, 2**53,
    2**53 + 1, 2**63 - 1, 2**63, -(2**63) - 1, 10**400, float("nan"), float("inf"), -float("inf"), "1", "", "nan",
    True, False, None, [], {},
]
# fmt: on
ACCOUNT = {
    "account_id": "northwind",
    "name": "Northwind",
    "value": 1.5,
    "started_on": "2024-05-01",
    "segment": "retail",
}
COMPLAINT = {"complaint_id": "c1", "account_id": "northwind", "occurred_at": "2026-03-02T11:00:00Z", "severity": 2}
PROMISE = {"account_id": "northwind", "promise": "Before 08:00", "due": "2026-03-06"}
NEWS = {"text": "It opens on Saturdays.", "from_day": "2026-03-02", "until_day": "2026-03-08"}
METRIC = {"label": "Late", "unit": "share", "better": "lower", "target": 0.05, "combine": "mean"}

OF_OBSERVATION = ("account_id", "metric", "item_id")
OF_ACCOUNT = ("account_id", "name", "segment", "time_zone", "rep_email")
OF_COMPLAINT = ("complaint_id", "channel", "about")


@dataclass(frozen=True)
class Probe:
    """A request, and the name by which a test tells it."""

    name: str
    method: str
    path: str
    body: str = ""
    kind: str = "application/json"


def moments() -> list[Probe]:
    """Odd moments for every field and parameter that takes one."""
    found = []
    for n, value in enumerate(MOMENTS):
        found += [
            _rows(f"observed_at {n}", "observations", GOOD | {"observed_at": value}),
            _rows(f"occurred_at {n}", "complaints", COMPLAINT | {"occurred_at": value}),
            _rows(f"started_on {n}", "accounts", ACCOUNT | {"started_on": value}),
            _one(f"next_update_at {n}", "POST", "/v1/alerts/ALERT/updates", update(value)),
            _one(f"until {n}", "POST", "/v1/alerts/ALERT/snooze", {"until": value}),
            _one(f"due {n}", "POST", "/v1/commitments", PROMISE | {"due": value}),
            _one(f"on {n}", "POST", "/v1/commitments", PROMISE | {"dominoes": [{"what": "It opens", "on": value}]}),
            _one(f"changed due {n}", "PATCH", "/v1/commitments/ALERT", {"due": value}),
            _one(f"from_day {n}", "POST", "/v1/news", NEWS | {"from_day": value}),
            _one(f"until_day {n}", "POST", "/v1/news", NEWS | {"until_day": value}),
            Probe(
                f"lines {n}", "POST", "/v1/observations", _text(GOOD | {"observed_at": value}), "application/x-ndjson"
            ),
        ]
        if isinstance(value, str):
            found += [
                Probe(f"cells {n}", "POST", "/v1/observations", _csv(GOOD | {"observed_at": value}), "text/csv"),
                *(
                    Probe(f"{name} {n}", "GET", f"{path}?{name}={_quoted(value)}")
                    for path, name in (
                        ("/v1/risk", "changed_since"),
                        ("/v1/outlook", "since"),
                        ("/v1/outlook", "until"),
                    )
                ),
            ]
    return found


def texts_and_numbers() -> list[Probe]:
    """Texts and numbers of every kind for every column that holds one."""
    found = []
    for n, value in enumerate(TEXTS):
        found += [
            *(
                _rows(f"{each} {n}", "observations", GOOD | {each: value})
                for each in ("account_id", "metric", "item_id")
            ),
            *(_rows(f"account {each} {n}", "accounts", ACCOUNT | {each: value}) for each in OF_ACCOUNT),
            *(_rows(f"complaint {each} {n}", "complaints", COMPLAINT | {each: value}) for each in OF_COMPLAINT),
            *(_metric(f"metric {each} {n}", {each: value}) for each in ("label", "unit", "better", "combine")),
        ]
    for n, value in enumerate(NUMBERS):
        found += [
            _rows(f"value {n}", "observations", GOOD | {"value": value}),
            _rows(f"account value {n}", "accounts", ACCOUNT | {"value": value}),
            _rows(f"severity {n}", "complaints", COMPLAINT | {"severity": value}),
            _metric(f"target {n}", {"target": value}),
        ]
    return found


def update(next_update_at: object) -> dict[str, object]:
    return {"cause": "A van.", "owner": "Ola", "fix": "Another.", "next_update_at": next_update_at}


def _rows(name: str, what: str, row: dict[str, object]) -> Probe:
    return Probe(name, "POST", f"/v1/{what}", _text({what: [row]}))


def _metric(name: str, facts: dict[str, object]) -> Probe:
    return _one(name, "PUT", "/v1/metrics/late_share", METRIC | facts)


def _one(name: str, method: str, path: str, body: dict[str, object]) -> Probe:
    return Probe(name, method, path, _text(body))


def _text(value: object) -> str:
    """JSON as careless clients write it: NaN and Infinity too. What is no finite float becomes 1e400."""
    return json.dumps(value).replace("Infinity", "1e400")


def _csv(row: dict[str, object]) -> str:
    return ",".join(row) + "\n" + ",".join(f'"{value}"' for value in row.values()) + "\n"


def _quoted(value: str) -> str:
    return "".join(f"%{byte:02X}" for byte in value.encode("utf-8", "surrogatepass"))
