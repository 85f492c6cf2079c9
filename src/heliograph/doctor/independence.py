"""What the status page shares with the product it reports on: what they share fails for both at once."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Sequence
from ipaddress import ip_address, ip_network
from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct

from heliograph.doctor.finding import Finding
from heliograph.outward import is_address

SUBJECT: Final = "independence"

_SECOND_LEVEL: Final = frozenset({"ac", "co", "com", "edu", "gov", "net", "or", "org"})
_COUNTRY: Final = 2
_NEAR: Final = {4: 24, 6: 48}
"""Addresses that share so many bits are one network's, and most likely one machine's or one provider's."""


class Resolved(Struct, frozen=True):
    """What the system's resolver says of a host: its addresses, and the names it goes by, the last of aliases first."""

    addresses: tuple[str, ...]
    names: tuple[str, ...]


Lookup = Callable[[str], Resolved]
"""Looks a host up; raises OSError where it cannot."""


def looked_up(host: str) -> Resolved:
    """Ask the system's resolver for a host's addresses and its canonical name."""
    found = socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM, flags=socket.AI_CANONNAME)
    names = tuple(canonical.rstrip(".").lower() for *_, canonical, _ in found if canonical)
    return Resolved(tuple(dict.fromkeys(str(address[0]) for *_, address in found)), tuple(dict.fromkeys(names)))


def check_independence(
    page_urls: Sequence[str], product_urls: Sequence[str], lookup: Lookup = looked_up
) -> Iterator[Finding]:
    """Compare every host of the pages with every one of the product: addresses, providers' names, own domains."""
    pages, products = _hosts(page_urls), _hosts(product_urls)
    if not products:
        said = "nobody said what the pages must not fail together with"
        yield Finding("note", SUBJECT, said, '[doctor] product_urls = ["https://www.example.com"]')
        return
    if not pages:
        yield Finding("note", SUBJECT, "no target for outsiders has an address yet")
        return
    found: dict[str, Resolved] = {}
    for host in (*pages, *products):
        try:
            found[host] = lookup(host)
        except (OSError, UnicodeError):
            yield Finding("warn", SUBJECT, f"{host} cannot be resolved from here")
    shared = [
        said
        for page in pages
        for product in products
        if page in found and product in found
        for said in _shared(page, product, found[page], found[product])
    ]
    for said in dict.fromkeys(shared):
        yield Finding("warn", SUBJECT, said, "put the pages with another provider, under a domain of their own")
    if not shared and len(found) == len({*pages, *products}):
        yield Finding("ok", SUBJECT, "no address, provider's name or domain is shared with the product")
    yield Finding(
        "note", SUBJECT, "not looked at: name servers, registrar, cloud account; nothing here can ask for those"
    )


def _hosts(urls: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(host for url in urls if (host := urlsplit(url).hostname)))


def _shared(page: str, product: str, here: Resolved, there: Resolved) -> Iterator[str]:
    if set(here.addresses) & set(there.addresses):
        yield f"{page} and {product} have the same address"
    elif any(_near(one, other) for one in here.addresses for other in there.addresses):
        yield f"{page} and {product} have addresses in one network"
    if not is_address(page) and domain_of(page) == domain_of(product):
        yield f"{page} lies in the product's own domain, {domain_of(page)}"
    ours = {domain_of(name) for name in here.names} - {domain_of(page)}
    common = ours & ({domain_of(name) for name in there.names} - {domain_of(product)})
    if common:
        yield f"{page} and {product} are both served by {', '.join(sorted(common))}"


def domain_of(host: str) -> str:
    """Give the part of a name that somebody registered, as far as that can be told without a list of all registries."""
    if is_address(host):
        return host
    labels = host.lower().rstrip(".").split(".")
    takes_three = len(labels) > _COUNTRY and len(labels[-1]) == _COUNTRY and labels[-2] in _SECOND_LEVEL
    return ".".join(labels[-3:] if takes_three else labels[-2:])


def _near(one: str, other: str) -> bool:
    first, second = ip_address(one.partition("%")[0]), ip_address(other.partition("%")[0])
    if first.version != second.version:
        return False
    return second in ip_network(f"{first}/{_NEAR[first.version]}", strict=False)
