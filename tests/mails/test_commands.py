"""`headsup mail preview` and `headsup mail test`, as an administrator runs them."""

import json
from email import message_from_bytes, policy

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from service.__main__ import build
from service.commands import gallery
from service.updates import samples
from tests.mailbox import open_mailbox


@pytest.fixture
def headsup(monkeypatch, tmp_path):
    monkeypatch.setenv("HEADSUP_DATA_DIR", str(tmp_path))

    def run(*words):
        return CliRunner().invoke(build(words), list(words))

    return run


def test_the_preview_tells_sizes_and_build_times(headsup):
    mails = json.loads(headsup("mail", "preview", "--json").stdout)["mails"]

    assert [mail["name"] for mail in mails] == list(samples.samples())
    assert all(0 < mail["html"] < mail["mail"] < 60_000 for mail in mails)
    assert all(mail["milliseconds"] > 0 and not mail["trouble"] for mail in mails)


def test_each_mail_becomes_a_file_that_mail_programs_open(headsup, tmp_path):
    assert headsup("mail", "preview", "--out", str(tmp_path / "out")).exit_code == 0

    files = sorted((tmp_path / "out").glob("*.eml"))
    assert {path.stem for path in files} == set(samples.samples())
    message = message_from_bytes(files[0].read_bytes(), policy=policy.default)
    assert message.get_body(("html",)).get_content().startswith("<!doctype html>")


def test_the_gallery_shows_every_mail_in_every_way(settings):
    site = TestClient(gallery.site(settings))

    index = site.get("/").text
    assert all(f'src="/{name}/{way}"' in index for name in samples.samples() for way in ("light", "dark", "text"))
    light, dark, blocked = (site.get(f"/heads-up/{way}").text for way in ("light", "dark", "blocked"))
    assert "@media not all" in light
    assert "@media all" in dark
    assert "data:image/png" in light
    assert "data:image/png" not in blocked
    assert site.get("/heads-up/text").text.startswith("Northwind Foods may complain")
    assert site.get("/nothing/light").status_code == 404


def test_a_template_that_was_changed_shows_with_the_next_reload(settings, tmp_path):
    (tmp_path / "notice").mkdir()
    title = tmp_path / "notice" / "title.txt.j2"
    site = TestClient(gallery.site(settings.model_copy(update={"templates": tmp_path})))

    for words in ("One", "Another one"):
        title.write_text(words)
        assert site.get("/operations/text").text.startswith(words)


def test_a_test_mail_goes_past_the_outbox(headsup, monkeypatch):
    with open_mailbox() as mailbox:
        monkeypatch.setenv("HEADSUP_SMTP_URL", mailbox.url)
        result = headsup("mail", "test", "lena@example.com", "--kind", "weekly")

    assert result.exit_code == 0
    (mail,) = mailbox.to("lena@example.com")
    assert mail["subject"] == "Test: Your week: 2 accounts need a call"


@pytest.mark.parametrize(
    ("words", "url", "said"),
    [
        (["lena@example.com"], "", "Set HEADSUP_SMTP_URL"),
        (["lena@example.com"], "smtp://127.0.0.1:1", "Connection refused"),
        (["lena"], "smtp://127.0.0.1:1", "not one plain e-mail address"),
        (["lena@example.com", "--kind", "gossip"], "smtp://127.0.0.1:1", "Take one of heads-up"),
    ],
)
def test_what_cannot_be_sent_is_told_in_a_sentence(headsup, monkeypatch, words, url, said):
    monkeypatch.setenv("HEADSUP_SMTP_URL", url)

    result = headsup("mail", "test", *words)

    assert result.exit_code == 1
    assert said in result.stderr
