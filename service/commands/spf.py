"""Whether an SPF record lets an address send (RFC 7208), as receivers find out; macros and `exists` are left alone."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Protocol

Ip = IPv4Address | IPv6Address
MOST_NESTED = 10


class Records(Protocol):
    """What is looked up."""

    def texts(self, name: str) -> list[str]: ...
    def addresses(self, name: str) -> list[Ip]: ...
    def exchanges(self, name: str) -> list[str]: ...


def records_of(records: Records, domain: str) -> list[str]:
    """The SPF records of a domain; a good one has one."""
    return [text for text in records.texts(domain) if text.lower().split(" ")[0] == "v=spf1"]


def passes(records: Records, domain: str, sender: Ip, depth: int = 0) -> bool | None:
    """Whether the domain's record lets this address send; None where a term stands before that we cannot judge."""
    found = records_of(records, domain)
    if len(found) != 1 or depth > MOST_NESTED:
        return False
    terms = found[0].lower().split()[1:]
    for term in (each for each in terms if "=" not in each):
        qualifier = term[0] if term[0] in "+-~?" else "+"
        matched = _matches(records, domain, term.lstrip("+-~?"), sender, depth)
        if matched is None:
            return None
        if matched:
            return qualifier == "+"
    redirect = next((each.removeprefix("redirect=") for each in terms if each.startswith("redirect=")), "")
    return passes(records, redirect, sender, depth + 1) if redirect else False


def _matches(records: Records, domain: str, term: str, sender: Ip, depth: int) -> bool | None:
    name, _, value = term.partition(":")
    if name == "all":
        return True
    if "%" in term or name in {"exists", "ptr"}:
        return None
    if name in {"ip4", "ip6"}:
        return _within(sender, value)
    if name == "include":
        return passes(records, value, sender, depth + 1)
    kind, _, width = term.partition("/")
    kind, _, of = kind.partition(":")
    hosts = [of or domain] if kind == "a" else records.exchanges(of or domain) if kind == "mx" else []
    found = (each for host in hosts for each in records.addresses(host) if each.version == sender.version)
    return any(_within(sender, f"{each}/{_width(width, each)}") for each in found)


def _width(text: str, host: Ip) -> str:
    """The length of the network: `24`, or `24//64` for both kinds of address."""
    four, _, six = text.partition("//")
    return (four if host.version == 4 else six) or str(host.max_prefixlen)


def _within(sender: Ip, network: str) -> bool:
    try:
        return sender in ip_network(network, strict=False)
    except ValueError:
        return False


def literal(host: str) -> Ip | None:
    """The address that a host's name is, if it is one."""
    try:
        return ip_address(host)
    except ValueError:
        return None
