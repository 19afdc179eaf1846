"""`headsup import …`: the rules of the API, for files."""

import csv
import json
from datetime import date, datetime

import polars as pl
import pytest
from sqlalchemy import func, select

from models import Account, AuditEntry, Complaint, Metric, Observation
from tests.api.nasty import GOOD, NASTY_CELLS

pytestmark = pytest.mark.usefixtures("db", "installed")


@pytest.fixture
def file(tmp_path):
    """Write a CSV file of these rows."""

    def write(*rows, name="rows.csv"):
        path = tmp_path / name
        pl.DataFrame(list(rows)).write_csv(path)
        return path

    return write


def imported(cli, kind, *arguments):
    result = cli("import", kind, *map(str, arguments), "--json")
    return json.loads(result.stdout), result.exit_code


def count(db, table):
    with db.read() as session:
        return session.scalar(select(func.count()).select_from(table))


def test_every_row_accepted_ends_with_zero(cli, db, file):
    report, code = imported(cli, "observations", file(GOOD, GOOD | {"item_id": "o1"}))

    assert (report["accepted"], report["rejected"], code) == (2, 0, 0)
    assert report["files"][0]["new"] == {"accounts": 1, "metrics": 1}
    assert count(db, Observation) == 2


def test_running_it_again_changes_nothing(cli, db, file):
    path = file(GOOD)

    assert imported(cli, "observations", path)[1] == imported(cli, "observations", path)[1] == 0
    assert count(db, Observation) == 1


def test_a_dry_run_stores_nothing(cli, db, file):
    report, _ = imported(cli, "observations", file(GOOD), "--dry-run")

    assert (report["accepted"], report["dry_run"], count(db, Observation)) == (1, True, 0)


def test_rejected_rows_can_be_mended_and_imported(cli, db, file):
    path = file(GOOD, GOOD | {"value": "three", "item_id": "o1"})
    report, code = imported(cli, "observations", path)
    rejected = path.with_name("rows.csv.rejected.csv")
    [row] = csv.DictReader(rejected.read_text().splitlines())

    rejected.write_text(rejected.read_text().replace("three", "3"))
    mended, _ = imported(cli, "observations", rejected)

    assert (code, report["files"][0]["rejected_file"]) == (3, str(rejected))
    assert (row["rejected_row"], row["rejected_because"]) == ("2", "value is not a number")
    assert (mended["accepted"], count(db, Observation)) == (1, 2)


def test_a_clean_run_takes_away_the_rejects_of_the_last(cli, file):
    path = file(GOOD | {"value": "three"})
    imported(cli, "observations", path)
    file(GOOD)

    imported(cli, "observations", path)

    assert not path.with_name("rows.csv.rejected.csv").exists()


@pytest.mark.parametrize(("field", "cell"), NASTY_CELLS)
def test_api_and_import_give_the_same_verdict(cli, api, file, field, cell):
    nasty = {name: str(value) for name, value in GOOD.items()} | {"item_id": ""} | {field: cell}
    path = file(nasty, nasty | GOOD | {"value": "1", "item_id": ""})

    said = api.post("/v1/observations", content=path.read_bytes(), headers={"Content-Type": "text/csv"}).json()
    report, _ = imported(cli, "observations", path)

    verdicts = [f"{problem['field']} {problem['reason']}" for problem in said["problems"]]
    assert (said["accepted"], said["rejected"]) == (report["accepted"], report["rejected"]) == (1, 1)
    assert list(report["files"][0]["reasons"]) == verdicts
    assert verdicts[0].startswith(field)


def test_parquet_with_aware_times_is_read_and_with_naive_ones_rejected(cli, tmp_path):
    moments = pl.Series("observed_at", [datetime(2026, 3, 2, 11)])  # noqa: DTZ001 (that is the point)
    table = pl.DataFrame([GOOD]).with_columns(moments)
    table.write_parquet(tmp_path / "naive.parquet")
    table.with_columns(moments.dt.replace_time_zone("UTC")).write_parquet(tmp_path / "aware.parquet")

    naive, aware = (imported(cli, "observations", tmp_path / f"{name}.parquet")[0] for name in ("naive", "aware"))
    told, _ = imported(cli, "observations", tmp_path / "naive.parquet", "--time-zone", "Europe/Berlin")

    assert (naive["rejected"], aware["accepted"], told["accepted"]) == (1, 1, 1)
    assert "has no time zone" in next(iter(naive["files"][0]["reasons"]))


def test_more_rows_than_a_batch_all_arrive(cli, db, tmp_path, monkeypatch):
    monkeypatch.setattr("service.commands.imports.ROWS_PER_BATCH", 7)
    pl.DataFrame([GOOD | {"item_id": f"o{n}"} for n in range(50)]).write_csv(tmp_path / "rows.csv")

    report, _ = imported(cli, "observations", tmp_path / "rows.csv")

    assert (report["accepted"], count(db, Observation)) == (50, 50)


def test_accounts_and_metrics_come_from_files(cli, db, file):
    account = {"account_id": 1234, "name": "Northwind", "rep_email": "rita@example.com", "started_on": date(2024, 5, 1)}
    metric = {"metric": "late_share", "better": "lower", "exposure": False, "target": 0.05}

    imported(cli, "accounts", file(account, name="accounts.csv"))
    imported(cli, "metrics", file(metric, name="metrics.csv"))

    with db.read() as session:
        stored = session.execute(select(Account.external_id, Account.started_on)).one()
        target = session.scalar(select(Metric.target))
        audited = set(session.scalars(select(AuditEntry.action)))
    assert (*stored, target) == ("1234", date(2024, 5, 1), 0.05)
    assert {"import.accounts", "import.metrics"} <= audited


def test_complaints_without_an_id_get_a_stable_one(cli, db, file):
    row = {"account_id": "northwind", "occurred_at": "2026-03-02T09:30:00Z", "severity": 2}
    path = file(row, row, row | {"occurred_at": "2026-03-01T09:30:00Z"})

    imported(cli, "complaints", path)
    imported(cli, "complaints", path)

    assert count(db, Complaint) == 3


def test_a_file_with_other_columns_is_refused_as_a_whole(cli, db, file):
    result = cli("import", "observations", str(file(GOOD, GOOD | {"colour": "red"})))

    assert (result.exit_code, count(db, Observation)) == (1, 0)
    assert "The columns read here are account_id, item_id, metric" in result.stderr


@pytest.mark.parametrize("name", ["broken.parquet", "broken.xlsx", "broken.txt"])
def test_what_is_no_table_is_refused(cli, tmp_path, name):
    (tmp_path / name).write_bytes(b"\xff\x00 not a table")

    assert cli("import", "observations", str(tmp_path / name)).exit_code == 1
