"""Whatever is sent: a rejected row or a 4xx that does not repeat it; never a 500."""

import json

import pytest
from sqlalchemy import func, select

from models import Observation
from tests.api.nasty import GOOD, NASTY_JSON

JSON = {"Content-Type": "application/json"}
URL = "/v1/observations"


@pytest.mark.parametrize(("wrong", "field"), NASTY_JSON)
def test_a_nasty_row_is_rejected_alone(api, db, wrong, field):
    name = wrong.partition(":")[0].strip().strip('"')
    good = json.dumps(GOOD)
    nasty = json.dumps({key: value for key, value in GOOD.items() if key != name})[:-1] + f", {wrong}}}"

    answer = api.post(URL, content=f'{{"observations": [{nasty}, {good}]}}', headers=JSON)

    assert (answer.status_code, answer.json()["accepted"]) == (200, 1), answer.text
    assert [(each["index"], each["field"]) for each in answer.json()["problems"]] == [(0, field)]
    with db.read() as session:
        assert session.scalar(select(func.count()).select_from(Observation)) == 1


@pytest.mark.parametrize("row", ["3", "null", "[]", '"SECRET"', "{}", "[[[[]]]]", "true", "1e400"])
def test_what_is_no_row_is_rejected(api, row):
    answer = api.post(URL, content=f'{{"observations": [{row}]}}', headers=JSON)

    assert (answer.status_code, answer.json()["rejected"]) == (200, 1)


BODIES = {
    "empty": b"",
    "no JSON": b"{SECRET",
    "a list": b"[]",
    "not the list": b'{"observations": {"SECRET": 1}}',
    "more than the list": b'{"observations": [], "more": "SECRET"}',
    "byte order mark": b'\xef\xbb\xbf{"observations": []}',
    "UTF-16": '{"observations": []}'.encode("utf-16"),
    "UTF-16 without a mark": '{"observations": []}'.encode("utf-16-le"),
    "Latin-1": '{"observations": [{"account_id": "SECRET ü"}]}'.encode("latin-1"),
    "deep": b"[" * 200_000,
    "deep in the list": b'{"observations": ' + b"[" * 200_000 + b"]" * 200_000 + b"}",
    "a long number": b'{"observations": ' + b"9" * 5_000 + b"}",
    "NUL": b'{"observations": []}\0',
}


@pytest.mark.parametrize("url", [URL, "/v1/accounts", "/v1/complaints?dry_run=true"])
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_body_that_cannot_be_read_is_422_or_a_rejected_row(api, url, body):
    answer = api.post(url, content=body, headers=JSON)

    assert answer.status_code == 422 or answer.json()["rejected"] == 1, answer.text
    assert "SECRET" not in answer.text
    assert len(answer.content) < 4_000


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_single_thing_that_cannot_be_read_is_refused_too(api, body):
    answer = api.put("/v1/accounts/northwind", content=body, headers=JSON)

    assert 400 <= answer.status_code < 500
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert "SECRET" not in answer.text


@pytest.mark.parametrize("bytes_", [b"", b"PAR1", b"PAR1" + b"\xff" * 100 + b"PAR1", b"\0" * 1_000])
def test_broken_parquet_is_422(api, bytes_):
    answer = api.post(URL, content=bytes_, headers={"Content-Type": "application/vnd.apache.parquet"})

    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (422, "body-unreadable")


@pytest.mark.parametrize("text", ["", "account_id\nx", "a,b\n1,2", "account_id,metric,observed_at,value,value\n", '"'])
def test_csv_with_other_columns_is_422(api, text):
    assert api.post(URL, content=text, headers={"Content-Type": "text/csv"}).status_code == 422


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": ""},
        {"Content-Type": "application/json; charset=utf-16"},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
    ],
)
def test_other_kinds_of_body_are_415(api, headers):
    assert api.post(URL, content=b"{}", headers=headers).status_code == 415


def test_of_a_repeated_name_in_json_the_last_counts(api):
    row = json.dumps(GOOD)[:-1] + ', "value": "SECRET"}'

    answer = api.post(URL, content=f'{{"observations": [{row}]}}', headers=JSON)

    assert (answer.json()["rejected"], "SECRET" in answer.text) == (1, False)


def chunks(size):
    yield from (b" " * 65_536 for _ in range(size // 65_536 + 1))


@pytest.mark.parametrize("url", [URL, "/v1/accounts/northwind"])
@pytest.mark.parametrize("chunked", [True, False])
def test_a_body_that_is_too_large_is_413(api, settings, url, chunked):
    size = settings.max_body_mb * 1024 * 1024
    verb = api.post if url == URL else api.put

    answer = verb(url, content=chunks(size) if chunked else b" " * (size + 1), headers=JSON)

    assert answer.status_code == 413
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(("method", "allowed"), [("DELETE", "POST"), ("GET", "POST"), ("PATCH", "POST")])
def test_a_wrong_method_is_405_and_the_right_one_is_named(api, method, allowed):
    answer = api.request(method, URL)

    assert (answer.status_code, answer.headers["Allow"]) == (405, allowed)
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=1001",
        "limit=9223372036854775808",
        "limit=-1",
        "limit=x",
        "min_risk=nan",
        "min_risk=1e400",
        "min_risk=2",
        "changed_since=1700000000",
        "changed_since=2026-03-02",
        "sort=risk;drop",
        "rep=%00",
        "segment=%00",
        "cursor=x",
        "cursor=%00",
        f"cursor={'x' * 2001}",
    ],
)
def test_a_wrong_question_is_422(api, query):
    answer = api.get(f"/v1/risk?{query}")

    assert answer.status_code == 422
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("account", ["%00", "%0A", "x" * 201, "%20"])
def test_an_impossible_id_in_a_path_is_422(api, account):
    assert api.get(f"/v1/accounts/{account}").status_code == 422
    assert api.put(f"/v1/accounts/{account}", json={}).status_code == 422


def test_bytes_that_are_no_text_in_a_path_are_404(api):
    assert api.get("/v1/accounts/%ED%A0%80").status_code == 404


@pytest.mark.parametrize("key", ["", "x" * 256, "two words", "caf\xe9".encode("latin-1")])
def test_an_impossible_idempotency_key_is_422(api, key):
    answer = api.post(URL, json={"observations": []}, headers={"Idempotency-Key": key})

    assert answer.status_code == 422
