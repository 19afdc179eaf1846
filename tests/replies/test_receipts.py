"""A rep who writes hears that it arrived, once; a machine never does. What operations answers goes into the thread."""

from datetime import timedelta
from email import message_from_bytes, policy
from zoneinfo import ZoneInfo

import pytest

from models import Alert, AlertStatus, Mail, MailChoice, MailKind, MailState, Reply
from service.replies import receipts
from tests import make
from tests.replies.conftest import letter


@pytest.fixture
def compose(db, settings, clock):
    return lambda: receipts.compose(db, settings, now=clock.at)


@pytest.fixture
def sent(rows):
    """The receipts and answers in the outbox, parsed."""

    def read():
        mails = [mail for mail in rows(Mail) if mail.kind is MailKind.RECEIPT]
        return [message_from_bytes(mail.content, policy=policy.default) for mail in mails]

    return read


def plain(mail):
    return mail.get_body(("plain",)).get_content().replace("\r\n", "\n")


def test_a_reply_gets_a_receipt_in_the_alerts_thread(db, bring, compose, sent, reply_address, mail, operator):  # noqa: PLR0917
    operator(name="Ola Berg")
    with db.begin() as session:
        session.query(Alert).one().assigned_to = "ola@example.com"
    bring(letter(reply_address, body="Can they come on Saturday?"))

    assert compose() == 1

    (receipt,) = sent()
    assert receipt["to"] == "Rita Reyes <rita@example.com>"
    assert receipt["subject"] == f"Re: {mail.subject}"
    assert receipt["in-reply-to"] == mail.message_id
    assert "Ola Berg of operations has it, and you hear more by Monday 2 March, 17:00" in plain(receipt)
    assert "Can they come on Saturday?" in plain(receipt)


def test_a_receipt_names_the_time_within_which_operations_answers(bring, sent, settings, db, clock, reply_address):  # noqa: PLR0917
    bring(letter(reply_address, body="Can they come on Saturday?"))
    promising = settings.model_copy(update={"answer_hours": 4})

    receipts.compose(db, promising, now=clock.at)

    asked = clock.at.astimezone(ZoneInfo("Europe/Berlin"))
    assert f"you hear more by Monday 2 March, {asked + timedelta(hours=4):%H:%M} (Berlin time)" in plain(sent()[0])


@pytest.mark.parametrize(("hours", "shade"), [(4, "muted"), (30, "bad")])
def test_the_to_dos_show_until_when_an_answer_is_promised(app, bring, later, request, reply_address, hours, shade):  # noqa: PLR0917
    bring(letter(reply_address, body="Can they come on Saturday?"))
    app.state.settings = app.state.settings.model_copy(update={"answer_hours": 8})
    later(hours=hours)

    page = request.getfixturevalue("ola").get("/todo").text

    assert f'<div class="small {shade}">answer promised <time' in page


def test_a_thread_gets_one_receipt_an_hour(bring, compose, sent, later, reply_address):
    for minutes in (0, 30, 29, 2):
        later(minutes=minutes)
        bring(letter(reply_address, body="x" * (later().minute + 1)))
        compose()
        compose()

    assert len(sent()) == 2


@pytest.mark.parametrize(
    "written",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Precedence": "bulk"},
        {"X_Auto_Response_Suppress": "All"},
        {"sender": "sam@example.net"},
        {"sender": "Mailer <mailer-daemon@example.com>"},
        {"body": ""},
    ],
)
def test_machines_strangers_and_empty_mails_get_none(bring, compose, sent, reply_address, written):
    bring(letter(reply_address, **written))

    assert compose() == 0
    assert sent() == []


def test_a_mail_to_an_address_that_we_did_not_sign_gets_none(bring, compose, reply_address):
    bring(letter(reply_address.replace("+", "+a", 1)))

    assert compose() == 0


def test_what_answers_a_receipt_gets_none_so_two_machines_fall_silent(db, bring, compose, sent, later, reply_address):  # noqa: PLR0917
    bring(letter(reply_address))
    compose()
    with db.begin() as session:
        session.query(Mail).filter(Mail.kind == MailKind.RECEIPT).update(
            {"state": MailState.SENT, "sent_at": make.MONDAY}
        )
    later(hours=2)

    bring(letter(sent()[0]["reply-to"], subject="Re: We have it", body="Thank you!"))

    assert compose() == 0


def test_the_setting_turns_them_off(db, bring, settings, clock, reply_address):
    bring(letter(reply_address))

    assert receipts.compose(db, settings.model_copy(update={"receipts": False}), now=clock.at) == 0


def test_after_an_hour_a_receipt_is_no_news(bring, compose, later, reply_address):
    bring(letter(reply_address))
    later(minutes=61)

    assert compose() == 0


def test_a_rep_who_paused_all_mails_gets_none(db, bring, compose, reply_address, alert):
    with db.begin() as session:
        rep_id = session.query(Mail).one().rep_id
        session.add(MailChoice(rep_id=rep_id, paused_until=make.MONDAY + timedelta(days=2)))
    bring(letter(reply_address))

    assert compose() == 0


def test_an_answer_goes_into_the_thread_and_leaves_the_alert_as_it_is(db, ola, bring, rows, sent, reply_address, mail):  # noqa: PLR0917
    bring(letter(reply_address, body="Can they come on Saturday?"))
    reply = rows(Reply)[0]

    ola.post(f"/todo/replies/{reply.id}/answer", data={"text": "Yes, at 06:30."})

    (answer,) = sent()
    assert (answer["to"], answer["subject"]) == ("Rita Reyes <rita@example.com>", f"Re: {mail.subject}")
    assert plain(answer).startswith("Ola answers about Northwind Foods\n\nYes, at 06:30.")
    assert rows(Alert)[0].status is AlertStatus.OPEN
    page = ola.get(f"/alerts/{reply.alert_id}").text
    assert "Yes, at 06:30." in page
    assert "reply answered" in page
    assert "Can they come" not in ola.get("/todo").text


def test_a_reply_is_answered_once(api, bring, rows, sent, reply_address, happened):  # noqa: PLR0917
    bring(letter(reply_address))
    url = f"/v1/replies/{rows(Reply)[0].id}/answer"

    answers = [api.post(url, json={"text": "Yes."}) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 409]
    assert answers[0].json()["answer"] == "Yes."
    assert len(sent()) == 1
    assert happened()[1].count("reply.answer") == 1


def test_an_answered_reply_gets_no_receipt(api, bring, rows, compose, reply_address):
    bring(letter(reply_address))
    api.post(f"/v1/replies/{rows(Reply)[0].id}/answer", json={"text": "Yes."})

    assert compose() == 0


def test_what_came_from_no_rep_cannot_be_answered(api, db, alert):
    with db.begin() as session:
        reply = make.reply(session, alert)

    answer = api.post(f"/v1/replies/{reply.id}/answer", json={"text": "Yes."})

    assert answer.json()["title"] == "There is no rep to write to"
