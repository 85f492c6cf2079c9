"""What may go from a bucket: nothing that a page could ask for which a reader, a cache or a CDN may still hold.

Publishing removes nothing. `orphans` alone decides; `prepare` reads, so that a dry run is a printed list; `carry_out`
removes one by one while it is our turn, so that nobody publishes meanwhile.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from typing import Final

from msgspec import Struct

from heliograph.buckets import Entry
from heliograph.publish.objects import AT_ONCE, MARKER, Objects
from heliograph.publish.register import TTL, Overtaken, Register, State
from heliograph.publish.release import Release
from heliograph.tree.fsio import WriteRefused

GRACE: Final = timedelta(hours=24)
"""So long a file outlives the last release that named it: as long as any cache may show a page of that release."""
GENERATIONS: Final = 5
"""The current release and so many before it keep all their files, however old they are."""
RECORDS: Final = 50
"""So many past releases are remembered, to go back to."""
_STINT: Final = TTL / 4
"""So long is removed before the turn is taken anew: a turn that nobody renews lasts four times as long."""
_OURS: Final = 2 * TTL / 3
"""Later than that nothing is sent any more; what is on its way has the last third to arrive."""
_HOUR: Final = timedelta(hours=1)
_FEW: Final = 25
_SHARE: Final = 5
"""More than a fifth of all objects, and more than a few, is not removed unasked."""


class Named(Struct, frozen=True):
    """The paths that a release named, and when the next took its place: None if none has."""

    paths: frozenset[str]
    replaced_at: datetime | None = None


class History(Struct, frozen=True, kw_only=True):
    """What was published to one host: `past` newest first, `begun` and not completed.

    `abandoned` were begun and never completed, and another took their place.
    """

    current: Named
    past: tuple[Named, ...] = ()
    begun: tuple[Named, ...] = ()
    abandoned: tuple[Named, ...] = ()


class Orphan(Struct, frozen=True):
    """An object that the current release does not name: whether it `goes`, and why."""

    key: str
    size: int
    goes: bool
    reason: str

    def __str__(self) -> str:
        return f"{'delete' if self.goes else 'keep'} {self.key}: {self.reason}"


def orphans(
    found: Iterable[Entry],
    history: History,
    now: datetime,
    *,
    grace: timedelta = GRACE,
    generations: int = GENERATIONS,
) -> tuple[Orphan, ...]:
    """Judge every object that the current release does not name, by path; the marker is none of them.

    One goes only if it is ours, is named by none of the `generations` releases before nor by any that was begun, and
    the last release that named it was replaced `grace` ago or earlier.
    """
    judge = _Judge(history, now, grace, generations)
    spare = (one for one in found if one.key not in history.current.paths and one.key != MARKER)
    return tuple(judge.orphan(one) for one in sorted(spare, key=lambda one: one.key))


class _Judge:
    def __init__(self, history: History, now: datetime, grace: timedelta, generations: int) -> None:
        self._begun = frozenset[str]().union(*(one.paths for one in history.begun))
        self._near = frozenset[str]().union(*(one.paths for one in history.past[:generations]))
        self._generations = generations
        self._since = now - grace
        self._grace = grace
        self._last: dict[str, datetime] = {}
        for one in (*history.past, *history.begun, *history.abandoned):
            replaced_at = one.replaced_at or now
            for path in one.paths:
                self._last[path] = max(self._last.get(path, replaced_at), replaced_at)

    def orphan(self, found: Entry) -> Orphan:
        """Judge one object."""
        stays = self._reason_to_stay(found.key)
        reason = stays or f"no release named it since {self._last[found.key]:%Y-%m-%d %H:%M} UTC"
        return Orphan(found.key, found.size, not stays, reason)

    def _reason_to_stay(self, key: str) -> str:
        if key not in self._last:
            return "never published by us"
        if key in self._begun:
            return "named by a release that was begun and not completed"
        if key in self._near:
            return f"named by one of the {self._generations} releases before"
        if self._last[key] > self._since:
            return f"readers may hold a page that names it: replaced less than {self._grace / _HOUR:g} hours ago"
        return ""


def refuse_too_many(going: int, found: int, allowed: int | None) -> None:
    """Refuse to remove more than a few objects and a fifth of all (E639), unless so many were allowed by hand."""
    most = max(_FEW, found // _SHARE, allowed or 0)
    if going > most:
        raise WriteRefused(
            "E639",
            f"{going} of {found} objects would be deleted, and no more than {most} are unasked; "
            f"if so many are meant: --allow-mass-delete {going}",
        )


class Collection(Struct, frozen=True, kw_only=True):
    """What there is to collect at one host. `judged` are all objects the current release does not name, by path.

    `found` counts all objects; `records` are the ids of past releases that are still remembered for something.
    """

    seen: State
    judged: tuple[Orphan, ...]
    found: int
    records: frozenset[str]

    @property
    def going(self) -> tuple[Orphan, ...]:
        """What is to be removed."""
        return tuple(one for one in self.judged if one.goes)


def prepare(register: Register, objects: Objects | None, now: datetime) -> Collection:
    """Find out what could go, of objects (none at a host that is a folder) and of past releases. Changes nothing.

    Raises WriteRefused E637 if the record of a release that may still be asked for cannot be read.
    """
    seen = register.look()
    newest = frozenset(one.id for one in seen.past[:RECORDS])
    if objects is None or seen.manifest is None:
        return Collection(seen=seen, judged=(), found=0, records=newest)
    found = tuple(objects.listing())
    named = tuple(_past(register, seen, now))
    judged = orphans(found, _history(seen, (one for _, one in named), found), now)
    left = {one.key for one in judged}
    needed = frozenset(release.id for release, one in named if not left.isdisjoint(one.paths))
    return Collection(seen=seen, judged=judged, found=len(found), records=newest | needed)


def carry_out(
    collection: Collection,
    register: Register,
    objects: Objects | None,
    allowed: int | None,
    tell: Callable[[Orphan], None],
) -> int:
    """Remove what is to go, and forget past releases that are remembered for nothing; gives how many records went.

    `tell` hears of each object that is gone. Raises WriteRefused E639 for too many objects, unless up to `allowed` are
    meant; Busy and Overtaken where somebody publishes, or has since `prepare`.
    """
    going = collection.going
    refuse_too_many(len(going), collection.found, allowed)
    if objects is not None:
        by_path = {one.key: one for one in going}
        for path in remove_in_turn(register, collection.seen, objects, by_path):
            tell(by_path[path])
    return _forget(register, collection)


def _forget(register: Register, collection: Collection) -> int:
    """Forget old releases. Not if there are newer ones meanwhile: of those nobody has looked at what they name."""
    current = register.look().current
    if current is None or current != collection.seen.current:
        return 0
    return register.prune(collection.records | {current.id})


def remove_in_turn(register: Register, seen: State, objects: Objects, paths: Iterable[str]) -> Iterator[str]:
    """Remove objects that no release in use names, while nobody can publish; gives each path once it is gone.

    Raises Busy and Overtaken as `Register.begin`, the latter if anything was published since `seen`.
    """
    waiting = iter(paths)
    batch = tuple(islice(waiting, AT_ONCE))
    assert seen.manifest is not None
    assert seen.current is not None
    while batch:
        # Begun as the release that is there, and given up unwritten: for whoever plans, nothing has changed.
        began = _now()
        turn = register.begin(seen, seen.manifest, seen.current.edition)
        ends = _now() + _STINT.total_seconds()
        try:
            with objects.bucket.asking(partial(_refuse_late, register, began)), ThreadPoolExecutor(AT_ONCE) as pool:
                while batch and _now() < ends:
                    for path, _ in zip(batch, pool.map(objects.remove, batch), strict=True):
                        yield path
                    batch = tuple(islice(waiting, AT_ONCE))
        finally:
            turn.give_up()
        seen = _unchanged(register, seen) if batch else seen


def _refuse_late(register: Register, began: float) -> None:
    """Refuse to remove anything once the turn may be another's: this machine may have slept."""
    if _now() - began > _OURS.total_seconds():
        raise Overtaken(f"{register}: the turn is lost, its time was over; run again")


def _unchanged(register: Register, before: State) -> State:
    seen = register.look()
    if seen.current != before.current or seen.unsettled != before.unsettled:
        raise Overtaken(f"{register}: somebody published meanwhile; run again")
    return seen


def _past(register: Register, seen: State, now: datetime) -> Iterator[tuple[Release, Named]]:
    """Read what past releases named. Of old ones whose record is gone nothing is left that we could tell for ours."""
    for turn, release in enumerate(seen.past):
        try:
            paths = frozenset(entry.path for entry in register.manifest(release.id).everything)
        except WriteRefused:
            if turn < GENERATIONS or release.replaced_at is None or release.replaced_at > now - GRACE:
                raise
            continue
        yield release, Named(paths, release.replaced_at)


def _history(seen: State, past: Iterable[Named], found: Iterable[Entry]) -> History:
    assert seen.manifest is not None
    current = frozenset(entry.path for entry in seen.manifest.everything)
    begun = seen.unsettled
    if begun >= current:
        # As when nobody knows any more what was begun: then it may have named anything.
        begun |= frozenset(one.key for one in found)
    return History(current=Named(current), past=tuple(past), begun=(Named(begun),) if begun else ())


def _now() -> float:
    """Tell seconds that go on while a laptop sleeps, as the turn's do."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
