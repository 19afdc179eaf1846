"""Accounts and their reps."""

import pytest
from sqlalchemy import select

from models import AuditEntry, Rep

SENT = {
    "name": "Northwind Foods",
    "rep_email": "rita@example.com",
    "rep_name": "Rita Reyes",
    "rep_time_zone": "Europe/Berlin",
    "rep_manager_email": "mara@example.com",
    "owner_email": "ola@example.com",
    "value": 120000.0,
    "time_zone": "America/Sao_Paulo",
    "started_on": "2024-05-01",
    "segment": "retail",
}


def put(api, account_id="northwind", **facts):
    return api.put(f"/v1/accounts/{account_id}", json=facts)


def test_what_is_put_is_what_is_got(api):
    put(api, **SENT)

    got = api.get("/v1/accounts/northwind").json()

    assert {field: got[field] for field in SENT} == SENT


def test_a_field_left_out_becomes_empty(api):
    put(api, **SENT)

    got = put(api, name="Northwind").json()

    assert (got["rep_email"], got["value"], got["time_zone"]) == (None, None, "UTC")


def test_a_rep_has_one_row_however_the_address_is_written(api, db):
    put(api, "one", rep_email="Rita@Example.com", rep_name="Rita")
    put(api, "two", rep_email="rita@example.com")

    with db.read() as session:
        reps = session.scalars(select(Rep)).all()
    assert [(rep.email, rep.name) for rep in reps] == [("rita@example.com", "Rita")]


def test_a_change_is_audited_and_the_same_again_is_not(api, db):
    put(api, **SENT)
    put(api, **SENT)
    put(api, **SENT | {"segment": "food"})

    with db.read() as session:
        details = session.scalars(select(AuditEntry.detail).where(AuditEntry.action == "account.put")).all()
    assert [detail["new"] for detail in details] == [True, False]
    assert details[1]["changed"] == ["segment"]


@pytest.mark.parametrize(
    "address",
    [
        "rita",
        "a@b@c.de",
        "rita@example.com\nBcc: sam@example.com",
        "Rita <rita@example.com>",
        "a..b@c.de",
        "ü@c.de",
        f"{'r' * 65}@example.com",
        f"r@{'e' * 250}.com",
        "rita@-x.de",
        "rita@example.com,sam@example.com",
        "",
    ],
)
def test_only_one_plain_address_gets_near_a_mail_header(api, address):
    answer = put(api, rep_email=address)

    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"pointer": "/body/rep_email", "detail": "is not one plain e-mail address"}]


@pytest.mark.parametrize(
    "wrong",
    [
        {"time_zone": "Mars/Olympus"},
        {"started_on": "2024-02-30"},
        {"value": -1},
        {"value": True},
        {"valu": 1},
        {"started_on": 20240501},
        {"name": "a\x00b"},
        {"segment": "x" * 101},
        {"time_zone": None},
    ],
)
def test_a_wrong_field_is_named(api, wrong):
    answer = put(api, **wrong)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == f"/body/{next(iter(wrong))}"


def test_many_come_at_once_and_bad_ones_come_back(api):
    sent = [{"account_id": "b", **SENT}, {"account_id": "a", **SENT}, {"account_id": "c", "value": "much"}]

    answer = api.post("/v1/accounts", json={"accounts": sent}).json()

    assert (answer["accepted"], answer["rejected"], answer["new_accounts"]) == (2, 1, ["a", "b"])
    assert answer["problems"] == [{"index": 2, "field": "value", "reason": "is not a number"}]


def test_accounts_come_as_csv_too(api):
    body = "account_id,name,value,started_on,rep_email\nnorthwind,Northwind,12.5,2024-05-01,\n"

    api.post("/v1/accounts", content=body, headers={"Content-Type": "text/csv"})

    got = api.get("/v1/accounts/northwind").json()
    assert (got["name"], got["value"], got["rep_email"]) == ("Northwind", 12.5, None)


def test_a_dry_run_stores_nothing(api):
    answer = api.post("/v1/accounts?dry_run=true", json={"accounts": [{"account_id": "a"}]}).json()

    assert answer["new_accounts"] == ["a"]
    assert api.get("/v1/accounts/a").status_code == 404


def test_the_list_is_read_page_by_page(api):
    api.post("/v1/accounts", json={"accounts": [{"account_id": f"a{n}"} for n in range(5)]})
    seen, cursor = [], None

    while True:
        page = api.get("/v1/accounts", params={"limit": 2} | ({"cursor": cursor} if cursor else {})).json()
        seen += [item["account_id"] for item in page["items"]]
        if not (cursor := page["next"]):
            break

    assert seen == ["a0", "a1", "a2", "a3", "a4"]


def test_an_id_may_hold_a_slash_and_even_end_like_a_route(api):
    put(api, "de%2Frisky", name="Slash")

    assert api.get("/v1/accounts/de%2Frisky").json()["account_id"] == "de/risky"
    assert api.get("/v1/accounts/de%2Frisky/risk").json() == {"account_id": "de/risky", "items": []}


def test_a_new_rep_lives_in_the_time_zone_of_the_account(api):
    put(api, rep_email="rita@example.com", time_zone="America/Sao_Paulo")

    got = put(api, "southwind", rep_email="rita@example.com", time_zone="Europe/Berlin").json()

    assert got["rep_time_zone"] == "America/Sao_Paulo"
