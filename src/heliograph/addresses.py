"""Where a link may lead, asked of what a browser would make of the address rather than of how it is spelt."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

SCHEMES: Final = frozenset({"http", "https", "mailto", "tel"})
ADDRESS_LIMIT: Final = 2_000
"""How many characters an address may have; a longer one, used often, makes a page of megabytes."""

_UNSEEN: Final = re.compile("[\x00-\x20\x7f-\xa0\xad\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff]")
_SCHEME: Final = re.compile(r"([a-z][a-z0-9+.-]*):", re.ASCII)
_HOST: Final = re.compile(r"//([^/?#]*)")
_LITTER: Final = re.compile(r"[\s<>\"{}|\\^`]")


def link_fault(address: str, schemes: frozenset[str] = SCHEMES) -> tuple[str, str] | None:
    """Say what is wrong with a link's address, as code and message; None if it may be followed.

    Readers and renderers ask this alike, the latter once characters were percent-encoded: the answer is the same. An
    address must stand the test decoded and as it is, since either may be taken for the whole.
    """
    decoded = unquote(address)
    if len(decoded) > ADDRESS_LIMIT:
        return "E122", f"this address has {len(decoded)} characters; at most {ADDRESS_LIMIT} are allowed"
    return _fault(decoded, schemes) or _fault(address, schemes)


def _fault(address: str, schemes: frozenset[str]) -> tuple[str, str] | None:
    seen = _UNSEEN.sub("", address).lower()
    scheme = _SCHEME.match(seen)
    if scheme is None:
        return _without_scheme(seen)
    if scheme.group(1) not in schemes:
        return "E409", f"an address must begin with one of: {', '.join(sorted(schemes))}"
    if scheme.group(1) not in ("http", "https"):
        return None
    host = _HOST.match(seen, scheme.end())
    return _host_fault(host.group(1) if host else "")


def _host_fault(host: str) -> tuple[str, str] | None:
    if not host:
        return "E419", "this is not a whole address; write it with // and the host"
    if "@" in host or "\\" in host:
        return "E411", "an address must not hold a user name or password"
    if not host.isascii():
        return "E136", "a host is written in ASCII; one in other letters by its name that begins with xn--"
    return None


def address_fault(address: str, schemes: frozenset[str] = SCHEMES) -> tuple[str, str] | None:
    """As `link_fault`, for an address that stands alone: it must not hold spaces, quotes or brackets either."""
    return link_fault(address, schemes) or (
        ("E136", "an address must not hold spaces, quotes or brackets") if _LITTER.search(address) else None
    )


def host_of(address: str) -> str:
    """Give the host of an http address, without its port."""
    found = _HOST.search(address)
    return found.group(1).split(":")[0] if found else ""


def _without_scheme(seen: str) -> tuple[str, str]:
    if seen.replace("\\", "/").startswith("//") or seen.startswith("\\"):
        return "E410", "an address must name its scheme; begin it with https:"
    return "E419", "only whole addresses lead anywhere in mail and chat; begin it with https:"
