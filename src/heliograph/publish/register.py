"""Remembers what was published to one host, and lets one publisher at a time change it.

On its shelf lie `<host>/head.json`, which is lease, journal and commit at once and is changed by compare-and-swap only,
`<host>/releases/<id>.json.gz` (manifests) and `<host>/probe.json`. To publish costs three writes there: the manifest,
then the head twice.
"""

from __future__ import annotations

import contextlib
import gzip
import os
import platform
import re
import secrets
import threading
import time
import zlib
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from heliograph.buckets import Stored
from heliograph.publish.register_head import (
    Head,
    Lease,
    committed,
    decode_head,
    encode_head,
    new_head,
    restamped,
    settled,
    way_out,
)
from heliograph.publish.release import Edition, Release
from heliograph.publish.shelf import Shelf
from heliograph.store_faults import StoreRefused
from heliograph.tree.fsio import WriteRefused
from heliograph.tree.manifest import Entry, Manifest, decode_manifest, encode_manifest

TTL: Final = timedelta(minutes=10)
_PROBE_EVERY: Final = timedelta(hours=24)
_RENEW_AFTER: Final = 1 / 3
_STOP_AFTER: Final = 2 / 3
"""Parts of a lease's time. What is being written when it must stop has the last third to arrive: a write that is asked
for five times takes two minutes."""
_TRIES: Final = 5
_LARGEST: Final = 1 << 28
"""Bytes of a manifest, unpacked: a million files and more."""
_RELEASE_ID: Final = re.compile(r"([0-9]{1,12})-([0-9a-f]{12})", re.ASCII)
_CLOCK: Final = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""One that goes on while a laptop sleeps: another may publish meanwhile."""


class State(Struct, frozen=True, kw_only=True):
    """What `look` found. `etag` is the head's, None where nothing was ever published; `manifest` is that of `current`.

    `unsettled` are the paths of which nobody knows what is at the host. `lineage` is the register's own.
    """

    etag: str | None
    lineage: str | None
    generation: int
    current: Release | None
    manifest: Manifest | None
    unsettled: frozenset[str]
    past: tuple[Release, ...]
    retracted: tuple[str, ...]


class Busy(Exception):  # noqa: N818 -- it is an answer, not a fault
    """Somebody else is publishing to this host (E635)."""

    code: Final = "E635"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return f"{self.code} {self.message}"


class Overtaken(Exception):  # noqa: N818 -- as above
    """Somebody else has published to this host, or may have begun to (E642). Nothing may be written any more."""

    code: Final = "E642"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return f"{self.code} {self.message}"


class Register:
    """What is known of one host of a site. All methods raise StoreRefused where the shelf cannot be used.

    Except for `manifest` all raise WriteRefused E612 for a damaged head, E605 for another site's or host's. `ttl` is
    how long a publisher that was killed keeps others waiting; stores tell times in seconds, so make it 3 s at least.
    """

    def __init__(self, shelf: Shelf, site: str, host: str, ttl: timedelta = TTL) -> None:
        self._shelf = shelf
        self._site = site
        self._host = host
        self._ttl = ttl
        self._key = f"{host}/head.json"
        self._records = f"{host}/releases/"

    def __str__(self) -> str:
        return f"`{self._key}` in {self._shelf}"

    def look(self) -> State:
        """Read what is known; writes nothing. E637 if the current release's manifest is not there or damaged."""
        found = self._shelf.read(self._key)
        if found is None:
            return State(
                etag=None,
                lineage=None,
                generation=0,
                current=None,
                manifest=None,
                unsettled=frozenset(),
                past=(),
                retracted=(),
            )
        head = self._decoded(found)
        manifest = None if head.current is None else self._manifest_of(head.current)
        return State(
            etag=found.etag,
            lineage=head.lineage,
            generation=head.generation,
            current=head.current,
            manifest=manifest,
            unsettled=self._unsettled(settled(head), manifest),
            past=head.past,
            retracted=head.retracted,
        )

    def begin(self, seen: State, manifest: Manifest, edition: Edition) -> Turn:
        """Begin to publish what `manifest` lists, planned on what was `seen`.

        Raises Busy while another's lease lives and Overtaken if anything has changed since; StoreRefused E631 before
        anything is written if the shelf keeps no conditions (looked at once a day); WriteRefused E605 for a tree of
        another site.
        """
        if manifest.site != self._site:
            raise WriteRefused("E605", f"{self} is not for the site {manifest.site!r}")
        found = self._shelf.read(self._key)
        head = self._decoded(found)
        self._refuse_busy(head, found)
        if (found.etag if found else None) != seen.etag:
            raise self._overtaken("it has changed since the plan was made")
        head = self._probed(settled(head))
        release, generation = self._put_record(head, manifest, edition)
        began = _now()
        head = restamped(replace(head, generation=generation, turn=self._lease(release)))
        etag = self._put(head, found)
        if etag is None:
            raise self._overtaken("another began at the same moment")
        return Turn(self._shelf, self._key, head, etag, release, began)

    def manifest(self, release_id: str) -> Manifest:
        """Read the manifest of a release. Raises WriteRefused E637 if it is unknown or damaged."""
        named = _RELEASE_ID.fullmatch(release_id)
        found = self._shelf.read(self._record(release_id)) if named else None
        if named is None or found is None:
            raise WriteRefused("E637", f"{self._shelf} holds no release {release_id[:40]!r} of {self._host!r}")
        where = f"`{self._record(release_id)}` in {self._shelf}"
        manifest = _unpacked(found.data, where)
        if manifest.site != self._site or not manifest.tree_sha256.startswith(named.group(2)):
            raise WriteRefused("E637", f"{where} is that of another release")
        return manifest

    def note_retracted(self, incidents: Iterable[str]) -> None:
        """Remember for good that these incidents were taken back. Raises Busy while others publish, and Overtaken."""
        more = frozenset(incidents)
        self._change(lambda head: replace(head, retracted=tuple(sorted(more.union(head.retracted)))))

    def prune(self, keep_ids: Iterable[str]) -> int:
        """Forget past releases but these, and remove manifests that nothing needs; gives how many. Raises as above.

        The current release, and those begun that may have left something at the host, are always kept.
        """
        wanted = frozenset(keep_ids)
        head = self._change(lambda head: replace(head, past=tuple(one for one in head.past if one.id in wanted)))
        if head is None:
            return 0
        kept = {one.id for one in head.past} | {head.current.id if head.current else ""} | set(head.begun)
        records = [entry.key for entry in self._shelf.listing(self._records)]
        over = [key for key in records if self._is_over(key, head.generation, kept)]
        for key in over:
            self._shelf.remove(key)
        return len(over)

    def _is_over(self, key: str, generation: int, kept: set[str]) -> bool:
        """Tell whether a manifest may go. Of a later generation it is somebody's who is just beginning."""
        named = _RELEASE_ID.fullmatch(key.removeprefix(self._records).removesuffix(".json.gz"))
        return named is not None and named.group() not in kept and int(named.group(1)) <= generation

    def _change(self, change: Callable[[Head], Head]) -> Head | None:
        """Change a head that nobody publishes by; None where there is none and none is needed."""
        for _ in range(_TRIES):
            found = self._shelf.read(self._key)
            old = self._decoded(found)
            self._refuse_busy(old, found)
            new = change(settled(old))
            if new == old:
                return old if found else None
            if self._put(restamped(new), found) is not None:
                return new
        raise self._overtaken("it changes all the time")

    def _decoded(self, found: Stored | None) -> Head:
        if found is None:
            return new_head(self._site, self._host)
        return decode_head(found.data, str(self), self._site, self._host)

    def _put(self, head: Head, found: Stored | None) -> str | None:
        if found is None:
            return self._shelf.put_if_absent(self._key, encode_head(head))
        return self._shelf.put_if_match(self._key, encode_head(head), found.etag)

    def _refuse_busy(self, head: Head, found: Stored | None) -> None:
        if found is None or head.turn is None or found.age > timedelta(seconds=head.turn.ttl):
            return
        age, left = found.age.total_seconds(), head.turn.ttl - found.age.total_seconds()
        raise Busy(
            f"{self}: {head.turn.owner} is publishing; it gave its last sign {age:.0f} s ago, and if it was killed its "
            f"turn ends in {left:.0f} s"
        )

    def _overtaken(self, why: str) -> Overtaken:
        return Overtaken(f"{self}: {why}; run again")

    def _probed(self, head: Head) -> Head:
        now = datetime.now(UTC)
        if head.probed_at is not None and timedelta(0) <= now - head.probed_at < _PROBE_EVERY:
            return head
        self._shelf.check_conditions(f"{self._host}/probe.json")
        return replace(head, probed_at=now)

    def _lease(self, release: Release) -> Lease:
        nonce = secrets.token_hex(16)
        return Lease(nonce=nonce, owner=_owner(nonce), ttl=self._ttl.total_seconds(), release=release.id)

    def _record(self, release_id: str) -> str:
        return f"{self._records}{release_id}.json.gz"

    def _put_record(self, head: Head, manifest: Manifest, edition: Edition) -> tuple[Release, int]:
        """Write a manifest under an id that nothing else ever had: one that was left there is not written over."""
        data = gzip.compress(encode_manifest(manifest), compresslevel=6, mtime=0)
        digest = manifest.tree_sha256
        for generation in range(head.generation + 1, head.generation + 100):
            release = Release(
                id=f"{generation}-{digest[:12]}", at=datetime.now(UTC), edition=edition, tree_sha256=digest
            )
            if self._shelf.put_if_absent(self._record(release.id), data) is not None:
                return release, generation
        raise StoreRefused("E617", f"{self._shelf}: `{self._records}` is full of runs that never began; remove those")

    def _manifest_of(self, release: Release) -> Manifest:
        try:
            manifest = self.manifest(release.id)
        except WriteRefused as error:
            raise WriteRefused("E637", f"{error.message}; {way_out(self._host)}") from error
        if manifest.tree_sha256 != release.tree_sha256:
            raise WriteRefused("E637", f"{self}: `{release.id}` is that of another release; {way_out(self._host)}")
        return manifest

    def _unsettled(self, head: Head, current: Manifest | None) -> frozenset[str]:
        """Collect the paths in which what was begun differs from what is current."""
        there = frozenset(current.everything) if current else frozenset[Entry]()
        entries = there if head.adrift else frozenset[Entry]()
        for release_id in head.begun:
            try:
                entries |= there ^ frozenset(self.manifest(release_id).everything)
            except WriteRefused:
                # It may have been any tree. What is not in the current one is put in any case.
                entries |= there
        return frozenset(entry.path for entry in entries)


class Turn:
    """The right to publish one release, until it is committed, given up or lost. Threads may share it.

    `release` is what was begun: until it is committed its `at` is when it began. `lineage` is the register's.
    """

    def __init__(self, shelf: Shelf, key: str, head: Head, etag: str, release: Release, began: float) -> None:
        assert head.turn is not None
        self.release = release
        self.lineage = head.lineage
        self._shelf = shelf
        self._key = key
        self._head = head
        self._etag = etag
        self._nonce = head.turn.nonce
        self._ttl = head.turn.ttl
        self._wrote = False
        self._ended = False
        self._lost = ""
        self._changing = threading.Lock()
        self._count_from(began)

    def hold(self) -> None:
        """Ask before each write whether it may be; raises Overtaken if the lease is lost. Renews it in time.

        Whoever is told yes has a third of the lease's time to write.
        """
        self._wrote = True
        if self._is_live() and _now() >= self._renew_at:
            self._renew()
        if not self._is_live():
            raise self._overtaken()

    def commit(self, at: datetime) -> Release:
        """Make the release the current one, whole at the host since `at`. Raises Overtaken if it may not be.

        After StoreRefused nobody knows whether it is; `look` tells.
        """
        with self._changing:
            if self._lost or self._ended:
                raise self._overtaken()
            release = replace(self.release, at=at.astimezone(UTC))
            if not self._put(committed(self._head, release)):
                raise self._overtaken()
            self._ended = True
        self.release = release
        return release

    def give_up(self) -> None:
        """End a turn that was not committed, so that others need not wait; harmless if it is over already.

        If nothing answers it ends by itself. Unless `hold` was never asked, all it may have written is unsettled.
        """
        with self._changing:
            if self._ended:
                return
            self._ended = True
            with contextlib.suppress(StoreRefused, WriteRefused):
                self._lay_down()

    def _lay_down(self) -> None:
        """Take the turn out of the head. A renewal whose reply was lost may have changed that: our nonce tells.

        Where somebody else has published since, what was on its way from here may have arrived after that: it is
        unsettled too.
        """
        found = self._shelf.read(self._key)
        head = None if found is None else decode_head(found.data, self._key, self._head.site, self._head.host)
        if found is None or head is None:
            return
        if head.turn is not None and head.turn.nonce == self._nonce:
            ended = settled(head) if self._wrote else replace(head, turn=None)
        elif self._wrote and head.turn is None and not _knows(head, self.release.id):
            ended = settled(replace(head, turn=self._head.turn))
        else:
            return
        self._shelf.put_if_match(self._key, encode_head(restamped(ended)), found.etag)

    def _is_live(self) -> bool:
        """Tell whether the lease is ours beyond doubt. Once it was not, it never is again."""
        if not self._lost and _now() >= self._ends:
            self._lost = "its time was over"
        return not self._lost and not self._ended

    def _renew(self) -> None:
        """Renew the lease, in one thread at a time; the others go on meanwhile."""
        if not self._changing.acquire(blocking=False):
            return
        try:
            if self._is_live() and _now() >= self._renew_at:
                self._put(self._head)
        except StoreRefused as error:
            self._lost = f"it could not be renewed: {error.message}"
        finally:
            self._changing.release()

    def _put(self, head: Head) -> bool:
        """Swap the head for another; whoever finds it changed has lost."""
        began = _now()
        head = restamped(head)
        etag = self._shelf.put_if_match(self._key, encode_head(head), self._etag)
        if etag is None:
            self._lost = "another run has changed what is known of this host"
            return False
        self._head, self._etag = head, etag
        self._count_from(began)
        return True

    def _count_from(self, began: float) -> None:
        self._renew_at = began + self._ttl * _RENEW_AFTER
        self._ends = began + self._ttl * _STOP_AFTER

    def _overtaken(self) -> Overtaken:
        return Overtaken(
            f"`{self._key}` in {self._shelf}: the turn is lost ({self._lost or 'it has ended'}); run again"
        )


def _knows(head: Head, release_id: str) -> bool:
    """Tell whether a release is one that was published, or is unsettled already."""
    published = (*head.past, *([head.current] if head.current else []))
    return release_id in head.begun or release_id in {one.id for one in published}


def _now() -> float:
    return time.clock_gettime(_CLOCK)


def _owner(nonce: str) -> str:
    """Say who publishes, for those who have to wait."""
    run = [os.environ.get(name, "") for name in ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")]
    where = "{}/{}/actions/runs/{}".format(*run) if all(run) else platform.node() or "somebody"
    return re.sub(r"[^ -~]", "?", f"{where[:180]} ({nonce[:6]})")


def _unpacked(data: bytes, where: str) -> Manifest:
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        plain = unpacker.decompress(data, _LARGEST)
        if unpacker.eof and not unpacker.unused_data:
            return decode_manifest(plain, Path(where))
    except (zlib.error, WriteRefused, RecursionError):
        pass
    raise WriteRefused("E637", f"{where} was edited or cut short")
