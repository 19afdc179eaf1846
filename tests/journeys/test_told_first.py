"""Promise: the rep hears it from us, with words for the client, before the client calls."""

from datetime import timedelta


def test_an_update_reaches_the_rep_before_the_client_complains(company):
    assert company.api.get("/v1/alerts").json()["items"] == []

    company.slip()
    company.wait(minutes=1)
    company.act("acknowledge")
    company.act(
        "updates",
        cause="The northern van is broken.",
        owner="Ola Berg",
        fix="A rented van runs from tomorrow.",
        say="You will have all of it by Thursday.",
        next_update_at=(company.clock.at + timedelta(hours=20)).isoformat(),
    )
    company.wait(minutes=1)
    company.press_button()
    company.wait(days=2)
    company.complain()

    (mail,) = company.inbox()
    assert "You will have all of it by Thursday." in mail
    assert "Share delivered" in mail
    assert company.outlook["told_first"] == 1
    assert company.outlook["told_first_rate"] == 1.0
    assert company.outlook["head_start_hours_median"] > 8


def test_the_story_of_the_alert_shows_every_step(company):
    company.slip()
    company.wait(minutes=1)
    tomorrow = (company.clock.at + timedelta(hours=20)).isoformat()
    company.act("updates", cause="A van broke.", owner="Ola", fix="Rent one.", next_update_at=tomorrow)
    company.wait(minutes=1)
    company.press_button()
    story = f"/v1/alerts/{company.alert['id']}"
    company.act("resolve", note="The van is back.")
    company.wait(minutes=1)

    kinds = [event["kind"] for event in company.api.get(story).json()["events"]]

    assert kinds == [
        "opened",
        "acknowledged",
        "update",
        "rep_told",
        "rep_acknowledged",
        "resolved",
        "update_resolved",
        "rep_told",
    ]
    assert "The van is back." in company.inbox()[-1]
