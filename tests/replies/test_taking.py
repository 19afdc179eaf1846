"""What a reply does: it reaches operations, once, and nothing else happens."""

from datetime import timedelta

import pytest

from models import Alert, InboundKind, InboundMail, Mail, Reply
from service.kit import tags
from service.replies import actions, queries
from service.updates import ways_back
from tests import make
from tests.replies.conftest import INBOUND, letter

ANSWER = "It's the docks.\n\nOn Mon, 2 Mar 2026 at 12:00, Headsup <x@ops.example> wrote:\n> Northwind may complain."


def test_a_reply_reaches_operations(bring, rows, happened, reply_address):
    assert bring(letter(reply_address, body=ANSWER)) is InboundKind.REPLY

    (reply,) = rows(Reply)
    assert (reply.body, reply.sender) == ("It's the docks.", "rita@example.com")
    assert happened() == (["rep_replied"], ["reply.take"])
    assert rows(Mail)[0].acknowledged_at == make.MONDAY


def test_a_reply_changes_nothing_about_its_alert(bring, rows, reply_address):
    before = vars(rows(Alert)[0]) | {"_sa_instance_state": None}

    bring(letter(reply_address))

    assert vars(rows(Alert)[0]) | {"_sa_instance_state": None} == before


def test_the_same_mail_counts_once_whoever_brings_it(bring, api, rows, happened, reply_address):
    content = letter(reply_address)
    for _ in range(3):
        bring(content)
    again = api.post("/v1/inbound-mail", content=content, headers={"Content-Type": "message/rfc822"})

    assert again.json() == {"kind": "reply", "taken": False}
    assert len(rows(Reply)) == len(rows(InboundMail)) == 1
    assert happened()[0] == ["rep_replied"]


@pytest.mark.parametrize("change", ["tag", "other domain", "no tag", "other purpose", "other key", "letters"])
def test_without_an_address_that_we_signed_nothing_acts(bring, rows, settings, mail, change):
    reply_address = ways_back.reply_to(settings, mail.id)
    before, _, after = reply_address.partition("+")
    other = settings.model_copy(update={"secret_key": "x" * 43})
    address = {
        "tag": f"{before}+{'a' if after[0] != 'a' else 'b'}{after[1:]}",
        "other domain": reply_address.replace("ops.example", "ops.example.net"),
        "no tag": INBOUND,
        "other purpose": tags.tagged(settings, "receipt", mail.id),
        "other key": tags.tagged(other.__class__(**other.model_dump(), _env_file=None), "reply", mail.id),
        "letters": after,
    }[change]

    assert bring(letter(address)) is InboundKind.FOREIGN

    assert rows(Reply) == []
    assert rows(Mail)[0].acknowledged_at is None


def test_no_bit_of_a_tag_can_be_changed(settings, mail, reply_address):
    tag = reply_address.partition("+")[2].partition("@")[0]
    flipped = {tag[:at] + chr(ord(tag[at]) ^ 1 << bit) + tag[at + 1 :] for at in range(len(tag)) for bit in range(7)}
    others = {each for each in flipped if each.lower() != tag}

    found = {tags.subject_of(settings, "reply", [f"headsup+{each}@ops.example"]) for each in others}

    assert len(others) > 200
    assert found == {None}
    assert tags.subject_of(settings, "reply", [reply_address.upper()]) == mail.id


def test_a_changed_key_leaves_old_addresses_valid_as_long_as_it_is_named(settings, mail, reply_address):
    changed = settings.model_copy(update={"secret_key": type(settings.secret_key)("n" * 43)})
    named = changed.model_copy(update={"secret_key_before": settings.secret_key})

    assert tags.subject_of(changed, "reply", [reply_address]) is None
    assert tags.subject_of(named, "reply", [reply_address]) == mail.id
    assert ways_back.reply_to(named, mail.id) == ways_back.reply_to(changed, mail.id)


def test_a_reply_of_last_year_is_kept_back(bring, rows, later, reply_address):
    later(days=91)

    bring(letter(reply_address))

    assert rows(Reply) == []
    assert rows(InboundMail)[0].why == actions.TOO_OLD


def test_a_broken_mail_is_set_aside_and_put_before_people(bring, db, rows, ola):
    kind = bring(b"MIME-Version: 1.0\r\n" + b"Content-Type: message/rfc822\r\n\r\n" * 200)

    assert kind is InboundKind.UNREADABLE
    assert "nested too deeply" in ola.get("/todo").text
    ola.post(f"/todo/inbound/{rows(InboundMail)[0].id}/close")
    assert "nested too deeply" not in ola.get("/todo").text


def test_operations_sees_a_reply_in_queue_story_and_to_dos(bring, ola, reply_address, alert):
    bring(letter(reply_address, body="<b>Call me</b>", Subject="Re: x"))

    assert "replied</span>" in ola.get("/").text
    for page in (f"/alerts/{alert.id}", "/todo"):
        assert "&lt;b&gt;Call me&lt;/b&gt;" in ola.get(page).text
    assert "rep replied" in ola.get(f"/alerts/{alert.id}").text


def test_closing_a_reply_takes_it_from_the_to_dos(bring, ola, rows, happened, reply_address):
    bring(letter(reply_address, body="Thanks!"))
    for _ in range(2):
        ola.post(f"/todo/replies/{rows(Reply)[0].id}/close")

    assert "Thanks!" not in ola.get("/todo").text
    assert happened()[1].count("reply.close") == 1


def test_an_update_answers_a_reply(bring, db, later, reply_address, alert):
    bring(letter(reply_address))
    with db.begin() as session:
        make.update(session, alert, written_at=later(hours=1))

    with db.read() as session:
        assert queries.waiting_replies(session) == []


def test_a_reply_from_another_address_is_shown_as_such(bring, ola, reply_address, alert):
    bring(letter(reply_address, sender="sam@example.net"))

    assert "not the rep’s address" in ola.get(f"/alerts/{alert.id}").text  # noqa: RUF001


def test_an_automatic_reply_stands_in_the_history_and_waits_for_nobody(bring, ola, reply_address, alert):
    bring(letter(reply_address, Auto_Submitted="auto-replied"))

    assert "automatic reply came" in ola.get(f"/alerts/{alert.id}").text
    assert "Reps replied" not in ola.get("/todo").text


def test_the_api_lists_and_closes_replies(bring, api, alert, reply_address, later):
    bring(letter(reply_address, body="On it."))
    (reply,) = api.get("/v1/replies").json()["replies"]

    closed = api.post(f"/v1/replies/{reply['id']}/close").json()

    assert (reply["body"], closed["closed_by"]) == ("On it.", "key:test")
    assert api.get("/v1/replies").json() == {"replies": []}
    assert len(api.get("/v1/replies", params={"alert_id": str(alert.id)}).json()["replies"]) == 1
    assert later() - make.MONDAY == timedelta(0)
