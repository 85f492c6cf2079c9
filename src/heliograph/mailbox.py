"""E-mail addresses as we take them: one plain mailbox, in the letters that every server takes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

LENGTH_LIMIT: Final = 254
LOCAL_LIMIT: Final = 64
DOMAIN_LIMIT: Final = 253

# Without % ! and |, which old servers read as a route or a program to run, and ?, which begins an encoded word.
_LOCAL: Final = re.compile(r"[A-Za-z0-9#$&'*+/=^_`{}~][A-Za-z0-9#$&'*+/=^_`{}~.-]*", re.ASCII)
_LABEL: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_ANGLES: Final = re.compile(r"[<>]")
_QUOTED: Final = re.compile(r"[\"()\[\]\\:]|^@")
_SEVERAL: Final = re.compile(r"[\s,;]")


class Unfit(ValueError):  # noqa: N818 -- it is an answer, as problems.Refused is
    """Why a text is no address; `code` is the catalogue's. The message never repeats the text."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def read_mailbox(text: str) -> str:
    """Read one plain address: the part before the @ as it is written, the domain in ASCII and lower case.

    Raises Unfit: E501 where there is not exactly one, E502 for forms that are not taken (quotes, comments, routes, IP
    addresses, too long), E503 for letters that servers may not take.
    """
    _refuse_other_than_one(text)
    local, _, domain = text.partition("@")
    if not local.isascii():
        raise Unfit("E503", "the part before the @ holds letters that not every server takes")
    if len(local) > LOCAL_LIMIT:
        raise Unfit("E502", f"the part before the @ has {len(local)} characters; at most {LOCAL_LIMIT} are allowed")
    if _LOCAL.fullmatch(local) is None or local.endswith(".") or ".." in local:
        raise Unfit("E502", "the part before the @ is of a form that is not taken")
    address = f"{local}@{read_domain(domain)}"
    if len(address) > LENGTH_LIMIT:
        raise Unfit("E502", f"this address has {len(address)} characters; at most {LENGTH_LIMIT} are allowed")
    return address


def _refuse_other_than_one(text: str) -> None:
    if _CONTROL.search(text):
        raise Unfit("E501", "an address is one line without control characters")
    if _ANGLES.search(text):
        raise Unfit("E501", "write the address alone, without a name or angle brackets")
    if _QUOTED.search(text):
        raise Unfit("E502", "quotes, comments, brackets, routes and backslashes are not taken in an address")
    if _SEVERAL.search(text) or text.count("@") != 1:
        raise Unfit("E501", "exactly one address is wanted here")


def read_domain(text: str) -> str:
    """Read a mail domain of at least two parts, as ASCII in lower case. Raises Unfit E502 or E503."""
    domain = text.lower()
    if len(domain) > DOMAIN_LIMIT:
        raise Unfit("E502", f"this domain has {len(domain)} characters; at most {DOMAIN_LIMIT} are allowed")
    if not domain.isascii():
        domain = _in_ascii(domain)
    labels = domain.split(".")
    if len(labels) == 1:
        raise Unfit("E502", "a whole domain is wanted, such as example.com")
    if not all(map(_LABEL.fullmatch, labels)) or labels[-1].isdigit() or len(domain) > DOMAIN_LIMIT:
        raise Unfit("E502", "this is not a domain that mail goes to; it is written like example.com")
    return domain


def _in_ascii(domain: str) -> str:
    """Write a domain by its name that begins with xn--.

    Python's codec follows the older rules (IDNA 2003), which take some letters for others; only a domain that comes
    back as it was is taken, so that no mail goes to the owner of a similar one.
    """
    try:
        written = domain.encode("idna")
        if written.decode("idna") == domain:
            return written.decode("ascii")
    except UnicodeError:
        pass
    raise Unfit("E503", "this domain cannot be written in ASCII beyond doubt; write its name that begins with xn--")


def folded(address: str) -> str:
    """Give the form by which two addresses are told to be the same: nobody owns both Anna@ and anna@."""
    return address.casefold()


def lies_in(address: str, domains: Iterable[str]) -> bool:
    """Tell whether an address that was read lies in one of these domains or below one."""
    domain = address.rpartition("@")[2]
    return any(domain == allowed or domain.endswith(f".{allowed}") for allowed in domains)
