"""When a rep wants mail comes in with an account, and stays when another account leaves it open."""

import pytest

HOURS = {
    "rep_work_days": "23456",
    "rep_quiet_hours": "19:00-08:30",
    "rep_holidays": "DE-BY",
    "rep_digest_day": 0,
    "rep_digest_hour": 0,
}


def test_a_reps_hours_are_kept_and_shown(api):
    api.put("/v1/accounts/northwind", json={"rep_email": "rita@example.com", **HOURS})
    api.put("/v1/accounts/contoso", json={"rep_email": "rita@example.com"})

    shown = api.get("/v1/accounts/contoso").json()
    assert {name: shown[name] for name in HOURS} == HOURS


@pytest.mark.parametrize(
    "wrong",
    [
        {"rep_work_days": "0"},
        {"rep_work_days": ""},
        {"rep_quiet_hours": "24:00-07:00"},
        {"rep_quiet_hours": "at night"},
        {"rep_holidays": "XX"},
        {"rep_holidays": "DE-ZZ"},
        {"rep_digest_day": 8},
        {"rep_digest_hour": 24},
    ],
)
def test_hours_that_nobody_can_keep_are_refused(api, wrong):
    refused = api.put("/v1/accounts/northwind", json={"rep_email": "rita@example.com", **wrong})

    assert refused.status_code == 422
    assert [each["pointer"] for each in refused.json()["errors"]] == [f"/body/{name}" for name in wrong]


def test_a_file_gives_days_as_numbers(api):
    rows = "account_id,rep_email,rep_work_days,rep_digest_day\nnorthwind,rita@example.com,12345,3\n"

    answer = api.post("/v1/accounts", content=rows, headers={"Content-Type": "text/csv"})

    assert answer.json()["problems"] == []
    shown = api.get("/v1/accounts/northwind").json()
    assert (shown["rep_work_days"], shown["rep_digest_day"]) == ("12345", 3)
