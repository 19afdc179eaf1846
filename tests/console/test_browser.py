"""The console in a real browser: keys, drafts, colours, phones, and a policy that nothing offends."""

import pytest
from sqlalchemy import select

from models import Alert, AlertStatus, Update
from tests import make
from tests.console.test_pages import fill

WIDE = {"width": 1366, "height": 800}
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def alerts(db):
    with db.begin() as session:
        accounts = [make.account(session, name=name) for name in ("Alder", "Birch", "Cedar")]
        for account in accounts:
            make.risk_days(session, account, [0.2, 0.4, 0.8])
        return [make.alert(session, account, 0.9 - n / 10) for n, account in enumerate(accounts)]


def stored(db, alert):
    with db.read() as session:
        return session.get(Alert, alert.id)


def test_an_agent_tells_the_rep_without_touching_the_mouse(signed_in_page, db, alerts):
    page = signed_in_page(viewport=WIDE)

    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_selector("#panel h2:has-text('Birch')")
    page.keyboard.press("e")
    page.keyboard.type("A van is out")
    page.keyboard.press("Tab")
    page.keyboard.type("Another van")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("text=goes out in a moment")

    with db.read() as session:
        update = session.scalars(select(Update)).one()
    assert (update.alert_id, update.cause, update.owner) == (alerts[1].id, "A van is out", "Ola")
    assert page.locator(f"#alert-{alerts[1].id} .state").inner_text() == "acknowledged"
    assert page.faults == []


def test_keys_acknowledge_and_snooze_the_chosen_alert(signed_in_page, db, alerts):
    page = signed_in_page(viewport=WIDE)

    page.keyboard.press("j")
    page.keyboard.press("a")
    page.wait_for_selector(f"#alert-{alerts[0].id}.acknowledged")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("s")
    page.wait_for_selector("details[open] >> text=3 hours")
    page.keyboard.press("Enter")
    page.wait_for_selector(f"#alert-{alerts[1].id}.snoozed, #alert-{alerts[2].id}.snoozed")

    assert stored(db, alerts[0]).status is AlertStatus.ACKNOWLEDGED
    assert page.faults == []


def test_the_panel_follows_what_the_rows_button_did(signed_in_page, alerts):
    page = signed_in_page(f"/?alert={alerts[0].id}", viewport=WIDE)
    page.fill("[name=cause]", "Half a sentence")

    page.click(f"#alert-{alerts[0].id} >> text=Ack")
    page.wait_for_selector("#panel .head >> text=acknowledged")

    assert page.input_value("[name=cause]") == "Half a sentence"
    assert page.faults == []


def test_a_draft_survives_a_look_at_another_alert(signed_in_page, alerts):
    page = signed_in_page(viewport=WIDE)
    page.click("text=Alder")
    page.fill("[name=cause]", "Half a sentence")

    page.click("text=Birch")
    page.wait_for_selector("#panel h2:has-text('Birch')")
    assert page.input_value("[name=cause]") == ""
    page.click(".queue >> text=Alder")
    page.wait_for_selector("#panel h2:has-text('Alder')")

    assert page.input_value("[name=cause]") == "Half a sentence"
    assert page.faults == []


def test_what_an_update_lacks_is_shown_beside_what_was_typed(signed_in_page, alerts):
    page = signed_in_page(f"/?alert={alerts[0].id}", viewport=WIDE)

    page.fill("[name=cause]", "A van is out")
    page.click("text=Send to")

    page.wait_for_selector("text=is missing")
    assert page.input_value("[name=cause]") == "A van is out"


def test_the_choice_is_in_the_url_and_the_count_in_the_title(signed_in_page, alerts):
    page = signed_in_page(viewport=WIDE)
    page.click("text=Cedar")
    page.wait_for_selector("#panel h2:has-text('Cedar')")

    page.reload()

    assert page.title() == "(3) Queue · Headsup"
    assert page.locator("#panel h2").inner_text() == "Cedar"
    assert page.locator("tr.chosen").get_attribute("id") == f"alert-{alerts[2].id}"


def test_a_search_key_and_the_list_of_keys(signed_in_page, alerts):
    page = signed_in_page(viewport=WIDE)

    page.keyboard.press("?")
    assert page.locator("#keys").is_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    page.keyboard.type("cedar")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=cedar**")

    assert page.locator(".queue tbody tr").count() == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_no_page_offends_the_policy_or_overflows(signed_in_page, db, scheme, size):
    with db.begin() as session:
        account, alert, mail = fill(session)
        account.external_id = "northwind"
    page = signed_in_page(viewport=size, color_scheme=scheme)
    paths = ["/", f"/?alert={alert.id}", f"/alerts/{alert.id}", "/accounts", "/accounts/northwind", "/outlook"]

    for path in [*paths, "/todo", "/mail", f"/mail/{mail.id}", "/status"]:
        page.goto(path)
        page.wait_for_load_state("networkidle")

        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], path
        assert page.faults == [], path


def test_charts_are_drawn(signed_in_page, db):
    with db.begin() as session:
        account, _, _ = fill(session)
        account.external_id = "northwind"
    page = signed_in_page("/accounts/northwind", viewport=WIDE)

    page.wait_for_selector("[data-metric] canvas")

    assert page.locator("[data-chart=risk] canvas").count() == 1


def test_it_all_works_without_javascript(signed_in_page, db, alerts):
    page = signed_in_page(viewport=WIDE, java_script_enabled=False)

    page.click("text=Alder")
    page.click("text=Acknowledge")
    page.fill("[name=cause]", "A van is out")
    page.fill("[name=fix]", "Another van")
    page.click("text=Send to")

    assert page.locator("text=goes out in a moment").is_visible()
    assert stored(db, alerts[0]).acknowledged_by == "ola@example.com"
    with db.read() as session:
        assert session.scalars(select(Update)).one().fix == "Another van"


def test_a_click_on_a_phone_opens_the_alerts_own_page(signed_in_page, alerts):
    page = signed_in_page(viewport=PHONE)

    page.click("text=Birch")
    page.wait_for_url(f"**/alerts/{alerts[1].id}")

    assert page.locator("h2 >> text=Birch").is_visible()


def test_scripts_in_texts_do_not_run(signed_in_page, db):
    with db.begin() as session:
        _, alert, mail = fill(session, '"><img src=x onerror=document.title="taken"><script>alert(1)</script>')
    page = signed_in_page(f"/?alert={alert.id}", viewport=WIDE)
    page.on("dialog", lambda dialog: page.faults.append(dialog.message))

    for path in [f"/alerts/{alert.id}", "/todo", "/accounts", "/outlook", f"/mail/{mail.id}"]:
        page.goto(path)
        page.wait_for_load_state("networkidle")

        assert page.title() != "taken"
        assert page.faults == [], path
