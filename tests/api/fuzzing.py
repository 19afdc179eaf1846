"""A01: requests made from the API's description, and what is asked of each answer."""

import csv
import io
import json
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import available_timezones

import holidays
import polars as pl
import schemathesis
from hypothesis import strategies as st
from schemathesis.core.parameters import ParameterLocation
from schemathesis.engine import events, from_schema

from service.console.headers import DEFAULTS
from tests import make

ALERTS = [UUID(int=(4 << 76) | (1 << 63) | number) for number in range(40)]
BATCHES = {"/v1/accounts", "/v1/complaints", "/v1/observations"}
# What every answer may carry without a word about it.
PLAIN = {name.lower() for name in DEFAULTS} | {"content-type", "content-length", "allow"}


def _moments(low, high):
    within = st.datetimes(low.replace(tzinfo=None), high.replace(tzinfo=None), timezones=st.just(UTC))
    return within.map(lambda at: at.isoformat().replace("+00:00", "Z"))


NEAR = _moments(make.MONDAY - timedelta(days=60), make.MONDAY + timedelta(days=60))
EVER = _moments(datetime(2000, 1, 1, tzinfo=UTC), datetime(2099, 12, 31, tzinfo=UTC))
ROW = st.fixed_dictionaries(
    {"account_id": st.sampled_from(["northwind", "new", "a,b", 'c"d']), "metric": st.sampled_from(["late_share", "x"])}
    | {"observed_at": NEAR, "value": st.floats(-1e9, 1e9)}
)


def _csv(rows):
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, ["account_id", "metric", "observed_at", "value"])
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _parquet(rows):
    file = io.BytesIO()
    schema = {"account_id": pl.String, "metric": pl.String, "observed_at": pl.String, "value": pl.Float64}
    pl.DataFrame(rows, schema=schema).write_parquet(file)
    return file.getvalue()


def _lines(rows):
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


ROWS = st.lists(ROW, max_size=4)
schemathesis.openapi.media_type("text/csv", ROWS.map(_csv))
schemathesis.openapi.media_type("application/x-ndjson", ROWS.map(_lines))
schemathesis.openapi.media_type("application/vnd.apache.parquet", ROWS.map(_parquet))
ZONES, PLACES = sorted(available_timezones()), ["", *sorted(holidays.list_supported_countries())]
schemathesis.openapi.format("time-zone", st.sampled_from(ZONES))
schemathesis.openapi.format("holidays", st.sampled_from(PLACES))
# Words of our source are tried where they fit the pattern, though nothing but the format tells them from right ones.
LISTED = {"time_zone": ZONES, "rep_time_zone": ZONES, "rep_holidays": PLACES}
schemathesis.openapi.format("date-time", st.one_of(NEAR, EVER))
schemathesis.openapi.format("uuid", st.one_of(st.sampled_from(ALERTS), st.uuids()).map(str))


@schemathesis.hook
def before_load_schema(_context, raw_schema):
    """Leave out examples that are texts: a strategy of bytes stands in for them, `test_schema.py` sends them."""
    for verbs in raw_schema["paths"].values():
        for route in verbs.values():
            for described in route.get("requestBody", {}).get("content", {}).values():
                if isinstance(described.get("example"), str):
                    del described["example"]


@schemathesis.hook
def filter_path_parameters(_context, path_parameters):
    """Leave out what clients take for steps of a path: `PUT /v1/accounts/..` never comes to that route."""
    return {".", ".."}.isdisjoint((path_parameters or {}).values())


def _is_listed(case, problem):
    name = problem["pointer"].rpartition("/")[2]
    return name not in LISTED or case.body[name] in LISTED[name]


@schemathesis.check
def valid_data_breaks_only_rules_that_have_a_name(_ctx, response, case):
    """A moment that must lie ahead, a cursor that was given out: no schema can say it, so the refusal does."""
    # What names a mail in one answer is tried as the address of a mail, even where it is null: a reply to none of ours.
    named = {None, "None", "null"}.isdisjoint((case.path_parameters or {}).values())
    fits = named and case.meta is not None and case.meta.generation.mode.is_positive
    refused = response.status_code == 422 and response.json()["type"].endswith("/invalid")
    if fits and refused and any(_is_listed(case, each) for each in response.json()["errors"]):
        raise AssertionError(f"refused without a name for it: {response.text[:300]}")


@schemathesis.check
def rows_that_miss_the_description_are_sent_back(_ctx, response, case):
    """A batch is no failure when a row is: each bad row comes back with its reason."""
    misses = case.meta is not None and case.meta.is_negative_at(ParameterLocation.BODY)
    batch = case.operation.path in BATCHES and case.method == "POST"
    if misses and batch and response.status_code == 200 and not response.json()["rejected"]:
        raise AssertionError("accepted all of what misses the description")


@schemathesis.check
def every_header_is_described(_ctx, response, case):
    """An answer has no header that its description leaves out."""
    described = case.operation.responses.find_by_status_code(response.status_code)
    if described is None or response.status_code == 405:
        return
    known = {name.lower() for name in described.definition.get("headers", {})} | PLAIN
    if unknown := {name.lower() for name in response.headers} - known:
        raise AssertionError(f"{case.method} {case.operation.path} {response.status_code}: {sorted(unknown)}")


def config(*, key, examples, thorough):
    """All checks; all phases, or all but the one that goes through every bound of every field."""
    named = ["2xx", "3xx", "401", "403", "404", "409", "422", "429", "503"]
    refused = ["400", "401", "403", "404", "405", "409", "413", "415", "422", "429", "503"]
    # An account's id may hold a slash: to put "…/risk" is to describe an account of that name.
    open_ended = {"unsupported_method": {"enabled": False}, "allow_header_conformance": {"enabled": False}}
    return schemathesis.Config.from_dict(
        {
            "headers": {"Authorization": key} if key else {},
            "seed": 7,
            "generation": {"max-examples": examples, "database": "none"},
            "phases": {"coverage": {"enabled": thorough}},
            "checks": {
                "positive_data_acceptance": {"expected-statuses": named},
                "negative_data_rejection": {"expected-statuses": refused},
            },
            "operations": [
                {"include-path": "/v1/accounts/{account_id}/risk", "checks": open_ended},
                *(
                    {
                        "include-path": path,
                        "include-method": "POST",
                        "checks": {"negative_data_rejection": {"expected-statuses": ["200", *refused]}},
                    }
                    for path in sorted(BATCHES)
                ),
            ],
        }
    )


class Timed:
    """The application, and the most seconds of a core that one request took; those of the clock depend on others."""

    def __init__(self, app):
        self.app, self.slowest = app, (0.0, "")

    async def __call__(self, scope, receive, send):
        began = time.process_time()
        await self.app(scope, receive, send)
        self.slowest = max(self.slowest, (time.process_time() - began, f"{scope.get('method')} {scope.get('path')}"))


@dataclass
class Ran:
    """What a run sent and found."""

    slowest: tuple[float, str] = (0.0, "")
    cases: Counter = field(default_factory=Counter)
    statuses: Counter = field(default_factory=Counter)
    checks: set = field(default_factory=set)
    failures: dict = field(default_factory=dict)
    errors: list = field(default_factory=list)


def run(app, *, key, **how):
    """Let every phase send its requests, with this key or with none; see `config` for `how`."""
    timed = Timed(app)
    schema = schemathesis.openapi.from_asgi("/v1/openapi.json", timed, config=config(key=key, **how))
    ran = Ran()
    for event in from_schema(schema).execute():
        if isinstance(event, events.NonFatalError | events.FatalError):
            ran.errors.append(str(getattr(event, "info", event)))
        if isinstance(event, events.ScenarioFinished):
            _note(ran, event)
    ran.slowest = timed.slowest
    return ran


def _note(ran, event):
    recorder = event.recorder
    ran.cases[event.phase.value] += len(recorder.cases)
    ran.statuses.update(each.response.status_code for each in recorder.interactions.values() if each.response)
    for check in (check for checks in recorder.checks.values() for check in checks):
        ran.checks.add(check.name)
        if check.failure_info:
            failure = check.failure_info.failure
            name = (recorder.label, check.name, failure.title, failure.message[:900])
            ran.failures.setdefault(name, check.failure_info.code_sample[:600])
