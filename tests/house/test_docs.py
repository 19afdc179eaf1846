"""The reference pages tell what the code does, and every door is documented."""

import runpy

import pytest

from tests.house.repository import ROOT

generate = runpy.run_path(str(ROOT / "docs/generate.py"))


@pytest.mark.parametrize("page", ["settings.md", "errors.md", "cli.md", "templates.md"])
def test_a_reference_page_is_what_make_docs_writes(page):
    assert (ROOT / "docs" / page).read_text() == generate["pages"]()[page], "run `make docs`"


def test_every_route_of_the_api_says_what_it_does(app):
    operations = [
        (f"{verb.upper()} {path}", operation)
        for path, verbs in app.openapi()["paths"].items()
        for verb, operation in verbs.items()
    ]

    assert len(operations) > 10
    assert [name for name, operation in operations if not operation.get("description")] == []


def test_every_setting_says_what_it_is_for():
    fields = generate["Settings"].model_fields

    assert [name for name, field in fields.items() if not field.description] == []


def test_every_decision_has_the_same_parts():
    pages = sorted((ROOT / "docs/decisions").glob("[0-9]*.md"))

    assert len(pages) >= 8
    for page in pages:
        headings = [line.removeprefix("## ") for line in page.read_text().splitlines() if line.startswith("## ")]
        assert headings == ["Context", "Decision", "Consequences", "Alternatives", "Files"], page.name


def test_what_decisions_name_exists():
    for page in (ROOT / "docs/decisions").glob("[0-9]*.md"):
        files = page.read_text().rpartition("## Files")[2].split("`")[1::2]
        assert files, page.name
        assert [name for name in files if not (ROOT / name).exists()] == [], page.name
