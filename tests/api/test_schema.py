"""The API's description is what the API does."""

import json
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error

ROOT = Path(__file__).parents[2]
FEW = settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def test_the_written_description_is_the_one_that_is_served(api):
    written = json.loads((ROOT / "docs" / "openapi.json").read_text())

    assert written == api.get("/v1/openapi.json").json(), "run `python docs/openapi.py`"


def test_every_route_tells_how_it_fails_and_shows_an_example(app):
    described = app.openapi()

    for path, verbs in described["paths"].items():
        for verb, route in verbs.items():
            assert {"401", "403", "422"} <= set(route["responses"]), f"{verb} {path}"
            assert "application/problem+json" in route["responses"]["422"]["content"], f"{verb} {path}"


@pytest.fixture
def fuzzed(app, api):
    """The schema of the app, called in this process with a key that may do everything."""
    schema = schemathesis.openapi.from_asgi("/v1/openapi.json", app)
    return schema, {"Authorization": api.headers["Authorization"]}


def test_nothing_that_fits_the_description_or_misses_it_breaks_the_api(fuzzed):
    schema, headers = fuzzed

    for operation in schema.get_all_operations():
        for mode in (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE):
            _fuzz(operation.ok(), headers, mode)


def _fuzz(operation, headers, mode):
    from hypothesis import given  # noqa: PLC0415

    @FEW
    @given(case=operation.as_strategy(generation_mode=mode))
    def run(case):
        case.call_and_validate(headers=headers, checks=[not_a_server_error])

    run()
