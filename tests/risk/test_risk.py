"""`GET /v1/risk`: what dashboards poll."""

import csv
import io
from datetime import date, timedelta

import pytest

from models import ScoreDay
from tests import make


@pytest.fixture
def scored(db):
    """Five accounts: a4 is the riskiest, a0 has no rep, a1 was riskier a week ago."""
    with db.begin() as session:
        for n in range(5):
            account = make.account(
                session, external_id=f"a{n}", name=f"Client {n}", segment="retail" if n % 2 else "food"
            )
            make.score(session, account, risk=n / 5, at=make.MONDAY - timedelta(hours=n))
            if n == 0:
                account.rep_id = None
            if n == 1:
                session.add(ScoreDay(account_id=account.id, day=date(2026, 2, 22), risk=0.5, model="starter"))


def ids(answer):
    return [item["account_id"] for item in answer.json()["items"]]


@pytest.mark.usefixtures("scored")
def test_the_riskiest_comes_first_with_its_reasons(api):
    first = api.get("/v1/risk").json()["items"][0]

    assert (first["account_id"], first["rank"], first["band"], first["risk"]) == ("a4", 1, "high", 0.8)
    assert first["reasons"] == ["Share delivered late 4 % → 19 % in 9 days"]
    assert set(first) == {
        "account_id",
        "name",
        "rep",
        "segment",
        "risk",
        "rank",
        "band",
        "rise",
        "priority",
        "change_7d",
        "reasons",
        "against",
        "scored_at",
        "data_through",
        "model",
        "missing",
    }


@pytest.mark.usefixtures("scored")
def test_the_change_is_against_the_last_risk_of_a_week_ago(api):
    changes = {item["account_id"]: item["change_7d"] for item in api.get("/v1/risk").json()["items"]}

    assert changes == {"a0": None, "a1": -0.3, "a2": None, "a3": None, "a4": None}


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"min_risk": 0.6}, ["a4", "a3"]),
        ({"segment": "retail"}, ["a3", "a1"]),
        ({"sort": "risk", "limit": 2}, ["a0", "a1"]),
        ({"sort": "-name", "min_risk": 0.5}, ["a4", "a3"]),
        ({"sort": "change_7d", "limit": 5}, ["a0", "a2", "a3", "a4", "a1"]),
        ({"changed_since": "2026-03-02T10:00:00Z"}, ["a2", "a1", "a0"]),
        ({"rep": "stranger@example.com"}, []),
    ],
)
@pytest.mark.usefixtures("scored")
def test_filters_and_order(api, asked, expected):
    assert ids(api.get("/v1/risk", params=asked)) == expected


@pytest.mark.usefixtures("scored")
def test_the_rank_is_among_all_accounts_whatever_the_filter(api):
    items = api.get("/v1/risk?segment=retail").json()["items"]

    assert [item["rank"] for item in items] == [2, 4]


@pytest.mark.usefixtures("scored")
def test_a_rep_sees_her_own(api):
    rep = next(item["rep"] for item in api.get("/v1/risk").json()["items"] if item["account_id"] == "a3")

    assert ids(api.get("/v1/risk", params={"rep": rep.upper()})) == ["a3"]


@pytest.mark.usefixtures("scored")
def test_the_starter_score_claims_no_chance_of_a_rise(api):
    assert {item["rise"] for item in api.get("/v1/risk").json()["items"]} == {None}


def test_what_lowers_the_risk_is_told_apart_from_what_raises_it(api, db):
    with db.begin() as session:
        calmer = make.reason("Driver rating 4.1 → 4.6 of 5 in 28 days", direction="down")
        make.score(session, make.account(session), reasons=[make.reason("Late"), calmer])

    item = api.get("/v1/risk").json()["items"][0]
    row = next(csv.DictReader(io.StringIO(api.get("/v1/risk", headers={"Accept": "text/csv"}).text)))

    assert (item["reasons"], item["against"]) == (["Late"], ["Driver rating 4.1 → 4.6 of 5 in 28 days"])
    assert (row["reasons"], row["against"]) == ("Late", "Driver rating 4.1 → 4.6 of 5 in 28 days")


def test_the_priority_is_the_value_at_stake(api, db):
    with db.begin() as session:
        for name, value, rise in (("noisy", 100.0, 0.2), ("quiet", 300.0, 0.4), ("unknown", None, 0.5)):
            account = make.account(session, external_id=name, value=value)
            make.score(session, account, rise=rise, model="20260301-1")

    items = api.get("/v1/risk", params={"sort": "-priority"}).json()["items"]

    assert [(item["account_id"], item["rise"], item["priority"]) for item in items] == [
        ("quiet", 0.4, 120.0),
        ("unknown", 0.5, 100.0),
        ("noisy", 0.2, 20.0),
    ]


def test_where_no_value_is_known_the_rise_alone_decides(api, db):
    with db.begin() as session:
        make.score(session, make.account(session, value=None), rise=0.3, model="20260301-1")

    assert api.get("/v1/risk").json()["items"][0]["priority"] == 0.3


@pytest.mark.parametrize(
    "sort", ["-risk", "risk", "priority", "-priority", "name", "-name", "change_7d", "-change_7d", "account_id"]
)
@pytest.mark.usefixtures("scored")
def test_pages_show_every_account_once(api, sort):
    seen, cursor = [], None

    while True:
        page = api.get("/v1/risk", params={"sort": sort, "limit": 2} | ({"cursor": cursor} if cursor else {}))
        seen += ids(page)
        if not (cursor := page.json()["next"]):
            break

    assert seen == ids(api.get("/v1/risk", params={"sort": sort}))
    assert len(set(seen)) == 5


@pytest.mark.usefixtures("scored")
def test_a_forged_cursor_or_one_of_another_list_is_refused(api):
    cursor = api.get("/v1/risk?limit=1").json()["next"]

    answers = [
        api.get("/v1/risk", params={"cursor": cursor[:-1] + ("A" if cursor[-1] != "A" else "B")}),
        api.get("/v1/risk", params={"cursor": cursor, "sort": "name"}),
        api.get("/v1/accounts", params={"cursor": cursor}),
    ]

    assert {answer.status_code for answer in answers} == {422}
    assert all(answer.json()["type"].endswith("/cursor-invalid") for answer in answers)


@pytest.mark.usefixtures("scored")
def test_nothing_new_is_304_until_a_score_or_an_account_changes(api, db, later):
    tag = api.get("/v1/risk").headers["ETag"]
    same = api.get("/v1/risk", headers={"If-None-Match": tag})
    later(hours=1)

    api.put("/v1/accounts/a2", json={"name": "Renamed"})
    renamed = api.get("/v1/risk", headers={"If-None-Match": tag})

    assert (same.status_code, same.content, same.headers["ETag"]) == (304, b"", tag)
    assert (renamed.status_code, renamed.headers["ETag"] == tag) == (200, False)


@pytest.mark.usefixtures("scored")
def test_a_score_of_the_same_round_changes_the_tag(api, db):
    tag = api.get("/v1/risk").headers["ETag"]
    with db.begin() as session:
        make.score(session, make.account(session), risk=0.5, at=make.MONDAY)

    assert api.get("/v1/risk", headers={"If-None-Match": tag}).status_code == 200


def test_csv_cells_are_no_formulas(api, db):
    with db.begin() as session:
        account = make.account(session, external_id="a1", name='=HYPERLINK("x","y"), Ltd', segment="@home")
        make.score(session, account)

    answer = api.get("/v1/risk", headers={"Accept": "text/csv"})

    [row] = csv.DictReader(io.StringIO(answer.text, newline=""))
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert (row["name"], row["segment"], row["risk"]) == ('\'=HYPERLINK("x","y"), Ltd', "'@home", "0.8")


@pytest.mark.usefixtures("scored")
def test_csv_names_its_next_page_in_a_header(api):
    first = api.get("/v1/risk?limit=3", headers={"Accept": "text/csv"})

    rest = api.get(first.links["next"]["url"], headers={"Accept": "text/csv"})

    assert [line.split(",")[0] for line in rest.text.splitlines()] == ["account_id", "a1", "a0"]


@pytest.mark.usefixtures("scored")
def test_the_history_is_by_day_and_only_as_far_back_as_asked(api):
    assert api.get("/v1/accounts/a1/risk").json() == {
        "account_id": "a1",
        "items": [{"day": "2026-02-22", "risk": 0.5, "model": "starter"}],
    }
    assert api.get("/v1/accounts/a1/risk?days=3").json()["items"] == []
    assert api.get("/v1/accounts/nobody/risk").status_code == 404


def test_other_sites_get_no_leave_to_read(api):
    answer = api.get("/v1/risk", headers={"Origin": "https://evil.example"})

    assert "access-control-allow-origin" not in answer.headers
