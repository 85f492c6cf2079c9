"""Whether readers get what was published: asked from outside, as they ask, until they do or the time is over."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import Final
from urllib.parse import quote, urljoin, urlsplit

from msgspec import Struct

from heliograph.operations import Host
from heliograph.publish.exposure import findings, refuse_open
from heliograph.publish.outside import Answer, Ask, at_once, past_caches
from heliograph.tree.fsio import WriteRefused
from heliograph.tree.manifest import Entry, Manifest

PAUSES: Final = (0.2, 0.5, 1.0, 1.0, 2.0, 2.0, 3.0, 5.0)
"""Seconds between the looks, the last of them again and again."""

_REDIRECTS: Final = 3
_ROUNDS: Final = 10_000
_FRONT: Final = "index.html"
_FEEDS: Final = (".atom", ".rss", "updates.json")
_INCIDENTS: Final = "incidents/"


class _Goal(Struct, frozen=True):
    """A file that readers should get at an address; `is_fresh`: from behind all caches."""

    url: str
    entry: Entry
    is_fresh: bool = False


def confirm(
    host: Host,
    manifest: Manifest,
    changed: Collection[str],
    until: datetime,
    clock: Callable[[], datetime],
    sleep: Callable[[float], object],
    *,
    ask: Ask,
) -> tuple[str, ...]:
    """Give, each in a line, what could not be confirmed at a host until the time is over; nothing if all could be.

    Pages for everyone: at the first of `host.urls`, the front page as readers ask for it and past all caches, one of
    the `changed` pages, a feed, and every immutable file that the front page names have to come with the bytes and the
    Content-Type of the manifest. Pages for insiders: no address may answer a stranger. All is looked at once at least.

    Raises WriteRefused E608 as soon as a stranger's request for insiders' pages is answered: they are out already.
    """
    look: Callable[[], tuple[str, ...]] = _Looks(host, manifest, changed, ask).missing
    if manifest.boundary == "internal":
        look = partial(_unclear, host, manifest, ask)
    for turn in range(_ROUNDS):
        missing = look()
        left = (until - clock()).total_seconds()
        if not missing or left <= 0:
            break
        sleep(min(PAUSES[min(turn, len(PAUSES) - 1)], left))
    return missing


def _unclear(host: Host, manifest: Manifest, ask: Ask) -> tuple[str, ...]:
    """Give what leaves it unclear whether strangers are kept out; refuse what lets them in."""
    found = findings(host, manifest.paths, ask) if host.urls else ()
    try:
        refuse_open(host, [finding for finding in found if finding.verdict == "open"])
    except WriteRefused as refused:
        message = f"published, and strangers can read it: {refused.message}. Close it now, then run again"
        raise WriteRefused(refused.code, message) from None
    return tuple(f"{finding} to a stranger" for finding in found if finding.verdict == "unclear")


class _Looks:
    """What is still waited for. What the front page names is learnt from the front page that came."""

    def __init__(self, host: Host, manifest: Manifest, changed: Collection[str], ask: Ask) -> None:
        self._host = host
        self._ask = ask
        self._waiting = tuple(_goals(host, manifest, changed))
        self._unseen = {entry.path: entry for entry in manifest.files if entry.cache == "immutable"}

    def missing(self) -> tuple[str, ...]:
        """Look at all that is waited for, and at what that leads to; give what did not come, in words."""
        late: dict[_Goal, str] = {}
        todo = self._waiting
        while todo:
            seen = at_once(self._look, todo)
            late.update((goal, words) for goal, words, _ in seen if words)
            todo = tuple(one for goal, words, data in seen if not words for one in self._named(goal, data))
        self._waiting = tuple(late)
        return tuple(f"{goal.url} {words}" for goal, words in late.items())

    def _look(self, goal: _Goal) -> tuple[_Goal, str, bytes]:
        """Ask once; give what is wrong with the answer in words, "" for nothing, and its bytes."""
        answer = self._answer(past_caches(goal.url) if goal.is_fresh else goal.url, goal.entry)
        data = answer.data or b""
        if answer.status != HTTPStatus.OK:
            words = f"answers {answer.status}" if answer.status else "does not answer"
        elif hashlib.sha256(data).hexdigest() != goal.entry.sha256:
            words = "gives other bytes than were published"
        elif _essence(answer.media_type) != _essence(goal.entry.media_type):
            words = f"comes as {_essence(answer.media_type) or 'nothing'}, not {_essence(goal.entry.media_type)}"
        else:
            words = ""
        return goal, f"{words}, past all caches" if words and goal.is_fresh else words, data

    def _answer(self, url: str, entry: Entry) -> Answer:
        """Ask, and for a page go where the same host sends its readers."""
        answer = self._ask(url, ca_file=self._host.ca_file)
        for _ in range(_REDIRECTS if entry.path.endswith(".html") else 0):
            to = _redirected(url, answer)
            if not to:
                break
            url, answer = to, self._ask(to, ca_file=self._host.ca_file)
        return answer

    def _named(self, goal: _Goal, page: bytes) -> Iterator[_Goal]:
        """Give the immutable files that the front page names and that were not waited for; each has its own name."""
        if goal.entry.path != _FRONT:
            return
        for path in [path for path in self._unseen if path.rpartition("/")[2].encode() in page]:
            yield _Goal(_address(self._host, path), self._unseen.pop(path))


def _goals(host: Host, manifest: Manifest, changed: Collection[str]) -> Iterator[_Goal]:
    """Choose what stands for all: the front page twice, a page that changed, and a feed, a changed one if there is."""
    if not host.urls:
        return
    entries = {entry.path: entry for entry in manifest.files}
    touched = sorted(entries.keys() & set(changed))
    pages = sorted((path for path in touched if path.endswith(".html")), key=lambda path: not _is_incident(path))
    feeds = [path for path in (*touched, *sorted(entries)) if path.endswith(_FEEDS)]
    if _FRONT in entries:
        yield _Goal(_address(host, _FRONT), entries[_FRONT], is_fresh=True)
    chosen = (_FRONT, *[path for path in pages if path != _FRONT][:1], *feeds[:1])
    yield from (_Goal(_address(host, path), entries[path]) for path in chosen if path in entries)


def _is_incident(path: str) -> bool:
    return path.startswith(_INCIDENTS)


def _address(host: Host, path: str) -> str:
    """Give the address under which readers know a file: a page goes by its folder's name."""
    is_page = path == _FRONT or path.endswith(f"/{_FRONT}")
    return f"{host.urls[0]}/{quote(path.removesuffix(_FRONT) if is_page else path)}"


def _essence(media_type: str) -> str:
    return media_type.partition(";")[0].strip().lower()


def _redirected(at: str, answer: Answer) -> str:
    """Say where a redirect on the same host leads, "" for none; from HTTP to HTTPS is the same, back is not."""
    if answer.status // 100 != 3 or not answer.location:  # noqa: PLR2004 -- a redirect
        return ""
    try:
        here, there = urlsplit(at), urlsplit(urljoin(at, answer.location))
        is_made_secure = (here.scheme, there.scheme, there.port) == ("http", "https", None) and here.port is None
        is_same = here.hostname == there.hostname and (
            (here.scheme, here.port) == (there.scheme, there.port) or is_made_secure
        )
    except ValueError:
        return ""
    return there.geturl() if is_same else ""
