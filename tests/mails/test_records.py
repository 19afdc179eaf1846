"""What receivers look up: right records pass, each wrong one is named with what to set."""

import json
import socketserver
from contextlib import contextmanager
from threading import Thread

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest
from typer.testing import CliRunner

from service.__main__ import build
from service.commands import mail_records
from service.commands.mail_records import Dns, DnsAway
from service.updates import dkim
from tests.mails.test_dkim import rsa, settings_with

GOOD = {
    ("ops.example.com", "MX"): ["10 mx.ops.example.com."],
    ("ops.example.com", "TXT"): ['"v=spf1 include:relay.example.net -all"', '"other=1"'],
    ("relay.example.net", "TXT"): ['"v=spf1 ip4:192.0.2.0/24 -all"'],
    ("_dmarc.example.com", "TXT"): ['"v=DMARC1; p=quarantine; rua=mailto:dmarc@example.com"'],
}


class _Answers(socketserver.BaseRequestHandler):
    def handle(self):
        data, sock = self.request
        question = dns.message.from_wire(data)
        (asked,) = question.question
        name, kind = asked.name.to_text(omit_final_dot=True), asked.rdtype.name
        answer = dns.message.make_response(question)
        answer.flags |= dns.flags.RA
        if found := self.server.zone.get((name, kind)):
            answer.answer.append(dns.rrset.from_text(asked.name, 60, "IN", kind, *found))
        elif not any(name == known for known, _ in self.server.zone):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        sock.sendto(answer.to_wire(), self.client_address)


@contextmanager
def name_server(zone):
    with socketserver.ThreadingUDPServer(("127.0.0.1", 0), _Answers) as server:
        server.zone = zone
        Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.fixture
def look(settings, tmp_path):
    """The state of each record, and what was said, in a world that differs from the good one."""
    signing = settings_with(rsa.generate_private_key(65537, 2048), tmp_path)
    facts = {"mail_from": "Headsup <headsup@ops.example.com>", "dkim_key_file": signing.dkim_key_file}
    signing = settings.model_copy(update=facts)
    quoted = " ".join(f'"{part}"' for part in _parts(dkim.record(signing)))
    good = GOOD | {("headsup._domainkey.ops.example.com", "TXT"): [quoted]}

    def look(changes=None, **settings):
        with name_server({key: value for key, value in (good | (changes or {})).items() if value}) as address:
            found = mail_records.findings(signing.model_copy(update=settings), Dns(address))
            return {each.about: (each.state, each.detail) for each in found}

    return look


def _parts(text):
    """A record in strings of 255 characters, as name servers hold them."""
    return [text[start : start + 255] for start in range(0, len(text), 255)]


def test_good_records_are_good(look):
    assert {about: state for about, (state, _) in look().items()} == {
        "bounces": "ok", "SPF": "ok", "DKIM": "ok", "DMARC": "ok",
    }  # fmt: skip


SPF, DMARC = ("ops.example.com", "TXT"), ("_dmarc.example.com", "TXT")
KEY = ("headsup._domainkey.ops.example.com", "TXT")


@pytest.mark.parametrize(
    ("about", "changes", "state", "said"),
    [
        ("bounces", {("ops.example.com", "MX"): []}, "warning", "no MX record"),
        ("bounces", {("ops.example.com", "MX"): ["0 ."]}, "warning", "no MX record"),
        ("SPF", {SPF: []}, "bad", "v=spf1 include:RELAY -all"),
        ("SPF", {SPF: ['"v=spf1 -all"', '"v=spf1 mx -all"']}, "bad", "Join them"),
        ("SPF", {SPF: ['"v=spf1 +all"']}, "bad", "everybody"),
        ("SPF", {SPF: ['"v=spf1 ip4:192.0.2.1"']}, "warning", "refuses nobody"),
        ("SPF", {SPF: ['"v=spf1 ' + "a:x.example " * 11 + '-all"']}, "bad", "11 lookups"),
        ("SPF", {("relay.example.net", "TXT"): ['"v=spf1 ' + "mx:x.example " * 10 + '-all"']}, "bad", "11 lookups"),
        ("DKIM", {KEY: []}, "bad", "Set a TXT record at headsup._domainkey.ops.example.com"),
        ("DKIM", {KEY: ['"v=DKIM1; k=rsa; p=MIIB"']}, "bad", "another one"),
        ("DMARC", {DMARC: []}, "bad", "_dmarc.ops.example.com"),
        ("DMARC", {DMARC: ['"v=DMARC1; p=none"']}, "warning", "p=quarantine"),
        ("DMARC", {DMARC: ['"v=DMARC1; p=all"']}, "bad", "has no p="),
        ("DMARC", {DMARC: ['"v=DMARC1; p=none"', '"v=DMARC1; p=reject"']}, "bad", "2 records"),
    ],
)
def test_what_is_wrong_is_named_with_what_to_set(look, about, changes, state, said):
    found = look(changes)

    assert found[about][0] == state
    assert said in found[about][1]


def test_a_loop_of_includes_ends(look):
    found = look({("relay.example.net", "TXT"): ['"v=spf1 include:ops.example.com -all"']})

    assert found["SPF"][0] == "ok"


def test_a_sender_without_a_domain_is_told_first(look):
    assert look(mail_from="headsup@localhost")["sender"][0] == "bad"


def test_a_name_server_that_is_silent_is_told_in_a_sentence(monkeypatch):
    monkeypatch.setattr(mail_records, "SECONDS", 0.3)

    with pytest.raises(DnsAway, match=r"Asked .*127\.0\.0\.1.* for ops\.example\.com"):
        Dns("127.0.0.1:9").texts("ops.example.com")


def test_where_no_name_server_answers_the_record_to_set_is_told_all_the_same(tmp_path):
    settings = settings_with(rsa.generate_private_key(65537, 2048), tmp_path)

    dns_said, key_said = mail_records.unanswered(settings, DnsAway("Nobody answers."))

    assert (dns_said.state, key_said.state) == ("bad", "warning")
    assert dkim.record(settings) in key_said.detail


@pytest.mark.parametrize("address", ["ns.example.com", "127.0.0.1:dns"])
def test_a_resolver_is_an_address(address):
    with pytest.raises(mail_records.ResolverInvalid):
        Dns(address)


def test_the_command_prints_findings_and_ends_with_1_where_one_is_bad(monkeypatch, tmp_path):
    monkeypatch.setenv("HEADSUP_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("HEADSUP_MAIL_FROM", "headsup@ops.example.com")
    with name_server(GOOD) as address:
        result = CliRunner().invoke(build(["mail", "check"]), ["mail", "check", "--resolver", address, "--json"])

    found = {each["about"]: each["state"] for each in json.loads(result.stdout)["findings"]}
    assert found == {"templates": "ok", "bounces": "ok", "SPF": "ok", "DKIM": "warning", "DMARC": "ok"}
    assert result.exit_code == 0


@pytest.mark.parametrize(
    ("terms", "named"),
    [
        ("include:relay.example.net -all", True),
        ("ip4:198.51.0.0/16 include:relay.example.net -all", True),
        ("-ip4:8.8.8.0/24 include:relay.example.net -all", False),
        ("a:mail.example.net -all", True),
        ("a:mail.example.net/16 -all", True),
        ("mx -all", True),
        ("redirect=relay.example.net", True),
        ("ip4:8.8.4.0/24 ip6:2001:db8::/32 -all", False),
        ("include:nothing.example.net ~all", False),
        ("ip4:nonsense -all", False),
    ],
)
def test_the_record_is_held_against_the_relays_address(look, terms, named):
    world = {
        ("relay.example.net", "TXT"): ['"v=spf1 ip4:8.8.8.0/24 -all"'],
        ("mail.example.net", "A"): ["8.8.8.8"],
        ("mx.ops.example.com", "A"): ["8.8.8.8"],
        ("ops.example.com", "TXT"): [f'"v=spf1 {terms}"'],
    }

    state, said = look(world, smtp_url="smtp://mail.example.net:25")["SPF"]

    assert state == ("ok" if named else "warning")
    assert f"{'names' if named else 'does not name'} mail.example.net (8.8.8.8)" in said


def test_what_cannot_be_judged_is_left_to_people(look):
    world = {("ops.example.com", "TXT"): ['"v=spf1 exists:%{i}.spf.example.net -all"']}

    state, said = look(world | {("mail.example.net", "A"): ["8.8.8.8"]}, smtp_url="smtp://mail.example.net:25")["SPF"]

    assert state == "ok"
    assert "see that it names the servers of mail.example.net" in said
