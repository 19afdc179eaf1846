"""What every mail keeps to, and the words of each."""

import re
from dataclasses import replace
from email import message_from_bytes, policy
from html.parser import HTMLParser

import pytest

from service.commands import gallery
from service.updates import letters, samples
from service.updates.contents import Group, HeadsUp, PlainHeadsUp, RepWeek, Standing

ALL = samples.samples()
VOID = {"meta", "br", "img", "link", "hr", "input"}


@pytest.fixture(params=ALL)
def mail(request, settings):
    """Each mail as its letter and as it goes over the wire."""
    letter, content = gallery.frozen(ALL[request.param], settings, recipient="rita@example.com", now=samples.NOW)
    return letter, message_from_bytes(content, policy=policy.default), content


class Tags(HTMLParser):
    """Tags in their order; `left` is not empty where one was not closed."""

    def __init__(self, html):
        super().__init__()
        self.left, self.images, self.links, self.text = [], [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        if tag not in VOID:
            self.left.append(tag)
        if tag == "img":
            self.images.append(dict(attrs))
        if tag == "a":
            self.links.append(dict(attrs).get("href", ""))

    def handle_startendtag(self, tag, attrs):
        if tag == "img":
            self.images.append(dict(attrs))

    def handle_endtag(self, tag):
        assert self.left.pop() == tag

    def handle_data(self, data):
        if "style" not in self.left:
            self.text.append(data)


def test_a_mail_has_both_parts_and_stays_small(mail):
    letter, message, content = mail

    assert message.get_body(("plain",)).get_content().splitlines() == letter.text.splitlines()
    assert len(content) < 60_000
    assert len(letter.html.encode()) < 20_000


def test_every_picture_comes_along_and_has_numbers_in_its_place(mail):
    letter, message, _ = mail
    images = Tags(letter.html).images

    known = {str(part["Content-ID"]).strip("<>") for part in message.walk() if part["Content-ID"]}
    assert {image["src"].removeprefix("cid:") for image in images} == known
    assert all(re.search(r"\d+.*\d+", image["alt"]) for image in images)


def test_nothing_is_loaded_from_elsewhere_and_every_tag_is_closed(mail):
    letter, *_ = mail
    tags = Tags(letter.html)

    assert tags.left == []
    assert not re.search(r"url\(|@import|<script|<link|<iframe|src=\"http", letter.html)
    assert all(
        link.startswith(("https://headsup.example/", "http://127.0.0.1:8000/", "mailto:", "tel:"))
        for link in tags.links
    )


def test_there_is_one_button_at_most(mail):
    letter, *_ = mail

    assert letter.html.count('bgcolor="#3451d1"') <= 1


def test_no_risk_is_told_as_a_bare_number(mail):
    letter, *_ = mail
    prose = " ".join(Tags(letter.html).text)

    assert not re.search(r"\bRisk (is |of )?\d", prose)
    assert "0.79" not in letter.text + prose


def test_headers_are_plain_ascii(mail):
    head = mail[2].partition(b"\r\n\r\n")[0]

    assert head.isascii()
    assert max(map(len, head.split(b"\r\n"))) <= 150


def test_the_preview_line_says_more_than_the_subject(mail):
    letter, *_ = mail

    assert letter.preheader
    assert letter.preheader not in letter.subject


@pytest.mark.parametrize("name", ["heads-up", "follow-up", "several-accounts", "weekly", "promise-at-risk"])
@pytest.mark.parametrize("part", ["text", "html"])
def test_both_parts_say_all_that_operations_said(settings, name, part):
    letter = letters.render(ALL[name], settings)
    said = letter.text if part == "text" else " ".join(" ".join(Tags(letter.html).text).split())

    for words in (samples.SAID.cause, samples.SAID.fix, samples.SAID.say, samples.NORTHWIND.name):
        assert words in said


@pytest.mark.parametrize(
    ("risk", "said"),
    [(0.99, "More than 9 in 10"), (0.68, "About 7 in 10"), (0.25, "About 2 in 10"), (0.2, "About 1 in 5"),
     (0.03, "About 1 in 33"), (0.001, "Fewer than 1 in 100")],
)  # fmt: skip
def test_a_trained_risk_is_told_in_accounts_of_ten(settings, risk, said):
    content = HeadsUp(samples.TO, replace(samples.NORTHWIND, risk=risk), samples.SAID)

    assert f"{said} accounts like this complained within 14 days." in letters.render(content, settings).text


def test_the_starter_score_says_that_it_is_no_probability(settings):
    text = letters.render(ALL["heads-up-starter-score"], settings).text

    assert "not a probability" in text
    assert "in 10" not in text


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        ("Share delivered late 4 % → 19 % in 7 days (target 6 %)", "share delivered late 4 % → 19 %"),
        ("Tickets without an answer: 2, usually 0.5", "tickets without an answer 2, usually 0.5"),
        ("NPS 40 → 12 in 28 days", "NPS 40 → 12"),
    ],
)
def test_the_strongest_reason_fits_into_the_subject(settings, sentence, said):
    content = PlainHeadsUp(samples.TO, replace(samples.NORTHWIND, rising=(sentence,)), seen=False)

    assert letters.render(content, settings).subject == f"Northwind Foods may complain: {said}"


def many_news(count):
    clients = [replace(samples.NORTHWIND, account_id=f"A-{n}", name=f"Client number {n}") for n in range(count)]
    return Group(samples.TO, tuple(HeadsUp(samples.TO, client, samples.SAID) for client in clients))


def many_standings(count):
    facts = {"trained": True, "open": True, "why": samples.NORTHWIND.rising[0], "said": samples.SAID}
    facts |= {"told_at": samples.NOW, "days": samples.NORTHWIND.days}
    every = tuple(Standing(f"A-{n}", f"Client number {n}", 0.7, 0.5, **facts) for n in range(count))
    return replace(ALL["weekly"], call=every, changed=every, fine=every)


def many_reps(count):
    week = RepWeek("Rita Reyes", "rita@example.com", 80, samples.CALL * 4, told=1, complaints=1, unacknowledged=1)
    return replace(ALL["manager-weekly"], reps=(week,) * count)


@pytest.mark.parametrize("count", [4, 12, 80, 3_000])
@pytest.mark.parametrize("make", [many_news, many_standings, many_reps])
def test_a_mail_stays_small_however_much_there_is_to_tell(settings, make, count):
    _, mail = gallery.frozen(make(count), settings, recipient="rita@example.com", now=samples.NOW)

    assert len(mail) < 60_000


def test_what_a_mail_has_no_room_for_is_counted(settings):
    group, week, reps = (letters.render(make(400), settings) for make in (many_news, many_standings, many_reps))

    assert "AND 380 MORE\nClient number 20," in group.text
    assert "Client number 59 and 340 others." in group.text
    assert week.subject == "Your week: 400 accounts need a call"
    assert "And 396 more: Client number 4," in week.text
    assert "more reps, who need less time." in reps.text
    assert all("number 20" in part for part in (group.html, week.html))


def test_a_number_and_its_percent_sign_stay_on_one_line(settings):
    html = letters.render(ALL["heads-up"], settings).html

    assert "4\u00a0% → 19\u00a0%" in html
    assert not re.search(r"\d %", html)


def test_a_good_week_is_short(settings):
    letter = letters.render(ALL["weekly-good"], settings)

    assert letter.subject == "Your week: all 4 accounts are fine"
    assert len(letter.text.splitlines()) < 16


def test_an_account_without_reasons_or_history_still_makes_a_mail(settings):
    bare = replace(samples.NORTHWIND, rising=(), lowering=(), days=())

    letter = letters.render(HeadsUp(samples.TO, bare, samples.SAID), settings)

    assert letter.subject == "Northwind Foods may complain"
    assert letter.pictures == ()


@pytest.mark.parametrize("name", ALL)
def test_what_templates_can_use_is_what_the_docs_say(settings, name):
    more = {"several-accounts": letters.NAMES_OF_GROUP, "weekly": letters.NAMES_OF_DIGEST}
    more["weekly-good"] = more["weekly"]

    given = letters._context(ALL[name], settings).keys() | {"pictures", "shortened"}  # noqa: SLF001  all there is

    assert given == letters.NAMES.keys() | more.get(name, {}).keys()


@pytest.mark.parametrize(
    ("owner", "called"),
    [
        ("Ola Berg, +49 30 5550 117", "+49305550117"),
        ("Ola (0)30/555-0117", None),
        ("Ola, 030/555-0117 or 0171 2345678", "0305550117"),
        ("Ola, +49 (0)30 5550117", "+49305550117"),
        ("Ola, back on 08.03.2026 at 06:00", None),
        ("A&B <b>, order 4711", None),
    ],
)
def test_who_has_it_can_be_called_from_a_phone(settings, owner, called):
    html = letters.render(replace(ALL["heads-up"], said=replace(samples.SAID, owner=owner)), settings).html

    links = [link.removeprefix("tel:") for link in Tags(html).links if link.startswith("tel:")]
    assert links[:1] == ([called] if called else [])


@pytest.mark.parametrize(("name", "asked"), [("fixed", True), ("all-clear", False), ("false-alarm", False)])
def test_nobody_is_asked_for_an_answer_where_nothing_is_to_be_done(settings, name, asked):
    letter = letters.render(ALL[name], settings)

    assert ("I have it: http" in letter.text) is ("The button opens" in letter.html) is asked


@pytest.mark.parametrize(
    ("complaints", "told", "said"),
    [
        (1, 1, "1 complaint came in, after we had told the rep."),
        (1, 0, "1 complaint came in, and the rep had not been told."),
        (3, 2, "3 complaints came in, 2 of them after we had told the rep."),
        (3, 0, "3 complaints came in, none of them after we had told the rep."),
        (0, 0, "No complaint came in since last week."),
    ],
)
def test_a_manager_reads_whether_the_rep_knew_first(settings, complaints, told, said):
    week = replace(ALL["manager-weekly"].reps[0], complaints=complaints, told=told)

    assert said in letters.render(replace(ALL["manager-weekly"], reps=(week,)), settings).text


GMAIL_STYLE = 16_000  # longer style blocks are dropped
UNKNOWN_TO_OUTLOOK = r"(?<![-\w])(position|float|flex|grid|background-image|calc|var)\b\s*[:(]"


def test_the_html_keeps_to_what_outlook_and_gmail_know(mail):
    html = mail[0].html
    images = Tags(html).images

    assert all(len(block) < GMAIL_STYLE for block in re.findall(r"<style[^>]*>(.*?)</style>", html, re.DOTALL))
    assert not re.search(UNKNOWN_TO_OUTLOOK, html)
    assert all(image["width"].isdigit() and "alt" in image for image in images)
    assert re.search(r'<!--\[if mso \| IE\]><table [^>]*width="600"', html)
    assert "<!--[if mso]><style>h1, h2, p, div, td, a { font-family: Arial, sans-serif !important; }" in html
    assert len(html.encode()) < 102_000
