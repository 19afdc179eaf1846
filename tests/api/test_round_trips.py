"""A04: what is accepted comes back equal, on both databases; what is not is refused."""

import unicodedata
from itertools import count

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as trying
from hypothesis import strategies as st

from service.kit.fields import UNSAFE
from tests.api.nasty import GOOD
from tests.faults.conftest import size

OFTEN = trying(
    max_examples=size(60, 1_000),
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
NUMBERS = st.one_of(
    st.floats(-1e299, 1e299, allow_nan=False),
    st.integers(-(2**53), 2**53),
    st.sampled_from([0.0, -0.0, 5e-324, 2.2250738585072014e-308, 1e-15, 2**53 - 1, 9.999999999999999e299, 0.1 + 0.2]),
)
# Basic and astral, combining and right to left; whatever PostgreSQL and SQLite might see otherwise.
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)
_numbers = count(1)


@pytest.fixture
def settings(settings):
    """For a client in a hurry: the clock stands still."""
    return settings.model_copy(update={"requests_per_minute": 1_000_000})


@OFTEN
@given(number=NUMBERS, label=TEXTS)
def test_numbers_and_texts_come_back_as_they_went_in(api, number, label):
    where = f"/v1/metrics/m{next(_numbers)}"
    clean = unicodedata.normalize("NFC", label).strip()

    answer = api.put(where, json={"target": number, "label": label})

    if UNSAFE.search(label) or len(clean) > 200:
        assert answer.status_code == 422
        return
    found = api.get(where).json()
    assert (answer.status_code, found["target"], found["label"]) == (200, number, clean or where.rpartition("/")[2])


@OFTEN
@given(item=TEXTS, account=TEXTS)
def test_ids_are_kept_letter_by_letter_or_sent_back(api, item, account):
    answer = api.post("/v1/observations", json={"observations": [GOOD | {"item_id": item, "account_id": account}]})

    clean = unicodedata.normalize("NFC", account).strip()
    fits = clean and not UNSAFE.search(item + account) and len(unicodedata.normalize("NFC", item).strip()) <= 200
    assert answer.json()["accepted"] == int(bool(fits and len(clean) <= 200)), answer.text
    if answer.json()["accepted"]:
        listed = {each["account_id"] for each in api.get("/v1/accounts?limit=1000").json()["items"]}
        assert clean in listed


REFUSED = ["NaN", "Infinity", "-Infinity", "1e400", "-1e400", "1e300", str(10**400), '"3"', "true", "[1]", "{}"]


@pytest.mark.parametrize("number", REFUSED)
def test_what_is_no_finite_number_is_refused_and_nothing_is_kept(api, number):
    json_type = {"Content-Type": "application/json"}

    assert api.put("/v1/metrics/m", content=f'{{"target": {number}}}', headers=json_type).status_code == 422
    assert api.get("/v1/metrics/m").status_code == 404


@pytest.mark.parametrize(
    "text", ["\\u0000", "a\\u0000b", "\\ud800", "\\udfff x", "\\u001b[31m", "\\u202e", "\\u2028", "\\n"]
)
def test_what_no_database_keeps_as_it_is_is_refused(api, text):
    json_type = {"Content-Type": "application/json"}

    assert api.put("/v1/metrics/m", content=f'{{"label": "{text}"}}', headers=json_type).status_code == 422
    assert api.get("/v1/metrics/m").status_code == 404
