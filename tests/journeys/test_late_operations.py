"""Promise: late operations does not mean an untold rep."""

from datetime import timedelta


def test_the_lead_hears_first_and_then_the_rep_is_told_all_the_same(company):
    company.slip()
    company.wait(minutes=1)

    company.wait(minutes=61)
    assert len(company.inbox("lena@example.com")) == 1
    assert company.inbox() == []

    company.wait(minutes=120)
    (plain,) = company.inbox()
    assert "has not yet said what is wrong" in plain

    company.wait(hours=30)
    company.complain()
    assert company.outlook["told_first"] == 1


def test_words_that_come_late_still_come_in_the_same_thread(company):
    company.slip()
    company.wait(minutes=1)
    company.wait(hours=4)
    tomorrow = (company.clock.at + timedelta(hours=20)).isoformat()

    company.act("updates", cause="A van broke.", owner="Ola", fix="Rent one.", next_update_at=tomorrow)
    company.wait(minutes=1)

    plain, written = company.mailbox.to("rita@example.com")
    assert written["in-reply-to"] == plain["message-id"]
    assert "A van broke." in company.inbox()[-1]


def test_a_broken_promise_to_the_rep_is_put_before_the_lead(company):
    company.slip()
    company.wait(minutes=1)
    soon = (company.clock.at + timedelta(hours=2)).isoformat()
    company.act("updates", cause="A van broke.", owner="Ola", fix="Rent one.", next_update_at=soon)

    company.wait(hours=3)

    (reminder,) = company.inbox("lena@example.com")
    assert "was promised news" in reminder
