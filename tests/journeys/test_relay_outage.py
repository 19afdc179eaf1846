"""Promise: when the mail relay is down for hours, every heads-up still arrives, once, and none is stale."""

from datetime import timedelta


def test_a_heads_up_outlives_an_outage_of_the_relay(company):
    company.mailbox.will("MAIL", *["451 try later"] * 30)
    company.slip()
    company.wait(minutes=1)
    tomorrow = (company.clock.at + timedelta(hours=20)).isoformat()
    company.act("updates", cause="A van broke.", owner="Ola", fix="Rent one.", next_update_at=tomorrow)

    for _ in range(80):
        company.wait(minutes=10)

    (mail,) = company.inbox()
    assert "A van broke." in mail


def test_advice_that_is_no_longer_true_is_not_sent_when_the_relay_is_back(company):
    company.slip()
    company.wait(minutes=1)
    company.mailbox.will("MAIL", "451 try later", "451 try later")
    company.wait(hours=4)
    assert company.inbox() == []
    company.act("wrong", why="A sensor was broken.")

    company.wait(hours=1)
    company.wait(hours=1)

    assert company.inbox() == []
