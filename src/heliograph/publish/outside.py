"""What a stranger gets at an address: one request without cookies, credentials or proxies, its answer as it came."""

from __future__ import annotations

import secrets
import ssl
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from http.client import HTTPResponse
from pathlib import Path
from typing import Final, Protocol, TypeVar

from msgspec import Struct

from heliograph import outward
from heliograph.outward import Deadline, Line, NoAnswer, NotConnected, Resolve, WayRefused

T = TypeVar("T")
U = TypeVar("U")

LONGEST: Final = 16_000_000
"""Bytes of an answer that are read; one that is longer counts as having no data."""

_AT_ONCE: Final = 8
_SECONDS: Final = 10.0
_HEADERS: Final = {
    "User-Agent": "Heliograph",
    "Accept": "*/*",
    "Accept-Encoding": "identity",
    "Cache-Control": "no-cache",
    "Pragma": "no-cache",
}


class Answer(Struct, frozen=True, kw_only=True):
    """What came back. `status` is 0 where nothing did, and `data` None where it did not come whole.

    `is_challenge` tells that a guard against robots answered in place of the site: a browser may get another answer.
    """

    status: int
    location: str = ""
    media_type: str = ""
    data: bytes | None = None
    is_challenge: bool = False


SILENCE: Final = Answer(status=0)


class Ask(Protocol):
    """Asks for one address as a stranger would; never raises."""

    def __call__(self, url: str, /, *, ca_file: Path | None = None, seconds: float = _SECONDS) -> Answer:
        """Give the answer; certificates in `ca_file` are trusted besides the system's, `seconds` is for all of it."""


def ask(
    url: str, /, *, ca_file: Path | None = None, seconds: float = _SECONDS, resolve: Resolve = outward.resolved
) -> Answer:
    """GET an address and follow no redirect. Private addresses are asked too: they are the operator's own."""
    try:
        to = outward.way(url)
        context = _trust(ca_file) if to.secure else None
        line = Line(to, resolve(to.host, to.port), context, Deadline(seconds))
    except (OSError, UnicodeError, WayRefused, NotConnected):
        return SILENCE
    try:
        return _read(line.ask("GET", _HEADERS))
    except (NoAnswer, OSError):
        return SILENCE
    finally:
        line.hang_up()


def past_caches(url: str) -> str:
    """Give an address that nobody asked for before, so that no cache can answer in place of what stands behind it."""
    return f"{url}{'&' if '?' in url else '?'}confirm={secrets.token_hex(8)}"


def at_once(call: Callable[[T], U], what: Iterable[T]) -> list[U]:
    """Make a few calls at the same time; their results in the order of `what`."""
    todo = list(what)
    with ThreadPoolExecutor(max(1, min(_AT_ONCE, len(todo)))) as pool:
        return list(pool.map(call, todo))


def _read(reply: HTTPResponse) -> Answer:
    is_plain = reply.getheader("Content-Encoding", "identity") == "identity"
    data = outward.body_of(reply, LONGEST)
    return Answer(
        status=reply.status,
        location=reply.getheader("Location", ""),
        media_type=reply.getheader("Content-Type", ""),
        data=data if is_plain else None,
        is_challenge=reply.getheader("cf-mitigated", "") == "challenge",
    )


@lru_cache(maxsize=4)
def _trust(ca_file: Path | None) -> ssl.SSLContext:
    """Keep what is trusted: reading the system's certificates takes longer than a request."""
    return outward.trust(ca_file)
