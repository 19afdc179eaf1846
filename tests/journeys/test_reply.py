"""Promise: a rep answers the mail as any other mail, and operations has the answer beside the alert."""

import pytest

from tests.replies.conftest import letter


@pytest.fixture
def settings(settings):
    return settings.model_copy(update={"inbound_address": "headsup@ops.example"})


def test_a_rep_asks_by_mail_and_is_answered_by_mail(company):
    company.slip()
    company.wait(minutes=1)
    company.wait(hours=4)
    (heads_up,) = company.mailbox.to("rita@example.com")

    to = heads_up["Reply-To"].addresses[0].addr_spec
    answer = letter(to, body=f"Can we promise Thursday?\n\nOn Mon, 2 Mar 2026, {to} wrote:\n> {heads_up['Subject']}")
    company.api.post("/v1/inbound-mail", content=answer, headers={"Content-Type": "message/rfc822"}).raise_for_status()
    (asked,) = company.api.get("/v1/replies").json()["replies"]
    company.wait(minutes=30)
    tomorrow = (company.clock.at).replace(hour=23).isoformat()
    company.act(
        "updates", cause="A van broke.", owner="Ola", fix="Thursday it is.", next_update_at=tomorrow, urgent=True
    )
    company.wait(minutes=30)

    assert asked["body"] == "Can we promise Thursday?"
    assert company.api.get("/v1/replies").json() == {"replies": []}
    assert "Thursday it is." in company.inbox()[-1]


def test_a_mail_comes_back_to_an_address_of_its_own(company):
    company.slip()
    company.wait(minutes=1)
    company.wait(hours=4)

    senders = company.mailbox.senders
    replies = [mail["Reply-To"].addresses[0].addr_spec for mail in company.mailbox.mails]
    assert all(each.startswith("headsup+") and each.endswith("@ops.example") for each in senders + replies)
    assert len({*senders, *replies}) == 2 * len(company.mailbox.mails) > 2
