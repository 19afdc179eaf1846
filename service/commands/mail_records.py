"""What receivers look up about the sender's domain: SPF, DKIM, DMARC, and where bounces go. Says what to set."""

from collections.abc import Iterator
from email.utils import parseaddr
from ipaddress import ip_address

import dns.exception
import dns.rdtypes.ANY.MX
import dns.rdtypes.ANY.TXT
import dns.resolver
from dns.rdata import Rdata
from dns.rdatatype import AAAA, MX, TXT, A, RdataType

from service.commands import spf
from service.commands.health import Finding
from service.kit.errors import Invalid, Unavailable
from service.kit.settings import Settings
from service.updates import dkim, smtp

SECONDS = 5.0
# RFC 7208, section 4.6.4: a receiver gives up after so many lookups.
SPF_LOOKUPS = 10
LOOKS_UP = ("include:", "redirect=", "exists:", "a:", "mx:", "ptr")


class DnsAway(Unavailable):
    """The DNS does not answer, so nothing can be said about the records."""


class ResolverInvalid(Invalid):
    """This is not the address of a DNS server."""


class Dns:
    """Look records up, at the system's servers or at a given one."""

    def __init__(self, server: str = "") -> None:
        try:
            self._resolver = dns.resolver.Resolver(configure=not server)
            if server:
                address, _, port = server.rpartition(":") if server.count(":") == 1 else (server, "", "53")
                self._resolver.nameservers = [address]
                self._resolver.port = int(port)
        except dns.resolver.NoResolverConfiguration as error:
            raise DnsAway("This machine knows no DNS server. Name one with --resolver.") from error
        except ValueError as error:
            raise ResolverInvalid("Give it as 9.9.9.9 or 127.0.0.1:5353.") from error
        self._resolver.lifetime = SECONDS

    def texts(self, name: str) -> list[str]:
        """The TXT records of a name; none where there are none."""
        found = [each for each in self._ask(name, TXT) if isinstance(each, dns.rdtypes.ANY.TXT.TXT)]
        return [b"".join(each.strings).decode("utf-8", "replace") for each in found]

    def exchanges(self, name: str) -> list[str]:
        """The hosts that take mail to this domain; none where nobody does."""
        found = [each for each in self._ask(name, MX) if isinstance(each, dns.rdtypes.ANY.MX.MX)]
        return [each.exchange.to_text(omit_final_dot=True) for each in found if str(each.exchange) != "."]

    def addresses(self, name: str) -> list[spf.Ip]:
        """The addresses of a host."""
        found = [*self._ask(name, A), *self._ask(name, AAAA)]
        return [ip_address(each.to_text()) for each in found if each.rdtype in {A, AAAA}]

    def _ask(self, name: str, kind: RdataType) -> list[Rdata]:
        try:
            return list(self._resolver.resolve(name, kind, search=False))
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except (dns.exception.DNSException, OSError) as error:
            asked = ", ".join(str(each) for each in self._resolver.nameservers)
            raise DnsAway(
                f"Asked {asked} for {name}. Try from a machine that reaches the DNS, or --resolver."
            ) from error


def findings(settings: Settings, records: Dns, selector: str = "") -> Iterator[Finding]:
    """Look at all that receivers will look at.

    Raises:
        DnsAway: nothing can be said.
    """
    domain = parseaddr(settings.mail_from)[1].rpartition("@")[2]
    if "." not in domain:
        yield Finding("sender", "bad", f"HEADSUP_MAIL_FROM is {settings.mail_from}: take a domain that you control.")
        return
    yield _mailbox(records, domain)
    yield _spf(records, domain, settings)
    yield _dkim(records, domain, settings, selector)
    yield _dmarc(records, domain)


def unanswered(settings: Settings, away: DnsAway) -> Iterator[Finding]:
    """What can be said where no name server answers: that, and the record of the key that mails are signed with."""
    yield Finding("DNS", "bad", f"{away.title()}. {away.detail}")
    if settings.dkim_key_file:
        domain = parseaddr(settings.mail_from)[1].rpartition("@")[2]
        name = f"{settings.dkim_selector}._domainkey.{domain}"
        try:
            told = f'Not looked up. It should be a TXT record at {name}: "{dkim.record(settings)}"'
            yield Finding("DKIM", "warning", told)
        except dkim.DkimKeyInvalid as error:
            yield Finding("DKIM", "bad", str(error))


def _mailbox(records: Dns, domain: str) -> Finding:
    if records.exchanges(domain):
        return Finding("bounces", "ok", f"{domain} takes mail, so bounces and replies come back.")
    return Finding("bounces", "warning", f"{domain} has no MX record: bounces are lost. Let somebody take its mail.")


def _spf(records: Dns, domain: str, settings: Settings) -> Finding:
    relay = smtp.relay_of(settings.smtp_url).host if settings.smtp_url else "your relay"
    found = spf.records_of(records, domain)
    if not found:
        advice = f'Set a TXT record at {domain} that names the servers of {relay}, like "v=spf1 include:RELAY -all".'
        return Finding("SPF", "bad", f"There is none. {advice}")
    if len(found) > 1:
        return Finding("SPF", "bad", f"{domain} has {len(found)}, and receivers then take none. Join them into one.")
    terms = found[0].lower().split()
    if "+all" in terms or "all" in terms:
        return Finding("SPF", "bad", f'"{found[0]}" lets everybody send in your name. End it with -all.')
    if (lookups := _lookups(records, found[0], {domain})) > SPF_LOOKUPS:
        return Finding("SPF", "bad", f"It takes {lookups} lookups, and receivers give up after {SPF_LOOKUPS}.")
    if not any(term in {"-all", "~all"} or term.startswith("redirect=") for term in terms):
        return Finding("SPF", "warning", f'"{found[0]}" refuses nobody. End it with -all.')
    return _spf_of_relay(records, domain, found[0], settings)


def _spf_of_relay(records: Dns, domain: str, record: str, settings: Settings) -> Finding:
    """Hold the record against the relay's own address, where it has a public one."""
    relay = smtp.relay_of(settings.smtp_url).host if settings.smtp_url else ""
    own = spf.literal(relay)
    known = [own] if own else records.addresses(relay) if relay else []
    public = [each for each in known if each.is_global]
    judged = {str(each): spf.passes(records, domain, each) for each in public}
    if not public or None in judged.values():
        return Finding("SPF", "ok", f'"{record}"; see that it names the servers of {relay or "your relay"}.')
    if refused := [address for address, passed in judged.items() if not passed]:
        advice = "If it sends from others, ask whoever runs it for what to include; else add these."
        return Finding("SPF", "warning", f'"{record}" does not name {relay} ({", ".join(refused)}). {advice}')
    return Finding("SPF", "ok", f'"{record}" names {relay} ({", ".join(judged)}).')


def _lookups(records: Dns, record: str, seen: set[str]) -> int:
    """How many further lookups a record costs, those that it includes with it."""
    total = 0
    for term in (raw.lstrip("+-~?").lower() for raw in record.split()[1:]):
        if term in {"a", "mx"} or term.startswith((*LOOKS_UP, "a/", "mx/")):
            total += 1
        name = term.partition(":" if term.startswith("include:") else "=")[2]
        if term.startswith(("include:", "redirect=")) and name not in seen and total <= SPF_LOOKUPS:
            seen.add(name)
            total += sum(_lookups(records, each, seen) for each in spf.records_of(records, name)[:1])
    return total


def _dkim(records: Dns, domain: str, settings: Settings, selector: str) -> Finding:
    if not settings.dkim_key_file and not selector:
        return Finding(
            "DKIM",
            "warning",
            "Headsup does not sign. Let the relay sign as this domain and check with --selector, or set "
            "HEADSUP_DKIM_KEY_FILE.",
        )
    name = f"{selector or settings.dkim_selector}._domainkey.{domain}"
    found = records.texts(name)
    if not settings.dkim_key_file or selector:
        told = [text for text in found if _tag(text, "p")]
        return (
            Finding("DKIM", "ok", f"There is a key at {name}.")
            if told
            else Finding("DKIM", "bad", f"There is no key at {name}. Ask whoever runs the relay for the record.")
        )
    try:
        ours = dkim.record(settings)
    except dkim.DkimKeyInvalid as error:
        return Finding("DKIM", "bad", str(error))
    if not found:
        return Finding("DKIM", "bad", f'There is no key. Set a TXT record at {name}: "{ours}"')
    if _tag(ours, "p") not in {_tag(text, "p") for text in found}:
        return Finding("DKIM", "bad", f'The key at {name} is another one. Ours is "{ours}"')
    return Finding("DKIM", "ok", f"{name} has the key that mails are signed with.")


def _dmarc(records: Dns, domain: str) -> Finding:
    labels = domain.split(".")
    for place in range(len(labels) - 1):
        name = f"_dmarc.{'.'.join(labels[place:])}"
        found = [text for text in records.texts(name) if text.replace(" ", "").lower().startswith("v=dmarc1")]
        if len(found) > 1:
            return Finding("DMARC", "bad", f"{name} has {len(found)} records, and receivers then take none.")
        if found:
            return _policy(name, found[0])
    advice = f'"v=DMARC1; p=none; rua=mailto:dmarc@{domain}"'
    return Finding("DMARC", "bad", f"There is none. Set a TXT record at _dmarc.{domain}: {advice}")


def _policy(name: str, record: str) -> Finding:
    policy = _tag(record, "p").lower()
    if policy in {"quarantine", "reject"}:
        return Finding("DMARC", "ok", f'{name}: "{record}"')
    if policy == "none":
        return Finding("DMARC", "warning", f"{name} only watches. When its reports are clean, set p=quarantine.")
    return Finding("DMARC", "bad", f'{name}: "{record}" has no p=none, p=quarantine or p=reject.')


def _tag(record: str, tag: str) -> str:
    """The value of a tag, without white space."""
    pairs = (part.partition("=") for part in record.split(";"))
    return next(("".join(value.split()) for name, _, value in pairs if name.strip().lower() == tag), "")
