"""Odd moments in files: refused, or stored in UTC."""

from datetime import UTC, datetime

import polars as pl
import pytest
from sqlalchemy import select

from models import Observation
from tests.api.nasty import GOOD
from tests.faults.probes import MOMENTS

pytestmark = pytest.mark.usefixtures("db", "installed")


def in_utc(text):
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_imports_store_the_same_moments_as_the_api(cli, db, tmp_path, ending):
    texts = [each for each in MOMENTS if isinstance(each, str) and each.isprintable() and each.strip()]
    rows = pl.DataFrame([GOOD | {"observed_at": text, "item_id": str(n)} for n, text in enumerate(texts)])
    path = tmp_path / f"rows.{ending}"
    rows.write_csv(path) if ending == "csv" else rows.write_parquet(path)

    result = cli("import", "observations", str(path), "--json")

    with db.read() as session:
        found = {texts[int(row.item_id)]: row.observed_at for row in session.scalars(select(Observation))}
    assert result.exit_code in {0, 3}, result.stderr
    assert len(found) > 5
    assert all(at == in_utc(text) for text, at in found.items())
