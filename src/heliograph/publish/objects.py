"""The objects of one host that is a bucket: its mark, its files, and putting what a plan names in its order."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Annotated, Final, Literal, Protocol, Self

import msgspec

from heliograph import buckets
from heliograph.buckets import Bucket, Described, Version
from heliograph.caching import PRIVATE
from heliograph.operations import BucketPlace
from heliograph.publish.built import Reading
from heliograph.publish.headers import fields
from heliograph.publish.plan import PHASES, Plan, Step
from heliograph.terms import Boundary
from heliograph.tree.artifact import MEDIA_TYPES
from heliograph.tree.fsio import WriteRefused
from heliograph.tree.manifest import Cache, Entry, Manifest, carries_its_digest

MARKER: Final = "heliograph.json"
"""The object that says whose a bucket is; it stays out of listings, since it is no file of a tree."""
AT_ONCE: Final = 16
"""Requests on their way at the same time, and files held in memory."""

_NOTHING: Final = b"Nothing is here yet.\n"
_NO_BYTES: Final = hashlib.sha256().hexdigest()
_Word = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class Marker(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose a bucket is: which tree of which site, on which side of the wall, by which register (`lineage`)."""

    schema: Literal[1] = 1
    site: _Word
    tree: _Word
    boundary: Boundary
    lineage: _Word

    def encode(self) -> bytes:
        """Write it as JSON; equal marks give equal bytes."""
        return msgspec.json.encode(self) + b"\n"

    @classmethod
    def decode(cls, data: bytes, where: str) -> Self:
        """Read it as `encode` writes it; raises WriteRefused E612 for anything else. `where` names it in words."""
        try:
            marker = msgspec.json.decode(data, type=cls)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            marker = None
        if marker is None or marker.encode() != data:
            raise WriteRefused("E612", f"{where} is not a mark as heliograph writes it; nobody edits it by hand")
        return marker


class Checked(msgspec.Struct, frozen=True):
    """Paths at which a bucket holds nothing, and those at which it describes another file; both sorted."""

    missing: tuple[str, ...]
    changed: tuple[str, ...]

    def __bool__(self) -> bool:
        """Tell whether anything was found wrong."""
        return bool(self.missing or self.changed)


class Holding(Protocol):
    """Whose turn it is to write."""

    def hold(self) -> None:
        """Make sure that it is still ours; raises where it is not. Called from one thread, before each write."""


class Objects:
    """What lies at one bucket's prefix: readers get it as it is. All methods raise StoreRefused.

    `bucket` is for what concerns the bucket as a whole; `boundary` is the side of the wall of the tree that goes there.
    """

    def __init__(self, place: BucketPlace, boundary: Boundary) -> None:
        self.boundary = boundary
        self.bucket = Bucket(place)

    def __str__(self) -> str:
        return str(self.bucket)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections that are kept open."""
        self.bucket.close()

    def marker(self) -> Marker | None:
        """Read whose the bucket is, None if nothing says so. Raises WriteRefused E612 if what says so is damaged."""
        found = self.bucket.read(MARKER)
        return None if found is None else Marker.decode(found.data, f"{self}: {MARKER}")

    def put_marker(self, marker: Marker) -> None:
        """Say whose the bucket is."""
        data = marker.encode()
        headers = {"Content-Type": MEDIA_TYPES["json"], "Cache-Control": PRIVATE}
        self.bucket.put_file(MARKER, data, headers, {"sha256": hashlib.sha256(data).hexdigest()})

    def put_probe(self, path: str) -> None:
        """Put a file that says nothing where pages are to go, to be asked for by a stranger."""
        headers = {"Content-Type": MEDIA_TYPES["txt"], "Cache-Control": PRIVATE}
        self.bucket.put_file(path, _NOTHING, headers, {"sha256": hashlib.sha256(_NOTHING).hexdigest()})

    def is_empty(self) -> bool:
        """Tell whether there is nothing at all but a mark."""
        return all(found.key == MARKER for found in self.bucket.listing("", page=2))

    def put(self, entry: Entry, data: bytes) -> None:
        """Write a file with its header fields; `data` are the bytes that the entry describes."""
        self.bucket.put_file(entry.path, data, fields(entry, self.boundary), {"sha256": entry.sha256})

    def remove(self, path: str) -> None:
        """Remove a file; older versions of it stay where the bucket keeps them."""
        self.bucket.remove(path)

    def listing(self) -> Iterator[buckets.Entry]:
        """Go through all objects but the mark, in the store's order: path, ETag, bytes."""
        return (found for found in self.bucket.listing("") if found.key != MARKER)

    def remove_versions(self, path: str = "", besides: tuple[str, ...] = ()) -> int:
        """Remove for good all versions that are not current, of one file or ("") of all; gives how many.

        What lies at the prefixes `besides` is left.

        A file that was removed goes wholly, its delete markers last: before its versions they would bring it back.
        Raises StoreLacks where the store cannot list versions: then nobody knows whether there are any.
        """
        found = [one for one in self.bucket.versions(path) if path in ("", one.key) and not one.key.startswith(besides)]
        doomed = [one for one in found if not one.is_latest and not one.is_delete_marker]
        markers = [one for one in found if one.is_delete_marker]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for batch in (doomed, markers):
                list(pool.map(self._remove_version, batch))
        return len(doomed) + len(markers)

    def _remove_version(self, version: Version) -> None:
        self.bucket.remove_version(version.key, version.id)

    def observe(self) -> tuple[Entry, ...]:
        """Describe all files that are there, sorted by path: one listing, and one question each.

        What does not carry our digest and header fields is described as something that no tree holds.
        """
        paths = sorted(found.key for found in self.listing())
        with ThreadPoolExecutor(AT_ONCE) as pool:
            described = zip(paths, pool.map(self.bucket.head, paths), strict=True)
            return tuple(self._seen(path, found) for path, found in described if found is not None)

    def check(self, entries: Iterable[Entry]) -> Checked:
        """Ask after some files: which are not there, and which are there as something else."""
        wanted = sorted(entries)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            there = pool.map(self.bucket.head, (entry.path for entry in wanted))
            found = list(zip(wanted, there, strict=True))
        missing = tuple(entry.path for entry, one in found if one is None)
        changed = (entry for entry, one in found if one is not None and self._seen(entry.path, one) != entry)
        return Checked(missing, tuple(entry.path for entry in changed))

    def _seen(self, path: str, found: Described) -> Entry:
        """Make of a description the entry that it is of; one with other header fields is like no file of ours."""
        kind = MEDIA_TYPES.get(path.rpartition("/")[2].rpartition(".")[2], "")
        cache: Cache = "immutable" if carries_its_digest(path, found.sha256) else "short"
        ours = Entry(path, found.sha256 or _NO_BYTES, found.size, kind, cache)
        told = {"Content-Type": found.media_type, "Cache-Control": found.cache_control}
        return ours if fields(ours, self.boundary) == told else msgspec.structs.replace(ours, media_type="")


def write(
    plan: Plan, manifest: Manifest, reading: Reading, objects: Objects, turn: Holding, tell: Callable[[Step], None]
) -> None:
    """Put all that the plan puts, phase by phase: none begins before all files of the one before are there.

    Files are read here and go out at most AT_ONCE together; `tell` hears, in this thread, of each that is there. The
    first failure is raised: nothing more is begun, and what is on its way is awaited. Nothing is deleted.
    """
    entries = {entry.path: entry for entry in manifest.everything}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for phase in PHASES:
            flights = _Flights(tell)
            for step in (one for one in plan.steps if one.phase == phase and one.action == "put"):
                flights.make_room()
                data = reading.read(entries[step.path])
                turn.hold()
                flights.check()
                flights.add(step, pool.submit(objects.put, entries[step.path], data))
            flights.await_all()


class _Flights:
    """What is on its way to the store. Every method raises what a finished one raised."""

    def __init__(self, tell: Callable[[Step], None]) -> None:
        self._tell = tell
        self._going: dict[Future[None], Step] = {}

    def add(self, step: Step, future: Future[None]) -> None:
        """Take in one more."""
        self._going[future] = step

    def make_room(self) -> None:
        """Wait until fewer than AT_ONCE are on their way."""
        while len(self._going) >= AT_ONCE:
            wait(self._going, return_when=FIRST_COMPLETED)
            self.check()

    def await_all(self) -> None:
        """Wait until nothing is on its way."""
        while self._going:
            wait(self._going, return_when=FIRST_COMPLETED)
            self.check()

    def check(self) -> None:
        """Tell of those that have arrived."""
        for future in [one for one in self._going if one.done()]:
            step = self._going.pop(future)
            future.result()
            self._tell(step)
