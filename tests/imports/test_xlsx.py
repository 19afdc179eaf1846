"""XLSX files, as spreadsheets write them: ids as numbers, times without a zone."""

import json
import zipfile

import pytest
from sqlalchemy import select

from models import Account, Observation

pytestmark = pytest.mark.usefixtures("db", "installed")
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
SHEETS = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
PARTS = {
    "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
    "_rels/.rels": f'<Relationships xmlns="{RELATIONS}">'
    f'<Relationship Id="r1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{SHEETS}" xmlns:r="{OFFICE}"><sheets>'
    '<sheet name="Rows" sheetId="1" r:id="r1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{RELATIONS}">'
    f'<Relationship Id="r1" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
}


def cell(value):
    if isinstance(value, str):
        return f'<c t="inlineStr"><is><t>{value}</t></is></c>'
    return f"<c><v>{value}</v></c>"


def write(path, *rows):
    lines = "".join(f"<row>{''.join(map(cell, row))}</row>" for row in rows)
    with zipfile.ZipFile(path, "w") as book:
        for name, text in PARTS.items():
            book.writestr(name, text)
        sheet = f'<worksheet xmlns="{SHEETS}"><sheetData>{lines}</sheetData></worksheet>'
        book.writestr("xl/worksheets/sheet1.xml", sheet)
    return str(path)


def test_a_sheet_is_read_with_the_zone_that_is_told(cli, db, tmp_path):
    path = write(
        tmp_path / "rows.xlsx",
        ["account_id", "metric", "observed_at", "value"],
        [1234, "late_share", "2026-03-02T12:00:00", 0.19],
        [1235, "late_share", "2026-03-02T12:00:00", "much"],
    )

    result = cli("import", "observations", path, "--time-zone", "Europe/Berlin", "--json")

    with db.read() as session:
        account, stored = session.scalars(select(Account)).one(), session.scalars(select(Observation)).one()
    assert (json.loads(result.stdout)["accepted"], result.exit_code) == (1, 3)
    assert (account.external_id, stored.value) == ("1234", 0.19)
    assert stored.observed_at.isoformat() == "2026-03-02T11:00:00+00:00"
