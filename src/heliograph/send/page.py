"""Whether the public page shows an update already: mail that leads there goes out no sooner."""

from __future__ import annotations

import secrets
import ssl
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from html.parser import HTMLParser
from http import HTTPStatus
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import urljoin, urlsplit

from heliograph import outward
from heliograph.outward import Deadline, Line, NoAnswer, NotConnected, Resolve, Way, WayRefused

WAIT: Final = timedelta(seconds=120)
"""So long the page is waited for; after that, messages go without a link."""

LOOK_SECONDS: Final = 10.0
"""How long one look may take."""

_PAUSES: Final = (1.0, 1.0, 2.0, 2.0, 3.0, 5.0)
"""Seconds between the looks, the last of them again and again."""

_SIZE_LIMIT: Final = 4_000_000
_REDIRECTS: Final = 3
_HEADERS: Final = {
    "User-Agent": "Heliograph",
    "Accept": "text/html",
    "Accept-Encoding": "identity",
    "Cache-Control": "no-cache",
    "Pragma": "no-cache",
}


class Look(Protocol):
    """Looks once whether a page shows an update, for so many seconds at most."""

    def __call__(self, page: str, shows: str, *, seconds: float) -> bool:
        """Tell whether it does."""


def looked_at(page: str, root: str, at: str) -> str:
    """Give the address at which a page published under `root` can be looked at; itself if `at` is empty."""
    if not at:
        return page
    inside = root.rstrip("/")
    path = page.removeprefix(inside) if inside and page.startswith(f"{inside}/") else urlsplit(page).path
    return f"{at.rstrip('/')}/{path.lstrip('/')}"


def confirmed(
    page: str,
    shows: str,
    *,
    ca_file: Path | None = None,
    seconds: float = LOOK_SECONDS,
    resolve: Resolve = outward.resolved,
) -> bool:
    """Fetch a page past all caches, and tell whether it came and holds an update; never raises.

    An update is held by an element whose `id` is `update-<id>` or `<id>`, or with the id in a `data-` attribute.
    Redirects are followed on the same host only.
    """
    try:
        html = _fetched(page, outward.trust(ca_file), Deadline(seconds), resolve)
    except (WayRefused, NotConnected, NoAnswer, TimeoutError):
        return False
    return html is not None and _holds(html, shows)


def wait_for_page(
    pages: Collection[tuple[str, str]],
    until: datetime,
    clock: Callable[[], datetime],
    sleep: Callable[[float], object],
    *,
    look: Look = confirmed,
) -> frozenset[tuple[str, str]]:
    """Look at pages, each with the update it must show, until all do or the time is over; give those that do.

    Each is looked at once at least, if there is time at all.
    """
    waiting = list(dict.fromkeys(pages))
    found: set[tuple[str, str]] = set()
    for turn in range(10_000):
        for page in waiting:
            left = (until - clock()).total_seconds()
            if left > 0 and look(*page, seconds=min(LOOK_SECONDS, left)):
                found.add(page)
        waiting = [page for page in waiting if page not in found]
        left = (until - clock()).total_seconds()
        if not waiting or left <= 0:
            break
        sleep(min(_PAUSES[min(turn, len(_PAUSES) - 1)], left))
    return frozenset(found)


def _fetched(page: str, context: ssl.SSLContext, deadline: Deadline, resolve: Resolve) -> str | None:
    """Fetch a page; None if it does not come as one that readers would be shown."""
    to = outward.way(_past_caches(page))
    for _ in range(1 + _REDIRECTS):
        status, location, html = _answer(to, context, deadline, resolve)
        if status == HTTPStatus.OK:
            return html
        following = _redirected(to, location) if status // 100 == 3 and location else None  # noqa: PLR2004 -- a redirect
        if following is None:
            return None
        to = following
    return None


def _past_caches(page: str) -> str:
    """Ask for a page as nobody did before, so that no cache answers in its place."""
    whole = page.partition("#")[0]
    return f"{whole}{'&' if '?' in whole else '?'}confirm={secrets.token_hex(8)}"


def _answer(
    to: Way, context: ssl.SSLContext, deadline: Deadline, resolve: Resolve
) -> tuple[int, str | None, str | None]:
    try:
        addresses: Sequence[str] = resolve(to.host, to.port)
    except (OSError, UnicodeError):
        raise NotConnected("the host's name cannot be resolved") from None
    line = Line(to, addresses, context if to.secure else None, deadline)
    try:
        reply = line.ask("GET", _HEADERS)
        if reply.status != HTTPStatus.OK or reply.getheader("Content-Encoding", "identity") != "identity":
            return reply.status, reply.getheader("Location"), None
        body = outward.body_of(reply, _SIZE_LIMIT)
        return reply.status, None, None if body is None else body.decode("utf-8", "replace")
    finally:
        line.hang_up()


def _redirected(at: Way, location: str) -> Way | None:
    """Say where a redirect leads; None if that is another host, or from HTTPS back to HTTP."""
    scheme = "https" if at.secure else "http"
    to = outward.way(urljoin(f"{scheme}://{at.origin}{at.target}", location))
    is_same_port = (to.port, to.secure) == (at.port, at.secure)
    is_made_secure = to.secure and not at.secure and (at.port, to.port) == (80, 443)
    return to if to.host.lower() == at.host.lower() and (is_same_port or is_made_secure) else None


def _holds(html: str, shows: str) -> bool:
    finder = _Finder(shows)
    finder.feed(html)
    finder.close()
    return finder.found


class _Finder(HTMLParser):
    """Looks for an update among the elements of a page: its id in a text, a script or a comment is none."""

    def __init__(self, shows: str) -> None:
        super().__init__(convert_charrefs=True)
        self._ids = (shows, f"update-{shows}")
        self._shows = shows
        self.found = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Read one element's attributes."""
        self.found = self.found or any(self._is_it(name, value) for name, value in attrs)

    def _is_it(self, name: str, value: str | None) -> bool:
        if name == "id":
            return value in self._ids
        return name.startswith("data-") and value == self._shows
