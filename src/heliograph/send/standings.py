"""What became of each delivery, one object each in a bucket: made and changed on conditions, read few at a time."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Final, TypeVar
from urllib.parse import quote, unquote

import msgspec
from msgspec import Struct

from heliograph.buckets import Bucket, Stored
from heliograph.send.ledger import LedgerFailed, LedgerRefused, State
from heliograph.store_faults import StoreRefused

FINAL: Final[tuple[State, ...]] = ("SENT", "SUPPRESSED", "EXPIRED")
"""Nothing changes these, not even by hand."""
_READERS: Final = 8
_BATCH: Final = 64
_T = TypeVar("_T")


class Standing(Struct, frozen=True, kw_only=True):
    """What an object says. `nonce` is new each time, so that a writer knows its own words again."""

    state: State
    attempts: int
    reply: str
    at: datetime
    epoch: int
    nonce: str = msgspec.field(default_factory=lambda: secrets.token_hex(8))


class Seen(Struct, frozen=True):
    """A standing with the ETag of its object when it was read or written."""

    standing: Standing
    etag: str


class Standings:
    """All deliveries that are more than planned.

    A summary of each message saves reading every object again: an entry counts while its ETag is the one listed. A
    message whose deliveries are all final is closed: its summary is all there is to read.
    """

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self._seen: dict[str, dict[str, Seen]] = {}
        self._changed: set[str] = set()
        self._closed: set[str] | None = None

    def known(self, message: str, key: str) -> Seen | None:
        """Give what was last seen of one; None if nothing was."""
        return self._seen.get(message, {}).get(key)

    def read(self, message: str, key: str) -> Seen | None:
        """Read one anew; None if it is only planned."""
        name = _name(message, key)
        found = self._bucket.read(name)
        if found is None:
            return None
        return self._note(message, key, Seen(decode(found, name, self._bucket, Standing), found.etag))

    def put(self, message: str, key: str, standing: Standing, before: Seen | None) -> bool:
        """Write one in place of what was seen, or of nothing; False if it is not that any more."""
        data = msgspec.json.encode(standing)
        name = _name(message, key)
        if before is None:
            etag = self._bucket.put_if_absent(name, data)
        else:
            etag = self._bucket.put_if_match(name, data, before.etag)
        if etag is not None:
            self._note(message, key, Seen(standing, etag))
        return etag is not None

    def of(self, message: str) -> dict[str, Seen]:
        """Read all of one message, by key. Those that are only planned are not among them."""
        if message in self._closed_ones():
            return self._summary(f"closed/{quote(message, safe='')}.json")
        folder = f"deliveries/{quote(message, safe='')}/"
        listed = {unquote(one.key[len(folder) : -len(".json")]): one.etag for one in self._bucket.listing(folder)}
        if listed and message not in self._seen:
            # Other threads write meanwhile: what they know is newer.
            known = self._seen.setdefault(message, {})
            for key, seen in self._old_summary(message).items():
                known.setdefault(key, seen)
        known = self._seen.get(message, {})
        standing = {key: known[key] for key, etag in listed.items() if key in known and known[key].etag == etag}
        missing = [key for key in listed if key not in standing]
        read = in_parallel(lambda key: self.read(message, key), missing)
        return standing | {key: seen for key, seen in zip(missing, read, strict=True) if seen is not None}

    def open_messages(self) -> Iterator[str]:
        """Name all messages that have more than planned deliveries, except closed ones."""
        closed = self._closed_ones()
        for folder in self._bucket.folders("deliveries/"):
            message = unquote(folder.split("/")[1])
            if message not in closed:
                yield message

    def summarise(self, message: str, keys: Collection[str]) -> None:
        """Close a message whose deliveries, all of `keys`, are final; keep a summary of another if it changed."""
        seen = self._seen.get(message, {})
        data = msgspec.json.encode(dict(sorted(seen.items())))
        if keys and all(key in seen and seen[key].standing.state in FINAL for key in keys):
            self._bucket.put_if_absent(f"closed/{quote(message, safe='')}.json", data)
            self._closed_ones().add(message)
        else:
            self._bucket.put(_summary_name(message), data)

    def changed(self) -> frozenset[str]:
        """Name the messages of which anything was written, or read one by one."""
        return frozenset(self._changed)

    def _note(self, message: str, key: str, seen: Seen) -> Seen:
        self._seen.setdefault(message, {})[key] = seen
        self._changed.add(message)
        return seen

    def _closed_ones(self) -> set[str]:
        if self._closed is None:
            listed = self._bucket.listing("closed/")
            self._closed = {unquote(one.key[len("closed/") : -len(".json")]) for one in listed}
        return self._closed

    def _old_summary(self, message: str) -> dict[str, Seen]:
        """Read the summary of one that is not closed; a damaged one is no loss."""
        try:
            return self._summary(_summary_name(message))
        except LedgerRefused:
            return {}

    def _summary(self, name: str) -> dict[str, Seen]:
        found = self._bucket.read(name)
        return {} if found is None else decode(found, name, self._bucket, dict[str, Seen])


@contextlib.contextmanager
def answering() -> Iterator[None]:
    """Say what a store's refusal means for a ledger: LedgerRefused where it keeps no conditions, else LedgerFailed."""
    try:
        yield
    except StoreRefused as error:
        kind = LedgerRefused if error.code == "E631" else LedgerFailed
        raise kind(str(error)) from None


def decode(found: Stored, name: str, bucket: Bucket, kind: type[_T]) -> _T:
    """Read what an object of ours says; raises LedgerRefused if it says something else."""
    try:
        return msgspec.json.decode(found.data, type=kind)
    except (ValueError, RecursionError):
        raise LedgerRefused(f"{bucket}: `{name}` is damaged; put its last good version back") from None


def in_parallel(read: Callable[[str], _T], names: Sequence[str]) -> Generator[_T, None, None]:
    """Read several objects at once; what they hold comes in the order of their names."""
    with ThreadPoolExecutor(_READERS) as pool:
        for start in range(0, len(names), _BATCH):
            yield from pool.map(read, names[start : start + _BATCH])


def _name(message: str, key: str) -> str:
    return f"deliveries/{quote(message, safe='')}/{quote(key, safe='')}.json"


def _summary_name(message: str) -> str:
    return f"summaries/{quote(message, safe='')}.json"
